"""How a database is reached, and one consistent, read-only view of it. No error from here holds a URL, a login or a value.

| database | driver | the view |
|---|---|---|
| PostgreSQL | psycopg2 | REPEATABLE READ, read only |
| SQL Server | pymssql (a wheel: no ODBC to install) | SNAPSHOT where the database allows it, else READ COMMITTED, and that is said |
| SQLite | the standard library's | the file is opened read only, in one transaction |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from caseclock.errors import BadConfig, CaseclockError
from caseclock.extracts.connection import Connection

DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "mssql": "mssql+pymssql", "sqlite": "sqlite"}
"""The type of a connection to the driver that is used. A type that names a driver itself (`mssql+pyodbc`) is taken as it is."""

PATIENCE = 15  # seconds to wait for a server that does not answer
WAITS: Mapping[str, dict[str, Any]] = {
    "postgresql+psycopg2": {"connect_timeout": PATIENCE},
    "mssql+pymssql": {"login_timeout": PATIENCE},
    "sqlite": {"isolation_level": None, "timeout": PATIENCE},  # no transactions of the driver's own: ours is begun below
}


class DatabaseFault(CaseclockError):
    """The database could not be reached or read. It may be well again soon, so it is worth another try."""


def url_of(connection: Connection) -> URL:
    """The connection as SQLAlchemy wants it. For SQLite `host` and `schema` are the path of the file. Raises BadConfig."""
    kind, _, own_driver = connection.kind.lower().partition("+")
    if kind not in DRIVERS:
        raise BadConfig(
            "no database of this type can be read",
            where=f"connection {connection.id}",
            allowed="postgres, mssql or sqlite",
            todo="Correct it",
        )
    if kind == "sqlite":
        path = Path("/".join(part for part in (connection.host, connection.schema) if part)).expanduser()
        return URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    driver = f"{DRIVERS[kind].partition('+')[0]}+{own_driver}" if own_driver else DRIVERS[kind]
    extras = {key: str(value) for key, value in connection.extra.items() if isinstance(value, str | int | float)}
    return URL.create(driver, connection.login, connection.password, connection.host, connection.port, connection.schema, extras)


@contextmanager
def one_view(connection: Connection, where: str) -> Iterator[tuple[sa.Connection, bool]]:
    """(connection in a transaction, whether all that it reads is of one moment). `where` begins the sentence of an error.

    Raises DatabaseFault when it cannot be reached, BadConfig when its driver is not here.
    """
    with no_secrets(where, "the database cannot be reached, or refuses the login", "Look at the server and at the connection"):
        engine = _engine(connection, where)
    try:
        with no_secrets(where, "the database cannot be reached, or refuses the login", "Look at the server and at the connection"):
            c = engine.connect()
        with c:
            with no_secrets(where, "the database refuses a consistent view", "Look at what its login may do"):
                one_moment = VIEWS[c.dialect.name](c)
            yield c, one_moment
    finally:
        engine.dispose()


def _engine(connection: Connection, where: str) -> sa.Engine:
    url = url_of(connection)
    waits = {key: value for key, value in WAITS.get(url.drivername, {}).items() if key not in url.query}
    try:
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=waits)
    except (ImportError, NoSuchModuleError):
        raise BadConfig(
            f"the driver for {url.drivername} is not installed here", where=where, todo="For SQL Server: pip install 'caseclock[mssql]'"
        ) from None


def _postgresql(c: sa.Connection) -> bool:
    c.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return True


SNAPSHOT_ALLOWED = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"


def _sql_server(c: sa.Connection) -> bool:
    allowed = c.exec_driver_sql(SNAPSHOT_ALLOWED).scalar() == 1
    c.rollback()  # the level can only be set between two transactions
    c.execution_options(isolation_level="SNAPSHOT" if allowed else "READ COMMITTED")
    return allowed


def _sqlite(c: sa.Connection) -> bool:
    c.exec_driver_sql("BEGIN")
    return True


VIEWS: dict[str, Callable[[sa.Connection], bool]] = {"postgresql": _postgresql, "mssql": _sql_server, "sqlite": _sqlite}


@contextmanager
def no_secrets(where: str, what: str, todo: str) -> Iterator[None]:
    """Turns whatever the database says into DatabaseFault. Its own words may hold the login, the statement or a cell: they are left out."""
    try:
        yield
    except (SQLAlchemyError, ValueError) as error:  # ValueError: a driver that cannot decode a cell, and says which
        raise DatabaseFault(f"{what} ({_code_of(error)})", where=where, todo=todo) from None


def _code_of(error: Exception) -> str:
    """The kind of error, and the database's number for it: PostgreSQL's five characters, SQL Server's number."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    said = getattr(orig, "pgcode", None) or next(iter(getattr(orig, "args", ())), None)
    code = said if isinstance(said, int) or (isinstance(said, str) and len(said) == 5 and said.isalnum()) else None
    return " ".join(str(part) for part in (type(orig or error).__name__, code) if part)
