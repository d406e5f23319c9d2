"""The lists of Annex A that are read, and how their columns are recognised (domain brief 1.5, shape of January 2024)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class AnnexColumn:
    """`title` is the template's header; `also` finds headers that drifted. Both are compared folded (lower-case words)."""

    name: str
    title: str
    also: str = ""
    required: bool = False
    is_date: bool = False

    @property
    def folded(self) -> str:
        return " ".join(re.sub(r"[^a-z0-9]+", " ", self.title.lower().replace("'", "")).split())

    def fits(self, header: str) -> bool:
        return header == self.folded or bool(self.also and re.search(self.also, header))


CHILD = AnnexColumn("child", "Child Unique ID", r"\bchild(rens|s)?\b.*\b(id|identifier)\b|\b(id|identifier)\b.*\bchild\b", required=True)
_COMMON = (
    CHILD,
    AnnexColumn("sex", "Gender", r"^(sex|gender)\b"),
    AnnexColumn("dob", "Date of Birth", r"date.*birth|^dob$", is_date=True),
)
_WHO = (AnnexColumn("team", "Allocated Team", r"allocated.*team"), AnnexColumn("worker", "Allocated Worker", r"allocated.*worker"))


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


LISTS: dict[int, AnnexList] = {
    one.number: one
    for one in (
        AnnexList(
            1,
            "contact",
            "contacts",
            (
                *_COMMON,
                _date("contact_on", "Date of Contact", r"date.*contact", required=True),
                AnnexColumn("source", "Contact Source", r"contact.*source"),
            ),
        ),
        AnnexList(
            3,
            "referral",
            "referrals",
            (
                *_COMMON,
                _date("referral_date", "Date of Referral", r"date of.*referral|^referral date", required=True),
                AnnexColumn("source", "Referral Source", r"referral.*source"),
                AnnexColumn("nfa", "Referral NFA?", r"referral nfa|no further action"),
                *_WHO,
            ),
        ),
        AnnexList(
            4,
            "assessment",
            "assessments and their time limits",
            (
                *_COMMON,
                _date("started_on", "Continuous Assessment Start Date", r"assessment.*start.*date", required=True),
                AnnexColumn("seen", "Child Seen During Continuous Assessment", r"child seen during"),
                _date("authorised_on", "Continuous Assessment Date of Authorisation", r"assessment.*authori[sz]"),
                *_WHO,
            ),
        ),
        AnnexList(
            5,
            "s47",
            "section 47 enquiries and the time to their conference",
            (
                *_COMMON,
                _date(
                    "strategy_on",
                    "Strategy discussion initiating Section 47 Enquiry Start Date",
                    r"strategy discussion.*date",
                    required=True,
                ),
                AnnexColumn(
                    "unnecessary", "Was an Initial Child Protection Conference deemed unnecessary?", r"conference deemed unnecessary"
                ),
                _date("held_on", "Date of Initial Child Protection Conference", r"date of initial child protection conf"),
                AnnexColumn(
                    "outcome_cp",
                    "Did the Initial Child Protection Conference Result in a Child Protection Plan",
                    r"conference result in a child protection plan",
                ),
                *_WHO,
            ),
        ),
        AnnexList(
            6,
            "plan",
            "child in need plans and the last visit on each",
            (
                *_COMMON,
                _date("started_on", "CIN Start Date", r"\bcin\b.*start|child in need.*start", required=True),
                AnnexColumn("need", "Primary Need Code", r"primary need"),
                _date("last_seen", "Date Child Was Last Seen", r"last seen"),
                _date("ended_on", "CIN Closure Date", r"\bcin\b.*clos.*date|closure date"),
                AnnexColumn("reason", "Reason for Closure", r"reason for clos"),
                AnnexColumn("status", "Case Status", r"case status"),
                *_WHO,
            ),
        ),
        AnnexList(
            7,
            "plan",
            "child protection plans, the last visit and the latest review on each",
            (
                *_COMMON,
                _date("started_on", "Child Protection Plan Start Date", r"protection plan start", required=True),
                _date("last_seen", "Date of the Last Statutory Visit", r"last statutory visit"),
                AnnexColumn("alone", "Was the Child Seen Alone?", r"seen alone"),
                _date("reviewed_on", "Date of latest review conference", r"latest review"),
                _date("ended_on", "Child Protection Plan End Date", r"protection plan end"),
                *_WHO,
            ),
        ),
    )
}

OTHER_LISTS = frozenset({2, 8, 9, 10, 11})
"""Early help, looked after, care leavers, adoption, adopters: counted, not read yet."""

NAMES = {
    "contacts": 1,
    "early help": 2,
    "referrals": 3,
    "assessments": 4,
    "sec47 and icpc": 5,
    "section 47": 5,
    "s47 and icpc": 5,
    "section 47 and icpc": 5,
    "children in need": 6,
    "child protection": 7,
    "children in care": 8,
    "care leavers": 9,
    "leaving care": 9,
    "adoption": 10,
    "adopters": 11,
}
"""Sheet names in words, folded."""
