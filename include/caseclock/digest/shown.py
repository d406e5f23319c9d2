"""A figure as it may be shown outside the team that answers for it: exactly, as a range, or not at all.

Nothing that goes into a digest is made from any other form of a figure, so what a range hides no sentence, chart or table can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WITHHELD_WORDS: Final = "withheld"


@dataclass(frozen=True)
class Shown:
    """The figure lies from `low` to `high`, both included; where they are equal it is exact. `high` None: it is `low` or more. Both None:
    it is withheld altogether.

    `n`: from how many cases a share or an average is made, where that may be shown; of a count None.
    """

    low: float | None
    high: float | None
    n: int | None = None

    @property
    def value(self) -> float | None:
        """The figure where it is exact, else None."""
        return self.low if self.low == self.high else None

    @property
    def withheld(self) -> bool:
        return self.low is None

    @property
    def ranged(self) -> bool:
        return self.low is not None and self.low != self.high

    def at_least(self, limit: float) -> bool:
        """Surely at or above it."""
        return self.low is not None and self.low >= limit

    def below(self, limit: float) -> bool:
        """Surely below it."""
        return self.high is not None and self.high < limit

    def words(self, unit: str) -> str:
        """`21`, `1 to 5`, `20 or more`, `86%`, `17.5`, `withheld`. Shares in whole per cent, `average` and `ratio` with one place."""
        if self.low is None:
            return WITHHELD_WORDS
        mark = "%" if unit == "per cent" else ""
        low = _figure(self.low, unit)
        if self.high is None:
            return f"{low}{mark} or more"
        high = _figure(self.high, unit)
        return f"{low}{mark}" if low == high else f"{low} to {high}{mark}"


def exact(value: float, n: int | None = None) -> Shown:
    return Shown(value, value, n)


HIDDEN: Final = Shown(None, None)


def _figure(value: float, unit: str) -> str:
    places = 1 if unit in {"average", "ratio"} else 0
    said = f"{value:,.{places}f}"
    return "0" if said == "-0" else said
