"""The arithmetic of queues: load, clearance, target queue, relief. Pure functions of numbers or arrays; a division by nothing is NaN.

Formulas of NHSRwaitinglist (nhs-r-community/NHSRwaitinglist@0d85b69, MIT), Fong's "Manchester" rules for waiting lists. Demand and capacity
are per week, waits and limits in weeks. Its `wl_stats` is not followed: there the mean wait is in days where the formula wants weeks, and
the first and the last day of the list count as two more arrivals.

They take waits to be about exponential: a queue that is served as workers come free. That fits waiting for allocation. It does not fit
work that is paced to its deadline (of England's assessments 19 per cent end on days 41 to 45), so nobody is shown their pressure.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FACTOR = 4.0
"""Target mean wait is the limit by this: with exponential waits exp(-4), about 98 per cent, are then inside the limit; with 6, 99.75."""

TOO_BIG = 2.0
"""A queue above so many times its target calls for relief."""

RELIEF_WEEKS = 26.0
"""Over so many weeks relief brings a queue down to its target."""

DAYS_OF_WEEK = 5
"""Working days in a week without a holiday: a limit of 45 working days is one of 9 weeks."""

Numbers = npt.NDArray[np.float64]
Given = npt.ArrayLike


def _divided(top: Given, bottom: Given) -> Numbers:
    over, under = np.broadcast_arrays(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))
    made: Numbers = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
    return made


def queue_load(demand: Given, capacity: Given) -> Numbers:
    """Demand by capacity: above 1 the queue grows."""
    return _divided(demand, capacity)


def clearance(queue: Given, capacity: Given) -> Numbers:
    """Weeks that the queue would last at this capacity if nothing new came."""
    return _divided(queue, capacity)


def target_mean_wait(target: Given, factor: float = FACTOR) -> Numbers:
    """The mean wait, in weeks, at which nearly nobody waits longer than `target`."""
    return np.asarray(target, dtype=np.float64) / factor


def target_queue_size(demand: Given, target: Given, factor: float = FACTOR) -> Numbers:
    """How long the queue may be: what comes in during the target mean wait (Little's law)."""
    return np.asarray(demand, dtype=np.float64) * target_mean_wait(target, factor)


def queue_too_big(queue: Given, target_queue: Given) -> npt.NDArray[np.bool_]:
    """Whether the queue calls for relief: above twice its target."""
    return np.asarray(np.asarray(queue, dtype=np.float64) > TOO_BIG * np.asarray(target_queue, dtype=np.float64))


def relief_capacity(demand: Given, queue: Given, target_queue: Given, weeks: float = RELIEF_WEEKS) -> Numbers:
    """Capacity a week that brings the queue down to its target within `weeks`."""
    excess = np.asarray(queue, dtype=np.float64) - np.asarray(target_queue, dtype=np.float64)
    return np.asarray(demand, dtype=np.float64) + excess / weeks


def relief_where_needed(demand: Given, queue: Given, target: Given, factor: float = FACTOR, weeks: float = RELIEF_WEEKS) -> Numbers:
    """`relief_capacity` where the queue is too big for its `target` (a wait, in weeks), NaN where it is not."""
    wanted = target_queue_size(demand, target, factor)
    return np.where(queue_too_big(queue, wanted), relief_capacity(demand, queue, wanted, weeks), np.nan)


def target_capacity(demand: Given, target: Given, factor: float = FACTOR, cv_demand: Given = 1.0, cv_capacity: Given = 1.0) -> Numbers:
    """Capacity a week that keeps waits inside the target once the queue is at its target.

    `cv_*`: coefficients of variation of the time between arrivals and of the time between departures.
    """
    spread = (np.asarray(cv_demand, dtype=np.float64) ** 2 + np.asarray(cv_capacity, dtype=np.float64) ** 2) / 2
    return np.asarray(demand, dtype=np.float64) + spread * _divided(factor, target)


def pressure(mean_wait: Given, target: Given) -> Numbers:
    """Twice the mean wait by the target, both in weeks: above 1 the target will be missed. Of the allocation queue only."""
    return _divided(2 * np.asarray(mean_wait, dtype=np.float64), target)


def time_to_target(queue: Given, target_queue: Given, demand: Given, capacity: Given) -> Numbers:
    """Weeks until the queue is at its target: 0 where it is there already, NaN where it does not fall."""
    excess = np.maximum(np.asarray(queue, dtype=np.float64) - np.asarray(target_queue, dtype=np.float64), 0.0)
    falls_by = np.asarray(capacity, dtype=np.float64) - np.asarray(demand, dtype=np.float64)
    return np.where(excess == 0, 0.0, _divided(excess, falls_by))


def queue_by_day(arrived: npt.ArrayLike, left: npt.ArrayLike, first: np.datetime64, last: np.datetime64) -> npt.NDArray[np.int64]:
    """How many wait at the end of each day from `first` to `last`. `arrived`, `left`: days per item, NaT for those that still wait."""
    came, went = (np.asarray(days, dtype="datetime64[D]") for days in (arrived, left))
    days = np.arange(first, last + 1)

    def until(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
        known = np.sort(moments[~np.isnat(moments)])
        return np.searchsorted(known, days, side="right").astype(np.int64)

    return until(came) - until(went)
