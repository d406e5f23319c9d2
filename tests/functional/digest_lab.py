"""A council in the store, week by week, for digests: figures are rows, alerts come from the engine, nothing is read from files."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert

from caseclock import pipeline
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.digest.compose import letter_of
from caseclock.digest.content import Content
from caseclock.digest.week import cut_off, week_of
from caseclock.notifications.letter import Letter
from caseclock.notifications.letter_mail import text_of_letter
from caseclock.now import LONDON
from caseclock.pipeline import House
from caseclock.pipeline.digest_facts import contents, keep_record
from caseclock.quality import QualityReport
from caseclock.settings import shipped_config
from caseclock.snapshots import TableCount
from caseclock.storage import ledger
from caseclock.storage import schema as t

from .conftest import open_town

FRIDAY = dt.date(2026, 11, 20)
TEAMS = {
    "NA1": "North Assessment 1", "NA2": "North Assessment 2", "NF1": "North Family Support 1", "SA1": "South Assessment",
    "SF1": "South Family Support", "CC1": "Children in Care",
}  # fmt: skip
WHY = "referral: 40 rows, 50 % fewer than the last accepted extract: the numbers are held"
Figures = Mapping[str, Mapping[str, float | tuple[float, int]]]
"""Figure to team to its value, or value and n; a count is its own n."""


def usual(**more: Mapping[str, float | tuple[float, int]]) -> dict[str, Mapping[str, float | tuple[float, int]]]:
    """A quiet week: large teams, nobody without a worker. `more`: figures in place of these, dots written as two underscores."""
    calm: dict[str, Mapping[str, float | tuple[float, int]]] = {
        "open": {"NA1": 120, "NA2": 110, "NF1": 90, "SA1": 130, "SF1": 95, "CC1": 140},
        "unallocated": dict.fromkeys(TEAMS, 0),
        "unallocated_cp": dict.fromkeys(TEAMS, 0),
        "arrivals": {"NA1": 14, "NA2": 12, "NF1": 0, "SA1": 15, "SF1": 0, "CC1": 0},
        "departures": {"NA1": 13, "NA2": 11, "NF1": 0, "SA1": 14, "SF1": 0, "CC1": 0},
        "in_time.assessment_45_wt": {"NA1": (88.0, 100), "NA2": (85.0, 100), "SA1": (90.0, 120)},
    }
    return calm | {name.replace("__", "."): figures for name, figures in more.items()}


@dataclass
class DigestLab:
    house: House
    slack: FakeSlack
    mail: MailCatcher
    names: dict[str, str] = field(default_factory=lambda: dict(TEAMS))
    revisions: dict[dt.date, int] = field(default_factory=dict)

    def land(self, day: dt.date, figures: Figures, verdict: str = "pass", at: dt.datetime | None = None) -> str:
        """An extract that has gone through quality and measures, and what follows from it for alerts."""
        at = at or dt.datetime.combine(day, dt.time(16), LONDON)
        self.revisions[day] = self.revisions.get(day, 0) + 1
        id = f"{day:%Y%m%d}{self.revisions[day]:08d}"
        with self.house.engine.begin() as c:
            extract, _ = ledger.claim(c, id, "demo", day, f"sha{id}", f"demo__{day}.zip", f"claimed/{id}", at)
            ledger.save_counts(c, extract.id, {"referral": TableCount(40, 40, 0)})
            ledger.save_quality(c, extract.id, QualityReport(verdict, [WHY] if verdict == "hold" else []), [], at)  # type: ignore[arg-type]
            rows = [row for figure, of in figures.items() for row in _rows(id, figure, of)]
            if rows:
                c.execute(insert(t.measure_value), rows)
            named = {team for of in figures.values() for team in of}
            c.execute(t.team.delete().where(t.team.c.team.in_(named)))
            if named:
                c.execute(
                    insert(t.team), [{"source": "demo", "team": n, "name": self.names.get(n, n), "as_of": str(day)} for n in sorted(named)]
                )
            ledger.mark_done(c, id, "compute_measures", at, 0.0)
        pipeline.update_alerts(self.house, id, at)
        return id

    def weeks(self, count: int, figures: Figures | None = None, last: dt.date = FRIDAY) -> None:
        """So many Fridays with the same figures, the last one at `last`."""
        for n in range(count - 1, -1, -1):
            self.land(last - dt.timedelta(weeks=n), figures or usual())

    def contents(self, day: dt.date = FRIDAY, revision: int = 1) -> dict[str, Content]:
        week = week_of(day)
        with self.house.engine.begin() as c:
            keep_record(self.house, c, "demo", week.first_day, week.last_day)
            due = cut_off(week, self.house.calendar)
            return contents(self.house, c, "demo", week.id, week.first_day, week.last_day, due, revision)

    def content(self, audience: str = "council", day: dt.date = FRIDAY) -> Content:
        return self.contents(day)[audience]

    def letter(self, audience: str = "council", day: dt.date = FRIDAY) -> Letter:
        return letter_of(self.content(audience, day))

    def text(self, audience: str = "council", day: dt.date = FRIDAY) -> str:
        """As one line, so that a sentence can be looked for."""
        return " ".join(text_of_letter(self.letter(audience, day)).split())


def _rows(id: str, figure: str, of: Mapping[str, float | tuple[float, int]]) -> list[dict[str, Any]]:
    pairs = {team: v if isinstance(v, tuple) else (v, round(v)) for team, v in of.items()}
    total = sum(n for _, n in pairs.values())
    if "in_time" in figure:
        whole = sum(v * n for v, n in pairs.values()) / total if total else None
    else:
        whole = sum(v for v, _ in pairs.values())
    made = [{"extract_id": id, "measure": figure, "team": team, "value": v, "n": n} for team, (v, n) in pairs.items()]
    return [*made, {"extract_id": id, "measure": figure, "team": "*", "value": whole, "n": total}]


@contextmanager
def open_digest_lab(home: Path, store_url: str | None = None) -> Iterator[DigestLab]:
    """With the configuration that ships, but one extract a week."""
    shutil.copytree(shipped_config(), home / "monitoring")
    source, limits = home / "monitoring" / "sources" / "demo.yaml", home / "monitoring" / "thresholds.yaml"
    source.write_text(yaml.safe_dump(yaml.safe_load(source.read_text("utf-8")) | {"cadence": "weekly"}, sort_keys=False), "utf-8")
    rules = [rule | {"repeat_wd": 5} for rule in yaml.safe_load(limits.read_text("utf-8"))]
    limits.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
    with FakeSlack() as slack, MailCatcher() as mail:
        town = open_town(home, slack, mail, store_url)
        with pipeline.open_house(town.settings) as house:
            yield DigestLab(house, slack, mail)
