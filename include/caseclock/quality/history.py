"""What earlier extracts of one source say about the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from caseclock.quality.model import Stat
from caseclock.snapshots.model import Snapshot

Coverage = Literal["full", "open_only", "window"]
NUMBERS_OF = 12  # of so many accepted extracts before it an extract is given the numbers


@dataclass(frozen=True)
class Accepted:
    """One extract that was accepted: it passed, warned, or a person released it. `kept`: rows per canonical table."""

    extract_id: str
    as_of: dt.date
    kept: Mapping[str, int]


@dataclass(frozen=True)
class History:
    """Accepted extracts of one source, in any order.

    `coverage`: *full* (rows stay in the extract for years after they are closed, as in the SSD), *open_only*, or *window* (rows
    leave by age after months, as in Annex A: ids that are gone then mean nothing). `stats`: the numbers of each, by its id.
    `load` gives the snapshot of an accepted extract by its id; it is called at most once, and not at all where nothing follows from it.
    """

    accepted: tuple[Accepted, ...] = ()
    coverage: Coverage = "full"
    load: Callable[[str], Snapshot] | None = None
    stats: Mapping[str, Sequence[Stat]] = field(default_factory=dict)

    def before(self, as_of: dt.date) -> list[Accepted]:
        """Oldest first, one per date (of a date that was sent again, the one named last). An older date that arrives late is compared
        with the extracts before it, never with newer ones; a correction is not compared with what it corrects.
        """
        latest = {a.as_of: a for a in self.accepted if a.as_of < as_of}
        return [latest[day] for day in sorted(latest)]
