"""Brings the store to the schema of this version. Safe to call from many processes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from caseclock.errors import CaseclockError

HEAD = "0007"
_LOCK = 4_020_2009  # any number that is ours: the advisory lock of migrations on PostgreSQL


def version_of(engine: Engine) -> str | None:
    """The revision that the store is at; None when it is empty."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as c:
        found: str | None = c.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def upgrade(engine: Engine, to: str = HEAD) -> None:
    """To `HEAD`, or to an earlier revision on the way. Raises CaseclockError when the store is newer than this program."""
    at = version_of(engine)
    if at == to:
        return
    if at is not None and at > HEAD:
        raise CaseclockError(
            f"the store is at schema {at}, this program knows {HEAD}",
            where="store",
            todo="Install the newer caseclock again; never go back.",
        )
    _move(engine, lambda command, config: command.upgrade(config, to))


def downgrade(engine: Engine, to: str) -> None:
    """Back to a revision, or to `base`: an empty store. What the later revisions held is lost; back up first."""
    _move(engine, lambda command, config: command.downgrade(config, to))


def _move(engine: Engine, way: Callable[[Any, Any], None]) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.connect() as c, _tables_may_be_made_anew(c), c.begin():  # SQLite: BEGIN IMMEDIATE lets one in
        if c.dialect.name == "postgresql":
            c.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})  # here the lock does
        config.attributes["connection"] = c
        way(command, config)
        if c.dialect.name == "sqlite" and (lost := c.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            raise CaseclockError(
                f"{len(lost)} rows would point to nothing; nothing was changed",
                where="store",
                todo="Keep using the version of before, and tell who maintains caseclock.",
            )


@contextmanager
def _tables_may_be_made_anew(c: Connection) -> Iterator[None]:
    """SQLite changes a column by making the table anew, and would refuse to drop the old one as long as rows point to it.

    Whether they still point somewhere is looked at before the commit instead. The switch works outside a transaction only.
    """
    raw = c.connection.dbapi_connection
    if c.dialect.name != "sqlite" or raw is None:
        yield
        return
    raw.cursor().execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.cursor().execute("PRAGMA foreign_keys = ON")
