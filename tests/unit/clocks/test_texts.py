"""Text as numbers, and rows in order: the same as Python's own, whatever the text."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.clocks.ordering import earliest_of, first_rows, in_days, in_order, in_seconds, latest_of, lexsort
from caseclock.clocks.texts import joined, numbered, ranked, text

KINDS = (
    st.text(max_size=3),
    st.text("AB01", max_size=12),
    st.integers(0, 300).map(lambda n: f"P-2026-{n}"),
    st.integers(0, 300).map(str),
    st.integers(0, 300).map(lambda n: f"{n:05d}"),
    st.integers(0, 10**20).map(lambda n: f"COUNCIL-{n}"),
    st.integers(0, 10**9).map(lambda n: f"{n:08d}"),  # as many bytes as a word has, and one more
    st.text("0123456789/:", max_size=9),  # what stands beside the digits
    st.sampled_from(["é", "e", "ee", "\U0001f600", "\uffff", "A\0", "A", ""]),
)
columns = st.one_of(
    *(st.lists(st.one_of(kind, st.none()), max_size=30) for kind in KINDS), st.lists(st.one_of(*KINDS, st.none()), max_size=12)
)


def column(values: list[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


@given(columns, columns)
def test_equal_texts_have_one_number_and_each_number_has_its_text(left: list[str | None], right: list[str | None]) -> None:
    parts, names = numbered([text(column(left)), text(column(right))])
    found = names.texts()
    assert [[None if n == -1 else found[n] for n in part] for part in parts] == [left, right]
    assert len(names) == len(found) == len({value for value in left + right if value is not None})


@given(columns)
def test_numbers_and_ranks_group_and_sort_as_those_of_pandas(values: list[str | None]) -> None:
    one, plain = column(values), pd.Series(values, dtype="object")
    (found,), _ = numbered([text(one)])
    by_pandas = pd.factorize(plain)[0]
    assert len({*zip(found.tolist(), by_pandas.tolist(), strict=True)}) == len({*found.tolist()}) == len({*by_pandas.tolist()})
    in_order = [value for _, value in sorted(zip(ranked(text(one)).tolist(), values, strict=True), key=lambda pair: pair[0])]
    assert [value for value in in_order if value is not None] == plain.dropna().sort_values().tolist()


@pytest.mark.parametrize(
    "ids",
    [
        ["C7", "C12", "C7", "C100"],
        ["0007", "0012", "0100"],
        ["2026-000001", "2026-000450"],
        ["12345670", "12345671", "99999999"],
        ["0", "10", "9"],
        ["7", "07", "007"],  # three different texts
        ["C", "C1"],
        ["C1", "D1"],
        ["P:", "P9"],  # a colon comes right after 9
        ["P/", "P0"],  # a slash right before 0
    ],
)
def test_ids_of_digits_are_told_apart_as_texts_are(ids: list[str]) -> None:
    parts, names = numbered([text(column(ids)), text(column([None, *reversed(ids)]))])
    found = names.texts()
    assert [found[n] for n in parts[0]] == ids
    assert parts[1][0] == -1 and [found[n] for n in parts[1][1:]] == ids[::-1]
    assert sorted(set(parts[0].tolist())) == list(range(len(names))) == list(range(len(set(ids))))


@given(columns)
def test_ranks_sort_as_the_texts_do_and_nothing_comes_first(values: list[str | None]) -> None:
    found = ranked(text(column(values)))
    assert [rank == -1 for rank in found] == [value is None for value in values]
    pairs = sorted((value, rank) for value, rank in zip(values, found.tolist(), strict=True) if value is not None)
    for (one, low), (other, high) in pairwise(pairs):
        assert (low < high) == (one < other) and (low == high) == (one == other)


def test_a_part_of_a_column_and_one_in_pieces_are_read_as_what_they_hold() -> None:
    pieces = pd.concat([column(["C1", "C2", None]), column(["C3", "C1"])], ignore_index=True)
    assert numbered([text(pieces)])[0][0].tolist() == [0, 1, -1, 2, 0]
    assert numbered([text(pieces.iloc[1:4])])[0][0].tolist() == [0, -1, 1]
    assert numbered([text(pieces.iloc[2:3])])[0][0].tolist() == [-1]
    assert joined([text(pieces).take([4, 2]), text(pieces)[:1]]).tolist() == ["C1", np.nan, "C1"]


days = st.one_of(st.just("NaT"), st.integers(-400, 40_000).map(lambda n: str(np.datetime64("2000-01-01", "D") + n)))
rows = st.lists(st.tuples(st.integers(-5, 5), days, st.booleans(), st.integers(-(2**62), 2**62)), max_size=20)


@given(rows)
def test_the_order_is_that_of_numpy(made: list[tuple[int, str, bool, int]]) -> None:
    few, day, flag, many = (list(part) for part in zip(*made, strict=True)) if made else ([], [], [], [])
    keys = [np.array(few, dtype=np.int64), np.array(day, dtype="datetime64[D]"), np.array(flag, dtype=bool), np.array(many, dtype=np.int64)]
    for chosen in (keys, keys[::-1], keys[:1], keys[1:2], keys[3:]):
        assert lexsort(chosen).tolist() == np.lexsort(chosen).tolist()


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint64", "datetime64[s]"])
def test_every_kind_of_key_is_ordered_from_end_to_end_of_its_range(dtype: str) -> None:
    info = np.iinfo("int64" if dtype == "datetime64[s]" else dtype)
    key = np.array([info.max, 1, info.min + 1, info.max - 1, 1], dtype=info.dtype).astype(dtype)
    assert lexsort([key]).tolist() == np.lexsort([key]).tolist()


def test_the_first_row_of_each_key_is_the_first_in_the_order_given() -> None:
    keys, order = np.array([2, 0, 2, -1, 0]), np.array([4, 2, 3, 1, 0])
    assert first_rows(keys, order, 3).tolist() == [4, 2]
    assert first_rows(keys, order[:0], 3).tolist() == []


def test_the_earliest_and_the_latest_date_of_each_key_are_known_ones() -> None:
    keys, dates = np.array([1, 0, 1, 1, 3]), np.array(["2026-03-02", "NaT", "2026-01-05", "NaT", "1970-01-01"], dtype="datetime64[D]")
    assert earliest_of(keys, dates, 4).astype(str).tolist() == ["NaT", "2026-01-05", "NaT", "1970-01-01"]
    assert latest_of(keys, dates, 4).astype(str).tolist() == ["NaT", "2026-03-02", "NaT", "1970-01-01"]


@given(st.lists(days, max_size=5))
def test_days_and_seconds_are_what_numpy_makes_of_them(found: list[str]) -> None:
    made = np.array(found, dtype="datetime64[D]")
    seconds = made.astype("datetime64[s]")
    assert in_seconds(made).dtype == seconds.dtype and in_seconds(made).astype(str).tolist() == seconds.astype(str).tolist()
    late = seconds + np.timedelta64(86_399, "s")
    assert in_days(late).dtype == made.dtype and in_days(late).astype(str).tolist() == made.astype(str).tolist()


def test_numbers_are_in_order_when_none_is_below_the_one_before_it() -> None:
    many = np.arange(100_000)
    assert in_order(many) and in_order(many // 3) and in_order(many[:1]) and in_order(many[:0])
    for place in (1, 32_767, 32_768, 99_999):
        wrong = many.copy()
        wrong[place] = wrong[place - 1] - 1
        assert not in_order(wrong)
