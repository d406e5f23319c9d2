"""The clock frame against a slow, obvious calculation (tests/oracle/slow.py), row by row, on tables that Hypothesis makes."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from made_tables import AS_OF, CASE_TABLES, ROLES, TOWNS, snapshot_of, whole
from slow_rules import SlowClocks

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.frame import clocks_of
from caseclock.clocks.model import CLOCK_COLUMNS, STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.measures import MeasureConfig, compute

MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
ENTRIES = yaml.safe_load((MONITORING / "timescales.yaml").read_text())
SHIPPED = [TimescaleRule.model_validate(entry) for entry in ENTRIES]
ONE_OF_EACH = ("allocation", "assessment_45_wt", "assessment_45_dfe", "s47_to_icpc", "cp_visit", "rcpc_first", "rcpc_next")
"""One rule for each way in which a clock starts and stops: for properties that do not ask what a rule says."""
RULES = [rule for rule in SHIPPED if rule.id in ONE_OF_EACH]
MEASURE_CONFIG = [MeasureConfig.model_validate(entry) for entry in yaml.safe_load((MONITORING / "measures.yaml").read_text())]
COUNTED = {entry.id for entry in MEASURE_CONFIG if entry.unit in ("cases", "clocks")}
"""Measures whose figures add up; means, shares and ages do not."""
CALENDAR = WorkingCalendar()


def as_rows(frame: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    def plain(column: str, value: Any) -> Any:
        if pd.isna(value):
            return None
        return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value

    def day(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(v.date() if isinstance(v, dt.datetime) and row[0] != "rhi_72h" else v for v in row)

    return Counter(day(tuple(plain(c, v) for c, v in zip(CLOCK_COLUMNS, row, strict=True))) for row in frame.itertuples(index=False))


slowly = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@slowly
@given(TOWNS)
def test_every_clock_of_every_rule_is_what_a_slow_calculation_says(made):
    frame = clocks_of(snapshot_of(made), SHIPPED, CALENDAR, ROLES).frame
    watched = [entry for entry in ENTRIES if entry["id"] in frame["rule"].cat.categories]
    assert as_rows(frame) == SlowClocks(made, AS_OF, ROLES, watched).clocks()
    assert list(frame.columns) == list(CLOCK_COLUMNS)
    assert not frame.drop(columns=["child_ref", "stopped_on", "worker"]).isna().any(axis=None)
    assert list(frame["state"].cat.categories) == list(STATES)
    keys = list(zip(frame["rule"], frame["due_on"], frame["item_ref"], frame["started_on"], strict=True))
    assert keys == sorted(keys)


@slowly
@given(CASE_TABLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_in_the_files_changes_nothing(made, random):
    tables = whole(made)
    mixed = {name: random.sample(found, len(found)) for name, found in tables.items()}
    first, second = (clocks_of(snapshot_of(t), RULES, CALENDAR, ROLES).frame for t in (tables, mixed))
    pd.testing.assert_frame_equal(first, second)


@slowly
@given(CASE_TABLES)
def test_counts_add_up_and_the_council_is_the_sum_of_its_teams(made):
    tables = whole(made)
    snapshot = snapshot_of(tables)
    frame = clocks_of(snapshot, RULES, CALENDAR, ROLES).frame
    values = compute(frame, snapshot, MEASURE_CONFIG, ROLES, CALENDAR)
    assert values.groupby("measure").size().nunique() == 1
    council = values[values["team"] == "*"].set_index("measure")["value"]
    teams = values[values["team"] != "*"]
    counts = teams[teams["measure"].str.partition(".")[0].isin(COUNTED)].groupby("measure")["value"].sum()
    assert counts.to_dict() == pytest.approx(council[counts.index].to_dict())
    by_state = frame.groupby(["rule", "state"], observed=False).size()
    for rule in (r.id for r in RULES):
        assert council[f"overdue.{rule}"] == by_state[rule, "overdue"]
        assert council[f"due_soon.{rule}"] == by_state[rule, "due_soon"]
        assert council[f"open.{rule}"] == by_state[rule][["running", "due_soon", "overdue"]].sum()
    assert council["unallocated"] == council["open.allocation"]


@slowly
@given(CASE_TABLES, st.integers(1, 40))
def test_a_later_extract_of_the_same_rows_never_lowers_what_has_elapsed(made, more):
    tables = whole(made)
    snapshot = snapshot_of(tables)
    later = replace(snapshot, extract=replace(snapshot.extract, as_of=AS_OF + dt.timedelta(more)))
    before, after = (clocks_of(s, RULES, CALENDAR, ROLES).frame for s in (snapshot, later))
    before, after = (f[f["stopped_on"] != f["started_on"]] for f in (before, after))  # done on day 0, when the next one starts too
    both = before.merge(after, on=["rule", "item_ref", "started_on"], suffixes=("", "_later"))
    assert (both["elapsed_later"] >= both["elapsed"]).all()
    worse = both[(both["state"] == "overdue") & both["stopped_on_later"].isna()]
    assert (worse["state_later"] == "overdue").all()
