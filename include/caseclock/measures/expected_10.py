"""How much of `due_10` is likely to be late if work goes on as it did: expected breaches in 10 working days, per timescale.

The sum over these clocks of S(limit) / S(age), S being the Kaplan-Meier curve of all clocks of the timescale in this extract.
To take everything that is due for a breach would overstate it about twofold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Clocks, a mean and so not whole; n: clocks that are due."""
    for rule in tally.rules:
        if (rule, 10) in tally.expected:
            yield f"expected_10.{rule}", tally.expected[rule, 10], tally.due[rule, 10]
