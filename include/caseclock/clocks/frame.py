"""The clock frame: every promise that is running, was kept or was broken, one row each.

Order of one rule: which rows carry a clock, when each began, what stopped it, did the case end first, how long may it take, who answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from caseclock.clocks.calendar import Days, WorkingCalendar
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, columns_of, earliest, first_known
from caseclock.clocks.holders import Involvements, involvements
from caseclock.clocks.hours import ends_of, shown
from caseclock.clocks.model import CLOCK_COLUMNS, STATES, UNITS
from caseclock.clocks.ordering import first_rows, in_seconds, lexsort
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.stops import Items, Stretches, stretches
from caseclock.clocks.teams import answers_for, team_names
from caseclock.clocks.texts import joined
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

    `rule`, `team` and `state` are categorical; the categories of `rule` are all rules that are watched, those without a clock too. Their
    units are `frame.attrs[UNITS]`.
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
    watched = sorted((r for r in rules if is_watched(r, columns, allocated_roles)), key=lambda r: r.id)
    parts, left_out = [], []
    for rule in watched:
        items, missing = _items(rule, columns, calendar, inv)
        made, dropped = _kept(stretches(rule, items, columns, inv), items)
        found = verdict(rule, made.start, made.stop, columns.as_of, calendar)
        parts.append(_part(rule, items, made, found, columns, inv))
        left_out += [LeftOut(rule.id, reason, n) for reason, n in {**missing, **dropped}.items() if n]
    frame = _joined(parts, [rule.id for rule in watched], columns)
    frame.attrs[UNITS] = {rule.id: rule.unit for rule in watched}
    return Clocks(frame, left_out)


def _items(rule: TimescaleRule, columns: Columns, calendar: WorkingCalendar, inv: Involvements) -> tuple[Items, dict[str, int]]:
    start = first_known([columns.days(rule.table, path) for path in rule.start])
    row = _of_holders(rule, columns, inv, start) if rule.per == "worker" else _carrying(rule, columns)
    start = start[row]
    end = earliest([columns.days(rule.table, path) for path in rule.ends], columns.rows(rule.table))[row]
    too_old = start <= np.datetime64(f"{calendar.config.first_year}-01-01", "D")
    missing = {
        "it has no start date": np.isnat(start),
        "it starts after the extract's date": start >= columns.after(rule.in_hours),
        "it starts before the years that the calendar covers": too_old,
    }
    use = ~np.logical_or.reduce(list(missing.values()))
    end = np.where(end > columns.as_of, NO_DAY, end)
    if rule.in_hours:
        end = ends_of(end)
    return Items(row[use], start[use], end[use]), {reason: int(mask.sum()) for reason, mask in missing.items()}


def _carrying(rule: TimescaleRule, columns: Columns) -> Codes:
    """The rows of the rule's table that carry a clock, in the order of their key."""
    met, by_key = columns.meets(rule.table, rule.where), columns.by_key(rule.table)
    row: Codes = by_key[met[by_key]]
    if rule.first_per is None or rule.start_of_row is None:
        return row
    key, begun = columns.keys(rule.table, rule.first_per), columns.days(rule.table, rule.start_of_row)
    chosen: Mask = key == NONE
    chosen[first_rows(key, row[lexsort([begun[row]])], columns.distinct(rule.first_per))] = True
    return row[chosen[row]]


def _of_holders(rule: TimescaleRule, columns: Columns, inv: Involvements, start: Days) -> Codes:
    """Of each worker who holds a case now, the row that starts first; in the order of the workers."""
    held = inv.row[inv.real & inv.open]
    held = held[columns.meets(rule.table, rule.where)[held]]
    held = held[lexsort((columns.rank(rule.table)[held], start[held]))]
    first = first_rows(columns.keys(rule.table, "worker_id"), held, columns.distinct("worker_id"))
    return first[lexsort([columns.ranked(rule.table, "worker_id")[first]])]


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
    return made.at(use), {k: int(v.sum()) for k, v in dropped.items()}


@dataclass(frozen=True)
class _Part:
    """The clocks of one rule in order, as arrays."""

    child_ref: pa.Array
    item_ref: pa.Array
    team: Codes
    worker: Codes
    start: Days
    stop: Days
    verdict: Verdict


def _part(rule: TimescaleRule, items: Items, made: Stretches, found: Verdict, columns: Columns, inv: Involvements) -> _Part:
    key = "worker_id" if rule.per == "worker" else TABLES[rule.table].key
    order = _in_order(made, found.due)
    made = made.at(order)
    row, start, stop = items.row[made.item], made.start, made.stop
    if rule.in_hours:
        start, stop = shown(start), shown(stop)
    limit = found.limit if len(found.limit) == 0 or found.limit.min() == found.limit.max() else found.limit[order]
    found = Verdict(limit, found.due[order], found.elapsed[order], found.state[order])
    team, worker = answers_for(rule, row, ~np.isnat(stop), columns, inv, made.taker)
    child = pa.nulls(len(row), pa.large_string()) if rule.per == "worker" else columns.children(rule.table).take(pa.array(row))
    return _Part(child, columns.texts(rule.table, key).take(pa.array(row)), team, worker, start, stop, found)


def _in_order(made: Stretches, due: Days) -> Codes:
    """By due date, item and start. Items are in the order of their key."""
    later = (made.item[1:] > made.item[:-1]) | ((made.item[1:] == made.item[:-1]) & (made.start[1:] >= made.start[:-1]))
    return lexsort([due] if later.all() else [made.start, made.item, due])


def _joined(parts: list[_Part], rules: list[str], columns: Columns) -> pd.DataFrame:
    rule = np.repeat(np.arange(len(rules)), [len(part.team) for part in parts])
    worker = _numbers([part.worker for part in parts])
    workers = pa.array(columns.names("worker_id"), pa.large_string())
    made = {
        "rule": _categories(rule, rules),
        "child_ref": joined([part.child_ref for part in parts]),
        "item_ref": joined([part.item_ref for part in parts]),
        "team": _categories(_numbers([part.team for part in parts]), team_names(columns)),
        "worker": joined([workers.take(pa.array(worker, mask=worker == NONE))]),
        "started_on": _days([part.start for part in parts]),
        "due_on": _days([part.verdict.due for part in parts]),
        "stopped_on": _days([part.stop for part in parts]),
        "elapsed": _numbers([part.verdict.elapsed for part in parts]),
        "limit": _numbers([part.verdict.limit for part in parts]),
        "state": _categories(_numbers([part.verdict.state for part in parts]), STATES),
    }
    return pd.DataFrame({name: made[name] for name in CLOCK_COLUMNS}, copy=False)


def _categories(numbers: Any, names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(numbers, categories=pd.Index(list(names), dtype="str"))


def _numbers(parts: list[Any]) -> npt.NDArray[np.int32]:
    """Small numbers: half the memory, and what counts them reads half as much."""
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts], dtype=np.int32, casting="same_kind")


def _days(parts: list[Days]) -> Days:
    made, end = np.empty(sum(map(len, parts)), dtype="datetime64[s]"), 0
    for part in parts:
        begin, end = end, end + len(part)
        if part.dtype == "datetime64[D]":
            in_seconds(part, made[begin:end])
        else:
            made[begin:end] = part
    return made
