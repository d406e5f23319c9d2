"""The clock frame: every promise that is running, was kept or was broken, one row each.

Order of one rule: which rows carry a clock, when each began, what stopped it, did the case end first, how long may it take, who answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from caseclock.clocks.calendar import Days, WorkingCalendar
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, columns_of, earliest, first_known
from caseclock.clocks.holders import Holders, Involvements, holders, involvements
from caseclock.clocks.model import CLOCK_COLUMNS, STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.stops import Items, Stretches, stretches
from caseclock.clocks.teams import answers_for, team_names
from caseclock.clocks.verdict import Verdict, verdict
from caseclock.clocks.watched import is_watched
from caseclock.snapshots.tables import TABLES

if TYPE_CHECKING:
    from caseclock.snapshots import Snapshot


@dataclass(frozen=True)
class LeftOut:
    """So many rows of a rule's table, or stretches of them, that carry no clock, and why."""

    rule: str
    reason: str
    count: int


@dataclass(frozen=True)
class Clocks:
    """`frame` has exactly CLOCK_COLUMNS, one row per clock, in the order of rule, due date, item, child and start.

    `rule`, `team` and `state` are categorical; the categories of `rule` are all rules that are watched, those without a clock too.
    """

    frame: pd.DataFrame
    left_out: list[LeftOut]


def clock_frame(
    snapshot: Snapshot | Columns, rules: Sequence[TimescaleRule], calendar: WorkingCalendar, allocated_roles: Collection[str]
) -> pd.DataFrame:
    """The clocks of one extract as of its date. `allocated_roles`: the source's role codes of case-holding workers; none means any role."""
    return clocks_of(snapshot, rules, calendar, allocated_roles).frame


def clocks_of(
    snapshot: Snapshot | Columns, rules: Sequence[TimescaleRule], calendar: WorkingCalendar, allocated_roles: Collection[str]
) -> Clocks:
    """`clock_frame`, and what was left out of it. Rules that cannot be watched (see `unwatched`) make no clock at all."""
    columns = columns_of(snapshot)
    inv = involvements(columns, allocated_roles)
    who = holders(columns, inv)
    watched = sorted((r for r in rules if is_watched(r, columns, allocated_roles)), key=lambda r: r.id)
    parts, left_out = [], []
    for rule in watched:
        items, missing = _items(rule, columns, calendar, inv)
        made, dropped = _kept(stretches(rule, items, columns, inv), items)
        found = verdict(rule, made.start, made.stop, columns.as_of, calendar)
        parts.append(_part(rule, items, made, found, columns, inv, who))
        left_out += [LeftOut(rule.id, reason, n) for reason, n in {**missing, **dropped}.items() if n]
    return Clocks(_joined(parts, [rule.id for rule in watched], columns), left_out)


def _items(rule: TimescaleRule, columns: Columns, calendar: WorkingCalendar, inv: Involvements) -> tuple[Items, dict[str, int]]:
    start = first_known([columns.days(rule.table, path) for path in rule.start])
    row = _of_holders(rule, columns, inv, start) if rule.per == "worker" else np.flatnonzero(_carrying(rule, columns))
    start = start[row]
    end = earliest([columns.days(rule.table, path) for path in rule.ends], columns.rows(rule.table))[row]
    too_old = start <= np.datetime64(f"{calendar.config.first_year}-01-01", "D")
    missing = {
        "it has no start date": np.isnat(start),
        "it starts after the extract's date": start > columns.as_of,
        "it starts before the years that the calendar covers": too_old,
    }
    use = ~np.logical_or.reduce(list(missing.values()))
    end = np.where(end > columns.as_of, NO_DAY, end)
    return Items(row[use], start[use], end[use]), {reason: int(mask.sum()) for reason, mask in missing.items()}


def _carrying(rule: TimescaleRule, columns: Columns) -> Mask:
    """The rows of the rule's table that carry a clock."""
    met = columns.meets(rule.table, rule.where)
    if rule.first_per is None or rule.start_of_row is None:
        return met
    key, begun = columns.keys(rule.table, rule.first_per), columns.days(rule.table, rule.start_of_row)
    order = np.lexsort((columns.rank(rule.table), begun))
    order = order[met[order]]
    of_none = order[key[order] == NONE]
    first = order[np.sort(np.unique(key[order], return_index=True)[1])]
    chosen = np.zeros(len(met), dtype=bool)
    chosen[first] = True
    chosen[of_none] = True
    return chosen


