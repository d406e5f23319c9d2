"""What the room `trends` keeps in the store and reads from it, and what it finds out about its own forecasts: plain records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple


class Value(NamedTuple):
    """One measure value. `value` None: it has no meaning (a share of nothing)."""

    as_of: dt.date
    place: str
    value: float | None
    n: int


class Foretold(NamedTuple):
    """One week of a forecast. `as_of`: the date of the extract that it was made from; `week`: the Monday of the week that it is about."""

    as_of: dt.date
    figure: str
    place: str
    week: dt.date
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cover:
    """How the last forecasts did: of the weeks they were about that have come (`of`), so many lay within the range (`inside`).

    `score`: mean interval score (80 %) by the mean change from week to week. Lower is better; about 3 is what a good method reaches on
    made-up inflow. None where the series has not moved.
    """

    inside: int
    of: int
    forecasts: int
    score: float | None


@dataclass(frozen=True)
class Kept:
    """The early warning of one timescale, of the whole council: breaches that came, those that were expected, over so many extracts."""

    rule: str
    came: float
    expected: float
    extracts: int
    first: dt.date
    last: dt.date

    @property
    def ratio(self) -> float | None:
        """1 is right; above it more came than was expected. None where nothing was expected."""
        return self.came / self.expected if self.expected > 0 else None
