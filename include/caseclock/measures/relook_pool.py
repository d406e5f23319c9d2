"""Cases from which the re-look sample is drawn: those that everybody thinks can wait, each once.

Open and labelled low or not at all; or ended with no further action, received within 91 days, the child alive; or open and without a worker
for 28 days or longer. In 2009 the 8 dangerous cases among 57 sampled were all labelled low: a list by priority would have hidden them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases; n is the value."""
    if "relook_pool" in tally.facts:
        yield "relook_pool", tally.facts["relook_pool"], tally.facts["relook_pool"].astype(int)
