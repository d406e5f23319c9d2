"""The children in need census: every element a row, nothing personal, and no XML that could do harm."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from made_extracts import zipped

from caseclock.errors import BadExtract
from caseclock.extracts import Extract, ReadResult
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import TABLES, Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 3, 31)
EXTRACT = Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

HEADER = """<Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year><ReferenceDate>2026-03-31</ReferenceDate>
</CollectionDetails><Source><LEA>999</LEA></Source></Header>"""
CHILD = """<Child>
<ChildIdentifiers><LAchildID>C1</LAchildID><UPN>CANARY-UPN</UPN><FormerUPN>CANARY-UPN</FormerUPN>
<PersonBirthDate>2015-03-27</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>CANARY</Ethnicity><Disabilities><Disability>CANARY</Disability></Disabilities></ChildCharacteristics>
<CINdetails>
<CINreferralDate>2025-10-06</CINreferralDate><ReferralSource>6</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode>
<ReferralNFA>0</ReferralNFA>
<Assessments>
<AssessmentActualStartDate>2025-10-07</AssessmentActualStartDate><AssessmentInternalReviewDate>2025-10-21</AssessmentInternalReviewDate>
<AssessmentAuthorisationDate>2025-11-10</AssessmentAuthorisationDate>
<FactorsIdentifiedAtAssessment><AssessmentFactors>2B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>
<CINPlanDates>
<CINPlanStartDate>2025-11-11</CINPlanStartDate></CINPlanDates>
<Section47>
<S47ActualStartDate>2025-12-01</S47ActualStartDate><InitialCPCtarget>2025-12-22</InitialCPCtarget>
<DateOfInitialCPC>2025-12-19</DateOfInitialCPC><ICPCnotRequired>false</ICPCnotRequired></Section47>
<ChildProtectionPlans>
<CPPstartDate>2025-12-19</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse><NumberOfPreviousCPP>0</NumberOfPreviousCPP>
<Reviews><CPPreviewDate>2026-03-02</CPPreviewDate>
<CPPreviewDate>2026-03-20</CPPreviewDate></Reviews></ChildProtectionPlans>
</CINdetails></Child>
"""


def census(*children: str, header: str = HEADER, root: str = "Message") -> str:
    return f"<?xml version='1.0' encoding='utf-8'?>\n<{root}>{header}<Children>\n{''.join(children)}</Children></{root}>\n"


def written(at: Path, text: str | bytes) -> Path:
    at.write_bytes(text.encode() if isinstance(text, str) else text)
    return at


def read_text(tmp_path: Path, text: str | bytes) -> ReadResult:
    return read(open_bundle(written(tmp_path / "x.xml", text)), SOURCE, AS_OF)


def table(result: ReadResult, name: str) -> pd.DataFrame:
    return pd.concat([t.frame for t in result.tables if t.table == name], ignore_index=True)


def snapshot(result: ReadResult) -> Snapshot:
    made = build(EXTRACT, result, SOURCE)
    assert all(c.read == c.kept + c.quarantined for c in made.counts().values())
    return made


def test_an_assessment_has_the_date_of_its_internal_review(tmp_path: Path) -> None:
    (row,) = table(read_text(tmp_path, census(CHILD)), "assessment").to_dict("records")
    assert (row["started_on"], row["reviewed_on"], row["authorised_on"]) == ("2025-10-07", "2025-10-21", "2025-11-10")


def test_every_element_is_a_row_of_its_table(tmp_path: Path) -> None:
    result = read_text(tmp_path, census(CHILD))
    assert {t.table: len(t.frame) for t in result.tables} == {
        "child": 1, "referral": 1, "assessment": 1, "plan": 2, "s47": 1, "conference": 1, "review": 2,
    }  # fmt: skip
    for raw in result.tables:
        assert set(raw.frame.columns) <= {*TABLES[raw.table].names, "_row", "_file"}
    assert not snapshot(result).rejects


def test_a_row_is_its_line_and_its_file_says_which_element(tmp_path: Path) -> None:
    lines = census(CHILD).splitlines()
    assessment = table(read_text(tmp_path, census(CHILD)), "assessment").iloc[0]
    assert assessment["_file"] == "x.xml[Assessments]"
    assert lines[assessment["_row"] - 1] == "<Assessments>"
    assert set(table(read_text(tmp_path, census(CHILD)), "plan")["_file"]) == {"x.xml[CINPlanDates]", "x.xml[ChildProtectionPlans]"}


def test_a_file_on_one_line_is_numbered_by_element(tmp_path: Path) -> None:
    text = census(CHILD, CHILD.replace("C1<", "C2<")).replace("\n", "")
    result = read_text(tmp_path, text)
    assert list(table(result, "child")["_row"]) == [1, 2]
    assert list(table(result, "review")["_row"]) == [1, 2, 3, 4]
    assert [n for n in result.notes if "written on few lines" in n]
    assert sum(c.kept for c in snapshot(result).counts().values()) == 18


def test_keys_are_the_child_and_the_date_and_rows_are_linked(tmp_path: Path) -> None:
    result = read_text(tmp_path, census(CHILD))
    referral = table(result, "referral").iloc[0]
    assert (referral["referral_id"], referral["source"], referral["nfa"]) == ("r:C1:2025-10-06", "6", "N")
    for name in ("assessment", "plan", "s47", "conference"):
        assert set(table(result, name)["referral_id"]) == {"r:C1:2025-10-06"}
    conference = table(result, "conference").iloc[0]
    assert (conference["s47_id"], conference["due_on"], conference["held_on"]) == ("s:C1:2025-12-01", "2025-12-22", "2025-12-19")
    assert list(table(result, "review")["plan_id"]) == ["cp:C1:2025-12-19"] * 2


@pytest.mark.parametrize(
    ("not_required", "held", "required", "conferences"),
    [("true", "", "N", 0), ("1", "", "N", 0), ("false", "", "Y", 1), ("0", "", "Y", 1), ("", "", "Y", 1), ("true", "2025-12-19", "Y", 1)],
)
def test_a_conference_is_required_unless_the_census_says_not(
    tmp_path: Path, not_required: str, held: str, required: str, conferences: int
) -> None:
    text = CHILD.replace("<ICPCnotRequired>false", f"<ICPCnotRequired>{not_required}")
    text = text.replace("<DateOfInitialCPC>2025-12-19", f"<DateOfInitialCPC>{held}")
    result = read_text(tmp_path, census(text))
    assert list(table(result, "s47")["icpc_required"]) == [required]
    assert sum(len(t.frame) for t in result.tables if t.table == "conference") == conferences


def test_a_conference_of_the_episode_that_is_its_enquiry_s_is_counted_once(tmp_path: Path) -> None:
    both = CHILD.replace("<ReferralNFA>", "<DateOfInitialCPC>2025-12-19</DateOfInitialCPC><ReferralNFA>")
    assert len(table(read_text(tmp_path, census(both)), "conference")) == 1
    other = CHILD.replace("<ReferralNFA>", "<DateOfInitialCPC>2025-10-19</DateOfInitialCPC><ReferralNFA>")
    assert list(table(read_text(tmp_path, census(other)), "conference")["held_on"]) == ["2025-12-19", "2025-10-19"]


@pytest.mark.parametrize(
    ("said", "sex"),
    [("<Sex>M", "M"), ("<Sex>U", None), ("<GenderCurrent>1", "M"), ("<GenderCurrent>2", "F"), ("<GenderCurrent>9", None)],
)
def test_sex_of_2025_and_gender_before_it(tmp_path: Path, said: str, sex: str | None) -> None:
    name = said[1:].partition(">")[0]
    made = table(read_text(tmp_path, census(CHILD.replace("<Sex>F</Sex>", f"{said}</{name}>"))), "child").iloc[0]["sex"]
    assert (None if pd.isna(made) else made) == sex


@pytest.mark.parametrize(
    ("born", "unborn"),
    [
        ("<PersonBirthDate>2015-03-27</PersonBirthDate>", "N"),
        ("<ExpectedPersonBirthDate>2026-06-01</ExpectedPersonBirthDate>", "Y"),
        ("<PersonBirthDate>2026-06-01</PersonBirthDate>", "Y"),
        ("<PersonBirthDate>31/12/2015</PersonBirthDate>", "N"),
        ("", None),
    ],
)
def test_of_the_date_of_birth_only_unborn_is_kept(tmp_path: Path, born: str, unborn: str | None) -> None:
    result = read_text(tmp_path, census(CHILD.replace("<PersonBirthDate>2015-03-27</PersonBirthDate>", born)))
    made = table(result, "child").iloc[0]["unborn"]
    assert (None if pd.isna(made) else made) == unborn
    assert "2015" not in repr(table(result, "child").to_dict())


def test_nothing_personal_and_no_upn_is_in_the_result(tmp_path: Path) -> None:
    result = read_text(tmp_path, census(CHILD))
    everything = repr([t.frame.to_dict("records") for t in result.tables]) + repr((result.rejects, result.notes, result.absences))
    assert "CANARY" not in everything


def test_what_cannot_be_seen_is_said(tmp_path: Path) -> None:
    said = read_text(tmp_path, census(CHILD)).absences
    assert [a.everywhere for a in said if "nobody has it" in a.what] == [True]
    assert [a for a in said if a.what == "visits"]


def test_pre_proceedings_of_2026_and_strange_elements_are_left_and_said(tmp_path: Path) -> None:
    more = "<PreProceedingsandFGDM><PPStartDate>2026-01-01</PPStartDate></PreProceedingsandFGDM><Odd><Assessments/></Odd></CINdetails>"
    result = read_text(tmp_path, census(CHILD.replace("</CINdetails>", more)))
    assert [n for n in result.notes if n.startswith("PreProceedingsandFGDM (2026): 1 elements")]
    assert [n for n in result.notes if "Odd (1)" in n]
    assert len(table(result, "assessment")) == 1


def test_a_row_that_cannot_be_used_is_in_quarantine_with_its_line(tmp_path: Path) -> None:
    text = census(CHILD.replace("2025-10-07", "2025-02-30"), CHILD.replace("<LAchildID>C1</LAchildID>", "").replace("C1", "C3"))
    made = snapshot(read_text(tmp_path, text))
    assert {(r.table, r.column, r.rule) for r in made.rejects} >= {
        ("assessment", "started_on", "bad_date"),
        ("child", "child_id", "missing"),
    }
    first = next(r for r in made.rejects if r.rule == "bad_date")
    assert text.splitlines()[first.row - 1] == "<Assessments>"
    assert made.counts()["referral"].read == 2 and made.counts()["referral"].kept == 1


def test_namespaces_and_other_encodings_are_read(tmp_path: Path) -> None:
    spaced = census(CHILD).replace("<Message>", "<Message xmlns='http://example.org/cin'>")
    assert len(table(read_text(tmp_path, spaced), "review")) == 2
    prefixed = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1c:", census(CHILD)).replace("<c:Message>", "<c:Message xmlns:c='urn:x'>")
    assert len(table(read_text(tmp_path, prefixed), "review")) == 2
    assert len(table(read_text(tmp_path, census(CHILD).replace("utf-8", "utf-16").encode("utf-16")), "review")) == 2
    assert len(table(read_text(tmp_path, census(CHILD).replace("utf-8", "windows-1252").encode("cp1252")), "review")) == 2


def test_a_census_in_a_zip_or_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path / "in" / "cin.xml", census(CHILD))
    assert len(table(read(open_bundle(tmp_path / "in"), SOURCE, AS_OF), "review")) == 2
    assert len(table(read(open_bundle(zipped(tmp_path / "in", tmp_path / "x.zip")), SOURCE, AS_OF), "review")) == 2
    written(tmp_path / "in" / "second.xml", census(CHILD))
    with pytest.raises(BadExtract, match="more than one XML"):
        read(open_bundle(tmp_path / "in"), SOURCE, AS_OF)


BOMB = '<!DOCTYPE Message [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
BAD: dict[str, tuple[str, str]] = {
    "entity bomb": (census(CHILD).replace("<Message>", BOMB + "<Message>").replace(">C1<", ">&c;<"), "DOCTYPE"),
    "external entity": (census(CHILD).replace("<Message>", OUTSIDE + "<Message>").replace(">C1<", ">&x;<"), "DOCTYPE"),
    "external definition": (census(CHILD).replace("<Message>", '<!DOCTYPE Message SYSTEM "http://example.org/x.dtd"><Message>'), "DOCTYPE"),
    "cut off": (census(CHILD)[: len(census(CHILD)) * 2 // 3], r"cut short or damaged \(line \d+\)"),
    "cut between children": (census(CHILD).replace("</Children></Message>", ""), "cut short"),
    "text behind it": (census(CHILD) + "<more/>", "damaged"),
    "undefined entity": (census(CHILD).replace(">C1<", ">&nbsp;<"), "damaged"),
    "unknown encoding": (census(CHILD).replace("utf-8", "klingon"), "damaged"),
    "workforce census": (census(CHILD, header=HEADER.replace(">CIN<", ">CSWW<")), "this is a workforce census"),
    "workforce by its elements": (
        "<Message><CSWWWorker><AgencyWorker>1</AgencyWorker></CSWWWorker></Message>",
        "this is a workforce census",
    ),
    "looked-after return": (census(header=HEADER.replace(">CIN<", ">CLA<")), "SSDA903"),
    "another collection": (census(CHILD, header=HEADER.replace(">CIN<", ">XYZ<")), "another collection"),
    "another root": (census(CHILD, root="Nachricht"), "outermost element is not Message"),
    "a web page": ("<html><body/></html>", "web page"),
    "no children": (census(), "no rows of child"),
    "nothing of a census": ("<Message><Header/></Message>", "no children in need census"),
    "nested without end": (census("<a>" * 300 + "</a>" * 300), "nested"),
    "tag without end": (census("<a " + "b" * (6 * 2**20)), "tag or a comment"),
    "comment without end": (census("<!-- " + "b" * (6 * 2**20)), "tag or a comment"),
    "no XML": ("LAchildID,CINreferralDate\n", "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_census_or_could_do_harm_is_refused(name: str, tmp_path: Path) -> None:
    text, says = BAD[name]
    with pytest.raises(BadExtract, match=says) as refused:
        read_text(tmp_path, text)
    assert refused.value.todo and refused.value.where == "x.xml"


def test_the_reference_date_is_compared_with_the_extract_s(tmp_path: Path) -> None:
    assert not [n for n in read_text(tmp_path, census(CHILD)).notes if "reference date" in n]
    older = read_text(tmp_path, census(CHILD, header=HEADER.replace("2026-03-31", "2021-03-31"))).notes
    assert [n for n in older if "2021-03-31" in n] and [n for n in older if "2022 to 2026" in n]


MEMORY = """
import datetime as dt, resource, sys
from pathlib import Path
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers.cin_census import _blocks, _members
from caseclock.extracts.readers.cin_census.elements import Census
from caseclock.extracts.safe_xml import parse
bundle = open_bundle(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = 0
def one(block):
    global children
    children += 1
parse(_blocks(bundle, _members(bundle)[0]), Census(one, "x"), "x")
print(children, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_census_of_30_mb_passes_through_a_few_megabytes(tmp_path: Path) -> None:
    """The stream alone: what is kept of it in the tables grows with its rows, as it must."""
    many = 20_000
    at = tmp_path / "x.xml"
    with at.open("w", encoding="utf-8") as out:
        start, end = census("@").split("@")
        out.write(start)
        for n in range(many):
            out.write(CHILD.replace("C1<", f"C{n}<"))
        out.write(end)
    assert at.stat().st_size > 25 * 10**6
    run = subprocess.run([sys.executable, "-c", MEMORY, str(at)], capture_output=True, text=True, check=True, timeout=120)
    children, kilobytes = map(int, run.stdout.split())
    assert children == many
    assert kilobytes < 10 * 1024


def test_every_third_party_sample_is_read_whole(shared: Path) -> None:
    folder = shared / "domain" / "data" / "cin_census"
    for at in sorted(folder.glob("*.xml")):
        text = at.read_text(encoding="utf-8")
        made = snapshot(read(open_bundle(at), SOURCE, AS_OF)).counts()
        for name, element in {"child": "Child", "referral": "CINdetails", "assessment": "Assessments", "s47": "Section47"}.items():
            assert made[name].read == len(re.findall(rf"<{element}>", text)), (at.name, name)


def test_the_third_party_workforce_census_is_refused_by_name(shared: Path) -> None:
    with pytest.raises(BadExtract, match="this is a workforce census"):
        read(open_bundle(shared / "domain" / "data" / "csww" / "social_work_workforce_2022.xml"), SOURCE, AS_OF)
