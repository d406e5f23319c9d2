"""Who sees which services on the Backlog pages, by the user's name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from caseclock.config.load import load
from caseclock.notifications.routes import Routes
from caseclock.settings import shipped_config

SERVICES: dict[str, dict[str, Any]] = {
    "north": {"teams": ["N*"], "people": ["anna", "both"]},
    "south": {"teams": ["S*"], "people": ["both", "head"]},
    "care": {"teams": ["C*"]},
}


def routes(**pages: Any) -> Routes:
    return Routes.model_validate(
        {
            "recipients": [{"id": "data", "title": "Data engineers", "slack": "C5"}],
            "services": SERVICES,
            "catch_all": ["data"],
            "data": ["data"],
            **({"pages": pages} if pages else {}),
        }
    )


@pytest.mark.parametrize(
    ("user", "seen", "unlisted_seen"),
    [
        ("anna", ("north",), ("north",)),
        ("both", ("north", "south"), ("north", "south")),
        ("head", None, None),  # listed in a service, and named under `everything`
        ("director", None, None),
        ("stranger", None, ()),
        ("Anna", None, ()),  # a user name is another one in another case
        ("north", None, ()),  # the name of a service is no user
        ("", None, ()),
    ],
)
def test_who_sees_which_services(user: str, seen: tuple[str, ...] | None, unlisted_seen: tuple[str, ...] | None) -> None:
    everything = ["director", "head"]
    assert routes(everything=everything).services_of_person(user) == seen
    assert routes(everything=everything, unlisted="everything").services_of_person(user) == seen
    assert routes(everything=everything, unlisted="nothing").services_of_person(user) == unlisted_seen


def test_without_a_word_on_pages_only_who_is_listed_is_held_to_a_service() -> None:
    assert routes().services_of_person("anna") == ("north",)
    assert routes().services_of_person("stranger") is None


@pytest.mark.parametrize("pages", [{"unlisted": "some"}, {"everybody": []}, {"everything": "sam"}, {"unlisted": None}])
def test_a_slip_in_what_the_pages_show_is_told(pages: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="pages"):
        routes(**pages)


def test_what_ships_names_nobody() -> None:
    shipped = load(shipped_config()).routes
    assert shipped.pages.everything == []
    assert [service.people for service in shipped.services.values() if service.people] == []
