"""Children per worker who holds cases: the mean of the team. Needs staff.csv, which says who is a person and at work.

Counted from open allocations as of the extract; the caseload column of an export is a year old, or blank
(SSD v1.4.5: as at the last 30 September, or NULL).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Children per worker; n: workers who hold a case. A child whom two workers hold counts with both.

    No value where the extract cannot show who holds a case.
    """
    from caseclock.clocks.tally import ratio

    if "workers" in tally.facts:
        yield "caseload", ratio(tally.facts["caseload"], tally.facts["workers"]), tally.facts["workers"].astype(int)
