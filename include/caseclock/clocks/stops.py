"""The three ways a clock stops: a column of its row, events of another table, or somebody who holds the item.

Each gives *stretches*: one row per clock, with the item (row number in the rule's table), its start and its stop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, pairs
from caseclock.clocks.holders import Involvements, held_pairs
from caseclock.clocks.rules import INTERVALS, Events, Held, TimescaleRule
from caseclock.extracts.supplementary import BY_TABLE


@dataclass(frozen=True)
class Items:
    """The rows of the rule's table that carry a clock. `end`: the day the case ended, NaT while it goes on."""

    row: Codes
    start: Days
    end: Days

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Stretches:
    """One row per clock. `item` counts in `Items`. `unsure`: a day is not known, so no verdict can be given."""

    item: Codes
    start: Days
    stop: Days
    unsure: Mask


def stretches(rule: TimescaleRule, items: Items, columns: Columns, inv: Involvements) -> Stretches:
    """The clocks of every item. A stop after the extract's date has not happened yet: an extract cannot know the future."""
    if isinstance(rule.stop, Held):
        return _while_not_held(items, rule, columns, inv)
    if isinstance(rule.stop, Events):
        return _by_events(items, rule, rule.stop, columns)
    stop = columns.days(rule.table, rule.stop)[items.row]
    return Stretches(np.arange(len(items)), items.start, _not_yet(stop, columns), np.zeros(len(items), dtype=bool))


def _by_events(items: Items, rule: TimescaleRule, events: Events, columns: Columns) -> Stretches:
    item, row = _events_of(items, rule, events, columns)
    day = columns.days(events.table, events.date)[row]
    first = items.start[item] if events.same_day else items.start[item] + 1
    counts = (day >= first) & (day <= columns.as_of) & ~(day > items.end[item])
    item, row, day = item[counts], row[counts], day[counts]
    order = np.lexsort((day, item))
    item, row, day = item[order], row[order], day[order]
    new_item = np.append(True, item[1:] != item[:-1])[: len(item)]
    keep = new_item if events.take == "first" else new_item | np.append(True, day[1:] != day[:-1])[: len(item)]
    item, row, day = item[keep], row[keep], day[keep]
    latest = _same_line(items, rule.table, events.table, item, row, columns)
    if events.take == "first":
        stop, doubt = np.full(len(items), NO_DAY), np.zeros(len(items), dtype=bool)
        stop[item], doubt[item] = day, latest
        return Stretches(np.arange(len(items)), items.start, stop, doubt)
    unsure = latest.copy()
    if len(item):
        unsure |= new_item[keep] & (items.start[item] < _since_when(events, columns))
    return _one_after_the_other(items, item, day, unsure, latest, INTERVALS[rule.interval])


def _since_when(events: Events, columns: Columns) -> np.datetime64:
    """The first day of which a supplementary file holds anything; the beginning of time for the tables of an export.

    A council starts such a file on some day. Of what began before, the first event in the file may not be the first there was.
    """
    if events.table not in BY_TABLE:
        return np.datetime64("1900-01-01", "D")
    days = columns.days(events.table, events.date)[columns.meets(events.table, events.where)]
    first: np.datetime64 = days[~np.isnat(days)].min()
    return first


def _events_of(items: Items, rule: TimescaleRule, events: Events, columns: Columns) -> tuple[Codes, Codes]:
    """Pairs (item, row of the events' table). The keys of `by` are tried in turn; an event stays with the first one that it can use."""
    waiting = columns.meets(events.table, events.where) & ~np.isnat(columns.days(events.table, events.date))
    found_items, found_rows = [], []
    for key in events.by:
        theirs = np.where(waiting, columns.keys(events.table, key), NONE)
        size = columns.distinct(key)
        at, row = pairs(columns.keys(rule.table, key)[items.row], theirs, size)
        found_items.append(at)
        found_rows.append(row)
        known = np.zeros(size + 1, dtype=bool)
        known[columns.keys(rule.table, key)] = True
        known[NONE] = False
        waiting &= ~known[theirs]
    return np.concatenate(found_items), np.concatenate(found_rows)


