"""The deliverer dies, or cannot send: data engineers hear of it from the next round that runs, and a command tells it any time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from caseclock import pipeline
from caseclock.cli import cli
from caseclock.demo.alert_lab import Lab, local
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.pipeline.heartbeat import delivery_health, last_round
from caseclock.pipeline.house import House
from caseclock.settings import Settings, from_environment
from caseclock.storage import schema as t

MONDAY = dt.date(2026, 9, 7)
TEN = local("2026-09-07T10:00")


def settings(home: Path, slack: FakeSlack | None, mail: MailCatcher, **more: str) -> Settings:
    env = {"CASECLOCK_SMTP_HOST": "127.0.0.1", "CASECLOCK_SMTP_PORT": str(mail.port), "CASECLOCK_SMTP_STARTTLS": "false", **more}
    if slack:
        env |= {"CASECLOCK_SLACK_TOKEN": "xoxb-test", "CASECLOCK_SLACK_URL": slack.url}
    return from_environment(home, env)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as made:
        yield made


@pytest.fixture
def mail() -> Iterator[MailCatcher]:
    with MailCatcher() as made:
        yield made


def breach(house: House, at: dt.datetime, value: float = 12) -> None:
    """An extract whose alert is in the outbox, and that nobody has sent."""
    lab = Lab(house.config.thresholds, house.config.routes, cadence=None, url=house.settings.store_url)
    lab.now = at
    lab.extract(at.date(), {"unallocated": {"NA1": value}})
    lab.update()
    lab.engine.dispose()


def told_engineers(slack: FakeSlack) -> list[str]:
    return [m["text"] for m in slack.roots("C0DATA") if "due for more than" in m["text"]]


def test_a_round_leaves_its_heartbeat(tmp_path: Path, slack: FakeSlack, mail: MailCatcher) -> None:
    with pipeline.open_house(settings(tmp_path, slack, mail)) as house:
        assert last_round(house) is None
        pipeline.tend(house, TEN)
        assert last_round(house) == TEN
        (tmp_path / "heartbeat" / "delivery").write_text("nonsense")
        assert last_round(house) is None
        assert list((tmp_path / "heartbeat").iterdir()) == [tmp_path / "heartbeat" / "delivery"]


def test_data_engineers_hear_once_that_the_deliverer_had_stopped(tmp_path: Path, slack: FakeSlack, mail: MailCatcher) -> None:
    with pipeline.open_house(settings(tmp_path, slack, mail)) as house:
        pipeline.tend(house, TEN)
        breach(house, TEN)
        later = TEN + dt.timedelta(hours=2)
        assert not delivery_health(house, later).well
        pipeline.tend(house, later)
        assert len(told_engineers(slack)) == 1
        assert "2 messages due for more than 30 minutes" in told_engineers(slack)[0]  # the manager is told by two channels
        assert delivery_health(house, later).well
        pipeline.tend(house, later + dt.timedelta(minutes=5))
        assert len(told_engineers(slack)) == 1
        assert set(slack.copies().values()) == {1}


def test_rounds_that_run_in_time_say_nothing(tmp_path: Path, slack: FakeSlack, mail: MailCatcher) -> None:
    with pipeline.open_house(settings(tmp_path, slack, mail)) as house:
        pipeline.tend(house, TEN)
        breach(house, TEN)
        pipeline.tend(house, TEN + dt.timedelta(minutes=5))
        assert told_engineers(slack) == []
        assert slack.roots("C0NORTH")


def test_before_the_first_round_of_all_nobody_is_told(tmp_path: Path, slack: FakeSlack, mail: MailCatcher) -> None:
    with pipeline.open_house(settings(tmp_path, slack, mail)) as house:
        breach(house, TEN)
        pipeline.tend(house, TEN + dt.timedelta(hours=5))
        assert told_engineers(slack) == []


def test_what_waits_for_a_channel_that_is_not_set_up_is_told_by_one_that_is(tmp_path: Path, mail: MailCatcher) -> None:
    with pipeline.open_house(settings(tmp_path, None, mail)) as house:
        pipeline.tend(house, TEN)
        breach(house, TEN)
        pipeline.tend(house, TEN + dt.timedelta(minutes=5))
        pipeline.tend(house, TEN + dt.timedelta(minutes=40))
        pipeline.tend(house, TEN + dt.timedelta(minutes=45))
        words = [str(c.mail["Subject"]) for c in mail.mails if "data-engineers" in str(c.mail["To"])]
        assert len(words) == 1
        assert "due for more than 30 minutes" in words[0]
        found = delivery_health(house, TEN + dt.timedelta(minutes=45))
        assert "slack: 1 recipient; slack is not configured; the message waits" in found.lines
        assert set(mail.copies().values()) == {1}


def test_the_command_says_whether_all_is_well_and_its_exit_code_too(
    tmp_path: Path, slack: FakeSlack, mail: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pipeline.open_house(settings(tmp_path, slack, mail)) as house:
        pipeline.tend(house, TEN)
        done = CliRunner().invoke(cli, ["alerts", "health", "--home", str(tmp_path)])
        assert (done.exit_code, done.output) == (
            0, "well: 0 messages wait, none for too long. Last round finished: Mon 7 September 2026, 10:00.\n"
        )  # fmt: skip
        breach(house, TEN)  # due since long ago, by the wall clock
        done = CliRunner().invoke(cli, ["alerts", "health", "--home", str(tmp_path), "--json"])
        assert done.exit_code == 1
        assert '"well": false' in done.output
        assert '"stuck": 2' in done.output
        with house.engine.begin() as c:
            assert c.execute(select(t.outbox.c.state).distinct()).scalars().all() == ["pending"], "looking sends nothing"
