"""Weeks: seven days up to a closing day, named by the Monday of the ISO week in which they close.

A source that sends daily closes its weeks on Fridays; one that sends weekly on the weekday of its extract. So a week from the dates of one
extract and a figure of seven days in the store count the same days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caseclock.clocks.calendar import Days, WorkingCalendar
from caseclock.trends.model import SchoolHoliday
from caseclock.trends.panel import Floats

WEEK = 7
FRIDAY = 4


@dataclass(frozen=True)
class Shape:
    """Per week: working days, and those of them that are school holidays."""

    working: Floats
    school: Floats

    @property
    def ordinary(self) -> Floats:
        """Working days that are no school holidays, 0 to 5."""
        return self.working - self.school


def monday_of(days: Days) -> Days:
    """The Monday of the ISO week of each day."""
    number = days.astype("datetime64[D]").astype(np.int64)
    made: Days = (number - (number + 3) % WEEK).astype("datetime64[D]")  # day 0 was a Thursday
    return made


def closing_days(as_of: dt.date, weeks: int, *, weekly: bool) -> Days:
    """The closing days of so many weeks up to a date, oldest first. `weekly`: the source sends one extract a week."""
    back = 0 if weekly else (as_of.weekday() - FRIDAY) % WEEK
    last = np.datetime64(as_of, "D") - back
    made: Days = last - WEEK * np.arange(weeks)[::-1]
    return made


def shape_of(ends: Days, calendar: WorkingCalendar, holidays: Sequence[SchoolHoliday]) -> Shape:
    """The weeks that close on these days. Raises NotCovered outside the years of the calendar."""
    begins = ends - np.timedelta64(WEEK, "D")
    school = np.zeros(len(ends))
    for holiday in holidays:
        first, last = np.datetime64(holiday.first, "D") - 1, np.datetime64(holiday.last, "D")
        begin, end = np.maximum(begins, first), np.minimum(ends, last)
        school += np.where(end > begin, np.nan_to_num(calendar.elapsed_many(begin, end)), 0.0)
    working = calendar.elapsed_many(begins, ends)
    return Shape(working, np.minimum(school, working))


def last_of_weeks(days: Sequence[dt.date]) -> list[dt.date]:
    """Of each ISO week the last of these days, in order."""
    newest = {day.isocalendar()[:2]: day for day in sorted(days)}
    return sorted(newest.values())
