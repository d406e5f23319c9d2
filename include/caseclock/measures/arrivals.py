"""Referrals received within the period, whatever became of them: the demand. Shown for the team that answers for each now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n is the value."""
    if "arrived" in tally.facts:
        yield "arrivals", tally.facts["arrived"], tally.facts["arrived"].astype(int)
