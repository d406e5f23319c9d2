"""From one child of the census to rows of canonical tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from caseclock.extracts.codes import Codes
from caseclock.extracts.readers.cin_census.elements import REVIEW, Block

Made = dict[str, list[object]]
"""A table column by column: a census may have a million rows."""
TRUE, FALSE = frozenset(("true", "1")), frozenset(("false", "0"))


@dataclass
class CensusWork:
    """Rows of canonical tables as they are made, child by child. `one_per_line`: no two elements of a kind began on one line."""

    as_of: dt.date
    codes: Codes
    tables: dict[str, Made] = field(default_factory=dict)
    one_per_line: bool = True
    last_line: dict[str, int] = field(default_factory=dict)

    def take(self, block: Block) -> None:
        """Every row of one child."""
        child = block.values.get("LAchildID") or None
        self._add("child", block, child_id=child, **self._of_child(block))
        for details in block.inside:
            _Episode(self, child, details).take()

    def _of_child(self, block: Block) -> dict[str, object]:
        said = block.values
        sex = self.codes.of("sex", said.get("Sex") or said.get("GenderCurrent"), called="sex (Sex or GenderCurrent)")
        born, expected = said.get("PersonBirthDate"), said.get("ExpectedPersonBirthDate")
        unborn = ("Y" if _is_after(born, self.as_of) else "N") if born else "Y" if expected else None
        return {"sex": sex, "unborn": unborn, "died_on": said.get("PersonDeathDate") or None}

    def _add(self, table: str, block: Block, **made: object) -> None:
        row = {"line": block.line, "nth": block.nth, "element": block.name, **made}
        columns = self.tables.setdefault(table, {name: [] for name in row})
        for name, value in row.items():
            columns[name].append(value)
        if (table, block.name) == _FIRST[block.name]:
            self.one_per_line = self.one_per_line and self.last_line.get(block.name) != block.line
            self.last_line[block.name] = block.line


class _Episode:
    """One CINdetails element: a referral and all that followed it."""

    def __init__(self, work: CensusWork, child: str | None, block: Block) -> None:
        self.work, self.child, self.block = work, child, block
        self.id = self.key("r", block.values.get("CINreferralDate"))

    def key(self, kind: str, date: str | None) -> str:
        return f"{kind}:{self.child or ''}:{date or ''}"

    def add(self, table: str, block: Block, **made: object) -> None:
        self.work._add(table, block, child_id=self.child, **{name: value or None for name, value in made.items()})

    def take(self) -> None:
        said, codes = self.block.values, self.work.codes
        self.add(
            "referral",
            self.block,
            referral_id=self.id,
            referral_date=said.get("CINreferralDate"),
            source=codes.of("referral_source", said.get("ReferralSource"), called="ReferralSource"),
            nfa=_flag(said.get("ReferralNFA")),
            primary_need=codes.of("primary_need", said.get("PrimaryNeedCode"), called="PrimaryNeedCode"),
            closed_on=said.get("CINclosureDate"),
            close_reason=codes.of("close_reason", said.get("ReasonForClosure"), called="ReasonForClosure"),
        )
        for block in self.block.inside:
            _READERS[block.name](self, block)
        self._own_conference()

    def _own_conference(self) -> None:
        """A conference that the episode names and none of its enquiries does. Nobody can tell here that a child moved in with a plan."""
        held = self.block.values.get("DateOfInitialCPC")
        theirs = {b.values.get("DateOfInitialCPC") for b in self.block.inside if b.name == "Section47"}
        if held and held not in theirs:
            key = self.key("c", held)
            made = {"meeting_id": key, "s47_id": None, "referral_id": self.id, "kind": "initial", "due_on": None, "held_on": held}
            self.add("conference", self.block, conference_id=key, **made)

    def assessment(self, block: Block) -> None:
        said = block.values
        start, done = said.get("AssessmentActualStartDate"), said.get("AssessmentAuthorisationDate")
        made = {"started_on": start, "reviewed_on": said.get("AssessmentInternalReviewDate"), "authorised_on": done}
        self.add("assessment", block, assessment_id=self.key("a", start), referral_id=self.id, **made)

    def enquiry(self, block: Block) -> None:
        """A conference is required unless the census says that it is not and none was held: a clock that runs in vain is seen."""
        said = block.values
        start, held, due = said.get("S47ActualStartDate"), said.get("DateOfInitialCPC"), said.get("InitialCPCtarget")
        key = self.key("s", start)
        required = "N" if _flag(said.get("ICPCnotRequired")) == "Y" and not held else "Y"
        self.add("s47", block, s47_id=key, referral_id=self.id, strategy_on=start, icpc_required=required)
        if held or (due and required == "Y"):
            meeting = self.key("c", held) if held else None
            made = {"meeting_id": meeting, "s47_id": key, "referral_id": self.id, "kind": "initial", "due_on": due, "held_on": held}
            self.add("conference", block, conference_id=self.key("c", f"{held or 'due'}:{start}"), **made)

    def in_need(self, block: Block) -> None:
        self._plan("cin", block, block.values.get("CINPlanStartDate"), block.values.get("CINPlanEndDate"))

    def protection(self, block: Block) -> None:
        plan = self._plan("cp", block, block.values.get("CPPstartDate"), block.values.get("CPPendDate"))
        for review in block.inside:
            held = review.values.get(REVIEW) or None
            self.add("review", review, review_id=f"{plan}:{held or ''}", plan_id=plan, kind="cp", held_on=held)

    def _plan(self, kind: str, block: Block, start: str | None, end: str | None) -> str:
        key = self.key(kind, start)
        self.add("plan", block, plan_id=key, referral_id=self.id, kind=kind, started_on=start, ended_on=end)
        return key


_READERS = {
    "Assessments": _Episode.assessment,
    "Section47": _Episode.enquiry,
    "CINPlanDates": _Episode.in_need,
    "ChildProtectionPlans": _Episode.protection,
}

_FIRST = {
    "Child": ("child", "Child"),
    "CINdetails": ("referral", "CINdetails"),
    "Assessments": ("assessment", "Assessments"),
    "Section47": ("s47", "Section47"),
    "CINPlanDates": ("plan", "CINPlanDates"),
    "ChildProtectionPlans": ("plan", "ChildProtectionPlans"),
    REVIEW: ("review", REVIEW),
}
"""The table in which each kind of element makes a row, once."""


def _is_after(date: str, day: dt.date) -> bool:
    try:
        return dt.date.fromisoformat(date[:10]) > day
    except ValueError:
        return False


def _flag(text: str | None) -> str | None:
    """true/false and 1/0 are both in use. Anything else is left for typing to count."""
    low = (text or "").lower()
    return "Y" if low in TRUE else "N" if low in FALSE else text or None
