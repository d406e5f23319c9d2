"""What the tables tell beside the clocks: cases that come and go, workers, posts, supervision, priorities, reviews and return interviews.

Every sum is an array over `places`. A file that is not there, or a table that cannot show it, gives no sums at all: nothing is not zero.
"""

from __future__ import annotations

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns, Mask, pairs
from caseclock.clocks.flows import flows, hands
from caseclock.clocks.holders import Involvements
from caseclock.clocks.places import Places, Sums, places
from caseclock.clocks.reviewed import reviewed
from caseclock.clocks.rules import Known
from caseclock.clocks.standing import Standing
from caseclock.clocks.teams import numbered, team_of_rows
from caseclock.clocks.workload import Holding, holding, top_of
from caseclock.extracts.supplementary.codes import NO_PRIORITY, OTHER, PRIORITIES

Facts = dict[str, Sums]

HIGH, UNEVEN, MEAN = 20.0, 1.5, 16.0
"""A caseload per FTE is high above 20, or above 1.5 times the team's mean: local limits. The second only counts above the mean of
England (16.0 in 2023): in a team with few cases nobody is overloaded."""


def facts(columns: Columns, inv: Involvements, cases: Standing, period_days: int) -> Facts:
    """All sums that the extract can give. `period_days`: calendar days up to the extract's date, which is the last of them."""
    since = columns.as_of - np.timedelta64(period_days, "D")
    held = columns.once(("holding", id(inv)), lambda: _held(columns, inv, cases))
    made = dict(columns.once(("facts", id(inv)), lambda: _standing_facts(columns, inv, cases, held)))
    if columns.rows("supervision"):
        made |= _supervision(columns, inv, held, since)
    made |= flows(columns, inv, period_days) | hands(columns, inv, cases, period_days)
    return made | _interviews(columns, inv, since)


def _held(columns: Columns, inv: Involvements, cases: Standing) -> Holding | None:
    return holding(columns, inv) if cases.known and (columns.rows("staff") or columns.rows("supervision")) else None


def _standing_facts(columns: Columns, inv: Involvements, cases: Standing, held: Holding | None) -> Facts:
    """Those that are of the extract's date and of no period."""
    at, made = places(columns), Facts()
    if held is not None and columns.rows("staff"):
        made |= _workers(columns, held, at)
    if columns.rows("post"):
        made |= _posts(columns, at)
    if columns.rows("priority") and cases.known:
        made |= _priorities(columns, cases)
    return made | reviewed(columns, inv)


# --- workers and posts ---------------------------------------------------------------------------------------------
def _workers(columns: Columns, held: Holding, at: Places) -> Facts:
    row = columns.row_with("staff")[held.worker]
    listed = row != NONE
    fte = np.append(np.asarray(columns.raw("staff", "fte"), dtype=np.float64), np.nan)[row]
    whole = listed & (fte > 0)
    agency_known = listed & np.append(columns.filled("staff", "agency"), False)[row]
    agency = agency_known & np.append(columns.meets("staff", {"agency": True}), False)[row]
    per_fte = np.divide(held.cases, fte, out=np.full(len(fte), np.nan), where=whole)
    cases, ftes = at.counted(held.team[whole], held.cases[whole]), at.counted(held.team[whole], fte[whole])
    mean = np.divide(cases, ftes, out=np.zeros(len(at)), where=ftes > 0)[held.team]
    high = whole & ((per_fte > HIGH) | ((per_fte > UNEVEN * mean) & (per_fte > MEAN)))
    return {
        "workers": at.counted(held.team),
        "caseload": at.counted(held.team, held.cases),
        "caseload_top": top_of(held, at),
        "workers_with_fte": at.counted(held.team[whole]),
        "caseload_with_fte": cases,
        "fte": ftes,
        "caseload_high": at.counted(held.team[high]),
        "agency_known": at.counted(held.team[agency_known]),
        "agency": at.counted(held.team[agency]),
    }


def _posts(columns: Columns, at: Places) -> Facts:
    """Of each team the last count by the extract's date, all its roles."""
    counted, team = columns.days("post", "counted_on"), columns.keys("post", "team_id")
    known = np.flatnonzero((counted <= columns.as_of) & (team != NONE))
    last = np.full(columns.distinct("team_id"), np.datetime64("1900-01-01", "D"))
    np.fmax.at(last, team[known], counted[known])
    row = known[counted[known] == last[team[known]]]

    def number(name: str) -> Sums:
        values: Sums = np.nan_to_num(np.asarray(columns.raw("post", name), dtype=np.float64)[row])
        return values

    established, filled, agency = number("established"), number("filled"), number("agency")
    of = numbered(team[row], columns)
    return {
        "established": at.counted(of, established),
        "filled": at.counted(of, filled),
        "vacant": at.counted(of, np.maximum(established - filled, 0.0)),
        "agency_fte": at.counted(of, agency),
    }


