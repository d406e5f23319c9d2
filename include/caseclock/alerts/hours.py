"""When people are at work: London wall-clock time, working days of England. Safe on the days when the clocks change."""

from __future__ import annotations

import datetime as dt

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.now import LONDON


def local_day(moment: dt.datetime) -> dt.date:
    """The London date of a moment."""
    return moment.astimezone(LONDON).date()


def in_words(moment: dt.datetime) -> str:
    """`4 December 2026, 18:00`, as clocks in London show it."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M}"


def in_hours(calendar: WorkingCalendar, moment: dt.datetime) -> bool:
    """True within the working hours (start included, end not) of a working day."""
    local = moment.astimezone(LONDON)
    start, end = (dt.time.fromisoformat(text) for text in calendar.config.working_hours)
    return calendar.is_working_day(local.date()) and start <= local.time().replace(tzinfo=None) < end


def days_between(calendar: WorkingCalendar, start: dt.datetime, end: dt.datetime) -> int:
    """Working days that have come since the London date of `start`; 0 when `end` is not later."""
    first, last = local_day(start), local_day(end)
    return calendar.elapsed(first, last) if last > first else 0


def at_local(day: dt.date, time: dt.time) -> dt.datetime:
    """A London wall-clock moment, in UTC. A time that the change of clocks skips is taken one hour later."""
    return dt.datetime.combine(day, time, tzinfo=LONDON).astimezone(dt.UTC)


def later_by(calendar: WorkingCalendar, moment: dt.datetime, days: int) -> dt.datetime:
    """The same London wall-clock time, so many working days later."""
    local = moment.astimezone(LONDON)
    return at_local(calendar.due(local.date(), days), local.time().replace(tzinfo=None))


def opens_next(calendar: WorkingCalendar, moment: dt.datetime) -> dt.date:
    """The day on which working hours next begin, seen from a moment outside them; within them the day of the moment."""
    local = moment.astimezone(LONDON)
    start, today = dt.time.fromisoformat(calendar.config.working_hours[0]), local.date()
    if in_hours(calendar, moment) or (calendar.is_working_day(today) and local.time().replace(tzinfo=None) < start):
        return today
    return calendar.next_working_day(today + dt.timedelta(days=1))
