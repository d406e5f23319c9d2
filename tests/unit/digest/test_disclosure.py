"""Which counts are withheld, as tables: teams to counts in, withheld places out."""

from __future__ import annotations

import pytest

from caseclock.digest.disclosure import Group, filled, is_small, judged, secrets
from caseclock.digest.tree import OTHER, Tree, tree_of
from caseclock.measures.model import COUNCIL

FLAT = tree_of("abc", {})
TWO = tree_of("abcd", {"a": "N", "b": "N", "c": "S", "d": "S"})
ONE = tree_of("ab", {"a": "N", "b": "S"})
N, S = "service:N", "service:S"


def withheld(tree: Tree, small: int = 5, **teams: int) -> set[str]:
    counts = filled(tree, teams)
    return judged(tree, Group(counts), secrets(counts, small), small).places


@pytest.mark.parametrize(
    ("teams", "places"),
    [
        ({"a": 20, "b": 30, "c": 40}, ""),
        ({"a": 0, "b": 0, "c": 40}, ""),
        ({"a": 6, "b": 6, "c": 6}, ""),
        ({"a": 3, "b": 30, "c": 20}, "ab"),
        ({"a": 99, "b": 6, "c": 3}, "ac"),  # by id: 99 tells no more than 6 would
        ({"a": 0, "b": 30, "c": 3}, "bc"),  # a 0 is shown and is no cover
        ({"a": 2, "b": 3, "c": 40}, "ab"),
        ({"a": 1, "b": 1, "c": 40}, "abc"),  # a sum of 2 of two that are not 0
        ({"a": 5, "b": 5, "c": 40}, "abc"),  # a sum of 10 of two that are 5 at most
        ({"a": 0, "b": 0, "c": 3}, "c*"),
        ({"a": 1, "b": 1, "c": 0}, "ab*"),
    ],
)
def test_a_small_count_is_withheld_and_what_it_could_be_worked_out_from(teams: dict[str, int], places: str) -> None:
    assert withheld(FLAT, **teams) == set(places)


@pytest.mark.parametrize(
    ("tree", "teams", "places"),
    [
        (TWO, {"a": 3, "b": 20, "c": 9, "d": 9}, {"a", "b"}),
        (TWO, {"a": 2, "b": 2, "c": 9, "d": 8}, {"a", "b", N, "c", S}),  # the service is small: the other one is withheld, and a part of it
        (TWO, {"a": 0, "b": 3, "c": 0, "d": 30}, {"b", N, "d", S}),
        (ONE, {"a": 3, "b": 30}, {"a", N, "b", S}),  # a service of one team is that team
    ],
)
def test_of_services_and_their_teams(tree: Tree, teams: dict[str, int], places: set[str]) -> None:
    assert withheld(tree, **teams) == places


def test_the_threshold_is_the_council_s() -> None:
    assert withheld(FLAT, a=9, b=30, c=20) == set()
    assert withheld(FLAT, 10, a=9, b=30, c=20) == {"a", "b"}


@pytest.mark.parametrize(("count", "small"), [(0, False), (1, True), (5, True), (6, False), (-3, True), (-6, False)])
def test_small_is_1_to_5_on_both_sides_of_zero(count: int, small: bool) -> None:
    assert is_small(count) is small


@pytest.mark.parametrize(("part", "whole", "secret"), [(20, 40, False), (37, 40, True), (40, 40, False), (0, 4, False), (42, 40, True)])
def test_a_part_is_secret_where_its_rest_is_small(part: int, whole: int, secret: bool) -> None:
    assert secrets({"a": part}, whole={"a": whole}) == ({"a"} if secret else set())


@pytest.mark.parametrize(("limit", "said"), [(10, True), (23, True), (24, False), (25, False)])
def test_at_least_so_many_is_said_only_where_it_leaves_room(limit: int, said: bool) -> None:
    counts = filled(FLAT, {"a": 25, "b": 1, "c": 30})
    found = judged(FLAT, Group(counts), secrets(counts))
    assert found.places == {"a", "b"}
    assert found.says_at_least("a", limit) is said
    assert found.least == ({"a": limit} if said else {})


def test_what_is_counted_at_a_place_is_the_sum_over_its_teams() -> None:
    assert filled(TWO, {"a": 3, "c": 4, "d": 5}) == {COUNCIL: 12, N: 3, S: 9, "a": 3, "c": 4, "d": 5}


def test_teams_of_no_service_are_put_together_where_others_have_one() -> None:
    tree = tree_of(["y", "x", "b"], {"b": "N"})
    assert tree.parts[COUNCIL] == (f"service:{OTHER}", N)
    assert tree.leaves(f"service:{OTHER}") == ("x", "y")
    assert tree.beside("x") == ("y",)
    assert tree.wholes == (COUNCIL, f"service:{OTHER}", N)


def test_without_services_and_without_teams() -> None:
    assert tree_of("ba", {}).parents == {COUNCIL: None, "a": COUNCIL, "b": COUNCIL}
    assert filled(tree_of("", {}), {}) == {}
