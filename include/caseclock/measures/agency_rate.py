"""Agency staff as a share of all: agency divided by agency and staff in post, full-time equivalents. Needs posts.csv.

The formula is that of the workforce statistics of DfE; `filled_fte` is without agency staff.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: full-time equivalents, rounded. The last count of each team by the extract's date."""
    from caseclock.clocks.tally import per_cent

    if "agency_fte" in tally.facts:
        whole = tally.facts["agency_fte"] + tally.facts["filled"]
        yield "agency_rate", per_cent(tally.facts["agency_fte"], whole), whole.round().astype(int)
