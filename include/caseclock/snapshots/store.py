"""Snapshots on disk: one Parquet file per table below `<root>/<source>/<as_of>/<extract id>/`, what was put aside beside them.

A snapshot is written into a hidden folder that gets its name last, in one step: a folder with the id's name is whole. Saving it a second
time changes nothing.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from caseclock.errors import CaseclockError
from caseclock.extracts import Absence, Extract, Reject
from caseclock.extracts.model import FILE, ROW
from caseclock.snapshots.model import Snapshot
from caseclock.snapshots.tables import TABLES, Table

REJECTS, SAID = "quarantine.parquet", "said.json"
_TYPE = {
    "date": pa.timestamp("s"),
    "moment": pa.timestamp("s"),
    "flag": pa.bool_(),
    "number": pa.float64(),
    "id": pa.string(),
    "code": pa.string(),
}
_DTYPE = {pa.bool_(): pd.BooleanDtype()}  # the others have their type by themselves
_REJECT_FIELDS = ("table", "file", "row", "column", "reason", "rule", "key_hash")
_REJECT_SCHEMA = pa.schema([(n, pa.int64() if n == "row" else pa.string()) for n in _REJECT_FIELDS])


def folder_of(extract: Extract, root: Path) -> Path:
    return root / extract.source / extract.as_of.isoformat() / extract.id


def save(snapshot: Snapshot, root: Path) -> Path:
    """Writes the snapshot, once, and returns its folder. Killed in the middle, it leaves only a hidden folder behind."""
    final = folder_of(snapshot.extract, root)
    if final.is_dir():
        return final
    scratch = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}")
    scratch.mkdir(parents=True)
    for name, table in TABLES.items():
        pq.write_table(pa.Table.from_pandas(snapshot.tables[name], _schema(table), preserve_index=False), scratch / f"{name}.parquet")
    rejects = [asdict(r) for r in snapshot.rejects]
    pq.write_table(pa.Table.from_pylist(rejects, schema=_REJECT_SCHEMA), scratch / REJECTS)
    said = {
        "absences": [asdict(a) for a in snapshot.absences],
        "notes": snapshot.notes,
        "placeholders": _listed(snapshot.placeholders),
        "unreadable": _listed(snapshot.unreadable),
    }
    (scratch / SAID).write_text(json.dumps(said, indent=1), encoding="utf-8")
    try:
        Path(scratch).rename(final)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if not final.is_dir():  # else another process has just saved the same one
            raise
    return final


def load(extract: Extract, root: Path, without: Iterable[Reject] = ()) -> Snapshot:
    """The saved snapshot. Rows named in `without` (quality's) leave their tables and join `rejects`. Raises CaseclockError if not saved."""
    at = _saved(extract, root)
    without = list(without)
    tables = {name: _drop(_read(table, at), name, without) for name, table in TABLES.items()}
    said = json.loads((at / SAID).read_text(encoding="utf-8"))
    absences = [Absence(**a) for a in said["absences"]]
    return Snapshot(
        extract, tables, quarantine_of(extract, root) + without, absences, list(said["notes"]), *(_by_column(said, n) for n in _CELLS)
    )


def quarantine_of(extract: Extract, root: Path) -> list[Reject]:
    """The rows that could not be typed, as they were saved."""
    return [Reject(**row) for row in pq.read_table(_saved(extract, root) / REJECTS).to_pylist()]


_CELLS = ("placeholders", "unreadable")


def _listed(cells: dict[tuple[str, str], int]) -> list[list[str | int]]:
    return [[table, column, n] for (table, column), n in cells.items()]


def _by_column(said: dict[str, list[tuple[str, str, int]]], name: str) -> dict[tuple[str, str], int]:
    return {(table, column): n for table, column, n in said.get(name, [])}  # absent in snapshots of older versions


def _saved(extract: Extract, root: Path) -> Path:
    at = folder_of(extract, root)
    if not at.is_dir():
        raise CaseclockError("its snapshot is not there", where=f"extract {extract.id}", todo="Run take_snapshot for it again")
    return at


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(c.name, _TYPE[c.kind]) for c in table.columns] + [(ROW, pa.int64()), (FILE, pa.string())])


def _read(table: Table, at: Path) -> pd.DataFrame:
    """Cast by Arrow: pandas' own `astype` costs more than the reading. What an earlier version did not know yet is missing."""
    file, schema = at / f"{table.name}.parquet", _schema(table)
    saved = pq.ParquetFile(file).read() if file.is_file() else schema.empty_table()
    for place, field in enumerate(schema):
        if field.name not in saved.column_names:
            saved = saved.add_column(place, field, pa.nulls(len(saved), field.type))
    frame: pd.DataFrame = saved.select(schema.names).cast(schema).to_pandas(types_mapper=_DTYPE.get)
    return frame


def _drop(frame: pd.DataFrame, name: str, without: list[Reject]) -> pd.DataFrame:
    gone = {(r.file, r.row) for r in without if r.table == name}
    if not gone:
        return frame
    here = pd.MultiIndex.from_arrays([frame[FILE], frame[ROW]])
    return frame[~here.isin(list(gone))].reset_index(drop=True)


def keys_of(extract: Extract, root: Path, table: Table) -> pd.Series[str]:
    """The keys of the rows that one table of a saved snapshot holds; none for a table that its version did not know."""
    at = _saved(extract, root) / f"{table.name}.parquet"
    if not at.is_file():
        return pd.Series([], dtype="str")
    column: pd.Series[str] = pq.read_table(at, columns=[table.key]).column(0).to_pandas()
    return column


def is_saved(extract: Extract, root: Path) -> bool:
    return folder_of(extract, root).is_dir()


def notes_of(extract: Extract, root: Path) -> list[str]:
    """What was noted while the extract was read."""
    return list(json.loads((_saved(extract, root) / SAID).read_text(encoding="utf-8"))["notes"])
