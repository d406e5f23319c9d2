"""What an installation says in `CASECLOCK_*` variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseclock.errors import WrongUse
from caseclock.settings import from_environment

SECRET = "marked-canary-secret"


def test_without_variables_all_lies_below_home_and_no_channel_is_open(tmp_path: Path) -> None:
    found = from_environment(tmp_path, {})
    assert (found.store_url, found.inbox) == (f"sqlite:///{tmp_path / 'caseclock.db'}", tmp_path / "inbox")
    assert (found.slack, found.smtp, found.teams, found.notify, found.ping_url) == (None,) * 5
    assert (found.quarantine_seconds, found.settle_seconds, found.keep_days, found.keep_raw_days) == (25.0, 1.0, 400, 60)


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """As docker compose hands over what stands in no .env file."""
    names = ("SLACK_URL", "SLACK_APP_TOKEN", "SMTP_PORT", "SMTP_USER", "SMTP_STARTTLS", "KEEP_DAYS", "STORE_URL", "CONFIG", "PAGE_URL")
    names += ("TEAMS_NORTH", "TEAMS_WEBHOOKS", "NOTIFY_API_KEY", "NOTIFY_TEMPLATE", "NOTIFY_URL", "PING_URL", "QUARANTINE_SECONDS")
    channels = {"CASECLOCK_SLACK_TOKEN": SECRET, "CASECLOCK_SMTP_HOST": "mail"}
    assert from_environment(tmp_path, channels | {f"CASECLOCK_{name}": "" for name in names}) == from_environment(tmp_path, channels)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SMTP_PORT", "smtp", "a whole number from 1. Correct it, or unset it for 587."),
        ("SMTP_PORT", "0", "a whole number from 1. Correct it, or unset it for 587."),
        ("KEEP_DAYS", "0", "a whole number from 1. Correct it, or unset it for 400."),
        ("KEEP_RAW_DAYS", "1.5", "a whole number from 1. Correct it, or unset it for 60."),
        ("QUARANTINE_SECONDS", "-1", "a number from 0. Correct it, or unset it for 25."),
        ("SETTLE_SECONDS", "nan", "a number from 0. Correct it, or unset it for 1."),
        ("SETTLE_SECONDS", "inf", "a number from 0. Correct it, or unset it for 1."),
    ],
)
def test_a_number_that_is_none_or_too_small_is_named(tmp_path: Path, name: str, value: str, expected: str) -> None:
    with pytest.raises(WrongUse) as refused:
        from_environment(tmp_path, {"CASECLOCK_SMTP_HOST": "mail", f"CASECLOCK_{name}": value})
    assert str(refused.value) == f"CASECLOCK_{name}: it cannot be used; expected {expected}"


def test_webhooks_of_teams_come_together_or_one_by_one(tmp_path: Path) -> None:
    env = {"CASECLOCK_TEAMS_WEBHOOKS": '{"Head of service": "https://a.example/1"}', "CASECLOCK_TEAMS_NORTH": "https://a.example/2"}
    found = from_environment(tmp_path, env).teams
    assert found is not None
    assert {name: hook.get_secret_value() for name, hook in found.webhooks.items()} == {
        "Head of service": "https://a.example/1", "north": "https://a.example/2",
    }  # fmt: skip


@pytest.mark.parametrize("text", [SECRET, "[]", f'["{SECRET}"]', f'{{"north": ["{SECRET}"]}}', '{"north": ""}'])
def test_what_is_no_list_of_webhooks_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongUse, match="CASECLOCK_TEAMS_WEBHOOKS: this is no list of Teams webhooks") as refused:
        from_environment(tmp_path, {"CASECLOCK_TEAMS_WEBHOOKS": text})
    assert SECRET not in str(refused.value)


def test_notify_needs_a_template(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="CASECLOCK_NOTIFY_TEMPLATE: it is not set, and CASECLOCK_NOTIFY_API_KEY is") as refused:
        from_environment(tmp_path, {"CASECLOCK_NOTIFY_API_KEY": SECRET})
    assert SECRET not in str(refused.value)
    found = from_environment(tmp_path, {"CASECLOCK_NOTIFY_API_KEY": SECRET, "CASECLOCK_NOTIFY_TEMPLATE": "t1"})
    assert found.notify is not None
    assert found.notify.base_url == "https://api.notifications.service.gov.uk"
    assert SECRET not in repr(found)
