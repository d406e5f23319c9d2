"""The three shapes of an SSD export: which columns each supplier's build has stands in the published column list."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import Rows, folder, sound

from caseclock.extracts import Extract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.readers.ssd.files import FILES
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots.typing import build

AS_OF = dt.date(2026, 11, 20)
EXTRACT = Extract("a" * 16, "x", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))

MOSAIC_NAMES = {
    "ssd_cin_plans": {"cin_plan_id": "cinp_cin_plan_id"},
    "ssd_cin_visits": {"cin_plan_id": "cinv_cin_plan_id"},
    "ssd_cp_reviews": {"person_id": "cppr_person_id"},
}
"""Columns that Mosaic has under a name of its own, so the list of the standard's names does not show them."""

ABSENT = {
    "systemc": set(),
    "mosaic": {("contact", "source"), ("plan", "other_la")},
    "eclipse": set(),
}
"""What no file of the supplier's shows, beside what its systems leave blank."""


def shaped(columns: pd.DataFrame, supplier: str) -> dict[str, Rows]:
    """The sound extract with exactly the columns that the supplier's build has."""
    made = {}
    for name, rows in sound().items():
        has = set(columns.loc[(columns["table"] == name) & columns[f"in_{supplier}"], "column"])
        lines = [{k: v for k, v in row.items() if k in has} for row in rows]
        if supplier == "mosaic":
            for local, standard in MOSAIC_NAMES.get(name, {}).items():
                lines = [line | {local: row.get(standard, "1")} for line, row in zip(lines, rows, strict=True)]
        made[name] = lines
    return made


@pytest.mark.needs_shared
@pytest.mark.parametrize("supplier", ["systemc", "mosaic", "eclipse"])
def test_an_extract_with_exactly_the_columns_of_a_supplier_is_read(supplier: str, shared: Path, tmp_path: Path) -> None:
    columns = pd.read_csv(shared / "domain" / "data" / "ssd" / "ssd_columns_v1.4.5.csv")
    source = SourceConfig(id="x", title="X", supplier=supplier)  # type: ignore[arg-type]
    result = read(open_bundle(folder(tmp_path, shaped(columns, supplier))), source, AS_OF)
    assert {t.frame["_file"].iloc[0] for t in result.tables} == {f"{spec.name}.csv" for spec in FILES}
    said = {a.because for a in result.absences}
    for spec in FILES:
        frame = next(t.frame for t in result.tables if t.frame["_file"].iloc[0] == f"{spec.name}.csv")
        lacking = {c for c in spec.columns if c not in frame.columns and (spec.name, c) != ("ssd_cin_visits", "plan_id")}
        assert all(any(f"{spec.name}.csv ({supplier}) has no {spec.columns[c][0]}" in b for b in said) for c in lacking)
        assert {(spec.table, c) for c in lacking} <= ABSENT[supplier]
    snapshot = build(EXTRACT, result, source)
    assert snapshot.rejects == [], "every child was found, by a column or by a link"


def test_a_visit_that_leads_to_no_child_by_any_column_is_said_to_be_absent(tmp_path: Path) -> None:
    rows = [{k: v for k, v in r.items() if k != "cinv_person_id"} for r in sound()["ssd_cin_visits"]]
    result = read(open_bundle(folder(tmp_path, {"ssd_cin_visits": rows})), SourceConfig(id="x", title="X", supplier="mosaic"), AS_OF)
    assert "visits (child in need): ssd_cin_visits.csv (mosaic) has no column that leads to the child" in map(str, result.absences)
    assert "cin" not in {k for t in result.tables if t.table == "visit" for k in t.frame["kind"]}


def test_a_placement_without_a_person_finds_its_child_by_its_period_of_care(tmp_path: Path) -> None:
    rows = [{k: v for k, v in r.items() if k != "clap_person_id"} for r in sound()["ssd_cla_placement"]]
    result = read(open_bundle(folder(tmp_path, {"ssd_cla_placement": rows})), SourceConfig(id="x", title="X", supplier="mosaic"), AS_OF)
    assert [list(t.frame["child_id"]) for t in result.tables if t.table == "placement"] == [["C1"]]
