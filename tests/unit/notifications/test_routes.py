"""Who is told: the first route that fits, nobody else's teams, and nothing on the floor."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from caseclock.alerts import Instance
from caseclock.notifications import Recipient
from caseclock.notifications.routes import Routes, Subject, channels_of, check_manners
from caseclock.thresholds import ThresholdRule

BASE = {
    "recipients": [
        {"id": "north", "title": "Service manager, North", "slack": "C1"},
        {"id": "south", "title": "Service manager, South", "slack": "C2", "email": "south@example.org"},
        {"id": "head", "title": "Head of service", "slack": "C3"},
        {"id": "director", "title": "Director", "slack": "C4"},
        {"id": "data", "title": "Data engineers", "slack": "C5"},
    ],
    "services": {"north": {"teams": ["n*"], "head": "head"}, "south": {"teams": ["South *"]}},
    "routes": [
        {"match": {"rules": ["cp_*"], "severity": "red"}, "tell": ["director"], "continue": True},
        {"match": {"service": "north"}, "tell": ["north"]},
        {"match": {"service": "south"}, "tell": ["south"]},
        {"match": {"teams": ["council"]}, "tell": ["director"]},
    ],
    "catch_all": ["data"],
    "escalation": "director",
    "data": ["data"],
}


def subject(rule: str, team: str, name: str = "") -> Subject:
    return Subject(Instance("lab", rule, team), "unallocated", name)


@pytest.mark.parametrize(
    ("asked", "severity", "told"),
    [
        (subject("unalloc", "n1"), "amber", ["north"]),
        (subject("unalloc", "17", "South One"), "amber", ["south"]),  # a team may be named as people name it
        (subject("cp_unalloc", "n1"), "amber", ["north"]),
        (subject("cp_unalloc", "n1"), "red", ["director", "north"]),
        (subject("unalloc", "*"), "red", ["director"]),
        (subject("unalloc", "?"), "red", ["data"]),  # work that no team answers for
        (subject("unalloc", "west"), "red", ["data"]),
        (subject("unalloc", "service:S", "South One"), "red", ["data"]),  # no team, whatever it is called
        (subject("unalloc", "service:n1"), "red", ["data"]),
    ],
)
def test_who_is_told(asked: Subject, severity: str, told: list[str]) -> None:
    found = Routes.model_validate(BASE).who(asked, severity)  # type: ignore[arg-type]
    assert [w.recipient for w in found] == told
    assert all(w.reason for w in found)


@pytest.mark.parametrize("pattern", ["service:S", "service:South", "service:*"])
def test_a_service_is_routed_by_a_pattern_that_says_so(pattern: str) -> None:
    routes = Routes.model_validate(BASE | {"services": {"north": {"teams": ["n*"]}, "south": {"teams": ["South *", pattern]}}})
    asked = subject("unalloc", "service:S", "South")
    assert [w.recipient for w in routes.who(asked, "red")] == ["south"]
    assert [w.recipient for w in routes.who(subject("unalloc", "n1"), "red")] == ["north"]
    assert [
        w.recipient for w in Routes.model_validate(BASE | {"routes": [{"match": {"teams": ["*"]}, "tell": ["north"]}]}).who(asked, "red")
    ] == ["data"]


def test_nobody_sees_another_services_teams_whatever_the_severity() -> None:
    routes = Routes.model_validate(BASE)
    assert "south" not in routes.ever(subject("unalloc", "n1"))
    assert "north" not in routes.ever(subject("unalloc", "17", "South One"))


def test_a_pattern_for_all_teams_means_neither_the_council_row_nor_work_without_a_team() -> None:
    routes = Routes.model_validate(BASE | {"routes": [{"match": {"teams": ["*"]}, "tell": ["north"]}]})
    assert [[w.recipient for w in routes.who(subject("r", team), "red")] for team in ("n1", "*", "?")] == [["north"], ["data"], ["data"]]


def test_the_head_of_the_service_is_escalated_to_and_else_the_one_for_all() -> None:
    routes = Routes.model_validate(BASE)
    assert routes.chain_of(subject("r", "n1")) == ["head"]
    assert routes.chain_of(subject("r", "17", "South One")) == ["director"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"catch_all": []}, "catch_all"),
        ({"catch_all": ["nobody"]}, "catch_all names 'nobody', which is no recipient"),
        ({"routes": [{"tell": ["nobody"]}]}, "route 1 names 'nobody'"),
        ({"routes": [{"match": {"service": "west"}, "tell": ["north"]}]}, "service 'west', which is not listed"),
        ({"escalation": "nobody"}, "escalation names 'nobody'"),
        ({"escalation": ["director", "nobody"]}, "escalation names 'nobody'"),
        ({"services": {"north": {"teams": ["n*"], "head": ["head", "nobody"]}}, "routes": []}, "service north names 'nobody'"),
        ({"services": {"a": {"teams": ["n*"]}, "b": {"teams": ["n7"]}}, "routes": []}, "team 'n7' belongs to services 'a' and 'b'"),
        ({"routes": [{"match": {}, "tell": ["north"]}, {"match": {"teams": ["x"]}, "tell": ["south"]}]}, "route 2 is never read"),
        ({"routes": [{"match": {"severity": "amber"}, "digest_only": True}]}, "digest names nobody"),
        ({"routes": [{"match": {"severity": "amber"}}]}, "nobody is told"),
        ({"services": {"a": {"teams": ["n1"]}, "b": {"teams": ["n1"]}}, "routes": []}, "belongs to services 'a' and 'b'"),
        ({"recipients": [*BASE["recipients"], {"id": "north", "title": "again", "slack": "C9"}]}, "more than once"),  # type: ignore[misc]
        ({"recipients": [*BASE["recipients"], {"id": "mute", "title": "no address"}]}, "'mute' has no channel"),  # type: ignore[misc]
    ],
)
def test_a_file_that_would_lose_a_message_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Routes.model_validate(BASE | change)
    assert words in str(refused.value)


DIGEST = [
    {"match": {"rules": ["cp_*"]}, "tell": ["director"], "continue": True},
    {"match": {"severity": "amber"}, "digest_only": True},
    {"match": {"service": "north"}, "tell": ["north"]},
]


@pytest.mark.parametrize(
    ("asked", "severity", "told", "by"),
    [
        (subject("unalloc", "n1"), "amber", [], 2),
        (subject("unalloc", "n1"), "red", ["north"], None),
        (subject("cp_unalloc", "n1"), "amber", ["director"], None),  # whom an earlier route has named is told
        (subject("unalloc", "west"), "amber", [], 2),  # and nothing of it goes to catch_all
        (subject("unalloc", "west"), "red", ["data"], None),
    ],
)
def test_what_is_for_the_digest_only_calls_nobody(asked: Subject, severity: str, told: list[str], by: int | None) -> None:
    routes = Routes.model_validate(BASE | {"routes": DIGEST, "digest": ["head"]})
    assert [w.recipient for w in routes.who(asked, severity)] == told  # type: ignore[arg-type]
    assert routes.digest_only(asked, severity) == by  # type: ignore[arg-type]


def test_a_chain_names_everybody_once_in_order() -> None:
    routes = Routes.model_validate(BASE | {"services": {"north": {"teams": ["n*"], "head": ["head", "director", "head"]}}, "routes": []})
    assert routes.chain_of(subject("r", "n1")) == ["head", "director"]
    assert routes.chain_of(subject("r", "x")) == ["director"]
    none = Routes.model_validate(BASE | {"services": {"north": {"teams": ["n*"], "head": None}}, "routes": [], "escalation": None})
    assert none.chain_of(subject("r", "n1")) == []


def test_a_recipient_without_an_address_for_their_channel_is_reached_by_the_fallback() -> None:
    assert channels_of(Recipient(id="x", title="X", email="x@example.org")) == ["email"]


def test_a_reminder_more_often_than_there_is_a_new_figure_is_refused() -> None:
    rule = ThresholdRule(id="r", title="t", measure="m", amber=1, red=2, clear_below=1, repeat_wd=1)
    assert check_manners([rule], every_wd=1) == []
    assert "'r'" in check_manners([rule], every_wd=5)[0]
