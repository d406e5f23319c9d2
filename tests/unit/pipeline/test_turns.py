"""Whose turn it is: one extract of a source at a time, and nothing stands still because something died."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from caseclock.pipeline import House, give_turns, hand_on, open_house, settle_turns, to_ask_after
from caseclock.pipeline.turns import SPARE
from caseclock.settings import from_environment
from caseclock.storage import ledger, migrate
from caseclock.storage import schema as t
from caseclock.storage.engine import open_engine

NOW = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=5)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(from_environment(tmp_path, {"CASECLOCK_PARALLEL_EXTRACTS": "2"})) as found:
        yield found


def arrive(house: House, source: str, day: int, size: int = 1, at: dt.datetime = NOW) -> str:
    """The id of the run of an extract that has been claimed."""
    id_, path = f"{abs(hash((source, day))):016x}"[:16], house.settings.claimed / f"{source}-{day}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    with house.engine.begin() as c:
        ledger.claim(c, id_, source, dt.date(2026, 11, day), id_, path.name, str(path), at)
    return f"extract__2026-11-{day:02}__{id_}"


def runs(reports: list[dict[str, str]]) -> list[str]:
    return [report["run_id"] for report in reports]


def end(house: House, run: str, now: dt.datetime = NOW, *, finished: bool = True) -> str | None:
    id_ = run[-16:]
    if finished:
        with house.engine.begin() as c:
            ledger.mark_done(c, id_, "notify", now, 0.0)
    following = hand_on(house, id_, run, now)
    return following["run_id"] if following else None


def test_one_extract_of_a_source_at_a_time_in_order_of_date(house: House) -> None:
    days = {day: arrive(house, "north", day) for day in (20, 18, 19)}
    assert runs(give_turns(house, NOW)) == [days[18]]
    assert end(house, days[18]) == days[19]
    assert end(house, days[19], finished=False) == days[20], "a run that failed hands on as well"
    assert end(house, days[20]) is None


def test_sources_go_side_by_side_as_many_as_there_is_room_the_small_ones_first(house: House) -> None:
    made = {size: arrive(house, f"c{size}", 20, size) for size in (900_000, 5, 70_000, 400, 8_000)}
    assert runs(give_turns(house, NOW)) == [made[5], made[400], made[8_000]]
    assert house.settings.parallel_extracts + SPARE == 3
    assert [end(house, made[size]) for size in (400, 5, 8_000)] == [made[70_000], made[900_000], None]


def test_what_is_named_again_is_the_same_until_it_is_over(house: House) -> None:
    """Whoever had to start a run may have died before it did."""
    first, second, third = (arrive(house, "north", day) for day in (18, 19, 20))
    assert runs(give_turns(house, NOW)) == runs(give_turns(house, LATER)) == [first]
    assert end(house, first) == end(house, first) == second, "handed on twice, started once"
    assert runs(give_turns(house, LATER)) == [second]
    assert end(house, second) == third
    assert end(house, first) is None, "an old run that is cleared by hand starts nothing anew"


def test_a_run_that_ended_without_a_word_is_over_when_somebody_has_looked(house: House) -> None:
    first, second = (arrive(house, "north", day) for day in (18, 19))
    give_turns(house, NOW)
    assert to_ask_after(house, NOW) == ([], []), "it may not have been started yet"
    assert to_ask_after(house, LATER) == ([first], [])
    settle_turns(house, [first], [], LATER)
    assert runs(give_turns(house, LATER)) == [second]
    assert to_ask_after(house, LATER) == ([], [first]), "its path is not finished: a person may clear it"


def test_a_failed_run_that_is_deleted_is_started_anew_behind_the_one_that_is_at_work(house: House) -> None:
    first, second = (arrive(house, "north", day) for day in (18, 19))
    give_turns(house, NOW)
    end(house, first, finished=False)
    settle_turns(house, [], [first], LATER)
    assert runs(give_turns(house, LATER)) == [second], "one at a time"
    assert end(house, second, LATER) == first


def test_a_path_that_was_finished_elsewhere_gives_its_turn_back(house: House) -> None:
    first, second = (arrive(house, "north", day) for day in (18, 19))
    give_turns(house, NOW)
    with house.engine.begin() as c:
        ledger.mark_done(c, first[-16:], "notify", NOW, 0.0)  # and the worker died before it could say so
    assert runs(give_turns(house, NOW)) == [second]


def test_a_run_under_another_name_takes_nobodys_turn(house: House) -> None:
    first, second = (arrive(house, "north", day) for day in (18, 19))
    give_turns(house, NOW)
    assert hand_on(house, first[-16:], "manual__2026-11-23", NOW) is None
    assert runs(give_turns(house, NOW)) == [first]
    assert end(house, first) == second


def test_the_store_itself_knows_one_turn_per_source(house: House) -> None:
    for day in (18, 19):
        arrive(house, "north", day)
    give_turns(house, NOW)
    with pytest.raises(IntegrityError), house.engine.begin() as c:
        c.execute(t.turn.update().values(given_at="2026-11-23"))


def test_what_an_older_version_left_unfinished_has_had_its_turn(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(engine)
    migrate.downgrade(engine, "0006")
    with engine.begin() as c:
        for name in ("failed", "finished"):
            c.execute(
                insert(t.extract).values(
                    id=name, source=name, as_of="2026-11-20", revision=1, sha256=name, name=name, path=name, received_at=NOW.isoformat()
                )
            )
        c.execute(insert(t.step_done).values(extract_id="finished", step="notify", done_at=NOW.isoformat(), seconds=1))
    migrate.upgrade(engine)
    with engine.begin() as c:
        assert c.execute(select(t.turn.c.extract_id).where(t.turn.c.ended_at.is_not(None))).scalars().all() == ["failed"]
        assert c.execute(text("SELECT count(*) FROM turn")).scalar() == 1
    engine.dispose()
