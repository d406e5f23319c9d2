"""Open cases in no plan in which nothing has happened for more than 90 days: records that somebody may have forgotten to close.

Nothing: no visit, assessment, review, conference, change of allocation, supervision or meeting. The 90 days are a local limit.
Counted apart from work that waits: in 2012 Haringey's open cases held some that had ended in fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n: open cases. No value where the extract has no allocations or no visits: then nobody could tell."""
    if "stale" in tally.facts:
        yield "stale_open", tally.facts["stale"], tally.cases["referrals"]
