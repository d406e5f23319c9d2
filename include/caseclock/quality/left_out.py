"""A supplementary file that cannot be believed is left out as a whole: its measures are off, and the council's other numbers speak.

Such a file is made by hand. A slip in it must neither silence the clocks of the case system's own export nor make
figures of its own from the part that happens to be readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseclock.extracts.model import FILE, ROW, Reject
from caseclock.extracts.supplementary import BY_TABLE
from caseclock.quality.check import TableCheck
from caseclock.quality.trip import HELD, Trip
from caseclock.snapshots.keys import row_hashes
from caseclock.snapshots.tables import TABLES

REASON = "its file as a whole cannot be believed, see the reasons of the report: the measures that need it are off"


def leave_out(trips: Sequence[Trip], checks: Mapping[str, TableCheck], rejects: Sequence[Reject]) -> tuple[list[Trip], list[Reject]]:
    """What would have held the numbers because of a supplementary file warns instead, and all rows of the file are put aside."""
    tables = {t.finding.table for t in trips if t.level == "hold" and t.finding.table in BY_TABLE}
    aside = {(r.table, r.file, r.row) for r in rejects}
    more = [r for table in sorted(tables) for r in _rows(checks[table]) if (r.table, r.file, r.row) not in aside]
    return [_warned(t) if t.finding.table in tables else t for t in trips], [*rejects, *more]


def _warned(trip: Trip) -> Trip:
    if trip.level != "hold":
        return trip
    told = trip.sentence.replace(f": {HELD}", "").replace(f", {HELD}", "")
    file = BY_TABLE[trip.finding.table].file
    return replace(trip, level="warn", sentence=f"{told}: {file} is left out, and what it shows is not watched")


def _rows(check: TableCheck) -> list[Reject]:
    frame, key = check.frame, TABLES[check.table].key
    places = zip(frame[FILE], frame[ROW], row_hashes(TABLES[check.table], frame), strict=True)
    return [Reject(check.table, str(file), int(row), key, REASON, "file_left_out", hash_) for file, row, hash_ in places]
