from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from caseclock.errors import CaseclockError
from caseclock.storage import migrate
from caseclock.storage.engine import open_engine
from caseclock.storage.schema import metadata


def test_an_empty_store_gets_every_table_and_a_second_call_changes_nothing(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    migrate.upgrade(engine)
    assert migrate.version_of(engine) == migrate.HEAD
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_the_migrations_make_the_schema_that_the_code_works_with(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    with engine.connect() as c:
        differences = compare_metadata(MigrationContext.configure(c), metadata)
    assert differences == []
    engine.dispose()


def test_many_processes_may_bring_an_empty_store_up_at_once(store_url: str) -> None:
    def one(_: int) -> str | None:
        engine = open_engine(store_url)
        migrate.upgrade(engine)
        found = migrate.version_of(engine)
        engine.dispose()
        return found

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(6))) == {migrate.HEAD}


def test_a_store_of_a_newer_program_is_refused(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    with engine.begin() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CaseclockError, match="9999"):
        migrate.upgrade(engine)
    engine.dispose()


def test_the_first_migration_can_be_taken_back(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(engine)
    assert migrate.version_of(engine) == migrate.HEAD
    engine.dispose()
