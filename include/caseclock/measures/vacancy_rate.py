"""Vacant posts as a share of all: vacancies divided by vacancies and staff in post, full-time equivalents. Needs posts.csv.

The formula is that of the workforce statistics of DfE. A team with more staff than posts has no vacancies, not negative ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: full-time equivalents, rounded. The last count of each team by the extract's date."""
    from caseclock.clocks.tally import per_cent

    if "vacant" in tally.facts:
        whole = tally.facts["vacant"] + tally.facts["filled"]
        yield "vacancy_rate", per_cent(tally.facts["vacant"], whole), whole.round().astype(int)
