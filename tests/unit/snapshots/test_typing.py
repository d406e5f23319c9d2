from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import CANARY, Tables, csv_text, folder, person, referral, sound, workbook

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.extracts import Extract, RawTable, ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.naming import extract_id
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import TABLES, Snapshot, TableCount
from caseclock.snapshots.typing import build, empty

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)


def snapshot(at: Path, source: SourceConfig = SOURCE, as_of: dt.date = AS_OF) -> Snapshot:
    bundle = open_bundle(at)
    received = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    extract = Extract(extract_id(source.id, as_of, bundle.sha256), source.id, as_of, 1, bundle.sha256, bundle.name, str(at), received)
    return build(extract, read(bundle, source, as_of), source)


def referrals(tmp_path: Path, *rows: dict[str, str]) -> Snapshot:
    return snapshot(folder(tmp_path, {"ssd_cin_episodes": list(rows)}))


def reasons(made: Snapshot) -> list[tuple[str, int, str, str]]:
    return [(r.table, r.row, r.column, r.rule) for r in made.rejects]


def test_every_table_is_there_with_its_columns_and_types(tmp_path: Path) -> None:
    made = snapshot(folder(tmp_path))
    kinds = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64", "id": "str", "code": "str"}
    for name, table in TABLES.items():
        for frame in (made.tables[name], empty(table)):
            assert {c: str(frame[c].dtype) for c in frame.columns} == {c.name: kinds[c.kind] for c in table.columns} | {
                "_row": "int64",
                "_file": "str",
            }
        supplementary = name in ("supervision", "staff", "post", "contact_decision", "meeting", "priority")
        assert supplementary or len(made.tables[name]) == made.counts()[name].kept > 0
    assert made.rejects == []


def test_dates_of_both_orders_end_up_the_same(tmp_path: Path) -> None:
    made = referrals(
        tmp_path,
        referral(1, "2026-10-01"),
        referral(2, "01/10/2026"),
        referral(3, "1/10/2026 00:00"),
        referral(4, "2026-10-01T00:00:00.000"),
    )
    assert set(made.tables["referral"]["referral_date"]) == {pd.Timestamp("2026-10-01")}


@pytest.mark.parametrize("date", ["31/02/2026", "20261001", "soon", "2026-10-01 99:99", "0024-10-01"])
def test_an_impossible_date_puts_its_row_in_quarantine(date: str, tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1), referral(2, date))
    assert reasons(made) == [("referral", 3, "referral_date", "bad_date")]
    assert made.counts()["referral"] == TableCount(read=2, kept=1, quarantined=1)
    assert date not in str(made.rejects)


def test_an_impossible_date_in_an_optional_column_does_so_too(tmp_path: Path) -> None:
    """A closing date that cannot be read may be a closed case or an open one: nobody may count it as either."""
    made = referrals(tmp_path, referral(1, cine_close_date="31/09/2026"))
    assert reasons(made) == [("referral", 2, "closed_on", "bad_date")]


def test_a_row_with_two_problems_is_one_row_with_two_reasons(tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1, "never", cine_close_date="never", cine_person_id=""))
    assert len(made.rejects) == 3
    assert made.counts()["referral"] == TableCount(read=1, kept=0, quarantined=1)


@pytest.mark.parametrize("date", ["1900-01-01", "01/01/1900 00:00:00", "-1", "#N/A"])
def test_a_placeholder_is_missing_and_counted(date: str, tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1, cine_close_date=date), referral(2, cine_referral_worker_id="-1", cine_referral_team="ssd_ph"))
    frame = made.tables["referral"]
    assert frame["closed_on"].isna().all()
    assert frame["worker_id"].isna().tolist() == [False, True]
    notes = " | ".join(made.notes)
    for column in ("closed_on", "worker_id", "team_id"):
        assert f"referral.{column}: 1 cells hold a placeholder" in notes


def test_a_placeholder_where_a_value_is_required_puts_the_row_aside(tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1, "1900-01-01"), referral(2, cine_person_id="-1"), referral(3, cine_referral_id=""))
    assert reasons(made) == [
        ("referral", 4, "referral_id", "missing"),
        ("referral", 3, "child_id", "missing"),
        ("referral", 2, "referral_date", "missing"),
    ]


@pytest.mark.parametrize("nothing", ["", " ", "\xa0", "NULL", "null", "(null)", "N/A", "None", "nan"])
def test_blanks_are_missing_and_no_news(nothing: str, tmp_path: Path) -> None:
    made = referrals(
        tmp_path,
        referral(1, cine_referral_worker_id=nothing, cine_close_date=nothing, cine_referral_nfa=nothing, cine_referral_outcome_json=""),
    )
    row = made.tables["referral"].iloc[0]
    assert row[["worker_id", "closed_on", "nfa"]].isna().all()
    assert not [n for n in made.notes if n.startswith("referral.")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Y", True),
        ("y", True),
        ("Yes", True),
        ("a) Yes", True),
        ("true", True),
        ("1", True),
        ("N", False),
        ("b) No", False),
        ("0", False),
        ("FALSE", False),
    ],
)
def test_flags_are_read_in_every_spelling(text: str, value: bool, tmp_path: Path) -> None:
    assert bool(referrals(tmp_path, referral(1, cine_referral_nfa=text)).tables["referral"]["nfa"].iloc[0]) is value


