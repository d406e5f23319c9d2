"""One column from text to values: what a cell means, and which cells cannot be used. See the table in typing.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.extracts.blanks import nothing_in
from caseclock.extracts.cells import Mask, edges, formulas, mask_of, series_of, trimmed
from caseclock.extracts.source import DateFormat
from caseclock.snapshots.dates import days_of, moments_of
from caseclock.snapshots.tables import Column, Kind

YES = ("y", "yes", "true", "t", "1", "1.0", "-1", "a) yes", "1 - yes", "seen", "child seen", "seen alone", "child seen alone")
NO = ("n", "no", "false", "f", "0", "0.0", "b) no", "0 - no", "not seen", "child not seen", "not seen alone", "child not seen alone")
UNKNOWN = ("unknown", "u", "c) unknown", "not known", "unborn", "na", "not applicable")
"""Spellings of a flag, lower case: SSD (Y/N), CIN census (true/false, 1/0), Annex A (a) Yes) and those that boroughs really send."""

FORMULA = "it begins like a formula, which a spreadsheet would run; expected a plain value without =, @, + or - before it"

Formats = tuple[DateFormat, ...]


@dataclass
class Typed:
    """One column: its values, and masks of the rows where something is wrong, with the reason and the rule's name."""

    values: pd.Series
    wrong: list[tuple[Mask, str, str]] = field(default_factory=list)
    placeholders: int = 0
    unreadable: int = 0


def typed(column: Column, text: pa.Array, formats: Formats) -> Typed:
    """The column's cells as values. `formats`: how a date may be written."""
    return _READ[column.kind](column, text, formats)


def _dates(column: Column, text: pa.Array, formats: Formats) -> Typed:
    days, placeholder, no_date = days_of(text, formats)
    wrong = []
    if no_date.any():
        formula = no_date.copy()
        formula[no_date] = formulas(trimmed(text.filter(pa.array(no_date))))
        expected = f"it is no date; expected {' or '.join(formats)} between 1900 and 2100"
        wrong = [(formula, FORMULA, "formula"), (no_date & ~formula, expected, "bad_date")]
    return Typed(pd.Series(days), wrong, int(placeholder.sum()))


def _moments(column: Column, text: pa.Array, formats: Formats) -> Typed:
    """What is wrong with the text is said of the date column that is made from the same cells."""
    return Typed(pd.Series(moments_of(text, formats)))


def _ids_and_codes(column: Column, text: pa.Array, _: Formats) -> Typed:
    seen = edges(text)
    clean = trimmed(text, seen)
    if clean is not text:
        text, seen = clean, edges(clean)
    blank, placeholder = nothing_in(text, ids=column.kind == "id", seen=seen)
    formula = formulas(text, seen) & ~blank & ~placeholder
    if (blank | placeholder).any():
        text = pc.if_else(pa.array(blank | placeholder), pa.scalar(None, text.type), text)
    wrong = [(formula, FORMULA, "formula")]
    if column.codes:
        known = pc.or_(pc.is_null(text), pc.is_in(text, value_set=pa.array(column.codes, text.type)))
        wrong.append((~mask_of(known) & ~formula, f"its code is not known; expected {' or '.join(column.codes)}", "bad_code"))
    return Typed(series_of(text), wrong, int(placeholder.sum()))


def _flags(column: Column, text: pa.Array, _: Formats) -> Typed:
    found, nothing, placeholders = _different(text, ids=False)
    lower = [str(one).lower() for one in found.dictionary.to_pylist()]
    at = found.indices.to_numpy()
    yes, no, said = (np.array([one in spelled for one in lower], dtype=bool)[at] for spelled in (YES, NO, (*YES, *NO, *UNKNOWN)))
    return Typed(pd.Series(pd.arrays.BooleanArray(yes, ~(yes | no))), [], placeholders, int((~said & ~nothing).sum()))


def _numbers(column: Column, text: pa.Array, _: Formats) -> Typed:
    found, nothing, placeholders = _different(text, ids=True)
    read = pd.to_numeric(series_of(found.dictionary), errors="coerce").replace([np.inf, -np.inf], np.nan).to_numpy(dtype="float64")
    made = np.where(nothing, np.nan, read[found.indices.to_numpy()])
    return Typed(pd.Series(made), [], placeholders, int((np.isnan(made) & ~nothing).sum()))


def _different(text: pa.Array, *, ids: bool) -> tuple[pa.DictionaryArray, Mask, int]:
    """(the different trimmed texts and where each is, where nothing is, how many placeholders): a flag has few spellings."""
    found = pc.fill_null(text, "").dictionary_encode()
    texts = trimmed(found.dictionary)
    blank, placeholder = nothing_in(texts, ids=ids)
    at = found.indices.to_numpy()
    return pa.DictionaryArray.from_arrays(found.indices, texts), (blank | placeholder)[at], int(placeholder[at].sum())


_READ: dict[Kind, Callable[[Column, pa.Array, Formats], Typed]] = {
    "id": _ids_and_codes,
    "code": _ids_and_codes,
    "date": _dates,
    "moment": _moments,
    "flag": _flags,
    "number": _numbers,
}
