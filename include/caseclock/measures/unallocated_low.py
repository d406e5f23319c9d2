"""Open referrals that nobody holds and that are labelled low, or not at all. Needs priority.csv.

In 2009 the 8 dangerous cases among 57 sampled were all labelled low. A low label must not hide a wait, so it is counted by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: open referrals that nobody holds, whatever their label. No value where the extract cannot show who holds a case."""
    low = [tally.facts[f"unallocated.{name}"] for name in ("low", "no_priority") if f"unallocated.{name}" in tally.facts]
    if low:
        yield "unallocated_low", sum(low[1:], low[0]).astype(int), tally.cases["referrals_unallocated"]
