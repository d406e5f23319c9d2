"""Open referrals that nobody holds, by the priority that they were given last. Needs priority.csv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """One figure per priority, its name behind a dot; together they are `unallocated`. n: open referrals that nobody holds.

    No value where the extract cannot show who holds a case.
    """
    for key, waiting in tally.facts.items():
        if key.startswith("unallocated."):
            yield f"unallocated_priority.{key.partition('.')[2]}", waiting.astype(int), tally.cases["referrals_unallocated"]
