"""Spellings of coded values: by rules, by the configuration, and never by a guess."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from caseclock.config.load import check
from caseclock.extracts.code_rules import COLUMNS
from caseclock.extracts.codes import Codes, UnknownCode, by_rules, code_named, column_named, merged, read_code_file
from caseclock.settings import shipped_config

ALIASES = ("domain", "data", "annex_a", "annex_a_code_aliases.csv")


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("referral_source", "q) 6: Police", "6"),
        ("referral_source", "p1) 5D: LA services", "5D"),
        ("contact_source", "u) 10: Unknown", "10"),
        ("contact_source", "g) Police", "6"),
        ("contact_source", "GP [3A]", "3A"),
        ("contact_source", "1b: Individual - Acquaintance", "1B"),
        ("contact_source", "Individual – Self", "1C"),
        ("contact_source", "d) Health services", "3"),
        ("contact_source", "60) Individual - Self", "1C"),
        ("contact_source", "60) Something", None),
        ("contact_source", "7 - Police", None),
        ("contact_source", "Police/Court /Probation", None),
        ("contact_source", "Nursery", None),
        ("contact_source", "(CS) Education - Pre-School, Nursery, Childminders", None),
        ("primary_need", "N1 - Abuse or Neglect", "N1"),
        ("primary_need", "CIN - N1c Domestic Abuse", "N1"),
        ("primary_need", "a) Abuse or neglect", "N1"),
        ("primary_need", "N1; N2", None),
        ("primary_need", "PSRMEM - Support with memory and cognition", None),
        ("close_reason", "RC2 - Died", "RC2"),
        ("close_reason", "RC7:Case closed after assessment, no further action", None),
        ("close_reason", "Death of parent", None),
        ("close_reason", "Return home (not under SGO/residence order/child arrangements order)", None),
        ("sex", "b) Female", "F"),
        ("sex", "2", "F"),
        ("sex", "Unborn", ""),
        ("referral_nfa", "No further action - yes", "Y"),
        ("referral_nfa", "No further action - no", "N"),
        ("referral_nfa", "No further action", "Y"),
        ("referral_nfa", "No", "N"),
        ("referral_nfa", "No - see notes", None),
        ("visit_seen_alone", "c) Unknown", ""),
        ("visit_seen_alone", "Child seen", None),
        ("visit_seen_alone", "Child not seen alone", "N"),
        ("assessment_child_seen", "Child seen", "Y"),
        ("icpc_unnecessary", "a) Yes", "Y"),
        ("case_status", "CLA&CP", "cla"),
        ("case_status", "c) Child in need plan", "cin"),
        ("abuse_category", "Neglect; Emotional abuse", "MUL"),
        ("abuse_category", "b) Physical abuse", "PHY"),
        ("legal_status", "C2: FCO", "C2"),
        ("placement_kind", "a) U1: Foster placement - relatives - long term", "U1"),
        ("placement_kind", "K2 - All Residental Schools, except where dual-registered", "K2"),
        ("care_leaver_eligibility", "b) Former relevant child", "former_relevant"),
        ("care_leaver_in_touch", "e) NREQ", ""),
    ],
)
def test_a_spelling_by_our_rules(column: str, text: str, code: str | None) -> None:
    assert by_rules(column, text) == code


def test_what_is_not_recognised_is_missing_and_counted_without_the_spelling() -> None:
    codes = Codes()
    assert codes.of("contact_source", "CANARY nursery", called="Contact Source of List 1") is None
    assert codes.of("contact_source", "CANARY nursery", called="Contact Source of List 1") is None
    assert codes.of("sex", "c) Not stated/recorded") is None, "a known nothing is not counted"
    assert codes.of("sex", None) is None
    assert len(codes.notes()) == 1 and codes.notes()[0].startswith("Contact Source of List 1: 2 cells")
    assert "CANARY" not in codes.notes()[0]


def test_the_source_s_own_spellings_come_first_and_case_and_spaces_do_not_matter() -> None:
    codes = Codes({"contact_source": {"Police - East": "8", "nursery": "2A", "WXYZ": ""}})
    assert codes.of("contact_source", "police  -\xa0EAST") == "8"
    assert codes.of("contact_source", "Nursery") == "2A"
    assert codes.of("contact_source", "wxyz") is None and not codes.notes()


def test_a_configured_group_does_not_hide_the_finer_code_in_the_text() -> None:
    codes = Codes({"contact_source": {"3B - Health Visitor": "3", "Ward": "3", "6: Police": "3"}})
    assert [codes.of("contact_source", t) for t in ("3B - Health Visitor", "Ward", "6: Police")] == ["3B", "3", "3"]


def test_two_spellings_that_differ_in_case_alone_are_told_apart() -> None:
    codes = Codes({"contact_source": {"SEN": "2A", "sen": "2B"}})
    assert [codes.of("contact_source", t) for t in ("SEN", "sen", "Sen")] == ["2A", "2B", None]


def test_a_code_file_names_column_code_and_alias() -> None:
    made = read_code_file("column,code,alias\nreferral_source,6,Bobbies\nReferral Source,g) Police,The Met\nFavourite colour,x,y\n")
    assert [(s.column, s.code, s.alias) for s in made.spellings] == [
        ("referral_source", "6", "Bobbies"),
        ("referral_source", "6", "The Met"),
    ]
    assert merged({"a": made}, {"referral_source": {"bobbies": "7"}})["referral_source"] == {"bobbies": "7", "The Met": "6"}


def test_a_code_file_with_an_unknown_code_or_without_a_column_says_so() -> None:
    assert read_code_file("column,code\nsex,M\n").problems == [(1, "it has no column alias")]
    assert [line for line, _ in read_code_file("column,code,alias\nsex,M,boy\nsex,Q,girl\n").problems] == [3]
    with pytest.raises(UnknownCode):
        code_named("sex", "Q")


def test_spellings_are_checked_with_the_configuration(tmp_path: Path) -> None:
    shipped = Path(shutil.copytree(shipped_config(), tmp_path / "monitoring"))
    at = shipped / "sources" / "demo.yaml"
    (shipped / "sources" / "local.csv").write_text("column,code,alias\nsex,Q,girl\n", encoding="utf-8")
    more = "\ncodes:\n  refferal_source: {a: '6'}\n  sex: {x: Z}\ncode_files: [local.csv, none.csv]\n"
    at.write_text(at.read_text(encoding="utf-8") + more, encoding="utf-8")
    said = "\n".join(map(str, check(shipped)))
    for part in ("refferal_source", "codes.sex.x", "local.csv", "no such CSV file"):
        assert part in said
    assert "nothing reads this file" not in said


# --- the sector's catalogue of 10,979 spellings (third-party data) -------------------------------------------------
FLAGS = {"True": "Y", "False": "N", "Unknown": ""}

FLOORS = {
    # column: share that our rules recognise, and share of those that agree with the catalogue's group
    "contact_source": (0.62, 0.96),
    "primary_need": (0.73, 0.99),
    "close_reason": (0.50, 0.92),
    "sex": (1.0, 1.0),
    "referral_nfa": (1.0, 0.94),  # the catalogue reads "U" as no
    "assessment_child_seen": (1.0, 0.95),  # and unborn as not seen
    "visit_seen_alone": (0.86, 1.0),
    "icpc_unnecessary": (1.0, 1.0),
    "conference_outcome_cp": (1.0, 1.0),
    "case_status": (0.96, 1.0),
    "abuse_category": (0.90, 0.99),
    "legal_status": (0.80, 0.99),
    "placement_kind": (0.89, 0.97),
    "care_leaver_eligibility": (0.76, 0.95),
    "care_leaver_in_touch": (0.91, 0.65),  # for us a refusal is neither in touch nor out of it
}


def _catalogue(shared: Path) -> list[dict[str, str]]:
    text = shared.joinpath(*ALIASES).read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(text.splitlines(True)) if column_named(row["column"]) and row["alias_seen_in_la_returns"].strip()]
    assert len(rows) > 5_500
    return rows


def test_with_the_catalogue_as_code_file_every_spelling_is_resolved(shared: Path) -> None:
    file = read_code_file(shared.joinpath(*ALIASES).read_text(encoding="utf-8-sig"))
    assert not file.problems
    codes = Codes(merged({"catalogue": file}, {}))
    rows = _catalogue(shared)
    for row in rows:
        codes.of(column_named(row["column"]) or "", row["alias_seen_in_la_returns"])
    assert not codes.unknown
    print(f"{len(rows)} spellings of columns that are read, every one resolved")


def test_what_our_rules_alone_make_of_the_catalogue(shared: Path) -> None:
    known, agree, all_, left = defaultdict(int), defaultdict(int), defaultdict(int), defaultdict(list)
    seen = set()
    for row in _catalogue(shared):
        column, alias, group = column_named(row["column"]) or "", row["alias_seen_in_la_returns"], row["liia_canonical_code"]
        if (column, alias, group) in seen:
            continue
        seen.add((column, alias, group))
        found, family = by_rules(column, alias), COLUMNS[column].family
        all_[column] += 1
        if found is None:
            left[column].append(alias)
            continue
        known[column] += 1
        try:
            wanted = FLAGS[group] if group in FLAGS else code_named(column, group)
        except UnknownCode:
            agree[column] += 1  # the catalogue's group of errors says nothing of the code
            continue
        agree[column] += (family(found) if found else "") == (family(wanted) if wanted else "")
    for column, (share, agreement) in FLOORS.items():
        said = f"{column}: {known[column]} of {all_[column]} recognised, {agree[column]} agree; left, for example: {left[column][:3]}"
        print(said)
        assert known[column] / all_[column] >= share, said
        assert agree[column] / known[column] >= agreement, said
