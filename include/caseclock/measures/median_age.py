"""How long half of the open work has been open at least, per timescale, in the unit of its limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Working days, days or months, as the limit; n: open clocks of the rule. NaN where there is none."""
    for rule, age in tally.median_age.items():
        yield f"median_age.{rule}", age, tally.open(rule)
