"""Lanes that rest, and sent rows whose fate is open, in a store of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from caseclock.demo.alert_lab import Lab, local, routes_of, rules_of
from caseclock.notifications.bounces import FIRST_LOOK
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlDelivery, SqlSent

SPEC = {"unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}}
PEOPLE = {"service": {"north": "sm", "south": "sm2"}, "escalation": "head", "data": "data"}
MONDAY = dt.date(2026, 9, 7)
LEASE = dt.timedelta(seconds=120)


@pytest.fixture
def lab(store_url: str) -> Iterator[Lab]:
    made = Lab(rules_of(SPEC), routes_of(PEOPLE, {"sm": ["notify"], "sm2": ["notify"]}), cadence=None, url=store_url)
    day(made, 0, north=12, south=25)
    yield made
    made.engine.dispose()


def day(lab: Lab, n: int, **values: float) -> None:
    lab.now = local(f"{MONDAY + dt.timedelta(days=n)}T08:30")
    lab.extract(lab.now.date(), {"unalloc": values})
    lab.update()


def test_a_lane_that_rests_is_passed_over_and_says_when_it_is_due(lab: Lab) -> None:
    store, north, south = SqlDelivery(lab.engine), ("sm", "notify"), ("sm2", "notify")
    assert dict(store.due(lab.now, ["notify"])) == {north: lab.now, south: lab.now}
    row = store.claim("a", lab.now, lab.now + LEASE, ["notify"], [north])
    assert row is not None
    assert row.lane == south
    assert dict(store.due(lab.now, ["notify"])) == {north: lab.now}, "at the other one somebody is at work"
    assert store.claim("b", lab.now, lab.now + LEASE, ["notify"], [north, south]) is None
    assert dict(store.due(lab.now + LEASE, ["notify"]))[south] == lab.now + LEASE
    assert store.due(lab.now, ["slack"]) == []


def test_only_what_was_sent_is_asked_after_and_not_at_once(lab: Lab) -> None:
    sent = SqlSent(lab.engine)
    assert sent.unsettled(["notify"], lab.now + LEASE, 9) == []
    lab.deliver()
    assert sent.unsettled(["notify"], lab.now, 9) == []
    found = sent.unsettled(["notify"], lab.now + FIRST_LOOK, 9)
    assert {(row.lane[0], at) for row, at in found} == {("sm", lab.now), ("sm2", lab.now)}
    assert len(sent.unsettled(["notify"], lab.now + FIRST_LOOK, 1)) == 1
    assert sent.unsettled(["slack"], lab.now + FIRST_LOOK, 9) == []
    sent.look_again(found[0][0], lab.now + dt.timedelta(hours=1))
    sent.close(found[1][0], "arrived", "delivered", lab.now)
    assert sent.unsettled(["notify"], lab.now + FIRST_LOOK, 9) == []
    assert [row.key for row, _ in sent.unsettled(["notify"], lab.now + dt.timedelta(hours=1), 9)] == [found[0][0].key]


def test_what_is_taken_back_leaves_told_as_it_was_before(lab: Lab) -> None:
    lab.deliver()
    first = sorted((r for r in lab.table(t.told)), key=lambda r: r["recipient"])
    day(lab, 1, north=25, south=3)
    lab.deliver()
    sent = SqlSent(lab.engine)
    newest = sent.unsettled(["notify"], lab.now + FIRST_LOOK, 9)[:2]
    for row, _ in newest:
        assert sent.take_back(row, "it came back", lab.now, lambda unheard: ())
    assert sorted((r for r in lab.table(t.told)), key=lambda r: r["recipient"]) == first
    for row, _ in sent.unsettled(["notify"], lab.now + FIRST_LOOK, 9):
        assert sent.take_back(row, "it came back", lab.now, lambda unheard: ())
    assert lab.table(t.told) == []
    assert {r["state"] for r in lab.table(t.outbox)} == {"failed"}


def test_what_is_older_than_its_payload_can_still_be_closed(lab: Lab) -> None:
    lab.deliver()
    with lab.engine.begin() as c:  # as housekeeping does after 30 days
        c.execute(t.outbox.update().values(payload={"lines": [], "conversation": "x", "fixed": True}))
    sent = SqlSent(lab.engine)
    for row, _ in sent.unsettled(["notify"], lab.now + dt.timedelta(days=40), 9):
        assert sent.take_back(row, "it came back", lab.now, lambda unheard: ())
