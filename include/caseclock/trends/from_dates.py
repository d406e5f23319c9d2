"""Weekly series from the dates within one extract: a history from the first extract on.

Only for extracts that keep closed work (coverage *full*). They tell the past as it is known today: what was entered late is in the week in
which it happened. Cases move on, so each is counted for the team that answered for it at the end of its week, by the involvements of that
time; "a real person before a pool" is told by who began last. Where this does not give the open cases of today within 5 per cent, the place
is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NONE, Codes, Columns, pairs
from caseclock.clocks.flows import ended_on
from caseclock.clocks.holders import involvements
from caseclock.clocks.places import Places, places
from caseclock.clocks.standing import open_referrals
from caseclock.clocks.teams import numbered, team_of_rows
from caseclock.trends.panel import Floats, Panel
from caseclock.trends.weeks import WEEK, monday_of

if TYPE_CHECKING:
    import pandas as pd

CASES = ("arrivals", "departures", "net_change", "open")
CLOCKS = ("completed", "in_time")
NEVER = np.datetime64("9999-12-31", "D")
AGREES = 0.05  # and at least two cases
FIRST_ENDS = 1000  # one in so many closing dates may be a slip


@dataclass(frozen=True)
class Stays:
    """Which team answered for which case, and when: rows in order of case and beginning. A case is a row of the referral table."""

    case: Codes
    team: Codes
    begin: Days
    end: Days


def case_panels(columns: Columns, allocated_roles: Collection[str], ends: Days) -> dict[str, Panel]:
    """The figures of CASES over the weeks that close on `ends`, by place. Weeks before the first closed case are gaps."""
    at = places(columns)
    begun, ended = columns.days("referral", "referral_date"), ended_on(columns)
    held = _stays(columns, allocated_roles, begun, ended)
    came = _per_week(held, np.flatnonzero(begun <= columns.as_of), begun, ends, at)
    went = _per_week(held, np.flatnonzero(~np.isnat(ended)), ended, ends, at)
    stock = _stock(held, ends, at)
    known = (ends - WEEK >= _shows_ends_from(ended)) & _agrees(columns, allocated_roles, held, at)[:, np.newaxis]
    made = {"arrivals": (came, came), "departures": (went, went), "net_change": (came - went, came + went), "open": (stock, stock)}
    return {figure: _panel(figure, at, ends, np.where(known, values, np.nan), n) for figure, (values, n) in made.items()}


def clock_panels(frame: pd.DataFrame, figures: Iterable[str], at: Places, ends: Days) -> dict[str, Panel]:
    """`completed.<rule>` and `in_time.<rule>` over the weeks that close on `ends`: of the work that was done in each week."""
    rule, team, state = (frame[name].astype("category") for name in ("rule", "team", "state"))
    stopped = np.asarray(frame["stopped_on"], dtype="datetime64[s]").astype("datetime64[D]")
    week = _week_of(stopped, ends)
    numbers = {name: i for i, name in enumerate(at.teams)}
    team_at = np.array([*(numbers.get(str(name), NONE) for name in team.cat.categories), NONE])[team.cat.codes.to_numpy()]
    done = (week >= 0) & (team_at >= 0) & np.asarray(state.isin(["done_in_time", "done_late"]))
    in_time = done & np.asarray(state == "done_in_time")
    made = {}
    for figure in figures:
        kind, _, name = figure.partition(".")
        if kind not in CLOCKS or name not in set(rule.cat.categories):
            continue
        of_rule = np.asarray(rule == name)
        n, kept = (_counted(team_at[use & of_rule], week[use & of_rule], len(ends), at) for use in (done, in_time))
        share = np.divide(100.0 * kept, n, out=np.full(n.shape, np.nan), where=n > 0)
        made[figure] = _panel(figure, at, ends, n if kind == "completed" else share, n)
    return made


# --- who answered when -----------------------------------------------------------------------------------------------
def _stays(columns: Columns, allocated_roles: Collection[str], begun: Days, ended: Days) -> Stays:
    inv = involvements(columns, allocated_roles)
    key, child = columns.keys("referral", "referral_id"), columns.keys("referral", "child_id")
    own = pairs(key, np.where(inv.holds & inv.linked, inv.referral, NONE), columns.distinct("referral_id"))
    of_child = pairs(child, np.where(inv.holds & ~inv.linked, inv.child, NONE), columns.distinct("child_id"))
    case, row = (np.concatenate(both) for both in zip(own, of_child, strict=True))
    start = np.where(np.isnat(inv.start[row]), begun[case], np.maximum(inv.start[row], begun[case]))
    use = ~(inv.end[row] < begun[case]) & ~(start > ended[case])
    case, row, start = case[use], row[use], start[use]
    received = columns.keys("referral", "team_id")
    every = np.arange(len(begun))
    team = np.where(inv.team[row] == NONE, received[case], inv.team[row])
    cases = np.concatenate((every, case))
    begin = np.concatenate((begun, start))
    order = np.lexsort(
        (np.append(np.full(len(every), NONE), inv.rank[row]), np.append(np.zeros(len(every), bool), inv.real[row]), begin, cases)
    )
    cases, begin, teams = cases[order], begin[order], numbered(np.concatenate((received, team)), columns)[order]
    last = np.append(cases[1:] != cases[:-1], True)[: len(cases)]
    until = np.where(np.isnat(ended), NEVER, ended)[cases]
    return Stays(cases, teams, begin, np.where(last, until, np.minimum(np.append(begin[1:], NEVER)[: len(cases)], until)))


def _team_on(held: Stays, case: Codes, day: Days) -> Codes:
    """The team that answered for each case on that day, which is not before it began."""
    first = min(held.begin.min(), day.min())
    span = int((max(held.begin.max(), day.max()) - first).astype(np.int64)) + 1
    place = held.case * span + (held.begin - first).astype(np.int64)
    found: Codes = held.team[np.searchsorted(place, case * span + (day - first).astype(np.int64), side="right") - 1]
    return found


# --- counting --------------------------------------------------------------------------------------------------------
def _week_of(days: Days, ends: Days) -> Codes:
    """Number of the week that holds each day, -1 for none."""
    week = np.searchsorted(ends, days)
    within = ~np.isnat(days) & (days > ends[0] - WEEK) & (week < len(ends))
    return np.where(within, week, NONE)


def _per_week(held: Stays, case: Codes, days: Days, ends: Days, at: Places) -> Floats:
    week = _week_of(days[case], ends)
    case, week = case[week >= 0], week[week >= 0]
    if not len(case):
        return np.zeros((len(at), len(ends)))
    return _counted(_team_on(held, case, ends[week]), week, len(ends), at)


def _counted(team: Codes, week: Codes, weeks: int, at: Places) -> Floats:
    """places x weeks."""
    per_team = np.bincount(week * len(at.teams) + team, minlength=weeks * len(at.teams)).reshape(weeks, len(at.teams))
    made: Floats = at.rolled_up(per_team.astype(np.float64)).T
    return made


def _stock(held: Stays, days: Days, at: Places) -> Floats:
    """Cases that were open at the end of each day, by place."""
    use = held.begin < held.end
    size = len(days) + 1

    def steps(moments: Days) -> npt.NDArray[Any]:
        cell = np.searchsorted(days, moments[use]) * len(at.teams) + held.team[use]
        return np.bincount(cell, minlength=size * len(at.teams)).reshape(size, len(at.teams))

    per_team = np.cumsum(steps(held.begin) - steps(held.end), axis=0)[:-1]
    made: Floats = at.rolled_up(per_team.astype(np.float64)).T
    return made


def _agrees(columns: Columns, allocated_roles: Collection[str], held: Stays, at: Places) -> npt.NDArray[np.bool_]:
    """Where the open cases of the extract's date, counted this way, are those that the measure counts."""
    team = team_of_rows("referral", open_referrals(columns), columns, involvements(columns, allocated_roles))
    measured = at.counted(team)
    mine = _stock(held, np.array([columns.as_of]), at)[:, 0]
    close: npt.NDArray[np.bool_] = np.abs(mine - measured) <= np.maximum(2.0, AGREES * measured)
    return close


def _shows_ends_from(ended: Days) -> np.datetime64:
    """The day from which on the extract has closed cases: before it what was closed has been cleared away."""
    known = np.sort(ended[~np.isnat(ended)])
    return known[len(known) // FIRST_ENDS] if len(known) else NEVER


def _panel(figure: str, at: Places, ends: Days, values: Floats, n: Floats) -> Panel:
    return Panel(figure, tuple(at.names), monday_of(ends), ends, values, np.where(np.isnan(values), 0.0, n), "dates")
