"""What stands for itself (the digest, a refused file, a fault, word of failed deliveries) and failed for good is tried again.

No run of the engine makes such a message anew, so it is enqueued again from what failed: by one channel at a time, after the rest that
`blocked.py` gives it, for a week. Each renewed message is another row with a key of its own, and two rounds at once make the same one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from caseclock.alerts.told import ABOUT_DATA
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.blocked import NEVER, Failed, why_blocked
from caseclock.notifications.outbox import Failure, Row, new_row, notice_row, place_of, subjects
from caseclock.notifications.routes import Routes

WORTH_IT = dt.timedelta(days=7)  # older news of that kind is no news: the next digest is there, the file has been sent anew
Place = tuple[str, frozenset[object]]


def renewed(rows: Iterable[Row], routes: Routes, calendar: WorkingCalendar, now: dt.datetime) -> list[Row]:
    """Rows to enqueue. `rows`: what stands for itself, in any state, of the last `WORTH_IT`."""
    same: dict[Place, list[Row]] = {}
    for row in rows:
        if row.notice or (row.lines and all(line.kind in ABOUT_DATA for line in row.lines)):
            same.setdefault((row.recipient, frozenset(subjects(row))), []).append(row)
    found = (_once_more(listed, routes, calendar, now) for listed in same.values())
    return [row for row in found if row]


def _once_more(rows: Sequence[Row], routes: Routes, calendar: WorkingCalendar, now: dt.datetime) -> Row | None:
    """By the channel that has rested longest; None while any other has it, or has brought it."""
    recipient = routes.recipient(rows[0].recipient)
    if recipient is None or any(row.state not in {"failed", "dropped"} for row in rows):
        return None
    failed: dict[str, list[Row]] = {}
    for row in rows:
        if row.state == "failed" and recipient.address(row.channel):
            failed.setdefault(row.channel, []).append(row)
    for of_channel in sorted(failed.values(), key=lambda listed: max(row.done_at or NEVER for row in listed)):
        newest = max(of_channel, key=lambda row: row.done_at or NEVER)
        how = Failed(newest.reason, newest.done_at, newest.failure or Failure(), None)
        place, urgent = place_of(recipient.address(newest.channel)), recipient.id in routes.data
        if why_blocked(how, place, None, calendar, now, urgent=urgent) is None:
            return _anew(newest, len(of_channel))
    return None


def _anew(row: Row, times: int) -> Row:
    if row.notice:
        return notice_row(row.recipient, row.channel, row.notice, times)
    return new_row(row.recipient, row.channel, "post", [replace(line, again=times) for line in row.lines], fixed=True)
