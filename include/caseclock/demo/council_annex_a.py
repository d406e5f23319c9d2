"""The same council as an Annex A workbook, lists 1 to 9 (Ofsted's form of January 2024).

The lists look back six months and have no ids, so an old referral that nobody holds is on none of them: that is the form's own limit.
Lists 2 and 9 (early help, care leavers) have their header only: the council has no such rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from caseclock.clocks.calendar import add_months
from caseclock.demo.council_workbook import Cell
from caseclock.demo.council_workbook import workbook as make_workbook

if TYPE_CHECKING:
    import pandas as pd

CHILD = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
DISABLED = "Does the Child have a Disability"
HOLDER = ("Allocated Team", "Allocated Worker")
HEADERS: dict[str, tuple[str, ...]] = {
    "List 1": (*CHILD, "Date of Contact", "Contact Source"),
    "List 2": (*CHILD, "Assessment start date", "Assessment completion date", "Organisation completing assessment"),
    "List 3": (*CHILD, "Date of Referral", "Referral Source", "Referral NFA?", "Number of Referrals in Last 12 Months", *HOLDER),
    "List 4": (
        *CHILD, DISABLED, "Continuous Assessment Start Date", "Child Seen During Continuous Assessment",
        "Continuous Assessment Date of Authorisation",
        "Was the child assessed as requiring LA children's social care support?", *HOLDER,
    ),
    "List 5": (
        *CHILD, DISABLED, "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?", "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        "Number of Section 47 Enquiries in the last 12 months",
        "Number of ICPCs in the last 12 months", *HOLDER,
    ),
    "List 6": (
        *CHILD, DISABLED, "CIN Start Date", "Primary Need Code", "Date Child Was Last Seen", "CIN Closure Date", "Reason for Closure",
        "Case Status", *HOLDER,
    ),
    "List 7": (
        *CHILD, DISABLED, "Child Protection Plan Start Date", "Initial Category of Abuse", "Latest Category of Abuse",
        "Date of the Last Statutory Visit", "Was the Child Seen Alone?", "Date of latest review conference",
        "Child Protection Plan End Date",
        "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)",
        "Number of Previous Child Protection Plans",
        *HOLDER,
    ),
    "List 8": (
        *CHILD, "Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N))", DISABLED, "Date Started to be Looked After",
        "Child's Category of Need", "Is this a second or subsequent period of being a Looked After Child within the last 12 months (Y/N)",
        "Start date of current legal status", "Child's Legal Status", "Date of Latest Statutory Review", "Date of Last Social Work Visit",
        "What is the permanence plan for this child?", "Date of Last IRO Visit / Contact to the Child", "Date of Last Health Assessment",
        "Date of Last Dental Check", "Number of Placements in the Last 12 months", "Date Ceased to be Looked After",
        "Reason Ceased to be Looked After", "Start Date of Most Recent Placement", "Placement Type", "Placement Provider",
        "Placement postcode",
        "URN of Placement", "Placement Location", "LA of Placement",
        "Number of Episodes the Child has been ‘Missing’ from their Placement in the last 12 months",
        "Number of Episodes the Child has been ‘Absent’ from their Placement in the last 12 months",
        "Was the child offered a Return Interview after their last missing episode (Y/N)?",
        "Did the child accept a Return Interview after their last missing episode (Y/N)?", *HOLDER,
    ),
    "List 9": (
        *CHILD, "Unaccompanied Asylum Seeking Child (UASC), or formerly UASC if 18 or over (Y/N)", DISABLED, *HOLDER,
        "Allocated Personal Advisor",
        "Eligibility Category", "Latest Pathway Plan Review Date", "LA in Touch", "Latest Date of Contact", "Type of Accommodation",
        "Suitability of Accommodation", "Activity Status",
    ),
}  # fmt: skip
YES_NO = {"Y": "a) Yes", "N": "b) No"}
GENDER = {"M": "a) Male", "F": "b) Female", "U": "c) Not stated/recorded"}
SOURCE = {
    "1B": "b) 1B: Individual", "2A": "e) 2A: Schools", "2B": "f) 2B: Education services", "3A": "g) 3A: Health services",
    "3B": "h) 3B: Health services", "3E": "k) 3E: Health services", "4": "m) 4: Housing", "5A": "n) 5A: LA services", "6": "q) 6: Police",
    "7": "r) 7: Other legal agency", "8": "s) 8: Other", "9": "t) 9: Anonymous", "10": "u) 10: Unknown",
}  # fmt: skip
ABUSE = {
    "NEG": "a) Neglect",
    "PHY": "b) Physical abuse",
    "SAB": "c) Sexual abuse",
    "EMO": "d) Emotional abuse",
    "MUL": "e) Multiple/not recommended",
}
CLOSURE = {
    "RC7": "RC7 - Services ceased for any other reason, including child no longer in need",
    "RC8": "RC8 - Case closed after assessment, no further action",
    "RC9": "RC9 - Case closed after assessment, referred to early help",
}
STATUS = ("a) Looked after child", "b) Child Protection plan", "c) Child in need plan", "d) Open assessment", "e) Closed episode")

Row = dict[str, str | None]


class _Council:
    """One extract's rows as dictionaries, with the look-ups that the lists need."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> None:
        self.tables, self.as_of = tables, as_of
        self.since = add_months(as_of, -6)
        self.person = {str(row["pers_person_id"]): row for row in self.rows("ssd_person")}
        team = {row["dept_team_id"]: row["dept_team_name"] for row in self.rows("ssd_department")}
        name = {row["prof_professional_id"]: row["prof_professional_name"] for row in self.rows("ssd_professionals")}
        self.holder: dict[str | None, tuple[Cell, Cell]] = {}
        for row in sorted(self.rows("ssd_involvements"), key=lambda r: str(r["invo_involvement_start_date"])):
            if row["invo_professional_role_id"] == "CW" and row["invo_involvement_end_date"] is None:
                self.holder[row["invo_referral_id"]] = team.get(row["invo_professional_team"]), name.get(row["invo_professional_id"])
        self.referrals: dict[str | None, list[dt.date]] = {}
        for row in self.rows("ssd_cin_episodes"):
            self.referrals.setdefault(row["cine_person_id"], []).append(_known(row["cine_referral_date"]))

    def rows(self, name: str) -> list[Row]:
        frame = self.tables[f"{name}.csv"].astype(object)
        records = frame.where(frame.notna(), None).to_dict("records")
        return [{str(name): cell for name, cell in record.items()} for record in records]

    def recent(self, *days: str | None) -> bool:
        """One of the dates lies in the last six months, or one is still to come."""
        return any(text is None or self.since <= _known(text) for text in days)

    def child(self, person_id: str | None) -> list[Cell]:
        row = self.person[str(person_id)]
        born = _date(row["pers_dob"])
        age = None if born is None else (self.as_of - born).days * 4 // 1461
        return [int(str(person_id)), GENDER.get(str(row["pers_sex"])), row["pers_ethnicity"], born, age]

    def held_by(self, referral_id: str | None) -> tuple[Cell, Cell]:
        return self.holder.get(referral_id, (None, None))

    def latest(self, name: str, key: str, date: str) -> dict[str | None, Row]:
        return {row[key]: row for row in sorted(self.rows(name), key=lambda r: str(r[date] or "")) if row[date]}

    def in_last_year(self, person_id: str | None, until: str | None) -> int:
        last = _known(until)
        return sum(add_months(last, -12) <= day < last for day in self.referrals.get(person_id, []))


