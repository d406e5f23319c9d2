"""The circuit breaker on clocks: when every child looks overdue overnight, it is the data.

A case-note type that is renamed makes visits invisible (seen with the code STVC): no row is wrong, no table shorter, and two weeks later
every visit clock is overdue. Compared are two consecutive accepted extracts, so a rise that a person has approved is not held again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from caseclock.quality.config import SurgeLimits
from caseclock.quality.model import Finding
from caseclock.quality.trip import HELD, SEVERITY, Level, Trip

Tally = Mapping[str, tuple[int, int]]
"""Per clock rule: clocks that run (overdue ones included), and overdue ones among them."""

NONE_DONE: Mapping[str, int] = {}


def check_surge(
    now: Tally,
    before: Tally,
    limits: SurgeLimits,
    *,
    gap_days: int = 7,
    done_now: Mapping[str, int] = NONE_DONE,
    done_before: Mapping[str, int] = NONE_DONE,
) -> list[Trip]:
    """Rules whose overdue share jumped (hold) or fell as much (warn), or on which nothing is finished any more (hold).

    `gap_days`: days between the two extracts. `done_now`, `done_before`: per rule the clocks that were stopped in the 28 days up to each
    extract's date; leave them out where they are not known. A rule that only one of them has says nothing.
    """
    level: Level = "hold" if gap_days <= limits.gap_days else "warn"
    trips = [t for rule in now if rule in before and (t := _jump(rule, now[rule], before[rule], level, limits))]
    return trips + [t for rule in done_before if (t := _stopped(rule, done_now.get(rule), done_before[rule], level, limits))]


def _jump(rule: str, now: tuple[int, int], before: tuple[int, int], level: Level, limits: SurgeLimits) -> Trip | None:
    if not (now[0] and before[0]):
        return None
    share, then = now[1] / now[0], before[1] / before[0]
    if abs(share - then) <= limits.rise or abs(now[1] - before[1]) < limits.overdue_from or _z(now, before) <= limits.z:
        return None
    told = f"{rule}: {now[1]:,} of {now[0]:,} clocks are overdue, {before[1]:,} of {before[0]:,} were in the last accepted extract"
    if share > then:
        sentence = f"{told}: what stops them may no longer be exported" + (f": {HELD}" if level == "hold" else "")
    else:
        level, sentence = "warn", f"{told}: much was entered at once, or rows are gone"
    finding = Finding("clock", f"{rule}_surge", SEVERITY[level], now[1], now[0], "overdue clocks against the last accepted extract")
    return Trip(level, abs(share - then), sentence, finding)


def _stopped(rule: str, now: int | None, before: int, level: Level, limits: SurgeLimits) -> Trip | None:
    if now != 0 or before < limits.done_from:
        return None
    told = f"{rule}: no clock was stopped in the last 28 days, and {before:,} were up to the last accepted extract"
    sentence = f"{told}: what stops them may no longer be exported" + (f": {HELD}" if level == "hold" else "")
    finding = Finding("clock", f"{rule}_done", SEVERITY[level], before, before, "clocks that are no longer stopped")
    return Trip(level, 1.0, sentence, finding)


def _z(now: tuple[int, int], before: tuple[int, int]) -> float:
    """Two shares apart, in standard errors of their difference if both were the same share."""
    both = (now[1] + before[1]) / (now[0] + before[0])
    error = math.sqrt(both * (1 - both) * (1 / now[0] + 1 / before[0]))
    return abs(now[1] / now[0] - before[1] / before[0]) / error if error else math.inf
