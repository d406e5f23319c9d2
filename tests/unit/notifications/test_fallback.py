"""A Slack that fails for good, against the fake Slack and a real mail server: the mail comes instead, the audit says so, and a Slack that
has recovered repeats nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from caseclock.demo.alert_lab import Lab, local, routes_of, rules_of
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.deliver import deliver
from caseclock.settings import SlackSettings, SmtpSettings
from caseclock.storage import schema as t
from caseclock.storage.outbox import SqlDelivery

SPEC = {"unalloc": {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8, "clear_n": 1}}
PEOPLE = {"service": {"north": "sm"}, "escalation": "head", "data": "data"}
MONDAY = dt.date(2026, 9, 7)


@dataclass
class Town:
    lab: Lab
    slack: FakeSlack
    mail: MailCatcher

    def day(self, n: int, value: float) -> None:
        """One extract, one run of the engine, one round of the deliverer."""
        self.lab.now = local(f"{MONDAY + dt.timedelta(n)}T08:30")
        self.lab.extract(self.lab.now.date(), {"unalloc": {"north": value}})
        self.round()

    def round(self, minutes: int = 0) -> None:
        self.lab.now += dt.timedelta(minutes=minutes)
        self.lab.update()
        to_slack = SlackChannel(SlackSettings(token=SecretStr("xoxb-test"), base_url=self.slack.url))
        to_mail = EmailChannel(SmtpSettings(host="127.0.0.1", port=self.mail.port, starttls=False))
        deliver(SqlDelivery(self.lab.engine), {"slack": to_slack, "email": to_mail}, self.lab.routes, lambda: self.lab.now)

    def sent(self, recipient: str) -> list[tuple[str, str]]:
        """Channel and kind of everything that a recipient was sent, in order; edits that call nobody are left out."""
        rows = [r for r in self.lab.table(t.outbox) if r["recipient"] == recipient and r["state"] == "sent" and r["mode"] != "update"]
        return [(r["channel"], line["kind"]) for r in sorted(rows, key=lambda r: str(r["done_at"])) for line in r["payload"]["lines"]]

    def audit(self, event: str) -> list[str]:
        return [f"{r['detail']['channel']} {r['reason']}" for r in self.lab.table(t.audit) if r["event"] == event and "key" in r["detail"]]


@pytest.fixture
def town() -> Iterator[Town]:
    lab = Lab(rules_of(SPEC), routes_of(PEOPLE), cadence=None)
    with FakeSlack(clock=lambda: lab.now) as slack, MailCatcher() as mail:
        yield Town(lab, slack, mail)


def test_what_slack_refuses_for_good_comes_by_mail_and_a_slack_that_has_recovered_does_not_repeat_it(town: Town) -> None:
    town.slack.script("chat.postMessage", "error:channel_not_found")
    town.day(0, 12)
    assert town.sent("sm") == [("email", "fire")]
    assert town.sent("data") == [("slack", "delivery_failed")]
    assert [line for line in town.audit("failed") if line.startswith("slack") and "channel_not_found" in line]
    assert [line for line in town.audit("sent") if line.startswith("email")]
    for _ in range(3):  # Slack is well again
        town.round(minutes=30)
    assert town.sent("sm") == [("email", "fire")]
    town.day(1, 25)
    town.day(2, 3)
    assert town.sent("sm") == [("email", "fire"), ("email", "worsened"), ("email", "resolved")]
    assert town.slack.roots("C-sm") == []
    town.day(3, 14)
    assert town.sent("sm")[3:] == [("slack", "fire")], "the next alert goes by Slack again, and by Slack alone"
    assert set(town.slack.copies().values()) == {1}
    assert set(town.mail.copies().values()) == {1}


def test_a_slack_that_is_down_for_hours_is_given_up_once_and_mail_comes_once(town: Town) -> None:
    town.slack.script("chat.postMessage", *["ratelimited:0"] * 60)
    town.day(0, 12)
    for _ in range(12):
        town.round(minutes=61)
        if town.mail.mails:
            break
    assert town.sent("sm") == [("email", "fire")]
    assert any("given up after 8 tries" in line for line in town.audit("failed"))
    town.slack._scripts.clear()
    for _ in range(3):
        town.round(minutes=61)
    assert town.sent("sm") == [("email", "fire")]
    assert town.slack.roots("C-sm") == []


def test_a_failing_answer_about_one_that_has_arrived_is_looked_for_and_no_mail_comes(town: Town) -> None:
    town.slack.script("chat.postMessage", "lost_after")
    town.day(0, 12)
    town.round(minutes=5)
    assert len(town.slack.roots("C-sm")) == 1
    assert town.sent("sm") == [("slack", "fire")]
    assert town.mail.mails == []
    assert town.audit("adopted")
