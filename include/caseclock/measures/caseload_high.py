"""Workers with a caseload per full-time equivalent far above the rest: see `HIGH` in clocks/facts.py. Needs staff.csv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """n: workers who hold a case and whose FTE is known. No value where the extract cannot show who holds a case."""
    if "caseload_high" in tally.facts:
        yield "caseload_high", tally.facts["caseload_high"].astype(int), tally.facts["workers_with_fte"].astype(int)
