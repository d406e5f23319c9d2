"""How long the queue for allocation may be if nearly all of it is to be allocated within the limit: arrivals a week by limit by 1/4.

NHSRwaitinglist's target queue. Of the queue for allocation only: the formula takes waits to be about exponential,
which fits waiting for a worker and does not fit work that is paced to its deadline, such as assessments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n: cases that began to wait within the period. No value where the timescale `allocation` has no clock."""
    from caseclock.clocks.queueing import target_queue_size

    if "allocation_weeks" in tally.facts:
        came = tally.started["allocation"]
        yield "target_queue", target_queue_size(came / (tally.period_days / 7), tally.facts["allocation_weeks"]), came
