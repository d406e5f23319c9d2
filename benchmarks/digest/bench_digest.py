"""The weekly digest of made-up councils: CPU seconds from the store to each of its forms, at 20 teams and at ten times as many.

    python benchmarks/digest/bench_digest.py [--teams 20 200] [--weeks 52]

All figures of the shipped digest.yaml and thresholds.yaml, at every team, each week another value. `records`: what may be shown of each
week, made once; the first digest makes them for a year back, later ones for one week. Imports are left out, and no picture is kept from
the first making; forms are made twice, and must be the same bytes. Aim: 20 teams, to mail, PDF and chat with all pictures, below 5 s.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include"))

import numpy as np  # noqa: E402
from sqlalchemy import insert  # noqa: E402

from caseclock import pipeline  # noqa: E402
from caseclock.charts import palette, picture  # noqa: E402
from caseclock.digest.compose import letter_of  # noqa: E402
from caseclock.digest.pdf import pdf_of  # noqa: E402
from caseclock.digest.record import kind_of  # noqa: E402
from caseclock.digest.week import cut_off, week_of  # noqa: E402
from caseclock.notifications.channels.email import mail_of  # noqa: E402
from caseclock.notifications.channels.slack import root_blocks  # noqa: E402
from caseclock.notifications.letter import from_json, to_json  # noqa: E402
from caseclock.notifications.model import Message, Recipient  # noqa: E402
from caseclock.pipeline.digest_facts import contents, keep_record  # noqa: E402
from caseclock.pipeline.digest_records import figures_of  # noqa: E402
from caseclock.quality import QualityReport  # noqa: E402
from caseclock.settings import from_environment, shipped_config  # noqa: E402
from caseclock.storage import ledger  # noqa: E402
from caseclock.storage import schema as t  # noqa: E402

FRIDAY = dt.date(2026, 11, 20)
SEED = 20261120


def fill(house: Any, teams: int, weeks: int) -> int:
    """Weekly extracts of so many teams in five services. Returns how many figures each has."""
    rng = np.random.default_rng(SEED)
    figures = [*figures_of(house), "load", "weeks_of_work"]
    prefixes = ("NA", "SA", "CC", "DC", "FD")
    names = [f"{prefixes[i % 5]}{i // 5}" for i in range(teams)]
    for n in range(weeks - 1, -1, -1):
        day = FRIDAY - dt.timedelta(weeks=n)
        id = f"{day:%Y%m%d}00000001"
        rows = []
        for figure in figures:
            share = kind_of(figure) == "share"
            n_of = rng.poisson(60, teams)
            values = 100 * rng.binomial(n_of, 0.8) / n_of if share else rng.poisson(9 if figure.startswith(("un", "over")) else 45, teams)
            made = zip(names, values.tolist(), n_of.tolist(), strict=True)
            rows += [{"extract_id": id, "measure": figure, "team": team, "value": float(v), "n": k} for team, v, k in made]
            rows.append({"extract_id": id, "measure": figure, "team": "*", "value": float(values.sum()), "n": int(n_of.sum())})
        with house.engine.begin() as c:
            at = dt.datetime.combine(day, dt.time(16), dt.UTC)
            ledger.claim(c, id, "demo", day, id, f"{id}.zip", id, at)
            ledger.save_quality(c, id, QualityReport("pass", []), [], at)
            c.execute(insert(t.measure_value), rows)
    return len(figures)


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def measure(teams: int, weeks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(shipped_config(), home / "monitoring")
        with pipeline.open_house(from_environment(home, {})) as house:
            figures = fill(house, teams, weeks)
            week = week_of(FRIDAY)
            past = week.before
            due = cut_off(week, house.calendar)
            took: dict[str, float] = {}
            with house.engine.begin() as c:
                took["records of a year"], _ = cpu(lambda: keep_record(house, c, "demo", past.first_day, past.last_day))
                took["record of a week"], _ = cpu(lambda: keep_record(house, c, "demo", week.first_day, week.last_day))
                took["facts, all audiences"], made = cpu(lambda: contents(house, c, "demo", week.id, week.first_day, week.last_day, due, 1))
            whole = made["council"]
            letter_of(whole)
            took["letter with pictures"], letter = cpu(lambda: letter_of(whole))
            message = Message(
                "k" * 40, Recipient(id="x", title="X", email="x@example.org"), "post", (), (), due, (), "k", letter.headline, (), letter
            )
            mail_of(message, "x@example.org", "caseclock@example.org")
            picture.png.cache_clear()
            palette.indexed.cache_clear()
            took["mail with its PNGs"], mail = cpu(lambda: mail_of(message, "y@example.org", "caseclock@example.org").as_bytes())
            again = Message(**{**vars(message), "letter": from_json(to_json(letter))})
            assert mail_of(again, "y@example.org", "caseclock@example.org").as_bytes() == mail, "another mail of the same letter"
            took["Slack"], _ = cpu(lambda: root_blocks(message))
            pdf_of(letter, "a")
            took["PDF"], pdf = cpu(lambda: pdf_of(letter, "Director"))
            assert pdf_of(letter, "Director") == pdf, "another PDF of the same letter"
            total = sum(seconds for name, seconds in took.items() if name != "records of a year")
            print(f"{teams} teams, {figures} figures, {weeks} weeks, {len(made)} audiences; mail {len(mail):,} bytes, PDF {len(pdf):,}")
            for name, seconds in [*took.items(), ("all but the year", total)]:
                print(f"  {name:24}{seconds:8.2f} s CPU")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("--teams", type=int, nargs="+", default=[20, 200])
    ask.add_argument("--weeks", type=int, default=52)
    given = ask.parse_args()
    for teams in given.teams:
        measure(teams, given.weeks)


if __name__ == "__main__":
    main()
