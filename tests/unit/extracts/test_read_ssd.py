from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import CANARY, Tables, csv_text, folder, person, referral, s47, sound, workbook, zipped

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.model import ReadResult
from caseclock.extracts.readers import READERS, read
from caseclock.extracts.readers.ssd.flags import outcomes_of
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import TABLES

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)
SUPPLEMENTARY = {"supervision", "staff", "post", "contact_decision", "meeting", "priority"}


def read_folder(at: Path, source: SourceConfig = SOURCE) -> ReadResult:
    return read(open_bundle(at), source, AS_OF)


def table(result: ReadResult, name: str) -> pd.DataFrame:
    return pd.concat([t.frame for t in result.tables if t.table == name], ignore_index=True)


def test_every_reader_on_disk_is_listed() -> None:
    import caseclock.extracts.readers as room

    on_disk = {p.name for p in Path(room.__file__).parent.iterdir() if p.is_dir() and (p / "__init__.py").is_file()}
    assert on_disk == {r.NAME for r in READERS}


def test_each_canonical_table_is_filled(tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path))
    assert {t.table for t in result.tables} == set(TABLES) - SUPPLEMENTARY
    for raw in result.tables:
        assert set(raw.frame.columns) <= {*TABLES[raw.table].names, "_row", "_file"}
        assert list(raw.frame["_row"]) == list(range(2, len(raw.frame) + 2))
    assert result.rejects == []
    assert [a.what for a in result.absences if "no export of a case system" not in a.because] == ["agency workers"]


def test_a_zip_is_read_as_its_folder(tmp_path: Path) -> None:
    at = folder(tmp_path / "f")
    one, other = read_folder(at), read_folder(zipped(at, tmp_path / "x.zip", top="deep/"))
    for left, right in zip(one.tables, other.tables, strict=True):
        pd.testing.assert_frame_equal(left.frame, right.frame)


@pytest.mark.parametrize(
    "name", ["SSD_PERSON.CSV", "person.csv", "dbo.ssd_person.csv", "ssd_person_2026-11-20.csv", "Ssd_Person_20261120.csv"]
)
def test_files_are_known_by_name_in_any_dress(name: str, tmp_path: Path) -> None:
    at = folder(tmp_path)
    (at / "ssd_person.csv").rename(at / name)
    assert set(table(read_folder(at), "child")["_file"]) == {name}


def test_ids_of_merged_files_cannot_collide_and_links_follow(tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path))
    assert list(table(result, "plan")["plan_id"]) == ["cp:1", "cin:1"]
    assert list(table(result, "visit")["visit_id"]) == ["cp:9", "cin:9", "cla:9"]
    assert list(table(result, "review")["review_id"]) == ["V1", "cla:V1"]
    assert table(result, "review")["plan_id"].iloc[0] == "cp:1"
    assert table(result, "visit")["plan_id"].iloc[0] == "cp:1"


def test_a_placeholder_for_a_link_gets_no_prefix(tmp_path: Path) -> None:
    visits = sound()["ssd_cp_visits"]
    result = read_folder(folder(tmp_path, {"ssd_cp_visits": [visits[0] | {"cppv_cp_plan_id": "-1"}]}))
    assert table(result, "visit")["plan_id"].iloc[0] == "-1", "typing counts it as a placeholder"


def test_a_child_without_a_date_of_birth_is_unborn_when_one_is_expected(tmp_path: Path) -> None:
    none = person(3, pers_dob="", pers_expected_dob="NULL")
    result = read_folder(folder(tmp_path, {"ssd_person": [*sound()["ssd_person"], none]}))
    assert table(result, "child")["unborn"].fillna("?").tolist() == ["N", "Y", "?"]


@pytest.mark.parametrize(
    ("nfa", "outcome", "ended", "required"),
    [
        ("N", "", "", "Y"),
        ("", "", "", "Y"),
        ("Y", "", "2026-09-20", "N"),
        ("Y", '{"CP_CONFERENCE_FLAG": "Y"}', "2026-09-20", "Y"),
        ("N", '{"CP_CONFERENCE_FLAG": "N"}', "2026-09-20", "N"),
        ("N", '{"CP_CONFERENCE_FLAG": "", "PROV_OF_SERVICES_FLAG": "Y"}', "2026-09-20", "N"),
        ("N", '{"CP_CONFERENCE_FLAG": "N"}', "", "Y"),
        ("N", '{"CP_CONFERENCE_FLAG": ""}', "2026-09-20", "?"),
        ("N", "", "2026-09-20", "?"),
        ("N", '{"CP_CONFERENCE_FLAG": "Y", "OUTCOME_COMMENTS": "a "quoted" word"}', "2026-09-20", "Y"),
        ("N", '{"CP_CONFERENCE_FLAG":"N", "NFA_CONTINUE_SINGLE_FLAG":"Y", "OUTCOME_COMMENTS":"broken', "2026-09-20", "N"),
    ],
)
def test_whether_a_conference_must_follow(nfa: str, outcome: str, ended: str, required: str, tmp_path: Path) -> None:
    row = s47(1, s47e_s47_nfa=nfa, s47e_s47_outcome_json=outcome, s47e_s47_end_date=ended)
    made = table(read_folder(folder(tmp_path, {"ssd_s47_enquiry": [row]})), "s47")
    assert made["icpc_required"].fillna("?").tolist() == [required]


