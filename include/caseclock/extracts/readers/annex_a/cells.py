"""A cell of a list as text: a date is ISO, a number without fraction has none, and what stands for nothing is None."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence

from caseclock.extracts.blanks import BLANK, PLACEHOLDER, PLACEHOLDER_ID
from caseclock.extracts.source import DateFormat

EXCEL_DAY_0 = dt.date(1899, 12, 30)
EXCEL_FIRST, EXCEL_LAST = 61, 73_050  # 1 March 1900 (before it Excel counts a day that never was) to 31 December 2099
NOTHING = frozenset((*BLANK, *PLACEHOLDER, *PLACEHOLDER_ID))


def text_of(cell: object, *, date: bool = False) -> str | None:
    """A cell as text. In a date column a number is Excel's count of days."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, (int, float)):
        return _number(cell, date)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return cell.isoformat() if isinstance(cell, dt.date) else str(cell)
    text = " ".join(str(cell).replace("\xa0", " ").split())
    return None if text.lower() in NOTHING else text


def _number(cell: float, date: bool) -> str | None:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if date and EXCEL_FIRST <= cell <= EXCEL_LAST + 1:
        return (EXCEL_DAY_0 + dt.timedelta(days=int(cell))).isoformat()
    text = str(int(cell)) if cell == int(cell) else repr(cell)
    return None if text in NOTHING else text


_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")


def day_to_pair(text: str | None, formats: Sequence[DateFormat]) -> dt.date | None:
    """The day of a text, to tell which rows belong together; None where it is not plain.

    What a date means in the tables is said in one other place (snapshots/dates.py), which also puts unreadable ones in quarantine.
    """
    iso, slashed = _ISO.match(text or ""), _SLASHED.match(text or "")
    try:
        if iso:
            return dt.date(int(iso[1]), int(iso[2]), int(iso[3]))
        if slashed:
            first, second = int(slashed[1]), int(slashed[2])
            day, month = (second, first) if "MM/DD/YYYY" in formats else (first, second)
            return dt.date(int(slashed[3]), month, day)
    except ValueError:
        pass
    return None
