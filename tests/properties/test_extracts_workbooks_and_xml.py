"""Whatever a workbook or a census holds: it is refused with BadExtract, or each of its rows is kept or in quarantine.

`CASECLOCK_EXAMPLES` sets how many examples each test runs.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "extracts"))

from made_extracts import ANNEX, workbook

from caseclock.errors import BadExtract
from caseclock.extracts import Extract
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.code_rules import COLUMNS
from caseclock.extracts.codes import Codes, by_rules, read_code_file
from caseclock.extracts.readers import read
from caseclock.extracts.readers.annex_a.lists import LISTS, fold_header
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)
EXTRACT = Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
CANARY = "CANARY"
MANY = settings(
    max_examples=int(os.environ.get("CASECLOCK_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHARE = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(st.tuples(SHARE, st.binary(min_size=0, max_size=6), st.integers(0, 6)), min_size=1, max_size=6)


def snapshot(name: str, raw: bytes) -> Snapshot | None:
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch) / name
        at.write_bytes(raw)
        content_hash(at)
        try:
            made = build(EXTRACT, read(open_bundle(at), SOURCE, AS_OF), SOURCE)
        except BadExtract as refused:
            assert CANARY not in str(refused)
            return None
    assert all(c.read == c.kept + c.quarantined for c in made.counts().values())
    assert CANARY not in repr((made.rejects, made.notes, made.absences))
    return made


def changed(raw: bytes, changes: list[tuple[float, bytes, int]]) -> bytes:
    """Some bytes put in the place of some others."""
    made = bytearray(raw)
    for share, new, gone in changes:
        at = int(share * len(made))
        made[at : at + gone] = new
    return bytes(made)


@cache
def sound_book() -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        return workbook(Path(scratch) / "x.xlsx").read_bytes()


def rezipped(raw: bytes, part: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, data if info.filename == part else old.read(info))
    return made.getvalue()


# --- workbooks ------------------------------------------------------------------------------------------------------
@MANY
@given(CHANGES)
def test_a_workbook_with_some_bytes_changed(changes: list[tuple[float, bytes, int]]) -> None:
    snapshot("x.xlsx", changed(sound_book(), changes))


@MANY
@given(st.sampled_from(["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet2.xml", "xl/styles.xml"]), CHANGES)
def test_a_workbook_with_some_bytes_of_a_part_changed(part: str, changes: list[tuple[float, bytes, int]]) -> None:
    """Below the zip's checksums, where a mutation of the whole file seldom comes."""
    with zipfile.ZipFile(io.BytesIO(sound_book())) as archive:
        data = archive.read(part)
    snapshot("x.xlsx", rezipped(sound_book(), part, changed(data, changes)))


CELLS = st.one_of(
    st.none(),
    st.integers(-5, 99_999),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(dt.date(1901, 1, 1)),
    st.datetimes(dt.datetime(1901, 1, 1)),
    st.sampled_from(
        ["", " ", "\xa0", "-1", "#N/A", "31/02/2026", "a) Yes", "Duty", "11", "=1+1", "=A1", f"{CANARY} x", "RC2", "e) Closed"]
    ),
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=8).map(lambda t: t.lstrip("=")),
)
HEADERS = {n: [c.title for c in spec.columns] for n, spec in LISTS.items()}


@MANY
@given(st.data())
def test_every_row_of_every_list_is_accounted_for(data: st.DataObject) -> None:
    number = data.draw(st.sampled_from(sorted(LISTS)))
    header = HEADERS[number]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=6))
    name = f"List {number}"
    with tempfile.TemporaryDirectory() as scratch:
        raw = workbook(Path(scratch) / "x.xlsx", lambda sheets: sheets.update({name: [header, *rows]})).read_bytes()
    made = snapshot("x.xlsx", raw)
    assert made is not None
    held = next(n for n in made.notes if n.startswith(f"{name} (x.xlsx[{name}]): "))
    read_rows = int(re.findall(r": (\d+) rows read", held)[0])
    file, table = f"x.xlsx[{name}]", LISTS[number].table
    frame = made.tables[table]
    mine = {int(r) for r in frame.loc[frame["_file"] == file, "_row"]} | {r.row for r in made.rejects if (r.table, r.file) == (table, file)}
    if number != 6:  # an episode may be a plan, a referral of its own, or one of List 3
        assert len(mine) == read_rows
    assert mine <= set(range(2, len(rows) + 2))


@MANY
@given(st.lists(st.text(max_size=30), max_size=40), st.sampled_from(sorted(LISTS)))
def test_no_column_of_any_header_is_taken_twice(headers: list[str], number: int) -> None:
    found = LISTS[number].columns_in([fold_header(h) for h in [*headers, *HEADERS[number]]])
    assert len(set(found.values())) == len(found) and set(found) == {c.name for c in LISTS[number].columns}


