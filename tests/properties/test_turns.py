"""The order of turns: smallest first, and nobody is passed for ever."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.extracts import Extract
from caseclock.pipeline.turns import LONGEST_WAIT, in_order_of_turns
from caseclock.storage.turns import Turn

SEVEN = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
SIZES = st.integers(min_value=0, max_value=10**13)


def turn(n: int, size: int, minutes: float) -> Turn:
    at = SEVEN + dt.timedelta(minutes=minutes)
    return Turn(Extract(f"{n:016x}", f"c{n}", dt.date(2026, 11, 20), 1, "", "", "", at), size, at, at)


@given(st.lists(SIZES, max_size=30))
@settings(max_examples=40, deadline=None)
def test_what_comes_at_one_moment_goes_in_order_of_size(sizes: list[int]) -> None:
    found = in_order_of_turns(turn(n, size, 0) for n, size in enumerate(sizes))
    assert [one.size for one in found] == sorted(sizes)


@given(st.lists(st.tuples(SIZES, st.floats(min_value=0, max_value=600)), max_size=30))
@settings(max_examples=40, deadline=None)
def test_nobody_is_passed_by_one_that_came_too_much_later(came: list[tuple[int, float]]) -> None:
    found = in_order_of_turns(turn(n, size, minutes) for n, (size, minutes) in enumerate(came))
    for place, one in enumerate(found):
        assert all(passed.since - one.since <= LONGEST_WAIT for passed in found[:place])
        assert all(one.since <= behind.since or one.size <= behind.size for behind in found[place + 1 :]), "only a smaller one passes"
