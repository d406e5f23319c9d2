"""The fold carried on: from where it stood to where it stands after later dates, without replaying what came before.

It is the same walk by the same table, so the result is that of the whole replay, as long as nothing before has changed: no date has come
late, been corrected, released or taken back, and the limits are the same. Whoever keeps a fold must know that; else replay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from caseclock.alerts.fold import Fold, _Walk
from caseclock.alerts.model import Condition, Instance, Observation
from caseclock.thresholds import ThresholdRule


@dataclass(frozen=True)
class Carried:
    """All that a fold needs in order to go on: where it stands, every stay in firing with its end, and the dates that spoke."""

    condition: Condition = field(default_factory=Condition)
    episodes: Mapping[str, dt.date | None] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()


def carried_of(outcome: Fold) -> Carried:
    return Carried(outcome.condition, outcome.episodes, frozenset(outcome.dates))


def carry_on(
    rule: ThresholdRule, instance: Instance, before: Carried, newer: Sequence[Observation], dates: frozenset[str] | None = None
) -> Fold:
    """The fold after `newer` dates; its `events` are those of these dates alone. Raises ValueError for a date that is not newer.

    `dates`: every date that speaks, these included, where the caller has them already: places that have the same dates may share them.
    """
    now_is = before.condition
    taken = sorted((o for o in newer if o.passed), key=lambda o: o.as_of) if len(newer) > 1 else [o for o in newer if o.passed]
    if taken and now_is.as_of is not None and taken[0].as_of <= now_is.as_of:
        raise ValueError(f"the fold stands at {now_is.as_of}; {taken[0].as_of} is not newer, so the history must be replayed")
    if dates is None:
        dates = before.dates.union(o.as_of.isoformat() for o in taken)
    if now_is.state == "NORMAL" and taken and not any(rule.severity_of(o.value) for o in taken):  # nothing was open, nothing opens
        last = taken[-1]
        return Fold(Condition(value=last.value, as_of=last.as_of, extract_id=last.extract_id), (), dict(before.episodes), dates)
    walk = _Walk(rule, instance)
    walk.state, walk.severity, walk.run = now_is.state, now_is.severity, now_is.run
    walk.episode, walk.since, walk.episodes = now_is.episode, now_is.since, dict(before.episodes)
    if now_is.as_of is not None and now_is.value is not None:
        walk.last = Observation(now_is.as_of, now_is.value, 0, True, now_is.extract_id)
    for seen in taken:
        walk.take(seen)
    return Fold(walk.condition(), tuple(walk.events), walk.episodes, dates)