def _of_holders(rule: TimescaleRule, columns: Columns, inv: Involvements, start: Days) -> Codes:
    """Of each worker who holds a case now, the row that starts first."""
    held = inv.row[inv.real & inv.open]
    held = held[columns.meets(rule.table, rule.where)[held]]
    held = held[np.lexsort((columns.rank(rule.table)[held], start[held]))]
    first: Codes = held[np.sort(np.unique(columns.keys(rule.table, "worker_id")[held], return_index=True)[1])]
    return first


def _kept(made: Stretches, items: Items) -> tuple[Stretches, dict[str, int]]:
    """Without the clocks that have no verdict: the case ended before the work was done, or the dates are impossible."""
    end = items.end[made.item]
    backwards = made.stop < made.start
    ended = ~np.isnat(end) & (np.isnat(made.stop) | (made.stop > end))
    dropped = {
        "it stops before it starts": backwards,
        "the case ended before the work was done": ended & ~backwards,
        "the source does not say since when, so it has no verdict": made.unsure & ~ended & ~backwards,
    }
    use = ~np.logical_or.reduce(list(dropped.values()))
    return Stretches(made.item[use], made.start[use], made.stop[use], made.unsure[use]), {k: int(v.sum()) for k, v in dropped.items()}


@dataclass(frozen=True)
class _Part:
    """The clocks of one rule in order, as arrays."""

    child_ref: Any
    item_ref: Any
    team: Codes
    worker: Codes
    start: Days
    stop: Days
    verdict: Verdict


def _part(rule: TimescaleRule, items: Items, made: Stretches, found: Verdict, columns: Columns, inv: Involvements, who: Holders) -> _Part:
    row = items.row[made.item]
    order = np.lexsort((made.start, _rank(rule, columns)[row], found.due))
    row, start, stop = row[order], made.start[order], made.stop[order]
    found = Verdict(found.limit[order], found.due[order], found.elapsed[order], found.state[order])
    team, worker = answers_for(rule, row, ~np.isnat(stop), columns, inv, who)
    if rule.per == "worker":
        nobody = pd.Series([None] * len(row), dtype="str").array
        return _Part(nobody, columns.raw(rule.table, "worker_id").take(row), team, worker, start, stop, found)
    key = columns.raw(rule.table, TABLES[rule.table].key)
    return _Part(columns.children(rule.table).take(row), key.take(row), team, worker, start, stop, found)


def _rank(rule: TimescaleRule, columns: Columns) -> Codes:
    if rule.per == "row":
        return columns.rank(rule.table)
    ranks: Codes = pd.factorize(pd.Series(columns.raw(rule.table, "worker_id")), sort=True)[0].astype(np.int64)
    return ranks


def _joined(parts: list[_Part], rules: list[str], columns: Columns) -> pd.DataFrame:
    sizes = [len(part.team) for part in parts]
    teams = team_names(columns)
    made = {
        "rule": pd.Categorical.from_codes(np.repeat(np.arange(len(rules)), sizes), categories=pd.Index(rules, dtype="str")),
        "child_ref": _texts([part.child_ref for part in parts]),
        "item_ref": _texts([part.item_ref for part in parts]),
        "team": pd.Categorical.from_codes(_numbers([part.team for part in parts]), categories=pd.Index(teams, dtype="str")),
        "worker": pd.Categorical.from_codes(
            _numbers([part.worker for part in parts]), categories=pd.Index(columns.names("worker_id"), dtype="str")
        ).astype("str"),
        "started_on": _days([part.start for part in parts]),
        "due_on": _days([part.verdict.due for part in parts]),
        "stopped_on": _days([part.stop for part in parts]),
        "elapsed": _numbers([part.verdict.elapsed for part in parts]),
        "limit": _numbers([part.verdict.limit for part in parts]),
        "state": pd.Categorical.from_codes(
            _numbers([part.verdict.state.astype(np.int64) for part in parts]), categories=pd.Index(STATES, dtype="str")
        ),
    }
    return pd.DataFrame({name: made[name] for name in CLOCK_COLUMNS})


def _numbers(parts: list[Codes]) -> Codes:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _days(parts: list[Days]) -> Any:
    days = np.concatenate([np.zeros(0, dtype="datetime64[D]"), *parts])
    return days.astype("datetime64[s]")


def _texts(parts: list[Any]) -> pd.Series:
    return pd.concat([pd.Series(part, dtype="str") for part in parts], ignore_index=True) if parts else pd.Series([], dtype="str")
