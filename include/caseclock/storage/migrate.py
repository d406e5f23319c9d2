"""Brings the store to the schema of this version. Safe to call from many processes at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, text

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


def upgrade(engine: Engine) -> None:
    """To `HEAD`. Raises CaseclockError when the store is newer than this program."""
    at = version_of(engine)
    if at == HEAD:
        return
    if at is not None and at > HEAD:
        raise CaseclockError(
            f"the store is at schema {at}, this program knows {HEAD}",
            where="store",
            todo="Install the newer caseclock again; never go back.",
        )
    _move(engine, lambda command, config: command.upgrade(config, HEAD))


def downgrade(engine: Engine, to: str) -> None:
    """Back to a revision, or to `base`: an empty store. What the later revisions held is lost; back up first."""
    _move(engine, lambda command, config: command.downgrade(config, to))


def _move(engine: Engine, way: Callable[[Any, Any], None]) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as c:  # SQLite: BEGIN IMMEDIATE lets one in; PostgreSQL: the advisory lock does
        if c.dialect.name == "postgresql":
            c.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        config.attributes["connection"] = c
        way(command, config)
