"""Of the case supervisions held within the period, the share that is on file with its decision. Needs supervision.csv.

The review of Haringey in 2009 asked that all case decisions made in supervision are formally recorded in files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: case supervisions. No value where the extract never says whether a decision was recorded."""
    from caseclock.clocks.tally import per_cent

    if "supervisions" in tally.facts:
        whole = tally.facts["supervisions"]
        yield "supervision_recorded", per_cent(tally.facts["supervisions_recorded"], whole), whole.astype(int)
