"""An SSD in a database: one extract is drawn from it, a folder of Parquet files that arrives in the inbox like any other drop.

Only what the reader uses is selected, and of that a child's name and the comments in an outcome's JSON go no further than this process.
The one name that is kept is a worker's, which tells a person from a duty pool. Rows come in the order of their keys and all cells are
text, so the same data makes the same bytes, and so the same extract: a draw that finds nothing new is recognised as one that has been
taken before.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.types import JSON, LargeBinary, NullType, Text, TypeEngine

from caseclock import now as clock
from caseclock.errors import BadConfig
from caseclock.extracts.bundle import content_hash
from caseclock.extracts.connection import Connection
from caseclock.extracts.database_view import no_secrets, one_view
from caseclock.extracts.manifest import MANIFEST
from caseclock.extracts.source import Database, SourceConfig

if TYPE_CHECKING:
    from caseclock.extracts.readers.ssd.files import SsdFile

CHUNK = 20_000  # rows in memory at a time
HALF_WRITTEN = dt.timedelta(days=1)  # a hidden folder older than this was left by a process that was killed


@dataclass(frozen=True)
class Drawn:
    """What was drawn. `rows` per SSD table; `left_out`: tables that the database does not have.

    `one_moment`: everything was read as of one moment. Not so: SQL Server without snapshot isolation, so a case that changed while
    it was drawn may be in one table and not yet in another.
    """

    path: Path
    rows: dict[str, int]
    left_out: tuple[str, ...]
    one_moment: bool


@dataclass(frozen=True)
class Found:
    """One SSD table as the database has it: its name there, and the columns that are read, with their types."""

    spec: SsdFile
    name: str
    columns: dict[str, TypeEngine[Any]]


def draw(source: SourceConfig, connection: Connection, as_of: dt.date, to: Path, exported_at: dt.datetime) -> Drawn:
    """Draws the extract of `as_of` into the folder `to` (the inbox), where it appears whole, by one rename, as `<source>__<as_of>`.

    Raises BadConfig when the source's `database` names what is not there, DatabaseFault when the database cannot be reached or read.
    """
    wanted = source.database
    if wanted is None:
        raise BadConfig("it has no `database`", where=f"source {source.id}", todo="Add one to its file in monitoring/sources/")
    where = f"source {source.id}, connection {connection.id}"
    to.mkdir(parents=True, exist_ok=True)
    _clear_away(to, source.id, exported_at)
    hidden = to / f".{source.id}__{as_of}.{uuid4().hex}.part"
    hidden.mkdir()
    try:
        with one_view(connection, where) as (c, one_moment):
            found = find_tables(c, wanted, where)
            rows = {}
            for table in found:
                with no_secrets(f"{where}, {table.name}", "it cannot be read", "Look at the database, and at what its login may SELECT"):
                    rows[table.spec.name] = _write(c, table, wanted.db_schema, hidden / f"{table.spec.name}.parquet")
        _write_manifest(hidden, source.id, as_of, exported_at, one_moment)
        path = _appear(hidden, to / f"{source.id}__{as_of}")
        return Drawn(path, rows, tuple(name for name in _all_names()[:-1] if name not in rows), one_moment)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


# --- what to select ------------------------------------------------------------------------------------------------
def _files() -> tuple[SsdFile, ...]:
    """Every table that the reader knows, and the log of versions, by which it refuses a standard that it does not know."""
    from caseclock.extracts.readers.ssd.files import FILES, VERSION_LOG, SsdFile  # pandas comes with it

    version: dict[str, tuple[str, ...]] = {name: (name,) for name in ("version_number", "is_current")}
    return (*FILES, SsdFile(f"ssd_{VERSION_LOG}", "", version, frozenset()))


def _all_names() -> list[str]:
    return [spec.name for spec in _files()]


def find_tables(c: sa.Connection, wanted: Database, where: str) -> list[Found]:
    """The SSD tables and views that are there, whatever case their names are written in. Raises BadConfig when there are none."""
    from caseclock.extracts.delimited import fold

    unknown = sorted(set(wanted.names) - set(_all_names()))
    if unknown:
        raise BadConfig(f"`names` has {', '.join(unknown)}", where=where, allowed=", ".join(_all_names()), todo="Correct the source's file")
    with no_secrets(where, "its list of tables cannot be read", "Look at what its login may see"):
        inspector = sa.inspect(c)
        there = {name.lower(): name for name in [*inspector.get_view_names(wanted.db_schema), *inspector.get_table_names(wanted.db_schema)]}
        lost = sorted(name for name in wanted.names.values() if name.lower() not in there)
        made = []
        for spec in _files():
            name = there.get(wanted.names.get(spec.name, spec.name).lower())
            listed = inspector.get_columns(name, wanted.db_schema) if name else []
            columns = {str(one["name"]): one["type"] for one in listed if spec.canonical(fold(str(one["name"]))) is not None}
            if name and columns:
                made.append(Found(spec, name, columns))
    schema = wanted.db_schema or "the login's own schema"
    if lost:
        raise BadConfig(f"{', '.join(lost)} of `names` is not in {schema}", where=where, todo="Correct `names` or `db_schema`")
    if not made:
        raise BadConfig(
            f"{schema} holds no table of the SSD that the login may see",
            where=where,
            allowed=", ".join(_all_names()[:3]) + ", ...",
            todo="Correct `db_schema` or `names` of the source",
        )
    return made


def select_of(table: Found, schema: str | None, dialect: str) -> sa.Select[Any]:
    """Every row of the columns that are read: by key, then by all that can be ordered, since a key may stand twice."""
    from caseclock.extracts.delimited import fold

    names = [sa.sql.quoted_name(name, quote=True) for name in table.columns]
    at = sa.table(sa.sql.quoted_name(table.name, quote=True), *(sa.column(name) for name in names), schema=schema)
    by = [name for name in names if _can_be_ordered(table.columns[str(name)], dialect)]
    by.sort(key=lambda name: table.spec.canonical(fold(str(name))) != table.spec.key)
    return sa.select(*(at.c[name] for name in names)).order_by(*(at.c[name] for name in by))


def _can_be_ordered(kind: TypeEngine[Any], dialect: str) -> bool:
    if isinstance(kind, (JSON, LargeBinary, NullType)):
        return False
    return not (dialect == "mssql" and isinstance(kind, Text))  # its old TEXT and NTEXT cannot be


# --- what to write -------------------------------------------------------------------------------------------------
def _write(c: sa.Connection, table: Found, schema: str | None, file: Path) -> int:
    """The table as Parquet, chunk by chunk. Returns how many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = pa.schema([(name, pa.string()) for name in table.columns])
    rows = 0
    with pq.ParquetWriter(file, shape, compression="zstd") as writer:
        for chunk in _chunks(c, select_of(table, schema, c.dialect.name)):
            columns = zip(*chunk, strict=True)
            cells = [_cells(table.spec, name, column) for name, column in zip(table.columns, columns, strict=True)]
            writer.write_table(pa.Table.from_arrays([pa.array(column, pa.string()) for column in cells], schema=shape))
            rows += len(chunk)
    return rows


