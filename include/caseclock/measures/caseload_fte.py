"""Children per full-time equivalent of the workers who hold them: the mean of the team. England 2023: 16.0. Needs staff.csv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Children per FTE; n: workers who hold a case and whose FTE staff.csv gives; the others and their cases are left out.

    No value where the extract cannot show who holds a case.
    """
    from caseclock.clocks.tally import ratio

    if "fte" in tally.facts:
        yield "caseload_fte", ratio(tally.facts["caseload_with_fte"], tally.facts["fte"]), tally.facts["workers_with_fte"].astype(int)