def test_malformed_outcomes_are_counted_and_no_row_is_lost(tmp_path: Path) -> None:
    rows = [s47(1, s47e_s47_outcome_json='{"CP_CONFERENCE_FLAG":"Y", "OUTCOME_COMMENTS":"a " b"}'), s47(2)]
    result = read_folder(folder(tmp_path, {"ssd_s47_enquiry": rows}))
    assert len(table(result, "s47")) == 2
    assert [n for n in result.notes if "outcome JSON of 1 rows is malformed" in n]


@pytest.mark.parametrize("text", ["[]", "1", '"Y"', "null", "{", '{"A": {"B": "Y"}}', "[" * 9999])
def test_an_outcome_of_any_other_shape_says_nothing(text: str) -> None:
    assert not outcomes_of(text).yes


def test_a_referral_that_leaves_nfa_blank_takes_it_from_its_outcome(tmp_path: Path) -> None:
    rows = [
        referral(1, cine_referral_nfa="", cine_referral_outcome_json='{"NFA_FLAG": "Y"}'),
        referral(2, cine_referral_nfa="N", cine_referral_outcome_json='{"NFA_FLAG": "Y"}'),
        referral(3, cine_referral_nfa="", cine_referral_outcome_json=""),
    ]
    made = table(read_folder(folder(tmp_path, {"ssd_cin_episodes": rows})), "referral")
    assert made["nfa"].fillna("?").tolist() == ["Y", "N", "?"]


def test_a_transfer_in_is_no_initial_conference(tmp_path: Path) -> None:
    row = sound()["ssd_initial_cp_conference"][0]
    rows = [row | {"icpc_icpc_id": i, "icpc_icpc_transfer_in": flag} for i, flag in enumerate(["Y", "N", ""])]
    made = table(read_folder(folder(tmp_path, {"ssd_initial_cp_conference": rows})), "conference")
    assert list(made["kind"]) == ["transfer_in", "initial", "initial"]


def test_workers_are_people_or_not_and_their_team_is_an_id(tmp_path: Path) -> None:
    row = sound()["ssd_professionals"][0]
    rows = [
        row,
        row | {"prof_professional_id": "W2", "prof_professional_name": "Duty Worker", "prof_professional_department": "T1"},
        row
        | {
            "prof_professional_id": "W3",
            "prof_professional_job_title": "Referral Coordinator",
            "prof_professional_department": f"{CANARY}",
        },
        row | {"prof_professional_id": "DUTY_1", "prof_professional_name": ""},
    ]
    made = table(read_folder(folder(tmp_path, {"ssd_professionals": rows})), "worker")
    assert list(made["is_person"]) == ["Y", "N", "N", "N"]
    assert made["team_id"].fillna("?").tolist() == ["T1", "T1", "?", "T1"]


def test_mosaic_visits_reviews_and_involvements_find_their_child_by_plan_or_referral(tmp_path: Path) -> None:
    tables: Tables = {
        "ssd_cp_visits": [{k: v for k, v in r.items() if k != "cppv_person_id"} for r in sound()["ssd_cp_visits"]],
        "ssd_cin_visits": [{"cin_visit_id": "9", "cin_plan_id": "1", "cinv_cin_visit_date": "2026-10-08", "cinv_cin_visit_seen": "Y"}],
        "ssd_cin_plans": [{k.replace("cinp_cin_plan_id", "cin_plan_id"): v for k, v in r.items()} for r in sound()["ssd_cin_plans"]],
        "ssd_cp_reviews": [{"cp_review_id": "V1", "person_id": "C1", "cp_plan_id": "1", "due_date": "2026-12-29", "actual_date": ""}],
        "ssd_involvements": [{k: v for k, v in r.items() if k != "invo_person_id"} for r in sound()["ssd_involvements"]],
    }
    result = read_folder(folder(tmp_path, tables), SourceConfig(id="m", title="M", supplier="mosaic"))
    assert list(table(result, "visit")["child_id"]) == ["C1", "C2", "C1"]
    assert table(result, "review")["due_on"].iloc[0] == "2026-12-29"
    assert list(table(result, "allocation")["child_id"]) == ["C1"]


@pytest.mark.parametrize("name", ["ssd_person", "ssd_cin_episodes"])
def test_an_extract_without_a_needed_table_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match=f"{name}.csv is missing"):
        read_folder(folder(tmp_path, without=name))


