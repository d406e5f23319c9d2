"""Where values lie in a picture: the scales, round figures for the axis, and labels that do not lie on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STEPS = (1, 2, 2.5, 5, 10, 20)
MOST_PLACES = 4
HUGE = 1e7  # no count of cases; written short, so that it keeps within its box


@dataclass(frozen=True)
class Frame:
    """The field of the plot in pixels, and the values that lie at its edges. `first` and `last`: days as ordinals."""

    left: float
    right: float
    top: float
    bottom: float
    first: float
    last: float
    low: float
    high: float

    def x(self, day: float) -> float:
        """A single day stands in the middle."""
        if self.last <= self.first:
            return (self.left + self.right) / 2
        return self.left + (day - self.first) / (self.last - self.first) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round whole figures from at or below `low` to at or above `high`, at most `most + 1` of them; never fewer than two."""
    reach = high - low
    if not math.isfinite(reach) or reach < 1e-9:
        high, reach = low + 1, 1.0
    size = max(1.0, 10.0 ** math.floor(math.log10(reach / most)))
    for step in STEPS:
        if (step * size) % 1:
            continue
        first, last = math.floor(low / (step * size) + 1e-9), math.ceil(high / (step * size) - 1e-9)
        if last - first <= most:
            return [round(k * step * size, 10) for k in range(first, max(last, first + 1) + 1)]
    raise ValueError(f"no round figures between {low} and {high}")


def figure(value: float, unit: str = "cases", beside: Sequence[float] = ()) -> str:
    """`21`, `1,204`, `72%`: as few places as keep it different from each of `beside` that it is not, so that 74.96 is never shown as 75."""
    mark, said = "%" if unit == "per cent" else "", ""
    if abs(value) >= HUGE:
        return f"{value:.1e}{mark}"
    for places in range(1, MOST_PLACES + 1):
        said = _rounded(value, places)
        if all(value == other or said != _rounded(other, places) for other in beside):
            break
    return said + mark


def _rounded(value: float, places: int) -> str:
    said = f"{value:,.{places}f}".rstrip("0").rstrip(".")
    return "0" if said == "-0" else said


def apart(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """The places nearest to those wanted, in the order given, that are `gap` apart and within the edges where there is room for all."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    at = [max(top, min(bottom, wanted[i])) for i in order]
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + gap)
    if at and at[-1] > bottom:
        at[-1] = bottom
        for i in range(len(at) - 2, -1, -1):
            at[i] = min(at[i], at[i + 1] - gap)
    placed = dict(zip(order, at, strict=True))
    return [placed[i] for i in range(len(wanted))]
