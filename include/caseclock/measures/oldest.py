"""How long the oldest open work has been open, per timescale, in the unit of its limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Working days, days or months, as the limit; n: open clocks of the rule. NaN where there is none."""
    for rule, age in tally.oldest.items():
        yield f"oldest.{rule}", age, tally.open(rule)
