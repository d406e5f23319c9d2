"""Referrals that ended within the period: closed, ended with no further action, or the child has died.

One with no further action and no day of closing ended on the day it came. No figure where the extract holds no day of closing at all:
none seen is not none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n is the value. No value where the extract has no day of closing."""
    if "left" in tally.facts:
        yield "departures", tally.facts["left"], tally.facts["left"].astype(int)
