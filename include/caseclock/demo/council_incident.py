"""The incident: North Assessment 2 loses 4 of 9 workers, about ten weeks before the last extract unless said otherwise.

From then on it can give a worker to fewer and fewer of its new cases: at first those who stay take more than their share, after ten weeks
they do no more than five can. The queue is what comes in less what they take: some tens after ten weeks at scale 1, where the team gets
about sixteen children a week, and about 400 when nobody steps in for 14 months. Urgent ones (with a section 47 enquiry) go first, so what
is left lying is what somebody called low priority: in 2009 such a queue held the dangerous cases.
"""

from __future__ import annotations

import numpy as np

from caseclock.demo.council_cases import Steps
from caseclock.demo.council_draw import NEVER, Ints, Workdays

WEEKS = 10
SHORTFALL = (0.06, 0.46)
"""Share of new children who get no worker, on the first day and after `WEEKS`; from then on about the share of workers lost (4 of 9)."""
AFTER_THE_END = 70  # working days that an unallocated case waits beyond the weeks of the incident: behind the end of the world


def begins(end: int, weeks: int = WEEKS) -> int:
    """The Monday on which the first workers are gone."""
    day = end - 7 * weeks
    return day - (day + 3) % 7


def apply(steps: Steps, sizes: Ints, team: int, end: int, workdays: Workdays, rng: np.random.Generator, weeks: int = WEEKS) -> None:
    """Changes allocation, start and duration of the team's work from the incident on."""
    at = begins(end, weeks)
    own = (steps.team == team) & (steps.path != "nfa")
    ongoing = own & (steps.referred < at) & (steps.referred + steps.duration * 7 // 5 > at)
    slowed = ongoing & (rng.random(len(own)) < 0.7)
    steps.duration[slowed] += rng.integers(8, 45, int(slowed.sum()))
    new = np.flatnonzero(own & (steps.referred >= at))
    allocated = _queue(steps, new, sizes[steps.family[new]], at, end, workdays)
    waited = np.where(allocated < NEVER, workdays.between(steps.referred[new], np.minimum(allocated, end)), 5 * weeks + AFTER_THE_END)
    steps.start[new] += waited - steps.allocation[new]
    steps.allocation[new] = waited
    slower = rng.integers(0, 25, len(new))  # five workers do what nine did: everything takes longer
    steps.duration[new] = np.where(
        waited > 3, waited + rng.integers(25, 60, len(new)), np.maximum(steps.duration[new] + slower, steps.start[new])
    )


def _queue(steps: Steps, new: Ints, sizes: Ints, at: int, end: int, workdays: Workdays) -> Ints:
    """Day by day: who of the waiting families gets a worker. Returns the day of allocation for each of `new`, NEVER for none."""
    days = np.arange(at, end + 1)
    days = days[workdays.working(days)]
    falling = int((days < at + 7 * (WEEKS + 1)).sum())
    allocated = np.full(len(new), NEVER, dtype=np.int64)
    waiting: list[int] = []
    following, spare = 0, 0.0
    for i, day in enumerate(days.tolist()):
        share = 1 - float(np.interp(i, [0, falling - 1], SHORTFALL))
        while following < len(new) and steps.referred[new[following]] <= day:
            waiting.append(following)
            spare += sizes[following] * share
            following += 1
        waiting.sort(key=lambda w: (not steps.has_s47[new[w]], w))
        while waiting and spare >= sizes[waiting[0]] / 2:
            chosen = waiting.pop(0)
            allocated[chosen] = day
            spare -= sizes[chosen]
    return allocated
