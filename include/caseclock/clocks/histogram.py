"""All clocks counted in one pass: a histogram of rule x team x state x age, made in pieces that stay in the cache.

Every count, band, share and survival is read off it; only clocks near a limit, open ones, and what began or stopped lately are looked at
singly. *Age* here is `elapsed` against `limit`, made fine enough that a clock is in time exactly when its age is not above its limit: a
rule in months is followed in calendar days (whole months say too little: a review due in three months and held on the day after has
lasted three months), one in hours by begun hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.coming import Soon, Windows, due_within, expected_late, joined, windows_of
from caseclock.clocks.model import STATES
from caseclock.clocks.ordering import pieces
from caseclock.clocks.places import Places, Sums

Array = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]
OVERDUE, LATE = STATES.index("overdue"), STATES.index("done_late")
OPEN = OVERDUE + 1  # states below it are open

AHEAD = (5, 10)
"""Working days that are looked ahead."""

BANDS = {"to_25": 0.25, "to_50": 0.5, "to_75": 0.75, "to_100": 1.0, "to_150": 1.5, "over_150": np.inf}
"""Ages of open clocks by the share of the limit that has passed: the name of a band to its last share. Comparable across limits of
1, 15 and 45 days. In `to_100` and below a clock is in time. Of a limit of 0 all has passed on the first day."""

HOUR, DAY = 3_600, 86_400
AS_IT_IS, IN_MONTHS, IN_HOURS = range(3)
UNITS = {"working_day": AS_IT_IS, "calendar_day": AS_IT_IS, "calendar_month": IN_MONTHS, "clock_hour": IN_HOURS}
"""How the age of a clock is found, by the unit of its rule."""

BATCH, PIECE = 1 << 16, 1 << 14
"""Clocks whose classes are counted at once, and clocks whose classes are found at once: what is worked out on the way is so small that it
stays in the processor's cache and no new memory is asked for."""


@dataclass(frozen=True)
class Rows:
    """Clocks as plain columns, in the order of `rule` (a number). `team`: a number into the teams; `state`: into STATES; dates in seconds,
    the least number for none."""

    rule: Array
    team: Array
    state: Array
    started: Counts
    due: Counts
    stopped: Counts
    elapsed: Array
    limit: Array

    def __len__(self) -> int:
        return len(self.rule)

    def at(self, rows: slice | Array) -> Rows:
        """Some of them."""
        return Rows(*(getattr(self, name)[rows] for name in _FIELDS))


_FIELDS = tuple(field.name for field in fields(Rows))


@dataclass(frozen=True)
class Marks:
    """The days that divide time, as seconds, on one extract.

    `since[p]`: the end of the day before period p: what is later lies within it. `until[k]`: the first day that is not within AHEAD[k]
    working days. `back[k]`: AHEAD[k] working days before the last working day before the extract's date. `settled`: the working day after
    that last one: what was due before it has been done by its due date or not.
    """

    as_of: int
    since: tuple[int, ...]
    until: tuple[int, ...]
    back: tuple[int, ...]
    settled: int


def marks(as_of: dt.date, periods: Sequence[int], calendar: WorkingCalendar) -> Marks:
    """Periods are in calendar days, the shortest first. Raises NotCovered at the ends of the calendar."""
    last = calendar.before(as_of)
    return Marks(
        _seconds(as_of),
        tuple(_seconds(as_of) - (days - 1) * DAY - 1 for days in periods),
        tuple(_seconds(calendar.due(as_of, ahead + 1)) for ahead in AHEAD),
        tuple(_seconds(calendar.before(last, ahead)) for ahead in AHEAD),
        _seconds(calendar.due(last, 1)),
    )


def _seconds(day: dt.date) -> int:
    return int(np.datetime64(day, "s").astype(np.int64))


@dataclass(frozen=True)
class Counted:
    """Figures with the rule as first axis; the last axis is the team, except for `median_age` and `oldest`: there it is the place.

    `of[rule, state]`, `stopped[rule, period, state]`, `started[rule, period]`, `due[rule, ahead]`, `expected[rule, ahead]`,
    `fell_due[rule, ahead]`, `bands[rule, band]`.
    """

    of: Counts
    stopped: Counts
    started: Counts
    due: Counts
    expected: Sums
    fell_due: Counts
    bands: Counts
    median_age: Sums
    oldest: Sums


