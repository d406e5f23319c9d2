"""What must not be sent now, whoever it is that sends.

The engine enqueues nothing outside working hours that can wait for them. But what it enqueued in time may still be there when they
end: the channel was full, or down. So the sender asks once more, just before it sends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from caseclock.alerts.hours import in_hours
from caseclock.alerts.told import EFFECTS
from caseclock.clocks.calendar import NotCovered, WorkingCalendar
from caseclock.notifications.outbox import Line, Row
from caseclock.thresholds import ThresholdRule

WHY = "outside working hours; it is sent when they begin, if it still stands"


def waits_for_morning(
    rules: Iterable[ThresholdRule], calendar: WorkingCalendar, now: Callable[[], dt.datetime]
) -> Callable[[Row], str | None]:
    """Why a row must wait now, or None. A row with one urgent line goes whole. An edit calls nobody, so it goes at any hour, as do
    notices and what data engineers are told.
    """
    urgent = {rule.id for rule in rules if not rule.quiet_hours}

    def can_wait(line: Line) -> bool:
        return line.instance.rule not in urgent and line.instance.rule not in EFFECTS

    def why(row: Row) -> str | None:
        if row.fixed or not row.lines or row.mode == "update" or not all(can_wait(line) for line in row.lines):
            return None
        try:
            return None if in_hours(calendar, now()) else WHY
        except NotCovered:  # `update_alerts` refuses such a year and says so; what is in the outbox is not held up by it
            return None

    return why
