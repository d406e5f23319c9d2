"""What the demo stands on: its folder, its configuration, the made-up council with its history, fake Slack and mail catcher."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from caseclock import now as clock
from caseclock import pipeline
from caseclock.demo.airflow_home import Ports
from caseclock.demo.council import generate
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.demo.postbox import Postbox, serve_postbox
from caseclock.demo.processes import port_is_free
from caseclock.digest.week import cut_off, week_of
from caseclock.errors import CaseclockError
from caseclock.notifications.routes import Routes
from caseclock.settings import Settings, from_environment, shipped_config

WEEKS, DAYS = 61, 10  # weekly extracts of more than a year, then daily ones; the last daily one is what arrives "today"
TOLD_FROM = 9  # of the history, people are told of the daily extracts; before that the council had no caseclock
MARK = "made-by-caseclock-demo"
TOKEN = "xoxb-demo"
POSTBOX = ("CASECLOCK_POSTBOX_PORT", 8090)


@dataclass
class Moment:
    """What time the demo takes it to be: that of the history while it is loaded, then the real one."""

    at: dt.datetime | None = None

    def __call__(self) -> dt.datetime:
        return self.at or clock.now()


@dataclass
class Stage:
    """Everything that runs in this process. `today`: the extract that is still to arrive."""

    folder: Path
    settings: Settings
    slack: FakeSlack
    mail: MailCatcher
    postbox: Postbox
    routes: Routes
    history: list[Path] = field(default_factory=list)
    today: Path = Path()
    moment: Moment = field(default_factory=Moment)

    @property
    def environment(self) -> dict[str, str]:
        """The same for other processes."""
        return _environment(self.folder, self.slack.url, self.mail.port)


@contextmanager
def set_up(folder: Path, *, scale: float, seed: int, tell: Callable[[str], None], weeks: int = WEEKS) -> Iterator[Stage]:
    """A fresh stage in `folder`, with so many weekly extracts of history; what an earlier demo left there is removed.

    Raises CaseclockError when a port is taken.
    """
    port = int(os.environ.get(POSTBOX[0]) or POSTBOX[1])
    if not port_is_free(port):
        raise CaseclockError(
            f"port {port} of 127.0.0.1 is taken", where="postbox", todo=f"End what uses it, or set {POSTBOX[0]} to a free port."
        )
    _clear(folder)
    home = folder / "home"
    _own_configuration(home / "monitoring")
    today = clock.now().astimezone(clock.LONDON).date()
    tell("making up a council: its children, workers and teams, and the extracts of more than a year")
    extracts = generate(
        folder / "extracts", scale=scale, weeks=weeks, days=DAYS, seed=seed, as_of=_last_working_day(home, today), incident=True
    )
    moment = Moment()
    with ExitStack() as stack:
        with pipeline.open_house(from_environment(home, {})) as house:
            routes = house.config.routes
        names = {r.slack: r.id for r in routes.recipients if r.slack}
        slack = stack.enter_context(FakeSlack(names, clock=moment, store=folder / "slack.jsonl"))
        mail = stack.enter_context(MailCatcher(clock=moment, folder=folder / "mail"))
        readers = {address: r.title for r in routes.recipients for address in (r.slack, r.email) if address}
        box = serve_postbox(slack, mail, port, readers)
        stack.callback(box.close)
        settings = from_environment(home, _environment(folder, slack.url, mail.port))
        settings.inbox.mkdir(parents=True)
        yield Stage(folder, settings, slack, mail, box, routes, extracts[:-1], extracts[-1], moment)


def load_history(stage: Stage, progress: Callable[[list[pipeline.Arrival]], Any]) -> None:
    """Takes the history through the library: the weekly extracts silently, people are told of what the daily ones show, and each week that
    ends among these has its digest on the morning after."""
    with pipeline.open_house(stage.settings) as house:
        arrivals = pipeline.in_order(house, tuple(stage.history), None, None)
        week = None
        for n, arrival in enumerate(progress(arrivals)):
            if n < len(arrivals) - TOLD_FROM:
                stage.moment.at = _after_work(arrival.as_of)
                pipeline.take_history(house, arrival, stage.moment())
                continue
            if week and week_of(arrival.as_of) != week:
                stage.moment.at = cut_off(week, house.calendar)
                pipeline.send_digest(house, stage.moment())
            week, stage.moment.at = week_of(arrival.as_of), _after_work(arrival.as_of)
            pipeline.run(house, arrival, stage.moment())
    stage.moment.at = None


def _after_work(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(17, 30), clock.LONDON)


def _environment(folder: Path, slack_url: str, mail_port: int) -> dict[str, str]:
    return {
        "CASECLOCK_HOME": str(folder / "home"),
        "CASECLOCK_PAGE_URL": f"http://127.0.0.1:{Ports.from_environment(os.environ).api}",
        "CASECLOCK_SLACK_TOKEN": TOKEN,
        "CASECLOCK_SLACK_URL": slack_url,
        "CASECLOCK_SMTP_HOST": "127.0.0.1",
        "CASECLOCK_SMTP_PORT": str(mail_port),
        "CASECLOCK_SMTP_STARTTLS": "false",
        "CASECLOCK_SMTP_FROM": "caseclock@example.org",
        "NO_PROXY": "127.0.0.1,localhost",  # slack-sdk would send even this address through a proxy of the environment
    }


def _last_working_day(home: Path, today: dt.date) -> dt.date:
    with pipeline.open_house(from_environment(home, {})) as house:
        while not house.calendar.is_working_day(today):
            today -= dt.timedelta(days=1)
    return today


def _own_configuration(target: Path) -> None:
    """The configuration that ships, with two changes: a demo is looked at at any hour, so nothing waits for working hours; and Airflow's
    user `north` is a service manager."""
    shutil.copytree(shipped_config(), target)
    file = target / "thresholds.yaml"
    rules: list[Mapping[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump([{**rule, "quiet_hours": False} for rule in rules], sort_keys=False), encoding="utf-8")
    routes = yaml.safe_load((target / "routes.yaml").read_text(encoding="utf-8"))
    routes["services"]["north"]["people"] = ["north"]
    (target / "routes.yaml").write_text(yaml.safe_dump(routes, sort_keys=False), encoding="utf-8")


def _clear(folder: Path) -> None:
    if folder.exists():
        if not (folder / MARK).exists() and any(folder.iterdir()):
            raise CaseclockError("this folder is not empty and was not made by the demo", where=str(folder), todo="Give another --folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
