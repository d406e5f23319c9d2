"""The six supplementary files: beside any format, in any dress, never the reason that the rest is refused, and nothing lost in silence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import CANARY, folder, sound, workbook, zipped

from caseclock.extracts import Absence, Extract, ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.supplementary import BY_TABLE, FILES, cannot_show
from caseclock.extracts.supplementary.codes import PRIORITIES as SPELLED
from caseclock.extracts.supplementary.files import KEYS, MOMENTS, file_of
from caseclock.measures.model import PRIORITIES
from caseclock.snapshots import TABLES, Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)

SUPERVISION = """
supervision_id,person_id,worker_id,supervisor_id,supervision_date,supervision_type,recorded_at,decision_recorded,next_due_date,source_code
S1,C1,W1,W9,2026-11-02,case,2026-11-04 16:10,Y,2026-11-30,LOCAL7
S2,,W1,W9,2026-11-02,Personal supervision,,,,LOCAL8
"""
STAFF = """
worker_id,team_id,role,fte,agency,manager_id,start_date,end_date,absent_from,absent_to,is_person
W1,T1,SW,0.8,N,W9,2024-01-08,,,,Y
D1,T1,duty_pool,1,N,,,,,,
"""
POSTS = """
team_id,role,established_fte,filled_fte,agency_fte,as_of
T1,SW,10,7.5,2,2026-11-01
T1,TM,1,1,0,2026-11-01
"""
CONTACT_DECISIONS = """
contact_id,received_at,decision_at,decision
K1,2026-11-02T09:15:00,2026-11-03T08:00:00,No further action
K2,2026-11-19,,
"""
MEETINGS = """
meeting_id,person_id,meeting_type,held_date,due_date,linked_plan_id,episode_end_at
M1,C1,core_group,2026-11-05,,P1,
M1,C2,Core group,2026-11-05,,P2,
M2,C3,CIN review,2026-11-06,2026-11-10,N1,
M3,C4,rhi,,,,2026-11-17
"""
PRIORITY = """
person_id,referral_id,priority,set_on,set_by
C1,,low,2026-11-01,W9
,R2,None,2026-11-01,W9
C3,R3,Amber,2026-11-02,W9
C4,,P4,2026-11-03,W9
"""
TEXTS = {
    "supervision": SUPERVISION, "staff": STAFF, "posts": POSTS, "contact_decisions": CONTACT_DECISIONS, "meetings": MEETINGS,
    "priority": PRIORITY,
}  # fmt: skip


def put(at: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (at / f"{name}.csv").write_text(text.lstrip(), encoding="utf-8")
    return at


def result_of(at: Path, source: SourceConfig = SOURCE) -> ReadResult:
    return read(open_bundle(at), source, AS_OF)


def built(at: Path, source: SourceConfig = SOURCE) -> Snapshot:
    moment = dt.datetime.combine(AS_OF, dt.time(7), dt.UTC)
    return build(Extract("0" * 16, "north", AS_OF, 1, "0" * 64, at.name, str(at), moment), result_of(at, source), source)


def rows(snapshot: Snapshot, table: str, *names: str) -> list[tuple[object, ...]]:
    frame = snapshot.tables[table][list(names)].astype("object")
    return [
        tuple(v.date().isoformat() if isinstance(v, pd.Timestamp) else None if pd.isna(v) else v for v in row) for row in frame.to_numpy()
    ]


def whats(snapshot: Snapshot) -> list[str]:
    return [a.what for a in snapshot.absences if a.what in {f.shows for f in FILES}]


# --- what is read --------------------------------------------------------------------------------------------------
def test_each_file_becomes_its_table(tmp_path: Path) -> None:
    made = built(put(folder(tmp_path), **TEXTS))
    assert rows(
        made, "supervision", "supervision_id", "child_id", "worker_id", "supervisor_id", "supervised_on", "kind", "recorded_on"
    ) == [
        ("S1", "C1", "W1", "W9", "2026-11-02", "case", "2026-11-04"),
        ("S2", None, "W1", "W9", "2026-11-02", "personal", None),
    ]
    assert rows(made, "staff", "staff_id", "worker_id", "team_id", "role", "fte", "agency", "started_on", "is_person") == [
        ("W1", "W1", "T1", "sw", 0.8, False, "2024-01-08", True),
        ("D1", "D1", "T1", "duty_pool", 1.0, False, None, False),
    ]
    assert rows(made, "post", "post_id", "established", "filled", "agency", "counted_on") == [
        ("T1|sw|2026-11-01", 10.0, 7.5, 2.0, "2026-11-01"),
        ("T1|tm|2026-11-01", 1.0, 1.0, 0.0, "2026-11-01"),
    ]
    assert rows(made, "contact_decision", "decision_id", "contact_id", "received_on", "decided_on", "decision") == [
        ("K1", "K1", "2026-11-02", "2026-11-03", "nfa"),
        ("K2", "K2", "2026-11-19", None, None),
    ]
    assert rows(made, "meeting", "child_id", "plan_id", "kind", "held_on", "due_on", "since_on") == [
        ("C1", "cp:P1", "core_group", "2026-11-05", None, None),
        ("C2", "cp:P2", "core_group", "2026-11-05", None, None),
        ("C3", "cin:N1", "cin_review", "2026-11-06", "2026-11-10", None),
        ("C4", None, "rhi", None, None, "2026-11-17"),
    ]
    assert rows(made, "priority", "child_id", "referral_id", "priority", "set_on") == [
        ("C1", None, "low", "2026-11-01"),
        (None, "R2", "no_priority", "2026-11-01"),
        ("C3", "R3", "medium", "2026-11-02"),
        ("C4", None, "other", "2026-11-03"),
    ]
    assert [r for r in made.rejects if r.table in BY_TABLE] == []
    assert whats(made) == []
    assert "priority.csv: 1 cells hold no code that is known; they are read as 'other'" in made.notes
    assert not any("no file of the SSD" in note for note in made.notes)


@pytest.mark.parametrize(
    "name", ["SUPERVISION.CSV", "supervision_2026-11-20.csv", "Supervision-20261120.csv", "supervision 2026-11-20.csv"]
)
def test_a_file_is_known_by_its_name_in_any_dress(name: str, tmp_path: Path) -> None:
    at = put(folder(tmp_path), supervision=SUPERVISION)
    (at / "supervision.csv").rename(at / name)
    assert len(built(at).tables["supervision"]) == 2


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("contact-decisions.csv", "contact_decisions"),
        ("Contact Decisions_2026-11-20.parquet", "contact_decisions"),
        ("staff.pq", "staff"),
        ("my_staff.csv", None),
        ("staff.xlsx", None),
        ("missing.csv", None),
    ],
)
def test_only_these_names_are_taken(name: str, known: str | None) -> None:
    found = file_of(name)
    assert (found.name if found else None) == known


def test_columns_are_known_in_any_dress_and_in_any_order(tmp_path: Path) -> None:
    text = "As Of,Role, Team-ID ,ESTABLISHED FTE,filled_fte,Agency_FTE,cost centre\n01/11/2026,SW,T1,10,8,1,x\n"
    made = built(put(folder(tmp_path), posts=text))
    assert rows(made, "post", "post_id", "filled") == [("T1|sw|01/11/2026", 8.0)]
    assert "posts.csv: not used, no column of this file: cost centre" in made.notes


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    at = put(folder(tmp_path / "csv"), **TEXTS)
    other = folder(tmp_path / "pq")
    for name, text in TEXTS.items():
        lines = [line.split(",") for line in text.strip().splitlines()]
        frame = pd.DataFrame([[cell or None for cell in line] for line in lines[1:]], columns=lines[0])
        frame.to_parquet(other / f"{name}.parquet")
    one, two = built(at), built(other)
    for table in BY_TABLE:
        left, right = (made.tables[table].drop(columns="_file") for made in (one, two))
        pd.testing.assert_frame_equal(left, right)


def test_in_a_zip_they_lie_beside_the_rest(tmp_path: Path) -> None:
    at = zipped(put(folder(tmp_path / "f"), **TEXTS), tmp_path / "x.zip", top="deep/")
    assert {t.table for t in result_of(at).tables} >= set(BY_TABLE)


def test_beside_a_workbook_the_names_of_workers_are_hidden_as_the_workbook_s_are(tmp_path: Path) -> None:
    at = tmp_path / "f"
    at.mkdir()
    workbook(at / "annex.xlsx")
    main = {t.table: t.frame for t in result_of(at).tables}
    assert main["worker"]["worker_id"].str.startswith("w:").all()
    named = f"{CANARY} Worker"
    made = built(put(at, supervision=f"{SUPERVISION.splitlines()[1]}\nS1,11,{named},{named},2026-11-02,case,,,,\n"))
    assert rows(made, "supervision", "child_id")[0] == ("11",)
    assert made.tables["supervision"]["worker_id"].str.fullmatch("w:[0-9a-f]{12}").all()
    assert CANARY not in repr(made.tables["supervision"].to_dict("records"))


# --- codes ---------------------------------------------------------------------------------------------------------
def test_a_kind_that_is_not_known_puts_its_row_in_quarantine(tmp_path: Path) -> None:
    made = built(put(folder(tmp_path), supervision=SUPERVISION + "S3,C1,W1,W9,2026-11-03,coffee,,,,\n"))
    assert [(r.table, r.file, r.row, r.column) for r in made.rejects if r.table == "supervision"] == [
        ("supervision", "supervision.csv", 4, "kind")
    ]
    assert "coffee" not in repr(made.rejects)


def test_a_source_can_name_its_own_spellings(tmp_path: Path) -> None:
    codes = {"priority": {"P4": "Low", "P1": "urgent"}, "supervision_type": {"1-2-1": "personal"}}
    source = SourceConfig(id="north", title="North", codes=codes)
    text = SUPERVISION + "S3,,W1,W9,2026-11-03,1-2-1,,,,\n"
    made = built(put(folder(tmp_path), priority=PRIORITY, supervision=text), source)
    assert rows(made, "priority", "priority")[3] == ("low",)
    assert rows(made, "supervision", "kind")[2] == ("personal",)


def test_the_levels_of_priority_are_the_same_in_both_rooms() -> None:
    assert SPELLED == PRIORITIES


def test_the_files_fit_the_canonical_tables() -> None:
    for spec in FILES:
        made = {spec.key_column, *MOMENTS.get(spec.table, {}).values(), *(["arrangement_id"] if spec.table == "meeting" else [])}
        assert {f.to for f in spec.fields.values() if f.use != "key"} | made == set(TABLES[spec.table].names)
        assert spec.key_column == KEYS[spec.table] == TABLES[spec.table].key


def test_the_time_of_day_of_a_return_interview_is_kept_in_utc_beside_its_day(tmp_path: Path) -> None:
    """An interview with a day only has no moment: nobody can say within how many hours it was."""
    text = MEETINGS + "M4,C4,rhi,2026-07-18T09:15,,,16/07/2026 22:40\nM5,C4,rhi,2026-11-19,,,2026-11-17 08:00\n"
    frame = built(put(folder(tmp_path), meetings=text)).tables["meeting"].iloc[4:]
    assert rows(built(put(tmp_path, meetings=text)), "meeting", "held_on", "since_on")[4:] == [
        ("2026-07-18", "2026-07-16"), ("2026-11-19", "2026-11-17"),
    ]  # fmt: skip
    assert [[str(at) for at in frame[name]] for name in ("held_at", "since_at")] == [
        ["2026-07-18 08:15:00", "NaT"],
        ["2026-07-16 21:40:00", "2026-11-17 08:00:00"],
    ]


def test_visits_to_a_privately_fostered_child_are_told_apart_by_the_day_on_which_the_council_knew(tmp_path: Path) -> None:
    """Where one row says that an arrangement has ended, all of its rows do."""
    text = """
