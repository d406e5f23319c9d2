"""Stretches of time and repeated occasions, for the tables that are made on request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.demo.council_draw import Ints

MOST = 200  # parts of one stretch


@dataclass(frozen=True)
class Stints:
    """`of`: position of the whole that a stint is part of; `number` within it. `end` is that of the whole for the last one."""

    of: Ints
    number: Ints
    start: Ints
    end: Ints


def stints_of(rng: np.random.Generator, start: Ints, stop: Ints, mean_days: float, last: int) -> Stints:
    """Cuts each stretch from `start` to `stop` into parts of exponential length, as far as day `last`."""
    at, day = np.arange(len(start)), start.copy()
    kept: list[tuple[Ints, Ints, Ints, Ints]] = []
    for number in range(MOST):
        until = np.minimum(day + 7 + rng.exponential(mean_days, len(at)).astype(np.int64), stop[at])
        kept.append((at, np.full(len(at), number), day, until))
        goes_on = (until < stop[at]) & (until <= last)
        at, day = at[goes_on], until[goes_on]
        if not len(at):
            break
    return Stints(*(np.concatenate(column) for column in zip(*kept, strict=True)))


def latest(of: Ints, day: Ints, whole: int, until: int, nothing: int) -> Ints:
    """Per whole the last of its occasions that is not later than `until`; `nothing` where there is none."""
    made = np.full(whole, -1, dtype=np.int64)
    come = day <= until
    np.maximum.at(made, of[come], day[come])
    return np.where(made < 0, nothing, made)
