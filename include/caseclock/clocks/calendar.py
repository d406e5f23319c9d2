"""The working days of England, and how time passes on a clock.

A working day is Monday to Friday and no bank holiday of England. Day 0 is the start date: `elapsed(a, b)` counts the working
days d with a < d <= b, and work is in time when elapsed <= limit. Source: DfE tables C2 and C4 have the bands "same day" and
"0 to 10 working days", which only fit when the start day counts 0.

Bank holidays are those of the `holidays` package (GB, subdivision ENG), beside extra closure days from calendar.yaml.
A year that the calendar does not cover is an error, never a guess: bank holidays are proclaimed, not computed.
"""

from __future__ import annotations

import calendar as _calendar
import datetime as dt
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from caseclock.errors import CaseclockError

Unit = Literal["working_day", "calendar_day", "calendar_month", "clock_hour"]
Days = npt.NDArray[np.datetime64]


class CalendarConfig(BaseModel):
    """calendar.yaml. `extra_closure_days`: days on which the council does no work, beside the bank holidays of England."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_year: int = Field(default=1990, ge=1980)
    last_year: int = Field(default=2032, le=2100, description="dates beyond are refused until somebody has looked at the bank holidays")
    extra_closure_days: list[dt.date] = []
    removed_holidays: list[dt.date] = Field(default=[], description="dates that the package takes for a bank holiday and that are none")
    working_hours: tuple[str, str] = Field(default=("08:00", "18:00"), description="London; messages that can wait are sent within them")


class NotCovered(CaseclockError):
    """A date lies outside the years whose bank holidays are known."""

    exit_code = 2


class WorkingCalendar:
    """Counts working days by one look-up: a cumulative table over every day of the covered years (64 KiB, stays in cache)."""

    def __init__(self, config: CalendarConfig | None = None) -> None:
        self.config = config or CalendarConfig()
        first = np.datetime64(f"{self.config.first_year}-01-01", "D")
        end = np.datetime64(f"{self.config.last_year + 1}-01-01", "D")
        days = np.arange(first, end)
        closed = _bank_holidays(self.config.first_year, self.config.last_year) | set(self.config.extra_closure_days)
        closed -= set(self.config.removed_holidays)
        working = np.is_busday(days, holidays=np.array(sorted(closed), dtype="datetime64[D]"))
        self._first = int(first.astype(np.int64))
        self._size = len(days)
        self._working = working
        self._cum = np.cumsum(working, dtype=np.int32)  # working days up to and including the day
        self._nth = np.flatnonzero(working).astype(np.int32)  # index of the n-th working day (n from 0)

    # --- one date ------------------------------------------------------------------------------------------------
    def is_working_day(self, day: dt.date) -> bool:
        return bool(self._working[self._index_of(day)])

    def elapsed(self, start: dt.date, end: dt.date) -> int:
        """Working days d with start < d <= end. Raises ValueError when end is before start, NotCovered outside the years."""
        if end < start:
            raise ValueError(f"the end {end} is before the start {start}")
        return int(self._cum[self._index_of(end)] - self._cum[self._index_of(start)])

    def due(self, start: dt.date, days: int) -> dt.date:
        """The first date on which `elapsed(start, date)` equals `days`; the start itself for 0."""
        if days < 0:
            raise ValueError("a limit cannot be negative")
        if days == 0:
            return start
        at = int(self._cum[self._index_of(start)]) + days - 1
        if at >= len(self._nth):
            raise self._not_covered(f"{days} working days after {start}")
        return self._date_of(int(self._nth[at]))

    def next_working_day(self, day: dt.date) -> dt.date:
        """The day itself when it is one, else the next one."""
        return day if self.is_working_day(day) else self.due(day, 1)

    def before(self, day: dt.date, days: int = 1) -> dt.date:
        """The so-many-th working day before the day, which does not count itself: 1 is the last one before it."""
        at = int(self._cum[self._index_of(day - dt.timedelta(1))]) - days
        if at < 0:
            raise self._not_covered(f"{days} working days before {day}")
        return self._date_of(int(self._nth[at]))

    # --- whole columns -------------------------------------------------------------------------------------------
    def elapsed_many(self, start: Days, end: Days) -> npt.NDArray[np.float64]:
        """`elapsed` over columns of datetime64[D]; NaN where a date is missing or the end is before the start."""
        start, end = start.astype("datetime64[D]"), end.astype("datetime64[D]")
        known = ~(np.isnat(start) | np.isnat(end))
        made = np.full(len(start), np.nan)
        s, e = start[known], end[known]
        passed = (self._cum[self._indices_of(e)] - self._cum[self._indices_of(s)]).astype(np.float64)
        passed[e < s] = np.nan
        made[known] = passed
        return made

    def due_many(self, start: Days, days: npt.NDArray[np.int64]) -> Days:
        """`due` over a column; NaT where the start is missing."""
        start = start.astype("datetime64[D]")
        made = np.full(len(start), np.datetime64("NaT"), dtype="datetime64[D]")
        known = ~np.isnat(start)
        n = np.asarray(days, dtype=np.int64)[known]
        if (n < 0).any():
            raise ValueError("a limit cannot be negative")
        s = start[known]
        at = self._cum[self._indices_of(s)].astype(np.int64) + n - 1
        if len(at) and at.max() >= len(self._nth):
            raise self._not_covered(f"a date {int(n.max())} working days ahead")
        ahead = (self._nth[np.maximum(at, 0)].astype(np.int64) + self._first).astype("datetime64[D]")
        made[known] = np.where(n == 0, s, ahead)
        return made

    # --- inside --------------------------------------------------------------------------------------------------
    def _index_of(self, day: dt.date) -> int:
        at = (day - dt.date(1970, 1, 1)).days - self._first
        if not 0 <= at < self._size:
            raise self._not_covered(str(day))
        return at

    def _indices_of(self, days: Days) -> npt.NDArray[np.int64]:
        at = days.astype(np.int64) - self._first
        if len(at) and (at.min() < 0 or at.max() >= self._size):
            outside = days[(at < 0) | (at >= self._size)][0]
            raise self._not_covered(str(outside))
        return at

    def _date_of(self, index: int) -> dt.date:
        return dt.date(1970, 1, 1) + dt.timedelta(days=index + self._first)

    def _not_covered(self, what: str) -> NotCovered:
        return NotCovered(
            f"{what} lies outside the years whose bank holidays are known",
            where="calendar.yaml",
            allowed=f"{self.config.first_year} to {self.config.last_year}",
            todo="Check the bank holidays of the year on GOV.UK, then raise last_year.",
        )


def add_months(start: dt.date, months: int) -> dt.date:
    """Calendar months with the end of the month kept: 30 November + 3 months = 28 February."""
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    return dt.date(year, month0 + 1, min(start.day, _calendar.monthrange(year, month0 + 1)[1]))


def add_months_many(start: Days, months: npt.NDArray[np.int64]) -> Days:
    """`add_months` over a column; NaT stays NaT."""
    start = start.astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    target = month + np.asarray(months).astype("timedelta64[M]")
    last = ((target + np.timedelta64(1, "M")).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64) - 1
    made: Days = target.astype("datetime64[D]") + np.where(np.isnat(start), 0, np.minimum(day, last)).astype("timedelta64[D]")
    return made


@lru_cache(maxsize=8)
def _bank_holidays(first_year: int, last_year: int) -> frozenset[dt.date]:
    import holidays  # 0.1 s: only where a calendar is really made

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(first_year, last_year + 1)))