meeting_id,person_id,meeting_type,held_date,arrangement_from,arrangement_to
M1,C1,pf_visit,2026-03-04,2026-03-02,
M2,C1,Private fostering visit,2026-04-13,2026-03-02,2026-05-01
M3,C1,pf_visit,,2026-11-16,
M4,C2,core_group,2026-11-16,,
"""
    assert rows(built(put(folder(tmp_path), meetings=text)), "meeting", "arrangement_id", "begun_on", "ended_on", "held_on") == [
        ("C1|2026-03-02", "2026-03-02", "2026-05-01", "2026-03-04"),
        ("C1|2026-03-02", "2026-03-02", "2026-05-01", "2026-04-13"),
        ("C1|2026-11-16", "2026-11-16", None, None),
        (None, None, None, "2026-11-16"),
    ]


# --- what is wrong -------------------------------------------------------------------------------------------------
def test_a_row_that_is_broken_costs_that_row(tmp_path: Path) -> None:
    text = POSTS + "T2,SW,5\n" + "T3,SW,5,4,1,soon\n" + ",SW,5,4,1,2026-11-01\n" + "T1,SW,9,9,9,2026-11-01\n" + ",,,,,\n"
    made = built(put(folder(tmp_path), posts=text))
    assert [(r.row, r.column, r.rule) for r in made.rejects if r.table == "post"] == [
        (4, "", "malformed"),
        (6, "team_id", "missing"),
        (5, "counted_on", "bad_date"),
        (7, "post_id", "duplicate"),
    ]
    assert made.counts()["post"].read == 6
    assert len(made.tables["post"]) == 2


def test_a_priority_of_nobody_is_in_quarantine(tmp_path: Path) -> None:
    made = built(put(folder(tmp_path), priority=PRIORITY + ",,high,2026-11-04,W9\n"))
    assert [(r.row, r.column) for r in made.rejects if r.table == "priority"] == [(6, "person_id or referral_id")]
    assert made.counts()["priority"].kept == 4


@pytest.mark.parametrize(("name", "column"), [("supervision", "supervision_date"), ("staff", "fte"), ("meetings", "held_date")])
def test_a_file_without_a_column_is_left_out_with_its_rows_counted_and_the_rest_is_read(name: str, column: str, tmp_path: Path) -> None:
    text = TEXTS[name].replace(column, "something_else", 1)
    made = built(put(folder(tmp_path), **{**TEXTS, name: text}))
    table = next(f.table for f in FILES if f.name == name)
    many = len(text.strip().splitlines()) - 1
    found = [r for r in made.rejects if r.table == table]
    assert [(r.row, r.column, r.rule) for r in found] == [(n, column, "file_left_out") for n in range(2, many + 2)]
    assert found[0].reason == f"the whole file is left out: it has no column {column}"
    assert (made.counts()[table].read, made.counts()[table].kept) == (many, 0)
    absent = next(a for a in made.absences if a.what == BY_TABLE[table].shows)
    assert absent.because == f"{name}.csv is left out: it has no column {column}"
    assert len(made.tables["referral"])
    assert whats(made) == [absent.what]


def test_priority_needs_one_of_its_two_ids(tmp_path: Path) -> None:
    made = built(put(folder(tmp_path), priority="priority,set_on\nlow,2026-11-01\n"))
    assert [a.because for a in made.absences if "priority" in a.what] == [
        "priority.csv is left out: it has no column person_id or referral_id"
    ]
    by_referral = built(put(folder(tmp_path / "other"), priority="referral_id,priority,set_on\nR1,low,2026-11-01\n"))
    assert rows(by_referral, "priority", "referral_id", "priority") == [("R1", "low")]


@pytest.mark.parametrize("raw", [b"\xff\xfes\x00", b"PK\x03\x04abc", b"\n\n"])
def test_a_file_that_cannot_be_read_at_all_is_left_out_and_said(raw: bytes, tmp_path: Path) -> None:
    at = folder(tmp_path)
    (at / "staff.csv").write_bytes(raw)
    made = built(at)
    assert [(r.table, r.row, r.rule) for r in made.rejects] == [("staff", 1, "file_left_out")]
    assert next(a for a in made.absences if a.what == BY_TABLE["staff"].shows).because.startswith("staff.csv is left out: it ")


def test_two_files_for_one_are_both_left_out(tmp_path: Path) -> None:
    at = put(folder(tmp_path), staff=STAFF)
    (at / "staff_2026-11-20.csv").write_text(STAFF.lstrip())
    made = built(at)
    assert len(made.tables["staff"]) == 0
    assert made.counts()["staff"].quarantined == 4


def test_a_header_alone_shows_nothing_and_says_so(tmp_path: Path) -> None:
    made = built(put(folder(tmp_path), posts=POSTS.strip().splitlines()[0] + "\n"))
    assert [a.because for a in made.absences if a.what == BY_TABLE["post"].shows] == ["posts.csv holds no row that can be used"]


def test_what_no_rule_needs_is_never_kept(tmp_path: Path) -> None:
    texts = {
        "supervision": SUPERVISION.replace("LOCAL7", CANARY).replace("source_code\n", "source_code,notes\n")
        .replace(f",{CANARY}\n", f",{CANARY},{CANARY} said\n").replace(",LOCAL8\n", f",LOCAL8,{CANARY}\n"),
        "priority": PRIORITY.replace(",W9", f",{CANARY}").replace("P4", f"{CANARY} is worried about this family"),
        "contact_decisions": CONTACT_DECISIONS.replace("No further action", f"{CANARY} rang the school"),
    }  # fmt: skip
    made = built(put(folder(tmp_path, sound()), **texts))
    tables = {name: frame.to_dict("records") for name, frame in made.tables.items() if name in BY_TABLE}
    assert len(made.tables["supervision"]) == 2
    assert CANARY.casefold() not in repr((tables, made.rejects, made.notes, made.absences)).casefold()


# --- what is absent ------------------------------------------------------------------------------------------------
def test_each_file_that_is_absent_is_said_in_plain_words(tmp_path: Path) -> None:
    made = built(folder(tmp_path))
    said = [str(a) for a in made.absences if a.what in {f.shows for f in FILES}]
    assert said[0] == "supervision: no export of a case system holds it; add supervision.csv"
    assert [a.rpartition(" ")[2] for a in said] == [f"{f.name}.csv" for f in FILES]
    assert not any(a.everywhere for a in made.absences if a.what in {f.shows for f in FILES})


def test_a_staff_file_answers_for_what_the_export_lacks(tmp_path: Path) -> None:
    in_doubt = "whether an allocated worker is a real person"
    without = next(a for a in built(folder(tmp_path / "a", without="ssd_professionals")).absences if a.what == in_doubt)
    assert without.everywhere  # the number of unallocated cases is too small then: every message says so
    assert in_doubt not in [a.what for a in built(put(folder(tmp_path / "b", without="ssd_professionals"), staff=STAFF)).absences]
    assert "agency workers" in [a.what for a in built(folder(tmp_path / "c")).absences]
    assert "agency workers" not in [a.what for a in built(put(folder(tmp_path / "d"), staff=STAFF)).absences]


def test_names_of_workers_that_are_absent_make_the_doubt_grave(tmp_path: Path) -> None:
    tables = sound()
    tables["ssd_professionals"] = [{k: v for k, v in row.items() if k != "prof_professional_name"} for row in tables["ssd_professionals"]]
    doubt = [a for a in built(folder(tmp_path, tables)).absences if a.what.startswith("whether a worker is a duty pool")]
    assert [a.everywhere for a in doubt] == [True]


def test_one_line_says_what_an_extract_cannot_show() -> None:
    because = "no export of a case system holds it; add supervision.csv"
    absences = [
        Absence("supervision", because),
        Absence("first thing (first_thing) and other thing (other_thing) are not watched", because),
        Absence("visit to a child (cp_visit) is not watched", "the extract has no rows of visit"),
        Absence("whether workers are people", "no names", everywhere=True),
    ]
    assert cannot_show(absences) == "This extract cannot show: whether workers are people; supervision; visit to a child."
    assert cannot_show([]) is None
