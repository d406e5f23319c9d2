"""How much of `due_5` is likely to be late if work goes on as it did: expected breaches in 5 working days, per timescale.

The sum over these clocks of S(limit) / S(age), S being the Kaplan-Meier curve of all clocks of the timescale in this extract.
To take everything that is due for a breach would overstate it about twofold.
Held against what came by `fell_due_5`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Clocks, a mean and so not whole; n: clocks that are due."""
    for rule in tally.rules:
        if (rule, 5) in tally.expected:
            yield f"expected_5.{rule}", tally.expected[rule, 5], tally.due[rule, 5]
