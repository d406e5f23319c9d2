"""Work done within the period, in time or late, per timescale: what came out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """Clocks; n is the value."""
    for rule in tally.rules:
        done = tally.stopped[rule, "done_in_time"] + tally.stopped[rule, "done_late"]
        yield f"completed.{rule}", done, done
