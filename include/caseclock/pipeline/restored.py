"""A store that was restored: what waits, and a person's word that ends the hold (`notifications/doubt.py`, `storage/hold.py`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Engine, select, update

from caseclock.errors import WrongUse
from caseclock.notifications.deliver import LEASE, Sender
from caseclock.notifications.doubt import TAKEN, is_about, lines_about
from caseclock.notifications.model import Capabilities, Channel
from caseclock.notifications.outbox import CAPABILITIES, Row
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import bring_alerts_up_to_date
from caseclock.storage import hold
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text, reading
from caseclock.storage.outbox import OPEN, SqlDelivery, audit, row_of

MOST_ROUNDS = 10  # what was told, what then follows from it, and so on: a chain is no longer than the lost extracts


def waiting(house: House, told_until: dt.date | None = None) -> list[Report]:
    """Messages that wait, counted per channel: how many say nothing but what is of extracts up to that date, and how many say more.

    `asked`: the channel is asked for each message before it is sent.
    """
    counts: dict[str, Report] = {}
    with reading(house.engine) as c:
        for row in _open(c):
            one = counts.setdefault(row.channel, {"channel": row.channel, "asked": _is_asked(row.channel), "before": 0, "later": 0})
            one["before" if told_until and is_about(row, told_until) else "later"] += 1
    return [counts[channel] for channel in sorted(counts)]


def reopen(house: House, now: dt.datetime, *, told_until: dt.date | None, by: str, reason: str) -> int:
    """Ends the hold, in one transaction. Returns how many messages count as told; the others are sent, or asked after, by the next round.

    `told_until`: messages about extracts up to that date had been sent before the store was lost; None: none since the backup.
    Raises WrongUse when nothing is on hold.
    """
    with house.engine.begin() as c:
        if not hold.on_hold(c):
            raise WrongUse("sending is not on hold", where="store reopen", todo="There is nothing to do.")
        audit(c, now, hold.REOPENED, hold.STORE, reason, {"told_until": str(told_until) if told_until else None}, by)
        counted = _count_all(house, c, now, told_until, by) if told_until else 0
        never_tried = ~select(t.attempt.c.key).where(t.attempt.c.key == t.outbox.c.key).exists()
        blind = [name for name, can in CAPABILITIES.items() if not can.reconcile]
        left = (t.outbox.c.state == "unknown", t.outbox.c.channel.in_(blind), never_tried)
        c.execute(update(t.outbox).where(*left).values(state="pending", reason=None, not_before=None, obsolete=None))
        for source in _sources(c):
            bring_alerts_up_to_date(house, c, source, now)
    return counted


def _count_all(house: House, c: Connection, now: dt.datetime, until: dt.date, by: str) -> int:
    channels = cast(Mapping[str, Channel], {name: _Silent(can) for name, can in CAPABILITIES.items()})
    sender = Sender(SqlDelivery(cast(Engine, _Within(c))), channels, house.config.routes, lambda: now)
    counted = 0
    for _ in range(MOST_ROUNDS):
        rows = [row for row in _open(c) if not _is_asked(row.channel) and is_about(row, until)]
        if not rows:
            break
        for row in rows:
            mine = {"lease_by": sender.by, "lease_until": moment_text(now + LEASE)}
            c.execute(update(t.outbox).where(t.outbox.c.key == row.key).values(**mine))
            told = sender.count_as_told(row, lines_about(row, until)).outcome == "adopted"
            counted += told
            if told:
                said = {"key": row.key, "recipient": row.recipient, "channel": row.channel, "source": row.source}
                audit(c, now, "counted_as_told", f"message {row.key}", f"{TAKEN}: about extracts up to {until}", said, by)
        for source in sorted({row.source for row in rows if row.source}):
            bring_alerts_up_to_date(house, c, source, now)
    return counted


def _open(c: Connection) -> list[Row]:
    query = select(t.outbox).where(t.outbox.c.state.in_(OPEN)).order_by(t.outbox.c.seq)
    return [row_of(dict(kept)) for kept in c.execute(query).mappings()]


def _sources(c: Connection) -> list[str]:
    o = t.outbox.c
    return sorted(source for source in c.execute(select(o.source).where(o.state.in_(OPEN)).distinct()).scalars() if source)


def _is_asked(channel: str) -> bool:
    return channel in CAPABILITIES and CAPABILITIES[channel].reconcile


@dataclass(frozen=True)
class _Silent:
    """A channel by which nothing is sent."""

    capabilities: Capabilities


@dataclass(frozen=True)
class _Within:
    """The sender's transactions, all within one that is open."""

    connection: Connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        yield self.connection
