"""What a viewer may see, and how addresses name places."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.dashboard.model import At, Frame, NotThere, Scope, Viewer, place_of, word_of

FRAME = Frame("demo", "Made-up council", (("demo", "Made-up council"),), dt.date(2026, 11, 20), "", "")
PLACES = ["NA1", "SA1", "*", "?", "service:N", "service:north", "", "na1", "NA1 "]


def at(scope: Scope) -> At:
    return At(Viewer("sam", "Sam"), "demo", scope, FRAME, dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(), PLACES),
        (Scope(frozenset({"NA1"}), ("north",)), ["NA1"]),  # neither the council nor the row of its own service
        (Scope(frozenset()), []),
    ],
)
def test_a_viewer_sees_their_own_teams_and_what_is_not_theirs_is_not_there(scope: Scope, seen: list[str]) -> None:
    assert [place for place in PLACES if scope.sees(place)] == seen
    assert scope.whole == (seen == PLACES)
    for place in PLACES:
        if place in seen:
            at(scope).check(place)
        else:
            with pytest.raises(NotThere, match="no such team, or it is not among those"):
                at(scope).check(place)


@pytest.mark.parametrize(("word", "place"), [("council", "*"), ("no-team", "?"), ("NA1", "NA1"), ("service:N", "service:N")])
def test_an_address_names_a_place_and_back(word: str, place: str) -> None:
    assert (place_of(word), word_of(place)) == (place, word)


def test_a_sign_of_a_place_is_the_place_too() -> None:
    assert place_of("*") == "*"
