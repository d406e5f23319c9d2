"""From the history of one instance to where it stands: a fold over extract dates.

The result depends only on the data, not on the order in which extracts arrived: each run replays the whole history. Only
dates whose newest revision passed quality speak; the others neither advance nor reset anything.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from caseclock.alerts.model import AlertEvent, Condition, Instance, Observation, State
from caseclock.thresholds import Severity, ThresholdRule
from caseclock.thresholds.versions import Versions, change_words, limits_of

Reading = Literal["over", "between", "clear"]
"""Where a value lies: past amber, between the clear limit and amber, or past the clear limit."""


@dataclass(frozen=True)
class Step:
    """Where a reading leads. With `counts`, it stays in `to` until so many dates in a row said so, and then goes on to `then`."""

    to: State
    counts: Literal["for_n", "clear_n"] | None = None
    then: State | None = None
    why: str = ""


_RISE = Step("PENDING", "for_n", "FIRING", "past the limit")
_FALL = Step("RECOVERING", "clear_n", "NORMAL", "clear of the limit")
TRANSITIONS: dict[tuple[State, Reading], Step] = {
    ("NORMAL", "over"): _RISE,
    ("NORMAL", "between"): Step("NORMAL"),
    ("NORMAL", "clear"): Step("NORMAL"),
    ("PENDING", "over"): _RISE,
    ("PENDING", "between"): Step("NORMAL", why="back within the limit before it fired"),
    ("PENDING", "clear"): Step("NORMAL", why="back within the limit before it fired"),
    ("FIRING", "over"): Step("FIRING"),
    ("FIRING", "between"): Step("FIRING"),
    ("FIRING", "clear"): _FALL,
    ("RECOVERING", "over"): Step("FIRING", why="past the limit again before it was over"),
    ("RECOVERING", "between"): Step("FIRING", why="no longer clear of the limit"),
    ("RECOVERING", "clear"): _FALL,
}


@dataclass(frozen=True)
class Fold:
    """What the history says. `episodes`: each stay in firing by its first date, with the date on which it closed or None."""

    condition: Condition = field(default_factory=Condition)
    events: tuple[AlertEvent, ...] = ()
    episodes: dict[str, dt.date | None] = field(default_factory=dict)
    dates: Set[str] = frozenset()
    """The dates that speak."""
    changes: tuple[LimitChange, ...] = ()
    """Every time the limits were moved, oldest first."""
    stood: Mapping[str, int] | None = field(default=None, compare=False)
    """`since` of each stay, where it is known without the dates."""

    def since(self, day: str) -> int:
        """How many dates have spoken from a date (ISO) on, up to the one that the fold stands at."""
        if self.stood is not None and day in self.stood:
            return self.stood[day]
        return len(self._spoken) - bisect_left(self._spoken, day)

    @cached_property
    def _spoken(self) -> list[str]:
        now = self.condition.as_of.isoformat() if self.condition.as_of else ""
        return sorted(day for day in self.dates if day <= now)

    def stay_of(self, told_episode: str) -> str | None:
        """The stay that an episode people were told of belongs to now; None when the data show that there was none.

        A correction may move the start of a stay: then it is the first stay that had not closed before the told date.
        """
        if told_episode in self.episodes:
            return told_episode
        for start, closed in sorted(self.episodes.items()):
            if closed is None or closed.isoformat() > told_episode:
                return start
        return None

    def ended_by_limit(self, episode: str, after: dt.datetime | None = None) -> LimitChange | None:
        """The change of limits but for which an episode that is over would not have ended when it did; None: the data ended it.

        `after`: changes that were made by then count for nothing, because the episode was told under them.
        """
        stay = self.stay_of(episode)
        if stay is not None and self.episodes[stay] is None:
            return None
        for change in self.changes:
            known = change.at <= after if after else change.since is None or change.since.isoformat() < episode
            if not known and change.ended(episode, self.episodes[stay] if stay else None):
                return change
        return None


@dataclass(frozen=True)
class LimitChange:
    """One change of a rule's limits, and what would be so without it and all later ones."""

    rule: ThresholdRule
    instance: Instance
    history: Sequence[Observation]
    earlier: Versions
    since: dt.date | None
    at: dt.datetime
    words: str

    @cached_property
    def without(self) -> Fold:
        return fold(self.earlier.listed[-1].rule, self.instance, self.history, self.earlier)

    def ended(self, episode: str, over_on: dt.date | None) -> bool:
        """Whether the episode would still have been open on the date on which it was over; `over_on` None: there is none now."""
        stay, day = self.without.stay_of(episode), over_on or self.since
        if stay is None or day is None:
            return False
        closed = self.without.episodes[stay]
        return closed is None or closed > day


