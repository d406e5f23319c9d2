"""Clocks and measures against an independent oracle in SQL (tests/oracle), equal clock by clock and cell by cell.

On the demo council at a third of its size, and on tables that Hypothesis makes. More of either, by hand:
CASECLOCK_ORACLE_SCALE=10 CASECLOCK_ORACLE_EXAMPLES=200 pytest tests/properties/test_measures_oracle.py
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from compare import cells_in, differences
from made_tables import AS_OF, ROLES, TOWNS, arrow_tables, snapshot_of
from sql_oracle import Oracle, of_folder

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.columns import Columns
from caseclock.clocks.frame import clock_frame
from caseclock.clocks.rules import TimescaleRule
from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.model import Extract
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.measures import MeasureConfig, compute
from caseclock.snapshots import Snapshot, store
from caseclock.snapshots.typing import build

MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
RULES = [TimescaleRule.model_validate(entry) for entry in yaml.safe_load((MONITORING / "timescales.yaml").read_text())]
MEASURES = [MeasureConfig.model_validate(entry) for entry in yaml.safe_load((MONITORING / "measures.yaml").read_text())]
CALENDAR = WorkingCalendar()
FRIDAY = dt.date(2026, 11, 20)
EXAMPLES = int(os.environ.get("CASECLOCK_ORACLE_EXAMPLES", "10"))  # of up to five towns each
SCALE = float(os.environ.get("CASECLOCK_ORACLE_SCALE", "0.3"))


def agree(snapshot: Snapshot, oracle: Oracle, roles: list[str]) -> None:
    columns = Columns(snapshot)
    frame = clock_frame(columns, RULES, CALENDAR, roles)
    assert oracle.not_equal(pa.Table.from_pandas(frame, preserve_index=False)) == []
    values = compute(frame, columns, MEASURES, roles, CALENDAR)
    assert differences(cells_in(values), oracle.measures()) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Path]:
    """The demo council with every file, as typed tables and as they lie in a home folder."""
    at, source = tmp_path_factory.mktemp("council"), SourceConfig(id="demo", title="demo", allocated_roles=["CW", "ALLOCATED CASE WORKER"])
    world = make_world(7, SCALE, FRIDAY, 1, incident=True, looked_after=True, supplementary=True)
    bundle = open_bundle(write_extract(extract_tables(world, FRIDAY), at, "demo", FRIDAY, "parquet"))
    arrived = Extract("0" * 16, "demo", FRIDAY, 1, bundle.sha256, "demo", str(at), dt.datetime.combine(FRIDAY, dt.time(7), dt.UTC))
    snapshot = build(arrived, read(bundle, source, FRIDAY), source)
    return snapshot, store.save(snapshot, at / "accepted")


def test_on_the_demo_council_every_clock_and_every_cell_is_what_the_oracle_says(demo):
    snapshot, folder = demo
    roles = ["CW", "ALLOCATED CASE WORKER"]
    agree(snapshot, of_folder(folder, FRIDAY, roles), roles)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(TOWNS)
def test_on_any_tables_every_clock_and_every_cell_is_what_the_oracle_says(made):
    agree(snapshot_of(made), Oracle(arrow_tables(made), AS_OF, ROLES, small=True), ROLES)
