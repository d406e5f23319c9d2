"""Has quality got worse? Told to data engineers once per extract, and only when they can do something about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from caseclock.quality.model import RuleCount, Severity, Verdict

RANK: Final[Mapping[Verdict, int]] = {"pass": 0, "warn": 1, "hold": 2}
GRAVITY: Final[Mapping[Severity, int]] = {"critical": 0, "warning": 1}
"""The severities that are told of; an *info* asks for nothing."""
NEW_FROM: Final[Mapping[Severity, int]] = {"critical": 1, "warning": 3}
"""Rows from which a rule that held counts as broken: a critical row is not used at all, one or two odd ones are everyday entry errors."""
NOISE: Final = 3.0  # distance on the scale 2*sqrt(rows + 3/8), on which the noise of a count is about 1 (see breaker.volume_of)
CLEARLY: Final = 1.25  # and at least a quarter more of the rows than before
NAMED: Final = 8  # rules named in a message; the report has them all


@dataclass(frozen=True)
class Judged:
    """What the gate said of one extract: verdict, every count, and what the extract cannot show (`Absence.what`)."""

    verdict: Verdict
    counts: Sequence[RuleCount] = ()
    absences: frozenset[str] = field(default_factory=frozenset)

    @property
    def by_rule(self) -> dict[str, RuleCount]:
        return {f"{c.table}.{c.rule}": c for c in self.counts}


def what_is_worse(now: Judged, before: Judged | None, accepted: Judged | None = None) -> list[str]:
    """Sentences, worst first; none when nothing is worse, or when there is nothing to compare with.

    `before`: the last extract, whatever its verdict; `accepted`: the last one whose numbers spoke. Worse means worse than both: what the
    last extract had as well is known, and an extract that was cut short looks better than it is.
    """
    known = [past for past in (before, accepted) if past is not None]
    if not known:
        return []
    said = []
    if all(RANK[now.verdict] > RANK[past.verdict] for past in known):
        said.append(f"The verdict is {now.verdict}, and it was {known[0].verdict}")
    said += _rules(now, known)
    unasked = sorted(set.intersection(*(set(past.by_rule) for past in known)) - set(now.by_rule))
    if unasked:
        tables = sorted({rule.partition(".")[0] for rule in unasked})
        rules = "1 rule cannot" if len(unasked) == 1 else f"{len(unasked)} rules cannot"
        said.append(f"{rules} be checked any more ({', '.join(tables)}): rows or a column are missing that were there before")
    new = sorted(now.absences - frozenset().union(*(past.absences for past in known)))
    return said + [f"No longer to be seen: {what}" for what in new]


def _rules(now: Judged, known: Sequence[Judged]) -> list[str]:
    past = [judged.by_rule for judged in known]
    found = []
    for name, count in now.by_rule.items():
        earlier = [rules[name] for rules in past if name in rules]
        if count.severity in GRAVITY and len(earlier) == len(past) and (said := _worse_than(count, earlier)):
            found.append((GRAVITY[count.severity], -_share(count), f"{name}: {said}"))
    named = [said for _, _, said in sorted(found)]
    rest = len(named) - NAMED
    return [*named[:NAMED], *([f"and {rest} more rules"] if rest > 0 else [])]


def _worse_than(count: RuleCount, earlier: Sequence[RuleCount]) -> str | None:
    worst = max(earlier, key=_share)
    rows = f"{count.failing:,} of {count.of:,} fail"
    if worst.failing == 0:
        whole = count.failing == count.of
        return f"{rows}, and none did before" if count.failing and (whole or count.failing >= NEW_FROM[count.severity]) else None
    expected = _share(worst) * count.of
    is_noise = _root(count.failing) - _root(expected) <= NOISE or count.failing < CLEARLY * expected
    return None if is_noise else f"{rows}, and {worst.failing:,} of {worst.of:,} did before"


def _share(count: RuleCount) -> float:
    return count.failing / count.of if count.of else 0.0


def _root(n: float) -> float:
    return 2 * math.sqrt(n + 3 / 8)
