"""Open work by how much of its limit has passed, in bands of per cent, per timescale: is there a tail, and is a wave on its way?

`to_25` up to a quarter of the limit, `to_50`, `to_75`, `to_100` up to the limit itself, `to_150`, and `over_150` beyond one and a half
times the limit. Shares, because limits of 1, 15 and 45 days are then comparable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Counts, Counts]]:
    """Clocks; n: open clocks of the rule, which are the bands together."""
    for (rule, band), many in tally.bands.items():
        yield f"age_band.{rule}.{band}", many, tally.open(rule)
