"""Clocks and tables to values per team. One file per measure, and one line in MEASURES."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caseclock.measures import (
    agency_rate,
    agency_share,
    caseload,
    caseload_fte,
    caseload_high,
    due_soon,
    in_time,
    open,
    overdue,
    rhi_held,
    supervision_held,
    supervision_recorded,
    unallocated,
    unallocated_cp,
    unallocated_low,
    unallocated_priority,
    vacancy_rate,
)
from caseclock.measures.model import COUNCIL, MEASURE_COLUMNS, NO_TEAM, SERVICE, MeasureConfig

if TYPE_CHECKING:  # pandas costs half a second and this module is read where only names are needed
    import pandas as pd

    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.clocks.columns import Columns
    from caseclock.clocks.tally import Tally
    from caseclock.snapshots import Snapshot

MEASURES: dict[str, Callable[[Tally], Iterator[tuple[str, Any, Any]]]] = {
    "open": open.values,
    "unallocated": unallocated.values,
    "unallocated_cp": unallocated_cp.values,
    "overdue": overdue.values,
    "due_soon": due_soon.values,
    "in_time": in_time.values,
    "unallocated_low": unallocated_low.values,
    "unallocated_priority": unallocated_priority.values,
    "supervision_held": supervision_held.values,
    "supervision_recorded": supervision_recorded.values,
    "caseload": caseload.values,
    "caseload_fte": caseload_fte.values,
    "caseload_high": caseload_high.values,
    "agency_share": agency_share.values,
    "vacancy_rate": vacancy_rate.values,
    "agency_rate": agency_rate.values,
    "rhi_held": rhi_held.values,
}

__all__ = ["COUNCIL", "MEASURES", "MEASURE_COLUMNS", "NO_TEAM", "SERVICE", "MeasureConfig", "compute"]


def compute(
    frame: pd.DataFrame,
    snapshot: Snapshot | Columns,
    config: Sequence[MeasureConfig],
    allocated_roles: Collection[str],
    calendar: WorkingCalendar,
) -> pd.DataFrame:
    """MEASURE_COLUMNS, one row per measure and place: every team that the extract names, `?`, every service, and the council.

    `frame` is `clock_frame(snapshot, ...)` of the same snapshot and roles, as it was made: read back from a file it has lost the rules
    that have no clock. Zero is a value and has a row. What the extract cannot show (a rule that is not watched) has none.
    """
    import numpy as np
    import pandas as pd

    from caseclock.clocks.columns import columns_of
    from caseclock.clocks.tally import tally

    columns = columns_of(snapshot)
    tallies = {days: tally(frame, columns, allocated_roles, days, calendar) for days in {entry.period_days for entry in config}}
    made = [(entry, row) for entry in config for row in MEASURES[entry.id](tallies[entry.period_days])]
    if not made:
        return pd.DataFrame(
            {"measure": pd.Series(dtype="str"), "team": pd.Series(dtype="str"), "value": np.zeros(0), "n": np.zeros(0, int)}
        )
    teams = next(iter(tallies.values())).places.names
    return pd.DataFrame(
        {
            "measure": np.repeat([row[0] for _, row in made], len(teams)),
            "team": np.tile(teams, len(made)),
            "value": np.concatenate([np.asarray(row[1], dtype=np.float64) for _, row in made]),
            "n": np.concatenate([row[2] for _, row in made]),
        }
    ).astype({"measure": "str", "team": "str"})
