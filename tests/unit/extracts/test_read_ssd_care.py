"""Looked-after children, care leavers and missing episodes; known defects of SSD exports; the version of the standard."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import CANARY, Rows, episode, folder, person, sound

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.model import ReadResult
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)


def read_folder(at: Path) -> ReadResult:
    return read(open_bundle(at), SOURCE, AS_OF)


def table(result: ReadResult, name: str) -> pd.DataFrame:
    return pd.concat([t.frame for t in result.tables if t.table == name], ignore_index=True)


def only(result: ReadResult, name: str, **values: str) -> dict[str, str]:
    made = table(result, name)
    for column, value in values.items():
        made = made[made[column] == value]
    (row,) = made.fillna("").to_dict("records")
    return {str(k): v for k, v in row.items() if not str(k).startswith("_")}


def test_each_file_of_looked_after_children_is_read(tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path))
    assert only(result, "care", episode_id="D2") == {
        "episode_id": "D2", "care_id": "E1", "child_id": "C1", "referral_id": "R1", "placement_id": "P2",
        "started_on": "2026-10-20", "ended_on": "", "entered_on": "",
    }  # fmt: skip
    assert only(result, "placement")["kind"] == "U1"
    assert only(result, "review", kind="cla")["due_on"] == "2026-10-28"
    assert only(result, "visit", kind="cla")["care_id"] == "E1"
    assert only(result, "legal")["status"] == "V2"
    assert only(result, "care_leaver")["reviewed_on"] == "2026-06-30"
    assert only(result, "missing") == {
        "missing_id": "1", "child_id": "C1", "kind": "M", "started_on": "2026-11-01", "found_on": "2026-11-02",
        "offered": "Y", "accepted": "NA",
    }  # fmt: skip


def test_nothing_personal_of_them_is_kept(tmp_path: Path) -> None:
    """Postcode, URN, provider, advisor, participation and reasons hold a mark in the sound extract."""
    result = read_folder(folder(tmp_path))
    assert CANARY not in repr([t.frame.to_dict("records") for t in result.tables]) + repr((result.notes, result.absences))


@pytest.mark.parametrize(
    ("file", "column", "table_", "name", "said", "code"),
    [
        ("ssd_legal_status", "lega_legal_status", "legal", "status", "C2 - Full care order", "C2"),
        ("ssd_legal_status", "lega_legal_status", "legal", "status", "Interim care order", "C1"),
        ("ssd_legal_status", "lega_legal_status", "legal", "status", "Special Guardianship Order", "Special Guardianship Order"),
        ("ssd_legal_status", "lega_legal_status", "legal", "status", "Series of breaks", "V4"),
        ("ssd_cla_placement", "clap_cla_placement_type", "placement", "kind", "Placed with parents", "P1"),
    ],
)
def test_a_legal_status_and_a_placement_are_read_by_code_or_label_and_others_stay_as_they_are(
    file: str, column: str, table_: str, name: str, said: str, code: str, tmp_path: Path
) -> None:
    tables = {file: [{**row, column: said} for row in sound()[file]]}
    source = SourceConfig(id="north", title="North", codes={"legal_status": {"Series of breaks": "V4"}})
    assert set(table(read(open_bundle(folder(tmp_path, tables)), source, AS_OF), table_)[name]) == {code}


def test_a_review_finds_its_child_by_its_period_of_care(tmp_path: Path) -> None:
    """Only Mosaic's reviews name the child (clar_cla_person_id)."""
    result = read_folder(folder(tmp_path))
    assert only(result, "review", kind="cla")["child_id"] == "C1"
    assert [n for n in result.notes if "the child is found by its care" in n]


def test_a_period_of_two_children_leads_to_neither(tmp_path: Path) -> None:
    rows = [episode(1), episode(2, clae_person_id="C2")]
    assert only(read_folder(folder(tmp_path, {"ssd_cla_episodes": rows})), "review", kind="cla")["child_id"] == ""


def test_without_episodes_reviews_are_said_to_be_absent_and_the_rest_is_read(tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path, without="ssd_cla_episodes"))
    assert set(table(result, "review")["kind"]) == {"cp"}
    assert [a.because for a in result.absences if a.what == "reviews (looked-after children)"] == [
        "ssd_cla_reviews.csv (systemc) has no column that leads to the child"
    ]


@pytest.mark.parametrize(("name", "counts"), [("Test", 1), ("ZZ-DUMMY", 1), ("Testa", 0), ("Protest", 0)])
def test_people_named_as_test_records_are_counted_and_stay(name: str, counts: int, tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path, {"ssd_person": [person(1), person(2, pers_forename=name)]}))
    assert len(table(result, "child")) == 2
    assert [n for n in result.notes if "named as test records" in n] == (
        [f"ssd_person.csv: {counts} people are named as test records are; they are counted like everyone else"] if counts else []
    )


def test_key_agencies_are_counted_and_are_no_people_of_ours(tmp_path: Path) -> None:
    role, worker = sound()["ssd_involvements"][0], sound()["ssd_professionals"][0]
    tables: dict[str, Rows] = {
        "ssd_involvements": [role, role | {"invo_involvements_id": "L2", "invo_professional_role_id": "KA7"}],
        "ssd_professionals": [worker, worker | {"prof_professional_id": "W2", "prof_professional_job_title": "Key Agency"}],
    }
    result = read_folder(folder(tmp_path, tables))
    assert "ssd_involvements.csv: 1 involvements are of other organisations (Key Agency)" in result.notes
    assert list(table(result, "worker")["is_person"]) == ["Y", "N"]


LOG = "version_number,is_current,description\n{},{},x\n1.3.0,0,y\n"


@pytest.mark.parametrize(("number", "current", "says"), [("1.4.5", "1", "1.4.5"), ("1.2.9", "True", "1.2.9"), ("1.2.9", "0", "1.3.0")])
def test_the_version_of_the_standard_is_noted(number: str, current: str, says: str, tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path, raw={"ssd_version_log": LOG.format(number, current).encode()}))
    assert f"version {says} of the SSD, as ssd_version_log.csv says" in result.notes
    assert not any("not used" in n for n in result.notes)


@pytest.mark.parametrize("number", ["2.0.0", "0.9", "10.1"])
def test_an_unknown_major_version_is_refused(number: str, tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match=f"version {number} of the SSD, which is not known"):
        read_folder(folder(tmp_path, raw={"ssd_version_log": LOG.format(number, "1").encode()}))


def test_a_version_that_is_none_is_no_reason_to_refuse(tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path, raw={"ssd_version_log": f"version_number,is_current\n{CANARY}-x,1\n".encode()}))
    assert not any("version" in n for n in result.notes)


def test_the_manifest_may_say_the_version(tmp_path: Path) -> None:
    at = folder(tmp_path)
    (at / "manifest.json").write_text(json.dumps({"version": "1.4.5"}))
    assert "version 1.4.5 of the SSD, as its manifest says" in read_folder(at).notes
    (at / "manifest.json").write_text(json.dumps({"version": "2.0"}))
    with pytest.raises(BadExtract, match="its manifest says that it follows version 2"):
        read_folder(at)
