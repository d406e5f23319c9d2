"""How much work is open: open referrals, and open clocks of each timescale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """`open` counts referrals that are neither closed nor ended with no further action; `open.<rule>` counts clocks. n is the value."""
    yield "open", tally.cases["referrals"], tally.cases["referrals"]
    for rule in tally.rules:
        yield f"open.{rule}", tally.open(rule), tally.open(rule)
