"""Of the workers who hold cases, the share with a personal supervision within the period. Needs supervision.csv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Per cent; n: workers who hold a case. No value without a personal supervision in the extract."""
    from caseclock.clocks.tally import per_cent

    if "workers_to_supervise" in tally.facts:
        whole = tally.facts["workers_to_supervise"]
        yield "supervision_held", per_cent(tally.facts["workers_supervised"], whole), whole.astype(int)
