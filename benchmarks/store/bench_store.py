"""The store at size: what five years of 200 teams and 60 figures make of housekeeping, a round, a backup and a move.

    python benchmarks/store/bench_store.py [--keep DIR] [--quick] [--stores sqlite postgres] [--only keeping backup]

The stores are those of benchmarks/pages (big_store.py): 16 million figures and what stands around them, and one of a tenth of the teams and
a fifth of the days. Each piece of work is a process of its own on a copy of the store, so a kept store stays as it is. `--quick`: the small
ones alone, as `make bench` does. Prints; asserts that what was copied is whole.

    keeping       the first housekeeping, which finds five years of what is due, and the one of the next day
    tend          a round in working hours that finds every alert to be told, no channel there to send by; and the one after it
    backup        `caseclock store backup` into one file
    restore       that file into a new, empty database of the same kind
    copy          `caseclock store copy` into a new, empty database of the other kind
    growth        seconds of the large store over those of the small one, which has a fortieth of the figures
    peak MB       of the process, its libraries (some 250) counted
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests"), str(HERE.parent / "pages")]

from big_store import LAST  # noqa: E402
from sqlalchemy import create_engine, make_url, text  # noqa: E402

NEXT = LAST + dt.timedelta(days=3)  # a Monday
WORK = ("keeping", "keeping again", "tend", "tend again", "backup", "restore", "copy")


# --- one piece of work, in its own process -----------------------------------------------------------------------------
def work(name: str, home: Path, url: str, other: str) -> dict[str, Any]:
    from caseclock import pipeline
    from caseclock.now import LONDON
    from caseclock.pipeline import rounds
    from caseclock.settings import from_environment
    from caseclock.storage import backup, transfer
    from caseclock.storage.engine import open_engine

    now = dt.datetime.combine(NEXT, dt.time(11), LONDON)
    settings = from_environment(home, {"CASECLOCK_STORE_URL": url})
    with pipeline.open_house(settings) as house:
        began, said = time.perf_counter(), {}
        if name.startswith("keeping"):
            said = dict(rounds.housekeeping(house, now + dt.timedelta(days=name.endswith("again"))))
        elif name.startswith("tend"):
            said = dict(rounds.tend(house, now))
        elif name == "backup":
            counts = backup.back_up(house.engine, Path(other), now)
            said = {"rows": sum(counts.values()), "MB": round(Path(other).stat().st_size / 2**20)}
        elif name == "restore":
            said = {"rows": sum(backup.restore(home / "backup.db", open_engine(other), now).values())}
        else:
            said = {"rows": sum(transfer.copy(house.engine, open_engine(other)).values())}
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak, "said": said}


def in_a_process(name: str, home: Path, url: str, other: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--work", name, str(home), url, other], capture_output=True, text=True, check=False, env={**os.environ}
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- copies ------------------------------------------------------------------------------------------------------------
class Databases:
    """New, empty ones of either kind, and a copy of a whole one."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder, self.server, self.made = folder, server, 0

    def _run(self, statement: str) -> None:
        assert self.server
        engine = create_engine(make_url(self.server).set(database="template1"), isolation_level="AUTOCOMMIT")
        with engine.connect() as c:
            c.execute(text(statement))
        engine.dispose()

    def new(self, kind: str) -> str:
        self.made += 1
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'new{self.made}.db'}"
        self._run(f"create database new{self.made}")
        return self._of(f"new{self.made}")

    def copy(self, url: str, home: Path) -> str:
        if url.startswith("sqlite"):
            return f"sqlite:///{home / Path(str(make_url(url).database)).name}"  # came with the folder
        self.made += 1
        self._run(f'create database copy{self.made} template "{make_url(url).database}"')
        return self._of(f"copy{self.made}")

    def drop(self, url: str) -> None:
        if url.startswith("sqlite"):
            for end in ("", "-wal", "-shm"):
                Path(str(make_url(url).database) + end).unlink(missing_ok=True)
        else:
            self._run(f'drop database "{make_url(url).database}" with (force)')

    def _of(self, name: str) -> str:
        return make_url(str(self.server)).set(database=name).render_as_string(hide_password=False)


@contextmanager
def copied(databases: Databases, home: Path, url: str) -> Iterator[tuple[Path, str]]:
    target = databases.folder / "home"
    shutil.copytree(home, target)
    copy = databases.copy(url, target)
    try:
        yield target, copy
    finally:
        databases.drop(copy)
        shutil.rmtree(target)


def _came_to_an_end(url: str) -> None:
    """Messages of the past were delivered at some time: housekeeping goes by it."""
    engine = create_engine(url)
    with engine.begin() as c:
        c.execute(text("update outbox set done_at = created_at where state = 'sent'"))
    engine.dispose()


def measure(databases: Databases, home: Path, url: str, kind: str, only: list[str]) -> dict[str, dict[str, Any]]:
    found = {}
    with copied(databases, home, url) as (there, store):
        _came_to_an_end(store)
        for name in WORK:
            if only and name not in only and not (name == "backup" and "restore" in only):
                continue
            other = ""
            if name == "backup":
                other = str(there / "backup.db")
            elif name in ("restore", "copy"):
                other = databases.new(kind if name == "restore" else "postgres" if kind == "sqlite" else "sqlite")
            found[name] = in_a_process(name, there, store, other)
            if name in ("restore", "copy"):
                databases.drop(other)
    # a backup holds the entry of the audit that it was made
    assert "backup" not in found or "restore" not in found or found["restore"]["said"]["rows"] == found["backup"]["said"]["rows"] + 1
    return found


def show(label: str, found: dict[str, dict[str, Any]], small: dict[str, dict[str, Any]]) -> None:
    print(f"\n{label}\n  {'work':16}{'seconds':>9}{'peak MB':>9}{'growth':>8}  what it did")
    for name, one in found.items():
        growth = f"{one['seconds'] / small[name]['seconds']:8.1f}" if name in small else f"{'':8}"
        said = ", ".join(f"{key} {value}" for key, value in one["said"].items() if value and not isinstance(value, list | dict))
        print(f"  {name:16}{one['seconds']:9.2f}{one['peak']:9.0f}{growth}  {said}", flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        print(json.dumps(work(sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5]), default=str))
        return
    from bench_pages import stores

    from postgres import server_url

    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--keep", type=Path)
    say.add_argument("--quick", action="store_true")
    say.add_argument("--stores", nargs="+", default=["sqlite", "postgres"])
    say.add_argument("--only", nargs="+", default=[], choices=WORK)
    given = say.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="store-")))
        keep = given.keep or scratch / "keep"
        made = stack.enter_context(stores(keep, given.stores, given.quick))
        spare = stack.enter_context(server_url(scratch / "spare")) if "sqlite" in given.stores else None
        before: dict[str, dict[str, Any]] = {}
        for label, (home, url) in made.items():
            kind = label.removesuffix("-small")
            databases = Databases(scratch, url if kind == "postgres" else spare)
            found = measure(databases, home, url, kind, given.only)
            show(label, found, {} if label.endswith("-small") else before)
            before = found


if __name__ == "__main__":
    main()
