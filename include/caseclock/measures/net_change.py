"""Arrivals less departures of the period: by so many cases the open work has grown, below zero has shrunk.

Of the council this is the change of `open` exactly, as this extract tells both days. Of a team it leaves out cases that other teams have
handed over; `residual` holds it against the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n: arrivals and departures together. No value where the extract has no day of closing."""
    if "left" in tally.facts:
        came, went = tally.facts["arrived"], tally.facts["left"]
        yield "net_change", came - went, (came + went).astype(int)
