"""Everything that is to be told now, to whom and by which channel. Pure: what is known goes in, what is wanted comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import NamedTuple

from caseclock.alerts.board import DayFigure
from caseclock.alerts.data import DataState, ExtractDay
from caseclock.alerts.data_alerts import Reader, changed_history, missing_scope, reconcile_data, unstable
from caseclock.alerts.handling import standing
from caseclock.alerts.hours import in_hours
from caseclock.alerts.model import Handling, Instance, Intent, Observation, Suppressed, Told
from caseclock.alerts.reconcile import escalate, reconcile
from caseclock.alerts.scene import CLOSINGS, EDITS, Scene, View
from caseclock.alerts.told import EFFECTS, is_about_data
from caseclock.alerts.wanted import MODES, Wanted, intent_of
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.measures.model import COUNCIL, SERVICE
from caseclock.notifications.blocked import Failed, Failures, Lane, tried_again, why_blocked
from caseclock.notifications.evaluate import Folds
from caseclock.notifications.outbox import Line, place_of
from caseclock.notifications.routes import Routes, Subject, channels_of
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure, why_silent
from caseclock.thresholds.versions import Versions

HISTORY = dt.timedelta(days=90)  # nobody acts on an older alert any more, so nobody is told that it was wrong
Watched = Mapping[Instance, tuple[ThresholdRule, list[Observation]]]


class Figure(NamedTuple):
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
    """All that a run knows. `failed`: what could not be sent for good; `on_their_way`: what a fallback is bringing.

    `figures_of`: the figures of a date that speaks, read when an alert asks why there is none for it.
    """

    source: str
    routes: Routes
    calendar: WorkingCalendar
    now: dt.datetime
    data: DataState
    days: Sequence[ExtractDay]
    folds: Folds
    names: dict[str, str]
    told: Sequence[Told]
    deeds: Sequence[Handling] = ()
    failed: Failures = field(default_factory=Failures)
    on_their_way: Set[tuple[Lane, Instance, str]] = frozenset()
    figures_of: Callable[[dt.date], Iterable[DayFigure]] = lambda day: ()

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
    def deeds_of(self) -> dict[Instance, list[Handling]]:
        made: dict[Instance, list[Handling]] = {}
        for deed in self.deeds:
            made.setdefault(deed.instance, []).append(deed)
        return made

    @cached_property
    def newest(self) -> dict[tuple[str, str], DayFigure]:
        """The figures of the newest date that speaks, by measure and team."""
        return {(f.measure, f.team): f for f in (self.figures_of(self.data.latest) if self.data.latest else ())}

    @cached_property
    def teams(self) -> set[str]:
        return {team for _, team in self.newest}

    def title(self, instance: Instance) -> str:
        """`unallocated cases, North Assessment`."""
        place = "all teams together" if instance.team == COUNCIL else self.names.get(instance.team, instance.team)
        return f"{self.folds.rule(instance).title}, {place}"


def observations(
    source: str,
    rules: Sequence[ThresholdRule],
    figures: Iterable[Figure],
    told: Iterable[Told] = (),
    versions: Mapping[str, Versions] | None = None,
) -> Watched:
    """Per rule and team what the extracts say, in the order of the rules. Values that do not speak are left out.

    What somebody was `told` of is there even when no figure speaks of it any more. `versions`: the limits of each rule as they stood.
    """
    moved = {id: kept for id, kept in (versions or {}).items() if len(kept.listed) > 1}
    watching = by_measure(rules)
    made: dict[Instance, tuple[ThresholdRule, list[Observation]]] = {}
    listening: dict[tuple[str, str], list[tuple[ThresholdRule, list[Observation]]]] = {}
    for figure in figures:
        place = (figure.measure, figure.team)
        if place not in listening:
            chosen = [rule for rule in watching.get(figure.measure, ()) if applies_to(rule, figure.team)]
            listening[place] = [made.setdefault(Instance(source, rule.id, figure.team), (rule, [])) for rule in chosen]
        for now_is, observed in listening[place]:
            rule = (moved[now_is.id].on(figure.as_of) or now_is) if moved and now_is.id in moved else now_is
            if figure.value is not None and why_silent(rule, figure.value, figure.n) is None:
                observed.append(Observation(figure.as_of, figure.value, figure.n, True, figure.extract_id))
    order = {rule.id: n for n, rule in enumerate(rules)}
    for known in told:
        if known.open and known.instance.rule in order and applies_to(rules[order[known.instance.rule]], known.instance.team):
            made.setdefault(known.instance, (rules[order[known.instance.rule]], []))
    return dict(sorted(made.items(), key=lambda entry: (order[entry[0].rule], entry[0].team)))


def desired(known: Known) -> Wanted:
    """Data engineers first: what they are told explains why others hear nothing."""
    wanted = _about_data(known)
    wanted += _no_longer_watched(known)
    still_told = {t.instance for t in known.told if t.open}
    for instance in known.folds.in_order({*known.folds.with_open_episode(), *still_told}):
        wanted += _about(known, instance)
    return wanted


def _about_data(known: Known) -> Wanted:
    wanted = Wanted()
    arrived = max((d.as_of for d in known.days), default=None)
    speaks = known.data.silent_because is None
    missing = _missing_teams(known) if speaks else {}
    wrong = _told_and_wrong(known) if speaks else []
    unsteady = known.folds.that_come_and_go() if speaks else {}
    for name in known.routes.engineers(known.source):
        recipient = known.routes.recipient(name)
        for channel in channels_of(recipient) if recipient else ():
            mine = [t for t in known.told if (t.recipient, t.channel) == (name, channel)]
            wanted += reconcile_data(known.source, known.data, arrived, name, channel, mine)
            wanted += missing_scope(known.source, missing, arrived, name, channel, mine)
            reader = Reader(name, channel, mine, arrived)
            wanted += unstable(unsteady, known.title, reader)
            wanted += changed_history(wrong, known.title, reader)
    wanted += _left_open(known)
    return _diverted(known, wanted)


def _left_open(known: Known) -> Wanted:
    """Data conversations of those whom routes.yaml names no more, or names by another channel: they hear the end and nothing else."""
    wanted = Wanted()
    named = {(name, channel) for name in known.routes.engineers(known.source) for channel in channels_of(known.routes.known(name))}
    lanes = dict.fromkeys((t.recipient, t.channel) for t in known.told if t.open and is_about_data(t))
    arrived = max((d.as_of for d in known.days), default=None)
    for lane in lanes:
        mine = [t for t in known.told if (t.recipient, t.channel) == lane]
        if why := _out_of_reach(known, lane):
            wanted.suppressed += [Suppressed(*lane, t.instance, t.episode, why) for t in mine if t.open and is_about_data(t)]
        elif lane not in named:
            wanted += reconcile_data(known.source, known.data, arrived, *lane, mine, closing_only=True)
    return wanted


def _out_of_reach(known: Known, lane: tuple[str, str]) -> str | None:
    recipient = known.routes.recipient(lane[0])
    if recipient is None:
        return "this recipient is no longer in routes.yaml"
    if not recipient.may_have(known.source):
        return f"routes.yaml keeps the figures of {known.source} from this recipient"
    return None if recipient.address(lane[1]) else f"routes.yaml has no {lane[1]} address for this recipient any more"


def _told_and_wrong(known: Known) -> list[tuple[Instance, str]]:
    """Episodes that people were told of and told the end of, and of which corrected or late data say that they never were."""
    found: dict[tuple[Instance, str], None] = {}
    for told in known.told:
        if told.open or told.item.get("kind") != "resolved" or not _lately(known, told.episode) or told.instance not in known.folds:
            continue
        outcome = known.folds[told.instance]
        if (
            outcome.stay_of(told.episode) is None
            and told.episode in outcome.dates
            and not outcome.ended_by_limit(told.episode, told.first_at)
        ):
            found[told.instance, told.episode] = None
    return list(found)


def _lately(known: Known, episode: str) -> bool:
    return known.data.latest is not None and episode >= (known.data.latest - HISTORY).isoformat()


def _no_longer_watched(known: Known) -> Wanted:
    """Who was told of an alert that thresholds.yaml has no rule for any more is told that nobody watches it."""
    wanted, rules = Wanted(), known.folds.watched_rules
    gone = [t for t in known.told if t.open and t.instance not in known.folds and not is_about_data(t)]
    for told in gone if in_hours(known.calendar, known.now) else ():
        if not _out_of_reach(known, (told.recipient, told.channel)):
            gone_why = "no longer covers this team" if told.instance.rule in rules else "is no longer in force"
            wanted.intents.append(
                Intent(
                    told.recipient, "limit_changed", told.instance, told.episode, MODES["limit_changed"],
                    f"this rule {gone_why}, so nobody will be told of it again", was=told.value, channel=told.channel,
                    serial=told.serial, handle=told.handle, via=told.via,
                )
            )  # fmt: skip
    return _diverted(known, wanted)


def _missing_teams(known: Known) -> dict[str, dt.date]:
    """Teams with an open alert that the newest extract does not hold at all, and when they were last seen."""
    found: dict[str, dt.date] = {}
    for instance in known.folds.with_open_episode():
        last = known.folds[instance].condition.as_of
        if last and last != known.data.latest and instance.team not in known.teams:
            found[instance.team] = max(found.get(instance.team, last), last)
    return found


def _scene(known: Known, instance: Instance) -> Scene:
    rule, outcome = known.folds.rule(instance), known.folds[instance]
    last, latest = outcome.condition.as_of, known.data.latest
    silent = known.data.silent_because
    if silent is None and latest and (last is None or last < latest):
        figure = known.newest.get((rule.measure, instance.team))
        absent = "not all of its teams are in it" if instance.team.startswith(SERVICE) else "this team is not in it"
        why = why_silent(rule, figure.value, figure.n) if figure else absent
        silent = f"the extract of {latest} has no figure for it: {why}"
    deeds = known.deeds_of.get(instance, [])
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
    told, scene = known.told_of.get(instance, []), _scene(known, instance)
    subject = Subject(instance, scene.rule.measure, known.names.get(instance.team, ""))
    severity = scene.now_is.severity
    audience = [who.recipient for who in known.routes.who(subject, severity)] if severity else []
    first: list[tuple[str, str]] = [(name, channel) for name in audience for channel in channels_of(known.routes.known(name))]
    wanted = Wanted()
    if severity and (route := known.routes.digest_only(subject, severity)):
        scene = replace(scene, digest_only=f"route {route} of routes.yaml is digest_only: nobody is called")
        wanted += reconcile(View(scene, "digest", "digest", None))
    for lane in first:
        wanted += _for_lane(known, scene, lane, told, closing_only=False, named=True)
    stuck = {i.recipient for i in wanted.intents if _blocked(known, i)}
    wanted = _diverted(known, wanted)
    for lane in dict.fromkeys((t.recipient, t.channel) for t in told if t.open):
        if lane in first:
            continue
        ever = known.routes.ever(subject)
        if gone := _out_of_reach(known, lane):
            wanted.suppressed += [Suppressed(*lane, instance, t.episode, gone) for t in told if t.open and (t.recipient, t.channel) == lane]
            continue
        by_fallback = any(t.via == "fallback" for t in told if (t.recipient, t.channel) == lane and t.open)
        only = lane[0] not in ever or (by_fallback and lane[0] in audience and lane[0] not in stuck)
        calls = by_fallback or lane[1] in channels_of(known.routes.known(lane[0]))  # else they are told another way now
        wanted += _diverted(known, _for_lane(known, scene, lane, told, closing_only=only, calls=calls))
    return wanted if scene.digest_only else _with_head(known, wanted, scene, subject, audience)


def _for_lane(
    known: Known, scene: Scene, lane: Lane, told: Sequence[Told], *, closing_only: bool, named: bool = False, calls: bool = True
) -> Wanted:
    """The newest open conversation carries on with the open episode; any older one is closed.

    `named`: routes.yaml names them now, so they hear everything, also if they came to hear of it by escalation. `calls`: by this channel
    their attention is called for, not by another.
    """
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
        closing = closing_only or (now_told.via == "escalated" and not named)
        wanted += _sayable(known, View(scene, *lane, now_told, now_told.serial, closing, calls))
    elif episode:
        before = max((t.serial for t in mine if t.episode == episode), default=0)
        wanted += reconcile(View(scene, *lane, None, before, closing_only))
    return wanted


def _sayable(known: Known, view: View) -> Wanted:
    """What the table says. Where this channel cannot bring it now and no other one does, what stands behind it may still arrive."""
    wanted = reconcile(view)
    for intent in wanted.intents:
        if intent.kind in CLOSINGS or intent.kind in EDITS or not _blocked(known, intent) or _goes_elsewhere(known, intent):
            continue
        behind = _sayable(known, replace(view, unsayable=view.unsayable | {intent.kind}))
        behind.intents.append(intent)  # it is still wanted, and audited as what has failed
        return behind
    return wanted


def _with_head(known: Known, wanted: Wanted, scene: Scene, subject: Subject, audience: Sequence[str]) -> Wanted:
    """Those above, one after the other: nobody is told before the one below has been told and has had the time to act."""
    stay, chain = scene.now_is.episode, known.routes.chain_of(subject)
    here = [t for t in known.told_of.get(scene.instance, ()) if stay and scene.fold.stay_of(t.episode) == stay]
    below = [t for t in here if t.open and (t.recipient in audience or t.recipient not in chain)]
    for head in chain:
        recipient = known.routes.recipient(head)
        if recipient is None or head in audience:
            continue
        above = [t for t in here if t.recipient == head]
        due = escalate(scene, head, tuple(channels_of(recipient)), below, above)
        made = _diverted(known, due)
        wanted += made
        if not due.intents or not all(_failure_of(known, i) for i in made.intents):  # else nobody knows whether this one is reached at all
            below = [t for t in above if t.open]
    return wanted


def _blocked(known: Known, intent: Intent) -> str | None:
    """Why the same is not tried again now by this channel: it failed there, and the rest after that is not over (`blocked.py`).

    While a fallback tells the reader of it, the conversation stays there. Ends are told wherever a conversation is open.
    """
    failed = _failure_of(known, intent)
    if failed is None:
        return None
    if "closes" not in EFFECTS[intent.kind] and _told_elsewhere(known, intent):
        return failed.reason
    recipient = known.routes.recipient(intent.recipient)
    place = place_of(recipient.address(intent.channel) if recipient else None)
    return why_blocked(failed, place, intent.severity, known.calendar, known.now, urgent=_urgent(known, intent))


def _urgent(known: Known, intent: Intent) -> bool:
    rule = known.folds.histories.rules.get(intent.instance.rule)
    return rule is None or not rule.quiet_hours


def _tried_again(known: Known, intent: Intent) -> str:
    failed = _failure_of(known, intent)
    return tried_again(failed, urgent=_urgent(known, intent)) if failed else ""


def _failure_of(known: Known, intent: Intent) -> Failed | None:
    """How the same has failed there, where nothing about it has arrived since."""
    lane, i = (intent.recipient, intent.channel), intent.instance
    failed = known.failed.newest.get((lane, (i.source, i.rule, i.team, intent.episode, intent.kind)))
    return None if failed is None or _called_since(known, intent, failed.at) else failed


def _called_since(known: Known, intent: Intent, moment: dt.datetime | None) -> bool:
    """Whether something later about it has reached the reader by this channel: then the channel works."""
    lane, told = (intent.recipient, intent.channel), known.told_of.get(intent.instance, [])
    mine = [t for t in told if (t.recipient, t.channel) == lane and t.episode == intent.episode]
    return moment is not None and any(t.attention_at > moment for t in mine)


def _told_elsewhere(known: Known, intent: Intent) -> bool:
    """Whether a fallback has brought it, or is bringing it, to the same reader. One that fails in its turn is none."""
    recipient = known.routes.recipient(intent.recipient)
    if recipient is None or intent.channel not in channels_of(recipient):
        return False
    lanes = {(intent.recipient, channel) for channel in recipient.fallback if channel != intent.channel}
    if any((lane, intent.instance, intent.episode) in known.on_their_way for lane in lanes):
        return True
    outcome = known.folds.get(intent.instance)
    stay = outcome.stay_of(intent.episode) if outcome else None
    for t in known.told_of.get(intent.instance, ()):
        same = t.episode == intent.episode or (outcome is not None and stay is not None and outcome.stay_of(t.episode) == stay)
        there = t.open and t.via == "fallback" and t.recipient == intent.recipient and t.channel != intent.channel
        if there and same and known.failed.serials.get(((t.recipient, t.channel), t.instance, t.episode), -1) < t.serial:
            return True
    return False


def _goes_elsewhere(known: Known, intent: Intent) -> bool:
    return _told_elsewhere(known, intent) or _by_fallback(known, intent) is not None


def _diverted(known: Known, wanted: Wanted) -> Wanted:
    """What has failed for good by one channel goes by the recipient's next one, and is not tried again by the first for a while."""
    made = Wanted(suppressed=wanted.suppressed)
    for intent in wanted.intents:
        why = _blocked(known, intent)
        if why is None:
            made.intents.append(intent)
            continue
        instead, said = _by_fallback(known, intent), f"{intent.channel} failed for good: {why}"
        then = "" if instead or _told_elsewhere(known, intent) else partial(_tried_again, known, intent)
        made.suppressed.append(Suppressed(intent.recipient, intent.channel, intent.instance, intent.episode, said, intent.kind, then))
        made.intents += [instead] if instead else []
    return made


def _by_fallback(known: Known, intent: Intent) -> Intent | None:
    told = known.told_of.get(intent.instance, [])
    return fallback_of(intent, known.routes, told, lambda made: _blocked(known, made) is not None)


def fallback_of(
    intent: Intent, routes: Routes, told: Iterable[Told], blocked: Callable[[Intent], bool] = lambda made: False
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
        if not blocked(made):
            return made
    return None
