"""The limits of a rule as they stood at each time. A figure is held against the limits that were in force on its date.

A change holds from the newest extract date that people could have been told of when it was made, and for everything after. So an edit of
thresholds.yaml rewrites no history: what was over the limit then stays so, and what the edit alone ends can be told as such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseclock.thresholds.model import ThresholdRule

LIMITS = {
    "measure": "measure",
    "direction": "direction",
    "amber": "limit",
    "red": "limit for red",
    "clear_below": "limit for its end",
    "for_n": "extracts until it is told",
    "clear_n": "extracts until it ends",
    "min_n": "fewest that a share is made from",
}
"""The settings that decide whether something is over its limit, as people know them. The other settings are manners of telling."""


@dataclass(frozen=True)
class Version:
    """`since`: the first extract date that it holds for; None: every date. `at`: when it was first seen in the configuration."""

    rule: ThresholdRule
    since: dt.date | None
    at: dt.datetime


@dataclass(frozen=True)
class Versions:
    """All versions of one rule, in the order in which they were seen; the last is in force."""

    listed: tuple[Version, ...]

    def on(self, day: dt.date) -> ThresholdRule | None:
        """The rule as it stood on an extract date; None when it watched something else then."""
        return next((v.rule for v in reversed(self.listed) if v.since is None or v.since <= day), None)

    def before(self, n: int) -> Versions:
        """The first `n` of them: as if no later change had been made."""
        return Versions(self.listed[:n])


def limits_of(rule: ThresholdRule) -> dict[str, object]:
    """What is kept of a version."""
    return {name: getattr(rule, name) for name in LIMITS}


def change_words(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """`limit 10 to 15, limit for its end 8 to 12`."""
    moved = [name for name in LIMITS if before.get(name) != after.get(name)]
    return ", ".join(f"{LIMITS[name]} {_said(before.get(name))} to {_said(after.get(name))}" for name in moved)


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def versions_of(rule: ThresholdRule, kept: Sequence[tuple[Mapping[str, object], dt.date | None, dt.datetime]]) -> Versions:
    """`kept`: limits, first date and moment of each version, oldest first; the last has the limits of `rule`.

    What was watched under another measure or another direction cannot be compared, so those versions are left out.
    """
    other = [
        n for n, (limits, _, _) in enumerate(kept) if (limits.get("measure"), limits.get("direction")) != (rule.measure, rule.direction)
    ]
    comparable = kept[other[-1] + 1 :] if other else kept
    return Versions(tuple(Version(rule.model_copy(update=dict(limits)), since, at) for limits, since, at in comparable))