def test_a_flag_that_says_neither_is_missing_and_its_row_stays(tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1, cine_referral_nfa="perhaps"), referral(2, cine_referral_nfa="c) Unknown"))
    assert made.tables["referral"]["nfa"].isna().all()
    assert "referral.nfa: 1 cells are no flag and are read as missing" in made.notes


def test_a_number_that_is_none_is_missing_and_its_row_stays(tmp_path: Path) -> None:
    row = sound()["ssd_professionals"][0]
    rows = [
        row,
        row | {"prof_professional_id": "W2", "prof_full_time_equivalency": "full"},
        row | {"prof_professional_id": "W3", "prof_full_time_equivalency": "inf"},
    ]
    made = snapshot(folder(tmp_path, {"ssd_professionals": rows}))
    assert made.tables["worker"]["fte"].notna().tolist() == [True, False, False]
    assert "worker.fte: 2 cells are no number and are read as missing" in made.notes


def test_the_first_row_of_a_key_stays_and_the_others_say_how_they_differ(tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1), referral(2), referral(1), referral(1, "2026-09-02"), referral(1))
    assert list(made.tables["referral"]["_row"]) == [2, 3]
    assert [(r.row, r.reason) for r in made.rejects] == [
        (4, "exact copy of row 2"),
        (5, "same key as row 2, with other content"),
        (6, "exact copy of row 2"),
    ]
    assert made.counts()["referral"] == TableCount(read=5, kept=2, quarantined=3)


def test_a_row_that_cannot_be_used_does_not_keep_a_sound_one_with_its_key_out(tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1, "never"), referral(1))
    assert list(made.tables["referral"]["_row"]) == [3]
    assert reasons(made) == [("referral", 2, "referral_date", "bad_date")]


def test_a_copy_in_another_file_names_that_file() -> None:
    frames = [
        pd.DataFrame({"plan_id": ["1"], "child_id": ["C"], "kind": ["cp"], "started_on": ["2026-01-01"], "_row": [7], "_file": [f]})
        for f in ("a.csv", "b.csv")
    ]
    made = build(snapshot_extract(), ReadResult([RawTable("plan", f) for f in frames]), SOURCE)
    assert [(r.file, r.reason) for r in made.rejects] == [("b.csv", "exact copy of row 7 of a.csv")]


def test_a_code_outside_its_set_puts_the_row_aside() -> None:
    frame = pd.DataFrame(
        {
            "plan_id": ["1", "2"],
            "child_id": ["C", "C"],
            "kind": ["cp", "care"],
            "started_on": ["2026-01-01"] * 2,
            "_row": [2, 3],
            "_file": ["a"] * 2,
        }
    )
    made = build(snapshot_extract(), ReadResult([RawTable("plan", frame)]), SOURCE)
    assert [(r.row, r.column, r.reason) for r in made.rejects] == [(3, "kind", "its code is not known; expected cin or cp")]


def snapshot_extract() -> Extract:
    return Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


def test_a_malformed_line_counts_as_read_and_quarantined(tmp_path: Path) -> None:
    raw = (csv_text(sound()["ssd_cin_episodes"]) + "R3,C3\n").encode()
    made = snapshot(folder(tmp_path, raw={"ssd_cin_episodes": raw}))
    assert made.counts()["referral"] == TableCount(read=3, kept=2, quarantined=1)


def test_a_table_that_is_not_there_is_empty_and_not_counted(tmp_path: Path) -> None:
    made = snapshot(folder(tmp_path, without="ssd_cp_visits"))
    assert set(made.tables["visit"]["kind"]) == {"cin", "cla"}
    made = snapshot(folder(tmp_path / "b", without="ssd_contacts"))
    assert len(made.tables["contact"]) == 0
    assert "contact" not in made.counts()


def test_personal_values_are_in_no_table_reject_note_or_absence(tmp_path: Path) -> None:
    """Every personal column of the sound extract holds a mark; so do the broken rows that are added here."""
    tables: Tables = {
        "ssd_person": [*sound()["ssd_person"], person(1), person(3, pers_death_date=f"{CANARY}-died")],
        "ssd_cin_episodes": [
            referral(1, f"{CANARY}-date"),
            referral(2, cine_referral_nfa=f"{CANARY}-nfa", cine_close_date=f"{CANARY}-closed"),
        ],
        "ssd_professionals": [
            sound()["ssd_professionals"][0] | {"prof_full_time_equivalency": f"{CANARY}-fte", "prof_agency_worker_flag": f"{CANARY}-agency"}
        ],
    }
    made = snapshot(folder(tmp_path, tables))
    everything = repr({n: f.to_dict("records") for n, f in made.tables.items()}) + repr((made.rejects, made.notes, made.absences))
    assert len(made.rejects) == 4
    assert CANARY not in everything


