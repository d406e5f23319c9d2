"""Allocations a week that it takes to bring the queue for allocation down to `target_queue` within 26 weeks.

NHSRwaitinglist's relief capacity: arrivals a week, and the excess spread over the weeks. Only where the queue is
more than twice its target: up to there no relief is called for and there is no value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases a week; n: cases that wait now. NaN where no relief is called for. No value where the timescale `allocation` has no clock."""
    from caseclock.clocks.queueing import relief_where_needed

    if "allocation_weeks" in tally.facts:
        waiting = tally.open("allocation")
        a_week = tally.started["allocation"] / (tally.period_days / 7)
        yield "relief_capacity", relief_where_needed(a_week, waiting, tally.facts["allocation_weeks"]), waiting