# --- the census -----------------------------------------------------------------------------------------------------
HEADER = "<Header><Collection>CIN</Collection><ReferenceDate>2026-11-20</ReferenceDate></Header>"
LEAVES = {
    "Child": ["LAchildID", "UPN", "PersonBirthDate", "ExpectedPersonBirthDate", "PersonDeathDate", "GenderCurrent", "Sex"],
    "CINdetails": [
        "CINreferralDate", "ReferralSource", "PrimaryNeedCode", "CINclosureDate", "ReasonForClosure", "DateOfInitialCPC", "ReferralNFA",
    ],
    "Assessments": ["AssessmentActualStartDate", "AssessmentInternalReviewDate", "AssessmentAuthorisationDate"],
    "CINPlanDates": ["CINPlanStartDate", "CINPlanEndDate"],
    "Section47": ["S47ActualStartDate", "InitialCPCtarget", "DateOfInitialCPC", "ICPCnotRequired"],
    "ChildProtectionPlans": ["CPPstartDate", "CPPendDate", "CPPreviewDate", "NumberOfPreviousCPP"],
}  # fmt: skip
VALUES = st.sampled_from(
    ["", " ", "2026-09-01", "2026-09-02", "2026-13-01", "31/02/2026", "true", "0", "Y", "N1", "RC2", "6", "C1", "C2", f"{CANARY}", "-1"]
) | st.text(st.characters(categories=["L", "N", "Zs"]), max_size=6)


@st.composite
def element(draw: st.DrawFn, name: str) -> str:
    leaves = draw(st.lists(st.sampled_from(LEAVES[name]), max_size=5))
    inside = "".join(f"<{leaf}>{draw(VALUES)}</{leaf}>" for leaf in leaves)
    below = {"Child": ["CINdetails"], "CINdetails": ["Assessments", "CINPlanDates", "Section47", "ChildProtectionPlans"]}.get(name, [])
    if below:
        inside += "".join(draw(element(one)) for one in draw(st.lists(st.sampled_from(below), max_size=4)))
    gap = draw(st.sampled_from(["", "\n"]))
    return f"<{name}>{gap}{inside}</{name}>{gap}"


TABLE_OF = {"Child": "child", "CINdetails": "referral", "Assessments": "assessment", "Section47": "s47"}


@MANY
@given(st.lists(element("Child"), min_size=1, max_size=4))
def test_every_element_of_a_census_is_kept_or_in_quarantine(children: list[str]) -> None:
    text = f"<Message>{HEADER}<Children>{''.join(children)}</Children></Message>"
    made = snapshot("x.xml", text.encode())
    if made is None:
        assert "<CINdetails>" not in text
        return
    counts = made.counts()
    for name, table in TABLE_OF.items():
        assert (counts[table].read if table in counts else 0) == text.count(f"<{name}>")
    plans = text.count("<CINPlanDates>") + text.count("<ChildProtectionPlans>")
    assert (counts["plan"].read if "plan" in counts else 0) == plans
    assert (counts["review"].read if "review" in counts else 0) == text.count("<CPPreviewDate>")


SOUND = (
    f"<?xml version='1.0' encoding='utf-8'?>\n<Message>{HEADER}<Children>"
    "<Child><ChildIdentifiers><LAchildID>C1</LAchildID><UPN>CANARY</UPN><Sex>F</Sex></ChildIdentifiers>\n<CINdetails>"
    "<CINreferralDate>2026-09-01</CINreferralDate><ReferralSource>6</ReferralSource>\n<Assessments><AssessmentActualStartDate>2026-09-02"
    "</AssessmentActualStartDate></Assessments></CINdetails></Child></Children></Message>"
).encode()


@MANY
@given(CHANGES)
def test_a_census_with_some_bytes_changed(changes: list[tuple[float, bytes, int]]) -> None:
    snapshot("x.xml", changed(SOUND, changes))


@MANY
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_as_xml(raw: bytes) -> None:
    assert snapshot("x.xml", raw) is None


@MANY
@given(SHARE)
def test_a_census_cut_anywhere_is_refused(share: float) -> None:
    assert snapshot("x.xml", SOUND[: int(share * len(SOUND))] or b"<") is None


# --- codes ----------------------------------------------------------------------------------------------------------
@MANY
@given(
    st.sampled_from(sorted(COLUMNS)), st.text(max_size=40) | st.from_regex(r"[a-z]\) (N|RC|\d)[0-9A-F]: [A-Za-z ]{0,20}", fullmatch=True)
)
def test_a_coded_value_is_a_code_of_its_column_or_nothing(column: str, text: str) -> None:
    found = by_rules(column, text)
    assert found in {None, "", *COLUMNS[column].codes, *COLUMNS[column].groups}
    assert Codes().of(column, text) == (found or None)


@MANY
@given(st.text(max_size=200))
def test_any_text_as_a_code_file(text: str) -> None:
    read_code_file(text)
    read_code_file("column,code,alias\n" + text)


def test_the_sound_ones_are_sound() -> None:
    assert snapshot("x.xml", SOUND) is not None and snapshot("x.xlsx", sound_book()) is not None
    assert set(ANNEX) >= {"List 3", "List 6"}
