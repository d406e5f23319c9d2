"""The types of the room `snapshots`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caseclock.extracts import Absence, Extract, Reject

if TYPE_CHECKING:  # pandas costs half a second and this module is read where only names are needed
    import pandas as pd


@dataclass(frozen=True)
class TableCount:
    """Rows of one canonical table. `read == kept + quarantined`, always."""

    read: int
    kept: int
    quarantined: int


@dataclass(frozen=True)
class Snapshot:
    """One extract as typed canonical tables.

    `tables` holds every table of `TABLES` (empty where the source has none). Dates are datetime64[s] at midnight, flags
    are pandas `boolean`, ids and codes are `str` (missing = None), and `_file`/`_row` say where each row came from.
    `rejects` are the rows that could not be typed or that quality put aside; they are not in `tables`.
    `placeholders`, `unreadable`: by (table, column) how many cells were read as missing because they hold a placeholder (-1, 1900-01-01),
    or are no flag or number at all.
    """

    extract: Extract
    tables: dict[str, pd.DataFrame]
    rejects: list[Reject] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    placeholders: dict[tuple[str, str], int] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], int] = field(default_factory=dict)

    def counts(self) -> dict[str, TableCount]:
        """Per canonical table that the extract has rows of: read, kept, quarantined."""
        aside: dict[str, set[tuple[str, int]]] = {}
        for reject in self.rejects:
            aside.setdefault(reject.table, set()).add((reject.file, reject.row))
        names = [n for n, frame in self.tables.items() if len(frame) or n in aside]
        names += [n for n in aside if n not in self.tables]
        made = {n: (len(self.tables[n]) if n in self.tables else 0, len(aside.get(n, ()))) for n in names}
        return {n: TableCount(kept + out, kept, out) for n, (kept, out) in made.items()}
