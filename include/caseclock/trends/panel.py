"""A figure by place and week: what charts and forecasts are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import Days
from caseclock.trends.model import Kind, kind_of

Floats = npt.NDArray[np.float64]
Origin = Literal["extracts", "dates"]


@dataclass(frozen=True)
class Panel:
    """One figure by place and week. `values`, `n`: places x weeks; a gap is NaN, and 0 in `n`.

    `weeks`: Mondays without a hole. `ends`: the last of the seven days that a flow counts, or the day of a stock. `step`: so many weeks lie
    between two values that share no day (a figure of 28 days: 4). `origin`: read from the values of past extracts, or from the dates within
    the newest one.
    """

    figure: str
    places: tuple[str, ...]
    weeks: Days
    ends: Days
    values: Floats
    n: Floats
    origin: Origin
    step: int = 1

    @property
    def kind(self) -> Kind:
        return kind_of(self.figure)

    def only(self, places: tuple[str, ...]) -> Panel:
        """Some of its places, those that it has."""
        at = [i for i, place in enumerate(self.places) if place in places]
        names = tuple(self.places[i] for i in at)
        return Panel(self.figure, names, self.weeks, self.ends, self.values[at], self.n[at], self.origin, self.step)