_iso = lru_cache(maxsize=4096)(dt.date.isoformat)  # every place has the same dates


def fold(rule: ThresholdRule, instance: Instance, history: Iterable[Observation], versions: Versions | None = None) -> Fold:
    """Replays `history` (one observation per date, any order) through the table of transitions.

    `versions`: the limits as they stood on each date; without them the limits of `rule` hold for every date.
    """
    walk = _Walk(rule, instance)
    speaking = sorted((o for o in history if o.passed), key=lambda o: o.as_of)
    several = moved(versions)
    amber = rule.badness(rule.amber)
    for seen in speaking:
        if several:
            then = several.on(seen.as_of)
            if then is None:
                continue
            walk.rule = then
        elif walk.state == "NORMAL" and rule.badness(seen.value) < amber:
            walk.last = seen  # nothing is open and nothing opens: most dates of most places
            continue
        walk.take(seen)
    changes = limit_changes(instance, speaking, several) if several else ()
    return Fold(walk.condition(), tuple(walk.events), walk.episodes, frozenset(_iso(o.as_of) for o in speaking), changes)


def moved(versions: Versions | None) -> Versions | None:
    """The versions of a rule whose limits were not the same on every date; else None."""
    return versions if versions and (len(versions.listed) > 1 or versions.listed[0].since) else None


def limit_changes(instance: Instance, history: Sequence[Observation], versions: Versions) -> tuple[LimitChange, ...]:
    """Every time the limits of a rule were moved. `history`: what the fold is made from; it is looked at when a change is asked about."""
    made = []
    for n, version in enumerate(versions.listed[1:], 1):
        before = versions.listed[n - 1].rule
        words = change_words(limits_of(before), limits_of(version.rule))
        made.append(LimitChange(version.rule, instance, history, versions.before(n), version.since, version.at, words))
    return tuple(made)


class _Walk:
    """Where the fold stands; mutable, because a history has many dates and few changes."""

    def __init__(self, rule: ThresholdRule, instance: Instance) -> None:
        self.rule, self.instance = rule, instance
        self.state: State = "NORMAL"
        self.severity: Severity | None = None
        self.run = 0
        self.episode: str | None = None
        self.since: dt.date | None = None
        self.last: Observation | None = None
        self.events: list[AlertEvent] = []
        self.episodes: dict[str, dt.date | None] = {}

    def take(self, seen: Observation) -> None:
        self.last, band = seen, self.rule.severity_of(seen.value)
        reading: Reading = "over" if band else "clear" if self.rule.is_clear(seen.value) else "between"
        step = TRANSITIONS[self.state, reading]
        state, why = step.to, step.why
        run = self.run + 1 if self.state == step.to else 1
        if step.counts and step.then:
            need: int = getattr(self.rule, step.counts)
            state = step.then if run >= need else step.to
            why = f"{step.why} on {run} of {need} extract date{'s' if need > 1 else ''}"
        self.run = run if step.counts and state == step.to else 0
        self.severity = None if state == "NORMAL" else band or self.severity  # between the limits the band is kept
        if state != self.state:
            self._enter(state, seen, why)

    def _enter(self, state: State, seen: Observation, why: str) -> None:
        left, episode = self.state, self.episode
        self.state = state
        if state == "NORMAL":
            self.episode = self.since = None
            if episode:
                self.episodes[episode] = seen.as_of
        else:
            self.since = self.since or seen.as_of
            if state == "FIRING" and not episode:
                episode = self.episode = seen.as_of.isoformat()
                self.episodes[episode] = None
        self.events.append(AlertEvent(self.instance, left, state, seen.as_of, why, episode, self.severity, seen.value, seen.extract_id))

    def condition(self) -> Condition:
        if self.last is None:
            return Condition()
        return Condition(
            self.state, self.severity, self.last.value, self.last.as_of, self.run, self.episode, self.since, self.last.extract_id
        )
