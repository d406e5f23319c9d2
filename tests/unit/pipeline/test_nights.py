"""A round at night, by the real engine: what is urgent and could not be sent is sent, and nothing else wakes anybody."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from caseclock import pipeline
from caseclock.demo.alert_lab import Lab, local
from caseclock.demo.fake_notify import FakeNotify
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.pipeline.house import House
from caseclock.settings import from_environment, shipped_config
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text

MONDAY = dt.date(2026, 9, 7)
URGENT, CALM = "unallocated_cp", "unallocated"


class Town:
    def __init__(self, house: House, slack: FakeSlack, mail: MailCatcher) -> None:
        self.house, self.slack, self.mail = house, slack, mail

    def lab(self, at: dt.datetime) -> Lab:
        made = Lab(self.house.config.thresholds, self.house.config.routes, cadence=None, url=self.house.settings.store_url)
        made.now = at
        return made

    def extract(self, at: dt.datetime, values: dict[str, float], rev: int = 0) -> None:
        """An extract whose alerts are in the outbox, and that nobody has sent."""
        lab = self.lab(at)
        lab.extract(at.date(), {measure: {"NA1": value} for measure, value in values.items()}, rev)
        lab.update()
        lab.engine.dispose()

    def tend(self, at: dt.datetime) -> pipeline.house.Report:
        return pipeline.tend(self.house, at)

    def said(self) -> list[str]:
        return [str(m["text"]).splitlines()[0] for m in self.slack.messages if m["channel"] != "C0DATA"]

    def mails(self) -> list[str]:
        return [str(c.mail["Subject"]) for c in self.mail.mails]


def environment(slack: FakeSlack, mail: MailCatcher) -> dict[str, str]:
    return {
        "CASECLOCK_SMTP_HOST": "127.0.0.1", "CASECLOCK_SMTP_PORT": str(mail.port), "CASECLOCK_SMTP_STARTTLS": "false",
        "CASECLOCK_SLACK_TOKEN": "xoxb-test", "CASECLOCK_SLACK_URL": slack.url,
    }  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with (
        FakeSlack() as slack,
        MailCatcher() as mail,
        pipeline.open_house(from_environment(tmp_path, environment(slack, mail))) as house,
    ):
        yield Town(house, slack, mail)


def at(hour: str, day: int = 0) -> dt.datetime:
    return local(f"{MONDAY + dt.timedelta(days=day)}T{hour}")


def test_an_urgent_message_that_failed_in_the_evening_is_sent_within_minutes_and_once(town: Town) -> None:
    town.extract(at("20:00"), {URGENT: 2})
    town.slack.script("chat.postMessage", *["ratelimited:30"] * 9)
    town.tend(at("20:00"))
    town.slack._scripts.clear()
    assert town.said() == []
    town.tend(at("20:10"))
    town.tend(at("20:20"))
    assert len(town.said()) == 1
    assert set(town.slack.copies().values()) == {1}


@pytest.mark.parametrize("day", [4, 5], ids=["Friday evening", "Saturday"])
def test_it_does_not_wait_for_monday_either(town: Town, day: int) -> None:
    town.extract(at("19:00", day), {URGENT: 2})
    town.slack.script("chat.postMessage", *["ratelimited:30"] * 9)
    town.tend(at("19:00", day))
    town.slack._scripts.clear()
    town.tend(at("19:10", day))
    assert len(town.said()) == 1


def test_what_waits_for_the_morning_is_not_released_at_night_even_if_it_was_already_to_be_sent(town: Town) -> None:
    town.extract(at("17:58"), {CALM: 12})
    town.slack.script("chat.postMessage", *["ratelimited:30"] * 9)
    town.tend(at("17:59"))
    town.slack._scripts.clear()
    before = len(town.mails())
    for hour in ("18:00", "18:10", "22:00", "23:50"):
        town.tend(at(hour))
    assert town.said() == []
    assert len(town.mails()) == before
    town.tend(at("08:00", 1))
    assert len(town.said()) == 1
    assert set(town.slack.copies().values()) == {1}


def test_nobody_is_reminded_or_escalated_to_at_midnight_though_the_rule_is_urgent(town: Town) -> None:
    """An urgent rule has no quiet hours, and a new working day begins at midnight: the reminder is due then, and can wait for 08:00."""
    town.extract(at("10:00"), {URGENT: 2})
    town.tend(at("10:00"))
    told = len(town.said())
    for hour in ("00:00", "00:10", "03:00", "07:50"):
        report = town.tend(at(hour, 1))
        assert (report["messages"], report["outcomes"]) == (0, [])
    assert len(town.said()) == told
    town.tend(at("08:00", 1))
    assert len(town.said()) > told


def test_a_message_that_a_dead_task_has_left_at_night_is_looked_for_and_sent_once(town: Town) -> None:
    town.extract(at("20:00"), {URGENT: 2})
    with town.house.engine.begin() as c:  # the process was killed between its attempt and its sending
        for row in c.execute(t.outbox.select()).mappings().all():
            lease = {"state": "sending", "lease_by": "dead", "lease_until": moment_text(at("20:02"))}
            c.execute(t.outbox.update().where(t.outbox.c.key == row["key"]).values(**lease))
            c.execute(insert(t.attempt).values(key=row["key"], started_at=moment_text(at("20:00"))))
    town.tend(at("20:01"))
    assert town.said() == [], "it may still be alive"
    town.tend(at("20:10"))
    town.tend(at("20:20"))
    assert len(town.said()) == 1
    assert set(town.slack.copies().values()) == {1}


@pytest.mark.parametrize(("measured", "taken_up"), [("20:00", True), ("20:05", False)], ids=["dead", "perhaps still at work"])
def test_an_extract_whose_run_died_before_its_alerts_is_taken_up_at_night(town: Town, measured: str, taken_up: bool) -> None:
    lab = town.lab(at("19:50"))
    lab.extract(MONDAY, {URGENT: {"NA1": 2}, CALM: {"NA1": 12}})
    with lab.engine.begin() as c:
        (extract,) = c.execute(t.extract.select()).mappings().all()
        step = {"extract_id": extract["id"], "step": "compute_measures", "done_at": moment_text(at(measured)), "seconds": 1.0}
        c.execute(insert(t.step_done).values(**step))
    lab.engine.dispose()
    report = town.tend(at("20:16"))
    assert report["sources"] == int(taken_up)
    assert len(town.said()) == int(taken_up), "what is urgent, and nothing beside it"
    town.tend(at("20:26"))
    town.tend(at("20:36"))
    assert len(town.said()) == 1


def test_a_round_that_finds_nothing_writes_nothing_and_costs_little(town: Town) -> None:
    town.extract(at("10:00"), {URGENT: 2, CALM: 12})
    town.tend(at("10:00"))
    with town.house.engine.begin() as c:
        audit = c.execute(t.audit.select()).all()
    calls, began = len(town.slack.calls), time.process_time()
    for minute in range(10):
        town.tend(at(f"21:{minute:02}"))
    took = (time.process_time() - began) / 10
    print(f"a round at night that finds nothing: {1000 * took:.1f} ms of CPU")
    assert took < 0.1
    assert len(town.slack.calls) == calls
    with town.house.engine.begin() as c:
        assert c.execute(t.audit.select()).all() == audit


def test_mails_that_came_back_at_night_are_told_by_the_other_channel_once_with_the_figure_of_now(tmp_path: Path) -> None:
    shutil.copytree(shipped_config(), tmp_path / "monitoring")
    routes = tmp_path / "monitoring" / "routes.yaml"
    by_notify = "notify: north@example.org\n    tell: [notify]\n    fallback: [slack]"
    routes.write_text(routes.read_text("utf-8").replace("tell: [slack, email]", by_notify, 1), encoding="utf-8")
    with FakeNotify() as notify, FakeSlack() as slack, MailCatcher() as mail:
        more = {
            "CASECLOCK_NOTIFY_API_KEY": notify.api_key,
            "CASECLOCK_NOTIFY_TEMPLATE": notify.template,
            "CASECLOCK_NOTIFY_URL": notify.url,
        }
        with pipeline.open_house(from_environment(tmp_path, environment(slack, mail) | more)) as house:
            town = Town(house, slack, mail)
            for minute, value in enumerate((1, 2)):
                town.extract(at(f"20:0{minute}"), {URGENT: value}, minute)
                town.tend(at(f"20:0{minute}"))
            assert len(notify.sent) == 2
            for sent in notify.sent:
                notify.becomes(sent["reference"], "permanent-failure")
            assert town.tend(at("20:10"))["bounced"] == 2
            town.tend(at("20:20"))
            (root,) = slack.roots("C0NORTH")
            assert "2 children on a child protection plan" in root["text"]
            assert slack.replies("C0NORTH", root["ts"]) == []
            (word,) = [m["text"] for m in slack.roots("C0DATA")]
            assert "permanent-failure" in word
