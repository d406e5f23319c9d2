"""Drawing from published tables, and days as whole numbers.

A day is the number of days since 1970-01-01; `NEVER` lies behind every date that an extract can have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import CalendarConfig, WorkingCalendar

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bands = Sequence[tuple[int, int, float]]

NEVER = 1_000_000  # year 4707


def day_of(date: dt.date) -> int:
    return (date - dt.date(1970, 1, 1)).days


def date_of(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


def from_bands(rng: np.random.Generator, bands: Bands, n: int) -> Ints:
    """`n` whole numbers: a band by its share, then evenly within it."""
    first, last, share = (np.array(column) for column in zip(*bands, strict=True))
    band = rng.choice(len(bands), size=n, p=share / share.sum())
    drawn: Ints = rng.integers(first[band], last[band] + 1)
    return drawn


def codes(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> npt.NDArray[np.str_]:
    p = np.array(list(shares.values()))
    return rng.choice(np.array(list(shares)), size=n, p=p / p.sum())


def stay(rng: np.random.Generator, mean: float, sigma: float, n: int) -> Ints:
    """Log-normal days with the given mean, at least one."""
    drawn = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, size=n)
    return np.maximum(1, drawn).astype(np.int64)


class Workdays:
    """The working days of England over whole columns of day numbers."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        self._calendar = WorkingCalendar(CalendarConfig(first_year=max(1980, first.year - 1), last_year=min(2100, last.year + 3)))

    def plus(self, day: Ints, n: Ints | int) -> Ints:
        """The day on which `n` working days have passed; `n` = 0 is the day itself. NEVER stays NEVER."""
        made = np.full(len(day), NEVER, dtype=np.int64)
        known = day < NEVER
        steps = np.broadcast_to(np.asarray(n, dtype=np.int64), day.shape)[known]
        made[known] = self._calendar.due_many(day[known].astype("datetime64[D]"), steps).astype(np.int64)
        return made

    def between(self, start: Ints, end: Ints) -> Ints:
        """Working days d with start < d <= end; 0 where the end is before the start."""
        passed = self._calendar.elapsed_many(start.astype("datetime64[D]"), end.astype("datetime64[D]"))
        return np.nan_to_num(passed).astype(np.int64)

    def working(self, days: Ints) -> Flags:
        return np.array([self._calendar.is_working_day(date_of(d)) for d in days], dtype=np.bool_)

    def on_or_before(self, day: Ints) -> Ints:
        """The day itself when it is a working day, else the last one before it."""
        return np.where(self.between(day - 1, day) == 1, day, self.plus(day - 12, self.between(day - 12, day)))
