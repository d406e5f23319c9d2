"""Open referrals that no real person holds now, whether they never had a worker or the worker has left. The headline of the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: open referrals of the team. No value where the extract cannot show who holds a case."""
    if "referrals_unallocated" in tally.cases:
        yield "unallocated", tally.cases["referrals_unallocated"], tally.cases["referrals"]
