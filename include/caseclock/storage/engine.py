"""How the store is opened: SQLite in WAL mode with a busy time-out, or PostgreSQL."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

BUSY_SECONDS = 30  # how long a writer waits for another one (measured: 20 of 20 transactions of 4 writers)
AT_ONCE = 300  # values of one IN list: three columns of each stay under the 999 parameters that older SQLite takes in a statement

One = TypeVar("One")


def open_engine(url: str) -> Engine:
    """An engine on the store. For SQLite the folder is made; every transaction that writes takes the lock at its start."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)  # an error text must hold no value
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(0o700, parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None  # we begin transactions ourselves: BEGIN IMMEDIATE, below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a deferred transaction that reads and then writes fails at once when another one wrote in between; this one waits
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent view of the store that holds up no writer."""
    with engine.connect().execution_options(reading=True) as connection, connection.begin():
        yield connection


def one_writer(c: Connection, what: str) -> None:
    """Until this transaction ends no other one gets past the same call with the same name. SQLite lets one writer in anyway."""
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": zlib.crc32(what.encode())})


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """An INSERT that changes nothing when a unique key is taken. `rowcount` tells which of the two happened."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def in_chunks(listed: Sequence[One]) -> Iterator[Sequence[One]]:
    """In order, so many at a time as one statement takes in an IN list."""
    return (listed[n : n + AT_ONCE] for n in range(0, len(listed), AT_ONCE))


def moment_text(moment: dt.datetime) -> str:
    """UTC, microseconds, fixed width: sorts as text."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def moment_of(written: str) -> dt.datetime:
    """The moment that `moment_text` wrote."""
    return dt.datetime.fromisoformat(written)
