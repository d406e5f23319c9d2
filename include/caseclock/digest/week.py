"""The week of a digest: Monday to Sunday, named by ISO, and when it is over for us."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from caseclock.alerts.hours import at_local, local_day
from caseclock.clocks.calendar import NotCovered, WorkingCalendar

MADE_AT: Final = dt.time(8)  # of the DAG send_weekly_digest: what has arrived by then counts for the week before
A_WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True, order=True)
class Week:
    """`first_day` is a Monday."""

    first_day: dt.date

    @property
    def id(self) -> str:
        """`2026-W47`; of the year in which its Thursday lies."""
        year, week, _ = self.first_day.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def last_day(self) -> dt.date:
        return self.first_day + dt.timedelta(days=6)

    @property
    def before(self) -> Week:
        return Week(self.first_day - A_WEEK)


def week_of(day: dt.date) -> Week:
    return Week(day - dt.timedelta(days=day.weekday()))


def week_named(id: str) -> Week:
    """Raises ValueError where there is no such week: `2027-W53`."""
    year, _, number = id.partition("-W")
    if not (year.isdecimal() and len(year) == 4 and number.isdecimal() and len(number) == 2):
        raise ValueError(f"{id!r} is no week; expected the form 2026-W47")
    return Week(dt.date.fromisocalendar(int(year), int(number), 1))


def last_week(now: dt.datetime) -> Week:
    """The week before the one of a moment, by London's date."""
    return week_of(local_day(now)).before


def sent_on(week: Week, calendar: WorkingCalendar) -> dt.date:
    """The first working day after the week. The Monday in a year whose bank holidays are not known: the digest is not held up by it."""
    monday = week.first_day + A_WEEK
    try:
        return calendar.next_working_day(monday)
    except NotCovered:
        return monday


def cut_off(week: Week, calendar: WorkingCalendar) -> dt.datetime:
    """Up to when what arrives counts for the week, in UTC: 08:00 in London on the day on which its digest is sent."""
    return at_local(sent_on(week, calendar), MADE_AT)
