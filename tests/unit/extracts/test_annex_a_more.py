"""Lists 8 and 9, episodes that are referrals, the split form, formulas, and workbooks that wish us harm."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from made_extracts import ANNEX, COMMON, WHO, workbook

from caseclock.errors import BadExtract
from caseclock.extracts import Extract, ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import annex_a, read
from caseclock.extracts.readers.annex_a.lists import LISTS, fold_header
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.workbook import column_name, column_number
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)
D = dt.date
Sheets = dict[str, list[list[object]]]
EIGHT = [*COMMON, *(c.title for c in LISTS[8].columns if c.title not in (*COMMON, *WHO)), *WHO]
NINE = [*COMMON, *(c.title for c in LISTS[9].columns if c.title not in COMMON)]


def book(tmp_path: Path, **lists: list[list[object]]) -> ReadResult:
    """The sound workbook with other rows in some lists: `List_6=[[...]]`, below the header that they have."""

    def change(sheets: Sheets) -> None:
        for name, rows in lists.items():
            header = {"List_8": EIGHT, "List_9": NINE}.get(name) or ANNEX[name.replace("_", " ")][0]
            sheets[name.replace("_", " ")] = [header, *rows]

    return read(open_bundle(workbook(tmp_path / "x.xlsx", change)), SOURCE, AS_OF)


def table(result: ReadResult, name: str) -> pd.DataFrame:
    return pd.concat([t.frame for t in result.tables if t.table == name], ignore_index=True)


def three(child: object, on: object, nfa: str = "b) No", worker: str | None = None) -> list[object]:
    return [child, "a) Male", "x", None, 5, on, "q) 6: Police", nfa, 0, "Team One", worker]


def six(child: object, start: object, end: object = None, status: str = "d) Open assessment", worker: str | None = None) -> list[object]:
    return [child, "a) Male", "x", None, 5, "b) No", start, "N1", None, end, "RC7" if end else None, status, "Team Two", worker]


def referrals(tmp_path: Path, rows3: list[list[object]], rows6: list[list[object]]) -> dict[str, str | None]:
    made = table(book(tmp_path, List_3=rows3, List_6=rows6), "referral")
    return {k: None if pd.isna(v) else v for k, v in made.set_index("referral_id")["closed_on"].items()}


# --- columns -------------------------------------------------------------------------------------------------------
def test_every_title_of_the_template_is_the_right_column_or_none(shared: Path) -> None:
    """All columns of the lists that are read, in template order, in capitals, with NBSP, and without marks."""
    rows = list(csv.DictReader((shared / "domain/data/annex_a/annex_a_columns.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 169
    checked = 0
    for number, spec in LISTS.items():
        titles = [r["column"] for r in rows if r["list"] == f"list_{number}"]
        ours = {fold_header(c.title): c.name for c in spec.columns}
        for drift in (
            str,
            str.upper,
            lambda t: f"\xa0{t.replace(' ', chr(0xA0))} ",
            lambda t: t.replace("'", "’") + "?",
            lambda t: t + ")",
        ):
            found = spec.columns_in([fold_header(drift(t)) for t in titles])
            expected = {ours[fold_header(t)]: n for n, t in enumerate(titles) if fold_header(t) in ours}
            assert found == expected, number
            assert set(expected) == {c.name for c in spec.columns}, number
            checked += len(titles)
    assert checked == 5 * sum(int(r["list"][5:]) in LISTS for r in rows)


@pytest.mark.parametrize(
    ("number", "name", "headers"),
    [
        (1, "child", ["Child's Identifier", "child unique id", "Unique ID of child", "Child ID"]),
        (1, "dob", ["Date of birth (dd/mm/yyyy)", "DOB"]),
        (1, "contact_on", ["Date of the contact", "DATE OF CONTACT"]),
        (1, "source", ["Contact source (code)"]),
        (3, "referral_date", ["Date of referral", "Date of the Referral", "Referral Date"]),
        (3, "nfa", ["Referral NFA", "Referral: NFA (Y/N)?"]),
        (4, "seen", ["Child seen during continuous assessment (Y/N)"]),
        (7, "reviewed_on", ["Date of Latest Review Conference"]),
        (8, "legal", ["Child’s Legal Status", "Childs legal status"]),
        (9, "adviser", ["Allocated Personal Adviser"]),
    ],
)
def test_a_header_that_drifted_is_the_right_column(number: int, name: str, headers: list[str]) -> None:
    for header in headers:
        assert LISTS[number].columns_in([fold_header(h) for h in ("x", header, "y")]) == {name: 1}


# --- what is one episode --------------------------------------------------------------------------------------------
def test_an_open_episode_without_a_referral_of_its_own_is_open_work(tmp_path: Path) -> None:
    assert referrals(tmp_path, [three(1, D(2026, 9, 1))], [six(2, D(2020, 3, 2))]) == {"3:1:2026-09-01": None, "6:2:2020-03-02": None}


@pytest.mark.parametrize(
    ("received", "start", "end", "made"),
    [
        (D(2026, 9, 1), D(2026, 9, 1), None, {"3": None}),
        (D(2026, 9, 1), D(2026, 10, 20), None, {"3": None}),
        (D(2026, 9, 20), D(2026, 9, 1), None, {"3": None}),
        (D(2026, 9, 1), D(2026, 9, 1), D(2026, 10, 1), {"3": "2026-10-01"}),
        (D(2026, 9, 1), D(2025, 2, 1), None, {"3": None, "6": None}),
        (D(2026, 9, 10), D(2026, 9, 1), D(2026, 9, 5), {"3": None, "6": "2026-09-05"}),
        ("10/09/2026", D(2026, 9, 10), D(2026, 10, 1), {"3": "2026-10-01"}),
        ("no date", D(2026, 9, 10), None, {"3": None, "6": None}),
    ],
    ids=["same day", "referral first", "corrected date", "closed", "referral on an old case", "after its closure", "text", "unreadable"],
)
def test_a_referral_and_its_episode_are_counted_once(
    tmp_path: Path, received: object, start: object, end: object, made: dict[str, str | None]
) -> None:
    found = referrals(tmp_path, [three(1, received)], [six(1, start, end)])
    assert {key[0]: value for key, value in found.items()} == made


def test_an_episode_after_a_referral_that_ended_at_once_is_seen(tmp_path: Path) -> None:
    found = referrals(tmp_path, [three(1, D(2026, 9, 1), nfa="a) Yes")], [six(1, D(2026, 9, 1))])
    assert found == {"3:1:2026-09-01": None, "6:1:2026-09-01": None}


def test_two_episodes_never_close_one_referral_between_them(tmp_path: Path) -> None:
    rows = [six(1, D(2026, 9, 1), D(2026, 9, 20)), six(1, D(2026, 10, 1))]
    assert referrals(tmp_path, [three(1, D(2026, 8, 1))], rows) == {"3:1:2026-08-01": None, "6:1:2026-09-01": "2026-09-20"}


def test_a_copied_row_of_list_6_is_put_aside_and_the_open_one_counts(tmp_path: Path) -> None:
    result = book(tmp_path, List_6=[six(7, D(2026, 9, 1), D(2026, 9, 9)), six(7, D(2026, 9, 1))])
    made = table(result, "referral").set_index("referral_id")
    assert pd.isna(made.loc["6:7:2026-09-01", "closed_on"])
    assert [(r.table, r.row, r.rule) for r in result.rejects if "List 6" in r.file] == [("referral", 2, "duplicate")]


def test_a_blank_worker_on_list_6_is_nobody_even_if_an_old_referral_names_one(tmp_path: Path) -> None:
    rows3 = [three(1, D(2026, 9, 1), worker="Worker 1"), three(2, D(2026, 9, 1), worker="Worker 1")]
    result = book(tmp_path, List_3=rows3, List_6=[six(1, D(2026, 9, 1))], List_5=[], List_7=[])
    assert list(table(result, "allocation")["child_id"]) == ["2"]


def test_a_looked_after_child_without_worker_on_no_other_list_is_said_everywhere(tmp_path: Path) -> None:
    row = {**dict.fromkeys(EIGHT), "Child Unique ID": 91, "Date Started to be Looked After": D(2025, 1, 1)}
    result = book(tmp_path, List_8=[[row[h] for h in EIGHT]])
    assert [a.everywhere for a in result.absences if a.what == "1 looked-after children whom nobody has"] == [True]


# --- Lists 8 and 9 --------------------------------------------------------------------------------------------------
def test_list_8_gives_care_placement_legal_status_review_and_visit(tmp_path: Path) -> None:
    row = dict.fromkeys(EIGHT) | {
        "Child Unique ID": 21,
        "Date Started to be Looked After": D(2025, 1, 6),
        "Start date of current legal status": D(2025, 2, 1),
        "Child's Legal Status": "C2: FCO",
        "Date of Latest Statutory Review": D(2026, 8, 3),
        "Date of Last Social Work Visit": D(2026, 10, 5),
        "Start Date of Most Recent Placement": D(2026, 1, 7),
        "Placement Type": "f) U6: Foster placement - not FFA",
        "Allocated Team": "Care Team",
        "Allocated Worker": "Worker 4",
    }
    result = book(tmp_path, List_8=[[row[h] for h in EIGHT]])
    care = table(result, "care").iloc[0]
    assert (care["care_id"], care["entered_on"], care["started_on"]) == ("8:21:2025-01-06", "2025-01-06", "2025-01-06")
    assert table(result, "placement").iloc[0][["kind", "started_on", "care_id"]].tolist() == ["U6", "2026-01-07", "8:21:2025-01-06"]
    assert table(result, "legal").iloc[0][["status", "started_on"]].tolist() == ["C2", "2025-02-01"]
    review = table(result, "review")
    assert review[review["kind"] == "cla"].iloc[0][["held_on", "care_id"]].tolist() == ["2026-08-03", "8:21:2025-01-06"]
    visit = table(result, "visit")
    assert visit[visit["kind"] == "cla"].iloc[0][["visit_on", "seen"]].tolist() == ["2026-10-05", "Y"]
    assert "21" in set(table(result, "allocation")["child_id"])


def test_a_looked_after_child_who_died_is_known_to_have_died(tmp_path: Path) -> None:
    row = dict.fromkeys(EIGHT) | {
        "Child Unique ID": 22,
        "Date Started to be Looked After": D(2025, 1, 6),
        "Date Ceased to be Looked After": D(2026, 3, 1),
        "Reason Ceased to be Looked After": "b) E2: Died",
    }
    made = table(book(tmp_path, List_8=[[row[h] for h in EIGHT]]), "child").set_index("child_id")
    assert made.loc["22", "died_on"] == "2026-03-01"


def test_list_9_gives_care_leavers_and_their_personal_adviser(tmp_path: Path) -> None:
    row = dict.fromkeys(NINE) | {
        "Child Unique ID": 31,
        "Allocated Personal Advisor": "Worker 8",
        "Eligibility Category": "b) Former relevant child",
        "LA in Touch": "a) Yes",
        "Latest Date of Contact": D(2026, 10, 1),
        "Latest Pathway Plan Review Date": D(2026, 5, 1),
    }
    result = book(tmp_path, List_9=[[row[h] for h in NINE]])
    made = table(result, "care_leaver").iloc[0]
    assert made[["eligibility", "in_touch", "contacted_on", "reviewed_on"]].tolist() == ["former_relevant", "Y", "2026-10-01", "2026-05-01"]
    assert made["worker_id"] in set(table(result, "worker")["worker_id"])


def test_a_worker_s_id_depends_on_the_source_and_on_the_installation_s_secret(tmp_path: Path) -> None:
    bundle = open_bundle(workbook(tmp_path / "x.xlsx"))
    other = SOURCE.model_copy(update={"id": "south"})
    results = [annex_a.read(bundle, SOURCE, AS_OF), annex_a.read(bundle, other, AS_OF), annex_a.read(bundle, SOURCE, AS_OF, salt=b"secret")]
    ids = [set(table(result, "worker")["worker_id"]) for result in results]
    assert not ids[0] & ids[1] and not ids[0] & ids[2]
    assert ids[0] == set(table(annex_a.read(bundle, SOURCE, AS_OF), "worker")["worker_id"])


# --- the split form -------------------------------------------------------------------------------------------------
def split(at: Path, change: Callable[[str, str], str] = lambda name, text: text) -> Path:
    at.mkdir()
    for name, rows in ANNEX.items():
        text = io.StringIO()
        csv.writer(text).writerows([[_spelled(cell) for cell in row] for row in rows])
        (at / f"{name.replace(' ', '_')}.csv").write_text(change(name, text.getvalue()), encoding="utf-8")
    return at


def _spelled(cell: object) -> object:
    if cell == 46280.0:  # Excel's number of a day, which no CSV holds
        cell = D(2026, 9, 15)
    return cell.strftime("%d/%m/%Y") if isinstance(cell, dt.date) else cell


def test_lists_as_csv_are_read_as_the_workbook_is(tmp_path: Path) -> None:
    from_csv = read(open_bundle(split(tmp_path / "x")), SOURCE, AS_OF)
    from_book = read(open_bundle(workbook(tmp_path / "x.xlsx")), SOURCE, AS_OF)
    extract = Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    left, right = build(extract, from_csv, SOURCE), build(extract, from_book, SOURCE)
    assert left.counts() == right.counts()
    dated = left.tables["referral"].sort_values("_row"), right.tables["referral"].sort_values("_row")
    assert dated[0]["referral_date"].tolist() == dated[1]["referral_date"].tolist()
    assert set(left.tables["referral"]["_file"]) == {"List_3.csv", "List_6.csv"}


def test_a_broken_line_of_a_list_as_csv_is_one_row_in_quarantine(tmp_path: Path) -> None:
    at = split(tmp_path / "x", lambda name, text: text + "1,2\r\n" if name == "List 3" else text)
    rejects = read(open_bundle(at), SOURCE, AS_OF).rejects
    assert [(r.table, r.file, r.row, r.rule) for r in rejects if r.file == "List_3.csv"] == [("referral", "List_3.csv", 5, "malformed")]


def test_a_workbook_and_single_lists_together_are_refused(tmp_path: Path) -> None:
    workbook(split(tmp_path / "x") / "book.xlsx")
    with pytest.raises(BadExtract, match="nobody can know which count"):
        read(open_bundle(tmp_path / "x"), SOURCE, AS_OF)


def test_a_workbook_beside_other_csv_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    workbook(tmp_path / "x" / "book.xlsx")
    (tmp_path / "x" / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert len(table(read(open_bundle(tmp_path / "x"), SOURCE, AS_OF), "contact")) == 1


# --- workbooks that wish us harm -------------------------------------------------------------------------------------
def rezipped(at: Path, change: Callable[[str, bytes], bytes] = lambda n, d: d, more: dict[str, bytes] | None = None) -> Path:
    raw = workbook(at).read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return at


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, data: data.replace(old, new, 1) if name == "xl/worksheets/sheet1.xml" else data


DOCTYPE = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
HARMFUL: dict[str, tuple[Callable[[Path], Path], str]] = {
    "macros in .xlsx": (lambda at: rezipped(at, more={"xl/vbaProject.bin": b"x"}), "macros"),
    "macros in .xlsm": (lambda at: rezipped(at.with_suffix(".xlsm"), more={"xl/vbaProject.bin": b"x"}), "macros"),
    "macros of Excel 4": (lambda at: rezipped(at, more={"xl/macrosheets/sheet1.xml": b"<x/>"}), "macros"),
    "entities in a sheet": (lambda at: rezipped(at, in_sheet(b"<worksheet", DOCTYPE)), "DOCTYPE"),
    "entities in the strings": (
        lambda at: rezipped(at, more={"xl/sharedStrings.xml": DOCTYPE.replace(b"<worksheet", b"<sst/>")}),
        "DOCTYPE",
    ),
    "a cell at the end of the world": (
        lambda at: rezipped(at, in_sheet(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')),
        "row 1048576 and column XFD",
    ),
    "a sheet that is no XML": (lambda at: rezipped(at, in_sheet(b"</sheetData>", b"<")), "cut short or damaged"),
    "a sheet without end": (lambda at: rezipped(at, in_sheet(b"</sheetData>", b"<a>" * 200)), "nested"),
    "a tag without end": (lambda at: rezipped(at, in_sheet(b"</sheetData>", b"<a " + b" " * (6 * 2**20))), "tag"),
    "a binary workbook": (lambda at: rezipped(at, more={"xl/workbook.bin": b"x"}), "xlsb"),
    "another document": (lambda at: _zip(at, {"content.xml": b"<a/>"}), "no Excel workbook"),
    "a password": (
        lambda at: _bytes(at, b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")),
        "locked with a password",
    ),
}


def _zip(at: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(at, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return at


def _bytes(at: Path, raw: bytes) -> Path:
    at.write_bytes(raw)
    return at


@pytest.mark.parametrize("name", HARMFUL)
def test_a_workbook_that_could_do_harm_is_refused(name: str, tmp_path: Path) -> None:
    make, says = HARMFUL[name]
    with pytest.raises(BadExtract, match=says) as refused:
        read(open_bundle(make(tmp_path / "x.xlsx")), SOURCE, AS_OF)
    assert refused.value.todo


def test_harm_inside_a_zip_or_folder_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    rezipped(tmp_path / "x" / "book.xlsx", more={"xl/vbaProject.bin": b"x"})
    with pytest.raises(BadExtract, match="macros"):
        read(open_bundle(tmp_path / "x"), SOURCE, AS_OF)


def test_an_xlsm_without_macros_is_read(tmp_path: Path) -> None:
    assert len(table(read(open_bundle(rezipped(tmp_path / "x.xlsm")), SOURCE, AS_OF), "contact")) == 1


def test_a_sheet_that_only_claims_to_be_huge_is_read(tmp_path: Path) -> None:
    def claim(name: str, data: bytes) -> bytes:
        data = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', data)
        return data.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>') if "/sheet" in name else data

    assert len(table(read(open_bundle(rezipped(tmp_path / "x.xlsx", claim)), SOURCE, AS_OF), "contact")) == 1


def test_links_to_other_files_are_said_and_never_followed(tmp_path: Path) -> None:
    result = read(open_bundle(rezipped(tmp_path / "x.xlsx", more={"xl/externalLinks/externalLink1.xml": b"<a/>"})), SOURCE, AS_OF)
    assert [n for n in result.notes if "links to other files" in n]


def test_a_formula_with_a_saved_result_is_read_and_one_without_puts_its_row_aside(tmp_path: Path) -> None:
    made = openpyxl.load_workbook(workbook(tmp_path / "x.xlsx"))
    made["List 3"]["F3"] = "=TODAY()"  # a date that we read; openpyxl saves no result
    made["List 3"]["C4"] = "=1+1"  # ethnicity: not read
    made.save(tmp_path / "x.xlsx")
    result = read(open_bundle(tmp_path / "x.xlsx"), SOURCE, AS_OF)
    assert [(r.file, r.row, r.column, r.rule) for r in result.rejects if "List 3" in r.file] == [
        ("x.xlsx[List 3]", 3, "Date of Referral", "formula")
    ]
    assert "List 3 (x.xlsx[List 3]): 3 rows read" in result.notes
    raw = (tmp_path / "x.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(tmp_path / "y.xlsx", "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, re.sub(rb"(<f>TODAY\(\)</f>)<v ?/?>(</v>)?", rb"\1<v>46280</v>", old.read(info)))
    solved = read(open_bundle(tmp_path / "y.xlsx"), SOURCE, AS_OF)
    assert "2026-09-15" in set(table(solved, "referral")["referral_date"])


@pytest.mark.parametrize(("name", "number"), [("A", 1), ("Z", 26), ("AA", 27), ("XFD", 16384)])
def test_columns_have_letters(name: str, number: int) -> None:
    assert (column_name(number), column_number(name)) == (name, number)
