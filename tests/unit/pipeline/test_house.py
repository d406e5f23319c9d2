"""Which source a question is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from caseclock.errors import WrongUse
from caseclock.pipeline.house import chosen_source
from caseclock.storage import ledger, migrate
from caseclock.storage.engine import open_engine

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


@pytest.fixture
def c(tmp_path: Path) -> Iterator[Connection]:
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def sent(c: Connection, *sources: str) -> None:
    for number, source in enumerate(sources):
        ledger.claim(c, f"e{number}", source, dt.date(2026, 11, 20), f"sha{number}", "x.zip", f"claimed/e{number}", AT)


def test_the_only_source_need_not_be_named(c: Connection) -> None:
    sent(c, "north")
    assert chosen_source(c, None) == chosen_source(c, "north") == "north"


def test_of_several_one_must_be_named_and_each_is_named_once(c: Connection) -> None:
    sent(c, "south", "north", "north")
    assert ledger.sources(c) == ["north", "south"]
    assert chosen_source(c, "south") == "south"
    with pytest.raises(WrongUse) as refused:
        chosen_source(c, None)
    assert str(refused.value) == "more than one source has sent extracts; expected one of north, south. Give --source."


@pytest.mark.parametrize(
    ("there", "asked", "said"),
    [
        (["north"], "east", "east: no extract of that source has come; expected one of north. Check --source."),
        ([], "east", "east: no extract has come yet. `caseclock run PATH` takes one in."),
        ([], None, "no extract has come yet. `caseclock run PATH` takes one in."),
    ],
)
def test_a_source_that_has_sent_nothing_is_refused(c: Connection, there: list[str], asked: str | None, said: str) -> None:
    sent(c, *there)
    with pytest.raises(WrongUse) as refused:
        chosen_source(c, asked)
    assert str(refused.value) == said
