"""What stands in a cell when nothing is known: blanks, and placeholders that look like values.

Sources: the version history of the SSD (-1 ids, 1900-01-01, ssd_ph and PLACEHOLDER_DATA of older builds), spreadsheet error texts.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.extracts.cells import Edges, Mask, Text, bytes_in, edges, mask_of, trimmed

__all__ = ["BLANK", "PLACEHOLDER", "PLACEHOLDER_DAY", "PLACEHOLDER_ID", "Mask", "is_nothing", "nothing_in", "trimmed"]

BLANK = ("", "null", "(null)", "<null>", "none", "nan", "nat", "<na>", "n/a", "-")
"""Plainly nothing; lower case."""

PLACEHOLDER = ("#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "ssd_ph", "placeholder", "placeholder_data")
"""Something was put where nothing is known. Counted in a note, because a growing count is news; lower case."""

PLACEHOLDER_ID = ("-1", "-1.0")
"""The same for ids, numbers and dates. Not for flags: some systems write true as -1."""

PLACEHOLDER_DAY = dt.date(1900, 1, 1)

_LONGEST = max(len(mark) for mark in (*BLANK, *PLACEHOLDER, *PLACEHOLDER_ID))
_MAY_BE_NOTHING = bytes_in(*(mark for mark in (*BLANK, *PLACEHOLDER, *PLACEHOLDER_ID) if mark))


def nothing_in(text: pa.Array, *, ids: bool, seen: Edges | None = None) -> tuple[Mask, Mask]:
    """(blank, placeholder) per trimmed text. `seen`: its edges where they are known already."""
    first, _, size = seen or edges(text)
    blank: Mask = size == 0
    placeholder = np.zeros(len(text), dtype=bool)
    likely = _MAY_BE_NOTHING[first] & (size <= _LONGEST)
    if likely.any():
        lower = pc.utf8_lower(text.filter(pa.array(likely)))
        marks = (*PLACEHOLDER, *PLACEHOLDER_ID) if ids else PLACEHOLDER
        blank[likely] = mask_of(pc.is_in(lower, value_set=pa.array(BLANK, type=Text)))
        placeholder[likely] = mask_of(pc.is_in(lower, value_set=pa.array(marks, type=Text)))
    return blank, placeholder


def is_nothing(values: pd.Series[str] | pa.Array, *, ids: bool = True) -> Mask:
    """Where a column holds neither a value nor anything that could be one."""
    blank, placeholder = nothing_in(trimmed(values), ids=ids)
    made: Mask = blank | placeholder
    return made
