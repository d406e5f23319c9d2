"""What the attacks on the alerting have in common: a council of one service, and real channels that end at fakes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from caseclock.demo.alert_lab import Lab, local, rules_of
from caseclock.demo.fake_notify import FakeNotify
from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.fake_teams import FakeTeams
from caseclock.demo.mail_catcher import MailCatcher
from caseclock.notifications import Recipient
from caseclock.notifications.channels.email import EmailChannel
from caseclock.notifications.channels.notify import NotifyChannel
from caseclock.notifications.channels.slack import SlackChannel
from caseclock.notifications.channels.teams import TeamsChannel
from caseclock.notifications.routes import Match, Route, Routes, Service
from caseclock.settings import NotifySettings, SlackSettings, SmtpSettings, TeamsSettings
from caseclock.storage import schema as t

EVERY_WAY = ("slack", "email", "teams", "notify")
UNALLOC = {"desc": "unallocated cases", "amber": 10, "red": 20, "clear_below": 8}
"""A rule that can wait for the morning."""
URGENT = {
    "desc": "children on a plan without a worker", "amber": 1, "red": 3, "clear_below": 1, "clear_n": 1, "worsen_pct": 100,
    "worsen_min": 1, "repeat_wd": 1, "escalate_wd": 1, "quiet_hours": False,
}  # fmt: skip
"""A rule that cannot, as thresholds.yaml ships it."""

Told = tuple[str, str, str, tuple[str, ...]]
"""Recipient, channel, mode, what it says."""


def reader(id: str, *tell: str, **more: Any) -> Recipient:
    """Somebody who is told by these channels (Slack when none is named) and can be reached by each of the four."""
    mail = f"{id}@example.org"
    reached = {"slack": f"C-{id}", "email": mail, "teams": id, "notify": mail}
    return Recipient(**({"id": id, "title": f"Role {id}", "tell": list(tell) or ["slack"], "fallback": [], **reached} | more))


def routes(
    *readers: Recipient, listed: Sequence[Route] = (), teams: Sequence[str] = ("n*",), head: str | None = None, catch_all: str = "de"
) -> Routes:
    """One service, `north`, whose first reader hears of all its teams unless `listed` says otherwise; `de` are the data engineers."""
    return Routes(
        recipients=[*readers, reader("de")],
        services={"north": Service(teams=list(teams), head=head)},
        routes=list(listed) or [Route(match=Match(service="north"), tell=[readers[0].id])],
        catch_all=[catch_all],
        data=["de"],
    )


def lab_of(told: Routes, rules: Mapping[str, Mapping[str, Any]] | None = None, **more: Any) -> Lab:
    return Lab(rules_of(rules or {"unalloc": UNALLOC, "urgent": URGENT}), told, **({"cadence": None, "lasting": False} | more))


def take(lab: Lab, at: str, figures: Mapping[str, Mapping[str, float | None]] | None = None, **more: Any) -> list[Told]:
    """One run at a London time, with an extract of that date when there are figures. What has landed by it."""
    lab.now = local(at)
    if figures is not None:
        lab.extract(more.pop("day", None) or dt.date.fromisoformat(at[:10]), figures, **more)
    return [(m.to, m.channel, m.mode, m.items) for m in lab.run()]


@dataclass
class Post:
    """Real channels and the fakes at which they end. `moment` is their time."""

    slack: FakeSlack
    mail: MailCatcher
    teams: FakeTeams
    notify: FakeNotify
    channels: dict[str, Any]

    def read_by_anybody(self) -> dict[str, str]:
        """Everything that was sent, by channel, as it went over the line and as its reader sees it."""
        return {
            "slack": repr(self.slack.messages) + repr(self.slack.calls),
            "email": "\n".join(c.mail.as_string() + c.part("plain") + c.part("html") for c in self.mail.mails),
            "teams": b"".join(call.body for call in self.teams.calls).decode(),
            "notify": b"".join(call.body for call in self.notify.calls).decode(),
        }


@contextmanager
def open_post(*names: str, moment: dt.datetime | None = None) -> Iterator[Post]:
    """`names`: of the Teams webhooks."""
    at = moment or local("2026-09-07T09:00")
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack(clock=lambda: at))
        mail = stack.enter_context(MailCatcher())
        teams = stack.enter_context(FakeTeams(names, rates=()))
        notify = stack.enter_context(FakeNotify(clock=lambda: at))
        key = NotifySettings(api_key=SecretStr(notify.api_key), template=notify.template, base_url=notify.url)
        made = {
            "slack": SlackChannel(SlackSettings(token=SecretStr("xoxb-fake"), base_url=slack.url, app_token=SecretStr("xapp-fake"))),
            "email": EmailChannel(SmtpSettings(host=mail.host, port=mail.port, starttls=False)),
            "teams": TeamsChannel(TeamsSettings(webhooks=teams.webhooks)),
            "notify": NotifyChannel(key, clock=lambda: at),
        }
        yield Post(slack, mail, teams, notify, made)


def name_teams(lab: Lab, names: Mapping[str, str]) -> None:
    """What the newest extract calls its teams."""
    with lab.engine.begin() as c:
        c.execute(t.team.delete())
        c.execute(t.team.insert(), [{"source": lab.source, "team": id, "name": name, "as_of": "2026-09-07"} for id, name in names.items()])
