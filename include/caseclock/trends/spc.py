"""XmR control charts by the rules of NHS Making Data Count, as the R package NHSRplotthedots 0.2.2 (commit 050b07d) works them out.

Per group (limits begin anew at each rebase date), in order of date:

1. mean = mean of the values (of the first `fix_after_n_points` of the group); moving ranges = steps between neighbours.
2. Screening: moving ranges of 3.267 times their mean or more are left out, once. The value itself stays in the mean.
3. limits = mean +/- 2.66 times the mean moving range; the lines that are "close" lie at two thirds of that.
4. A point is special when it is outside the limits, part of a trend (7 points, 6 steps the same way; a tie breaks it), one of two in
   three that are close to a limit with all three on one side of the mean, or part of a shift (7 points on one side; a point on the mean
   breaks it). In this order: a point has one reason. A point within two trends has the direction of the step that leaves it.

Held against the package's own output (tests/unit/trends/test_spc.py). Three of its answers are not copied:

- *Values that are all equal*: the package screens every moving range away and has no limits. Here the limits lie on the mean, as the
  package has it without screening; a later value elsewhere is then outside.
- *A missing value*: the package stops. Here it has no mark, no moving range reaches over it, and runs go on behind it.
- *One value*: neither has limits; here the answer is null, never "not a number".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal

Direction = Literal["increase", "decrease", "neutral"]
Values = Sequence[float | None]

LIMIT = 2.66  # the package's constant; 3 / 1.128 would be 2.6596
CLOSE = 2 * (LIMIT / 3)
SCREEN = 3.267  # upper limit of a moving range chart
RUN = 7
SHORT_GROUP = 13  # fewer points than this: trial limits (the package's code; its texts say 12)
LEAST_FIXED = 12

COMMON = "Common Cause"
NORMAL = "common_cause"
IMPROVEMENT, CONCERN = "special_cause_improvement", "special_cause_concern"
HIGH, LOW = "special_cause_neutral_high", "special_cause_neutral_low"
SIGN: dict[Direction, int] = {"increase": 1, "neutral": 0, "decrease": -1}


@dataclass(frozen=True)
class Limits:
    """The lines of one group. `low`, `high` and the close lines are None where there is no moving range (one value)."""

    mean: float
    low: float | None
    high: float | None
    close_low: float | None = None
    close_high: float | None = None


@dataclass(frozen=True)
class Xmr:
    """One entry per value, in order of date; names and meanings are those of NHSRplotthedots.

    `outside_limits` and `close_to_limits` are None where there are no limits; everything about a missing value is None, except the lines.
    `variation_type`: the point type of the latest value. `assurance_type`: whether the limits keep a target, by the last group.
    """

    mean: list[float | None]
    lpl: list[float | None]
    upl: list[float | None]
    rebase_group: list[int]
    outside_limits: list[bool | None]
    relative_to_mean: list[int | None]
    close_to_limits: list[bool | None]
    special_cause_type: list[str | None]
    special_cause_flag: list[bool | None]
    point_type: list[str | None]
    short_group_warning: list[bool]
    variation_type: str | None
    assurance_type: str | None

    def as_json(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def xmr(
    y: Values,
    *,
    improvement_direction: Direction = "increase",
    target: float | None = None,
    groups: Sequence[int] | None = None,
    fix_after_n_points: int | None = None,
    screen_outliers: bool = True,
) -> Xmr:
    """The chart of one series in order of date. `groups`: the rebase group of each value, ascending; all in one without it."""
    group = list(groups) if groups is not None else [0] * len(y)
    made: dict[str, list[Any]] = {f.name: [] for f in fields(Xmr) if f.name not in ("variation_type", "assurance_type")}
    limits = Limits(math.nan, None, None)
    for number in sorted(set(group)):
        own = [v for v, g in zip(y, group, strict=True) if g == number]
        limits = limits_of(own, fix_after_n_points, screen=screen_outliers)
        for name, column in _group(own, limits, improvement_direction).items():
            made[name] += column
    made["rebase_group"] = group
    latest = next((kind for kind in reversed(made["point_type"]) if kind is not None), None)
    return Xmr(**made, variation_type=latest, assurance_type=assurance(target, limits.low, limits.high, improvement_direction))


def limits_of(y: Values, fix_after_n_points: int | None = None, *, screen: bool = True) -> Limits:
    """Mean and limits of one group. With no value at all the mean is NaN and there are no limits."""
    base, left = list(y), fix_after_n_points or len(y)
    for i, value in enumerate(base):
        left -= value is not None
        if left < 0:
            base = base[:i]
            break
    known = [v for v in base if v is not None]
    if not known:
        return Limits(math.nan, None, None)
    steps = [abs(b - a) for a, b in pairwise(base) if a is not None and b is not None]
    middle = mean(known)
    if not steps:
        return Limits(middle, None, None)
    step = mean(steps)
    if screen and step:
        step = mean([s for s in steps if s < SCREEN * step])
    return Limits(middle, middle - LIMIT * step, middle + LIMIT * step, middle - CLOSE * step, middle + CLOSE * step)


def mean(values: Sequence[float]) -> float:
    """The mean, rounded once: a value that lies on it must be equal to it, as with the extended precision of R."""
    first = math.fsum(values) / len(values)
    return first + math.fsum([*values, *([-first] * len(values))]) / len(values)


def special_causes(y: Sequence[float], side: Sequence[int], close: Sequence[bool | None], outside: Sequence[bool | None]) -> list[str]:
    """Why each value of a group is special, in the package's words, or COMMON. No value is missing here."""
    trend = part_of_seven(seven_point_trend(y))
    near = part_of_two_in_three(two_in_three([int(c or 0) for c in close], side), [int(c or 0) for c in close])
    shift = part_of_seven(seven_point_one_side_mean(side))
    steps = [_sign(b - a) for a, b in pairwise(y)]
    made = []
    for i, (above, out) in enumerate(zip(side, outside, strict=True)):
        where = "Above" if above > 0 else "Below"
        if out:
            made.append("Above UCL" if above > 0 else "Below LCL")
        elif trend[i]:
            leaving = i + 1 < len(y) and trend[i + 1]
            way = steps[i] if leaving else steps[i - 1]
            made.append(f"7 Point Trend ({'In' if way == 1 else 'De'}creasing)")
        elif near[i]:
            made.append(f"2 in 3 {where} CL")
        elif shift[i]:
            made.append(f"7 Points {where} CL")
        else:
            made.append(COMMON)
    return made


