"""What recurs on a case: visits and reviews. One entry per family case and occasion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_cases import in_months
from caseclock.demo.council_draw import NEVER, Bands, Flags, Ints, Workdays, from_bands

UNSEEN = 0.06  # share of visits before which one was made in vain; assumed
MOST = 200  # occasions in one case; nine years of visits every ten days would be more, and no plan lasts that long


@dataclass(frozen=True)
class Visits:
    case: Ints
    number: Ints
    day: Ints
    seen: Flags
    """False: the visit was made and the child not seen, so the clock runs on."""


@dataclass(frozen=True)
class Reviews:
    """`known_from`: when the review is in the diary, with its due date. `held` is NEVER when the plan ended before."""

    case: Ints
    number: Ints
    known_from: Ints
    due: Ints
    held: Ints


def visits_of(rng: np.random.Generator, start: Ints, stop: Ints, bands: Bands, end: int, workdays: Workdays) -> Visits:
    """Visits from `start` (day 0 of the first gap) to `stop` or the end of the world, some of them without seeing the child."""
    case, day = np.flatnonzero(start < np.minimum(stop, end)), start.copy()
    kept: list[tuple[Ints, Ints, Ints, Flags]] = []
    for number in range(MOST):
        gap = from_bands(rng, bands, len(case))
        tried = workdays.plus(day[case], np.maximum(1, gap - rng.integers(1, 4, len(case))))
        day[case] = workdays.plus(day[case], gap)
        last = np.minimum(stop[case], end)
        vain = (rng.random(len(case)) < UNSEEN) & (tried <= last) & (tried < day[case])
        kept.append((case[vain], np.full(int(vain.sum()), 2 * number), tried[vain], np.zeros(int(vain.sum()), dtype=np.bool_)))
        case = case[day[case] <= last]
        kept.append((case, np.full(len(case), 2 * number + 1), day[case], np.ones(len(case), dtype=np.bool_)))
        if not len(case):
            break
    return Visits(*(np.concatenate(column) for column in zip(*kept, strict=True)))


def plan_reviews_of(rng: np.random.Generator, start: Ints, stop: Ints, end: int, workdays: Workdays) -> Reviews:
    """The first within 3 months of the conference, then every 6 months; 93 % in time."""
    return _reviews(rng, start, stop, end, workdays, lambda day, number: in_months(day, 3 if number == 0 else 6))


def care_reviews_of(rng: np.random.Generator, start: Ints, stop: Ints, end: int, workdays: Workdays) -> Reviews:
    """Within 20 working days of becoming looked after, then 3 months, then every 6 months (2010/959 reg. 33)."""
    return _reviews(
        rng, start, stop, end, workdays, lambda day, n: workdays.plus(day, 20) if n == 0 else in_months(day, 3 if n == 1 else 6)
    )


def _reviews(
    rng: np.random.Generator, start: Ints, stop: Ints, end: int, workdays: Workdays, due_after: Callable[[Ints, int], Ints]
) -> Reviews:
    case, last = np.flatnonzero(start <= np.minimum(stop, end)), start.copy()
    kept: list[tuple[Ints, ...]] = []
    for number in range(MOST):
        known = last[case]
        due = due_after(known, number)
        lead = np.minimum(rng.integers(0, 12, len(case)), 8 if number else 5)
        late = rng.random(len(case)) >= c.REVIEW_IN_TIME
        held = np.where(late, workdays.plus(due, rng.integers(1, 25, len(case))), workdays.on_or_before(due - lead))
        over = held > stop[case]
        kept.append((case, np.full(len(case), number), known, due, np.where(over, NEVER, held)))
        last[case] = held
        case = case[~over & (held <= end)]
        if not len(case):
            break
    return Reviews(*(np.concatenate(column) for column in zip(*kept, strict=True)))
