"""What is read off the clocks against a slow calculation, clock by clock, of the same figures."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from caseclock.clocks.calendar import WorkingCalendar, add_months
from caseclock.clocks.columns import Columns
from caseclock.clocks.model import STATES, UNITS
from caseclock.clocks.survival import PSEUDO_OBSERVATIONS
from caseclock.clocks.tally import AHEAD, BANDS, Tally, tallies
from caseclock.extracts import Extract
from caseclock.snapshots import TABLES, Snapshot

CALENDAR = WorkingCalendar()
DTYPES = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}
LIMITS = {"days_7": [7], "hours_30": [30], "months_3": [3], "never_done": [5], "no_clock": [20], "same_day": [0, 1], "working_10": [10, 15]}
UNIT_OF = {"days_7": "calendar_day", "months_3": "calendar_month", "hours_30": "clock_hour"}
TEAMS = ["?", "A", "B", "C", "NONE"]
SERVICE_OF = {"A": "S1", "B": "S1", "C": "S2", "NONE": None}
PERIODS = (28, 91)
Clock = dict[str, Any]
HOUR, MIDNIGHT = dt.timedelta(hours=1), dt.time()


def day_of(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def table(name: str, **columns: list[Any]) -> pd.DataFrame:
    rows = max((len(values) for values in columns.values()), default=0)
    return pd.DataFrame(
        {c.name: pd.Series(columns.get(c.name, [None] * rows), dtype=DTYPES.get(c.kind, "str")) for c in TABLES[name].columns}
    )


def columns_on(day: dt.date) -> Columns:
    tables = {name: table(name) for name in TABLES}
    tables["team"] = table("team", team_id=list(SERVICE_OF), service_id=list(SERVICE_OF.values()))
    moment = dt.datetime.combine(day, dt.time(7), dt.UTC)
    return Columns(Snapshot(Extract("0" * 16, "made", day, 1, "0" * 64, "made", "made", moment), tables))


def clock(rule: str, limit: int, team: str, start: dt.date, stop: dt.date | None, as_of: dt.date) -> Clock:
    until = stop or as_of
    if rule == "hours_30":
        start = dt.datetime.combine(start, dt.time(limit % 24, 59 * (start.day % 2)))
        stop = dt.datetime.combine(stop, dt.time(23, 15)) if stop else None
        due, until = start + limit * HOUR, stop or dt.datetime.combine(as_of + dt.timedelta(1), MIDNIGHT)
        elapsed, late = (until - start) // HOUR, until > due
    elif rule == "months_3":
        due = add_months(start, limit)
        elapsed = max(m for m in range(60) if add_months(start, m) <= until)
        late = until > due
    elif rule == "days_7":
        due, elapsed = start + dt.timedelta(limit), (until - start).days
        late = elapsed > limit
    else:
        due, elapsed = CALENDAR.due(start, limit), CALENDAR.elapsed(start, until)
        late = elapsed > limit
    state = ("done_late" if late else "done_in_time") if stop else "overdue" if late else "running"
    if state == "running" and elapsed >= limit - 1:
        state = "due_soon"
    return {"rule": rule, "team": team, "started_on": start, "due_on": due, "stopped_on": stop, "elapsed": elapsed, "limit": limit,
            "state": state}  # fmt: skip


def made_clocks(seed: int, as_of: dt.date, size: int = 400) -> list[Clock]:
    """Clocks of all rules but one, of all teams but one; most of those that began lately still run."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(size):
        rule = str(rng.choice([rule for rule in LIMITS if rule != "no_clock"]))
        start = as_of - dt.timedelta(int(rng.integers(0, 30 if rng.random() < 0.5 else 200)))
        stop = start + dt.timedelta(int(rng.integers(0, 130 if rule == "months_3" else 20)))
        done = stop <= as_of and rule != "never_done" and rng.random() < 0.9
        limit = int(rng.choice(LIMITS[rule]))
        made.append(clock(rule, limit, str(rng.choice(TEAMS[:-1], p=[0.1, 0.6, 0.2, 0.1])), start, stop if done else None, as_of))
    return made


