"""What the case frame tells of each place: open cases in which nothing happens, and those that a re-look may be drawn from."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.places import Places, Sums, places
from caseclock.clocks.relook import relook_pool
from caseclock.clocks.standing import standing

if TYPE_CHECKING:
    import pandas as pd

STALE = np.timedelta64(90, "D")
"""An open case in no plan in which nothing has happened for longer than this is stale. Local choice."""


def case_facts(columns: Columns, allocated_roles: Collection[str]) -> dict[str, Sums]:
    """`stale` and `relook_pool` per place.

    No `stale` where the extract has no visits or no allocations: then nobody could tell whether anything has happened.
    """
    cases, at = case_frame(columns, allocated_roles), places(columns)
    made = {"relook_pool": relook_pool(columns, allocated_roles, cases).counted(at)}
    if columns.rows("visit") and columns.rows("allocation"):
        made["stale"] = _stale(cases, columns, allocated_roles, at)
    return made


def _stale(cases: pd.DataFrame, columns: Columns, allocated_roles: Collection[str], at: Places) -> Sums:
    """Row i of the case frame is the i-th open referral of `standing`, which has the team as a number."""
    team = columns.once(("standing", *sorted(allocated_roles)), lambda: standing(columns, allocated_roles)).referral_team
    opened, last = (np.asarray(cases[name], dtype="datetime64[s]").astype("datetime64[D]") for name in ("opened_on", "last_event_on"))
    quiet = columns.as_of - np.fmax(opened, last) > STALE
    return at.counted(team[quiet & np.asarray(cases["level"] == "none", dtype=bool)])
