"""Which places a limit is for: a team is no service, a service no team, and neither is the council."""

from __future__ import annotations

import pytest

from caseclock.alerts.reconcile import worse_by_enough
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, why_silent

TEAM, SERVICE, COUNCIL, NO_TEAM = "NA2", "service:NORTH", "*", "?"


def rule(*teams: str, **more: object) -> ThresholdRule:
    limits = {"id": "x", "title": "cases", "measure": "unallocated", "amber": 10, "red": 20, "clear_below": 8}
    return ThresholdRule.model_validate(limits | {"teams": list(teams)} | more)


@pytest.mark.parametrize(
    ("teams", "hit"),
    [
        (["*"], [TEAM, NO_TEAM]),
        (["NA*"], [TEAM]),
        (["service:*"], [SERVICE]),
        (["service:NORTH"], [SERVICE]),
        (["service:SOUTH"], []),
        (["NORTH"], []),
        (["council"], [COUNCIL]),
        (["*", "service:*", "council"], [TEAM, SERVICE, COUNCIL, NO_TEAM]),
    ],
)
def test_a_limit_is_for_the_places_that_it_names(teams: list[str], hit: list[str]) -> None:
    assert [place for place in (TEAM, SERVICE, COUNCIL, NO_TEAM) if applies_to(rule(*teams), place)] == hit


@pytest.mark.parametrize(
    ("direction", "told", "now", "worse"),
    [("above", 10, 14, True), ("above", 14, 10, False), ("below", 80, 60, True), ("either", -10, -14, True), ("either", 10, -14, True),
     ("either", -10, 10, False), ("either", -14, -10, False)],
)  # fmt: skip
def test_people_are_told_again_of_what_is_worse_in_the_direction_of_the_limit(direction: str, told: float, now: float, worse: bool) -> None:
    limits = {"direction": direction, **({"amber": 80, "red": 70, "clear_below": 85} if direction == "below" else {})}
    assert worse_by_enough(rule("*", **limits), told, now) is worse


def test_a_figure_of_nothing_and_one_of_too_few_say_nothing() -> None:
    assert why_silent(rule("*"), float("nan"), 0) == why_silent(rule("*"), None, 0) == "there is no figure: it would be a share of nothing"
    assert why_silent(rule("*", min_n=20), 1.4, 19) == "it is made from 19, and the rule asks for at least 20"
    assert why_silent(rule("*", min_n=20), 1.4, 20) is None
