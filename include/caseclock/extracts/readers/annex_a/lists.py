"""The lists of Annex A that are read, and how their columns are recognised (Ofsted's Annex A in its shape of January 2024)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


def fold_header(text: object) -> str:
    """Case, spaces, NBSP, quotes of any kind, question marks and brackets do not tell two headers apart."""
    plain = re.sub(r"['‘’`´]", "", str(text)).lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


@dataclass(frozen=True)
class AnnexColumn:
    """`title` is the template's header; `also` finds headers that drifted. Both are compared folded (lower-case words)."""

    name: str
    title: str
    also: str = ""
    required: bool = False
    is_date: bool = False

    @cached_property
    def folded(self) -> str:
        return fold_header(self.title)

    def fits(self, header: str) -> bool:
        return header == self.folded or bool(self.also and re.search(self.also, header))


CHILD = AnnexColumn("child", "Child Unique ID", r"\bchild(rens|s)?\b.*\b(id|identifier)\b|\b(id|identifier)\b.*\bchild\b", required=True)
_COMMON = (
    CHILD,
    AnnexColumn("sex", "Gender", r"^(sex|gender)\b"),
    AnnexColumn("dob", "Date of Birth", r"date.*birth|^dob$", is_date=True),
)
_WHO = (
    AnnexColumn("team", "Allocated Team", r"allocated.*team"),
    AnnexColumn("worker", "Allocated Worker", r"allocated.*(worker|practitioner)"),
)


def _date(name: str, title: str, also: str = "", *, required: bool = False) -> AnnexColumn:
    return AnnexColumn(name, title, also, required, is_date=True)


@dataclass(frozen=True)
class AnnexList:
    """One list. `table` is the canonical table that a row of it makes first of all."""

    number: int
    table: str
    shows: str
    columns: tuple[AnnexColumn, ...]

    @cached_property
    def required(self) -> set[str]:
        return {c.name for c in self.columns if c.required}

    @cached_property
    def dates(self) -> set[str]:
        return {c.name for c in self.columns if c.is_date}

    def title_of(self, name: str) -> str:
        return next(c.title for c in self.columns if c.name == name)

    def columns_in(self, headers: list[str]) -> dict[str, int]:
        """Our columns and where they are in a row of folded headers: the exact title first, then what drifted."""
        made: dict[str, int] = {}
        for exact in (True, False):
            for column in self.columns:
                if column.name not in made:
                    fits = (at for at, h in enumerate(headers) if (h == column.folded if exact else column.fits(h)))
                    at = next((at for at in fits if at not in made.values()), None)
                    if at is not None:
                        made[column.name] = at
        return made


