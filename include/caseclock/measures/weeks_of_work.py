"""Weeks that the open cases would last if nothing new came and work left at the rate of the period: open cases by departures a week.

It says how much work lies there for the capacity that there is. It is no forecast: new work does come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Weeks; n: departures of the period. NaN where no referral ended. No value where the extract has no day of closing."""
    from caseclock.clocks.queueing import clearance

    if "left" in tally.facts:
        went = tally.facts["left"]
        yield "weeks_of_work", clearance(tally.cases["referrals"], went / (tally.period_days / 7)), went.astype(int)
