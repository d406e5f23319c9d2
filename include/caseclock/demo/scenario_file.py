"""The form of a scenario file: rules, recipients, and step by step what happens and what must land. What is not expected is forbidden.

    rules:      id -> desc, amber, red, clear_below, and the manners of thresholds.yaml; or `rules_from: thresholds.yaml`
    recipients: service (team -> recipient), escalation, data
    scenarios:  id, title, use (rules), rules (other limits), channels (recipient -> [email]), steps, final
    step:       at (London), extract | action | tick, limits (from here on), faults (one word per sending), expect

docs/how-to/test-a-rule.md has the whole of it with examples.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from caseclock.alerts.data import Cadence
from caseclock.alerts.model import Kind, State
from caseclock.clocks.calendar import CalendarConfig
from caseclock.config.between import nearest
from caseclock.config.lines import Document, Problem, read
from caseclock.config.load import checked
from caseclock.demo.alert_lab import FAULTS
from caseclock.errors import BadConfig
from caseclock.notifications.model import ChannelName
from caseclock.thresholds import ThresholdRule

Fault = Literal["ok", "lost_before", "lost_after", "rate_limited", "permanent", "bug", "crash_before_send", "crash_after_send"]
Landing = Literal["post", "update", "reply_broadcast", "update+reply", "update+reply_broadcast", "email", "teams", "notify"]
assert set(get_args(Fault)) == set(FAULTS)


class Part(BaseModel):
    """A block of the file: nothing in it may be misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Part):
    """Settings of thresholds.yaml that a scenario or a step says otherwise."""

    desc: str | None = None
    measure: str | None = None
    unit: Literal["cases", "per cent"] | None = None
    direction: Literal["above", "below", "either"] | None = None
    amber: float | None = None
    red: float | None = None
    clear_below: float | None = None
    teams: list[str] | None = None
    for_n: int | None = None
    clear_n: int | None = None
    worsen_pct: float | None = None
    worsen_min: float | None = None
    repeat_wd: int | None = None
    escalate_wd: int | None = None
    quiet_hours: bool | None = None
    min_n: int | None = None

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class RuleSpec(Limits):
    """A rule of its own. `measure`: its id unless it says so; `worsen_min` is 0 unless it says so."""

    desc: str
    amber: float
    red: float
    clear_below: float


class CalendarSpec(Part):
    """Only what caseclock knows: it is written down so that a reader of the file need not guess."""

    region: Literal["england-and-wales"] = "england-and-wales"
    tz: Literal["Europe/London"] = "Europe/London"
    working_window: str = Field(default="08:00-18:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    bank_holidays: Literal["govuk"] = "govuk"

    @property
    def config(self) -> CalendarConfig:
        start, _, end = self.working_window.partition("-")
        return CalendarConfig(working_hours=(start, end))


class People(Part):
    """`service`: team to who is told of it; `escalation`: who is told when nobody acts; `data`: data engineers."""

    service: dict[str, str]
    escalation: str
    data: str

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys([*self.service.values(), self.escalation, self.data]))


class ExtractSpec(Part):
    """An extract that comes. `values`: measure or rule -> team -> figure, each made from `n`; `dq: fail`: quality holds it."""

    as_of: dt.date
    rev: int = Field(default=0, ge=0)
    dq: Literal["pass", "fail"] = "pass"
    source: str = ""
    n: int = Field(default=100, ge=0)
    values: dict[str, dict[str, float | None]] = {}


class ActionSpec(Part):
    """What a person does about `rule/team`, or `rule/team of SOURCE`."""

    ack: bool = False
    silence: bool = False
    unsilence: bool = False
    target: str = Field(pattern=r"^[^/]+/.+$")
    by: str
    reason: str | None = None
    until: dt.datetime | None = None


class ExpectSpec(Part):
    """A message that must land: `mode` is its form in Slack, or the name of another channel."""

    to: str
    mode: Landing
    items: list[str] = Field(min_length=1)

    @field_validator("items")
    @classmethod
    def _known_kinds(cls, items: list[str]) -> list[str]:
        for item in items:
            if item.split()[:1] and item.split()[0] not in get_args(Kind):
                raise ValueError(f"{item.split()[0]!r} is no kind of message; expected {nearest(item.split()[0], get_args(Kind))}")
        return items


class StepSpec(Part):
    at: dt.datetime
    extract: ExtractSpec | None = None
    action: ActionSpec | None = None
    tick: Literal["overdue", "release", "retry", "restart"] | None = None
    limits: dict[str, Limits] = {}
    faults: list[Fault] = []
    expect: list[ExpectSpec] = []


class FinalSpec(Part):
    """`cond`: where an alert stands; `ended`: how its newest episode ended; `max_copies`: of one message; `audit_has`: events."""

    cond: dict[str, State] = {}
    ended: dict[str, Literal["resolved", "retracted", "moved", "limit_changed"]] = {}
    max_copies: int | None = None
    audit_has: list[str] = []


class ScenarioSpec(Part):
    id: str
    title: str
    anchor: str = ""
    use: list[str] = []
    rules: dict[str, Limits] = {}
    channels: dict[str, list[ChannelName]] = {}
    cadence: Cadence = Cadence()
    steps: list[StepSpec] = Field(min_length=1)
    final: FinalSpec = FinalSpec()


class ScenarioFile(Part):
    """The whole of a file. One of `rules` and `rules_from` is needed."""

    version: Literal[1] = 1
    calendar: CalendarSpec = CalendarSpec()
    rules: dict[str, RuleSpec] = {}
    rules_from: str | None = None
    recipients: People
    scenarios: list[ScenarioSpec] = Field(min_length=1)


