"""Faults as real ones, files that our readers read."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from caseclock.demo.council import extract_tables, make_world, write_extract
from caseclock.demo.council_annex_a import HEADERS
from caseclock.demo.council_faults import FAULTS, with_faults
from caseclock.demo.council_workbook import workbook
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig

END = dt.date(2026, 11, 20)
SOURCE = SourceConfig(id="demo", title="Demo")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return extract_tables(make_world(seed=4, scale=0.1, end=END, weeks=1, incident=True), END)


def test_each_fault_is_there_at_a_high_rate(tables: dict[str, pd.DataFrame]) -> None:
    made = with_faults(tables, 0.2)
    assert (made["ssd_cin_assessments.csv"]["cina_assessment_worker_id"] == "-1").any()
    assert (made["ssd_cin_assessments.csv"]["cina_assessment_auth_date"] == "1900-01-01").any()
    links = made["ssd_involvements.csv"].dropna(subset=["invo_involvement_end_date"])
    assert (links["invo_involvement_end_date"] < links["invo_involvement_start_date"]).any()
    assert made["ssd_contacts.csv"]["cont_contact_id"].duplicated().any()


def test_faults_are_rare_and_touch_the_same_rows_every_time(tables: dict[str, pd.DataFrame]) -> None:
    once, again = with_faults(tables), with_faults(tables)
    for file, frame in tables.items():
        assert once[file].equals(again[file])
        assert len(frame) <= len(once[file]) <= 1.02 * len(frame) + 2
    assert {fault[0] for fault in FAULTS} <= set(tables)


def test_no_open_involvement_is_spoilt(tables: dict[str, pd.DataFrame]) -> None:
    """A fault there would be an alert about a child that nobody can explain."""
    key, end = "invo_involvements_id", "invo_involvement_end_date"
    before, after = (t["ssd_involvements.csv"] for t in (tables, with_faults(tables, 0.5)))
    assert before[before[end].isna()].set_index(key).equals(after[after[end].isna()].set_index(key))


def test_a_council_without_faults_can_be_had(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    path = write_extract(tables, tmp_path, "demo", END, "folder", faults=0)
    for file, frame in tables.items():
        assert pd.read_csv(path / file, dtype=str).fillna("").equals(frame.fillna(""))


def test_the_zip_is_read_by_our_reader_with_every_row(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    path = write_extract(tables, tmp_path, "demo", END, faults=0)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == set(tables)
    result = read(open_bundle(path), SOURCE, END)
    rows = {table.table: 0 for table in result.tables}
    for table in result.tables:
        rows[table.table] += len(table.frame)
    assert result.rejects == []
    assert rows["referral"] == len(tables["ssd_cin_episodes.csv"])
    assert rows["allocation"] == len(tables["ssd_involvements.csv"])
    assert rows["plan"] == len(tables["ssd_cp_plans.csv"]) + len(tables["ssd_cin_plans.csv"])


def test_the_annex_a_workbook_is_read_by_our_reader(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    path = write_extract(tables, tmp_path, "demo", END, "annex-a")
    result = read(open_bundle(path), SOURCE, END)
    made = {table.table for table in result.tables if len(table.frame)}
    assert {"referral", "assessment", "s47", "plan"} <= made
    assert result.rejects == []


def test_the_annex_a_headers_are_those_of_the_sample(shared: Path) -> None:
    sample = openpyxl.load_workbook(shared / "domain" / "data" / "annex_a" / "Annex_A_2024_Jan.xlsx", read_only=True)
    for name, header in HEADERS.items():
        assert list(header) == [cell.value for cell in next(sample[name].iter_rows(max_row=1))], name


def test_the_lists_look_back_six_months(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_extract(tables, tmp_path, "demo", END, "annex-a"))
    referrals = [row[5].value.date() for row in book["List 3"].iter_rows(min_row=2)]
    assert min(referrals) >= dt.date(2026, 5, 20)
    assert max(referrals) <= END


def test_a_cell_of_a_workbook_comes_back_as_it_was(tmp_path: Path) -> None:
    rows = [["A & B <c>", 7, dt.date(2024, 2, 29), None, "x"], [" ", 0, dt.date(1999, 12, 31), "‘’", None]]
    (tmp_path / "some.xlsx").write_bytes(workbook({"One": rows, "Two": [["word"] * 30]}))
    book = openpyxl.load_workbook(tmp_path / "some.xlsx")
    got = [[c.value.date() if isinstance(c.value, dt.datetime) else c.value for c in row] for row in book["One"].iter_rows()]
    assert got == rows
    assert book["Two"].max_column == 30
