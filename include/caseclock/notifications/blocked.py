"""What could not be said for good, and how long it is not tried again.

A failure stands in the way of the same message and of nothing else. It ends at once when the reader is reached at another address than the
one that failed, or when what is to be said is graver. Else it ends with time: an hour after the tries were given up, since networks come
back; the next working day after a refusal, since somebody may have put right what only people can (an invitation to a channel). Each
renewed failure blocks again, so a channel that is gone costs one attempt an hour or a day.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseclock.alerts.hours import days_between, local_day
from caseclock.alerts.model import Instance
from caseclock.alerts.reconcile import BAND
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.deadman import working_minutes
from caseclock.notifications.outbox import Failure, Identity, Row
from caseclock.thresholds import Severity

HOUR = dt.timedelta(hours=1)
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
Lane = tuple[str, str]
"""Recipient and channel."""
Said = tuple[str, str, str, str, str]
"""source, rule, team, episode, kind: what was to be said, whatever was said before it."""


@dataclass(frozen=True)
class Failed:
    """One thing that could not be said. `severity`: what it would have said."""

    reason: str
    at: dt.datetime | None
    how: Failure
    severity: Severity | None


@dataclass(frozen=True)
class Failures:
    """What has failed for good. `newest`: per reader and channel, by what was to be said of which episode; `times`: how often just that."""

    newest: Mapping[tuple[Lane, Said], Failed] = field(default_factory=dict)
    times: Mapping[tuple[Lane, Identity], int] = field(default_factory=dict)
    serials: Mapping[tuple[Lane, Instance, str], int] = field(default_factory=dict)
    """By alert and episode: the highest serial that has failed."""

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Failures:
        """`rows`: of any state."""
        newest: dict[tuple[Lane, Said], Failed] = {}
        times: Counter[tuple[Lane, Identity]] = Counter()
        serials: dict[tuple[Lane, Instance, str], int] = {}
        for row in sorted((r for r in rows if r.state == "failed"), key=lambda r: (r.done_at or NEVER, r.seq)):
            for line in row.lines:
                newest[row.lane, line.identity[:5]] = Failed(row.reason, row.done_at, row.failure or Failure(), line.item.get("severity"))
                times[row.lane, line.identity] += 1
                place = (row.lane, line.instance, line.episode)
                serials[place] = max(line.serial, serials.get(place, 0))
        return cls(newest, times, serials)


def on_their_way(rows: Iterable[Row]) -> set[tuple[Lane, Instance, str]]:
    """Reader and channel, alert and episode of what is being brought by a fallback."""
    return {
        (row.lane, line.instance, line.episode) for row in rows if row.state != "failed" for line in row.lines if line.via == "fallback"
    }


def why_blocked(
    failed: Failed, place: str, severity: Severity | None, calendar: WorkingCalendar, now: dt.datetime, *, urgent: bool
) -> str | None:
    """Why the same is not tried again yet; None when it may be. `place`: the mark of the address that it would go to now."""
    if failed.how.place not in {"", place} or BAND[severity] > BAND[failed.severity]:
        return None
    return None if rested(failed, calendar, now, urgent=urgent) else failed.reason


def tried_again(failed: Failed, *, urgent: bool) -> str:
    """When the same is tried again, in words."""
    when = "after an hour" if failed.how.rest == "hour" else "on the next day" if urgent else "on the next working day"
    when += "" if urgent or failed.how.rest == "day" else " of working time"
    return f"data engineers have been told; it is tried again {when}, and at once when routes.yaml has another address or it is graver"


def rested(failed: Failed, calendar: WorkingCalendar, now: dt.datetime, *, urgent: bool) -> bool:
    """Whether the rest after a failure is over. It is counted in working hours; `urgent`: in plain ones."""
    if failed.at is None:
        return True
    if failed.how.rest == "hour":
        return now - failed.at >= HOUR if urgent else working_minutes(calendar, failed.at, now) * 60 >= HOUR.total_seconds()
    return local_day(now) > local_day(failed.at) if urgent else days_between(calendar, failed.at, now) >= 1
