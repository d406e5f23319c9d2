"""Open work inside its warning lead, not yet late, per timescale. Always 0 where the timescale has no lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: open clocks of the rule."""
    for rule in tally.rules:
        yield f"due_soon.{rule}", tally.of[rule, "due_soon"], tally.open(rule)
