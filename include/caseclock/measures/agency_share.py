"""Of the workers who hold cases, the share from an agency. Needs staff.csv: live exports leave their flag blank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: workers who hold a case and of whom staff.csv says whether they are from an agency.

    No value where the extract cannot show who holds a case.
    """
    from caseclock.clocks.tally import per_cent

    if "agency_known" in tally.facts:
        whole = tally.facts["agency_known"]
        yield "agency_share", per_cent(tally.facts["agency"], whole), whole.astype(int)
