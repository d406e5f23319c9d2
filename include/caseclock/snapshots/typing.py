"""From text to types: the one place that says what a cell means, and which rows cannot be used.

| a cell that | becomes |
|---|---|
| is blank, NULL, N/A | missing |
| holds a placeholder (-1, 1900-01-01, ssd_ph, #N/A) | missing, counted in a note |
| is no date in a date column, or no known code in a column with a code set | its row is put in quarantine |
| is no flag or no number in such a column | missing, counted in a note: the row is worth more than the flag |

A row is also put aside when a required value is missing, or when its key has been used by a row before it. Per table,
`read == kept + quarantined`; a row with two problems is one row, with a reject for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from caseclock.extracts import Extract, ReadResult, Reject
from caseclock.extracts.blanks import Mask, nothing_in, trimmed
from caseclock.extracts.model import FILE, ROW
from caseclock.extracts.source import DateFormat, SourceConfig
from caseclock.snapshots.dates import days_of
from caseclock.snapshots.model import Snapshot
from caseclock.snapshots.tables import DTYPES, TABLES, Column, Kind, Table

YES = ("y", "yes", "true", "t", "1", "1.0", "-1", "a) yes", "1 - yes", "seen", "child seen", "seen alone", "child seen alone")
NO = ("n", "no", "false", "f", "0", "0.0", "b) no", "0 - no", "not seen", "child not seen", "not seen alone", "child not seen alone")
UNKNOWN = ("unknown", "u", "c) unknown", "not known", "unborn")
"""Spellings of a flag, lower case: SSD (Y/N), CIN census (true/false, 1/0), Annex A (a) Yes) and those that boroughs really send."""


@dataclass
class _Typed:
    """One column: its values, and masks of the rows where something is wrong, with the reason and the rule's name."""

    values: pd.Series
    wrong: list[tuple[Mask, str, str]] = field(default_factory=list)
    placeholders: int = 0
    unreadable: int = 0


def build(extract: Extract, read: ReadResult, source: SourceConfig) -> Snapshot:
    """The extract as typed canonical tables. Raises nothing for bad rows: they are in `rejects`, each with file, row, column and reason."""
    tables, rejects, notes = {}, list(read.rejects), list(read.notes)
    for name, table in TABLES.items():
        tables[name], found, said = _table(table, [raw.frame for raw in read.tables if raw.table == name], source)
        rejects += found
        notes += said
    return Snapshot(extract, tables, rejects, list(read.absences), notes)


def empty(table: Table) -> pd.DataFrame:
    """The table without rows, with its columns and types."""
    made = {c.name: _nothing(c.kind, 0) for c in table.columns}
    return pd.DataFrame({**made, ROW: pd.Series([], dtype="int64"), FILE: pd.Series([], dtype="str")})


def _nothing(kind: Kind, rows: int) -> pd.Series:
    dtype: Any = DTYPES[kind]
    return pd.Series([None] * rows, dtype=dtype)


def _table(table: Table, frames: list[pd.DataFrame], source: SourceConfig) -> tuple[pd.DataFrame, list[Reject], list[str]]:
    frames = [f for f in frames if len(f)]
    if not frames:
        return empty(table), [], []
    wanted = [*table.names, ROW, FILE]
    text = pd.concat([f.reindex(columns=wanted) for f in frames], ignore_index=True)
    formats: tuple[DateFormat, ...] = ("YYYY-MM-DD", *source.date_formats)  # ISO cannot be misread, and readers write real date cells so
    typed = {c.name: _typed(c, text[c.name].astype("str"), tuple(dict.fromkeys(formats))) for c in table.columns}
    frame = pd.DataFrame({name: column.values for name, column in typed.items()})
    frame[ROW], frame[FILE] = text[ROW].astype("int64"), text[FILE].astype("str")
    rejects: list[Reject] = []
    aside = np.zeros(len(frame), dtype=bool)
    for column in table.columns:
        for mask, reason, rule in _problems(column, typed[column.name]):
            rejects += _rejects(table, frame, mask, column.name, reason, rule)
            aside |= mask
    kept = _cautious_first(table, frame[~aside])
    doubled, why = _duplicates(table, kept)
    rejects += why
    return kept[~doubled].sort_index().reset_index(drop=True), rejects, _notes(table, typed)


def _problems(column: Column, typed: _Typed) -> list[tuple[Mask, str, str]]:
    wrong = list(typed.wrong)
    if column.required:
        missing = typed.values.isna().to_numpy(dtype=bool)
        for mask, _, _ in typed.wrong:
            missing = missing & ~mask
        wrong.append((missing, "it is missing, and a row cannot be used without it", "missing"))
    return [(mask, reason, rule) for mask, reason, rule in wrong if mask.any()]