@pytest.mark.parametrize("name", sorted(set(sound()) - {"ssd_person", "ssd_cin_episodes"}))
def test_any_other_missing_table_is_said_to_be_absent(name: str, tmp_path: Path) -> None:
    result = read_folder(folder(tmp_path, without=name))
    assert any(f"no {name}.csv" in a.because for a in result.absences)


def test_all_missing_required_columns_are_named_at_once(tmp_path: Path) -> None:
    tables: Tables = {
        "ssd_person": [{"pers_sex": "F"}],
        "ssd_cin_episodes": [{k: v for k, v in referral(1).items() if k not in ("cine_person_id", "cine_referral_date")}],
    }
    with pytest.raises(BadExtract) as refused:
        read_folder(folder(tmp_path, tables))
    for column in ("pers_person_id", "cine_person_id", "cine_referral_date"):
        assert column in str(refused.value)


def test_a_file_without_a_header_is_refused_and_its_first_row_is_not_shown(tmp_path: Path) -> None:
    raw = csv_text([person(1)]).splitlines()[1].encode()
    with pytest.raises(BadExtract) as refused:
        read_folder(folder(tmp_path, raw={"ssd_person": raw}))
    assert CANARY not in str(refused.value)


def test_a_missing_optional_column_is_said_to_be_absent_and_an_unknown_one_noted(tmp_path: Path) -> None:
    rows = [{k: v for k, v in referral(1).items() if k != "cine_close_date"} | {"cine_local_flag": f"{CANARY}-x"}]
    result = read_folder(folder(tmp_path, {"ssd_cin_episodes": rows}))
    assert [a.what for a in result.absences if "cine_close_date" in a.because] == ["closed on of each referral"]
    assert [n for n in result.notes if "cine_local_flag" in n]
    assert CANARY not in " ".join(result.notes)


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    at = folder(tmp_path, raw={"ssd_family": b"fami_table_id\n1\n", "extra": b"a\n"})
    (at / "readme.txt").write_text("x")
    notes = " | ".join(read_folder(at).notes)
    assert "no rule reads it yet: ssd_family.csv" in notes
    assert "no file of the SSD: extra.csv, readme.txt" in notes


def test_two_files_for_one_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="more than one file for ssd_person"):
        read_folder(folder(tmp_path, raw={"Person": b"pers_person_id\n1\n"}))


def test_rows_of_delimiters_are_no_rows_but_rows_that_hold_anything_are(tmp_path: Path) -> None:
    text = csv_text(sound()["ssd_person"])
    width = text.splitlines()[0].count(",")
    only_a_name = ",,," + f"{CANARY}-name" + "," * (width - 3)
    raw = f"{text}{',' * width}\n{only_a_name}\n{',' * width}\n".encode()
    assert list(table(read_folder(folder(tmp_path, raw={"ssd_person": raw})), "child")["_row"]) == [2, 3, 5]


def test_a_line_that_cannot_be_split_is_put_aside_with_file_and_row(tmp_path: Path) -> None:
    raw = (csv_text(sound()["ssd_cin_episodes"]) + f"R3,{CANARY}\n").encode()
    result = read_folder(folder(tmp_path, raw={"ssd_cin_episodes": raw}))
    (reject,) = result.rejects
    assert (reject.table, reject.file, reject.row, reject.rule) == ("referral", "ssd_cin_episodes.csv", 4, "malformed")
    assert CANARY not in str(reject)


def test_a_file_in_windows_text_is_noted(tmp_path: Path) -> None:
    rows = [{"dept_team_id": "T1", "dept_team_name": "Café – North"}]
    result = read_folder(folder(tmp_path, raw={"ssd_department": csv_text(rows).encode("cp1252")}))
    assert list(table(result, "team")["name"]) == ["Café – North"]
    assert [n for n in result.notes if "ssd_department.csv" in n and "cp1252" in n]


def test_a_source_that_says_ssd_is_never_read_as_something_else(tmp_path: Path) -> None:
    at = workbook(tmp_path / "x.xlsx")
    with pytest.raises(BadExtract, match=r"ssd_person\.csv"):
        read_folder(at, SourceConfig(id="x", title="X", format="ssd"))


def test_what_no_reader_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(BadExtract, match="nothing that can be read"):
        read_folder(tmp_path)


@pytest.mark.needs_shared
def test_every_column_of_the_published_standard_is_known(shared: Path) -> None:
    from caseclock.extracts.readers.ssd.files import FILES

    columns = pd.read_csv(shared / "domain" / "data" / "ssd" / "ssd_columns_v1.4.5.csv")
    for spec in FILES:
        standard = columns.loc[columns["table"] == spec.name, "column"]
        assert len(standard)
        assert [c for c in standard if not spec.is_known(c)] == []
        mapped = {s[0] for s in spec.columns.values()} - {"cinv_cin_plan_id"}
        assert mapped | set(spec.flags) <= set(standard)