UNKNOWN = 3
"""The number of a stretch after an event that is only the latest one: it is the second or a later one, and taken for a later one, because
the limit of those is the longer one where they differ (3 and 6 months): what is late by it is late for certain."""


def _one_after_the_other(items: Items, item: Codes, day: Days, unsure: Mask, latest: Mask, interval: tuple[int, int | None]) -> Stretches:
    """From start to the first event, to the next one, ... and the open stretch after the last. Events are in order of item and day."""
    many = np.bincount(item, minlength=len(items))
    of = np.repeat(np.arange(len(items)), many + 1)
    number = np.arange(len(of)) - np.repeat(np.cumsum(many + 1) - (many + 1), many + 1) + 1
    start, stop, doubt = np.full(len(of), NO_DAY), np.full(len(of), NO_DAY), np.zeros(len(of), dtype=bool)
    stop[number <= many[of]] = day
    doubt[number <= many[of]] = unsure
    start[number > 1] = day
    start[number == 1] = items.start
    after_latest = np.zeros(len(of), dtype=bool)
    after_latest[number > 1] = latest
    number = np.where(after_latest, np.maximum(number, UNKNOWN), number)
    first, last = interval
    watched = (number >= first) & (number <= (last or np.iinfo(np.int64).max))
    return Stretches(of[watched], start[watched], stop[watched], doubt[watched])


def _same_line(items: Items, on: str, table: str, item: Codes, row: Codes, columns: Columns) -> Mask:
    """Events that are a column of the item's own line (Annex A: 'date of the last statutory visit').

    There is one at most per item, the latest; those before it are unknown, so the stretch that it stops began on an unknown day, and a
    first event may have been any day before it.
    """
    ours, theirs = columns.files.get(on), columns.files.get(table)
    if ours is None or theirs is None or not len(item):
        return np.zeros(len(item), dtype=bool)
    return np.asarray(ours.take(items.row[item]) == theirs.take(row), dtype=bool)


def _while_not_held(items: Items, rule: TimescaleRule, columns: Columns, inv: Involvements) -> Stretches:
    """From the start to the first holder; and, when the last holder has left, from that day on."""
    referral, child = columns.keys(rule.table, "referral_id")[items.row], columns.keys(rule.table, "child_id")[items.row]
    item, row = held_pairs(columns, inv, referral, child)
    begin, end = np.fmax(inv.start[row], items.start[item]), inv.end[row]
    before = (end <= items.start[item]) & (inv.start[row] < items.start[item])
    use = ~before & ~(begin > items.end[item])
    item, since, begin, end = item[use], inv.start[row][use], begin[use], end[use]
    first, held = _least(item, begin, len(items)), np.zeros(len(items), dtype=bool)
    held[item[np.isnat(end)]] = True
    left = _most(item, end, len(items))
    undated = np.zeros(len(items), dtype=bool)  # held, but nobody knows since when: neither in time nor late
    undated[item[np.isnat(since)]] = True
    again = np.flatnonzero(~np.isnat(first) & ~held & np.isnat(items.end))
    each = np.arange(len(items))
    return Stretches(
        np.concatenate((each, again)),
        np.concatenate((items.start, left[again])),
        np.concatenate((first, np.full(len(again), NO_DAY))),
        np.concatenate((undated, np.zeros(len(again), dtype=bool))),
    )


def _least(item: Codes, day: Days, size: int) -> Days:
    made = np.full(size, NO_DAY)
    np.fmin.at(made, item, day)
    return made


def _most(item: Codes, day: Days, size: int) -> Days:
    made = np.full(size, NO_DAY)
    np.fmax.at(made, item, day)
    return made


def _not_yet(days: Days, columns: Columns) -> Days:
    return np.where(days > columns.as_of, NO_DAY, days)
