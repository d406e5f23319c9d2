"""Of the child protection plans that have been open for 3 months or more, the share all of whose reviews were held in time.

As DfE counts plans reviewed within timescales (children in need, table D6): the first review within 3 months of the initial conference,
each later one within 6 months of the last, and none overdue now. England 2024: 89.8 per cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: plans. No value where the extract has no reviews of plans, or only the latest of each."""
    from caseclock.clocks.tally import per_cent

    if "plans_to_review" in tally.facts:
        whole = tally.facts["plans_to_review"]
        yield "reviewed_in_time", per_cent(tally.facts["plans_reviewed"], whole), whole.astype(int)
