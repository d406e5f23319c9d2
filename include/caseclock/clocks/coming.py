"""The open clocks that come due soon, and how many of them will be late if work goes on as it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from caseclock.clocks.model import STATES
from caseclock.clocks.ordering import pieces
from caseclock.clocks.places import Sums
from caseclock.clocks.survival import shrunk_hazards

Array = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]
DONE = STATES.index("done_in_time")


@dataclass(frozen=True)
class Soon:
    """Open clocks that are not overdue, one entry each. `reach`: in how many of the `spans` of days, from the shortest, each is not due."""

    rule: Array
    team: Array
    age: Array
    limit: Array
    reach: Array
    spans: int

    def __len__(self) -> int:
        return len(self.rule)

    def at(self, piece: slice) -> Soon:
        """Some of them."""
        return Soon(self.rule[piece], self.team[piece], self.age[piece], self.limit[piece], self.reach[piece], self.spans)


def joined(parts: Sequence[Soon]) -> Soon:
    """All of them, one behind the other."""
    rule, team, age, limit, reach = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("rule", "team", "age", "limit", "reach")
    )
    return Soon(rule, team, age, limit, reach, parts[0].spans)


def due_within(soon: Soon, rules: int, teams: int) -> Counts:
    """How many are due within each span: [rule, span, team]."""
    return _summed(soon, rules, teams, lambda piece: None)


@dataclass(frozen=True)
class Windows:
    """The ages of each rule at which a clock that comes due soon may still be done: after `first`, `width` - 2 of them.

    Before them lies all that is younger, behind them all that is older. Without such a clock the width is 1: ages are not told apart.
    """

    first: npt.NDArray[np.int32]
    width: npt.NDArray[np.int32]


def windows_of(soon: Soon, rules: int) -> Windows:
    """From the youngest of the clocks to the longest of their limits."""
    first, last = np.full(rules, np.iinfo(np.int32).max, dtype=np.int32), np.full(rules, -1, dtype=np.int32)
    np.minimum.at(first, soon.rule, soon.age)
    np.maximum.at(last, soon.rule, soon.limit)
    return Windows(np.where(last < 0, 0, first), np.where(last < 0, 1, last - first + 2).astype(np.int32))


def expected_late(soon: Soon, windows: Windows, tables: list[Counts], teams: int) -> Sums:
    """Sum over the clocks of S(limit) / S(age): the share of clocks that were open at this age and not done by the limit.

    `tables`: all clocks of each rule, team x state x age by `windows`. The survival S is Kaplan-Meier's of the rule, of each team, with
    hazards pulled towards the council's (survival.py). [rule, span, team]
    """
    rules, most = len(tables), int(windows.width.max(initial=2)) - 2
    events, at_risk = np.zeros((2, rules, teams, max(most, 0)), dtype=np.int64)
    for rule, table in enumerate(tables):
        ages = table.shape[2] - 2
        if ages > 0:
            events[rule, :, :ages] = table[:, DONE:, 1:-1].sum(axis=1)
            at_risk[rule, :, :ages] = table.sum(axis=1)[:, :0:-1].cumsum(axis=1)[:, :0:-1]
    on = np.ones((rules, teams, events.shape[2] + 1))
    np.cumprod(1.0 - shrunk_hazards(events, at_risk), axis=2, out=on[:, :, 1:])

    def share(part: Soon) -> Sums:
        first = windows.first[part.rule]
        at_limit, now = (on[part.rule, part.team, age - first] for age in (part.limit, part.age))
        return np.divide(at_limit, now, out=np.zeros(len(now)), where=now > 0)

    return _summed(soon, rules, teams, share)


def _summed(soon: Soon, rules: int, teams: int, weight: Callable[[Soon], Sums | None]) -> Array:
    """Sum of the weights of those that are due within each span: [rule, span, team]. No weight: 1 each."""
    made: Array = np.zeros(rules * soon.spans * teams, dtype=np.int64)
    for piece in pieces(len(soon)):
        part = soon.at(piece)
        cell = (part.rule.astype(np.int64) * soon.spans + part.reach) * teams + part.team
        made = made + np.bincount(cell, weights=weight(part), minlength=len(made))
    return np.cumsum(made.reshape(rules, soon.spans, teams), axis=1)
