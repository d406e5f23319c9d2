"""The control chart of one of our own series: which points, which limits, what the newest one says.

Fifty-two weeks; where a week has fewer than 15 on average, thirteen totals of four weeks (weekly limits find a doubling of 5 a week in 40
of 100 cases, totals of four weeks in 65, at as many false alarms: simulated). Limits from 13 points on; with 8 to 12 they are on
trial and raise nothing; with fewer there is a line only. Where a point is made from fewer than 2 cases on average the rules would call one
case more or less unusual: there only a point outside the limits counts, and by 3 cases; a share of so few is a line. Never of a stock.

*News* is a change of state of the newest point: it is special now, and the one before was not when it was the newest. Weeks with a
holiday are hollow points: they are shown and count for the limits, but what is new must stand without them, so none raises anything alone.
About 1 chart in 100 has news by chance.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import Days
from caseclock.trends import spc
from caseclock.trends.model import EITHER_WAY, TrendsConfig, check_chartable, kind_of
from caseclock.trends.panel import Floats, Panel
from caseclock.trends.weeks import Shape

if TYPE_CHECKING:
    from caseclock.clocks.columns import Mask  # it brings pandas, which a page has no time to load

Basis = Literal["limits", "trial", "line"]
TRIAL, FULL = 8, 13  # points
FOUR = 4  # weeks of a total
SCREENED = 0.25  # of the points
FEW = 2.0  # what a point is made from, on average: below it one case more or less would be a signal by the rules
FAR = 3.0  # cases from the mean; of so few only a point outside the limits that is as far away is one
ORDINARY = 5.0  # working days that are no school holidays


@dataclass(frozen=True)
class Chart:
    """One series in points of `weeks_per_point` weeks. `ends`: the last day of each point. `xmr` is None where there is a line only.

    `latest`: the special cause of the newest point, worked out without hollow ones; None when it is hollow, missing or on no limits.
    `run`: so many points in a row lie on its side of the mean, or go its way.
    """

    figure: str
    place: str
    weeks_per_point: int
    ends: tuple[dt.date, ...]
    values: tuple[float | None, ...]
    n: tuple[float, ...]
    hollow: tuple[bool, ...]
    basis: Basis
    xmr: spc.Xmr | None
    latest: str | None = None
    run: int = 0
    news: bool = False


def direction_of(figure: str, worse: Literal["above", "below", "either"]) -> spc.Direction:
    """Which way is better; neutral for counts of demand and of work, where more and less are both news."""
    if worse == "either" or figure.partition(".")[0] in EITHER_WAY:
        return "neutral"
    return "decrease" if worse == "above" else "increase"


def chart(panel: Panel, place: str, shape: Shape, config: TrendsConfig, direction: spc.Direction) -> Chart:
    """The chart of one place. `shape`: of the weeks of the panel. Raises NotAFlow for a stock."""
    check_chartable(panel.figure)
    hollow = shape.ordinary < ORDINARY
    made = _upto(panel, panel.places.index(place), hollow, len(panel.weeks), config, direction)
    if not made.news:
        return made
    for back in range(1, made.weeks_per_point):  # points of several weeks move on by one week: what was said last week is no news
        earlier = _upto(panel, panel.places.index(place), hollow, len(panel.weeks) - back, config, direction)
        if earlier.latest is not None:
            said_before = spc.point_type(earlier.latest, direction) == spc.point_type(made.latest or spc.COMMON, direction)
            return replace(made, news=not said_before)
    return made


def _upto(panel: Panel, row: int, hollow: Mask, weeks: int, config: TrendsConfig, direction: spc.Direction) -> Chart:
    """The chart as it stood after so many weeks of the panel."""
    window = slice(max(0, weeks - config.window_weeks), weeks)
    values, n, ends, empty = panel.values[row, window], panel.n[row, window], panel.ends[window], hollow[window]
    points = panel.step
    if panel.step > 1:
        keep = slice((len(values) - 1) % panel.step, None, panel.step)
        values, n, ends = values[keep], n[keep], ends[keep]
    elif _is_small(panel, values, n, config.small):
        points = FOUR
        values, n, ends = _in_fours(panel, values, n), _sums(n), ends[_first(ends) + FOUR - 1 :: FOUR]
    empty = empty if points == 1 else _mostly(empty, points, len(values))
    known = np.flatnonzero(np.isfinite(values))
    begin = int(known[0]) if len(known) else len(values)
    return _judged(panel.figure, panel.places[row], points, ends[begin:], values[begin:], n[begin:], empty[begin:], config, direction)


def _judged(
    figure: str, place: str, weeks: int, ends: Days, values: Floats, n: Floats, hollow: Mask, config: TrendsConfig, way: spc.Direction
) -> Chart:
    days = tuple(ends.astype("datetime64[D]").tolist())
    y = [None if math.isnan(v) else float(v) for v in values]
    rebased = config.rebased(figure, place)
    groups = [sum(date <= day for date in rebased) for day in days]
    own = [i for i, g in enumerate(groups) if g == groups[-1]] if groups else []
    count = sum(y[i] is not None for i in own)
    few = count > 0 and float(n[[i for i in own if y[i] is not None]].mean()) < FEW
    too_few = count < TRIAL or (few and kind_of(figure) == "share")
    basis: Basis = "line" if too_few else "limits" if count >= FULL else "trial"
    known = [y[i] for i in own]
    screen = not _screens_the_process(known)
    xmr = None if basis == "line" else spc.xmr(y, improvement_direction=way, groups=groups, screen_outliers=screen)
    xmr = _only_far_points(xmr, y) if xmr and few else xmr
    made = Chart(figure, place, weeks, days, tuple(y), tuple(map(float, n)), tuple(map(bool, hollow)), basis, xmr)
    if xmr is None or y[-1] is None or made.hollow[-1]:
        return made
    limits = spc.limits_of(known, screen=screen)
    full = [v for i in own if (v := y[i]) is not None and not made.hollow[i]]
    now, before = _cause(full, limits, few), _cause(full[:-1], limits, few)
    kind = spc.point_type(now, way)
    special = kind in (spc.CONCERN, spc.HIGH, spc.LOW)
    news = basis == "limits" and special and kind != spc.point_type(before, way)
    return replace(made, latest=now, run=_run(full, limits.mean, now), news=news)


def _screens_the_process(y: list[float | None]) -> bool:
    """Whether screening would leave the process itself outside its limits.

    It is meant for slips. Of a figure that mostly stands still (100 per cent in nearly every week) it takes every change for one, and the
    limits close in on the mean: the package then calls nearly every point unusual.
    """
    known = [v for v in y if v is not None]
    outside = spc.marks_of(known, spc.limits_of(y))[2]
    return sum(map(bool, outside)) > SCREENED * len(known)


def _cause(y: list[float], limits: spc.Limits, few: bool) -> str:
    """What the newest of these values is, when nothing after it is known."""
    if not y:
        return spc.COMMON
    cause = spc.special_causes(y, *spc.marks_of(y, limits))[-1]
    return _if_far(cause, y[-1], limits.mean) if few else cause


def _if_far(cause: str, value: float, mean: float) -> str:
    return cause if cause in ("Above UCL", "Below LCL") and abs(value - mean) >= FAR else spc.COMMON


def _only_far_points(xmr: spc.Xmr, y: list[float | None]) -> spc.Xmr:
    """The same chart with only those points marked that lie outside the limits by more than chance moves a handful of cases."""
    causes = [
        None if cause is None or value is None or mean is None else _if_far(cause, value, mean)
        for cause, value, mean in zip(xmr.special_cause_type, y, xmr.mean, strict=True)
    ]
    kept = [cause is not None and cause != spc.COMMON for cause in causes]
    kinds = [None if kind is None else kind if keep else spc.NORMAL for kind, keep in zip(xmr.point_type, kept, strict=True)]
    flags = [None if cause is None else keep for cause, keep in zip(causes, kept, strict=True)]
    latest = next((kind for kind in reversed(kinds) if kind is not None), None)
    return replace(xmr, special_cause_type=causes, special_cause_flag=flags, point_type=kinds, variation_type=latest)


def _run(y: list[float], mean: float, cause: str) -> int:
    """How many values up to the newest one go the way of its special cause."""
    made = 1
    for a, b in zip(reversed(y[:-1]), reversed(y[1:]), strict=True):
        goes_on = (b > a if "Increasing" in cause else b < a) if "Trend" in cause else (a > mean) == (b > mean) and a != mean
        if not goes_on:
            break
        made += 1
    return made


# --- totals of four weeks --------------------------------------------------------------------------------------------
def _is_small(panel: Panel, values: Floats, n: Floats, small: float) -> bool:
    """By what a week's figure was made from; a net change is made from two flows."""
    known = np.isfinite(values)
    size = n[known] / (2.0 if panel.figure == "net_change" else 1.0)
    return bool(known.any()) and float(size.mean()) < small


def _first(weeks: npt.NDArray[Any]) -> int:
    """Weeks before the first whole four, counted from the newest."""
    return len(weeks) % FOUR


def _sums(values: Floats) -> Floats:
    made: Floats = values[_first(values) :].reshape(-1, FOUR).sum(axis=1)
    return made


def _in_fours(panel: Panel, values: Floats, n: Floats) -> Floats:
    """Totals; of shares the share of all that was done. A total with an unknown week is unknown."""
    if panel.kind == "flow":
        return _sums(values)
    done = _sums(np.where(np.isfinite(values), values * n, 0.0))
    whole = _sums(n)
    made: Floats = np.divide(done, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return made


def _mostly(hollow: Mask, weeks: int, points: int) -> Mask:
    """Points of several weeks, counted from the newest, are hollow when at least half of their weeks are."""
    ends = len(hollow) - weeks * np.arange(points)[::-1]
    return np.array([hollow[max(0, end - weeks) : end].mean() >= 0.5 for end in ends], dtype=bool)
