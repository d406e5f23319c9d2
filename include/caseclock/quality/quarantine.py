"""Take out of a snapshot what the gate found unusable, so that nothing later can count it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from caseclock.extracts.model import FILE, ROW
from caseclock.quality.model import QualityReport
from caseclock.quality.rules import ENDS
from caseclock.snapshots.model import Snapshot

if TYPE_CHECKING:  # as in `scene`
    import pandas as pd


def set_aside(snapshot: Snapshot, report: QualityReport) -> Snapshot:
    """The snapshot without the rows of `report.rejects`, which join its own rejects: read = kept + quarantined stays true. A second
    call changes nothing.

    Ends that lie after the extract's date are read as not yet happened: what they would close is still open today.
    """
    aside: dict[str, set[tuple[str, int]]] = {}
    for reject in report.rejects:
        aside.setdefault(reject.table, set()).add((reject.file, reject.row))
    as_of = np.datetime64(snapshot.extract.as_of, "s")
    tables = {
        table: _with_open_ends(_without(frame, aside.get(table, set())), ENDS.get(table, ()), as_of)
        for table, frame in snapshot.tables.items()
    }
    known = set(snapshot.rejects)
    return replace(snapshot, tables=tables, rejects=[*snapshot.rejects, *(r for r in report.rejects if r not in known)])


def _without(frame: pd.DataFrame, rows: set[tuple[str, int]]) -> pd.DataFrame:
    if not rows:
        return frame
    may_be = frame[ROW].isin({row for _, row in rows}).to_numpy()  # few rows are looked at one by one
    kept = ~may_be
    kept[may_be] = [place not in rows for place in zip(frame.loc[may_be, FILE], frame.loc[may_be, ROW], strict=True)]
    return frame[kept].reset_index(drop=True)


def _with_open_ends(frame: pd.DataFrame, ends: tuple[str, ...], as_of: np.datetime64) -> pd.DataFrame:
    for column in ends:
        is_later = frame[column] > as_of if len(frame) else None
        if is_later is not None and is_later.any():
            frame = frame.assign(**{column: frame[column].mask(is_later)})
    return frame
