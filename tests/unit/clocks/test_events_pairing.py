"""Which row of an earlier extract is this one: equal keys, and then the nearest dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.clocks.pairing import CORRECTED_WITHIN, Pairing, key_of, number_of

AS_OF = np.datetime64("2026-03-13", "D")
Row = tuple[int, int]  # group, day


def days(numbers: list[int]) -> np.ndarray:
    return AS_OF + np.array(numbers, dtype="timedelta64[D]")


def empty(rows: int) -> pd.DataFrame:
    return pd.DataFrame(index=range(rows))


def nearest_slowly(before: list[Row], now: list[Row], within: int | None) -> dict[int, int]:
    """Of all couples of one group the nearest is paired first, then the nearest of the rest, and so on."""
    couples = sorted(
        (abs(day - other), b, n)
        for b, (group, other) in enumerate(before)
        for n, (same, day) in enumerate(now)
        if group == same and day <= 0 and (within is None or abs(day - other) <= within)
    )
    found: dict[int, int] = {}
    for _, b, n in couples:
        if n not in found and b not in found.values():
            found[n] = b
    return found


rows = st.lists(st.tuples(st.integers(0, 2), st.integers(-70, 6)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(rows, rows, st.sampled_from([CORRECTED_WITHIN, None]))
def test_the_nearest_dates_are_one_and_nobody_is_paired_twice(before: list[Row], now: list[Row], within: int | None) -> None:
    pairing = Pairing(empty(len(before)), empty(len(now)))
    group = np.array([g for g, _ in before + now], dtype=np.int64)
    pairing.nearest(group, days([d for _, d in before + now]), AS_OF, within)
    assert {n: int(b) for n, b in enumerate(pairing.of) if b >= 0} == nearest_slowly(before, now, within)
    assert (pairing.corrected == (pairing.of >= 0)).all()
    assert sorted(np.flatnonzero(~pairing.left)) == sorted(pairing.of[pairing.of >= 0])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-1, 4), max_size=12), st.lists(st.integers(-1, 4), max_size=12))
def test_equal_keys_are_paired_in_their_order_and_a_missing_key_never(before: list[int], now: list[int]) -> None:
    pairing = Pairing(empty(len(before)), empty(len(now)))
    pairing.same(np.array(before + now, dtype=np.int64))
    for key in range(5):
        ours, theirs = ([i for i, k in enumerate(keys) if k == key] for keys in (before, now))
        assert [int(b) for b in pairing.of[theirs]] == [*ours, *[-1] * len(theirs)][: len(theirs)]
    assert not pairing.corrected.any()
    assert all(pairing.of[n] == -1 for n, key in enumerate(now) if key == -1)


clock = st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", "c", None]), st.integers(0, 1))


def clocks(made: list[tuple[int, str | None, int]]) -> tuple[pd.DataFrame, np.ndarray]:
    """Run, text and day of each row, in the order of their runs."""
    made = sorted(made, key=lambda row: row[0])
    frame = pd.DataFrame({"name": pd.Series([row[1] for row in made], dtype="str")})
    frame["day"] = pd.Series(days([row[2] for row in made]).astype("datetime64[s]"), dtype="datetime64[s]")
    return frame, np.array([row[0] for row in made], dtype=np.int64)


@settings(max_examples=150, deadline=None)
@given(st.lists(clock, max_size=10), st.lists(clock, max_size=10))
def test_what_has_not_moved_is_paired_as_its_keys_would_pair_it(before: list, now: list) -> None:
    (b, b_run), (n, n_run) = clocks(before), clocks(now)
    whole = Pairing(b, n)
    name, day = whole.texts("name") + 1, number_of(whole.days("day"))
    key = key_of(np.concatenate((b_run, n_run)), name, day)
    whole.same(key)
    fast = Pairing(b, n)
    fast.unmoved((b_run, n_run), ("day", "name"))
    unmoved = np.flatnonzero(fast.of >= 0)
    assert (key[fast.of[unmoved]] == key[len(b) + unmoved]).all()
    rest = fast.rest()
    some = Pairing(b.take(rest[0]), n.take(rest[1]))
    some.same(np.concatenate((key[: len(b)][rest[0]], key[len(b) :][rest[1]])))
    fast.take_over(rest, some)
    paired = np.flatnonzero(fast.of >= 0)
    assert (key[fast.of[paired]] == key[len(b) + paired]).all()
    assert sorted(key[len(b) + paired]) == sorted(key[len(b) + np.flatnonzero(whole.of >= 0)])  # of equal ones it may be another
    assert sorted(np.flatnonzero(~fast.left)) == sorted(fast.of[paired])


def test_rows_that_are_in_no_order_are_left_for_their_keys() -> None:
    b, run = clocks([(0, "a", 0), (1, "b", 0)])
    pairing = Pairing(b, b)
    pairing.unmoved((run[::-1], run), ("name",))
    assert pairing.left.all()
    pairing.unmoved((run, run), ("name",))
    assert pairing.of.tolist() == [0, 1]


def test_what_is_paired_is_not_looked_at_again() -> None:
    pairing = Pairing(empty(2), empty(2))
    pairing.same(np.array([1, 2, 2, 3]))
    pairing.same(np.array([7, 7, 7, 7]), corrected=True)
    assert pairing.of.tolist() == [1, 0]
    assert pairing.corrected.tolist() == [False, True]


def test_keys_are_equal_exactly_where_all_their_parts_are_however_large_they_become() -> None:
    random = np.random.default_rng(5)
    parts = [np.append(random.integers(0, 3, 40), part) for part in (2**40, -1, 2**35)]
    key = key_of(*(part.astype(np.int64) for part in parts))
    assert key[-1] == -1
    for i in range(40):
        for j in range(40):
            assert (key[i] == key[j]) == all(part[i] == part[j] for part in parts)


def test_a_missing_date_has_no_number() -> None:
    assert number_of(np.array(["2026-03-02", "NaT", "2026-03-05"], dtype="datetime64[D]")).tolist() == [0, -1, 3]
    assert number_of(np.array(["NaT"], dtype="datetime64[D]")).tolist() == [-1]


def test_texts_are_numbered_over_both_frames() -> None:
    before, now = (pd.DataFrame({"name": pd.Series(names, dtype="str")}) for names in (["b", None, "a"], ["a", "c"]))
    numbers = Pairing(before, now).texts("name")
    assert numbers[1] == -1
    assert numbers[2] == numbers[3]
    assert len({numbers[0], numbers[2], numbers[4]}) == 3
