"""What waits in the outbox, and since when it has been due; what was given up and nobody knows of; what of that is tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, select

from caseclock.alerts.hours import local_day
from caseclock.notifications.deadman import Waiting
from caseclock.notifications.outbox import Row, subjects
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.outbox import OPEN, row_of

STUCK = "stuck|"
"""How the name of a notice begins that tells data engineers of the deliverer itself."""


def waiting(c: Connection, since: dt.datetime | None = None) -> list[Waiting]:
    """The first open message of each recipient and channel: only that one can be due. One that is being sent is due when its lease ends.

    And, `since` then, what was given up without anybody being told in its stead.
    """
    o = t.outbox.c
    query = select(o.recipient, o.channel, o.created_at, o.not_before, o.lease_until, o.reason).where(o.state.in_(OPEN)).order_by(o.seq)
    lanes: dict[tuple[str, str], list[Waiting]] = {}
    for row in c.execute(query):
        due = max(text for text in (row.created_at, row.not_before, row.lease_until) if text)
        lanes.setdefault((row.recipient, row.channel), []).append(
            Waiting(row.recipient, row.channel, moment_of(due), reason=row.reason or "")
        )
    return [Waiting(r, ch, rows[0].due, len(rows) - 1, rows[0].reason) for (r, ch), rows in lanes.items()] + _given_up(c, since)


def _given_up(c: Connection, since: dt.datetime | None) -> list[Waiting]:
    o = t.outbox.c
    lately = (o.done_at >= moment_text(since),) if since else ()
    failed = [row_of(dict(kept)) for kept in c.execute(select(t.outbox).where(o.state == "failed", *lately).order_by(o.seq)).mappings()]
    if not failed:
        return []
    query = select(t.outbox).where(o.state.in_((*OPEN, "sent")), o.seq > failed[0].seq)
    later = [row_of(dict(kept)) for kept in c.execute(query).mappings()]
    lanes: dict[tuple[str, str], list[tuple[dt.datetime, str]]] = {}
    for row in failed:
        if row.done_at and not _known_of(row, row.done_at, later):
            lanes.setdefault(row.lane, []).append((row.done_at, row.reason))
    return [Waiting(*lane, max(at for at, _ in lost), len(lost) - 1, max(lost)[1], True) for lane, lost in lanes.items()]


def _known_of(row: Row, failed_at: dt.datetime, later: Sequence[Row]) -> bool:
    """Whether its reader hears of the same by a later message, or data engineers hear that something failed for this reader."""
    about = subjects(row)
    for other in later:
        if other.seq > row.seq and other.recipient == row.recipient and about & subjects(other):
            return True
        if other.notice and other.notice.name.startswith(STUCK) and other.created_at and other.created_at >= failed_at:
            return True
        told = {line.instance.team for line in other.lines if line.kind == "delivery_failed"}
        if row.recipient in told and any(line.episode >= local_day(failed_at).isoformat() for line in other.lines):
            return True
    return False


def that_stand_for_themselves(c: Connection, since: dt.datetime) -> list[Row]:
    """Notices and word of failed deliveries since then, in any state, of those recipients whom one of them has not reached."""
    o = t.outbox.c
    failing = select(o.recipient).where(o.state == "failed", o.created_at >= moment_text(since)).distinct()
    names = list(c.execute(failing).scalars())
    if not names:
        return []
    query = select(t.outbox).where(o.recipient.in_(names), o.created_at >= moment_text(since)).order_by(o.seq)
    return [row for kept in c.execute(query).mappings() if (row := row_of(dict(kept))).fixed]
