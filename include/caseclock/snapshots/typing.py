"""From text to types: the one place that says what a cell means, and which rows cannot be used.

| a cell that | becomes |
|---|---|
| is blank, NULL, N/A | missing |
| holds a placeholder (-1, 1900-01-01, ssd_ph, #N/A) | missing, counted in a note |
| is no date in a date column, or no known code in a column with a code set | its row is put in quarantine |
| begins like a formula (=, @, or + and - with no number) in an id, code or date column | its row is put in quarantine |
| is no flag or no number in such a column | missing, counted in a note: the row is worth more than the flag |

A row is also put aside when a required value is missing, or when its key has been used by a row before it. Per table,
`read == kept + quarantined`; a row with two problems is one row, with a reject for each.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from caseclock.extracts import Extract, ReadResult, Reject
from caseclock.extracts.cells import Mask, all_different, series_of, text_of
from caseclock.extracts.model import FILE, ROW
from caseclock.extracts.source import DateFormat, SourceConfig
from caseclock.snapshots.columns import Typed, typed
from caseclock.snapshots.keys import row_hashes
from caseclock.snapshots.model import Snapshot
from caseclock.snapshots.periods import whole_arrangements, whole_periods
from caseclock.snapshots.tables import DTYPES, TABLES, Column, Kind, Table


def build(extract: Extract, read: ReadResult, source: SourceConfig) -> Snapshot:
    """The extract as typed canonical tables. Raises nothing for bad rows: they are in `rejects`, each with file, row, column and reason."""
    tables, rejects, notes = {}, list(read.rejects), list(read.notes)
    placeholders: dict[tuple[str, str], int] = {}
    unreadable: dict[tuple[str, str], int] = {}
    for name, table in TABLES.items():
        tables[name], found, columns = _table(table, [raw.frame for raw in read.tables if raw.table == name], source)
        rejects += found
        notes += _notes(table, columns)
        placeholders |= {(name, column): t.placeholders for column, t in columns.items() if t.placeholders}
        unreadable |= {(name, column): t.unreadable for column, t in columns.items() if t.unreadable}
    return Snapshot(extract, tables, rejects, list(read.absences), notes, placeholders, unreadable)


def empty(table: Table) -> pd.DataFrame:
    """The table without rows, with its columns and types."""
    return _empty(table).copy()


@cache
def _empty(table: Table) -> pd.DataFrame:
    made = {c.name: _nothing(c.kind, 0) for c in table.columns}
    return pd.DataFrame({**made, ROW: pd.Series([], dtype="int64"), FILE: pd.Series([], dtype="str")})


def _nothing(kind: Kind, rows: int) -> pd.Series:
    dtype: Any = DTYPES[kind]
    return pd.Series([None] * rows, dtype=dtype)


_WHOLE = {"care": whole_periods, "meeting": whole_arrangements}
"""Tables in which rows of one thing say together what one of them may leave blank."""


def _table(table: Table, frames: list[pd.DataFrame], source: SourceConfig) -> tuple[pd.DataFrame, list[Reject], dict[str, Typed]]:
    frames = [f for f in frames if len(f)]
    if not frames:
        return empty(table), [], {}
    formats: tuple[DateFormat, ...] = ("YYYY-MM-DD", *source.date_formats)  # ISO cannot be misread, and readers write real date cells so
    columns = {c.name: typed(c, _text(frames, c.name), tuple(dict.fromkeys(formats))) for c in table.columns}
    frame = pd.DataFrame({name: column.values for name, column in columns.items()}, copy=False)
    frame[ROW] = np.concatenate([f[ROW].to_numpy(dtype="int64") for f in frames])
    frame[FILE] = series_of(_text(frames, FILE))
    if table.name in _WHOLE:
        frame = _WHOLE[table.name](frame)
    rejects: list[Reject] = []
    aside = np.zeros(len(frame), dtype=bool)
    for column in table.columns:
        for mask, reason, rule in _problems(column, columns[column.name]):
            rejects += _rejects(table, frame, mask, column.name, reason, rule)
            aside |= mask
    kept = frame[~aside] if aside.any() else frame
    if not all_different(text_of(kept[table.key])):
        kept = _cautious_first(table, kept)
        doubled, why = _duplicates(table, kept)
        rejects += why
        kept = kept[~doubled].sort_index()
    return kept.reset_index(drop=True), rejects, columns


def _text(frames: list[pd.DataFrame], name: str) -> pa.Array:
    """One column of all frames as text, missing where a frame has none."""
    found = [text_of(f[name].astype("str")) if name in f else pa.nulls(len(f), pa.large_string()) for f in frames]
    return found[0] if len(found) == 1 else pa.concat_arrays(found)


def _problems(column: Column, typed: Typed) -> list[tuple[Mask, str, str]]:
    wrong = list(typed.wrong)
    if column.required:
        missing = typed.values.isna().to_numpy(dtype=bool)
        for mask, _, _ in typed.wrong:
            missing = missing & ~mask
        wrong.append((missing, "it is missing, and a row cannot be used without it", "missing"))
    return [(mask, reason, rule) for mask, reason, rule in wrong if mask.any()]


def _rejects(table: Table, frame: pd.DataFrame, mask: Mask, column: str, reason: str, rule: str) -> list[Reject]:
    where = frame[mask]
    places = zip(where[FILE], where[ROW], row_hashes(table, where), strict=True)
    return [Reject(table.name, file, int(row), column, reason, rule, key) for file, row, key in places]


CLOSED_BY = {
    "referral": "closed_on",
    "assessment": "authorised_on",
    "s47": "ended_on",
    "conference": "held_on",
    "plan": "ended_on",
    "review": "held_on",
    "care": "ended_on",
    "placement": "ended_on",
    "legal": "ended_on",
    "care_leaver": "contacted_on",
    "missing": "found_on",
    "contact_decision": "decided_on",
    "meeting": "held_on",
}
"""The date that takes a row's work off the clock."""


def _cautious_first(table: Table, kept: pd.DataFrame) -> pd.DataFrame:
    """Where a key stands twice: open work before work that is done, and an allocation that has ended before one that has not.

    Of two rows with one key the first one is used, and no case may wait unseen behind a copy. Otherwise in file order.
    """
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
    kept = kept.reset_index(drop=True)
    place = pd.Series(kept.index, index=kept[table.key])
    first_of = place[~place.index.duplicated(keep="first")]
    later = kept[doubled]
    first = kept.iloc[later[table.key].map(first_of).to_numpy()].set_axis(later.index)
    same = np.ones(len(later), dtype=bool)
    for name in table.names:
        same &= ((later[name] == first[name]).fillna(False) | (later[name].isna() & first[name].isna())).to_numpy(dtype=bool)
    rejects = []
    places = zip(later[FILE], later[ROW], first[FILE], first[ROW], same, row_hashes(table, later), strict=True)
    for file, row, first_file, first_row, copy, key in places:
        there = f"row {first_row}" if first_file == file else f"row {first_row} of {first_file}"
        reason = f"exact copy of {there}" if copy else f"same key as {there}, with other content"
        rejects.append(Reject(table.name, file, int(row), table.key, reason, "copy" if copy else "duplicate", key))
    return doubled, rejects


def _notes(table: Table, typed: dict[str, Typed]) -> list[str]:
    notes = []
    for name, column in typed.items():
        if column.placeholders:
            notes.append(f"{table.name}.{name}: {column.placeholders} cells hold a placeholder and are read as missing")
        if column.unreadable:
            notes.append(f"{table.name}.{name}: {column.unreadable} cells are no {table.column(name).kind} and are read as missing")
    return notes
