"""Of the work that was open and not late 5 working days ago and fell due since, what was not done by its limit, per timescale.

What `expected_5` foretold 5 working days ago, as it came: the running check of that forecast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """Clocks, late now or done late; n is the value."""
    for rule in tally.rules:
        if (rule, 5) in tally.fell_due:
            yield f"fell_due_5.{rule}", tally.fell_due[rule, 5], tally.fell_due[rule, 5]
