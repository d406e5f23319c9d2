"""The digest counts teams as teams, services as services, and the council once."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.digest import OpenAlerts, build


@pytest.mark.parametrize(
    ("of", "red", "amber", "said"),
    [
        ("team", 1, 2, "Over the limit: waiting cases in 3 teams, 1 red, 2 amber."),
        ("team", 0, 1, "Over the limit: waiting cases in 1 team, 0 red, 1 amber."),
        ("service", 2, 0, "Over the limit: waiting cases in 2 services, 2 red, 0 amber."),
        ("council", 1, 0, "Over the limit: waiting cases in all teams together, 1 red, 0 amber."),
    ],
)
def test_a_line_says_of_what_kind_the_places_are(of: str, red: int, amber: int, said: str) -> None:
    made = build("2026-W47", dt.date(2026, 11, 20), None, [], [OpenAlerts("waiting cases", red, amber, of)], [])  # type: ignore[arg-type]
    assert said in made.lines
