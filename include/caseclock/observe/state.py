"""What the store says of the path and of the sender: a few small queries, counts and moments only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, exists, func, select

from caseclock.alerts.hours import at_local
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.outbox import OPEN

A_DAY = dt.timedelta(days=1)
COUNCIL, SERVICE = "council", "service:"


@dataclass(frozen=True)
class Newest:
    """The newest extract of a source. `verdict` is empty as long as quality has not said anything; `late` is None where nobody has said
    when one is due."""

    source: str
    id: str
    as_of: dt.date
    received_at: dt.datetime
    rows: Mapping[str, int]
    verdict: str = ""
    late: bool | None = None

    @property
    def day_ended(self) -> dt.datetime:
        return at_local(self.as_of + A_DAY, dt.time(0))


@dataclass(frozen=True)
class Delivered:
    """Seconds from enqueued to sent of each message of the last day by one channel."""

    channel: str
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class State:
    """Everything that figures are made from. `outbox`: channel and state to messages. `alerts`: source, severity and kind to alerts."""

    at: dt.datetime
    version: str
    revision: str
    newest: tuple[Newest, ...] = ()
    in_line: int = 0
    alerts: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    outbox: Mapping[tuple[str, str], int] = field(default_factory=dict)
    oldest: Mapping[str, dt.datetime] = field(default_factory=dict)
    stuck: int = 0
    lost: int = 0
    delivered: tuple[Delivered, ...] = ()
    last_round: dt.datetime | None = None
    ping_configured: bool = False
    last_answer: dt.datetime | None = None


def newest_extracts(c: Connection) -> list[Newest]:
    """Of each source the newest date, and of that the newest revision."""
    e = t.extract
    dates = select(e.c.source, func.max(e.c.as_of).label("as_of")).where(e.c.superseded.is_(None)).group_by(e.c.source).subquery()
    query = (
        select(e, t.quality_report.c.verdict)
        .join(dates, and_(dates.c.source == e.c.source, dates.c.as_of == e.c.as_of))
        .outerjoin(t.quality_report, t.quality_report.c.extract_id == e.c.id)
        .where(e.c.superseded.is_(None))
        .order_by(e.c.source, e.c.revision)
    )
    newest = {row.source: row for row in c.execute(query)}
    return [_newest(c, row) for row in newest.values()]


def _newest(c: Connection, row: object) -> Newest:
    found = row._mapping  # type: ignore[attr-defined]
    counts = ledger.counts_of(c, found["id"]).values()
    rows = {
        "read": sum(n.read for n in counts),
        "kept": sum(n.kept for n in counts),
        "quarantined": sum(n.quarantined for n in counts),
    }
    verdict = "refused" if found["refused"] is not None else found["verdict"] or ""
    received = moment_of(found["received_at"])
    return Newest(found["source"], found["id"], dt.date.fromisoformat(found["as_of"]), received, rows if counts else {}, verdict)


def in_line(c: Connection) -> int:
    """Extracts that count and of which not even the snapshot has been taken."""
    e, s = t.extract, t.step_done
    begun = exists().where(s.c.extract_id == e.c.id, s.c.step == "take_snapshot")
    waiting = select(func.count()).select_from(e).where(e.c.superseded.is_(None), e.c.refused.is_(None), ~begun)
    return int(c.execute(waiting).scalar_one())


def open_alerts(c: Connection) -> dict[tuple[str, str, str], int]:
    """Source, severity and kind of place to how many are open."""
    a = t.alert.c
    counted: dict[tuple[str, str, str], int] = {}
    query = (
        select(a.source, a.severity, a.team, func.count().label("n")).where(a.closed_on.is_(None)).group_by(a.source, a.severity, a.team)
    )
    for row in c.execute(query):
        kind = COUNCIL if row.team == COUNCIL else "service" if row.team.startswith(SERVICE) else "team"
        key = (row.source, row.severity or "none", kind)
        counted[key] = counted.get(key, 0) + row.n
    return counted


def outbox(c: Connection, now: dt.datetime) -> tuple[dict[tuple[str, str], int], dict[str, dt.datetime]]:
    """Messages that are not done by channel and state, with those given up in the last day; and when the oldest that waits was enqueued."""
    o = t.outbox.c
    query = select(o.channel, o.state, func.count().label("n"), func.min(o.created_at).label("since")).group_by(o.channel, o.state)
    counted: dict[tuple[str, str], int] = {}
    oldest: dict[str, dt.datetime] = {}
    for row in c.execute(query.where(o.state.in_(OPEN))):
        counted[row.channel, row.state] = row.n
        since = moment_of(row.since)
        oldest[row.channel] = min(since, oldest.get(row.channel, since))
    for row in c.execute(query.where(o.state == "failed", o.done_at >= moment_text(now - A_DAY))):
        counted[row.channel, row.state] = row.n
    for channel in c.execute(select(o.channel).distinct()).scalars():
        for state in (*OPEN, "failed"):
            counted.setdefault((channel, state), 0)  # an alert rule needs the zero that comes before a one
    return counted, oldest


def delivered(c: Connection, now: dt.datetime) -> tuple[Delivered, ...]:
    """What was sent in the last day, by channel."""
    o = t.outbox.c
    query = select(o.channel, o.created_at, o.done_at).where(
        o.state == "sent", o.done_at.between(moment_text(now - A_DAY), moment_text(now))
    )
    per: dict[str, list[float]] = {}
    for row in c.execute(query):
        per.setdefault(row.channel, []).append(max(0.0, (moment_of(row.done_at) - moment_of(row.created_at)).total_seconds()))
    return tuple(Delivered(channel, tuple(sorted(seconds))) for channel, seconds in sorted(per.items()))
