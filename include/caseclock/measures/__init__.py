"""Clocks and tables to values per team. One file per measure, and one line in MEASURES."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from caseclock.measures import (
    age_band,
    agency_rate,
    agency_share,
    arrivals,
    caseload,
    caseload_fte,
    caseload_high,
    caseload_top,
    completed,
    departures,
    due_5,
    due_10,
    due_soon,
    expected_5,
    expected_10,
    fell_due_5,
    in_time,
    load,
    median_age,
    net_change,
    oldest,
    open,
    overdue,
    re_referral,
    relief_capacity,
    relook_pool,
    residual,
    reviewed_in_time,
    rhi_held,
    stale_open,
    supervision_due,
    supervision_held,
    supervision_recorded,
    target_queue,
    unallocated,
    unallocated_cp,
    unallocated_low,
    unallocated_priority,
    vacancy_rate,
    weeks_of_work,
    workers_per_child,
)
from caseclock.measures.model import COUNCIL, MEASURE_COLUMNS, NO_TEAM, SERVICE, MeasureConfig

if TYPE_CHECKING:  # pandas costs half a second and this module is read where only names are needed
    import pandas as pd

    from caseclock.clocks.calendar import WorkingCalendar
    from caseclock.clocks.columns import Columns
    from caseclock.clocks.tally import Counts, Tally
    from caseclock.snapshots import Snapshot

MEASURES: dict[str, Callable[[Tally], Iterator[tuple[str, Any, Any]]]] = {
    "open": open.values,
    "unallocated": unallocated.values,
    "unallocated_cp": unallocated_cp.values,
    "overdue": overdue.values,
    "due_soon": due_soon.values,
    "in_time": in_time.values,
    "completed": completed.values,
    "due_5": due_5.values,
    "due_10": due_10.values,
    "expected_5": expected_5.values,
    "expected_10": expected_10.values,
    "fell_due_5": fell_due_5.values,
    "age_band": age_band.values,
    "median_age": median_age.values,
    "oldest": oldest.values,
    "stale_open": stale_open.values,
    "reviewed_in_time": reviewed_in_time.values,
    "relook_pool": relook_pool.values,
    "arrivals": arrivals.values,
    "departures": departures.values,
    "net_change": net_change.values,
    "residual": residual.values,
    "load": load.values,
    "weeks_of_work": weeks_of_work.values,
    "target_queue": target_queue.values,
    "relief_capacity": relief_capacity.values,
    "re_referral": re_referral.values,
    "workers_per_child": workers_per_child.values,
    "unallocated_low": unallocated_low.values,
    "unallocated_priority": unallocated_priority.values,
    "supervision_due": supervision_due.values,
    "supervision_held": supervision_held.values,
    "supervision_recorded": supervision_recorded.values,
    "caseload": caseload.values,
    "caseload_fte": caseload_fte.values,
    "caseload_high": caseload_high.values,
    "caseload_top": caseload_top.values,
    "agency_share": agency_share.values,
    "vacancy_rate": vacancy_rate.values,
    "agency_rate": agency_rate.values,
    "rhi_held": rhi_held.values,
}

__all__ = [
    "COUNCIL",
    "MEASURES",
    "MEASURE_COLUMNS",
    "NO_TEAM",
    "SERVICE",
    "MeasureConfig",
    "compute",
    "definition",
    "needs",
    "why_no_value",
]


def compute(
    frame: pd.DataFrame,
    snapshot: Snapshot | Columns,
    config: Sequence[MeasureConfig],
    allocated_roles: Collection[str],
    calendar: WorkingCalendar,
    flows: Mapping[str, Counts] | None = None,
) -> pd.DataFrame:
    """MEASURE_COLUMNS, one row per measure and place: every team that the extract names, `?`, every service, and the council.

    `frame` is `clock_frame(snapshot, ...)` of the same snapshot and roles, as it was made: read back from a file it has lost the rules
    that have no clock. Zero is a value and has a row. What the extract cannot show (a rule that is not watched) has none.
    `flows`: events of cases since the accepted extract before, an array over the places for each kind (clocks/flows.py, `residual`);
    None when there is none before, and then `residual` has no row.
    """
    import numpy as np
    import pandas as pd

    from caseclock.clocks.columns import columns_of

    columns = columns_of(snapshot)
    counted = _counted(frame, columns, config, allocated_roles, calendar, flows)
    made = [row for entry in config for row in MEASURES[entry.id](counted[entry.period_days]) if entry.speaks_of(row[0])]
    if not made:
        return pd.DataFrame(
            {"measure": pd.Series(dtype="str"), "team": pd.Series(dtype="str"), "value": np.zeros(0), "n": np.zeros(0, int)}
        )
    teams = next(iter(counted.values())).places.names
    return pd.DataFrame(
        {
            "measure": np.repeat([row[0] for row in made], len(teams)),
            "team": np.tile(teams, len(made)),
            "value": np.concatenate([np.asarray(row[1], dtype=np.float64) for row in made]),
            "n": np.concatenate([row[2] for row in made]),
        }
    ).astype({"measure": "str", "team": "str"})


# --- what a measure says of itself -------------------------------------------------------------------------------------
def definition(id: str) -> str:
    """The docstring of the measure's module."""
    return inspect.cleandoc(sys.modules[MEASURES[id].__module__].__doc__ or "")


def needs(id: str) -> str | None:
    """The supplementary file without which the measure has no figure: its definition says *Needs staff.csv*."""
    found = re.search(r"\bNeeds (\w+\.csv)", definition(id))
    return found[1] if found else None


def why_no_value(id: str, known: bool) -> str:
    """Where the measure has no figure, in words that follow *no value*. `known`: the extract could show it, and there was nothing to count.

    The words are those of the docstring of its `values`, which stand on its page too: *No value where ...*, and *NaN where ...* if `known`.
    """
    words = " ".join(inspect.cleandoc(MEASURES[id].__doc__ or "").split())
    found = re.search(rf"\b{'NaN' if known else 'No value'} ((?:where|without) [^.:]+)", words)
    return (
        found[1] if found else "where there is nothing to make it from" if known else "where the extract does not hold what it is made from"
    )


def _counted(
    frame: pd.DataFrame,
    columns: Columns,
    config: Sequence[MeasureConfig],
    roles: Collection[str],
    calendar: WorkingCalendar,
    events: Mapping[str, Counts] | None,
) -> dict[int, Tally]:
    """By period: the clocks counted, and beside them what cases and events tell."""
    from dataclasses import replace

    from caseclock.clocks.case_facts import case_facts
    from caseclock.clocks.flows import allocation_weeks, residual
    from caseclock.clocks.tally import tallies

    made = tallies(frame, columns, roles, {entry.period_days for entry in config}, calendar)
    if not made:
        return made
    one = next(iter(made.values()))
    more = case_facts(columns, roles) | allocation_weeks(frame, one.places, calendar)
    if events is not None:
        more |= residual(one.cases["referrals"], events)
    return {days: replace(tally, facts=tally.facts | more) for days, tally in made.items()}
