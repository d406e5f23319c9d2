"""A house whose extracts are rows in the store: what a person's decision changes, without reading a single file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from caseclock import pipeline
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.now import LONDON
from caseclock.pipeline import House
from caseclock.quality import QualityReport
from caseclock.snapshots import TableCount
from caseclock.storage import ledger
from caseclock.storage import schema as t

from .conftest import open_town

BEFORE, DAY = dt.date(2026, 11, 13), dt.date(2026, 11, 20)
AT = dt.datetime.combine(DAY, dt.time(16), LONDON)
TEAM = "NA2"
WHY = "referral: 40 rows, 50 % fewer than the last accepted extract: the numbers are held"


@dataclass
class Lab:
    """`land` makes an extract that has gone through quality and measures; `unallocated` is the figure of one team of the north."""

    house: House
    slack: FakeSlack
    mail: MailCatcher

    def land(
        self, day: dt.date, value: float, verdict: str = "hold", at: dt.datetime | None = None, *, done: bool = True, refused: bool = False
    ) -> str:
        n, at = len(self.extracts()), at or dt.datetime.combine(day, AT.timetz())
        extract_id = f"{n:016x}"
        with self.house.engine.begin() as c:
            extract, _ = ledger.claim(c, extract_id, "demo", day, f"sha{n}", f"demo__{day}.zip", f"claimed/{n}", at)
            ledger.save_counts(c, extract.id, {"referral": TableCount(40, 40, 0)})
            ledger.save_quality(c, extract.id, QualityReport(verdict, [WHY] if verdict == "hold" else []), [], at)  # type: ignore[arg-type]
            if refused:
                ledger.refuse(c, extract.id, "the zip is cut off")
            if done and not refused:
                figures = [("*", value), (TEAM, value)]
                rows = [{"extract_id": extract.id, "measure": "unallocated", "team": team, "value": v, "n": 100} for team, v in figures]
                c.execute(insert(t.measure_value), rows)
                ledger.mark_done(c, extract.id, "compute_measures", at, 0.0)
        self.tell(extract_id, at)
        return extract_id

    def tell(self, extract_id: str, at: dt.datetime = AT) -> None:
        pipeline.update_alerts(self.house, extract_id, at)
        pipeline.notify(self.house, at, extract_id)

    def decide(
        self, extract_id: str, choice: str, reason: str = "the merger", by: str = "Data quality lead", **more: Any
    ) -> dict[str, Any]:
        at = more.pop("at", AT + dt.timedelta(minutes=10))
        made = pipeline.decide(self.house, extract_id, choice, by, reason, at, **more)
        pipeline.notify(self.house, at)
        return made

    def extracts(self) -> list[Any]:
        with self.house.engine.connect() as c:
            return ledger.extracts(c)

    def audit(self, *events: str) -> list[Any]:
        with self.house.engine.connect() as c:
            return list(c.execute(select(t.audit).where(t.audit.c.event.in_(events)).order_by(t.audit.c.id)))

    def said_to(self, channel: str) -> list[str]:
        """Everything that the readers of one Slack channel can read now: text and blocks."""
        return [f"{m['text']} {m.get('blocks')}" for m in self.slack.messages if m["channel"] == channel]

    def kinds(self) -> list[tuple[str, str, str]]:
        """Recipient, channel and kind of everything that was sent, in order."""
        with self.house.engine.connect() as c:
            rows = c.execute(select(t.outbox).where(t.outbox.c.state == "sent").order_by(t.outbox.c.seq))
            return [(r.recipient, r.channel, line["kind"]) for r in rows for line in r.payload["lines"] or [{"kind": "notice"}]]


@contextmanager
def open_lab(home: Path, store_url: str | None = None) -> Iterator[Lab]:
    with FakeSlack() as slack, MailCatcher() as mail:
        town = open_town(home, slack, mail, store_url)
        with pipeline.open_house(town.settings) as house:
            yield Lab(house, slack, mail)