def test_annex_a_dates_of_every_kind_are_typed_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    made = snapshot(workbook(tmp_path / "x.xlsx"))
    received = made.tables["referral"][made.tables["referral"]["_file"].str.contains("List 3", regex=False)]
    assert [str(d.date()) for d in received["referral_date"]] == ["2026-09-01", "2026-09-15", "2026-09-15"]
    assert reasons(made) == [("s47", 4, "Child Unique ID", "missing"), ("assessment", 3, "started_on", "bad_date")]
    counts = made.counts()
    assert counts["s47"] == TableCount(3, 2, 1)
    assert counts["assessment"] == TableCount(2, 1, 1)


@pytest.mark.needs_shared
def test_the_published_annex_a_sample_gives_the_published_ages(shared: Path) -> None:
    made = snapshot(shared / "domain" / "data" / "annex_a" / "Annex_A_2024_Jan.xlsx", as_of=dt.date(2021, 3, 31))
    calendar, tables = WorkingCalendar(), made.tables
    taken = calendar.elapsed_many(tables["assessment"]["started_on"].to_numpy(), tables["assessment"]["authorised_on"].to_numpy())
    assert taken.tolist() == [439, 308, 223, 236, 236]
    both = tables["s47"].merge(tables["conference"], on="s47_id")
    assert calendar.elapsed_many(both["strategy_on"].to_numpy(), both["held_on"].to_numpy()).tolist() == [13, 13, 11]
    assert list(tables["s47"]["icpc_required"]) == [True, True, False, False, True]
    assert made.rejects == []
    assert {n: c.kept for n, c in made.counts().items() if n in ("contact", "referral", "assessment", "s47", "plan")} == {
        "contact": 5,
        "referral": 11,  # six of List 3, and what List 6 holds of earlier ones
        "assessment": 5,
        "s47": 5,
        "plan": 12,
    }
    assert tables["referral"]["child_id"].tolist()[0] == "6537810"
    assert any("older than six months" in str(a) for a in made.absences)


def test_of_two_referrals_with_one_key_the_open_one_is_used(tmp_path: Path) -> None:
    closed, open_ = referral(1, "2026-10-01"), referral(1, "2026-10-01")
    closed["cine_close_date"] = "2026-11-01"
    made = referrals(tmp_path, closed, open_)
    assert made.tables["referral"]["closed_on"].isna().all()
    assert [(r.row, r.rule) for r in made.rejects] == [(2, "duplicate")]


def test_of_two_involvements_with_one_key_the_ended_one_is_used() -> None:
    base = {"allocation_id": "1", "child_id": "9", "referral_id": "1", "worker_id": "w", "role": "CW", "started_on": "2026-10-01"}
    rows = [{**base, "ended_on": None, "_row": 2, "_file": "a.csv"}, {**base, "ended_on": "2026-11-01", "_row": 3, "_file": "a.csv"}]
    made = build(snapshot_extract(), ReadResult([RawTable("allocation", pd.DataFrame(rows))]), SOURCE)
    assert made.tables["allocation"]["ended_on"].notna().all()


@pytest.mark.parametrize("column", ["cine_person_id", "cine_referral_team", "cine_cin_primary_need_code", "cine_close_date"])
@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|x", "-cmd", " =HYPERLINK(1)", "\t=1", "-1+1"])
def test_a_cell_that_begins_like_a_formula_puts_its_row_aside(column: str, cell: str, tmp_path: Path) -> None:
    made = referrals(tmp_path, referral(1), referral(2, **{column: cell}))
    assert [(r.row, r.rule) for r in made.rejects] == [(3, "formula")]
    assert made.counts()["referral"] == TableCount(read=2, kept=1, quarantined=1)
    assert cell.strip() not in str(made.rejects)


@pytest.mark.parametrize("cell", ["-1", "-12", "+44 20", "-0.5", "a=b", "x@y", "-"])
def test_a_number_with_a_sign_or_a_sign_inside_is_no_formula(cell: str, tmp_path: Path) -> None:
    assert referrals(tmp_path, referral(1, cine_referral_team=cell)).rejects == []


def test_a_formula_as_the_id_of_a_plan_is_seen_although_ids_of_plans_get_a_prefix(tmp_path: Path) -> None:
    rows = [sound()["ssd_cp_plans"][0] | {"cppl_cp_plan_id": "=1+1"}]
    assert ("plan", 2, "plan_id", "formula") in reasons(snapshot(folder(tmp_path, {"ssd_cp_plans": rows})))
