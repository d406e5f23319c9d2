"""From the history of one instance to where it stands: a fold over extract dates.

The result depends only on the data, not on the order in which extracts arrived: each run replays the whole history. Only
dates whose newest revision passed quality speak; the others neither advance nor reset anything (ALERTING brief §2.2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from caseclock.alerts.model import AlertEvent, Condition, Instance, Observation, State
from caseclock.thresholds import ThresholdRule

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


def reading_of(rule: ThresholdRule, value: float) -> Reading:
    if rule.severity_of(value):
        return "over"
    return "clear" if rule.is_clear(value) else "between"


def fold(rule: ThresholdRule, instance: Instance, history: Iterable[Observation]) -> Fold:
    """Replays `history` (one observation per date, any order) through the table of transitions."""
    condition = Condition()
    events: list[AlertEvent] = []
    episodes: dict[str, dt.date | None] = {}
    for seen in sorted((o for o in history if o.passed), key=lambda o: o.as_of):
        after, why = _advance(rule, condition, seen)
        if after.state != condition.state:
            episode = after.episode or condition.episode
            events.append(
                AlertEvent(instance, condition.state, after.state, seen.as_of, why, episode, after.severity, seen.value, seen.extract_id)
            )
            if after.episode and not condition.episode:
                episodes[after.episode] = None
            elif condition.episode and not after.episode:
                episodes[condition.episode] = seen.as_of
        condition = after
    return Fold(condition, tuple(events), episodes)


def _advance(rule: ThresholdRule, before: Condition, seen: Observation) -> tuple[Condition, str]:
    step = TRANSITIONS[before.state, reading_of(rule, seen.value)]
    state, run = step.to, 0
    if step.counts:
        run = before.run + 1 if before.state == step.to else 1
        need = getattr(rule, step.counts)
        if run >= need and step.then:
            state = step.then
        why = f"{step.why} on {run} of {need} extract date{'s' if need > 1 else ''}"
    else:
        why = step.why
    return _entered(rule, before, seen, state, run if state == step.to else 0), why


def _entered(rule: ThresholdRule, before: Condition, seen: Observation, state: State, run: int) -> Condition:
    after = replace(before, state=state, run=run, value=seen.value, as_of=seen.as_of, extract_id=seen.extract_id)
    if state == "NORMAL":
        return replace(after, severity=None, episode=None, since=None)
    severity = rule.severity_of(seen.value) or before.severity  # between the limits the band is kept
    if state == "PENDING":
        return replace(after, severity=severity, since=before.since or seen.as_of)
    return replace(after, severity=severity, since=before.since or seen.as_of, episode=before.episode or seen.as_of.isoformat())
