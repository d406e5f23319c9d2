"""Everything that is to be told now, to whom and by which channel. Pure: what is known goes in, what is wanted comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from caseclock.alerts.data import DataState, ExtractDay
from caseclock.alerts.data_alerts import missing_scope, reconcile_data
from caseclock.alerts.fold import Fold
from caseclock.alerts.handling import standing
from caseclock.alerts.hours import in_hours
from caseclock.alerts.model import Handling, Instance, Intent, Observation, Suppressed, Told
from caseclock.alerts.reconcile import MODES, Wanted, escalate, intent_of, reconcile
from caseclock.alerts.scene import Scene, View
from caseclock.alerts.told import EFFECTS
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.measures.model import SERVICE
from caseclock.notifications.outbox import Identity, Line, Row
from caseclock.notifications.routes import Routes, Subject, channels_of
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure, why_silent

Watched = Mapping[Instance, tuple[ThresholdRule, list[Observation]]]


@dataclass(frozen=True)
class Figure:
    """One measure value as the store has it."""

    as_of: dt.date
    extract_id: str
    measure: str
    team: str
    value: float | None
    n: int


@dataclass(frozen=True)
class History:
    """The newest revision of each extract date of one source, and the figures of those dates that speak."""

    days: Sequence[ExtractDay] = ()
    figures: Sequence[Figure] = ()


@dataclass(frozen=True)
class Known:
    """All that a run knows. `failed`: per recipient and channel, what could not be sent there for good, and why."""

    source: str
    routes: Routes
    calendar: WorkingCalendar
    now: dt.datetime
    data: DataState
    history: History
    seen: Watched
    folds: Mapping[Instance, Fold]
    names: dict[str, str]
    told: Sequence[Told]
    deeds: Sequence[Handling] = ()
    failed: Mapping[tuple[str, str], Mapping[Identity, str]] = field(default_factory=dict)

    def still_open(self, line: Line) -> bool:
        """Whether the alert that a line is about has not ended."""
        outcome = self.folds.get(line.instance)
        return bool(outcome and outcome.condition.episode and outcome.stay_of(line.episode) == outcome.condition.episode)

    @cached_property
    def told_of(self) -> dict[Instance, list[Told]]:
        made: dict[Instance, list[Told]] = {}
        for told in self.told:
            made.setdefault(told.instance, []).append(told)
        return made

    @cached_property
    def newest(self) -> dict[tuple[str, str], Figure]:
        """The figures of the newest date that speaks, by measure and team."""
        return {(f.measure, f.team): f for f in self.history.figures if f.as_of == self.data.latest}

    @cached_property
    def teams(self) -> set[str]:
        return {team for _, team in self.newest}


def observations(source: str, rules: Sequence[ThresholdRule], figures: Iterable[Figure], told: Iterable[Told] = ()) -> Watched:
    """Per rule and team what the extracts say, in the order of the rules. Values that do not speak are left out.

    What somebody was `told` of is there even when no figure speaks of it any more.
    """
    watching = by_measure(rules)
    made: dict[Instance, tuple[ThresholdRule, list[Observation]]] = {}
    listening: dict[tuple[str, str], list[tuple[ThresholdRule, list[Observation]]]] = {}
    for figure in figures:
        place = (figure.measure, figure.team)
        if place not in listening:
            chosen = [rule for rule in watching.get(figure.measure, ()) if applies_to(rule, figure.team)]
            listening[place] = [made.setdefault(Instance(source, rule.id, figure.team), (rule, [])) for rule in chosen]
        for rule, observed in listening[place]:
            if figure.value is not None and why_silent(rule, figure.value, figure.n) is None:
                observed.append(Observation(figure.as_of, figure.value, figure.n, True, figure.extract_id))
    order = {rule.id: n for n, rule in enumerate(rules)}
    for known in told:
        if known.open and known.instance.rule in order:
            made.setdefault(known.instance, (rules[order[known.instance.rule]], []))
    return dict(sorted(made.items(), key=lambda entry: (order[entry[0].rule], entry[0].team)))


def failures(rows: Iterable[Row]) -> dict[tuple[str, str], dict[Identity, str]]:
    made: dict[tuple[str, str], dict[Identity, str]] = {}
    for row in rows:
        if row.state == "failed":
            made.setdefault(row.lane, {}).update({line.identity: row.reason for line in row.lines})
    return made


def desired(known: Known) -> Wanted:
    """Data engineers first: what they are told explains why others hear nothing."""
    wanted = _about_data(known)
    wanted += _no_longer_watched(known)
    for instance, outcome in known.folds.items():
        if outcome.condition.episode or any(t.open for t in known.told_of.get(instance, ())):
            wanted += _about(known, instance)
    return wanted


def _about_data(known: Known) -> Wanted:
    wanted = Wanted()
    arrived = max((d.as_of for d in known.history.days), default=None)
    missing = _missing_teams(known) if known.data.silent_because is None else {}
    for name in known.routes.data:
        recipient = known.routes.recipient(name)
        for channel in channels_of(recipient) if recipient else ():
            mine = [t for t in known.told if (t.recipient, t.channel) == (name, channel)]
            wanted += reconcile_data(known.source, known.data, arrived, name, channel, mine)
            wanted += missing_scope(known.source, missing, arrived, name, channel, mine)
    return _diverted(known, wanted)


def _no_longer_watched(known: Known) -> Wanted:
    """Who was told of an alert whose rule has left thresholds.yaml is told that nobody watches it any more."""
    wanted = Wanted()
    gone = [t for t in known.told if t.open and t.instance not in known.folds and t.instance.rule not in EFFECTS]
    for told in gone if in_hours(known.calendar, known.now) else ():
        if known.routes.recipient(told.recipient) is not None:
            wanted.intents.append(
                Intent(
                    told.recipient, "limit_changed", told.instance, told.episode, MODES["limit_changed"],
                    "this rule is no longer in force, so nobody will be told of it again", was=told.value, channel=told.channel,
                    serial=told.serial, handle=told.handle, via=told.via,
                )
            )  # fmt: skip
    return _diverted(known, wanted)


def _missing_teams(known: Known) -> dict[str, dt.date]:
    """Teams with an open alert that the newest extract does not hold at all, and when they were last seen."""
    found: dict[str, dt.date] = {}
    for instance, outcome in known.folds.items():
        last = outcome.condition.as_of
        if outcome.condition.episode and last and instance.team not in known.teams:
            found[instance.team] = max(found.get(instance.team, last), last)
    return found


def _scene(known: Known, instance: Instance) -> Scene:
    rule, outcome = known.seen[instance][0], known.folds[instance]
    last, latest = outcome.condition.as_of, known.data.latest
    silent = known.data.silent_because
    if silent is None and latest and (last is None or last < latest):
        figure = known.newest.get((rule.measure, instance.team))
        absent = "not all of its teams are in it" if instance.team.startswith(SERVICE) else "this team is not in it"
        why = why_silent(rule, figure.value, figure.n) if figure else absent
        silent = f"the extract of {latest} has no figure for it: {why}"
    deeds = [d for d in known.deeds if d.instance == instance]
    return Scene(
        instance,
        rule,
        outcome,
        known.now,
        known.calendar,
        silent,
        standing(deeds, outcome, known.now),
        known.data.released is not None,
        known.data.taken_back,
    )


def _about(known: Known, instance: Instance) -> Wanted:
    """First those whom routes.yaml names, by their own channels; then conversations that are open elsewhere; then the head."""
    scene, told = _scene(known, instance), known.told_of.get(instance, [])
    subject = Subject(instance, scene.rule.measure, known.names.get(instance.team, ""))
    severity = scene.now_is.severity
    audience = [who.recipient for who in known.routes.who(subject, severity)] if severity else []
    first: list[tuple[str, str]] = [(name, channel) for name in audience for channel in channels_of(known.routes.known(name))]
    wanted = Wanted()
    for lane in first:
        wanted += _for_lane(scene, lane, told, closing_only=False)
    stuck = {i.recipient for i in wanted.intents if _blocked(known, i)}
    wanted = _diverted(known, wanted)
    ever = known.routes.ever(subject)
    for lane in dict.fromkeys((t.recipient, t.channel) for t in told if t.open):
        if lane in first:
            continue
        if known.routes.recipient(lane[0]) is None:
            gone = "this recipient is no longer in routes.yaml"
            wanted.suppressed += [Suppressed(*lane, instance, t.episode, gone) for t in told if t.open and (t.recipient, t.channel) == lane]
            continue
        by_fallback = any(t.via == "fallback" for t in told if (t.recipient, t.channel) == lane and t.open)
        only = lane[0] not in ever or (by_fallback and lane[0] in audience and lane[0] not in stuck)
        wanted += _diverted(known, _for_lane(scene, lane, told, closing_only=only))
    return _with_head(known, wanted, scene, subject, audience)


def _for_lane(scene: Scene, lane: tuple[str, str], told: Sequence[Told], *, closing_only: bool) -> Wanted:
    """The newest open conversation carries on with the open episode; any older one is closed."""
    wanted = Wanted()
    episode = scene.now_is.episode
    mine = [t for t in told if (t.recipient, t.channel) == lane]
    still_open = sorted((t for t in mine if t.open), key=lambda t: t.first_at)
    current = [t for t in still_open if episode and scene.fold.stay_of(t.episode) == episode]
    for old in still_open:
        view = View(scene, *lane, old, old.serial, closing_only or old.via == "escalated")
        if old not in current:
            wanted += reconcile(view)
        elif old is not current[-1]:
            wanted.intents.append(intent_of(view, "resolved", "it goes on in a newer message"))
    if current:
        now_told = current[-1]
        wanted += reconcile(View(scene, *lane, now_told, now_told.serial, closing_only or now_told.via == "escalated"))
    elif episode:
        before = max((t.serial for t in mine if t.episode == episode), default=0)
        wanted += reconcile(View(scene, *lane, None, before, closing_only))
    return wanted


def _with_head(known: Known, wanted: Wanted, scene: Scene, subject: Subject, audience: Sequence[str]) -> Wanted:
    head = known.routes.head_of(subject)
    recipient = known.routes.recipient(head) if head else None
    if head is None or recipient is None or head in audience:
        return wanted
    stay = scene.now_is.episode
    here = [t for t in known.told_of.get(scene.instance, ()) if stay and scene.fold.stay_of(t.episode) == stay]
    first = [t for t in here if t.open and t.recipient != head]
    above = [t for t in here if t.recipient == head]
    wanted += _diverted(known, escalate(scene, head, tuple(channels_of(recipient)), first, above))
    return wanted


def _identity(intent: Intent) -> Identity:
    i = intent.instance
    return (i.source, i.rule, i.team, intent.episode, intent.kind, intent.serial)


def _blocked(known: Known, intent: Intent) -> str | None:
    return known.failed.get((intent.recipient, intent.channel), {}).get(_identity(intent))


def _diverted(known: Known, wanted: Wanted) -> Wanted:
    """What has failed for good by one channel goes by the recipient's next one, and is not tried again by the first."""
    made = Wanted(suppressed=wanted.suppressed)
    for intent in wanted.intents:
        why = _blocked(known, intent)
        if why is None:
            made.intents.append(intent)
            continue
        said = f"{intent.channel} failed for good: {why}"
        made.suppressed.append(Suppressed(intent.recipient, intent.channel, intent.instance, intent.episode, said, intent.kind))
        told = known.told_of.get(intent.instance, [])
        made.intents += [i for i in [fallback_of(intent, known.routes, told, known.failed)] if i]
    return made


def fallback_of(
    intent: Intent, routes: Routes, told: Iterable[Told], failed: Mapping[tuple[str, str], Mapping[Identity, str]]
) -> Intent | None:
    """The same by the recipient's next channel. None: it is an edit, they hear of it there anyway, or there is no other channel."""
    recipient = routes.recipient(intent.recipient)
    if recipient is None or intent.mode == "update":
        return None
    for channel in recipient.fallback:
        if channel == intent.channel or not recipient.address(channel):
            continue
        lane = (intent.recipient, channel)
        before = [t for t in told if (t.recipient, t.channel) == lane and (t.instance, t.episode) == (intent.instance, intent.episode)]
        if any(t.open for t in before) or (before and intent.kind not in {"fire", "escalated"}):
            return None
        serial = max((t.serial for t in before), default=0)
        made = replace(intent, channel=channel, mode="post", serial=serial, handle={}, via="fallback")
        if _identity(made) not in failed.get(lane, {}):
            return made
    return None