def _chunks(c: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    with c.execution_options(stream_results=True, max_row_buffer=CHUNK).execute(statement) as result:
        yield from result.partitions(CHUNK)


def _cells(spec: SsdFile, column: str, values: Sequence[Any]) -> list[str | None]:
    from caseclock.extracts.delimited import fold

    made = [None if value is None else _TEXT.get(type(value), str)(value) for value in values]
    less = _LESS.get(spec.canonical(fold(column)) or "")
    return less(made) if less else made


def _day(moment: dt.datetime) -> str:
    """The date in London. Without an offset a moment is London's wall-clock time, as case systems keep it."""
    return (moment.astimezone(clock.LONDON) if moment.tzinfo else moment).date().isoformat()


def _number(value: Any) -> str:
    """Whole numbers without a fraction: an id that is kept as a number is 12, not 12.0."""
    whole = value == value and abs(value) < 2**53 and value == int(value)
    return str(int(value)) if whole else str(value)


def _yes_or_no(value: bool) -> str:
    return "Y" if value else "N"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


_TEXT: dict[type, Callable[[Any], str]] = {
    dt.datetime: _day,
    dt.date: dt.date.isoformat,
    bool: _yes_or_no,
    float: _number,
    Decimal: _number,
    bytes: bytes.hex,
    dict: _json,
    list: _json,
}
"""What a cell of each type is as text; any other type is its `str`."""


def _flags_alone(texts: list[str | None]) -> list[str | None]:
    """Outcome JSON without its comments, which are free text about a family. A malformed one stays malformed: the reader counts them."""
    import pandas as pd

    from caseclock.extracts.blanks import is_nothing
    from caseclock.extracts.readers.ssd.flags import outcomes_of

    blank = is_nothing(pd.Series(texts, dtype="str"), ids=False)
    made: list[str | None] = []
    for text, empty in zip(texts, blank, strict=True):
        outcome = outcomes_of(text or "")
        flags = sorted([(name, "Y") for name in outcome.yes] + [(name, "N") for name in outcome.no])
        inner = ", ".join(f'"{name}": "{said}"' for name, said in flags if name.replace("_", "").isalnum())
        made.append(None if empty else "{" + inner + ("," if outcome.malformed else "}"))
    return made


def _test_words(names: list[str | None]) -> list[str | None]:
    """Of a child's name only the word that marks a test record: the reader counts these."""
    from caseclock.extracts.readers.ssd.flags import TEST_NAME

    return [hit[0].upper() if name and (hit := re.search(TEST_NAME, name)) else None for name in names]


_LESS = {
    "pers_forename": _test_words,
    "pers_surname": _test_words,
    "cine_referral_outcome_json": _flags_alone,
    "s47e_s47_outcome_json": _flags_alone,
}
"""Columns that the reader only looks at for a flag, and what is left of them."""


# --- where it goes -------------------------------------------------------------------------------------------------
def _write_manifest(folder: Path, source: str, as_of: dt.date, exported_at: dt.datetime, one_moment: bool) -> None:
    files = [{"name": file.name, "size": file.stat().st_size} for file in sorted(folder.iterdir())]
    said = {"source": source, "as_of": str(as_of), "exported_at": exported_at.isoformat(), "files": files}
    comment = {} if one_moment else {"comment": "READ COMMITTED: the tables may be of slightly different moments"}
    (folder / MANIFEST).write_text(json.dumps(said | comment, indent=1), encoding="utf-8")


def _appear(hidden: Path, wanted: Path) -> Path:
    """Renames the folder to its name, or to one with .2, .3, ... behind it while an earlier draw of the same date has not been claimed."""
    for n in count(1):
        path = wanted if n == 1 else wanted.with_name(f"{wanted.name}.{n}")
        if path.exists() and content_hash(path) == content_hash(hidden):
            return path
        if not path.exists():
            try:
                return hidden.rename(path)
            except OSError:
                if not path.exists():  # else another draw has come first with this name
                    raise
    raise AssertionError("unreachable: there is always a free number")


def _clear_away(to: Path, source: str, at: dt.datetime) -> None:
    for left in to.glob(f".{source}__*.part"):
        with suppress(FileNotFoundError):  # renamed or cleared away between two lines
            if at.timestamp() - left.stat().st_mtime > HALF_WRITTEN.total_seconds():
                shutil.rmtree(left, ignore_errors=True)
