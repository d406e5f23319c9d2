"""The protected record of a week, as tables: what stands where."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.digest.disclosure import SMALL
from caseclock.digest.record import ARRIVALS, DEPARTURES, Raw, Record, corrected, kind_of, protect, record_from
from caseclock.digest.shown import HIDDEN, Shown, exact
from caseclock.digest.tree import Tree, tree_of
from caseclock.measures.model import COUNCIL

FLAT = tree_of("abc", {})
TWO = tree_of("abcd", {"a": "N", "b": "N", "c": "S", "d": "S"})
Given = Mapping[str, float | tuple[float | None, int] | None]


def record(
    tree: Tree = FLAT,
    *,
    small: int = SMALL,
    before: Record | None = None,
    limits: Mapping[str, list[float]] | None = None,
    **figures: Given,
) -> Record:
    """A count by itself stands for its n too; `__` stands for the dot of a figure."""
    return protect(tree, {f.replace("__", "."): _cells(teams) for f, teams in figures.items()}, small, before, limits)


def _cells(teams: Given) -> dict[str, tuple[float | None, int]]:
    return {team: cell if isinstance(cell, tuple) else (cell, 0) for team, cell in teams.items()}


def words(made: Record, figure: str, unit: str = "cases") -> str:
    """The figure at all places that have it, in the order of the tree."""
    return ", ".join(s.words(unit) for place in made.tree.places if (s := made.at(figure, place)))


@pytest.mark.parametrize(
    ("teams", "shown"),
    [
        ({"a": 20, "b": 30, "c": 40}, "90, 20, 30, 40"),
        ({"a": 0, "b": 0, "c": 0}, "0, 0, 0, 0"),
        ({"a": 3, "b": 30, "c": 40}, "73, withheld, withheld, 40"),
        ({"a": 40, "b": 6, "c": 3}, "49, withheld, 6, withheld"),
        ({"a": 0, "b": 0, "c": 3}, "1 to 5, 0, 0, withheld"),
        ({"a": 2, "b": 1, "c": 1}, "1 to 5, withheld, withheld, withheld"),
        ({"b": 30}, "30, 30"),
        ({"b": None, "c": math.nan}, ""),
        ({"a": 20, "b": None, "c": math.nan}, "20, 20"),
        ({"a": 20, "elsewhere": 3, COUNCIL: 23}, "20, 20"),  # of the council is what its teams come to
        ({"a": -3, "b": 30, "c": 20}, "47, withheld, withheld, 20"),
        ({}, ""),
    ],
)
def test_a_count(teams: Given, shown: str) -> None:
    assert words(record(open=teams), "open") == shown


def test_the_council_s_small_count_of_as_many_teams_is_no_range() -> None:
    """Five teams of which none has 0: their sum of 1 to 5 could only be 5."""
    tree = tree_of("abcde", {})
    assert words(record(tree, open=dict.fromkeys("abcde", 1)), "open") == ", ".join(["withheld"] * 6)


def test_a_threshold_of_10() -> None:
    assert words(record(small=10, open={"a": 9, "b": 30, "c": 40}), "open") == "79, withheld, withheld, 40"
    assert words(record(small=10, open={"a": 0, "b": 0, "c": 9}), "open") == "1 to 10, 0, 0, withheld"


@pytest.mark.parametrize(
    ("waiting", "shown"),
    [
        ({"a": 20, "b": 20, "c": 20}, "60, 20, 20, 20"),
        ({"a": 37, "b": 20, "c": 20}, "77, withheld, withheld, 20"),  # 3 have somebody
        ({"a": 40, "b": 20, "c": 20}, "80, 40, 20, 20"),
        ({"a": 40, "b": 40, "c": 37}, "withheld, 40, 40, withheld"),  # 3 in the whole council
    ],
)
def test_a_part_of_which_the_rest_is_small(waiting: Given, shown: str) -> None:
    made = record(open=dict.fromkeys("abc", 40), unallocated=waiting)
    assert words(made, "open") == "120, 40, 40, 40"
    assert words(made, "unallocated") == shown


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ([10, 20], "20 or more, withheld"),
        ([10, 24], "10 or more, withheld"),  # 24 would leave the other one 1 to 4
        ([3, 5], "withheld, withheld"),
        ([1, 20], "20 or more, 1 or more"),
        ([], "withheld, withheld"),
    ],
)
def test_a_limit_that_a_withheld_count_has_reached_is_told_where_the_other_one_stays_unknown(limits: list[float], shown: str) -> None:
    made = record(unallocated={"a": 25, "b": 3, "c": 40}, limits={"unallocated": limits})
    assert words(made, "unallocated") == f"68, {shown}, 40"


def test_it_is_not_told_where_the_whole_of_either_bounds_what_is_left() -> None:
    made = record(open={"a": 30, "b": 40, "c": 90}, unallocated={"a": 25, "b": 3, "c": 40}, limits={"unallocated": [20]})
    assert words(made, "unallocated") == "68, withheld, withheld, 40"


def test_a_limit_of_1_is_reached_wherever_a_count_is_withheld() -> None:
    assert (
        words(record(unallocated={"a": 25, "b": 3, "c": 0}, limits={"unallocated": [1, 3]}), "unallocated") == "28, 1 or more, 1 or more, 0"
    )


@pytest.mark.parametrize(
    ("teams", "shown"),
    [
        ({"a": (50, 20), "b": (50, 20), "c": (50, 20)}, "50%, 50%, 50%, 50%"),
        ({"a": (100, 20), "b": (0, 20), "c": (50, 20)}, "50%, 100%, 0%, 50%"),
        ({"a": (85, 20), "b": (50, 20), "c": (50, 20)}, "62%, withheld, withheld, 50%"),  # 3 were late
        ({"a": (15, 20), "b": (50, 20), "c": (50, 20)}, "38%, withheld, withheld, 50%"),  # 3 were in time
        ({"a": (100, 3), "b": (50, 20), "c": (50, 20)}, "53%, withheld, withheld, 50%"),
        ({"a": (None, 0), "b": (50, 20), "c": (50, 20)}, "50%, 50%, 50%"),
        ({"a": (None, 0), "b": (math.nan, 0), "c": (100, 4)}, "withheld, withheld"),
    ],
)
def test_a_share(teams: Given, shown: str) -> None:
    assert words(record(reviewed_in_time=teams), "reviewed_in_time", "per cent") == shown


def test_of_how_many_a_share_is_shown_where_these_are_many() -> None:
    made = record(in_time__cp_visit={"a": (85, 20), "b": (50, 20), "c": (50, 30)})
    assert made.at("in_time.cp_visit", "a") == Shown(None, None, 20)
    assert made.at("in_time.cp_visit", "c") == exact(50, 30)
    few = record(in_time__cp_visit={"a": (100, 3), "b": (50, 20), "c": (50, 30)})
    assert [few.at("in_time.cp_visit", team) for team in "ab"] == [HIDDEN, HIDDEN]


def test_an_average_of_few_is_withheld_and_another_beside_it() -> None:
    made = record(caseload={"a": (12.0, 30), "b": (20.0, 3), "c": (10.0, 20), COUNCIL: (11.7, 53)})
    assert words(made, "caseload", "average") == "11.7, withheld, withheld, 10.0"
    assert record(TWO, caseload={"a": (10, 20), "b": (20, 60)}).at("caseload", "service:N") == exact(17.5, 80)


def test_a_caseload_is_withheld_where_the_cases_are_that_nobody_holds() -> None:
    made = record(
        open=dict.fromkeys("abc", 40), unallocated={"a": 3, "b": 20, "c": 20}, caseload={"a": (3.7, 10), "b": (2.0, 10), "c": (2.0, 10)}
    )
    assert words(made, "caseload", "average") == "2.6, withheld, withheld, 2.0"


@pytest.mark.parametrize(
    ("came", "went", "is_open", "was_open", "shown"),
    [
        (20, 30, 90, 100, ["20", "30"]),
        (3, 30, 73, 100, ["withheld", "withheld"]),
        (30, 3, 127, 100, ["withheld", "withheld"]),
        (0, 30, 70, 100, ["0", "30"]),
        (6, 103, 3, 100, ["withheld", "withheld"]),
        (30, 6, 27, 3, ["withheld", "withheld"]),
        (30, 6, 27, None, ["30", "6"]),
    ],
)
def test_what_came_and_what_went_are_told_of_the_council_and_together(
    came: int, went: int, is_open: int, was_open: int | None, shown: list[str]
) -> None:
    before = record(open={"a": was_open}) if was_open is not None else None
    made = record(open={"a": is_open}, arrivals={"a": came, "b": 0}, departures={"a": went, "b": 0}, before=before)
    assert [words(made, figure) for figure in (ARRIVALS, DEPARTURES)] == shown


def test_what_has_no_sum_or_is_of_single_cases_is_not_in_the_record() -> None:
    made = record(oldest__cp_visit={"a": 400}, median_age__cp_visit={"a": 3}, relook_pool={"a": 30}, open={"a": 30})
    assert list(made.figures) == ["open"]


@pytest.mark.parametrize(
    ("told", "now", "shown"),
    [
        ({"a": 3, "b": 20, "c": 30}, {"a": 8, "b": 20, "c": 30}, "58, withheld, withheld, 30"),
        ({"a": 10, "b": 20, "c": 30}, {"a": 3, "b": 20, "c": 30}, "withheld, withheld, withheld, 30"),
        ({"a": 10, "b": 20, "c": 30}, {"a": 11, "b": 20, "c": 30}, "61, 11, 20, 30"),
    ],
)
def test_a_correction_shows_nothing_that_was_withheld_and_no_sum_of_what_is_withheld_now(told: Given, now: Given, shown: str) -> None:
    assert words(corrected(record(open=told), record(open=now)), "open") == shown


def test_a_correction_that_withholds_the_open_cases_withholds_what_came_and_went() -> None:
    before = record(open={"a": 10, "b": 20, "c": 30})
    told = record(open={"a": 10, "b": 20, "c": 30}, before=before, arrivals={"a": 20}, departures={"a": 20})
    now = record(open={"a": 3, "b": 20, "c": 30}, before=before, arrivals={"a": 20}, departures={"a": 27})
    both = corrected(told, now)
    assert both.at("open", COUNCIL) == HIDDEN
    assert [both.at(figure, COUNCIL) for figure in (ARRIVALS, DEPARTURES)] == [HIDDEN, HIDDEN]


def test_an_average_that_is_withheld_is_not_the_mean_of_parts_that_are_shown() -> None:
    tree = tree_of("abc", {"a": "N", "b": "S", "c": "S"})
    made = record(tree, caseload={"a": (10.0, 3), "b": (12.0, 10), "c": (14.0, 10)})
    assert made.at("caseload", "service:S") == HIDDEN
    assert HIDDEN in [made.at("caseload", team) for team in "bc"]


def test_what_falls_due_in_5_days_does_not_tell_what_falls_due_in_10() -> None:
    made = record(due_10__cp_visit={"a": 8, "b": 1, "c": 0}, due_5__cp_visit={"a": 8, "b": 0, "c": 0})
    assert made.at("due_10.cp_visit", COUNCIL) == HIDDEN or made.at("due_5.cp_visit", "a") != exact(8)


# --- whatever the figures are ---------------------------------------------------------------------------------------------------
cells = st.one_of(st.none(), st.integers(0, 9), st.integers(0, 60))
COUNTED = ("open", "unallocated", "unallocated_cp", "overdue.cp_visit", ARRIVALS, DEPARTURES)
LIMITS = {"unallocated": [6, 10, 20], "overdue.cp_visit": [8]}


@st.composite
def raws(draw: st.DrawFn, tree: Tree = TWO) -> Raw:
    """Parts are no more than what they lie within; a share is of whole cases."""
    raw: dict[str, dict[str, tuple[float | None, int]]] = {figure: {} for figure in (*COUNTED, "in_time.cp_visit")}
    for team in tree.leaves(COUNCIL):
        counts = dict(zip(COUNTED, draw(st.tuples(*[cells] * len(COUNTED))), strict=True))
        counts["unallocated"] = min(counts["unallocated"] or 0, counts["open"] or 0)
        counts["unallocated_cp"] = min(counts["unallocated_cp"] or 0, counts["unallocated"])
        for figure, count in counts.items():
            if count is not None:
                raw[figure][team] = (float(count), 0)
        n = draw(st.integers(0, 30))
        raw["in_time.cp_visit"][team] = (100 * draw(st.integers(0, n)) / n if n else None, n)
    return raw


def truth(tree: Tree, raw: Raw, figure: str, place: str) -> tuple[int, int]:
    """What is counted, or the part and the n of a share."""
    found = [raw[figure][team] for team in tree.leaves(place) if team in raw[figure]]
    if kind_of(figure) == "share":
        return sum(round((v or 0) * n / 100) for v, n in found), sum(n for _, n in found)
    return round(sum(v or 0 for v, _ in found)), 0


@settings(max_examples=60, deadline=None)
@given(raws())
def test_no_small_count_is_in_a_record_and_all_that_is_agrees_with_the_truth(raw: Raw) -> None:
    made = protect(TWO, raw, SMALL, None, LIMITS)
    for figure, places in made.figures.items():
        for place, s in places.items():
            count, n = truth(TWO, raw, figure, place)
            if kind_of(figure) == "share":
                assert s.n in (None, n) and not 1 <= (s.n or 0) <= SMALL
                if s.value is not None:
                    assert s.value == pytest.approx(100 * count / n)
                    assert not 1 <= count <= SMALL and not 1 <= n - count <= SMALL
            else:
                assert s.low is None or s.low <= count
                assert s.high is None or s.high >= count
                assert s.value is None or not 1 <= s.value <= SMALL


@settings(max_examples=60, deadline=None)
@given(raws())
def test_a_record_comes_back_from_json_as_it_was(raw: Raw) -> None:
    made = protect(TWO, raw, SMALL, None, LIMITS)
    assert record_from(json.loads(json.dumps(made.to_json()))) == made


@settings(max_examples=60, deadline=None)
@given(raws())
def test_a_team_of_zeros_changes_nothing_else(raw: Raw) -> None:
    more = tree_of("abcde", {"a": "N", "b": "N", "c": "S", "d": "S", "e": "S"})
    zeros: dict[str, tuple[float | None, int]] = {figure: (None if "in_time" in figure else 0.0, 0) for figure in raw}
    made = protect(TWO, raw, SMALL, None, LIMITS)
    with_zeros = protect(more, {figure: {**teams, "e": zeros[figure]} for figure, teams in raw.items()}, SMALL, None, LIMITS)
    for figure, places in made.figures.items():
        assert {place: s for place, s in with_zeros.figures[figure].items() if place in places} == dict(places)
