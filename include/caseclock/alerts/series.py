"""A history as columns, and the fold over it: the same walk by the same table, but it visits only dates on which something can change.

While nothing is open a date within the limit changes nothing; while an alert stands, a date that is not clear changes its band alone. These
are found by comparing whole columns, so a quiet history costs a few microseconds, however long it is.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import overload

import numpy as np
import numpy.typing as npt

from caseclock.alerts.fold import Fold, _Walk
from caseclock.alerts.model import Instance, Observation
from caseclock.thresholds import ThresholdRule

Floats = npt.NDArray[np.float64]


class Days:
    """Dates in order, with the extract of each. Shared by all places that have a figure on each of them."""

    def __init__(self, days: Sequence[dt.date], extract_ids: Sequence[str]) -> None:
        if any(a >= b for a, b in pairwise(days)):
            raise ValueError("dates must be in order, each once")
        self.days, self.extract_ids = tuple(days), tuple(extract_ids)

    @cached_property
    def iso(self) -> frozenset[str]:
        return frozenset(day.isoformat() for day in self.days)


@dataclass(frozen=True, eq=False)
class Series(Sequence[Observation]):
    """What the dates that speak say of one instance, oldest first: an `Observation` for each, made when it is asked for."""

    days: Days
    values: Floats
    n: npt.NDArray[np.int64]

    @overload
    def __getitem__(self, at: int) -> Observation: ...
    @overload
    def __getitem__(self, at: slice) -> list[Observation]: ...
    def __getitem__(self, at: int | slice) -> Observation | list[Observation]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return Observation(self.days.days[at], self.values.item(at), self.n.item(at), True, self.days.extract_ids[at])

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Observation]:
        return map(self.__getitem__, range(len(self)))


def series_of(history: Iterable[Observation]) -> Series:
    """The columns of a history; dates that do not speak are left out, as the fold does."""
    seen = sorted((o for o in history if o.passed), key=lambda o: o.as_of)
    days = Days([o.as_of for o in seen], [o.extract_id for o in seen])
    return Series(days, np.array([o.value for o in seen], dtype=np.float64), np.array([o.n for o in seen], dtype=np.int64))


def badness_of(rule: ThresholdRule, values: Floats) -> Floats:
    """`ThresholdRule.badness` of a column."""
    return np.abs(values) if rule.direction == "either" else values if rule.direction == "above" else -values


def dates_over(rule: ThresholdRule, history: Series) -> npt.NDArray[np.intp]:
    """Places of the dates past amber."""
    return np.flatnonzero(badness_of(rule, history.values) >= rule.badness(rule.amber))


def fold_series(rule: ThresholdRule, instance: Instance, history: Series) -> Fold:
    """What `fold` makes of the same history by limits that were never moved."""
    walk, size = _Walk(rule, instance), len(history)
    if size == 0:
        return Fold()
    bad = badness_of(rule, history.values)
    over = np.flatnonzero(bad >= rule.badness(rule.amber)).tolist()
    if over:
        _visit(walk, history, over, bad < rule.badness(rule.clear_below))
    walk.last = history[size - 1]
    return Fold(walk.condition(), tuple(walk.events), walk.episodes, history.days.iso)


def _visit(walk: _Walk, history: Series, over: list[int], clear: npt.NDArray[np.bool_]) -> None:
    """Takes the walk to each date on which it can change. `over`: places past amber; `clear`: whether each place is clear of the limit."""
    at, size = 0, len(history)
    while at < size:
        if walk.state == "NORMAL":
            found = bisect_left(over, at)
            at = over[found] if found < len(over) else size
        elif walk.state == "FIRING":
            stands, ahead = at, clear[at:]
            first = int(ahead.argmax())
            at = at + first if ahead[first] else size
            last = bisect_left(over, at) - 1  # its band is that of the last date past amber
            if last >= 0 and over[last] >= stands:
                walk.severity = walk.rule.severity_of(float(history.values[over[last]]))
        if at < size:
            walk.take(history[at])
            at += 1
