"""A real PostgreSQL for the store, from a wheel; a test that cannot have it says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from caseclock.storage import migrate
from caseclock.storage.engine import open_engine

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from postgres import server_url


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_url(tmp_path_factory.mktemp("pg", numbered=True)) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("fresh_database"))


@pytest.fixture
def c(store_url: str) -> Iterator[Connection]:
    """A transaction in a store with all its tables, once of each kind."""
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def fresh_database(postgres: str, request: pytest.FixtureRequest) -> str:
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    name = f"t{abs(hash(request.node.nodeid)):x}"
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        c.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)
