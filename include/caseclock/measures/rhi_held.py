"""Of the children who came back from a missing episode within the period, the share with a return interview. Needs meetings.csv.

Completeness, not timeliness: guidance asks for 72 hours, and extracts hold days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: missing episodes that ended within the period. No value without missing episodes and return interviews."""
    from caseclock.clocks.tally import per_cent

    if "returned" in tally.facts:
        whole = tally.facts["returned"]
        yield "rhi_held", per_cent(tally.facts["interviewed"], whole), whole.astype(int)
