"""The one place that parses dates. Only the forms that a source accepts are read; nothing is guessed, and a year has four digits.

A time of day is cut off. A moment with an offset (Z, +01:00) is first turned into London time, because extracts and time limits are
those of England: 2026-07-01T23:30Z is 2 July.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.extracts.blanks import PLACEHOLDER_DAY, nothing_in
from caseclock.extracts.cells import Mask, text_of, trimmed
from caseclock.extracts.source import DateFormat
from caseclock.now import LONDON

EARLIEST, BEFORE = dt.date(1900, 1, 1), dt.date(2100, 1, 1)
"""Dates outside are misreadings (0024, 9999), not events."""

Day = dt.date | Literal["placeholder", "unreadable"]

_MONTHS = {m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
_FORMS: dict[DateFormat, str] = {
    "YYYY-MM-DD": r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})",
    "YYYY/MM/DD": r"(?P<y>\d{4})/(?P<m>\d{2})/(?P<d>\d{2})",
    "YYYYMMDD": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    "DD/MM/YYYY": r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})",
    "DD-MM-YYYY": r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})",
    "DD.MM.YYYY": r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
    "DD-Mon-YYYY": r"(?P<d>\d{1,2})-(?P<mon>[A-Za-z]{3})[a-z]*-(?P<y>\d{4})",
    "DD Mon YYYY": r"(?P<d>\d{1,2}) (?P<mon>[A-Za-z]{3})[a-z]* (?P<y>\d{4})",
    "MM/DD/YYYY": r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})",
}
_TIME = r"(?:(?:T|\s+)(?P<H>[01]?\d|2[0-3]):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d|60)(?:[.,]\d{1,9})?)?\s*(?P<off>Z|[+-]\d{2}:?\d{2})?)?"
_PLAIN_TIME = r"(?:T|\s+)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?$"


@lru_cache(maxsize=2**16)
def day_of(text: str, formats: tuple[DateFormat, ...]) -> Day:
    """The date that a trimmed text says. Remembered: the same days stand in 40 columns of one extract and in the next one."""
    for form in formats:
        hit = re.fullmatch(_FORMS[form] + _TIME, text, flags=re.ASCII)
        if hit:
            return _day(hit)
    return "unreadable"


def _day(hit: re.Match[str]) -> Day:
    part = hit.groupdict()
    month = _MONTHS.get(part["mon"].lower(), 0) if part.get("mon") else int(part["m"])
    try:
        day = dt.date(int(part["y"]), month, int(part["d"]))
    except ValueError:
        return "unreadable"
    if part["off"]:
        day = _in_london(day, int(part["H"]), int(part["M"]), part["off"])
    if day == PLACEHOLDER_DAY:
        return "placeholder"
    return day if EARLIEST <= day < BEFORE else "unreadable"


def _in_london(day: dt.date, hour: int, minute: int, offset: str) -> dt.date:
    ahead = dt.timedelta(0)
    if offset != "Z":
        ahead = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:])) * (-1 if offset[0] == "-" else 1)
    if abs(ahead) >= dt.timedelta(days=1) or not EARLIEST < day < BEFORE:
        return dt.date.min
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.timezone(ahead)).astimezone(LONDON).date()


def days_of(values: pd.Series[str] | pa.Array, formats: Sequence[DateFormat]) -> tuple[npt.NDArray[np.datetime64], Mask, Mask]:
    """A column: (dates as datetime64[s], NaT where there is none; where a placeholder stood; where the text is no date).

    Each different text is looked at once, and what is left of it without a time of day is parsed once, however many rows there are.
    """
    found = pc.fill_null(text_of(values), "").dictionary_encode()
    texts = trimmed(found.dictionary)
    blank, placeholder = nothing_in(texts, ids=True)
    days = pc.replace_substring_regex(texts, _PLAIN_TIME, "").dictionary_encode()
    known = tuple(formats)
    read = [day_of(one, known) for one in days.dictionary.to_pylist()]
    of_day = days.indices.to_numpy()
    nothing = blank | placeholder
    dates = np.array([one if isinstance(one, dt.date) else None for one in read], dtype="datetime64[s]")[of_day]
    dates[nothing] = np.datetime64("NaT")
    placeholder |= np.array([one == "placeholder" for one in read], dtype=bool)[of_day] & ~nothing
    no_date = np.array([one == "unreadable" for one in read], dtype=bool)[of_day] & ~nothing
    at = found.indices.to_numpy()
    return dates[at], placeholder[at], no_date[at]
