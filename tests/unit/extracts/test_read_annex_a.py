from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import ANNEX, CANARY, COMMON, workbook, zipped

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.model import ReadResult
from caseclock.extracts.readers import read
from caseclock.extracts.readers.annex_a.cells import text_of
from caseclock.extracts.readers.annex_a.lists import fold_header, number_in
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import TABLES

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)
Sheets = dict[str, list[list[object]]]


def read_book(tmp_path: Path, change: Callable[[Sheets], None] | None = None) -> ReadResult:
    return read(open_bundle(workbook(tmp_path / "x.xlsx", change)), SOURCE, AS_OF)


def table(result: ReadResult, name: str) -> pd.DataFrame:
    return pd.concat([t.frame for t in result.tables if t.table == name], ignore_index=True)


def received(result: ReadResult) -> pd.DataFrame:
    """The referrals that List 3 itself holds."""
    made = table(result, "referral")
    return made[made["_file"] != made["_file"].iloc[-1]] if made["referral_id"].str.startswith("6:").any() else made


def test_each_list_fills_its_tables(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    names = ("contact", "referral", "assessment", "s47", "conference", "plan", "visit", "review", "care")
    rows = {name: len(table(result, name)) for name in names if any(t.table == name for t in result.tables)}
    assert rows == {"contact": 1, "referral": 4, "assessment": 2, "s47": 2, "conference": 1, "plan": 2, "visit": 3, "care": 1}
    for raw in result.tables:
        assert set(raw.frame.columns) <= {*TABLES[raw.table].names, "_row", "_file"}


def test_keys_are_made_of_list_child_and_date_and_rows_keep_their_number(tmp_path: Path) -> None:
    made = received(read_book(tmp_path))
    assert list(made["referral_id"]) == ["3:11:2026-09-01", "3:12:15/09/2026", "3:13:2026-09-15"]
    assert list(made["_row"]) == [2, 3, 4]
    assert set(made["_file"]) == {"x.xlsx[List 3]"}


def test_a_row_without_a_child_is_put_aside_and_a_row_of_nothing_is_none(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    assert [(r.table, r.file, r.row, r.column) for r in result.rejects] == [("s47", "x.xlsx[List 5]", 4, "Child Unique ID")]
    assert "List 5 (x.xlsx[List 5]): 3 rows read" in result.notes


def test_children_are_one_row_each_however_many_lists_they_are_on(tmp_path: Path) -> None:
    made = table(read_book(tmp_path), "child").set_index("child_id")
    assert sorted(made.index) == ["11", "12", "13", "14", "15"]
    assert made["sex"].fillna("?").to_dict() == {"11": "M", "12": "F", "13": "?", "14": "M", "15": "M"}
    assert made["unborn"].fillna("?").to_dict() == {"11": "N", "12": "N", "13": "Y", "14": "?", "15": "?"}
    assert made["died_on"].fillna("").to_dict()["14"] == "2026-07-01"


def test_only_codes_that_are_known_are_kept(tmp_path: Path) -> None:
    assert received(read_book(tmp_path))["source"].fillna("?").tolist() == ["6", "?", "3D"]


def test_nobody_is_nobody_however_it_is_written(tmp_path: Path) -> None:
    """Blank, NBSP, #N/A and -1 are no worker; a blank worker is the signal that this product exists for."""
    result = read_book(tmp_path)
    assert table(result, "assessment")["worker_id"].isna().all()
    assert received(result)["worker_id"].isna().tolist() == [False, True, False]


def test_a_worker_is_a_hash_and_the_same_whatever_space_is_in_the_name(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    workers = table(result, "worker")
    assert workers["worker_id"].str.fullmatch(r"w:[0-9a-f]{12}").all()
    assert list(workers["is_person"]) == ["Y", "N", "Y"]
    assert table(result, "referral")["worker_id"][0] == table(result, "s47")["worker_id"][0]


def test_one_open_involvement_per_child_with_a_worker_by_what_is_open_now(tmp_path: Path) -> None:
    made = table(read_book(tmp_path), "allocation").set_index("child_id")
    assert sorted(made.index) == ["11", "13"], "the worker of an episode that has ended has the case no more"
    assert made.loc["11", "team_id"] == "Team Two", "the open protection plan says more than the referral"
    assert (made["role"] == SOURCE.allocated_roles[0]).all()
    assert made["started_on"].isna().all()


def test_a_conference_is_required_unless_it_was_deemed_unnecessary(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    assert list(table(result, "s47")["icpc_required"]) == ["Y", "N"]
    assert list(table(result, "conference")["s47_id"]) == ["5:11:2026-09-10"]


def test_a_case_status_other_than_a_plan_makes_no_plan_and_is_counted(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    assert list(table(result, "plan")["plan_id"]) == ["6:12:2026-09-15", "7:11:2026-09-29"]
    assert [n for n in result.notes if "2 rows have a case status other than" in n]


def test_every_result_says_what_annex_a_cannot_show(tmp_path: Path) -> None:
    said = [str(a) for a in read_book(tmp_path).absences]
    assert any("older than six months" in s for s in said)
    assert any("only the subject of a referral" in s for s in said)
    assert any("closed" in s for s in said)


def test_lists_that_are_not_read_are_counted(tmp_path: Path) -> None:
    header = [*COMMON, "Assessment start date", "Assessment completion date", "Organisation completing assessment"]
    early_help = [header, [15, None, None, None, None, dt.date(2026, 9, 1), None, "x"]]
    for name in ("List 2", "EH"):
        result = read_book(tmp_path, lambda sheets, name=name: sheets.update({name: early_help}))  # type: ignore[misc]
        assert f"{name} (early help) is not used, no rule reads it: 1 rows" in result.notes


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("List 4", 4),
        ("List_4", 4),
        ("LIST4", 4),
        ("Ofsted List 4 - Assessments 2026", 4),
        ("Assessments", 4),
        ("Sec47 and ICPC", 5),
        ("List 11", 11),
        ("Children in Care", 8),
        ("Sheet1", None),
        ("List 44", None),
    ],
)
def test_a_sheet_is_known_by_name(name: str, number: int | None) -> None:
    assert number_in(name) == number


def test_a_sheet_with_another_name_is_known_by_its_headers(tmp_path: Path) -> None:
    def rename(sheets: Sheets) -> None:
        for n, name in enumerate(list(sheets)):
            sheets[f"Sheet{n}"] = sheets.pop(name)

    assert len(received(read_book(tmp_path, rename))) == 3


def test_a_sheet_whose_name_and_headers_disagree_is_what_its_headers_say(tmp_path: Path) -> None:
    def swap(sheets: Sheets) -> None:
        sheets["List 3"], sheets["List 4"] = sheets["List 4"], sheets["List 3"]

    result = read_book(tmp_path, swap)
    assert (len(received(result)), len(table(result, "assessment"))) == (3, 2)


def test_a_title_above_the_header_moves_no_row_number(tmp_path: Path) -> None:
    def title(sheets: Sheets) -> None:
        sheets["List 3"] = [["Referrals"], [], *sheets["List 3"]]

    assert list(received(read_book(tmp_path, title))["_row"]) == [4, 5, 6]


def test_drifted_headers_are_recognised(tmp_path: Path) -> None:
    def drift(sheets: Sheets) -> None:
        sheets["List 3"][0] = [" child unique\xa0ID ", "Sex", "E", "DATE OF BIRTH", "Age", "Date of referral", "Referral  source",
                               "Referral NFA", "Number", "Allocated team", "Allocated worker (name)"]  # fmt: skip

    result = read_book(tmp_path, drift)
    assert len(received(result).dropna(subset="referral_date")) == 3
    assert not [a for a in result.absences if "List 3" in a.what]


@pytest.mark.parametrize("header", ["‘Missing’ (Y/N))", "'missing' (Y/N)", "MISSING  (y/n)", "\xa0Missing\xa0(Y/N)?"])
def test_headers_are_compared_without_case_space_quotes_and_brackets(header: str) -> None:
    assert fold_header(header) == "missing y n"


def test_a_list_that_lost_a_column_it_cannot_do_without_is_refused(tmp_path: Path) -> None:
    def lose(sheets: Sheets) -> None:
        sheets["List 4"][0][6] = "Start"

    with pytest.raises(BadExtract, match=r"List 4.*Continuous Assessment Start Date"):
        read_book(tmp_path, lose)


def test_a_list_that_lost_another_column_says_so(tmp_path: Path) -> None:
    def lose(sheets: Sheets) -> None:
        sheets["List 4"][0][8] = "x"

    assert [a for a in read_book(tmp_path, lose).absences if a.what == "Continuous Assessment Date of Authorisation of List 4"]


def test_a_workbook_without_referrals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="referral"):
        read_book(tmp_path, lambda sheets: sheets.pop("List 3"))  # type: ignore[arg-type,return-value]


def test_two_sheets_for_one_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="two sheets are List 3"):
        read_book(tmp_path, lambda sheets: sheets.update({"List 3 (2)": sheets["List 3"]}))


def test_another_sheet_is_noted_and_harmless(tmp_path: Path) -> None:
    result = read_book(tmp_path, lambda sheets: sheets.update({"Cover": [["Made by"], ["x"]]}))
    assert [n for n in result.notes if n.startswith("the sheet Cover is not used")]


def test_a_workbook_in_a_zip_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    workbook(tmp_path / "in" / "x.xlsx")
    assert len(received(read(open_bundle(zipped(tmp_path / "in", tmp_path / "x.zip")), SOURCE, AS_OF))) == 3


@pytest.mark.parametrize(
    ("cell", "date", "text"),
    [
        (9212044.0, False, "9212044"),
        (1.5, False, "1.5"),
        (True, False, "Y"),
        (46280.0, True, "2026-09-15"),
        (46280.75, True, "2026-09-15"),
        (46280.0, False, "46280"),
        (5.0, True, "5"),
        (dt.date(2026, 9, 15), True, "2026-09-15"),
        (dt.datetime(2026, 9, 15, 9, 30), True, "2026-09-15 09:30:00"),
        (dt.time(9, 30), False, "09:30:00"),
        (-1.0, False, None),
        (float("nan"), False, None),
        ("#N/A", False, None),
        ("\xa0", False, None),
        (" a \xa0 b ", False, "a b"),
        ("15/09/2026", True, "15/09/2026"),
    ],
)
def test_a_cell_as_text(cell: object, date: bool, text: str | None) -> None:
    assert text_of(cell, date=date) == text


def test_no_name_and_no_date_of_birth_is_in_the_result(tmp_path: Path) -> None:
    result = read_book(tmp_path)
    everything = repr([t.frame.to_dict("records") for t in result.tables]) + repr((result.rejects, result.notes, result.absences))
    assert CANARY not in everything
    assert "2015-01-01" not in everything
    assert any(CANARY in str(cell) for sheet in ANNEX.values() for row in sheet for cell in row)
