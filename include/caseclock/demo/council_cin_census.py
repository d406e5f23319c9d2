"""The same council as a CIN census return, in the elements of the 2026 form: the year from 1 April up to the day of the extract.

The form has neither workers nor teams nor visits: that is its own limit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, str | None]
Parts = Iterator[str]
BOOLEAN = {"Y": "true", "N": "false"}


def census(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> bytes:
    """One XML document of one day, from the SSD tables of that day. Children who had an open episode in the year."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_message(_Council(tables, as_of))]).encode()


class _Council:
    """The rows of one extract, by what they belong to."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> None:
        self._tables, self.as_of = tables, as_of
        self.since = dt.date(as_of.year if as_of.month >= 4 else as_of.year - 1, 4, 1).isoformat()
        self.episodes: dict[str | None, list[Row]] = {}
        for row in self.rows("ssd_cin_episodes"):
            if row["cine_close_date"] is None or str(row["cine_close_date"]) >= self.since:
                self.episodes.setdefault(row["cine_person_id"], []).append(row)
        self.people = [row for row in self.rows("ssd_person") if row["pers_person_id"] in self.episodes]
        self.assessments = self.by("ssd_cin_assessments", "cina_referral_id")
        self.cin_plans = self.by("ssd_cin_plans", "cinp_referral_id")
        self.enquiries = self.by("ssd_s47_enquiry", "s47e_referral_id")
        self.conferences = self.by("ssd_initial_cp_conference", "icpc_s47_enquiry_id")
        self.plans = self.by("ssd_cp_plans", "cppl_referral_id")
        self.reviews = self.by("ssd_cp_reviews", "cppr_cp_plan_id")

    def rows(self, name: str) -> list[Row]:
        frame = self._tables[f"{name}.csv"].astype(object)
        records = frame.where(frame.notna(), None).to_dict("records")
        return [{str(name): cell for name, cell in record.items()} for record in records]

    def by(self, name: str, key: str) -> dict[str | None, list[Row]]:
        made: dict[str | None, list[Row]] = {}
        for row in self.rows(name):
            made.setdefault(row[key], []).append(row)
        return made


def _leaf(name: str, value: str | None) -> Parts:
    """An element of text; none where there is no value."""
    if value is not None:
        yield f"<{name}>{escape(value)}</{name}>"


def _in(name: str, parts: Parts) -> Parts:
    yield f"<{name}>"
    yield from parts
    yield f"</{name}>"


def _leaves(row: Row, names: Sequence[tuple[str, str]]) -> Parts:
    for element, column in names:
        yield from _leaf(element, row[column])


def _message(k: _Council) -> Parts:
    yield "<Message>"
    yield from _in("Header", _header(k))
    yield "<Children>"
    for person in k.people:
        yield from _in("Child", _child(k, person))
    yield "</Children>"
    yield "</Message>"


def _header(k: _Council) -> Parts:
    year, day = str(int(k.since[:4]) + 1), k.as_of.isoformat()
    yield from _in("CollectionDetails", iter((f"<Collection>CIN</Collection><Year>{year}</Year><ReferenceDate>{day}</ReferenceDate>",)))
    said = "<SourceLevel>L</SourceLevel><LEA>999</LEA><SoftwareCode>Made-up council</SoftwareCode><Release>1</Release>"
    yield from _in("Source", iter((f"{said}<SerialNo>001</SerialNo><DateTime>{day}T06:00:00</DateTime>",)))


def _child(k: _Council, person: Row) -> Parts:
    names = [("LAchildID", "pers_person_id"), ("UPN", "pers_upn"), ("PersonBirthDate", "pers_dob")]
    expected = [("ExpectedPersonBirthDate", "pers_expected_dob")] if person["pers_dob"] is None else []
    last = [("Sex", "pers_sex"), ("PersonDeathDate", "pers_death_date")]
    yield from _in("ChildIdentifiers", _leaves(person, [*names, *expected, *last]))
    yield from _in("ChildCharacteristics", _leaf("Ethnicity", person["pers_ethnicity"]))
    for episode in k.episodes[person["pers_person_id"]]:
        yield from _in("CINdetails", _episode(k, episode))


def _episode(k: _Council, e: Row) -> Parts:
    of = e["cine_referral_id"]
    enquiries = k.enquiries.get(of, [])
    held = [c["icpc_icpc_date"] for s in enquiries for c in k.conferences.get(s["s47e_s47_enquiry_id"], []) if c["icpc_icpc_date"]]
    yield from _leaves(e, [("CINreferralDate", "cine_referral_date"), ("ReferralSource", "cine_referral_source_code")])
    yield from _leaves(e, [("PrimaryNeedCode", "cine_cin_primary_need_code"), ("CINclosureDate", "cine_close_date")])
    yield from _leaf("ReasonForClosure", e["cine_close_reason"])
    yield from _leaf("DateOfInitialCPC", min(map(str, held), default=None))
    for row in k.assessments.get(of, []):
        dates = [("AssessmentActualStartDate", "cina_assessment_start_date"), ("AssessmentAuthorisationDate", "cina_assessment_auth_date")]
        yield from _in("Assessments", _leaves(row, dates))
    for row in k.cin_plans.get(of, []):
        span = [("CINPlanStartDate", "cinp_cin_plan_start_date"), ("CINPlanEndDate", "cinp_cin_plan_end_date")]
        yield from _in("CINPlanDates", _leaves(row, span))
    for row in enquiries:
        yield from _in("Section47", _enquiry(k, row))
    yield from _leaf("ReferralNFA", BOOLEAN.get(str(e["cine_referral_nfa"])))
    for row in k.plans.get(of, []):
        yield from _in("ChildProtectionPlans", _plan(k, row))


def _enquiry(k: _Council, row: Row) -> Parts:
    yield from _leaf("S47ActualStartDate", row["s47e_s47_start_date"])
    for conference in k.conferences.get(row["s47e_s47_enquiry_id"], [])[:1]:
        yield from _leaves(conference, [("InitialCPCtarget", "icpc_icpc_target_date"), ("DateOfInitialCPC", "icpc_icpc_date")])
    yield from _leaf("ICPCnotRequired", BOOLEAN.get(str(row["s47e_s47_nfa"])))


def _plan(k: _Council, row: Row) -> Parts:
    yield from _leaves(row, [("CPPstartDate", "cppl_cp_plan_start_date"), ("CPPendDate", "cppl_cp_plan_end_date")])
    yield from _leaf("InitialCategoryOfAbuse", row["cppl_cp_plan_initial_category"])
    yield from _leaf("LatestCategoryOfAbuse", row["cppl_cp_plan_latest_category"])
    yield "<NumberOfPreviousCPP>0</NumberOfPreviousCPP>"
    held = [r["cppr_cp_review_date"] for r in k.reviews.get(row["cppl_cp_plan_id"], []) if r["cppr_cp_review_date"]]
    if held:
        yield from _in("Reviews", (part for day in held for part in _leaf("CPPreviewDate", day)))
