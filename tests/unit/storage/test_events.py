"""Events, samples and forecasts: schema 0003 comes and goes without touching the rest, and events are written once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import IntegrityError

from caseclock.storage import events, ledger, migrate
from caseclock.storage import schema as t
from caseclock.storage.engine import open_engine

NEW = {"event", "event_count", "relook", "forecast"}
DAYS = {"first": dt.date(2026, 11, 6), "second": dt.date(2026, 11, 13), "third": dt.date(2026, 11, 20)}
ROWS = [("opened", "case", "a" * 32, "NORTH", None, "2026-11-12"), ("moved", "case", "b" * 32, "SOUTH", "NORTH", None)]
COUNTS = [("opened", "case", "*", 1), ("opened", "case", "NORTH", 1), ("moved", "case", "*", 1), ("breached", "allocation", "*", 0)]


def claim(c: Connection, id_: str, source: str = "north") -> None:
    ledger.claim(c, id_, source, DAYS[id_], f"sha-{id_}", "x.zip", f"claimed/{id_}", dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC))


# --- the schema ------------------------------------------------------------------------------------------------------
def test_schema_0003_can_be_taken_back_and_made_again_and_the_extracts_stay(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    with engine.begin() as c:
        claim(c, "first")
    migrate.downgrade(engine, "0002")
    there = set(inspect(engine).get_table_names())
    assert not NEW & there
    assert {"extract", "measure_value", "quarantine_entry"} <= there
    migrate.upgrade(engine)
    assert migrate.version_of(engine) == migrate.HEAD
    with engine.begin() as c:
        assert [e.id for e in ledger.extracts(c)] == ["first"]
        events.save(c, "first", "", ROWS, COUNTS)
        assert len(c.execute(select(t.event)).all()) == 2
    migrate.downgrade(engine, "0002")  # also when it holds something
    assert not NEW & set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_store_of_0002_gets_the_new_tables(store_url: str) -> None:
    engine = open_engine(store_url)
    migrate.upgrade(engine)
    migrate.downgrade(engine, "0002")
    assert migrate.version_of(engine) == "0002"
    migrate.upgrade(engine)
    assert set(inspect(engine).get_table_names()) >= NEW
    engine.dispose()


# --- events ----------------------------------------------------------------------------------------------------------
def test_events_are_written_once_however_often_they_are_saved(c: Connection) -> None:
    claim(c, "first")
    claim(c, "second")
    for _ in range(2):
        events.save(c, "second", "first", ROWS, COUNTS)
    assert sorted(c.execute(select(*(t.event.c[name] for name in events.EVENT_FIELDS))).all()) == sorted(ROWS)
    assert events.counts_of(c, "second") == sorted(COUNTS, key=lambda row: (row[2], row[1], row[0]))
    assert events.compared_with(c, "north") == {"second": "first"}


def test_an_extract_that_is_worked_out_anew_keeps_nothing_of_before(c: Connection) -> None:
    for id_ in DAYS:
        claim(c, id_)
    events.save(c, "third", "first", ROWS, COUNTS)
    events.save(c, "third", "second", ROWS[:1], COUNTS[:2])
    assert len(c.execute(select(t.event)).all()) == 1
    assert len(events.counts_of(c, "third")) == 2
    assert events.compared_with(c, "north") == {"third": "second"}
    events.forget(c, "third")
    assert (events.counts_of(c, "third"), events.compared_with(c, "north")) == ([], {})
    assert c.execute(select(t.event)).all() == []


def test_an_extract_without_one_before_it_is_known_to_have_none(c: Connection) -> None:
    claim(c, "first")
    events.save(c, "first", "", [], [])
    assert events.compared_with(c, "north") == {"first": ""}
    assert events.compared_with(c, "south") == {}


def test_counts_of_one_kind_and_of_one_place(c: Connection) -> None:
    claim(c, "first")
    events.save(c, "first", "", ROWS, COUNTS)
    assert events.counts_of(c, "first", type_="opened") == [("opened", "case", "*", 1), ("opened", "case", "NORTH", 1)]
    assert events.counts_of(c, "first", team="NORTH") == [("opened", "case", "NORTH", 1)]
    assert events.counts_of(c, "first", type_="breached") == [("breached", "allocation", "*", 0)]


def test_the_same_item_twice_is_refused_by_the_store(c: Connection) -> None:
    claim(c, "first")
    with pytest.raises(IntegrityError), c.begin_nested():
        events.save(c, "first", "", [ROWS[0], ROWS[0]], [])


def test_single_events_go_after_their_time_and_their_counts_stay(c: Connection) -> None:
    for id_ in DAYS:
        claim(c, id_)
        events.save(c, id_, "", ROWS, COUNTS)
    before = DAYS["third"]
    assert events.forget_old(c, before, {"second"}, dry_run=True) == 2
    assert len(c.execute(select(t.event)).all()) == 6
    assert events.forget_old(c, before, {"second"}) == 2
    assert {row.extract_id for row in c.execute(select(t.event))} == {"second", "third"}
    assert len(events.counts_of(c, "first")) == 4
    assert events.forget_old(c, before, {"second"}) == 0


def test_what_was_measured_of_the_events_is_replaced(c: Connection) -> None:
    claim(c, "first")
    for rows in ([("NORTH", 3.0, 10), ("*", 3.0, 40)], [("NORTH", 0.0, 12)]):
        events.save_residual(c, "first", rows)
    found = c.execute(select(t.measure_value.c.measure, t.measure_value.c.team, t.measure_value.c.value, t.measure_value.c.n)).all()
    assert found == [("residual", "NORTH", 0.0, 12)]
