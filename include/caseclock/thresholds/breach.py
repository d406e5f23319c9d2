"""Which values speak to which rule: one instance per rule and team that the rule applies to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fnmatch import fnmatchcase

from caseclock.measures.model import COUNCIL, SERVICE
from caseclock.thresholds.model import ThresholdRule

WHOLE_COUNCIL = "council"
"""How thresholds.yaml names all teams together."""


def applies_to(rule: ThresholdRule, team: str) -> bool:
    """`*` in the rule is each team; `council` is the row of all teams together; `service:` and an id or a pattern is a service's row;
    anything else is a team's id or a pattern of ids."""
    if team == COUNCIL:
        return WHOLE_COUNCIL in rule.teams
    wanted = [pattern for pattern in rule.teams if pattern != WHOLE_COUNCIL and pattern.startswith(SERVICE) == team.startswith(SERVICE)]
    return any(fnmatchcase(team, pattern) for pattern in wanted)


def why_silent(rule: ThresholdRule, value: float | None, n: int) -> str | None:
    """Why a value says nothing about the limit; None when it does."""
    if value is None or math.isnan(value):
        return "there is no figure: it would be a share of nothing"
    if n < rule.min_n:
        return f"it is made from {n}, and the rule asks for at least {rule.min_n}"
    return None


def by_measure(rules: Iterable[ThresholdRule]) -> dict[str, list[ThresholdRule]]:
    """Rules by the measure that they watch, in the order of the file."""
    made: dict[str, list[ThresholdRule]] = {}
    for rule in rules:
        made.setdefault(rule.measure, []).append(rule)
    return made
