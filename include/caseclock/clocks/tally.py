"""Clocks counted once: place x rule in one pass (histogram.py), from which every measure is read off.

One pass whatever the number of measures and periods (the histogram is 8 to 14 times faster than a group-by per
measure).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.columns import Codes, Columns
from caseclock.clocks.facts import Facts, facts
from caseclock.clocks.histogram import AHEAD, BANDS, Counted, Counts, Rows, counted, marks
from caseclock.clocks.holders import involvements
from caseclock.clocks.model import STATES, UNITS
from caseclock.clocks.ordering import in_order
from caseclock.clocks.places import Places, Sums, places
from caseclock.clocks.standing import Standing, standing

__all__ = ["AHEAD", "BANDS", "OPEN_STATES", "OVERDUE", "Counts", "Tally", "per_cent", "ratio", "tallies", "tally"]

OPEN_STATES = ("running", "due_soon", "overdue")
OVERDUE = STATES.index("overdue")


@dataclass(frozen=True)
class Tally:
    """Figures per place (see places.py), each an array with `len(places)` entries.

    `of[rule, state]`: clocks; `stopped[rule, state]`: those that stopped within the period; `started[rule]`: those that began within it.
    `due[rule, ahead]`: open clocks, not overdue, whose due date comes within so many working days of the extract's date.
    `expected[rule, ahead]`: how many of these will be late, by the survival of all clocks of the rule (survival.py).
    `fell_due[rule, ahead]`: clocks that were open so many working days ago, whose due date has come since, and that were not done by it.
    `bands[rule, band]`: open clocks by BANDS; `median_age`, `oldest`: of open clocks, in the rule's unit, NaN where there is none.
    `cases`: open referrals, open children on a child protection plan, and those that no real person holds (absent where the extract cannot
    show it). `facts`: see facts.py.
    """

    places: Places
    rules: list[str]
    period_days: int
    of: dict[tuple[str, str], Counts]
    stopped: dict[tuple[str, str], Counts]
    started: dict[str, Counts]
    due: dict[tuple[str, int], Counts]
    expected: dict[tuple[str, int], Sums]
    fell_due: dict[tuple[str, int], Counts]
    bands: dict[tuple[str, str], Counts]
    median_age: dict[str, Sums]
    oldest: dict[str, Sums]
    cases: dict[str, Counts]
    facts: Facts = field(default_factory=dict)

    def open(self, rule: str) -> Counts:
        """Open clocks of the rule, whatever their state."""
        made: Counts = sum((self.of[rule, state] for state in OPEN_STATES), np.zeros(len(self.places), dtype=np.int64))
        return made


def per_cent(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Shares in per cent; NaN where there is nothing to take a share of."""
    share: npt.NDArray[np.float64] = np.divide(100.0 * part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def ratio(top: npt.NDArray[Any], bottom: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """NaN where there is nothing to divide by."""
    return per_cent(top, bottom) / 100.0


def tally(frame: pd.DataFrame, columns: Columns, allocated_roles: Collection[str], period_days: int, calendar: WorkingCalendar) -> Tally:
    """`tallies` of one period."""
    return tallies(frame, columns, allocated_roles, [period_days], calendar)[period_days]


def tallies(
    frame: pd.DataFrame, columns: Columns, allocated_roles: Collection[str], periods: Iterable[int], calendar: WorkingCalendar
) -> dict[int, Tally]:
    """Counts the clocks of `frame` and the open cases, once for all periods. A rule that is not watched has no counts: no clock is not
    zero clocks.

    `frame` is a clock frame as it was made: the watched rules are the categories of `frame.rule`, their units its attribute UNITS.
    `periods`: calendar days up to the extract's date, which is the last of them.
    """
    at, inv = places(columns), involvements(columns, allocated_roles)
    cases = columns.once(("standing", *sorted(allocated_roles)), lambda: standing(columns, allocated_roles))
    of_cases = _cases(cases, at)
    return {
        period: Tally(places=at, period_days=period, cases=of_cases, facts=facts(columns, inv, cases, period), **found)
        for period, found in of_clocks(frame, at, columns.as_of.item(), periods, calendar).items()
    }


def of_clocks(
    frame: pd.DataFrame, at: Places, as_of: dt.date, periods: Iterable[int], calendar: WorkingCalendar
) -> dict[int, dict[str, Any]]:
    """What a `Tally` says of clocks, by its fields, for each period. `as_of`: the extract's date."""
    asked = sorted(set(periods))
    if not asked:
        return {}
    units, frame = frame.attrs[UNITS], frame.copy(deep=False)
    frame.attrs = {}  # pandas copies them for every column that is looked at
    names = _watched(frame["rule"])
    found = counted(_rows(frame, names, at), [units[name] for name in names], marks(as_of, asked, calendar), at)
    by_place = _Rolled(found, at)
    same = {
        "rules": names,
        "of": by_place.keyed("of", names, STATES),
        "due": by_place.keyed("due", names, AHEAD),
        "expected": by_place.keyed("expected", names, AHEAD),
        "fell_due": by_place.keyed("fell_due", names, AHEAD),
        "bands": by_place.keyed("bands", names, tuple(BANDS)),
        "median_age": dict(zip(names, found.median_age, strict=True)),
        "oldest": dict(zip(names, found.oldest, strict=True)),
    }
    return {
        period: same
        | {
            "stopped": by_place.keyed("stopped", names, STATES, p),
            "started": dict(zip(names, by_place.of("started", p), strict=True)),
        }
        for p, period in enumerate(asked)
    }


class _Rolled:
    """The counts of all rules per place, each kind of figure rolled up once."""

    def __init__(self, found: Counted, at: Places) -> None:
        self._found, self._at = found, at
        self._made: dict[str, npt.NDArray[Any]] = {}

    def of(self, figure: str, period: int | None = None) -> npt.NDArray[Any]:
        """[rule, ..., place]"""
        if figure not in self._made:
            self._made[figure] = self._at.rolled_up(getattr(self._found, figure))
        return self._made[figure] if period is None else self._made[figure][:, period]

    def keyed(self, figure: str, rules: list[str], parts: tuple[Any, ...], period: int | None = None) -> dict[tuple[str, Any], Any]:
        """By rule and part: an array over the places."""
        made = self.of(figure, period)
        return {(rule, part): one for rule, of_rule in zip(rules, made, strict=True) for part, one in zip(parts, of_rule, strict=True)}


def _rows(frame: pd.DataFrame, rules: list[str], at: Places) -> Rows:
    """The clocks in the order of their rule; those of a team that the extract does not name are left out."""
    rows = Rows(
        rule=_places(frame["rule"], rules),
        team=_places(frame["team"], at.teams),
        state=_places(frame["state"], list(STATES)),
        started=_seconds(frame["started_on"]),
        due=_seconds(frame["due_on"]),
        stopped=_seconds(frame["stopped_on"]),
        elapsed=frame["elapsed"].to_numpy(),
        limit=frame["limit"].to_numpy(),
    )
    if len(rows) and min(rows.rule.min(), rows.team.min(), rows.state.min()) < 0:
        rows = rows.at(np.flatnonzero((rows.rule >= 0) & (rows.team >= 0) & (rows.state >= 0)))
    if not in_order(rows.rule):
        rows = rows.at(np.argsort(rows.rule, kind="stable"))
    return rows


def _seconds(days: pd.Series) -> npt.NDArray[np.int64]:
    seconds: npt.NDArray[np.int64] = days.to_numpy().astype("datetime64[s]", copy=False).view(np.int64)
    return seconds


def _cases(found: Standing, at: Places) -> dict[str, Counts]:
    def count(team: Codes) -> Counts:
        made: Counts = at.rolled_up(np.bincount(team, minlength=len(at.teams)))
        return made

    made = {"referrals": count(found.referral_team)}
    if found.known:
        made["referrals_unallocated"] = count(found.referral_team[~found.referral_held])
    if found.cp_known:
        made["cp_children"] = count(found.cp_team)
        made["cp_children_unallocated"] = count(found.cp_team[~found.cp_held])
    return made


def _watched(rule: Any) -> list[str]:
    return [str(name) for name in _categorical(rule).categories.tolist()]


def _places(column: Any, names: list[str]) -> npt.NDArray[Any]:
    """The place of each value in `names`, -1 for others. The codes themselves where the categories are the names; else a look-up."""
    kept = _categorical(column)
    codes: npt.NDArray[Any] = kept.codes
    found = kept.categories.tolist()
    if found == names:
        return codes
    at = {name: i for i, name in enumerate(names)}
    numbers: npt.NDArray[Any] = np.array([*(at.get(name, -1) for name in found), -1], dtype=np.int32)[codes]
    return numbers


def _categorical(column: Any) -> pd.Categorical:
    made: pd.Categorical = (column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")).array
    return made
