"""What the events since the extract before do not explain of the change in open cases: the check that no case is lost or counted twice.

Open now, less open then, less opened, reopened and moved in, plus closed, vanished and moved out. Zero is right. A figure needs the
accepted extract before; the first one has none. Below zero cases have gone without a word: a limit counts the distance from zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Cases, above zero for more open than explained; n: cases that were open then. No value without an accepted extract before."""
    if "residual" in tally.facts:
        yield "residual", tally.facts["residual"], tally.facts["before"].astype(int)
