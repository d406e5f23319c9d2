"""The three ways a clock stops: a column of its row, events of another table, or somebody who holds the item.

Each gives *stretches*: one row per clock, with the item (row number in the rule's table), its start and its stop. In the unit of the
hour these are moments, else days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.beside import runs_then
from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, earliest, pairs
from caseclock.clocks.holders import Involvements, held_pairs
from caseclock.clocks.ordering import first_rows, latest_of, lexsort
from caseclock.clocks.rules import INTERVALS, Events, Held, TimescaleRule, column_of
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
    """One row per clock. `item` counts in `Items`. `unsure`: a day is not known, so no verdict can be given. `taker`: the involvement that
    stopped the clock (row of `Involvements`, -1 while it runs); None for rules that something else stops."""

    item: Codes
    start: Days
    stop: Days
    unsure: Mask
    taker: Codes | None = None

    def at(self, rows: Codes | Mask) -> Stretches:
        """Some of them."""
        taker = None if self.taker is None else self.taker[rows]
        return Stretches(self.item[rows], self.start[rows], self.stop[rows], self.unsure[rows], taker)


def stretches(rule: TimescaleRule, items: Items, columns: Columns, inv: Involvements) -> Stretches:
    """The clocks of every item. A stop after the extract's date has not happened yet: an extract cannot know the future."""
    made = _stretches(rule, items, columns, inv)
    if not (rule.during or rule.unless or rule.within_months or rule.after_months):
        return made
    return made.at(runs_then(rule, items, made, columns))


def _stretches(rule: TimescaleRule, items: Items, columns: Columns, inv: Involvements) -> Stretches:
    if isinstance(rule.stop, Held):
        return _while_not_held(items, rule, columns, inv)
    if isinstance(rule.stop, Events):
        made = _by_events(items, rule, rule.stop, columns)
    else:
        stop = _not_yet(columns.days(rule.table, rule.stop)[items.row], columns, rule)
        made = Stretches(np.arange(len(items)), items.start, stop, np.zeros(len(items), dtype=bool))
    if not rule.stop_also:
        return made
    also = earliest([_not_yet(columns.days(rule.table, path)[items.row], columns, rule) for path in rule.stop_also], len(items))
    sooner = ~np.isnat(also) & ~(made.stop <= also)
    return Stretches(made.item, made.start, np.where(sooner, also, made.stop), made.unsure & ~sooner)


def _by_events(items: Items, rule: TimescaleRule, events: Events, columns: Columns) -> Stretches:
    item, row, named = _events_of(items, rule, events, columns)
    day = columns.days(events.table, events.date)[row]
    if events.early:
        day = np.where(named, np.fmax(day, items.start[item]), day)
    first = items.start[item] if events.same_day else items.start[item] + 1
    counts = (day >= first) & (day <= columns.as_of) & ~(day > items.end[item])
    item, row, day = item[counts], row[counts], day[counts]
    order = lexsort((day, item))
    item, row, day = item[order], row[order], day[order]
    new_item = np.append(True, item[1:] != item[:-1])[: len(item)]
    keep = new_item if events.take == "first" else new_item | np.append(True, day[1:] != day[:-1])[: len(item)]
    item, row, day = item[keep], row[keep], day[keep]
    latest = _same_line(items, rule.table, events, item, row, columns)
    untold = _untold(items, rule.table, events, columns)
    if events.take == "first":
        stop, doubt = np.full(len(items), NO_DAY), np.zeros(len(items), dtype=bool)
        stop[item], doubt[item] = day, latest
        doubt |= np.isnat(stop) & untold
        if events.reach is not None:
            doubt |= np.isnat(stop) & (items.start < _reach(events.table, events.reach, columns))
        return Stretches(np.arange(len(items)), items.start, stop, doubt)
    unsure = latest.copy()
    if len(item):
        unsure |= new_item[keep] & (items.start[item] < _since_when(events, columns))
    return _one_after_the_other(items, item, day, unsure, latest, untold, INTERVALS[rule.interval])


def _since_when(events: Events, columns: Columns) -> np.datetime64:
    """The first day of which a supplementary file holds anything; the beginning of time for the tables of an export.

    A council starts such a file on some day. Of what began before, the first event in the file may not be the first there was.
    """
    if events.table not in BY_TABLE:
        return np.datetime64("1900-01-01", "D")
    days = columns.days(events.table, events.date)[columns.meets(events.table, events.where)]
    first: np.datetime64 = days[~np.isnat(days)].min()
    return first


CARELESS = 100
"""One in so many dates may be a slip (an assessment of last month that was authorised in 2002) before it moves the reach of a source."""


