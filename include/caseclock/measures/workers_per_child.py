"""How many workers a child has had within the period: different allocated workers per child with an open case, the mean.

A year as it ships. Children who have had none do not count: they are in `unallocated`, and would make changes of worker look fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Workers per child; n: children with an open case who had at least one.

    No value where the extract cannot show who holds a case, or allocations have no dates.
    """
    from caseclock.clocks.tally import ratio

    if "children_with_worker" in tally.facts:
        whole = tally.facts["children_with_worker"]
        yield "workers_per_child", ratio(tally.facts["workers_of_children"], whole), whole.astype(int)
