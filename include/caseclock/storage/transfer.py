"""The whole store from one database into another: SQLite to PostgreSQL and back. All of it or nothing.

The target must be empty. Everything is written in one transaction there, read from one consistent view of the source, and compared
(rows and a checksum per table) before it is committed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Connection, Engine, RowMapping, Table, func, insert, select, text

from caseclock.errors import CaseclockError, WrongUse
from caseclock.storage import migrate
from caseclock.storage.schema import metadata

BATCH = 2_000
_ONES = 2**128


def copy(source: Engine, target: Engine, *, quiet: bool = True) -> dict[str, int]:
    """Copies every table and returns the rows of each. Raises CaseclockError, and leaves the target empty, when anything is not as it was.

    `quiet`: nobody may write to a SQLite source meanwhile.
    """
    at = migrate.version_of(source)
    if at != migrate.HEAD:
        raise CaseclockError(
            f"the store to copy from is at schema {at or 'none'}, this program needs {migrate.HEAD}",
            where="store copy",
            todo="Run `caseclock store upgrade` on it with this program first.",
        )
    refuse_unless_empty(target)
    migrate.upgrade(target)
    with source.connect().execution_options(**_snapshot(source, quiet)) as old, old.begin(), target.begin() as new:
        return copy_rows(old, new)


def copy_rows(old: Connection, new: Connection) -> dict[str, int]:
    """Within two open transactions; the caller commits the target."""
    counts = {}
    for table in metadata.sorted_tables:
        if new.execute(select(table).limit(1)).first():
            raise WrongUse(f"it is not empty: {table.name} has rows", where="the target", todo="Name a new, empty database.")
        read = Sum()
        for batch in batches(old, table):
            read.add(batch)
            new.execute(insert(table), batch)
        written = sum_of(new, table)
        if written != read:
            raise CaseclockError(
                f"{table.name}: {read.rows} rows were read and {written.rows} are there, or they are not the same; nothing was copied",
                where="store copy",
                todo="Run it again. If it happens again, keep using the old store and tell who maintains caseclock.",
            )
        counts[table.name] = read.rows
        _go_on_counting(new, table)
    return counts


def refuse_unless_empty(target: Engine) -> None:
    """An empty database, or one that holds the tables of this schema and no row."""
    if migrate.version_of(target) is None:
        return
    migrate.upgrade(target)
    with target.connect() as c:
        for table in metadata.sorted_tables:
            if c.execute(select(table).limit(1)).first():
                raise WrongUse(f"it is not empty: {table.name} has rows", where="the target", todo="Name a new, empty database.")


class Sum:
    """Rows and a checksum that does not depend on their order: databases sort texts in different ways."""

    def __init__(self) -> None:
        self.rows, self.total = 0, 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            written = json.dumps([_plain(row[name]) for name in sorted(row)], sort_keys=True)
            self.rows += 1
            self.total = (self.total + int.from_bytes(hashlib.blake2b(written.encode(), digest_size=16).digest())) % _ONES

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and (self.rows, self.total) == (other.rows, other.total)

    __hash__ = None  # type: ignore[assignment]


def sum_of(c: Connection, table: Table) -> Sum:
    found = Sum()
    for batch in batches(c, table):
        found.add(batch)
    return found


def batches(c: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Rows with NULL and a JSON `null` told apart: a query knows the difference."""
    empty = [column.is_(None).label(f"no_{column.name}") for column in table.c if column.nullable and isinstance(column.type, JSON)]
    query = select(table, *empty).execution_options(stream_results=True, yield_per=BATCH)
    for part in c.execute(query).mappings().partitions(BATCH):
        yield [_exact(row, table) for row in part]


def _exact(row: RowMapping, table: Table) -> dict[str, Any]:
    names = [column.name for column in table.c]
    return {n: JSON.NULL if row[n] is None and row.get(f"no_{n}") in (False, 0) else row[n] for n in names}


def _plain(value: Any) -> Any:
    if value is JSON.NULL:
        return {"json": "null"}
    return value.hex() if isinstance(value, bytes) else bytes(value).hex() if isinstance(value, memoryview) else value


def _snapshot(engine: Engine, quiet: bool) -> dict[str, Any]:
    """PostgreSQL: one view of the whole store. SQLite: the same, or with `quiet` the write lock."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {"reading": not quiet}


def _go_on_counting(c: Connection, table: Table) -> None:
    """PostgreSQL hands out ids from a sequence, which knows nothing of the rows that came with theirs."""
    column = table.autoincrement_column
    if c.dialect.name != "postgresql" or column is None or not column.autoincrement or column.foreign_keys:
        return
    name = c.execute(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}).scalar()
    if name:
        highest = c.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
        c.execute(text("SELECT setval(CAST(:s AS regclass), :n, :called)"), {"s": name, "n": max(1, highest), "called": highest > 0})
