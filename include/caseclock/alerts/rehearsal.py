"""The table of messages over a history that is over: who would have been told what, and on which day.

It is the table that sends (`reconcile`, `escalate`, `told_after`): working hours, what waits because it comes and goes, reminders, the
chain of those above. What is simpler than life is in SIMPLER_THAN_LIFE. Edits that call nobody (`refresh`) are left out too.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from caseclock.alerts.fold import Fold
from caseclock.alerts.hours import at_local, local_day
from caseclock.alerts.model import Condition, Instance, Intent, Kind, Observation, State, Told
from caseclock.alerts.reconcile import escalate, reconcile
from caseclock.alerts.scene import Scene, View
from caseclock.alerts.told import told_after
from caseclock.alerts.wanted import Wanted
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import Severity, ThresholdRule

CHANNEL = "rehearsal"
SIMPLER_THAN_LIFE = (
    "the limits are the same over the whole history, also where others were in force",
    "each extract comes in its newest revision, on the morning of its date or of the next working day, and is never held or late",
    "nobody acknowledges or silences anything",
    "everybody has one channel, and it never fails; what data engineers are told is not counted",
)
"""What is simpler here than it was: printed below every answer."""
QUIET_EDITS: frozenset[Kind] = frozenset({"refresh", "hold", "unhold"})


class People(Protocol):
    """Who hears of an alert, as routes.yaml has it."""

    def audience(self, instance: Instance, severity: Severity) -> Sequence[str]:
        """Who is told; nobody when it is for the digest only."""
        ...

    def chain(self, instance: Instance) -> Sequence[str]:
        """Who is told when nobody acts, one after the other."""
        ...


@dataclass(frozen=True)
class Said:
    """One call for the attention of one recipient."""

    day: dt.date
    recipient: str
    kind: Kind
    instance: Instance
    episode: str


def conditions(rule: ThresholdRule, whole: Fold, history: Iterable[Observation]) -> Iterator[Condition]:
    """Where the fold stood after each date that speaks, oldest first, without `run`. `whole`: the fold of the same rule and history."""
    entered = {event.as_of: event for event in whole.events}  # one date makes at most one change
    state: State = "NORMAL"
    severity: Severity | None = None
    episode: str | None = None
    since: dt.date | None = None
    for seen in sorted((o for o in history if o.passed), key=lambda o: o.as_of):
        event = entered.get(seen.as_of)
        if event:
            state = event.to_state
            episode, since = (None, None) if state == "NORMAL" else (event.episode, since or seen.as_of)
        severity = None if state == "NORMAL" else rule.severity_of(seen.value) or severity
        yield Condition(state, severity, seen.value, seen.as_of, 0, episode, since, seen.extract_id)


def rehearse(
    rule: ThresholdRule, instance: Instance, whole: Fold, history: Iterable[Observation], people: People, calendar: WorkingCalendar
) -> list[Said]:
    """Every message about one instance, oldest first. Between two extracts each working day has one round; after the last one none has."""
    if not whole.episodes:
        return []
    coming = {calendar.next_working_day(c.as_of): c for c in conditions(rule, whole, history) if c.as_of}  # of one day the last counts
    days = sorted(coming)
    stage = _Stage(rule, instance, whole, people, calendar)
    for day, until in zip(days, [*days[1:], days[-1]], strict=True):
        stage.comes(coming[day])
        now = day
        while stage.has_to_do and (now == day or now < until):
            stage.round(now)
            now = calendar.due(now, 1)
    return stage.said


def first_heard(
    rule: ThresholdRule, instance: Instance, whole: Fold, history: Iterable[Observation], people: People, calendar: WorkingCalendar
) -> dict[str, dt.date]:
    """Episode to the day on which the first message of `rehearse` about it is heard; without the messages that follow."""
    coming = {calendar.next_working_day(c.as_of): c for c in conditions(rule, whole, history) if c.as_of}
    days, heard = sorted(coming), dict[str, dt.date]()
    stage = _Stage(rule, instance, whole, people, calendar)
    for day, until in zip(days, [*days[1:], days[-1]], strict=True):
        episode, now = coming[day].episode, day
        if episode is None or episode in heard:
            continue
        stage.comes(coming[day])
        while episode not in heard and (now == day or now < until):
            if stage.somebody_hears(now):
                heard[episode] = now
            now = calendar.due(now, 1)
    return heard


class _Stage:
    """What stands, and who has been told what."""

    def __init__(self, rule: ThresholdRule, instance: Instance, whole: Fold, people: People, calendar: WorkingCalendar) -> None:
        self.rule, self.instance, self.whole, self.people, self.calendar = rule, instance, whole, people, calendar
        self.begins = dt.time.fromisoformat(calendar.config.working_hours[0])
        self.spoken = sorted(whole.dates)
        self.fold = Fold()
        self.told: dict[str, Told] = {}
        self.said: list[Said] = []

    def comes(self, now_is: Condition) -> None:
        """The extract of this condition has come: later dates are not known yet."""
        until = str(now_is.as_of)
        known = {start: end for start, end in self.whole.episodes.items() if start <= until}
        episodes = {start: end if end and str(end) <= until else None for start, end in known.items()}
        upto = bisect_right(self.spoken, until)
        stood = {start: upto - bisect_left(self.spoken, start) for start in known}
        self.fold = Fold(now_is, (), episodes, self.whole.dates, stood=stood)

    @property
    def has_to_do(self) -> bool:
        return self.fold.condition.episode is not None or any(told.open for told in self.told.values())

    def scene(self, day: dt.date) -> Scene:
        severity = self.fold.condition.severity
        digest = "" if not severity or self.people.audience(self.instance, severity) else "nobody is called"
        return Scene(self.instance, self.rule, self.fold, at_local(day, self.begins), self.calendar, digest_only=digest)

    def somebody_hears(self, day: dt.date) -> bool:
        """Whether somebody who knows nothing of the alert yet is told on that day."""
        scene = self.scene(day)
        severity = scene.now_is.severity
        audience = self.people.audience(self.instance, severity) if severity else ()
        return any(reconcile(View(scene, name, CHANNEL, None)).intents for name in audience)

    def round(self, day: dt.date) -> None:
        scene = self.scene(day)
        severity, episode = scene.now_is.severity, scene.now_is.episode
        audience = list(self.people.audience(self.instance, severity)) if severity else []
        for name in dict.fromkeys([*audience, *self.told]):
            before = self.told.get(name)
            if before and before.open:
                only_above = before.via == "escalated" and not (before.episode == episode and name in audience)
                self._tell(scene, reconcile(View(scene, name, CHANNEL, before, before.serial, only_above)))
                before = self.told[name]
            if episode and name in audience and not (before and before.open):
                self._tell(scene, reconcile(View(scene, name, CHANNEL, None)))
        chain = self.people.chain(self.instance) if episode and audience else ()
        here = [t for t in self.told.values() if self.fold.stay_of(t.episode) == episode]
        below = [t for t in here if t.open and (t.recipient in audience or t.recipient not in chain)]
        for head in (name for name in chain if name not in audience):
            above = [t for t in here if t.recipient == head]
            self._tell(scene, escalate(scene, head, (CHANNEL,), below, above))
            below = [t for t in above if t.open]

    def _tell(self, scene: Scene, wanted: Wanted) -> None:
        for intent in wanted.intents:
            self.told[intent.recipient] = self._after(intent, scene.now)
            if intent.kind not in QUIET_EDITS:
                self.said.append(Said(local_day(scene.now), intent.recipient, intent.kind, intent.instance, intent.episode))

    def _after(self, intent: Intent, at: dt.datetime) -> Told:
        before = self.told.get(intent.recipient)
        return told_after(
            before if before and before.episode == intent.episode else None,
            recipient=intent.recipient, channel=CHANNEL, instance=intent.instance, episode=intent.episode, kind=intent.kind,
            severity=intent.severity, value=intent.value, at=at, handle={}, conversation="", item={}, via=intent.via,
        )  # fmt: skip
