"""The configuration that ships fits the made-up council and sends everything to somebody."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts import Instance
from caseclock.config.load import Config, load
from caseclock.demo.council_people import SERVICES, teams_of
from caseclock.measures import COUNCIL, NO_TEAM
from caseclock.notifications.routes import Subject
from caseclock.settings import shipped_config


@pytest.fixture(scope="module")
def config() -> Config:
    return load(shipped_config())


def told(config: Config, rule: str, team: str, name: str = "", severity: str = "amber") -> list[str]:
    measure = next(t.measure for t in config.thresholds if t.id == rule)
    return [who.recipient for who in config.routes.who(Subject(Instance("demo", rule, team), measure, name), severity)]  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [0.1, 1, 10])
def test_every_team_of_the_council_has_a_manager_who_is_told(config: Config, scale: float) -> None:
    manager = {
        "FRONT": "sm-front-door",
        "NORTH": "sm-north",
        "SOUTH": "sm-south",
        "CARE": "sm-care",
        "DISAB": "sm-disabled",
        "QUALITY": "sm-front-door",
    }
    assert set(manager) == set(SERVICES)
    for team in teams_of(scale):
        assert told(config, "unallocated", team.id, team.name) == [manager[team.service]]


def test_three_children_on_plans_without_a_worker_reach_the_head_at_once(config: Config) -> None:
    assert told(config, "unallocated_cp", "NF1", severity="red") == ["head-of-service", "sm-north"]
    assert told(config, "unallocated_cp", "NF1", severity="amber") == ["sm-north"]


@pytest.mark.parametrize("team", [COUNCIL, NO_TEAM, "a team that came yesterday"])
def test_what_no_service_answers_for_reaches_the_head(config: Config, team: str) -> None:
    assert "head-of-service" in told(config, "unallocated", team)


def test_service_managers_get_slack_and_mail(config: Config) -> None:
    for recipient in config.routes.recipients:
        if recipient.id.startswith("sm-"):
            assert recipient.tell == ["slack", "email"]


def test_addresses_are_of_the_domain_that_is_kept_for_examples(config: Config) -> None:
    assert all(r.email is None or r.email.endswith("@example.org") for r in config.routes.recipients)


def test_a_protected_child_without_a_worker_is_urgent(config: Config) -> None:
    rule = next(t for t in config.thresholds if t.id == "unallocated_cp")
    assert (rule.amber, rule.red, rule.quiet_hours, rule.repeat_wd, rule.escalate_wd) == (1, 3, False, 1, 1)
    assert [t.id for t in config.thresholds if not t.quiet_hours] == ["unallocated_cp"]


def test_the_calendar_reaches_some_years_ahead(config: Config) -> None:
    assert config.calendar.last_year >= dt.date(2026, 11, 20).year + 3