# --- supervision ---------------------------------------------------------------------------------------------------
def _supervision(columns: Columns, inv: Involvements, held: Holding | None, since: np.datetime64) -> Facts:
    at, day = places(columns), columns.days("supervision", "supervised_on")
    recent = (day > since) & (day <= columns.as_of)
    made: Facts = {}
    personal = recent & columns.meets("supervision", {"kind": "personal"})
    if held is not None and columns.meets("supervision", {"kind": "personal"}).any():
        seen = np.zeros(columns.distinct("worker_id") + 1, dtype=bool)
        seen[columns.keys("supervision", "worker_id")[personal]] = True
        made["workers_to_supervise"] = at.counted(held.team)
        made["workers_supervised"] = at.counted(held.team[seen[held.worker]])
    if columns.filled("supervision", "decision_recorded").any():
        row = np.flatnonzero(recent & columns.meets("supervision", {"kind": "case"}))
        team = team_of_rows("supervision", row, columns, inv)
        on_file = columns.days("supervision", "recorded_on") <= columns.as_of
        decided = (on_file & columns.meets("supervision", {"decision_recorded": True}))[row]
        made["supervisions"] = at.counted(team)
        made["supervisions_recorded"] = at.counted(team[decided])
    return made


# --- priorities ----------------------------------------------------------------------------------------------------
def _priorities(columns: Columns, cases: Standing) -> Facts:
    waits = ~cases.referral_held
    row, team = cases.referral_row[waits], cases.referral_team[waits]
    level = priority_of(columns, row)
    at = places(columns)
    return {f"unallocated.{name}": at.counted(team[level == i]) for i, name in enumerate(PRIORITIES)}


def priority_of(columns: Columns, referral: Codes) -> Codes:
    """The priority now of each referral (row numbers): the last one given to it, else the last one given to its child. In PRIORITIES."""
    level = np.full(columns.rows("priority"), PRIORITIES.index(OTHER))
    for i, name in enumerate(PRIORITIES):
        level[columns.meets("priority", {"priority": name})] = i
    set_on = columns.days("priority", "set_on")
    given = np.flatnonzero(set_on <= columns.as_of)
    given = given[np.lexsort((given, set_on[given]))]  # of two on one day the one further down in the file
    own = _last(columns.keys("priority", "referral_id"), given, columns.distinct("referral_id"))
    whole_child = given[~columns.filled("priority", "referral_id")[given]]
    child = _last(columns.keys("priority", "child_id"), whole_child, columns.distinct("child_id"))
    found = own[columns.keys("referral", "referral_id")[referral]]
    found = np.where(found == NONE, child[columns.keys("referral", "child_id")[referral]], found)
    made: Codes = np.append(level, PRIORITIES.index(NO_PRIORITY))[found]
    return made


def _last(keys: Codes, order: Codes, size: int) -> Codes:
    found = np.full(size + 1, NONE)
    found[keys[order]] = order
    found[NONE] = NONE
    return found


# --- return interviews ---------------------------------------------------------------------------------------------
def _interviews(columns: Columns, inv: Involvements, since: np.datetime64) -> Facts:
    """Missing episodes that ended within the period, and those that an interview followed. Days, not hours: 72 hours cannot be told."""
    interview = np.flatnonzero(columns.meets("meeting", {"kind": "rhi", "held_on": Known(known=True)}))
    if not columns.rows("missing") or not columns.meets("meeting", {"kind": "rhi"}).any():
        return {}
    found_on = columns.days("missing", "found_on")
    episode = np.flatnonzero((found_on > since) & (found_on <= columns.as_of))
    left, right = pairs(
        columns.keys("missing", "child_id")[episode], columns.keys("meeting", "child_id")[interview], columns.distinct("child_id")
    )
    back, held = found_on[episode[left]], columns.days("meeting", "held_on")[interview[right]]
    answers = columns.days("meeting", "since_on")[interview[right]]
    fits = (held >= back) & (held <= columns.as_of) & (np.isnat(answers) | (answers == back))
    followed: Mask = np.zeros(len(episode), dtype=bool)
    followed[left[fits]] = True
    team = team_of_rows("missing", episode, columns, inv)
    at = places(columns)
    return {"returned": at.counted(team), "interviewed": at.counted(team[followed])}
