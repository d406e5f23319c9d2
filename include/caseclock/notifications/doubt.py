"""After a store was restored from a backup: what was sent between the backup and the loss, it does not know.

Sending is then on hold. What is enqueued meanwhile may have arrived before, so it is kept as it is (`unknown`) and not drawn again. When a
person reopens sending, he says up to which extract messages had been sent. A channel that can be asked is asked by the key of each such
message; elsewhere his word counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caseclock.alerts import Kind
from caseclock.notifications.outbox import Line, Row
from caseclock.now import LONDON

WAITS = "sending is on hold since the store was restored"
TAKEN = "counted as told after a restore of the store"
BY_TIME: frozenset[Kind] = frozenset(
    {"reminder", "escalated", "ack_expired", "unsilenced", "stale", "stale_recovered", "delivery_failed", "unstable", "limit_changed"}
)
"""What is not brought about by an extract."""


@dataclass(frozen=True)
class Doubt:
    """`since`: the moment of the backup. `told_until`: messages about extracts up to that date had been sent, a person says."""

    since: dt.datetime
    restored_at: dt.datetime
    on_hold: bool = True
    told_until: dt.date | None = None

    def may_have_been_told(self, row: Row) -> bool:
        return self.told_until is not None and is_about(row, self.told_until)


def is_about(row: Row, until: dt.date) -> bool:
    """Whether a message, or a part of it, is about extracts of that date or before. A notice to data engineers never is: in doubt they are
    told again."""
    if row.notice:
        return row.notice.letter is not None and _end_of_week(row.notice.name.split("|")[2]) <= until
    return bool(lines_about(row, until))


def lines_about(row: Row, until: dt.date) -> tuple[Line, ...]:
    """Those lines of it. What the passing of time or a person brings about bears the date of the last extract that came and may be new all
    the same, so it counts by the day on which it was enqueued."""
    made = row.created_at.astimezone(LONDON).date() if row.created_at else dt.date.max
    as_of = [(line, dt.date.fromisoformat(str(line.item["as_of"]))) for line in row.lines]
    return tuple(line for line, day in as_of if (max(day, made) if line.kind in BY_TIME else day) <= until)


def _end_of_week(week: str) -> dt.date:
    """A digest tells of a week up to its Friday."""
    return dt.date.fromisoformat(f"{week}-5")