def _rejects(table: Table, frame: pd.DataFrame, mask: Mask, column: str, reason: str, rule: str) -> list[Reject]:
    where = frame.loc[mask, [FILE, ROW]]
    return [Reject(table.name, file, int(row), column, reason, rule) for file, row in zip(where[FILE], where[ROW], strict=True)]


CLOSED_BY = {
    "referral": "closed_on",
    "assessment": "authorised_on",
    "s47": "ended_on",
    "conference": "held_on",
    "plan": "ended_on",
    "review": "held_on",
}
"""The date that takes a row's work off the clock."""


def _cautious_first(table: Table, kept: pd.DataFrame) -> pd.DataFrame:
    """Where a key stands twice: open work before work that is done, and an allocation that has ended before one that has not.

    Of two rows with one key the first one is used, and no case may wait unseen behind a copy. Otherwise in file order.
    """
    if not kept[table.key].duplicated().any():
        return kept
    if table.name == "allocation":
        later = kept["ended_on"].isna()
    elif table.name in CLOSED_BY:
        later = kept[CLOSED_BY[table.name]].notna()
    else:
        return kept
    return kept.iloc[np.argsort(later.to_numpy(dtype=bool), kind="stable")]


def _duplicates(table: Table, kept: pd.DataFrame) -> tuple[Mask, list[Reject]]:
    """Rows whose key a row before them has. The first one stays."""
    doubled = kept[table.key].duplicated(keep="first").to_numpy(dtype=bool)
    if not doubled.any():
        return doubled, []
    kept = kept.reset_index(drop=True)
    place = pd.Series(kept.index, index=kept[table.key])
    first_of = place[~place.index.duplicated(keep="first")]
    later = kept[doubled]
    first = kept.iloc[later[table.key].map(first_of).to_numpy()].set_axis(later.index)
    same = np.ones(len(later), dtype=bool)
    for name in table.names:
        same &= ((later[name] == first[name]).fillna(False) | (later[name].isna() & first[name].isna())).to_numpy(dtype=bool)
    rejects = []
    for file, row, first_file, first_row, copy in zip(later[FILE], later[ROW], first[FILE], first[ROW], same, strict=True):
        there = f"row {first_row}" if first_file == file else f"row {first_row} of {first_file}"
        reason = f"exact copy of {there}" if copy else f"same key as {there}, with other content"
        rejects.append(Reject(table.name, file, int(row), table.key, reason, "duplicate"))
    return doubled, rejects


def _notes(table: Table, typed: dict[str, _Typed]) -> list[str]:
    notes = []
    for name, column in typed.items():
        if column.placeholders:
            notes.append(f"{table.name}.{name}: {column.placeholders} cells hold a placeholder and are read as missing")
        if column.unreadable:
            notes.append(f"{table.name}.{name}: {column.unreadable} cells are no {table.column(name).kind} and are read as missing")
    return notes


# --- one column ----------------------------------------------------------------------------------------------------
def _typed(column: Column, values: pd.Series, date_formats: tuple[DateFormat, ...]) -> _Typed:
    if column.kind == "date":
        days, placeholder, no_date = days_of(values, date_formats)
        wrong = [(no_date, f"it is no date; expected {' or '.join(date_formats)} between 1900 and 2100", "bad_date")]
        return _Typed(pd.Series(days), wrong, int(placeholder.sum()))
    text = trimmed(values)
    blank, placeholder = nothing_in(text, ids=column.kind in ("id", "number"))
    if blank.all():
        return _Typed(_nothing(column.kind, len(blank)))
    clean = pd.Series(text.to_pandas(), dtype="str").mask(blank | placeholder)
    if column.kind == "flag":
        return _flags(clean, int(placeholder.sum()))
    if column.kind == "number":
        numbers = pd.to_numeric(clean, errors="coerce").replace([np.inf, -np.inf], np.nan).astype("float64")
        return _Typed(numbers, [], int(placeholder.sum()), int((numbers.isna() & clean.notna()).sum()))
    return _Typed(clean, _unknown_codes(column, clean), int(placeholder.sum()))


def _flags(clean: pd.Series[str], placeholders: int) -> _Typed:
    lower = clean.str.lower()
    yes, no = lower.isin(YES).to_numpy(dtype=bool), lower.isin(NO).to_numpy(dtype=bool)
    odd = clean.notna().to_numpy(dtype=bool) & ~yes & ~no & ~lower.isin(UNKNOWN).to_numpy(dtype=bool)
    return _Typed(pd.Series(pd.arrays.BooleanArray(yes, ~(yes | no))), [], placeholders, int(odd.sum()))


def _unknown_codes(column: Column, clean: pd.Series) -> list[tuple[Mask, str, str]]:
    if not column.codes:
        return []
    unknown = clean.notna().to_numpy(dtype=bool) & ~clean.isin(column.codes).to_numpy(dtype=bool)
    return [(unknown, f"its code is not known; expected {' or '.join(column.codes)}", "bad_code")]
