"""Arrivals divided by departures of the period: above 1 the open work grows. NHSRwaitinglist's queue load.

Over 13 weeks as it ships, so that one busy week does not speak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Ratio; n: departures. NaN where no referral ended. No value where the extract has no day of closing."""
    from caseclock.clocks.queueing import queue_load

    if "left" in tally.facts:
        went = tally.facts["left"]
        yield "load", queue_load(tally.facts["arrived"], went), went.astype(int)
