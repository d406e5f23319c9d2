"""Many councils at one moment: how many extracts a minute, how it grows with workers, who is finished when.

    python benchmarks/councils/bench_councils.py --councils 10 --workers 1 2            Airflow on Celery, Redis, PostgreSQL
    python benchmarks/councils/bench_councils.py --councils 150 --workers 1 2 4 --library   the steps alone, in processes

Both take extracts in the order of docs/decisions/0015-turns.md, in the same sort of store. Prints; asserts that every extract was finished.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests")]

import pandas as pd  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402

from caseclock.demo.airflow_home import Ports  # noqa: E402
from caseclock.demo.mail_catcher import MailCatcher  # noqa: E402
from councils import distributed, processes, region  # noqa: E402
from postgres import server_url  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--councils", type=int, default=10)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--library", action="store_true", help="without Airflow")
    parser.add_argument("--patience", type=float, default=1800.0, help="seconds for one line of the table")
    given = parser.parse_args()
    print(f"{given.councils} councils, {os.cpu_count()} cores, {'library alone' if given.library else 'Airflow on Celery'}", flush=True)
    print("workers  seconds  per minute  growth  smallest done  largest done  order by size  messages  twice", flush=True)
    first = 0.0
    with tempfile.TemporaryDirectory(prefix="councils-") as scratch:
        worlds = region.write_worlds(Path(scratch) / "worlds")
        for workers in given.workers:
            rate = one_line(Path(scratch) / f"w{workers}", worlds, given, workers, first)
            first = first or rate


def one_line(folder: Path, worlds: list[Path], given: argparse.Namespace, workers: int, first: float) -> float:
    folder.mkdir()
    with server_url(folder / "pg") as url, MailCatcher() as mail:
        databases = [_database(url, name) for name in ("airflow", "caseclock")]
        env = region.settle(folder / "home", given.councils, databases[1], mail.port)
        if given.library:
            region.drop_all(folder / "home", worlds, given.councils)
            processes.take_all(env, workers, given.councils)
            done = region.finished(region.settings_of(env))
        else:
            done = _by_airflow(folder, worlds, given, workers, databases[0], env)
        copies = mail.copies()
    assert sorted(d.source for d in done) == [region.name_of(n) for n in range(given.councils)]
    return _print(done, workers, first, copies)


def _by_airflow(
    folder: Path, worlds: list[Path], given: argparse.Namespace, workers: int, database: str, env: dict[str, str]
) -> list[region.Done]:
    with distributed.redis(folder) as broker:
        ports = Ports(*(distributed.free_port() for _ in range(4)))
        made = distributed.Distributed(folder / "airflow", ROOT, ports, {**env, **distributed.celery_settings(database, broker, workers)})
        made.workers = workers
        with made:
            made.wait_healthy()
            made.wait_for_workers()
            region.drop_all(folder / "home", worlds, given.councils)
            settings, until = region.settings_of(env), time.monotonic() + given.patience
            while len(done := region.finished(settings)) < given.councils:
                if time.monotonic() > until:
                    print(f"only {len(done)} of {given.councils} were finished", flush=True)
                    break
                time.sleep(2)
            time.sleep(3)  # whatever would be sent twice is on its way
        return region.finished(settings)


def _database(url: str, name: str) -> str:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    head, _, tail = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{tail}" if tail else "")


def _print(done: list[region.Done], workers: int, first: float, copies: dict[str, int]) -> float:
    """`order by size`: rank correlation of bytes and moment of the end; 1 is the order of size."""
    seconds = max(d.ended for d in done)
    rate = 60 * len(done) / seconds
    small, large = min(done, key=lambda d: d.size), max(done, key=lambda d: d.size)
    size, ended = pd.Series([d.size for d in done]), pd.Series([d.ended for d in done])
    order = size.rank().corr(ended.rank())
    growth = f"{rate / first:.2f}" if first else "1.00"
    twice = sum(n > 1 for n in copies.values())
    told = f"{small.ended:13.1f}  {large.ended:12.1f}  {order:13.2f}  {len(copies):8}  {twice:5}"
    print(f"{workers:7}  {seconds:7.1f}  {rate:10.1f}  {growth:>6}  {told}", flush=True)
    return rate


if __name__ == "__main__":
    main()