# --- the rules one by one, as the package has them -----------------------------------------------------------------------
def seven_point_one_side_mean(side: Sequence[int]) -> list[int]:
    """1 where a value is the seventh or later in a row on its side of the mean."""
    made, row = [], 0
    for i, s in enumerate(side):
        row = 0 if s == 0 else row + 1 if i and s == side[i - 1] else 1
        made.append(int(row >= RUN))
    return made


def seven_point_trend(y: Sequence[float]) -> list[int]:
    """1 (-1) where a value is the seventh or later in a row that only rises (falls)."""
    made, row, before = [], 0, 0
    for i in range(len(y)):
        way = _sign(y[i] - y[i - 1]) if i else 0
        row = 0 if way == 0 else row + 1 if way == before else 1
        before = way
        made.append(way if row >= RUN - 1 else 0)
    return made


def part_of_seven(ends: Sequence[int]) -> list[int]:
    """1 for each value of a run of seven whose last one is marked in `ends`."""
    return [int(any(ends[i : i + RUN])) for i in range(len(ends))]


def two_in_three(close: Sequence[int], side: Sequence[int]) -> list[int]:
    """1 for each value within three in a row on one side of the mean of which two or more are close to the limit."""
    hits = [i for i in range(len(side) - 2) if sum(close[i : i + 3]) >= 2 and abs(sum(side[i : i + 3])) == 3]
    within = {i + k for i in hits for k in range(3)}
    return [int(i in within) for i in range(len(side))]


def part_of_two_in_three(within: Sequence[int], close: Sequence[int]) -> list[int]:
    """Of these only the close ones are special."""
    return [int(w == 1 and abs(c) == 1) for w, c in zip(within, close, strict=True)]


def assurance(target: float | None, low: float | None, high: float | None, direction: Direction) -> str | None:
    """Whether the process keeps its target: None without one, or where neither way is better. A target on a limit is inconsistent."""
    if target is None or direction == "neutral":
        return None
    if high is not None and target > high:
        return "consistent_fail" if direction == "increase" else "consistent_pass"
    if low is not None and target < low:
        return "consistent_pass" if direction == "increase" else "consistent_fail"
    return "inconsistent"


def point_type(cause: str, direction: Direction) -> str:
    """What a special cause means where this direction is the better one."""
    way = 1 if "Above" in cause or "Increasing" in cause else -1 if "Below" in cause or "Decreasing" in cause else 0
    if way == 0:
        return NORMAL
    if direction == "neutral":
        return HIGH if way > 0 else LOW
    return IMPROVEMENT if way == SIGN[direction] else CONCERN


# --- inside --------------------------------------------------------------------------------------------------------------
def _group(y: Values, limits: Limits, direction: Direction) -> dict[str, list[Any]]:
    at = [i for i, v in enumerate(y) if v is not None]
    known = [v for v in y if v is not None]
    marks = marks_of(known, limits)
    causes = special_causes(known, *marks)
    mean_ = None if math.isnan(limits.mean) else limits.mean
    return {
        "mean": [mean_] * len(y),
        "lpl": [limits.low] * len(y),
        "upl": [limits.high] * len(y),
        "outside_limits": _spread(marks[2], at, len(y)),
        "relative_to_mean": _spread(marks[0], at, len(y)),
        "close_to_limits": _spread(marks[1], at, len(y)),
        "special_cause_type": _spread(causes, at, len(y)),
        "special_cause_flag": _spread([c != COMMON for c in causes], at, len(y)),
        "point_type": _spread([point_type(c, direction) for c in causes], at, len(y)),
        "short_group_warning": [len(known) < SHORT_GROUP] * len(y),
    }


def marks_of(y: Sequence[float], limits: Limits) -> tuple[list[int], list[bool | None], list[bool | None]]:
    """(side of the mean, close to a limit, outside the limits) of each value; None where there are no limits."""
    side = [_sign(v - limits.mean) for v in y]
    low, high, close_low, close_high = limits.low, limits.high, limits.close_low, limits.close_high
    if low is None or high is None or close_low is None or close_high is None:
        return side, [None] * len(y), [None] * len(y)
    outside = [v > high or v < low for v in y]
    close = [not out and (v < close_low or v > close_high) for v, out in zip(y, outside, strict=True)]
    return side, list(close), list(outside)


def _spread(column: Sequence[Any], at: Sequence[int], size: int) -> list[Any]:
    made: list[Any] = [None] * size
    for i, value in zip(at, column, strict=True):
        made[i] = value
    return made


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
