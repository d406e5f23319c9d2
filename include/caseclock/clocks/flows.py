"""How cases come and go: arrivals, departures, who comes back, how many workers a child has had, and what the events leave unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import Days, WorkingCalendar
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, earliest
from caseclock.clocks.holders import Involvements
from caseclock.clocks.ordering import lexsort
from caseclock.clocks.places import Places, Sums, places
from caseclock.clocks.queueing import DAYS_OF_WEEK
from caseclock.clocks.standing import Standing
from caseclock.clocks.teams import team_of_rows

if TYPE_CHECKING:
    import pandas as pd

AGAIN = np.timedelta64(365, "D")
"""A referral so soon after an earlier one of the same child is a re-referral (DfE, children in need: within 12 months)."""

EXPLAINED = {"opened": 1, "reopened": 1, "moved_in": 1, "closed": -1, "vanished": -1, "moved_out": -1}
"""Which way each kind of event moves the number of open cases. A correction moves none: the case was open and is."""


# --- referrals that came and went ------------------------------------------------------------------------------------
def flows(columns: Columns, inv: Involvements, period_days: int) -> dict[str, Sums]:
    """`arrived`, `left` and `referred_again` per place, each within the calendar days up to the extract's date.

    `left` is absent where the extract holds no day of closing, `referred_again` where it does not reach back for a year before the period.
    """
    at, since = places(columns), columns.as_of - np.timedelta64(period_days, "D")
    begun, end = columns.days("referral", "referral_date"), columns.once("referral ended on", lambda: ended_on(columns))
    came = np.flatnonzero((begun > since) & (begun <= columns.as_of))
    team = team_of_rows("referral", came, columns, inv)
    made = {"arrived": at.counted(team)}
    if columns.filled("referral", "closed_on").any():
        gone = np.flatnonzero(end > since)
        made["left"] = at.counted(team_of_rows("referral", gone, columns, inv))
    if (end <= since - AGAIN).any():
        made["referred_again"] = at.counted(team[columns.once("referred again", lambda: _again(columns))[came]])
    return made


def ended_on(columns: Columns) -> Days:
    """The day on which each referral ended, NaT while it is open on the extract's date (or has not begun): as `open_referrals` sees it.

    With no further action and no day of closing it ended on the day it came; none ends before it began.
    """
    rows, begun = columns.rows("referral"), columns.days("referral", "referral_date")
    end = earliest([columns.days("referral", "closed_on"), columns.days("referral", "child.died_on")], rows)
    end = np.where(end > columns.as_of, NO_DAY, end)
    end = np.where(columns.meets("referral", {"nfa": True}) & np.isnat(end), begun, end)
    end = np.where(end < begun, begun, end)
    return np.where(begun <= columns.as_of, end, NO_DAY)


def _again(columns: Columns) -> Mask:
    """Referrals whose child has one on an earlier day, at most `AGAIN` before. Two of one day are no return."""
    child, day = columns.keys("referral", "child_id"), columns.days("referral", "referral_date")
    order = lexsort((day, child))
    child, day = child[order], day[order]
    new_child = np.append(True, child[1:] != child[:-1])[: len(child)]
    new_day = new_child | np.append(True, day[1:] != day[:-1])[: len(child)]
    first = np.maximum.accumulate(np.where(new_day, np.arange(len(child)), 0))  # of the referrals of one child and day
    before = np.where(new_child[first], NO_DAY, day[np.maximum(first - 1, 0)]) if len(child) else day
    made: Mask = np.zeros(len(child), dtype=bool)
    made[order] = (day - before <= AGAIN) & (child != NONE)
    return made


# --- the children behind open cases ----------------------------------------------------------------------------------
def hands(columns: Columns, inv: Involvements, cases: Standing, period_days: int) -> dict[str, Sums]:
    """`children_with_worker`: children with an open case whom at least one real allocated worker held within the period;
    `workers_of_children`: how many different ones they had, together. Nothing where no allocation has a date."""
    if not cases.known or not columns.filled("allocation", "started_on").any():
        return {}
    at, since = places(columns), columns.as_of - np.timedelta64(period_days, "D")
    team, child, until = columns.once(("hands", id(inv)), lambda: _couples(columns, inv, cases))
    many = np.bincount(child[~(until <= since)], minlength=len(team))
    found = np.flatnonzero(many)
    return {"children_with_worker": at.counted(team[found]), "workers_of_children": at.counted(team[found], many[found])}


def _couples(columns: Columns, inv: Involvements, cases: Standing) -> tuple[Codes, Codes, Days]:
    """Children with an open case and their workers: (team of each child, child of each couple, day until which the worker held it)."""
    row = cases.referral_row[lexsort([columns.days("referral", "referral_date")[cases.referral_row]])]
    team = np.full(columns.distinct("child_id") + 1, NONE)
    team[columns.keys("referral", "child_id")[row]] = _team_in_order(cases, row)  # of two open cases the later one speaks
    team[NONE] = NONE
    held = np.flatnonzero(inv.real & (team[inv.child] != NONE))
    child, worker, until = inv.child[held], inv.worker[held], inv.end[held]
    order = lexsort((until, worker, child))  # without an end comes last
    child, worker, until = child[order], worker[order], until[order]
    last = np.append((child[1:] != child[:-1]) | (worker[1:] != worker[:-1]), True)[: len(child)]
    return team, child[last], until[last]


def _team_in_order(cases: Standing, row: Codes) -> Codes:
    of_row = np.zeros(int(cases.referral_row.max(initial=-1)) + 1, dtype=np.int64)
    of_row[cases.referral_row] = cases.referral_team
    made: Codes = of_row[row]
    return made


# --- what the clocks and the events add ------------------------------------------------------------------------------
def allocation_weeks(frame: pd.DataFrame, at: Places, calendar: WorkingCalendar) -> dict[str, Sums]:
    """`allocation_weeks`: the limit of the timescale `allocation` in weeks of five working days, the same for each place.

    Read off the newest clocks of the frame, so that it is the limit in force, whatever its unit. Nothing without such a clock.
    """
    rule = frame["rule"].astype("category").cat
    if "allocation" not in rule.categories:
        return {}
    rows = np.flatnonzero(rule.codes.to_numpy() == rule.categories.get_loc("allocation"))
    started, due = (frame[name].to_numpy(dtype="datetime64[s]")[rows].astype("datetime64[D]") for name in ("started_on", "due_on"))
    if not len(rows):
        return {}
    newest = started == started.max()
    weeks = float(np.median(calendar.elapsed_many(started[newest], due[newest]))) / DAYS_OF_WEEK
    return {"allocation_weeks": np.full(len(at), weeks)}


def residual(open_now: npt.NDArray[Any], events: Mapping[str, npt.NDArray[Any]]) -> dict[str, Sums]:
    """`residual`: open now, less open in the extract before, less what the events between them explain; `before`: open then.

    `events`: counts per place by kind (see EXPLAINED), and `before`.
    """
    explained = sum((sign * np.asarray(events[kind], dtype=np.float64) for kind, sign in EXPLAINED.items()), np.zeros(len(open_now)))
    before = np.asarray(events["before"], dtype=np.float64)
    return {"residual": open_now - before - explained, "before": before}
