"""What stands in a cell when nothing is known: blanks, and placeholders that look like values.

Sources: domain brief 1.4 (-1 ids, 1900-01-01, ssd_ph and PLACEHOLDER_DATA of older SSD builds), spreadsheet error texts.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

BLANK = ("", "null", "(null)", "<null>", "none", "nan", "nat", "<na>", "n/a", "-")
"""Plainly nothing; lower case."""

PLACEHOLDER = ("#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "ssd_ph", "placeholder", "placeholder_data")
"""Something was put where nothing is known. Counted in a note, because a growing count is news; lower case."""

PLACEHOLDER_ID = ("-1", "-1.0")
"""The same for ids, numbers and dates. Not for flags: some systems write true as -1."""

PLACEHOLDER_DAY = dt.date(1900, 1, 1)

Mask = npt.NDArray[np.bool_]


def trimmed(values: pd.Series[str]) -> pa.Array:
    """The texts without space, NBSP or byte order mark around them; missing stays missing."""
    text = pa.array(values, type=pa.large_string(), from_pandas=True)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    return pc.utf8_trim(text, characters=" \t\r\n\f\v\xa0\u200b\u2007\u202f\u3000\ufeff")


def nothing_in(text: pa.Array, *, ids: bool) -> tuple[Mask, Mask]:
    """(blank, placeholder) per trimmed text."""
    lower = pc.utf8_lower(text)
    blank = pc.or_(pc.is_null(text), pc.is_in(lower, value_set=pa.array(BLANK, type=pa.large_string())))
    marks = (*PLACEHOLDER, *PLACEHOLDER_ID) if ids else PLACEHOLDER
    placeholder = pc.is_in(lower, value_set=pa.array(marks, type=pa.large_string()))
    return _mask(blank), _mask(placeholder)


def is_nothing(values: pd.Series[str], *, ids: bool = True) -> Mask:
    """Where a column holds neither a value nor anything that could be one."""
    blank, placeholder = nothing_in(trimmed(values), ids=ids)
    made: Mask = blank | placeholder
    return made


def _mask(found: pa.Array) -> Mask:
    made: Mask = found.to_numpy(zero_copy_only=False).astype(bool)
    return made
