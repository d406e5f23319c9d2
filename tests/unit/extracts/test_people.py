"""Ids for names, and workers who hold no case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from made_extracts import CANARY, folder, workbook
from pydantic import ValidationError

from caseclock.extracts import ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.people import id_of_name
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig

AS_OF = dt.date(2026, 11, 20)
SOURCE = SourceConfig(id="north", title="North")


def columns(result: ReadResult, table: str, *names: str) -> list[tuple[object, ...]]:
    frame = next(raw.frame for raw in result.tables if raw.table == table)
    return list(frame[list(names)].astype("object").where(lambda f: f.notna(), None).itertuples(index=False, name=None))


def test_a_name_has_one_id_per_source_whatever_its_case() -> None:
    other = SourceConfig(id="south", title="South")
    assert id_of_name("A Worker", SOURCE) == id_of_name("a WORKER", SOURCE) != id_of_name("A Worker", other)
    assert id_of_name("A Worker", SOURCE, b"salt") != id_of_name("A Worker", SOURCE)


def test_a_name_in_a_file_beside_a_workbook_becomes_the_id_that_it_has_in_the_workbook(tmp_path: Path) -> None:
    workbook(tmp_path / "annex.xlsx")
    (tmp_path / "staff.csv").write_text(f"worker_id,team_id,role,fte,agency,end_date\n{CANARY} worker,T1,SW,1,N,2026-11-02\n")
    result = read(open_bundle(tmp_path), SOURCE, AS_OF)
    (staff,) = columns(result, "staff", "worker_id")
    assert staff in columns(result, "worker", "worker_id")
    assert staff in columns(result, "allocation", "worker_id")


def test_beside_a_workbook_the_list_may_hold_a_name_or_the_id_that_reports_show(tmp_path: Path) -> None:
    workbook(tmp_path / "annex.xlsx")
    for listed in (f"{CANARY} Worker", id_of_name(f"{CANARY} worker", SOURCE)):
        source = SOURCE.model_copy(update={"not_allocated_workers": (listed,)})
        named = dict(columns(read(open_bundle(tmp_path), source, AS_OF), "worker", "worker_id", "is_person"))
        assert named[id_of_name(f"{CANARY} worker", source)] == "N", listed


def test_a_listed_worker_of_whom_nothing_is_known_is_taken_out_of_the_allocation_and_the_others_stay(tmp_path: Path) -> None:
    at = folder(tmp_path, without="ssd_professionals")
    before = columns(read(open_bundle(at), SOURCE, AS_OF), "allocation", "allocation_id", "worker_id")
    listed = str(before[0][1])
    after = columns(
        read(open_bundle(at), SOURCE.model_copy(update={"not_allocated_workers": (listed,)}), AS_OF),
        "allocation",
        "allocation_id",
        "worker_id",
    )
    assert after == [(key, None if worker == listed else worker) for key, worker in before]


def test_a_title_pattern_that_is_no_expression_is_refused() -> None:
    with pytest.raises(ValidationError, match="regular expression"):
        SourceConfig.model_validate({"id": "north", "title": "North", "manager_titles": ["("]})