_CONTACTS = (
    *_COMMON,
    _date("contact_on", "Date of Contact", r"date.*contact|^contact date", required=True),
    AnnexColumn("source", "Contact Source", r"contact.*source|source.*contact"),
)
_REFERRALS = (
    *_COMMON,
    _date("referral_date", "Date of Referral", r"date of.*referral|^referral date", required=True),
    AnnexColumn("source", "Referral Source", r"referral.*source|source.*referral"),
    AnnexColumn("nfa", "Referral NFA?", r"referral.*nfa|no further action"),
    *_WHO,
)
_ASSESSMENTS = (
    *_COMMON,
    _date("started_on", "Continuous Assessment Start Date", r"assessment.*start.*date|date.*assessment.*start", required=True),
    AnnexColumn("seen", "Child Seen During Continuous Assessment", r"child.*seen.*during"),
    _date("authorised_on", "Continuous Assessment Date of Authorisation", r"assessment.*authori[sz]|authori[sz]\w+.*assessment"),
    *_WHO,
)
_ENQUIRIES = (
    *_COMMON,
    _date("strategy_on", "Strategy discussion initiating Section 47 Enquiry Start Date", r"strategy discussion.*date", required=True),
    AnnexColumn("unnecessary", "Was an Initial Child Protection Conference deemed unnecessary?", r"conference.*unnecessary"),
    _date("held_on", "Date of Initial Child Protection Conference", r"^date of.*(initial child protection conf|icpc)"),
    AnnexColumn(
        "outcome_cp",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        r"(conference|icpc) result in.*child protection plan",
    ),
    *_WHO,
)
_IN_NEED = (
    *_COMMON,
    _date("started_on", "CIN Start Date", r"\bcin\b.*start|child in need.*start", required=True),
    AnnexColumn("need", "Primary Need Code", r"primary need|category of need"),
    _date("last_seen", "Date Child Was Last Seen", r"last seen"),
    _date("ended_on", "CIN Closure Date", r"\bcin\b.*clos.*date|closure date|date.*closure"),
    AnnexColumn("reason", "Reason for Closure", r"reason for clos|closure reason"),
    AnnexColumn("status", "Case Status", r"case status"),
    *_WHO,
)
_PROTECTION = (
    *_COMMON,
    _date("started_on", "Child Protection Plan Start Date", r"protection plan.*start", required=True),
    _date("last_seen", "Date of the Last Statutory Visit", r"last.*statutory visit"),
    AnnexColumn("alone", "Was the Child Seen Alone?", r"seen alone"),
    _date("reviewed_on", "Date of latest review conference", r"latest review"),
    _date("ended_on", "Child Protection Plan End Date", r"protection plan.*end"),
    *_WHO,
)
_LOOKED_AFTER = (
    *_COMMON,
    _date("started_on", "Date Started to be Looked After", r"date.*started.*looked after", required=True),
    _date("status_on", "Start date of current legal status", r"start.*legal status"),
    AnnexColumn("legal", "Child's Legal Status", r"^(childs )?(current )?legal status"),
    _date("reviewed_on", "Date of Latest Statutory Review", r"latest.*statutory review"),
    _date("last_seen", "Date of Last Social Work Visit", r"last.*social work(er)? visit"),
    _date("ended_on", "Date Ceased to be Looked After", r"^date.*ceased.*looked after"),
    AnnexColumn("reason", "Reason Ceased to be Looked After", r"^reason.*ceased.*looked after"),
    _date("placed_on", "Start Date of Most Recent Placement", r"start date.*placement"),
    AnnexColumn("placement", "Placement Type", r"placement type|type of placement"),
    *_WHO,
)
_CARE_LEAVERS = (
    *_COMMON,
    *_WHO,
    AnnexColumn("adviser", "Allocated Personal Advisor", r"personal advis[eo]r"),
    AnnexColumn("eligibility", "Eligibility Category", r"eligib"),
    _date("reviewed_on", "Latest Pathway Plan Review Date", r"pathway plan", required=True),
    AnnexColumn("in_touch", "LA in Touch", r"in touch"),
    _date("contacted_on", "Latest Date of Contact", r"latest.*contact|date of.*contact"),
)

LISTS: dict[int, AnnexList] = {
    one.number: one
    for one in (
        AnnexList(1, "contact", "contacts", _CONTACTS),
        AnnexList(3, "referral", "referrals", _REFERRALS),
        AnnexList(4, "assessment", "assessments and their time limits", _ASSESSMENTS),
        AnnexList(5, "s47", "section 47 enquiries and the time to their conference", _ENQUIRIES),
        AnnexList(6, "plan", "child in need plans and the last visit on each", _IN_NEED),
        AnnexList(7, "plan", "child protection plans, the last visit and the latest review on each", _PROTECTION),
        AnnexList(8, "care", "looked-after children, the last visit and the latest review of each", _LOOKED_AFTER),
        AnnexList(9, "care_leaver", "care leavers, the latest contact and pathway plan review of each", _CARE_LEAVERS),
    )
}

OTHER_LISTS = {2: "early help", 10: "adoption", 11: "adopters"}
"""Lists that are counted: no rule reads what they hold."""

TELLS = {2: "organisation completing assessment", 10: "date placed for adoption", 11: "adopter fostering for adoption"}
"""What stands in a header of such a list and of no other, so that a sheet of it under another name is not taken for one that is read."""

NAMES = {
    "contacts": 1,
    "early help": 2,
    "referrals": 3,
    "assessments": 4,
    "sec47 and icpc": 5,
    "section 47": 5,
    "section 47 enquiries": 5,
    "s47 and icpc": 5,
    "section 47 and icpc": 5,
    "children in need": 6,
    "child protection": 7,
    "children in care": 8,
    "looked after": 8,
    "looked after children": 8,
    "children looked after": 8,
    "care leavers": 9,
    "leaving care": 9,
    "leaving care services": 9,
    "adoption": 10,
    "adopters": 11,
}
"""Sheet names in words, folded."""


def number_in(name: str) -> int | None:
    """The number of the list that a sheet's or file's name says: `List_4`, `List 4 - Assessments`, `Assessments`."""
    folded = fold_header(name)
    hit = re.search(r"\blist (\d{1,2})\b", re.sub(r"([a-z])(\d)", r"\1 \2", folded))
    if hit:
        return int(hit[1]) if int(hit[1]) in LISTS or int(hit[1]) in OTHER_LISTS else None
    return NAMES.get(folded)