class Scenarios(BaseModel):
    """A file that was read and checked, with the rules that it takes from elsewhere."""

    model_config = ConfigDict(frozen=True)

    file: Path
    spec: ScenarioFile
    shared: dict[str, ThresholdRule]

    def rules_of(self, scenario: ScenarioSpec) -> list[ThresholdRule]:
        """The rules that a scenario uses: those it names, else the first of the file; of `rules_from` all. Raises ValidationError."""
        used = scenario.use or [*self.spec.rules][:1] or [*self.shared]
        return [self._rule(id, scenario) for id in used]

    def _rule(self, id: str, scenario: ScenarioSpec) -> ThresholdRule:
        other = scenario.rules[id].given() if id in scenario.rules else {}
        if id in self.shared:
            return changed(self.shared[id], other)
        values = {"measure": id, "worsen_min": 0, **self.spec.rules[id].given(), **other}
        return ThresholdRule(id=id, title=values.pop("desc"), **values)


def changed(rule: ThresholdRule, given: dict[str, Any]) -> ThresholdRule:
    """The rule with other settings, checked as a whole. Raises ValidationError."""
    other = dict(given)
    if "desc" in other:
        other["title"] = other.pop("desc")
    return ThresholdRule.model_validate({**rule.model_dump(), **other})


def load(file: Path) -> Scenarios:
    """Raises BadConfig whose text holds every problem with its line."""
    spec, problems = checked(file, ScenarioFile)
    shared: dict[str, ThresholdRule] = {}
    if spec is not None:
        document = read(file)
        if spec.rules_from:
            shared, found = _shared(file, document, spec.rules_from)
            problems += found
        made = Scenarios(file=file, spec=spec, shared=shared)
        if not problems:
            problems += list(_faults(made, document))
        if not problems:
            return made
    text = "\n".join(str(p) for p in problems)
    raise BadConfig(
        f"{len(problems)} problem{'' if len(problems) == 1 else 's'}; no scenario of it was run\n{text}\nPut them right and run it again",
        where=str(file),
    )


def _shared(file: Path, document: Document, name: str) -> tuple[dict[str, ThresholdRule], list[Problem]]:
    at = file.parent / name
    if not at.is_file():
        return {}, [document.problem(("rules_from",), f"there is no file {at}", "a thresholds.yaml, by a path from this file")]
    rules, problems = checked(at, list[ThresholdRule])
    return {rule.id: rule for rule in rules or []}, problems


def _faults(made: Scenarios, document: Document) -> Iterator[Problem]:
    """What each part allows and the whole does not."""
    known = {**made.shared, **made.spec.rules}
    if not known:
        yield document.problem((), "there are no rules", "rules: with at least one, or rules_from: thresholds.yaml")
        return
    ids = [s.id for s in made.spec.scenarios]
    for n, scenario in enumerate(made.spec.scenarios):
        if scenario.id in ids[:n]:
            yield document.problem(("scenarios", n, "id"), f"{scenario.id!r} stands here twice", "an id of its own")
        named: list[tuple[tuple[str | int, ...], str]] = [(("use", k), id) for k, id in enumerate(scenario.use)]
        named += [(("rules", id), id) for id in scenario.rules]
        named += [(("steps", k, "limits", id), id) for k, step in enumerate(scenario.steps) for id in step.limits]
        strange = [(place, id) for place, id in named if id not in known]
        for place, id in strange:
            yield document.problem(("scenarios", n, *place), f"there is no rule {id!r}", nearest(id, known))
        if not strange:
            yield from _of_scenario(made, document, n, scenario)


def _of_scenario(made: Scenarios, document: Document, n: int, scenario: ScenarioSpec) -> Iterator[Problem]:
    here: tuple[str | int, ...] = ("scenarios", n)
    try:
        rules = {rule.id: rule for rule in made.rules_of(scenario)}
    except ValidationError as error:
        yield document.problem((*here, "rules"), _first(error), "limits that fit each other")
        return
    people = made.spec.recipients.names
    for name in scenario.channels:
        if name not in people:
            yield document.problem((*here, "channels", name), f"there is no recipient {name!r}", nearest(name, people))
    for name, targets in (("cond", scenario.final.cond), ("ended", scenario.final.ended)):
        for target in targets:
            yield from _of_target(made, document, (*here, "final", name, target), target)
    figures = {*rules, *(rule.measure for rule in rules.values())}
    for k, step in enumerate(scenario.steps):
        place = (*here, "steps", k)
        if step.action:
            yield from _of_target(made, document, (*place, "action", "target"), step.action.target)
        if step.action and [step.action.ack, step.action.silence, step.action.unsilence].count(True) != 1:
            yield document.problem((*place, "action"), "it does not say what is done", "one of ack, silence, unsilence: true")
        for name in step.extract.values if step.extract else ():
            if name not in figures:
                yield document.problem((*place, "extract", "values", name), "no rule that is used watches this", nearest(name, figures))
        for i, expected in enumerate(step.expect):
            if expected.to not in people:
                yield document.problem((*place, "expect", i, "to"), f"there is no recipient {expected.to!r}", nearest(expected.to, people))
        for id, limits in step.limits.items():
            try:
                rules[id] = changed(rules[id], limits.given())
            except (ValidationError, KeyError) as error:
                what = _first(error) if isinstance(error, ValidationError) else "this scenario does not use the rule"
                yield document.problem((*place, "limits", id), what, "limits that fit each other, of a rule that is used")


def _of_target(made: Scenarios, document: Document, place: tuple[str | int, ...], target: str) -> Iterator[Problem]:
    """A slip in a rule's name would make an alert that is never there, and so one that is always NORMAL."""
    rule = target.partition("/")[0]
    known = {**made.shared, **made.spec.rules}
    if rule not in known:
        yield document.problem(place, f"there is no rule {rule!r}", nearest(rule, known))


def _first(error: ValidationError) -> str:
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
