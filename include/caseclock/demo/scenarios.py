"""Runs scenario files against the real engine and a real store. A scenario fails on what is missing and on what nobody expected."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.alert_lab import Lab, Landed, local, routes_of
from caseclock.demo.scenario_file import ActionSpec, ExtractSpec, FinalSpec, ScenarioFile, Scenarios, ScenarioSpec, StepSpec, changed
from caseclock.notifications.model import Channel

Seen = tuple[str, str, tuple[str, ...]]
"""Recipient, form or channel, and what the message says."""


@dataclass(frozen=True)
class Report:
    """What became of one scenario. `faults`: lines that say at which step what was expected and what landed."""

    id: str
    title: str
    messages: int
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass
class Post:
    """Real channels that end at fakes on 127.0.0.1, and a way to empty them between two scenarios."""

    channels: Mapping[str, Channel]
    now: dt.datetime = field(default_factory=lambda: local("2026-09-01T08:00"))
    emptied: list[list[object]] = field(default_factory=list)

    def empty(self) -> None:
        for kept in self.emptied:
            kept.clear()


@contextmanager
def open_post(file: ScenarioFile) -> Iterator[Post]:
    """The real channels (Slack, mail, Teams, GOV.UK Notify), each with its fake on 127.0.0.1 behind it."""
    from pydantic import SecretStr

    from caseclock.demo.fake_notify import FakeNotify
    from caseclock.demo.fake_slack import FakeSlack
    from caseclock.demo.fake_teams import FakeTeams
    from caseclock.demo.mail_catcher import MailCatcher
    from caseclock.notifications.channels import open_channels
    from caseclock.notifications.channels.notify import NotifyChannel
    from caseclock.settings import NotifySettings, Settings, SlackSettings, SmtpSettings, TeamsSettings

    post = Post({})
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack(clock=lambda: post.now))
        mail = stack.enter_context(MailCatcher(clock=lambda: post.now))
        teams = stack.enter_context(FakeTeams(file.recipients.names, rates=(), clock=lambda: post.now))
        notify = stack.enter_context(FakeNotify(clock=lambda: post.now))
        home = Path(stack.enter_context(TemporaryDirectory()))
        told = NotifySettings(api_key=SecretStr(notify.api_key), template=notify.template, base_url=notify.url)
        opened = open_channels(
            Settings(
                home=home,
                store_url="sqlite://",
                config=home,
                inbox=home,
                slack=SlackSettings(token=SecretStr("xoxb-fake"), base_url=slack.url),
                smtp=SmtpSettings(host=mail.host, port=mail.port, starttls=False),
                teams=TeamsSettings(webhooks=teams.webhooks),
            )
        )
        post.channels = {**opened, "notify": NotifyChannel(told, clock=lambda: post.now)}  # its tokens hold the time
        post.emptied = [slack.messages, mail.mails, teams.posted, notify.sent]  # type: ignore[list-item]
        yield post


def run_file(scenarios: Scenarios, only: frozenset[str] = frozenset(), *, folder: Path | None = None) -> Iterator[Report]:
    """Every scenario of a file (or those of `only`), each on an empty store: a SQLite file below `folder`, and real channels to fakes."""
    with ExitStack() as stack:
        at = folder or Path(stack.enter_context(TemporaryDirectory(prefix="caseclock-")))
        post = stack.enter_context(open_post(scenarios.spec))
        for n, scenario in enumerate(scenarios.spec.scenarios):
            if not only or scenario.id in only:
                yield run(scenarios, scenario, f"sqlite:///{at}/{n}.db", post)


def run(scenarios: Scenarios, scenario: ScenarioSpec, url: str = "sqlite:///:memory:", post: Post | None = None) -> Report:
    """One scenario, up to the first step that does not end as expected. Without `post` a message has landed when it was recorded."""
    spec = scenarios.spec
    lab = Lab(
        scenarios.rules_of(scenario),
        routes_of(spec.recipients.model_dump(), {name: list(told) for name, told in scenario.channels.items()}),
        scenario.cadence,
        url,
        calendar=WorkingCalendar(spec.calendar.config),
        inner=post.channels if post else {},
        lasting=False,
    )
    try:
        faults = _steps(lab, scenario, post) or _at_the_end(lab, scenario.final)
    finally:
        lab.engine.dispose()
        if post:
            post.empty()
    return Report(scenario.id, scenario.title, len(lab.landed), tuple(faults))


def _steps(lab: Lab, scenario: ScenarioSpec, post: Post | None) -> list[str]:
    for number, step in enumerate(scenario.steps, 1):
        lab.now = local(step.at)
        if post:
            post.now = lab.now
        lab.faults[:] = step.faults
        lab.rules = [changed(rule, step.limits[rule.id].given()) if rule.id in step.limits else rule for rule in lab.rules]
        if step.extract:
            _extract(lab, step.extract)
        if step.action:
            _act(lab, step.action)
        wrong = _differences(step, [_seen(message) for message in lab.run()])
        if wrong:
            return [f"step {number}, at {step.at:%Y-%m-%d %H:%M}:", *wrong]
    return []


def _extract(lab: Lab, given: ExtractSpec) -> None:
    measures = {rule.id: rule.measure for rule in lab.rules} | {rule.measure: rule.measure for rule in lab.rules}
    held = "the gate was told to fail" if given.dq == "fail" else None
    values = {measures[name]: figures for name, figures in given.values.items()}
    lab.extract(given.as_of, values, given.rev, held=held, source=given.source, n=given.n)


def _act(lab: Lab, action: ActionSpec) -> None:
    until = local(action.until) if action.until else None
    if action.ack:
        lab.ack(action.target, action.by, until, action.reason or "")
    elif action.silence:
        lab.silence(action.target, action.by, until, action.reason)
    else:
        lab.unsilence(action.target, action.by)


def _seen(message: Landed) -> Seen:
    return message.to, message.mode if message.channel == "slack" else message.channel, tuple(sorted(message.items))


def _differences(step: StepSpec, landed: list[Seen]) -> list[str]:
    expected = Counter((e.to, str(e.mode), tuple(sorted(e.items))) for e in step.expect)
    came = Counter(landed)
    if expected == came:
        return []
    return [*_listed("expected", expected, came), *_listed("landed", came, expected)]


def _listed(title: str, mine: Counter[Seen], others: Counter[Seen]) -> list[str]:
    """Each message of one side; what the other side lacks has a mark."""
    lines = [
        f"    {' ' if others[seen] == count else '!'} to {seen[0]}, {seen[1]}: {'; '.join(seen[2])}"
        + (f" ({count} times)" if count > 1 else "")
        for seen, count in sorted(mine.items())
    ]
    return [f"  {title}:", *(lines or ["      nothing"])]


def _at_the_end(lab: Lab, final: FinalSpec) -> list[str]:
    wrong = [f"  {what}: expected {state}, it is {lab.state(what)}" for what, state in final.cond.items() if lab.state(what) != state]
    wrong += [
        f"  {what}: expected to have ended as {how}, it has as {lab.ended(what)}"
        for what, how in final.ended.items()
        if lab.ended(what) != how
    ]
    missing = sorted(set(final.audit_has) - lab.events())
    wrong += [f"  the audit has no {', '.join(missing)}; it has {', '.join(sorted(lab.events()))}"] if missing else []
    if final.max_copies is not None and lab.copies() > final.max_copies:
        wrong.append(f"  a message landed {lab.copies()} times; expected at most {final.max_copies}")
    return ["at the end:", *wrong] if wrong else []