def counted(rows: Rows, units: Sequence[str], marks: Marks, at: Places) -> Counted:
    """Counts the clocks of all rules. `units`: the unit of each rule, by its number. Raises ValueError where a clock has run for less than
    no time: it would be counted as another team's."""
    if rows.elapsed.min(initial=0) < 0:
        raise ValueError("elapsed is below 0: a clock cannot stop before it starts")
    teams, rules, how = len(at.teams), len(units), np.array([UNITS[unit] for unit in units], dtype=np.int8)
    soon, fell_due = _near(rows, how, marks, teams)
    windows = windows_of(soon, rules)
    one = _Pass(windows, how, marks, rules, teams, int(rows.elapsed.max(initial=0)) + 1)
    for begin in range(0, len(rows), BATCH):
        one.add(rows.at(slice(begin, begin + BATCH)))
    stopped, started = one.lately.cumsum(axis=1)
    median_age, oldest = middle_and_most(one.open_ages(), one.longest, rules, at)
    return Counted(
        of=one.of(),
        stopped=stopped.transpose(1, 0, 3, 2),
        started=started.sum(axis=-1).transpose(1, 0, 2),
        due=due_within(soon, rules, teams),
        expected=expected_late(soon, windows, one.tables(), teams),
        fell_due=fell_due,
        bands=one.bands.transpose(0, 2, 1),
        median_age=median_age,
        oldest=oldest,
    )


class _Pass:
    """What is added up batch by batch. `lately[stopped or started, period, rule, team, state]` (in the period and in none that is shorter),
    `bands[rule, team, band]`."""

    def __init__(self, windows: Windows, how: Array, marks: Marks, rules: int, teams: int, longest: int) -> None:
        self.windows, self.how, self.marks, self.teams, self.longest = windows, how, marks, teams, longest
        self.cells = teams * len(STATES)  # of one rule
        self.begins = np.append(0, np.cumsum(windows.width)) * self.cells
        self.ages = np.zeros(self.begins[-1], dtype=np.int64)
        self.lately = np.zeros((2, len(marks.since), rules, teams, len(STATES)), dtype=np.int64)
        self.bands = np.zeros((rules, teams, len(BANDS)), dtype=np.int64)
        self._place = np.empty(BATCH, dtype=np.int64)
        self._open: list[Array] = []  # rule x team x `elapsed` of open clocks; none has `longest` or more
        self._wide: Any = np.int32 if rules * (teams + 1) * longest < np.iinfo(np.int32).max else np.int64

    def add(self, rows: Rows) -> None:
        low, high = int(rows.rule[0]), int(rows.rule[-1]) + 1
        size = (high - low) * self.cells
        found = [self._classes(rows.at(piece), low, size, self._place[piece]) for piece in pieces(len(rows), PIECE)]
        stopped, started, band = (np.concatenate(parts) for parts in zip(*found, strict=True))
        self.ages[self.begins[low] : self.begins[high]] += np.bincount(
            self._place[: len(rows)], minlength=self.begins[high] - self.begins[low]
        )
        for classes, made in zip((stopped, started), self.lately, strict=True):
            made[:, low:high] += np.bincount(classes, minlength=len(made) * size).reshape(len(made), -1, self.teams, len(STATES))
        self.bands[low:high] += np.bincount(band, minlength=self.bands[low:high].size).reshape(-1, self.teams, len(BANDS))

    def _classes(self, rows: Rows, low: int, size: int, place: Counts) -> tuple[Array, Array, Array]:
        """Writes the place of each clock in the histogram; gives the classes of what stopped and began lately, and of what is open.

        Rules count from `low`; they have `size` cells (rule x team x state).
        """
        rule: Any = int(rows.rule[0])
        if rule != rows.rule[-1]:
            rule = rows.rule.astype(np.int64)  # in a piece of one rule its numbers are single ones
        age, limit = _ages(rows, self.how, self.marks)
        width, cell = self.windows.width[rule], rows.team.astype(np.int32)  # a histogram that int32 cannot number fits into no memory
        open_ = np.flatnonzero(rows.state < OPEN)
        of = cell[open_] + ((rule if isinstance(rule, int) else rule[open_]) - low) * self.teams
        self._open.append((of + low * self.teams).astype(self._wide) * self._wide(self.longest) + rows.elapsed[open_])
        band = of * len(BANDS) + _band(age[open_], limit[open_])
        cell *= len(STATES)
        cell += rows.state
        np.add(cell * width, self.begins[rule] - self.begins[low], out=place)
        within = age - self.windows.first[rule]
        np.maximum(within, 0, out=within)
        place += np.minimum(within, width - 1, out=within)
        cell = cell + (rule - low) * self.cells
        return self._lately(rows.stopped, cell, size), self._lately(rows.started, cell, size), band

    def _lately(self, dates: Counts, cell: Array, size: int) -> Array:
        """Period x cell of what stopped, or began, within each period and not within the one before it."""
        late = np.flatnonzero(dates > self.marks.since[-1])
        when, made = dates[late], cell[late]
        for since in self.marks.since[:-1]:
            made += (when <= since).view(np.int8) * np.int32(size)
        return made

    def tables(self) -> list[Counts]:
        """The histogram of each rule: team x state x age."""
        parts = (self.ages[begin:end] for begin, end in pairwise(self.begins.tolist()))
        return [part.reshape(self.teams, len(STATES), int(width)) for part, width in zip(parts, self.windows.width, strict=True)]

    def of(self) -> Counts:
        """How many there are: [rule, state, team]."""
        found = np.zeros((len(self.windows.width), len(STATES), self.teams), dtype=np.int64)
        for rule, table in enumerate(self.tables()):
            found[rule] = table.sum(axis=2).T
        return found

    def open_ages(self) -> Array:
        """Rule x team x `elapsed` of each open clock."""
        return np.concatenate([np.zeros(0, dtype=self._wide), *self._open])