def _date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _known(text: str | None) -> dt.date:
    return dt.date.fromisoformat(str(text))


def workbook(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> bytes:
    """Lists 1 to 9 of one day, from the SSD tables of that day."""
    council = _Council(tables, as_of)
    made = {
        "List 1": _contacts(council),
        "List 3": _referrals(council),
        "List 4": _assessments(council),
        "List 5": _enquiries(council),
        "List 6": _children_in_need(council),
        "List 7": _protected(council),
        "List 8": _in_care(council),
    }
    return make_workbook({name: [header, *made.get(name, [])] for name, header in HEADERS.items()})


def _contacts(k: _Council) -> list[Sequence[Cell]]:
    latest = k.latest("ssd_contacts", "cont_person_id", "cont_contact_date")
    chosen = [row for row in latest.values() if k.recent(row["cont_contact_date"])]
    return [[*k.child(r["cont_person_id"]), _date(r["cont_contact_date"]), SOURCE.get(str(r["cont_contact_source_code"]))] for r in chosen]


def _referrals(k: _Council) -> list[Sequence[Cell]]:
    return [
        [
            *k.child(r["cine_person_id"]),
            _date(r["cine_referral_date"]),
            SOURCE.get(str(r["cine_referral_source_code"])),
            YES_NO.get(str(r["cine_referral_nfa"])),
            k.in_last_year(r["cine_person_id"], r["cine_referral_date"]),
            *k.held_by(r["cine_referral_id"]),
        ]
        for r in k.rows("ssd_cin_episodes")
        if k.recent(r["cine_referral_date"])
    ]


def _assessments(k: _Council) -> list[Sequence[Cell]]:
    return [
        [
            *k.child(r["cina_person_id"]),
            "b) No",
            _date(r["cina_assessment_start_date"]),
            YES_NO.get(str(r["cina_assessment_child_seen"])),
            _date(r["cina_assessment_auth_date"]),
            {"N": "a) Yes", "Y": "b) No"}.get(str(r["cina_assessment_outcome_nfa"])),
            *k.held_by(r["cina_referral_id"]),
        ]
        for r in k.rows("ssd_cin_assessments")
        if k.recent(r["cina_assessment_auth_date"])
    ]


def _enquiries(k: _Council) -> list[Sequence[Cell]]:
    conference = {row["icpc_s47_enquiry_id"]: row for row in k.rows("ssd_initial_cp_conference")}
    made: list[Sequence[Cell]] = []
    for r in k.rows("ssd_s47_enquiry"):
        if not k.recent(r["s47e_s47_start_date"]):
            continue
        held = conference.get(r["s47e_s47_enquiry_id"], {})
        made.append(
            [
                *k.child(r["s47e_person_id"]),
                "b) No",
                _date(r["s47e_s47_start_date"]),
                YES_NO.get(str(r["s47e_s47_nfa"])),
                _date(held.get("icpc_icpc_date")),
                YES_NO.get(str(held.get("icpc_icpc_outcome_cp_flag"))),
                1,
                int(held.get("icpc_icpc_date") is not None),
                *k.held_by(r["s47e_referral_id"]),
            ]
        )
    return made


def _children_in_need(k: _Council) -> list[Sequence[Cell]]:
    """Children who are only the subject of a referral are not on this list."""
    by_stage = [
        {row["clae_referral_id"] for row in k.rows("ssd_cla_episodes") if row["clae_cla_episode_ceased_date"] is None},
        {row["cppl_referral_id"] for row in k.rows("ssd_cp_plans") if row["cppl_cp_plan_end_date"] is None},
        {row["cinp_referral_id"] for row in k.rows("ssd_cin_plans") if row["cinp_cin_plan_end_date"] is None},
        {row["cina_referral_id"] for row in k.rows("ssd_cin_assessments")},
    ]
    seen = k.latest("ssd_cin_visits", "cinv_person_id", "cinv_cin_visit_date")
    made: list[Sequence[Cell]] = []
    for r in k.rows("ssd_cin_episodes"):
        if r["cine_referral_id"] not in by_stage[3] or not k.recent(r["cine_close_date"]):
            continue
        stage = 4 if r["cine_close_date"] else next(i for i, ids in enumerate(by_stage) if r["cine_referral_id"] in ids)
        made.append(
            [
                *k.child(r["cine_person_id"]),
                "b) No",
                _date(r["cine_referral_date"]),
                r["cine_cin_primary_need_code"],
                _date(seen.get(r["cine_person_id"], {}).get("cinv_cin_visit_date")),
                _date(r["cine_close_date"]),
                CLOSURE.get(str(r["cine_close_reason"])),
                STATUS[stage],
                *k.held_by(r["cine_referral_id"]),
            ]
        )
    return made


def _protected(k: _Council) -> list[Sequence[Cell]]:
    visit = k.latest("ssd_cp_visits", "cppv_cp_plan_id", "cppv_cp_visit_date")
    review = k.latest("ssd_cp_reviews", "cppr_cp_plan_id", "cppr_cp_review_date")
    return [
        [
            *k.child(r["cppl_person_id"]),
            "b) No",
            _date(r["cppl_cp_plan_start_date"]),
            ABUSE[str(r["cppl_cp_plan_initial_category"])],
            ABUSE[str(r["cppl_cp_plan_latest_category"])],
            _date(visit.get(r["cppl_cp_plan_id"], {}).get("cppv_cp_visit_date")),
            YES_NO.get(str(visit.get(r["cppl_cp_plan_id"], {}).get("cppv_cp_visit_seen_alone"))),
            _date(review.get(r["cppl_cp_plan_id"], {}).get("cppr_cp_review_date")),
            _date(r["cppl_cp_plan_end_date"]),
            "b) No",
            0,
            *k.held_by(r["cppl_referral_id"]),
        ]
        for r in k.rows("ssd_cp_plans")
        if k.recent(r["cppl_cp_plan_end_date"])
    ]


def _in_care(k: _Council) -> list[Sequence[Cell]]:
    review = k.latest("ssd_cla_reviews", "clar_cla_id", "clar_cla_review_date")
    visit = k.latest("ssd_cla_visits", "clav_cla_id", "clav_cla_visit_date")
    made: list[Sequence[Cell]] = []
    for r in k.rows("ssd_cla_episodes"):
        if not k.recent(r["clae_cla_episode_ceased_date"]):
            continue
        said: dict[str, Cell] = {
            "Date Started to be Looked After": _date(r["clae_entered_care_date"]),
            "Child's Category of Need": "N1 - Abuse or neglect",
            "Date of Latest Statutory Review": _date(review.get(r["clae_cla_id"], {}).get("clar_cla_review_date")),
            "Date of Last Social Work Visit": _date(visit.get(r["clae_cla_id"], {}).get("clav_cla_visit_date")),
            "Date Ceased to be Looked After": _date(r["clae_cla_episode_ceased_date"]),
            **dict(zip(HOLDER, k.held_by(r["clae_referral_id"]), strict=True)),
        }
        made.append([*k.child(r["clae_person_id"]), *(said.get(column) for column in HEADERS["List 8"][len(CHILD) :])])
    return made
