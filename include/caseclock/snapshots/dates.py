"""The one place that parses dates. Only the forms that a source accepts are read; nothing is guessed, and a year has four digits.

Of a date a time of day is cut off. A moment with an offset (Z, +01:00) is first turned into London time, because extracts and time limits
are those of England: 2026-07-01T23:30Z is 2 July.

A moment is kept in UTC, where an hour is an hour on every day. One without an offset is London time: of the hour that the clocks show
twice in October the first is meant, and a time that they skip in March is an hour later. Midnight to the second is no time of day: it is
how databases write a plain date.
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


@lru_cache(maxsize=2**16)
def moment_of(text: str, formats: tuple[DateFormat, ...]) -> dt.datetime | None:
    """The moment in UTC that a trimmed text says; None where it says no day, or no time of day."""
    hits = (re.fullmatch(_FORMS[form] + _TIME, text, flags=re.ASCII) for form in formats)
    hit = next((h for h in hits if h), None)
    if hit is None or hit["H"] is None or not isinstance(_day(hit), dt.date):
        return None
    part = hit.groupdict()
    month = _MONTHS[part["mon"].lower()] if part.get("mon") else int(part["m"])
    time = dt.time(int(part["H"]), int(part["M"]), min(int(part["S"] or 0), 59))
    if time == dt.time(0) and not part["off"]:
        return None
    said = dt.datetime.combine(dt.date(int(part["y"]), month, int(part["d"])), time)
    return said.replace(tzinfo=dt.timezone(_ahead(part["off"])) if part["off"] else LONDON).astimezone(dt.UTC)


def moments_of(values: pd.Series[str] | pa.Array, formats: Sequence[DateFormat]) -> npt.NDArray[np.datetime64]:
    """A column as moments in UTC, datetime64[s]: NaT where there is no time of day, and where the text is no date."""
    found = pc.fill_null(text_of(values), "").dictionary_encode()
    known = tuple(formats)
    timed = pc.match_substring(found.dictionary, ":").to_pylist()
    texts = trimmed(found.dictionary).to_pylist()
    read = [moment_of(text, known) if has else None for text, has in zip(texts, timed, strict=True)]
    moments: npt.NDArray[np.datetime64] = np.array([one.replace(tzinfo=None) if one else None for one in read], dtype="datetime64[s]")
    made: npt.NDArray[np.datetime64] = moments[found.indices.to_numpy()]
    return made


def _in_london(day: dt.date, hour: int, minute: int, offset: str) -> dt.date:
    ahead = _ahead(offset)
    if abs(ahead) >= dt.timedelta(days=1) or not EARLIEST < day < BEFORE:
        return dt.date.min
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.timezone(ahead)).astimezone(LONDON).date()


def _ahead(offset: str) -> dt.timedelta:
    if offset == "Z":
        return dt.timedelta(0)
    return dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:])) * (-1 if offset[0] == "-" else 1)


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
