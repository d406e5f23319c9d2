"""A small made-up council and a house to take its extracts through, with a fake Slack and a real mail server."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from caseclock import pipeline
from caseclock.demo.council import World, extract_tables, make_world, write_extract
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.now import LONDON
from caseclock.settings import Settings, from_environment, shipped_config

from .warm_commands import warm_commands

SMALL = {  # limits that suit a small council
    "unallocated": {"amber": 4, "red": 8, "clear_below": 3},
    "overdue_assessment": {"amber": 1, "red": 6, "clear_below": 1, "for_n": 1},
}
FRIDAYS = [dt.date(2026, 10, 30), dt.date(2026, 11, 6), dt.date(2026, 11, 13), dt.date(2026, 11, 20)]


@pytest.fixture(scope="session")
def world() -> World:
    """About a tenth of a council, in which a team has lost its workers by the last Friday."""
    return make_world(seed=3, scale=0.15, end=FRIDAYS[-1], weeks=8, incident=True)


@pytest.fixture(scope="session")
def fridays(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[dt.date, Path]:
    """One extract per Friday, oldest first."""
    out = tmp_path_factory.mktemp("council")
    return {day: write_extract(extract_tables(world, day), out, "demo", day) for day in FRIDAYS}


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for PATH with a `caseclock` that answers at once."""
    with warm_commands(tmp_path_factory.mktemp("warm")) as folder:
        yield folder


@dataclass
class Town:
    """A house with its channels."""

    settings: Settings
    slack: FakeSlack
    mail: MailCatcher

    def take(self, path: Path, at: dt.datetime | None = None, *, deliver: bool = True, source: str | None = None) -> pipeline.house.Report:
        """One extract through the whole path, on its own date at 17:00 in London unless said otherwise."""
        with pipeline.open_house(self.settings) as house:
            arrival = pipeline.in_order(house, (path,), source, None)[0]
            moment = at or dt.datetime.combine(arrival.as_of, dt.time(17), LONDON)
            return pipeline.run(house, arrival, moment, deliver=deliver)

    def tend(self, at: dt.datetime) -> pipeline.house.Report:
        with pipeline.open_house(self.settings) as house:
            return pipeline.tend(house, at)

    @property
    def said(self) -> list[str]:
        """Everything that anybody can read now, by any channel."""
        return [str(m["text"]) for m in self.slack.messages] + [str(c.mail["Subject"]) for c in self.mail.mails]

    def copies(self) -> dict[str, int]:
        return {**self.slack.copies(), **self.mail.copies()}


def small_configuration(target: Path) -> None:
    """The configuration that ships, with limits for a small council."""
    shutil.copytree(shipped_config(), target)
    file = target / "thresholds.yaml"
    rules = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump([{**rule, **SMALL.get(rule["id"], {})} for rule in rules]), encoding="utf-8")


def open_town(home: Path, slack: FakeSlack, mail: MailCatcher, store_url: str | None = None) -> Town:
    if not (home / "monitoring").exists():
        small_configuration(home / "monitoring")
    env = {
        "CASECLOCK_HOME": str(home),
        "CASECLOCK_SLACK_TOKEN": "xoxb-test",
        "CASECLOCK_SLACK_URL": slack.url,
        "CASECLOCK_SMTP_HOST": "127.0.0.1",
        "CASECLOCK_SMTP_PORT": str(mail.port),
        "CASECLOCK_SMTP_STARTTLS": "false",
    }
    if store_url:
        env["CASECLOCK_STORE_URL"] = store_url
    return Town(from_environment(home, env), slack, mail)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with FakeSlack() as slack, MailCatcher() as mail:
        yield open_town(tmp_path / "home", slack, mail)