def frame_of(clocks: list[Clock]) -> pd.DataFrame:
    frame = pd.DataFrame(clocks, columns=["rule", "team", "started_on", "due_on", "stopped_on", "elapsed", "limit", "state"])
    days = dict.fromkeys(("started_on", "due_on", "stopped_on"), "datetime64[s]")
    kinds = {"rule": sorted(LIMITS), "team": TEAMS, "state": list(STATES)}
    frame = frame.astype({**days, **{name: pd.CategoricalDtype(found) for name, found in kinds.items()}})
    frame.attrs[UNITS] = {rule: UNIT_OF.get(rule, "working_day") for rule in LIMITS}
    return frame


class Slow:
    """The definitions of `Tally`, one clock at a time."""

    def __init__(self, clocks: list[Clock], as_of: dt.date) -> None:
        self.clocks, self.as_of = clocks, as_of

    def of(self, rule: str, teams: list[str], use: Callable[[Clock], bool] = lambda c: True) -> list[Clock]:
        return [c for c in self.clocks if c["rule"] == rule and c["team"] in teams and use(c)]

    def is_open(self, c: Clock) -> bool:
        return c["stopped_on"] is None

    def within(self, day: dt.date | None, period: int) -> bool:
        return day is not None and day_of(day) > self.as_of - dt.timedelta(period)

    def comes_due(self, c: Clock, ahead: int) -> bool:
        left = CALENDAR.elapsed(self.as_of, max(day_of(c["due_on"]), self.as_of))
        return self.is_open(c) and c["state"] != "overdue" and left <= ahead

    def fell_due(self, c: Clock, ahead: int) -> bool:
        last = next(d for n in range(1, 9) if CALENDAR.is_working_day(d := self.as_of - dt.timedelta(n)))
        back = last
        while CALENDAR.elapsed(back, last) < ahead or not CALENDAR.is_working_day(back):
            back -= dt.timedelta(1)
        due, stop = day_of(c["due_on"]), c["stopped_on"]
        was_open = day_of(c["started_on"]) <= back and (stop is None or day_of(stop) > back)
        came_due = back <= due and CALENDAR.elapsed(back, due) <= ahead
        already_late = c["rule"] == "hours_30" and due == back  # at the end of that day
        return was_open and came_due and not already_late and c["state"] in ("overdue", "done_late")

    def age(self, c: Clock) -> tuple[int, int]:
        if c["rule"] == "hours_30":
            over = (c["stopped_on"] or dt.datetime.combine(self.as_of + dt.timedelta(1), MIDNIGHT)) - c["due_on"]
            return c["limit"] + math.ceil(over / HOUR), c["limit"]
        if c["rule"] != "months_3":
            return c["elapsed"], c["limit"]
        return ((c["stopped_on"] or self.as_of) - c["started_on"]).days, (c["due_on"] - c["started_on"]).days

    def band(self, c: Clock) -> str:
        age, limit = self.age(c)
        share = age / limit if limit else 1.0 if age == 0 else math.inf
        return next(name for name, last in BANDS.items() if share <= last)

    def hazard(self, rule: str, team: str, age: int) -> float:
        def seen(teams: list[str]) -> tuple[int, int]:
            at_risk = self.of(rule, teams, lambda c: self.age(c)[0] >= age)
            return sum(self.age(c)[0] == age and not self.is_open(c) for c in at_risk), len(at_risk)

        (done, at_risk), (all_done, all_at_risk) = seen([team]), seen(TEAMS)
        council = all_done / all_at_risk if all_at_risk else 0.0
        return (done + PSEUDO_OBSERVATIONS * council) / (at_risk + PSEUDO_OBSERVATIONS)

    def chance(self, c: Clock) -> float:
        age, limit = self.age(c)
        return math.prod(1 - self.hazard(c["rule"], c["team"], t) for t in range(age + 1, limit + 1))


