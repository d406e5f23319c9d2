"""The referral frame: every referral that an extract knows, open or ended. Those of two extracts tell what happened to the cases."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from caseclock.clocks.columns import NO_DAY, Columns
from caseclock.clocks.flows import ended_on
from caseclock.clocks.holders import held_pairs, involvements
from caseclock.clocks.standing import standing
from caseclock.clocks.teams import team_names, team_of_rows

if TYPE_CHECKING:
    from caseclock.clocks.calendar import Days
    from caseclock.clocks.columns import Codes

REFERRAL_COLUMNS: Final = {
    "item_ref": "the referral's id",
    "child_ref": "the child's id in the extract",
    "began_on": "the day of the referral",
    "ended_on": "the day it was closed or the child died, else of one that ended with no further action the day of the referral; "
    "NaT where it is open",
    "nfa": "it ended with no further action, so it never was an open case",
    "open": "it is an open case, as `standing` has it",
    "team": "id of the team that answers for it, `?` where none does",
    "held": "a real person holds the open case; missing where the extract cannot show who holds any, and of cases that are not open",
    "since": "the day since which somebody holds the open case, or since which nobody does; NaT where nobody can tell",
}


def referral_frame(columns: Columns, allocated_roles: Collection[str], cases: pd.DataFrame) -> pd.DataFrame:
    """REFERRAL_COLUMNS, one row per referral that had begun by the extract's date. `cases`: the case frame of the extract and the roles."""
    stand = columns.once(("standing", *sorted(allocated_roles)), lambda: standing(columns, allocated_roles))
    began = columns.days("referral", "referral_date")
    row = np.flatnonzero(began <= columns.as_of)
    open_ = np.zeros(columns.rows("referral"), dtype=bool)
    open_[stand.referral_row] = True
    nfa = columns.meets("referral", {"nfa": True})
    team = team_of_rows("referral", row, columns, involvements(columns, allocated_roles))
    held, since = np.full(len(open_), -1, dtype=np.int8), np.full(len(open_), NO_DAY)
    if stand.known:
        waiting = np.asarray(cases["waiting_since"], dtype="datetime64[s]").astype("datetime64[D]")
        held[stand.referral_row] = stand.referral_held
        since[stand.referral_row] = np.where(stand.referral_held, _held_since(columns, allocated_roles, stand.referral_row), waiting)
    made = {
        "item_ref": columns.raw("referral", "referral_id").take(row),
        "child_ref": columns.raw("referral", "child_id").take(row),
        "began_on": began[row].astype("datetime64[s]"),
        "ended_on": ended_on(columns)[row].astype("datetime64[s]"),
        "nfa": nfa[row],
        "open": open_[row],
        "team": pd.Categorical.from_codes(team, categories=pd.Index(team_names(columns), dtype="str")),
        "held": pd.array(held[row] == 1, dtype="boolean"),
        "since": since[row].astype("datetime64[s]"),
    }
    frame = pd.DataFrame({name: made[name] for name in REFERRAL_COLUMNS}).astype({"item_ref": "str", "child_ref": "str"})
    frame.loc[held[row] == -1, "held"] = pd.NA
    return frame


def _held_since(columns: Columns, allocated_roles: Collection[str], row: Codes) -> Days:
    """The first day of whoever holds it now and began first, not before the case did; NaT where no involvement has a date."""
    inv = involvements(columns, allocated_roles)
    item, at = held_pairs(columns, inv, columns.keys("referral", "referral_id")[row], columns.keys("referral", "child_id")[row])
    lasts = inv.open[at]
    first = np.full(len(row), NO_DAY)
    np.fmin.at(first, item[lasts], inv.start[at][lasts])
    return np.where(np.isnat(first), NO_DAY, np.maximum(first, columns.days("referral", "referral_date")[row]))
