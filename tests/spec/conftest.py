"""Small tables in, numbers out. A table is text: a line of column names, then a line per row, `-` for an empty cell."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.columns import Columns
from caseclock.clocks.frame import clocks_of
from caseclock.clocks.places import places
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.watched import unwatched
from caseclock.extracts import Extract
from caseclock.measures import MeasureConfig, compute
from caseclock.snapshots import TABLES, Snapshot
from caseclock.snapshots.dates import moments_of

MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
DTYPES = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}
FLAGS = {"yes": True, "no": False}
ROLES = frozenset({"CW"})


@functools.cache
def typed(name: str, text: str) -> pd.DataFrame:
    """One canonical table from text; columns that are not written are missing in every row. Made once per text: nobody writes into it."""
    lines = [line.split() for line in text.strip().splitlines()]
    names, rows = (lines[0], lines[1:]) if lines else ([], [])
    assert all(len(row) == len(names) for row in rows), f"{name}: a row has not as many cells as there are columns"
    cells = pd.DataFrame([[None if cell == "-" else cell for cell in row] for row in rows], columns=names)
    made = pd.DataFrame(index=cells.index)
    for column in TABLES[name].columns:
        values: Any = cells[column.name] if column.name in cells else pd.Series([None] * len(cells))
        if column.kind == "moment":  # London time, as a council writes it
            values = pd.Series(moments_of(pd.Series(values, dtype="str"), ("YYYY-MM-DD",)))
        if column.kind == "flag":
            values = values.map(lambda v: FLAGS.get(v) if isinstance(v, str) else None)
        made[column.name] = values.astype(DTYPES.get(column.kind, "str"))
    unknown = set(names) - set(TABLES[name].names) - {"_file", "_row"}
    assert not unknown, f"{name} has no column {unknown}"
    if "_file" in cells:
        made["_file"] = cells["_file"].astype("str")
    return made


def extract_of(as_of: str, tables: dict[str, str]) -> Snapshot:
    day = dt.date.fromisoformat(as_of)
    moment = dt.datetime.combine(day, dt.time(7), dt.UTC)
    arrived = Extract("0" * 16, "spec", day, 1, "0" * 64, "spec", "spec", moment)
    return Snapshot(arrived, {name: typed(name, tables.get(name, "")) for name in TABLES})


def cell(value: Any) -> str:
    if pd.isna(value):
        return "-"
    if isinstance(value, dt.datetime) and value.time() != dt.time(0):
        return f"{value:%Y-%m-%dT%H:%M}"
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else f"{value:g}" if isinstance(value, int | float) else str(value)


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def shipped_rules() -> dict[str, TimescaleRule]:
    entries = yaml.safe_load((MONITORING / "timescales.yaml").read_text())
    return {entry["id"]: TimescaleRule.model_validate(entry) for entry in entries}


def shipped_measures() -> list[MeasureConfig]:
    return [MeasureConfig.model_validate(entry) for entry in yaml.safe_load((MONITORING / "measures.yaml").read_text())]


class Spec:
    """What one rule or measure says of small tables."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        self.rules = shipped_rules()
        self.measure_config = shipped_measures()

    def rule(self, id: str, **changed: Any) -> TimescaleRule:
        """A shipped rule, with other values for some fields."""
        return TimescaleRule.model_validate({**self.rules[id].model_dump(by_alias=True), **changed})

    def clocks(self, rule: str | TimescaleRule, as_of: str, roles: Collection[str] = ROLES, **tables: str) -> Any:
        chosen = self.rules[rule] if isinstance(rule, str) else rule
        return clocks_of(extract_of(as_of, tables), [chosen], self.calendar, roles)

    def check(self, rule: str | TimescaleRule, as_of: str, expected: str, roles: Collection[str] = ROLES, **tables: str) -> None:
        """The clocks of the rule are exactly those of `expected`, whose first line says which columns are looked at."""
        wanted = lines(expected)
        frame = self.clocks(rule, as_of, roles, **tables).frame
        found = [[cell(frame[name].iloc[i]) for name in wanted[0]] for i in range(len(frame))]
        assert [wanted[0], *found] == wanted

    def left_out(self, rule: str | TimescaleRule, as_of: str, roles: Collection[str] = ROLES, **tables: str) -> dict[str, int]:
        return {entry.reason: entry.count for entry in self.clocks(rule, as_of, roles, **tables).left_out}

    def not_watched(self, as_of: str, *rules: str, roles: Collection[str] = ROLES, **tables: str) -> list[str]:
        return [str(absence) for absence in unwatched(extract_of(as_of, tables), [self.rules[r] for r in rules], roles)]

    def measures(
        self, as_of: str, roles: Collection[str] = ROLES, events: dict[str, dict[str, int]] | None = None, **tables: str
    ) -> dict[str, dict[str, tuple[str, int]]]:
        """measure -> place -> (value, n) with every shipped rule. `events`: kind -> place -> how many since the extract before."""
        snapshot, rules = extract_of(as_of, tables), list(self.rules.values())
        columns = Columns(snapshot)
        frame = clocks_of(columns, rules, self.calendar, roles).frame
        names = places(columns).names
        flows = events and {kind: np.array([many.get(name, 0) for name in names]) for kind, many in events.items()}
        values = compute(frame, columns, self.measure_config, roles, self.calendar, flows)
        made: dict[str, dict[str, tuple[str, int]]] = {}
        for measure, team, value, n in values.itertuples(index=False):
            made.setdefault(measure, {})[team] = (cell(value), n)
        return made


@pytest.fixture(scope="session")
def calendar() -> WorkingCalendar:
    return WorkingCalendar()


@pytest.fixture(scope="session")
def spec(calendar: WorkingCalendar) -> Spec:
    return Spec(calendar)


@pytest.fixture(scope="session")
def extract() -> Callable[..., Snapshot]:
    return lambda as_of, **tables: extract_of(as_of, tables)