def check(found: Tally, slow: Slow, rule: str, place: int, teams: list[str]) -> None:
    def n(use: Callable[[Clock], bool]) -> int:
        return len(slow.of(rule, teams, use))

    for state in STATES:
        assert found.of[rule, state][place] == n(lambda c: c["state"] == state)  # noqa: B023
        stopped = n(lambda c: c["state"] == state and slow.within(c["stopped_on"], found.period_days))  # noqa: B023
        assert found.stopped[rule, state][place] == stopped
    assert found.started[rule][place] == n(lambda c: slow.within(c["started_on"], found.period_days))
    for ahead in AHEAD:
        assert found.due[rule, ahead][place] == n(lambda c: slow.comes_due(c, ahead))  # noqa: B023
        assert found.fell_due[rule, ahead][place] == n(lambda c: slow.fell_due(c, ahead))  # noqa: B023
        late = sum(slow.chance(c) for c in slow.of(rule, teams, lambda c: slow.comes_due(c, ahead)))  # noqa: B023
        assert found.expected[rule, ahead][place] == pytest.approx(late, abs=1e-9)
    for band in BANDS:
        assert found.bands[rule, band][place] == n(lambda c: slow.is_open(c) and slow.band(c) == band)  # noqa: B023
    ages = [c["elapsed"] for c in slow.of(rule, teams, slow.is_open)]
    middle, most = (statistics.median(ages), max(ages)) if ages else (math.nan, math.nan)
    assert [found.median_age[rule][place], found.oldest[rule][place]] == pytest.approx([middle, most], nan_ok=True)


@pytest.mark.parametrize(("seed", "as_of"), [(1, "2026-02-16"), (2, "2026-01-02"), (3, "2026-04-05")])
def test_every_figure_is_what_a_slow_calculation_says(seed: int, as_of: str) -> None:
    """A Monday; the Friday after the New Year; an Easter Sunday."""
    day = dt.date.fromisoformat(as_of)
    clocks = made_clocks(seed, day)
    slow, made = Slow(clocks, day), tallies(frame_of(clocks), columns_on(day), ["CW"], PERIODS, CALENDAR)
    assert sorted(made) == list(PERIODS)
    for period in PERIODS:
        names = made[period].places.names
        assert names == [*TEAMS, "service:S1", "service:S2", "*"]
        for rule in LIMITS:
            for place, name in enumerate(names):
                teams = {"*": TEAMS, "service:S1": ["A", "B"], "service:S2": ["C"]}.get(name, [name])
                check(made[period], slow, rule, place, teams)


def test_the_order_of_the_clocks_and_how_columns_are_coded_change_nothing() -> None:
    day = dt.date(2026, 2, 16)
    clocks = made_clocks(5, day)
    frame = frame_of(clocks)
    plain = frame.astype({"team": "str", "state": "str", "elapsed": "int16", "limit": "int8"}).sample(frac=1.0, random_state=1)
    first, second = (tallies(f, columns_on(day), ["CW"], [28], CALENDAR)[28] for f in (frame, plain))
    for name in ("of", "stopped", "started", "due", "fell_due", "bands", "median_age", "oldest", "expected"):
        one, two = getattr(first, name), getattr(second, name)
        assert one.keys() == two.keys()
        for key, values in one.items():
            np.testing.assert_allclose(values, two[key], err_msg=f"{name} {key}")


def test_no_clock_at_all_gives_zeros_for_watched_rules_and_no_ages() -> None:
    day = dt.date(2026, 2, 16)
    made = tallies(frame_of([]), columns_on(day), ["CW"], [28], CALENDAR)[28]
    assert made.rules == sorted(LIMITS)
    assert made.due["days_7", 5].tolist() == [0] * len(made.places)
    assert made.expected["days_7", 5].tolist() == [0.0] * len(made.places)
    assert np.isnan(made.median_age["days_7"]).all() and np.isnan(made.oldest["days_7"]).all()
