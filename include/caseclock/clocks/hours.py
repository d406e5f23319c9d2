"""Hours that a clock on the wall really shows: worked out in UTC, so that the night with 23 hours and the one with 25 are what they are.

A moment is UTC (see snapshots/dates.py). What is shown to people is London time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.calendar import Days

Moments = npt.NDArray[np.datetime64]
"""datetime64[s]."""
LONDON = "Europe/London"


@lru_cache(maxsize=64)
def end_of(day: np.datetime64) -> np.datetime64:
    """The London midnight after the day, in UTC: until then an extract of the day may know of something, and nothing after."""
    moment: np.datetime64 = _utc(np.array([day], dtype="datetime64[D]") + 1)[0]
    return moment


def ends_of(days: Days) -> Moments:
    """`end_of` over a column; NaT stays NaT."""
    return _utc(days.astype("datetime64[D]") + 1)


def shown(moments: Moments) -> Moments:
    """The same in London time, as the clock on the wall says it."""
    local = pd.DatetimeIndex(moments.astype("datetime64[s]")).tz_localize("UTC").tz_convert(LONDON).tz_localize(None)
    return _seconds(local)


def written(moments: Moments) -> npt.NDArray[np.str_]:
    """A column of the clock frame for people: the day, and the time to the minute where there is one; empty where nothing is known."""
    moments = np.asarray(moments, dtype="datetime64[s]")
    day = moments.astype("datetime64[D]")
    text = np.datetime_as_string(day).astype("U16")
    timed = moments > day
    text[timed] = np.datetime_as_string(moments[timed], unit="m")
    text[np.isnat(moments)] = ""
    return text


def whole_hours(start: Moments, end: Moments) -> npt.NDArray[np.int64]:
    """Hours from start to end, the last one only when it is over."""
    hours: npt.NDArray[np.int64] = (end - start).astype("timedelta64[s]").astype(np.int64) // 3600
    return hours


def _utc(midnights: Days) -> Moments:
    """No clock of England changes at midnight, so each midnight is one moment."""
    return _seconds(pd.DatetimeIndex(midnights.astype("datetime64[s]")).tz_localize(LONDON).tz_convert("UTC").tz_localize(None))


def _seconds(index: Any) -> Moments:
    made: Moments = index.to_numpy().astype("datetime64[s]")
    return made
