"""The clocks that every tool is given, and the figures that each of them must find.

A file has one row per clock, in the order of council, rule and due date, as the clock frame has it. A tool's answer is an array per figure,
by council, rule and team.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.histogram import marks
from caseclock.clocks.model import STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.verdict import verdict

AS_OF = dt.date(2026, 11, 20)
SEED = 20261120
PERIODS = (28, 91)
CALENDAR = WorkingCalendar()
WARN = 2  # units of the limit before it
RULES = {  # unit, limit, share of all clocks
    "allocation": ("working_day", 1, 0.12),
    "assessment_45_dfe": ("working_day", 45, 0.14),
    "assessment_45_wt": ("working_day", 45, 0.12),
    "cla_visit_next": ("calendar_day", 42, 0.16),
    "cp_visit": ("working_day", 10, 0.25),
    "rcpc_first": ("calendar_month", 3, 0.02),
    "rcpc_next": ("calendar_month", 6, 0.03),
    "s47_to_icpc": ("working_day", 15, 0.06),
    "supervision_case_cp": ("calendar_day", 28, 0.10),
}
IN_MONTHS = tuple(name for name, (unit, _, _) in RULES.items() if unit == "calendar_month")
DAYS = {"working_day": 1.4, "calendar_day": 1.0, "calendar_month": 30.4}
BANDS = ("to_25", "to_50", "to_75", "to_100", "to_150", "over_150")
FIGURES = (
    *STATES,
    *(f"{state}_{days}" for state in ("done_in_time", "done_late") for days in PERIODS),
    *(f"started_{days}" for days in PERIODS),
    "due_5", "due_10", "fell_due_5", "fell_due_10", *BANDS, "median_age", "oldest",
)  # fmt: skip

_MARKS = marks(AS_OF, PERIODS, CALENDAR)


def _day(seconds: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(seconds=seconds)


SINCE = dict(zip(PERIODS, (_day(s) for s in _MARKS.since), strict=True))  # what is later lies within the period
UNTIL = {5: _day(_MARKS.until[0]), 10: _day(_MARKS.until[1])}  # what is due before it is due within so many working days
BACK = {5: _day(_MARKS.back[0]), 10: _day(_MARKS.back[1])}
SETTLED = _day(_MARKS.settled)


def team_names(teams: int) -> list[str]:
    return [f"T{n:03}" for n in range(teams)]


# --- the file ------------------------------------------------------------------------------------------------------
def write(path: Path, rows: int, teams: int, councils: int = 1) -> None:
    """Durations are drawn so that they gather at the limit, as those of DfE table C2 do; one clock in seven is open."""
    rng = np.random.default_rng(SEED)
    parts = [_rule(rng, number, round(rows * share), teams, councils) for number, (_, _, share) in enumerate(RULES.values())]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["due_on"], columns["rule"], columns["council"]))
    columns = {name: column[order] for name, column in columns.items()}
    coded = {"rule": list(RULES), "team": team_names(teams), "state": list(STATES)}
    arrays = {name: pa.array(column) for name, column in columns.items()}
    for name, words in coded.items():
        codes = pa.array(columns[name].astype(np.int16 if name == "team" else np.int8))
        arrays[name] = pa.DictionaryArray.from_arrays(codes, pa.array(words))
    pq.write_table(pa.table(arrays), path)


def _rule(rng: Any, number: int, rows: int, teams: int, councils: int) -> dict[str, npt.NDArray[Any]]:
    unit, limit, _ = list(RULES.values())[number]
    as_of, days = np.datetime64(AS_OF, "D"), limit * DAYS[unit]
    start = as_of - np.where(rng.random(rows) < 0.08, rng.integers(0, 60, rows), rng.integers(0, 1095, rows))
    lasted = np.minimum(rng.gamma(2.0, 0.4 * days, rows), rng.normal(0.93 * days, 0.12 * days, rows)).clip(0)
    lasted += np.where(rng.random(rows) < 0.15, rng.exponential(0.6 * days, rows) + 0.4 * days, 0)
    stop = start + lasted.astype(np.int64)
    stop = np.where((stop > as_of) | (rng.random(rows) < 0.04), np.datetime64("NaT"), stop)
    rule = TimescaleRule.model_validate(
        {"id": "bench", "title": "bench", "table": "assessment", "start": "started_on", "stop": "authorised_on", "unit": unit, "warn": WARN,
         "limits": [{"effective_from": "2009-01-01", "limit": limit}], "basis": "local", "source": "bench"}
    )  # fmt: skip
    found = verdict(rule, start, stop, as_of, CALENDAR)
    seconds = {"started_on": start, "due_on": found.due, "stopped_on": stop}
    return {
        "council": rng.integers(0, councils, rows).astype(np.int16),
        "rule": np.full(rows, number, dtype=np.int8),
        "team": rng.integers(0, teams, rows).astype(np.int16),
        **{name: column.astype("datetime64[s]") for name, column in seconds.items()},
        "elapsed": found.elapsed.astype(np.int32),
        "limit": found.limit.astype(np.int32),
        "state": found.state.astype(np.int8),
    }


# --- the answer ----------------------------------------------------------------------------------------------------
Answer = dict[str, npt.NDArray[np.float64]]


def answer(councils: Any, rules: Any, teams: Any, columns: dict[str, Any], shape: tuple[int, int]) -> Answer:
    """From one row per group: the numbers of council, rule and team, and a column per figure. `shape`: (councils, teams)."""
    made = {}
    for name in FIGURES:
        made[name] = np.full((shape[0], len(RULES), shape[1]), np.nan if name in ("median_age", "oldest") else 0.0)
        made[name][councils, rules, teams] = np.asarray(columns[name], dtype=np.float64)
    return made


CLASSES = (len(STATES), len(PERIODS) + 1, len(PERIODS) + 1, 3, 4, len(BANDS) + 1)
"""State; in how many periods it did not stop, did not begin; in how many of AHEAD it is due; 1 if it fell due in the last 5 days, plus 2 if
in the last 10; band. The histogram plan counts clocks by council x rule x team and these."""


def read_off(key: Any, count: Any, open_key: Any, open_count: Any, ages: int, shape: tuple[int, int]) -> Answer:
    """The figures from two histograms: `key` by council x rule x team x CLASSES, `open_key` by council x rule x team x age."""
    cells = shape[0] * len(RULES) * shape[1]
    cell, state, stopped, started, due, fell_due, band = np.unravel_index(key, (cells, *CLASSES))

    def n(use: Any) -> Any:
        return np.bincount(cell[use], weights=count[use], minlength=cells)

    made = {name: n(state == i) for i, name in enumerate(STATES)}
    for p, days in enumerate(PERIODS):
        made |= {f"{name}_{days}": n((state == STATES.index(name)) & (stopped <= p)) for name in ("done_in_time", "done_late")}
        made[f"started_{days}"] = n(started <= p)
    for i, ahead in enumerate((5, 10)):
        made[f"due_{ahead}"] = n(due >= 2 - i)
        made[f"fell_due_{ahead}"] = n(fell_due & (1 << i) > 0)
    made |= {name: n(band == i) for i, name in enumerate(BANDS)}
    made["median_age"], made["oldest"] = _ages(open_key, open_count, ages, cells)
    return {name: made[name].reshape(shape[0], len(RULES), shape[1]).astype(np.float64) for name in FIGURES}


def _ages(key: npt.NDArray[Any], count: npt.NDArray[Any], ages: int, cells: int) -> tuple[Any, Any]:
    order = np.argsort(key)
    key, upto = key[order], np.cumsum(count[order])
    n = np.bincount(key // ages, weights=count[order], minlength=cells).astype(np.int64)
    begin = np.cumsum(n) - n

    def nth(which: Any) -> Any:
        at = np.minimum(np.searchsorted(upto, begin + which + 1), len(key) - 1)
        return np.where(n > 0, key[at] % ages, np.nan)

    return (nth((n - 1) // 2) + nth(n // 2)) / 2, nth(n - 1)
