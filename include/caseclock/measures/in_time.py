"""Of the work done within the period, the share done in time, per timescale.

Read it beside `overdue`: closing old late work makes this share fall, leaving it open makes it look good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: clocks stopped within the period. NaN where none was."""
    from caseclock.clocks.tally import per_cent

    for rule in tally.rules:
        kept = tally.stopped[rule, "done_in_time"]
        stopped = kept + tally.stopped[rule, "done_late"]
        yield f"in_time.{rule}", per_cent(kept, stopped), stopped
