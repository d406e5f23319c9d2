"""From XML to one child at a time: which elements are read, which are known and left, and whether it is this census at all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from caseclock.errors import BadExtract

MAX_TEXT = 200  # characters of a value; the longest that is read, a child's id, has 20
FIRST_YEAR, LAST_YEAR = 2022, 2026
"""Of the forms that this reader was checked with."""

REVIEW = "CPPreviewDate"

BLOCKS = {
    "Child": "",
    "CINdetails": "Child",
    "Assessments": "CINdetails",
    "CINPlanDates": "CINdetails",
    "Section47": "CINdetails",
    "ChildProtectionPlans": "CINdetails",
    REVIEW: "ChildProtectionPlans",
}
"""Elements that are rows, and the one that each of them lies in."""

# fmt: off
READ = {
    "": {"Collection", "ReferenceDate"},
    "Child": {"LAchildID", "PersonBirthDate", "ExpectedPersonBirthDate", "PersonDeathDate", "GenderCurrent", "Sex"},
    "CINdetails": {"CINreferralDate", "ReferralSource", "PrimaryNeedCode", "CINclosureDate", "ReasonForClosure", "DateOfInitialCPC",
                   "ReferralNFA"},
    "Assessments": {"AssessmentActualStartDate", "AssessmentInternalReviewDate", "AssessmentAuthorisationDate"},
    "CINPlanDates": {"CINPlanStartDate", "CINPlanEndDate"},
    "Section47": {"S47ActualStartDate", "InitialCPCtarget", "DateOfInitialCPC", "ICPCnotRequired"},
    "ChildProtectionPlans": {"CPPstartDate", "CPPendDate"},
    REVIEW: set(),
}

LEFT = frozenset((
    "Message", "Header", "Children", "ChildIdentifiers", "ChildCharacteristics", "Reviews", "UPN", "FormerUPN", "UPNunknown", "Ethnicity",
    "Disabilities", "Disability", "FactorsIdentifiedAtAssessment", "AssessmentFactors", "InitialCategoryOfAbuse", "LatestCategoryOfAbuse",
    "NumberOfPreviousCPP",
))
# fmt: on
"""Elements of the census that no rule reads."""

PRE_PROCEEDINGS = "PreProceedingsandFGDM"

OTHER_RETURNS = {
    "CSWW": "a workforce census (CSWW)",
    "CSWWWorker": "a workforce census (CSWW)",
    "CLA": "a return on looked-after children (SSDA903)",
    "SSDA903": "a return on looked-after children (SSDA903)",
    "SC": "a school census",
    "SCPupilOnRoll": "a school census",
    "AP": "an alternative provision census",
    "PRU": "a pupil referral unit census",
    "workbook": "a part of a workbook",
    "html": "a web page",
    "svg": "a picture",
}
"""By the name of the collection in the header, of the root, or of an element that no other return has."""


@dataclass
class Block:
    """One element that is a row: its line, which of its kind in the file it is, the values in it and the blocks in it."""

    name: str
    line: int
    nth: int
    values: dict[str, str] = field(default_factory=dict)
    inside: list[Block] = field(default_factory=list)


class Census:
    """Listens to the parser and hands over each child when it is complete. Raises BadExtract for another return."""

    def __init__(self, child: Callable[[Block], None], where: str) -> None:
        self._hand_over, self._where = child, where
        self._path: list[str] = []
        self._blocks: list[Block] = []
        self._value: list[str] | None = None
        self._many: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._skipping = 0  # depth at which an element began whose inside is not looked at
        self._said: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        self._path.append(name)
        self._value = None
        if self._skipping:
            return
        home = self._blocks[-1].name if self._blocks else self._outside(name)
        if name in READ[home]:
            self._value = []
        elif BLOCKS.get(name) == home:
            self._open(name, line)
            self._value = [] if name == REVIEW else None
        elif name not in LEFT and self._path[1:2] != ["Header"]:
            self._ignored[name] += 1
            self._skipping = len(self._path)

    def _outside(self, name: str) -> str:
        """What an element lies in that lies in no child. Raises BadExtract where it shows that this is another return."""
        if len(self._path) == 1 and name != "Message":
            self._refuse_other(name, "its outermost element is not Message")
        if name in OTHER_RETURNS:
            self._refuse_other(name, "")
        return ""

    def text(self, text: str) -> None:
        if self._value is not None and len(self._value) < MAX_TEXT:
            self._value.append(text[:MAX_TEXT])

    def end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._skipping:
            self._skipping = 0 if depth == self._skipping else self._skipping
            return
        if self._value is not None:
            self._keep(name, "".join(self._value).strip()[:MAX_TEXT])
            self._value = None
        if self._blocks and self._blocks[-1].name == name:
            self._close()

    def check_whole(self) -> None:
        """After the last element. Raises BadExtract when it had neither a header of this census nor children."""
        if self._said.get("Collection") != "CIN" and not self._many["Child"]:
            _refuse(self._where, "it is XML, but no children in need census: it has neither its header nor children")

    def notes(self, as_of: dt.date) -> list[str]:
        made = [f"{name}: {self._many[name]} elements read" for name in BLOCKS if self._many[name]]
        if PRE_PROCEEDINGS in self._ignored:
            made.append(f"{PRE_PROCEEDINGS} (2026): {self._ignored.pop(PRE_PROCEEDINGS)} elements are not read, no rule uses them")
        unknown = [f"{name[:40]} ({n})" for name, n in sorted(self._ignored.items())[:20]]
        if unknown:
            made.append(f"elements that the census does not have are not read: {', '.join(unknown)}")
        return made + self._notes_on_dates(as_of)

    def _notes_on_dates(self, as_of: dt.date) -> list[str]:
        try:
            reference = dt.date.fromisoformat(self._said.get("ReferenceDate", "")[:10])
        except ValueError:
            return ["the header has no reference date, so nobody can check for which day the census was drawn"]
        made = []
        if reference != as_of:
            made.append(f"the header's reference date is {reference}, the extract's date is {as_of}: open work is counted up to the latter")
        if not FIRST_YEAR <= reference.year <= LAST_YEAR:
            made.append(f"this reader was checked with the censuses of {FIRST_YEAR} to {LAST_YEAR}")
        return made

    # --- inside ----------------------------------------------------------------------------------------------------
    def _open(self, name: str, line: int) -> None:
        self._many[name] += 1
        block = Block(name, line, self._many[name])
        if self._blocks:
            self._blocks[-1].inside.append(block)
        self._blocks.append(block)

    def _close(self) -> None:
        block = self._blocks.pop()
        if block.name == "Child":
            self._hand_over(block)

    def _keep(self, name: str, text: str) -> None:
        if self._blocks:
            self._blocks[-1].values.setdefault(name, text)
            return
        self._said.setdefault(name, text)
        if name == "Collection" and text != "CIN":
            self._refuse_other(text, "its header names another collection")

    def _refuse_other(self, name: str, otherwise: str) -> NoReturn:
        what = f"this is {OTHER_RETURNS[name]}, not a children in need census" if name in OTHER_RETURNS else otherwise
        _refuse(self._where, what)


def _refuse(where: str, what: str) -> NoReturn:
    raise BadExtract(what, where=where, allowed="a children in need census (CIN) as XML", todo="Send the file that was sent to the DfE")
