"""Of all children on caseloads, the share that the tenth of workers with the most of them holds. Needs staff.csv.

At least one worker: of a team of nine, the one with the most. It shows work that is spread unevenly when the mean looks well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: workers who hold a case. No value where the extract cannot show who holds a case."""
    from caseclock.clocks.tally import per_cent

    if "caseload_top" in tally.facts:
        yield "caseload_top", per_cent(tally.facts["caseload_top"], tally.facts["caseload"]), tally.facts["workers"].astype(int)
