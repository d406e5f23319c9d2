"""Clocks that run only in some circumstances: in the first year of a placement, under a legal order, not in a series of short breaks.

A circumstance is looked at on the day on which the clock starts, because what a council owes is settled then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from caseclock.clocks.calendar import Days, add_months_many
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, pairs
from caseclock.clocks.rules import Beside, TimescaleRule

if TYPE_CHECKING:
    from caseclock.clocks.stops import Items, Stretches


def runs_then(rule: TimescaleRule, items: Items, made: Stretches, columns: Columns) -> Mask:
    """Which of the stretches have the circumstances that the rule asks for."""
    use = _in_its_months(rule, items, made)
    for beside in rule.during:
        use &= _is_beside(beside, rule.table, items.row[made.item], made.start, columns)
    for out in rule.unless:
        theirs = np.flatnonzero(columns.meets(rule.table, out.own)[items.row[made.item]] & use)
        if out.beside is not None:
            theirs = theirs[_is_beside(out.beside, rule.table, items.row[made.item[theirs]], made.start[theirs], columns)]
        use[theirs] = False
    return use


def _in_its_months(rule: TimescaleRule, items: Items, made: Stretches) -> Mask:
    use = np.ones(len(made.item), dtype=bool)
    for months, sign in ((rule.within_months, True), (rule.after_months, False)):
        if months is not None:
            edge = add_months_many(items.start, np.full(len(items), months))[made.item]
            use &= (made.start < edge) == sign
    return use


LONG_AGO = np.datetime64("1900-01-01", "D")


def _latest_only(on: str, table: str, row: Codes, columns: Columns) -> Mask:
    """Rows from the lines of the rule's own table (Annex A): each is the latest of several, and the first was on any day before it."""
    ours, theirs = columns.files.get(on), columns.files.get(table)
    if ours is None or theirs is None or on == table:
        return np.zeros(len(row), dtype=bool)
    return np.isin(theirs[row], np.unique(ours))


def _is_beside(beside: Beside, table: str, row: Codes, start: Days, columns: Columns) -> Mask:
    """Where a row of the other table with the same key is true on the day of the start."""
    since = columns.days(beside.table, beside.since)
    true = np.flatnonzero(columns.meets(beside.table, beside.where) & ~np.isnat(since))
    found = np.zeros(len(row), dtype=bool)
    if not len(true) or not len(row):
        return found
    theirs, ours = columns.keys(beside.table, beside.by)[true], columns.keys(table, beside.by)[row]
    since, size = since[true], columns.distinct(beside.by)
    if beside.until is None:
        since = np.where(_latest_only(table, beside.table, true, columns), LONG_AGO, since)
        first = np.full(size + 1, NO_DAY)
        np.fmin.at(first, theirs, since)
        first[NONE] = NO_DAY
        known: Mask = first[ours] <= start
        return known
    until = columns.days(beside.table, beside.until)[true]
    at, stretch = pairs(theirs, ours, size)
    day = start[stretch]
    holds = (since[at] <= day) & (np.isnat(until[at]) | (day < until[at]) | ((since[at] == until[at]) & (day == since[at])))
    found[stretch[holds]] = True
    return found
