"""The forecasts of trends/forecast.py on made-up councils: how good they are, how often their range holds, how many a second.

    python benchmarks/trends/bench_trends.py [--teams 300] [--runs 3]

Series: 3 to 60 a week, negative binomial, bank and school holidays, drift, a step in three of ten; open cases are what such an inflow
leaves in a queue. Score: 80 % interval score by the mean change from week to week, over four origins of eight weeks; lower is better.
Beside it the last value, the mean, the same method without the calendar, and, where statsforecast can be imported (no dependency of ours),
AutoETS. Caveat: the series are made with the multiplicative calendar that the method assumes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include"))

import numpy as np  # noqa: E402

from caseclock.clocks.calendar import WorkingCalendar  # noqa: E402
from caseclock.config.load import load  # noqa: E402
from caseclock.trends import forecast  # noqa: E402
from caseclock.trends.weeks import Shape, shape_of  # noqa: E402

SEED = 20261120
WEEKS, ORIGINS, LENGTHS = 150, 4, (26, 52, 104)
SCHOOL = 0.78  # referrals on a day of school holidays, against another working day
STAY = 30.0  # weeks in the queue

Method = Callable[[Any, Shape, Shape], forecast.Forecast]


@dataclass(frozen=True)
class World:
    inflow: Any
    stock: Any
    shape: Shape

    def cut(self, first: int, last: int) -> Shape:
        return Shape(self.shape.working[first:last], self.shape.school[first:last])


def made_world(teams: int) -> World:
    rng = np.random.default_rng(SEED)
    ends = np.datetime64("2026-11-20", "D") - 7 * np.arange(WEEKS)[::-1]
    holidays = load(ROOT / "include" / "monitoring").trends.school_holidays
    shape = shape_of(ends, WorkingCalendar(), holidays)
    base = np.exp(rng.uniform(np.log(3), np.log(60), (teams, 1)))
    level = base * np.exp(rng.normal(0, 0.0015, (teams, 1)) * np.arange(WEEKS))
    for team in np.flatnonzero(rng.random(teams) < 0.3):
        level[team, rng.integers(20, WEEKS - 9) :] *= rng.uniform(0.6, 1.6)
    mean = level * forecast.share_of_week(shape.working, shape.school, SCHOOL)
    spread = rng.uniform(8, 40, (teams, 1))
    inflow = rng.poisson(rng.gamma(spread, mean / spread)).astype(float)
    stock, now = np.zeros((teams, WEEKS)), base[:, 0] * STAY
    for t in range(WEEKS):
        now = np.maximum(now + inflow[:, t] - rng.poisson(now / STAY * (shape.working[t] - 0.3 * shape.school[t]) / 5), 0)
        stock[:, t] = now
    return World(inflow, stock, shape)


# --- methods ---------------------------------------------------------------------------------------------------------
def own_inflow(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
    ratio = forecast.school_ratio(past.sum(axis=0), shape.working, shape.school)
    return forecast.of_inflow(
        past, forecast.share_of_week(shape.working, shape.school, ratio), forecast.share_of_week(ahead.working, ahead.school, ratio)
    )


def own_without_calendar(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
    return forecast.of_inflow(past, np.ones(past.shape[1]), np.ones(forecast.HORIZON))


def own_stock(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
    return forecast.of_stock(past, shape.working / 5, ahead.working / 5)


def last_value(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
    spread = np.sqrt((np.diff(past, axis=1) ** 2).mean(axis=1))[:, np.newaxis] * np.sqrt(np.arange(1, forecast.HORIZON + 1))
    return around(past[:, -1:], spread)


def mean_value(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
    return around(past.mean(axis=1, keepdims=True), past.std(axis=1, keepdims=True) * np.ones(forecast.HORIZON))


def around(value: Any, spread: Any) -> forecast.Forecast:
    value = np.repeat(value, forecast.HORIZON, axis=1)
    return forecast.Forecast(value, value - forecast.Z * spread, value + forecast.Z * spread)


def auto_ets() -> Method | None:
    try:
        from statsforecast.models import AutoETS  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None

    def method(past: Any, shape: Shape, ahead: Shape) -> forecast.Forecast:
        made = [AutoETS(season_length=1).forecast(y=row, h=forecast.HORIZON, level=[80]) for row in past]
        return forecast.Forecast(*(np.array([m[name] for m in made]) for name in ("mean", "lo-80", "hi-80")))

    return method


# --- measuring -------------------------------------------------------------------------------------------------------
def judged(method: Method, values: Any, world: World, length: int) -> str:
    scores, held = [], []
    for origin in range(ORIGINS):
        cut = WEEKS - forecast.HORIZON - 5 * origin
        past, came = values[:, cut - length : cut], values[:, cut : cut + forecast.HORIZON]
        made = method(past, world.cut(cut - length, cut), world.cut(cut, cut + forecast.HORIZON))
        usual = np.maximum(np.abs(np.diff(past, axis=1)).mean(axis=1), 0.5)[:, np.newaxis]
        fine = 2 / (1 - forecast.COVER) * (np.maximum(made.low - came, 0) + np.maximum(came - made.high, 0))
        scores.append(((made.high - made.low + fine) / usual).mean())
        held.append(((made.low <= came) & (came <= made.high)).mean())
    return f"{np.mean(scores):5.2f} / {np.mean(held):.2f}"


def series_a_second(method: Method, values: Any, world: World, runs: int) -> float:
    many = np.tile(values[:, -104:], (max(1, 6000 // len(values)), 1))
    ahead = Shape(np.full(forecast.HORIZON, 5.0), np.zeros(forecast.HORIZON))
    taken = []
    for _ in range(runs):
        began = time.process_time()
        method(many, world.cut(WEEKS - 104, WEEKS), ahead)
        taken.append(time.process_time() - began)
    return len(many) / statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--teams", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    world = made_world(asked.teams)
    ets = auto_ets()
    peers: dict[str, Method] = {"the last value": last_value, "the mean": mean_value}
    tables: dict[str, tuple[Any, dict[str, Method]]] = {
        "inflow": (world.inflow, {"own": own_inflow, "own, no calendar": own_without_calendar, **peers}),
        "open cases": (world.stock, {"own": own_stock, **peers}),
    }
    print(f"{asked.teams} made-up teams, {ORIGINS} origins, score / share of values within the 80 % range; CPU time on one core")
    for name, (values, methods) in tables.items():
        if ets:
            methods["AutoETS (statsforecast)"] = ets
        print(f"\n{name:26}" + "".join(f"{n:>5} weeks    " for n in LENGTHS) + "series a second")
        for label, method in methods.items():
            cells = "".join(f"{judged(method, values, world, n):14}" for n in LENGTHS)
            speed = (
                series_a_second(method, values[:20] if method is ets else values, world, asked.runs) if method is not ets else float("nan")
            )
            print(f"{label:26}{cells}{'' if speed != speed else f'{speed:14,.0f}'}")
    if not ets:
        print("\nstatsforecast is not here, so it is left out")


if __name__ == "__main__":
    main()