def _reach(table: str, column: str, columns: Columns) -> np.datetime64:
    """The day back to which the rows of a table reach, which leave it by this date; NaT where it has no such date."""
    days = np.sort(columns.days(table, column))  # NaT comes last
    known = int(np.count_nonzero(~np.isnat(days)))
    reach: np.datetime64 = days[known // CARELESS] if known else NO_DAY
    return reach


def _events_of(items: Items, rule: TimescaleRule, events: Events, columns: Columns) -> tuple[Codes, Codes, Mask]:
    """(item, row of the events' table, by the first key) of each pair. The keys of `by` are tried in turn; an event stays with the first
    one that it can use."""
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
    named = np.arange(sum(map(len, found_items))) < len(found_items[0])
    return np.concatenate(found_items), np.concatenate(found_rows), named


UNKNOWN = 3
"""The number of a stretch after an event that is only the latest one: it is the second or a later one, and taken for a later one, because
the limit of those is the longer one where they differ (3 and 6 months): what is late by it is late for certain."""


def _one_after_the_other(
    items: Items, item: Codes, day: Days, unsure: Mask, latest: Mask, untold: Mask, interval: tuple[int, int | None]
) -> Stretches:
    """From start to the first event, to the next one, ... and the open stretch after the last. Events are in order of item and day."""
    many = np.bincount(item, minlength=len(items))
    of = np.repeat(np.arange(len(items)), many + 1)
    number = np.arange(len(of)) - np.repeat(np.cumsum(many + 1) - (many + 1), many + 1) + 1
    start, stop, doubt = np.full(len(of), NO_DAY), np.full(len(of), NO_DAY), np.zeros(len(of), dtype=bool)
    stop[number <= many[of]] = day
    doubt[number <= many[of]] = unsure
    doubt |= (number > many[of]) & untold[of]
    start[number > 1] = day
    start[number == 1] = items.start
    after_latest = np.zeros(len(of), dtype=bool)
    after_latest[number > 1] = latest
    number = np.where(after_latest, np.maximum(number, UNKNOWN), number)
    first, last = interval
    watched = (number >= first) & (number <= (last or np.iinfo(np.int64).max))
    return Stretches(of[watched], start[watched], stop[watched], doubt[watched])


def _same_line(items: Items, on: str, events: Events, item: Codes, row: Codes, columns: Columns) -> Mask:
    """Events that are a column of the item's own line (Annex A: 'date of the last statutory visit').

    There is one at most per item, the latest; those before it are unknown, so the stretch that it stops began on an unknown day, and a
    first event may have been any day before it.
    """
    ours, theirs = columns.files.get(on), columns.files.get(events.table)
    alone = events.one_each or on == events.table  # a row's own date is no latest one of several
    if ours is None or theirs is None or alone or not len(item):
        return np.zeros(len(item), dtype=bool)
    same: Mask = ours[items.row[item]] == theirs[row]
    return same


def _untold(items: Items, on: str, events: Events, columns: Columns) -> Mask:
    """Items whose own line names the latest event, which is none that counts (Annex A: the last visit, at which the child was not seen
    alone): when the last one was that did count is not known."""
    found = np.zeros(len(items), dtype=bool)
    ours, theirs = columns.files.get(on), columns.files.get(events.table)
    flags = [path for path in events.where if column_of(events.table, path).kind == "flag"]
    if ours is None or theirs is None or events.one_each or on == events.table or not flags:
        return found
    part = {path: condition for path, condition in events.where.items() if path not in flags}
    row = np.flatnonzero(columns.meets(events.table, part) & ~columns.meets(events.table, events.where))
    row = row[np.isin(theirs[row], np.unique(ours))]
    if not len(row):
        return found
    key = events.by[0]
    at, which = pairs(columns.keys(on, key)[items.row], columns.keys(events.table, key)[row], columns.distinct(key))
    found[at[ours[items.row[at]] == theirs[row[which]]]] = True
    return found


def _while_not_held(items: Items, rule: TimescaleRule, columns: Columns, inv: Involvements) -> Stretches:
    """From the start to the first holder; and, when the last holder has left, from that day on."""
    referral, child = columns.keys(rule.table, "referral_id")[items.row], columns.keys(rule.table, "child_id")[items.row]
    item, row = held_pairs(columns, inv, referral, child)
    begin, end = np.fmax(inv.start[row], items.start[item]), inv.end[row]
    before = (end <= items.start[item]) & (inv.start[row] < items.start[item])
    use = ~before & ~(begin > items.end[item])
    item, row, begin, end = item[use], row[use], begin[use], end[use]
    first, taker, held = np.full(len(items), NO_DAY), np.full(len(items), NONE), np.zeros(len(items), dtype=bool)
    took = first_rows(item, lexsort((inv.rank[row], begin)), len(items))
    first[item[took]], taker[item[took]] = begin[took], row[took]
    held[item[np.isnat(end)]] = True
    left = latest_of(item, end, len(items))
    undated = np.zeros(len(items), dtype=bool)  # held, but nobody knows since when: neither in time nor late
    undated[item[np.isnat(inv.start[row])]] = True
    again = np.flatnonzero(~np.isnat(first) & ~held & np.isnat(items.end))
    each = np.arange(len(items))
    return Stretches(
        np.concatenate((each, again)),
        np.concatenate((items.start, left[again])),
        np.concatenate((first, np.full(len(again), NO_DAY))),
        np.concatenate((undated, np.zeros(len(again), dtype=bool))),
        np.concatenate((taker, np.full(len(again), NONE))),
    )


def _not_yet(days: Days, columns: Columns, rule: TimescaleRule) -> Days:
    return np.where(days >= columns.after(rule.in_hours), NO_DAY, days)