# --- age -----------------------------------------------------------------------------------------------------------
def _ages(rows: Rows, how: Array, marks: Marks) -> tuple[Array, Array]:
    """(age, limit)"""
    age, limit = rows.elapsed.astype(np.int32, copy=False), rows.limit.astype(np.int32, copy=False)
    here = how[rows.rule[0] : int(rows.rule[-1]) + 1] if len(rows) else how[:0]
    if not here.any():
        return age, limit
    if rows.rule[0] == rows.rule[-1]:
        return (_in_days if here[0] == IN_MONTHS else _in_hours)(rows, marks)
    age, limit, first = age.copy(), limit.copy(), int(rows.rule[0])
    for rule in np.flatnonzero(here) + first:
        its = slice(*np.searchsorted(rows.rule, (rule, rule + 1)))
        age[its], limit[its] = (_in_days if how[rule] == IN_MONTHS else _in_hours)(rows.at(its), marks)
    return age, limit


def _in_days(rows: Rows, marks: Marks) -> tuple[Array, Array]:
    until = np.where(rows.state < OPEN, marks.as_of, rows.stopped)
    return ((until - rows.started) // DAY).astype(np.int32), ((rows.due - rows.started) // DAY).astype(np.int32)


def _in_hours(rows: Rows, marks: Marks) -> tuple[Array, Array]:
    """By begun hours. What has passed is whole hours of real time; the dates are what a clock on the wall shows, and it is put forward and
    back by whole hours, so it tells whether another hour has begun."""
    until = np.where(rows.state < OPEN, marks.as_of + DAY, rows.stopped)
    begun = (until - rows.started) % HOUR > 0
    return rows.elapsed.astype(np.int32) + begun, rows.limit.astype(np.int32, copy=False)


def _band(age: Array, limit: Array) -> Array:
    """Numbers into BANDS."""
    quarters = age * 4
    part = (quarters > limit).view(np.int8) + (quarters > 2 * limit).view(np.int8) + (quarters > 3 * limit).view(np.int8)
    whole = (quarters > 4 * limit).view(np.int8) + (quarters > 6 * limit).view(np.int8)
    return (part if limit.all() else np.where(limit > 0, part, np.int8(3))) + whole


def middle_and_most(key: Array, longest: int, rules: int, at: Places) -> tuple[Sums, Sums]:
    """Median and greatest age: [rule, place], NaN where there is none. `key`: rule x team x age of each clock."""
    teams, groups = len(at.teams), len(at.services) + 1
    wide, of_groups = key.dtype.type, [key[:0]]
    for piece in pieces(len(key)):
        cell, age = np.divmod(key[piece], wide(longest))
        rule, team = np.divmod(cell, wide(teams))
        service = at.service_of[team].astype(wide)
        belongs = np.flatnonzero(service >= 0)
        rule *= groups
        of_groups += [(rule + (groups - 1)) * longest + age, (rule[belongs] + service[belongs]) * longest + age[belongs]]
    of_team, of_group = _of_groups(key, longest, rules * teams), _of_groups(np.concatenate(of_groups), longest, rules * groups)
    middle, most = (np.hstack([a.reshape(rules, teams), b.reshape(rules, groups)]) for a, b in zip(of_team, of_group, strict=True))
    return middle, most


def _of_groups(key: Array, longest: int, groups: int) -> tuple[Sums, Sums]:
    """Median and greatest age of each group. `key`: group x age; it is put in order."""
    if not len(key):
        return np.full(groups, np.nan), np.full(groups, np.nan)
    key.sort()
    begin = np.searchsorted(key, np.arange(groups + 1, dtype=key.dtype) * longest)
    n = np.diff(begin)

    def nth(which: Counts) -> Sums:
        found = key[np.minimum(begin[:-1] + np.maximum(which, 0), len(key) - 1)] % longest
        return np.where(n > 0, found.astype(np.float64), np.nan)

    return (nth((n - 1) // 2) + nth(n // 2)) / 2, nth(n - 1)


# --- near a limit --------------------------------------------------------------------------------------------------
def _near(rows: Rows, how: Array, marks: Marks, teams: int) -> tuple[Soon, Counts]:
    """(the open clocks, not overdue, that come due within AHEAD; how many fell due lately and were not done: [rule, ahead, team])"""
    soon, fell_due = [_coming(rows.at(slice(0, 0)), how, marks)], np.zeros((len(how), len(AHEAD), teams), dtype=np.int64)
    for piece in pieces(len(rows), PIECE):
        near = np.flatnonzero(rows.due[piece] >= marks.back[-1])
        if not len(near):
            continue
        found = rows.at(near + piece.start)
        soon.append(_coming(found.at(np.flatnonzero((found.state < OVERDUE) & (found.due < marks.until[-1]))), how, marks))
        late = (found.state == OVERDUE) | (found.state == LATE)
        fell_due += _fell_due(found.at(np.flatnonzero(late & (found.due < marks.settled))), how, marks, teams)
    return joined(soon), fell_due


def _coming(soon: Rows, how: Array, marks: Marks) -> Soon:
    age, limit = _ages(soon, how, marks)
    reach = np.add.reduce([soon.due >= day for day in marks.until], dtype=np.int8)
    return Soon(soon.rule, soon.team, np.minimum(age, limit), limit, reach, len(AHEAD))


def _fell_due(late: Rows, how: Array, marks: Marks, teams: int) -> Counts:
    """Clocks that were open and in time at the end of each day of `back`, came due until it was settled, and were not done by then."""
    stopped = np.where(late.state == OVERDUE, np.iinfo(np.int64).max, late.stopped)
    cell = late.rule.astype(np.int64) * teams + late.team
    by_the_hour = np.where(how[late.rule] == IN_HOURS, DAY, 0)  # what was due within the day was late at the end of it
    made = []
    for day in marks.back:
        was_open = (late.started < day + DAY) & (stopped >= day + DAY) & (late.due >= day + by_the_hour)
        made.append(np.bincount(cell[was_open], minlength=len(how) * teams).reshape(len(how), teams))
    return np.stack(made, axis=1)
