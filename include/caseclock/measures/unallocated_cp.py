"""Children on a child protection plan whom no real person holds now. Urgent: this is told at any hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: children on an open plan of this council. No value where the extract has no open plan or cannot show who holds a case."""
    if "cp_children_unallocated" in tally.cases:
        yield "unallocated_cp", tally.cases["cp_children_unallocated"], tally.cases["cp_children"]
