"""Whether what was foretold came: cover and width of the forecasts, and the running check of the early warning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.trends.forecast import COVER
from caseclock.trends.panel import Panel
from caseclock.trends.records import Cover, Foretold, Kept
from caseclock.trends.weeks import last_of_weeks

FORECASTS = 26  # the last ones that anything has come of
AHEAD = 5  # working days of the early warning
NEAR = 1  # working days
CLOSE_BY = 7  # calendar days: further away nothing is near


def cover(foretold: Iterable[Foretold], panel: Panel) -> dict[str, Cover]:
    """By place. Of daily forecasts the last one of each week counts; of a week that is not known yet, or was a gap, nothing does."""
    at = {day: i for i, day in enumerate(panel.weeks.tolist())}
    row = {place: i for i, place in enumerate(panel.places)}
    by_place: dict[str, dict[dt.date, list[Foretold]]] = {}
    for one in foretold:
        if one.figure == panel.figure and one.place in row and np.isfinite(_value(panel, row, at, one)):
            by_place.setdefault(one.place, {}).setdefault(one.as_of, []).append(one)
    made = {}
    for place, made_on in by_place.items():
        days = last_of_weeks(list(made_on))[-FORECASTS:]
        pairs = [(one, _value(panel, row, at, one)) for day in days for one in made_on[day]]
        inside = sum(one.low <= came <= one.high for one, came in pairs)
        steps = np.abs(np.diff(panel.values[row[place]]))
        naive = float(np.nanmean(steps)) if np.isfinite(steps).any() else 0.0
        score = float(np.mean([_interval_score(one, came) for one, came in pairs])) / naive if naive > 0 else None
        made[place] = Cover(inside, len(pairs), len(days), score)
    return made


def _value(panel: Panel, row: Mapping[str, int], at: Mapping[dt.date, int], one: Foretold) -> float:
    week = at.get(one.week)
    return float("nan") if week is None else float(panel.values[row[one.place], week])


def _interval_score(one: Foretold, came: float) -> float:
    """Width, and 2 / (1 - cover) for each unit that the value lies outside (Gneiting and Raftery 2007)."""
    return (one.high - one.low) + 2 / (1 - COVER) * (max(one.low - came, 0.0) + max(came - one.high, 0.0))


def kept(
    rules: Sequence[str], days: Sequence[dt.date], value: Callable[[str, dt.date], float | None], calendar: WorkingCalendar
) -> list[Kept]:
    """The check of each rule: what fell due within 5 working days and was not done, against `expected_5` as it was before them.

    `value(figure, day)`: of an extract that speaks. `fell_due_5` of an extract is about the 5 working days up to the last one before it;
    it is held against the extract of the day before these, or the nearest one within 1 working day: a source that sends weekly has none
    of exactly that day, and of its sums over many weeks the shift by a day makes no difference.
    """
    partner = {day: _before(day, days, calendar) for day in days}
    made = []
    for rule in rules:
        found = [
            (day, came, said)
            for day in days
            if (then := partner[day]) is not None
            and (came := value(f"fell_due_5.{rule}", day)) is not None
            and (said := value(f"expected_5.{rule}", then)) is not None
        ][-FORECASTS:]
        if found:
            made.append(Kept(rule, sum(f[1] for f in found), sum(f[2] for f in found), len(found), found[0][0], found[-1][0]))
    return made


def _before(day: dt.date, days: Sequence[dt.date], calendar: WorkingCalendar) -> dt.date | None:
    """The extract day from which the window that `day` can settle was foretold."""
    wanted = calendar.before(day, AHEAD + 1)
    about = [other for other in days if other < day and abs((other - wanted).days) <= CLOSE_BY]
    distance = {other: abs(_between(wanted, other, calendar)) for other in about}
    near = [other for other, far in distance.items() if far <= NEAR]
    return min(near, key=lambda other: (distance[other], other), default=None)


def _between(a: dt.date, b: dt.date, calendar: WorkingCalendar) -> int:
    return calendar.elapsed(a, b) if b >= a else -calendar.elapsed(b, a)
