"""Open work, not late, whose limit is reached within 5 working days of the extract's date, per timescale.

Not all of it will be late: `expected_5` says how much of it is likely to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """Clocks; n: open clocks of the rule."""
    for rule in tally.rules:
        if (rule, 5) in tally.due:
            yield f"due_5.{rule}", tally.due[rule, 5], tally.open(rule)
