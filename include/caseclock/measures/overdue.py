"""Open work past its due date, per timescale.

Read it beside `in_time`: that speaks of work that was done, this of work that is late and still open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: open clocks of the rule."""
    for rule in tally.rules:
        yield f"overdue.{rule}", tally.of[rule, "overdue"], tally.open(rule)
