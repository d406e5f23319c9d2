"""A store that a released version has left is taken over by this one, on both databases, up and down; and it speaks on."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, inspect, select

import caseclock
from caseclock.storage import migrate
from caseclock.storage.engine import open_engine
from caseclock.storage.schema import metadata

from .conftest import FRIDAYS, Town

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postgres import server_url
from releases.make import load

HERE = Path(__file__).resolve().parents[1]
RELEASES = sorted((HERE / "releases").glob("*.json.gz"))
REVISIONS = sorted(p.name[:4] for p in (HERE.parent / "include/caseclock/storage/migrations/versions").glob("[0-9][0-9][0-9][0-9]_*.py"))
FIRST = {"extract", "alert", "alert_event", "measure_value", "outbox", "attempt", "audit", "team"}
"""Tables of the first revision that no later one may lose a row of."""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
        yield made
        made.dispose()
        return
    with server_url(tmp_path / "pg") as url:
        made = open_engine(url)
        yield made
        made.dispose()


def counted(engine: Engine) -> dict[str, int]:
    there = set(inspect(engine).get_table_names())
    with engine.connect() as c:
        return {t.name: c.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables if t.name in there}


def test_this_version_is_among_the_releases() -> None:
    assert f"{caseclock.__version__}.json.gz" in {file.name for file in RELEASES}, "make it: PYTHONPATH=tests python tests/releases/make.py"


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.name.removesuffix(".json.gz"))
def test_every_row_is_there_after_each_revision_down_and_up(file: Path, engine: Engine) -> None:
    before = load(file, engine)
    migrate.upgrade(engine)
    after = counted(engine)
    assert {name: n for name, n in after.items() if name in before} == {name: n for name, n in before.items() if name in after}
    assert after.keys() >= FIRST and all(after[name] for name in FIRST)
    for revision in reversed(REVISIONS[:-1]):
        migrate.downgrade(engine, revision)
        assert migrate.version_of(engine) == revision
        assert {name: counted(engine)[name] for name in FIRST} == {name: after[name] for name in FIRST}
    for revision in REVISIONS[1:]:
        migrate.upgrade(engine, revision)
        assert {name: counted(engine)[name] for name in FIRST} == {name: after[name] for name in FIRST}
    assert migrate.version_of(engine) == migrate.HEAD


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.name.removesuffix(".json.gz"))
def test_the_next_extract_goes_on_from_what_the_release_has_told(file: Path, town: Town, fridays: dict[dt.date, Path]) -> None:
    engine = open_engine(town.settings.store_url)
    told = load(file, engine)["alert_event"]
    engine.dispose()
    town.take(fridays[FRIDAYS[2]])
    engine = open_engine(town.settings.store_url)
    assert counted(engine)["alert_event"] > told
    engine.dispose()
    kept = [copies for copies in town.copies().values() if copies > 1]
    assert town.said and not kept
