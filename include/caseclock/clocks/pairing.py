"""Which row of an earlier extract is this one?

By its number where it has kept one, else by what it is known by (a referral is its child and its date: `IDENTITY` in quality/content.py),
so an export that numbers its rows anew every night shows nothing new. In a source without numbers a date that was corrected looks like one
row gone and one row new: the two are one when they are of one child and at most 30 days apart, and the new date is not after the day of the
earlier extract (what began after that day cannot have been in it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.clocks.columns import NONE, Codes, Mask, pairs
from caseclock.quality.scene import text_of

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.clocks.calendar import Days

CORRECTED_WITHIN = 30
"""Days; a corrected date differs by no more. Local choice, the same as for Annex A, which has no ids."""
TOO_WIDE = 2**62


class Pairing:
    """The rows of two frames, those of the earlier extract first, paired off step by step.

    `of`: per row of the later frame the row of the earlier one, -1 for none. `corrected`: where the two differ in date or child.
    `left`: the rows of the earlier frame that have no partner.
    """

    def __init__(self, before: pd.DataFrame, now: pd.DataFrame) -> None:
        self._frames, self._cut = (before, now), len(before)
        self.of: Codes = np.full(len(now), NONE, dtype=np.int64)
        self.corrected: Mask = np.zeros(len(now), dtype=bool)
        self.left: Mask = np.ones(len(before), dtype=bool)

    def texts(self, column: str) -> Codes:
        """A column of both frames as numbers that are equal where the texts are, -1 where there is none."""
        chunks = [chunk for frame in self._frames for chunk in text_of(frame[column].astype("str")).chunks]
        encoded = pc.dictionary_encode(pa.chunked_array(chunks, type=pa.large_string()).combine_chunks())
        made: Codes = encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int64)
        return made

    def days(self, column: str) -> Days:
        """A column of dates of both frames."""
        return np.concatenate([days_of(frame, column) for frame in self._frames])

    def unmoved(self, runs: tuple[Codes, Codes], columns: Sequence[str]) -> None:
        """Pairs rows that stand at one place within runs of one length and are equal in these columns of text and dates.

        `runs`: a number per row of either frame, by which both are sorted; where they are not, nothing is paired here. Two extracts of
        consecutive days agree in nearly all of their rows, and this finds them several times faster than their keys do.
        """
        (b_start, b_size, b_run), (n_start, n_size, n_run) = (_runs(run) for run in runs)
        if any((run[1:] <= run[:-1]).any() for run in (b_run, n_run)) or not len(b_run):
            return
        at = np.minimum(np.searchsorted(b_run, n_run), len(b_run) - 1)
        fits = (b_run[at] == n_run) & (b_size[at] == n_size)
        n = np.flatnonzero(np.repeat(fits, n_size))
        b = n + np.repeat((b_start[at] - n_start)[fits], n_size[fits])
        for column in columns:
            same = _equal(self._frames[0][column], b, self._frames[1][column], n)
            b, n = b[same], n[same]
        self._pair(b, n, False)

    def rest(self) -> tuple[Codes, Codes]:
        """The rows of either frame that are left."""
        return np.flatnonzero(self.left), np.flatnonzero(self.of == NONE)

    def take_over(self, rest: tuple[Codes, Codes], of_rest: Pairing) -> None:
        """What was found for the rows that were left."""
        n = np.flatnonzero(of_rest.of != NONE)
        self._pair(rest[0][of_rest.of[n]], rest[1][n], of_rest.corrected[n])

    def key(self, *parts: Codes) -> Codes:
        """`key_of` these parts for the rows that are left, -1 for the others: most are paired at the first step."""
        row = np.flatnonzero(np.concatenate((self.left, self.of == NONE)))
        made = np.full(len(self.left) + len(self.of), NONE, dtype=np.int64)
        made[row] = key_of(*(part[row] for part in parts))
        return made

    def same(self, key: Codes, *, corrected: bool = False) -> None:
        """Pairs what is left and has the same key, equal ones in the order of their frames."""
        b, n = self._left(key)
        ours, theirs = key[: self._cut][b], key[self._cut :][n]
        by_ours, by_theirs = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
        b, n, ours, theirs = b[by_ours], n[by_theirs], ours[by_ours], theirs[by_theirs]
        nth = np.arange(len(theirs)) - np.searchsorted(theirs, theirs)
        at = np.searchsorted(ours, theirs) + nth
        hit = at < len(ours)
        hit[hit] = ours[at[hit]] == theirs[hit]
        self._pair(b[at[hit]], n[hit], corrected)

    def nearest(self, group: Codes, day: Days, as_of: np.datetime64, within: int | None = CORRECTED_WITHIN) -> None:
        """Pairs, as corrected, what is left of one group, the nearest dates first. `as_of`: the day of the earlier extract."""
        b, n = self._left(group)
        n = n[day[self._cut + n] <= as_of]
        found = np.unique(np.concatenate((group[b], group[self._cut + n])), return_inverse=True)[1]
        first, second = pairs(found[: len(b)], found[len(b) :], len(found) + 1)
        b, n = b[first], n[second]
        apart = np.abs((day[b] - day[self._cut + n]).astype(np.int64))
        near = np.ones(len(apart), dtype=bool) if within is None else apart <= within
        b, n, apart = b[near], n[near], apart[near]
        order = np.lexsort((n, b, apart))
        b, n = b[order], n[order]
        while len(b):  # a pair is made when neither has a nearer partner; what that leaves is looked at again
            best = _first(b) & _first(n)
            self._pair(b[best], n[best], True)
            free = self.left[b] & (self.of[n] == NONE)
            b, n = b[free], n[free]

    def _left(self, key: Codes) -> tuple[Codes, Codes]:
        before, now = key[: self._cut], key[self._cut :]
        return np.flatnonzero(self.left & (before != NONE)), np.flatnonzero((self.of == NONE) & (now != NONE))

    def _pair(self, before: Codes, now: Codes, corrected: bool | Mask) -> None:
        self.of[now], self.left[before] = before, False
        self.corrected[now] = corrected


def key_of(*parts: Codes) -> Codes:
    """One number per row, equal where all parts are; -1 where one of them is."""
    made, size, missing = np.zeros(len(parts[0]), dtype=np.int64), 1, np.zeros(len(parts[0]), dtype=bool)
    for part in parts:
        width = int(part.max(initial=NONE)) + 2
        if size * width >= TOO_WIDE:
            made = np.unique(made, return_inverse=True)[1].astype(np.int64)
            size = len(made) + 1
        made, size, missing = made * width + part + 1, size * width, missing | (part == NONE)
    return np.where(missing, NONE, made)


def number_of(days: Days) -> Codes:
    """Days as small numbers, -1 for none."""
    known = ~np.isnat(days)
    first = days[known].min() if known.any() else np.datetime64("2000-01-01", "D")
    numbers: Codes = np.where(known, (days - first).astype(np.int64), NONE)
    return numbers


def days_of(frame: pd.DataFrame, column: str) -> Days:
    """A column of dates as datetime64[D]."""
    days: Any = np.asarray(frame[column], dtype="datetime64[s]").astype("datetime64[D]")
    made: Days = days
    return made


def _runs(key: Codes) -> tuple[Codes, Codes, Codes]:
    """Of each run of equal keys: its first row, its length, the key."""
    start = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    return start, np.diff(np.append(start, len(key))), key[start]


def _equal(before: pd.Series[Any], b: Codes, now: pd.Series[Any], n: Codes) -> Mask:
    """Where two columns hold the same at these rows; nothing is the same as nothing."""
    if before.dtype.kind == "M":
        then, today = (np.asarray(column, dtype="datetime64[s]").view(np.int64) for column in (before, now))
        same: Mask = then[b] == today[n]
        return same
    ours, theirs = (text_of(column).take(pa.array(row)) for column, row in ((before, b), (now, n)))
    equal: Mask = pc.equal(ours, theirs).fill_null(False).to_numpy()
    if ours.null_count and theirs.null_count:
        equal = equal | pc.and_(ours.is_null(), theirs.is_null()).to_numpy()
    return equal


def _first(keys: Codes) -> Mask:
    made = np.zeros(len(keys), dtype=bool)
    made[np.unique(keys, return_index=True)[1]] = True
    return made
