"""Open work, not late, whose limit is reached within 10 working days of the extract's date, per timescale.

Not all of it will be late: `expected_10` says how much of it is likely to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """Clocks; n: open clocks of the rule."""
    for rule in tally.rules:
        if (rule, 10) in tally.due:
            yield f"due_10.{rule}", tally.due[rule, 10], tally.open(rule)
