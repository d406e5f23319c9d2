"""Real servers for the channels to talk to, and this folder's samples importable under pytest's importlib mode."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.settings import SlackSettings, SmtpSettings

TOKEN = "xoxb-canary-token"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack({"C0NORTH": "north-alerts"}) as running:
        yield running


@pytest.fixture
def channel(slack: FakeSlack) -> SlackChannel:
    return SlackChannel(SlackSettings(token=SecretStr(TOKEN), base_url=slack.url, timeout=2))


@pytest.fixture
def catcher() -> Iterator[MailCatcher]:
    with MailCatcher() as running:
        yield running


@pytest.fixture
def mailer(catcher: MailCatcher) -> EmailChannel:
    return EmailChannel(SmtpSettings(host=catcher.host, port=catcher.port, starttls=False, timeout=5, sender="caseclock@council.example"))
