"""From rows of lists to rows of canonical tables."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from caseclock.extracts.codes import Codes
from caseclock.extracts.model import FILE, ROW, Absence, Reject
from caseclock.extracts.people import id_of_name
from caseclock.extracts.readers.annex_a.cells import day_to_pair
from caseclock.extracts.readers.annex_a.episodes import Episode, Referral, referrals_and_episodes
from caseclock.extracts.readers.annex_a.sheets import ListSheet
from caseclock.extracts.source import SourceConfig

Row = dict[str, str | None]
Made = dict[str, object]

CURRENT = (7, 8, 6, 9)
"""Lists of what a child is in receipt of now, the most telling first. Where an open row of one of them leaves the worker blank and none of
the others names one, nobody has the case: the worker of a referral or an assessment of months ago does not count then."""
PAST = (5, 4, 3)

_DIED = re.compile(r"^(?:[a-z]\d?\)\s*)?(?:E2\b|died\b)", re.IGNORECASE)
"""List 8's reason for ceasing: E2 of the SSDA903 return."""


@dataclass
class ListWork:
    """Rows of canonical tables as they are made, list by list."""

    source: SourceConfig
    as_of: dt.date
    salt: bytes = b""
    tables: dict[str, list[Made]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    without_plan: int = 0
    paired: int = 0
    children: dict[str, Made] = field(default_factory=dict)
    workers: dict[str, Made] = field(default_factory=dict)
    teams: dict[str, Made] = field(default_factory=dict)
    named: list[tuple[tuple[bool, int, str], str, Made]] = field(default_factory=list)
    current: set[str] = field(default_factory=set)
    looked_after: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    referrals: list[Referral] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codes = Codes(self.source.codes)

    def take(self, one: ListSheet, number: int, row: Row) -> None:
        child = row.get("child")
        if child is None:
            reason = "it is missing, and a row cannot be used without it"
            self.rejects.append(Reject(one.spec.table, one.file, number, "Child Unique ID", reason, "missing"))
            return
        child = row["child"] = re.sub(r"\.0$", "", child)
        at: Made = {ROW: number, FILE: one.file, "child_id": child}
        _Reader(self, one.spec.number, row, at).read()

    def add(self, table: str, row: Made) -> None:
        self.tables.setdefault(table, []).append(row)

    def worker_of(self, name: str, at: Made) -> str:
        """The id of a worker, made from the name, which goes no further than this."""
        worker = id_of_name(name, self.source, self.salt)
        if worker not in self.workers:
            self.workers[worker] = {
                ROW: at[ROW],
                FILE: at[FILE],
                "worker_id": worker,
                "is_person": "Y" if self.source.can_hold(name, worker_id=worker) else "N",
            }
            self.add("worker", self.workers[worker])
        return worker

    def finish(self) -> None:
        """What can only be said when every list has been read: which episode is which referral, and who has each child now."""
        found = referrals_and_episodes(self.referrals, self.episodes)
        self.paired = found.paired
        self.rejects += found.rejects
        for row in found.rows:
            self.add("referral", row)
        self._allocate()

    def _allocate(self) -> None:
        """One open involvement per child that has a worker: a person before a pool, an open plan before what is older.

        A plan or episode that has ended names who had the case, not who has it."""
        for (_, rank, _), child, row in sorted(self.named, key=lambda n: n[0]):
            if child not in self.held and not (rank >= len(CURRENT) and child in self.current):
                self.held.add(child)
                role = self.source.allocated_roles[0]
                self.add("allocation", {**row, "allocation_id": f"a:{child}", "role": role, "started_on": None, "ended_on": None})

    def absences(self) -> list[Absence]:
        watched = {r.child for r in self.referrals if r.is_open} | {e.child for e in self.episodes if e.is_open}
        alone = len(self.looked_after - watched - self.held)
        if not alone:
            return []
        because = "they are on List 8 without a worker and on neither List 3 nor List 6, and only referrals and episodes are allocated"
        return [Absence(f"{alone} looked-after children whom nobody has", because, True)]

    def notes(self) -> list[str]:
        made = self.codes.notes()
        if self.without_plan:
            made.append(f"List 6: {self.without_plan} rows have a case status other than a child in need plan; no plan is made of them")
        if self.paired:
            made.append(f"List 6: {self.paired} episodes are the same as a referral of List 3 and are counted once")
        return made


class _Reader:
    """One row of one list."""

    def __init__(self, work: ListWork, number: int, row: Row, at: Made) -> None:
        self.work, self.number, self.row, self.at = work, number, row, at
        self.child = str(row["child"])

    def read(self) -> None:
        self._child()
        self.who = self._who()
        _LIST_ROWS[self.number](self)
        is_open = self.row.get("ended_on") is None
        if self.number in CURRENT and is_open:
            self.work.current.add(self.child)
        if self.who["worker_id"] and is_open:
            when = next((self.row[d] for d in ("started_on", "strategy_on", "referral_date") if self.row.get(d)), None) or ""
            is_nobody = self.work.workers[str(self.who["worker_id"])]["is_person"] == "N"
            rank = (*CURRENT, *PAST).index(self.number)
            self.work.named.append(((is_nobody, rank, _backwards(when)), self.child, {**self.at, **self.who}))

    def add(self, table: str, key: str, **made: object) -> None:
        self.work.add(table, {**self.at, f"{_KEY.get(table, table)}_id": key, **made})

    def key(self, kind: str, *dates: str) -> str:
        return ":".join([kind, self.child, *(str(self.row.get(d)) for d in dates)])

    def code(self, column: str, name: str, title: str) -> str | None:
        return self.work.codes.of(column, self.row.get(name), called=f"{title} of List {self.number}")

    def _child(self) -> None:
        known = self.work.children
        if self.child not in known:
            sex = self.code("sex", "sex", "Gender")
            known[self.child] = {**self.at, "sex": sex, "unborn": self._unborn(), "died_on": None}
            self.work.add("child", known[self.child])

    def died(self) -> None:
        self.work.children[self.child]["died_on"] = self.row.get("ended_on")

    def _unborn(self) -> str | None:
        dob = self.row.get("dob")
        if dob is None:
            return None
        day = day_to_pair(dob, self.work.source.date_formats)
        return "Y" if day is not None and day > self.work.as_of else "N"

    def _who(self) -> Made:
        """Team and worker ids of a row. A care leaver may have a personal adviser and no worker."""
        team, name = self.row.get("team"), self.row.get("worker") or self.row.get("adviser")
        if team and team not in self.work.teams:
            self.work.teams[team] = {ROW: self.at[ROW], FILE: self.at[FILE], "team_id": team, "name": team}
            self.work.add("team", self.work.teams[team])
        return {"team_id": team, "worker_id": self.work.worker_of(name, self.at) if name else None}


# --- one function per list -----------------------------------------------------------------------------------------
_KEY = {"care": "episode", "care_leaver": "leaver"}


def _contact(r: _Reader) -> None:
    source = r.code("contact_source", "source", "Contact Source")
    r.add("contact", r.key("1", "contact_on"), contact_on=r.row.get("contact_on"), source=source)


def _referral(r: _Reader) -> None:
    made = {"referral_date": r.row.get("referral_date"), "source": r.code("referral_source", "source", "Referral Source")}
    nfa = r.code("referral_nfa", "nfa", "Referral NFA?")
    row: Made = {**r.at, **r.who, "referral_id": r.key("3", "referral_date"), **made, "nfa": nfa}
    row |= {"primary_need": None, "closed_on": None, "close_reason": None}
    r.work.add("referral", row)
    r.work.referrals.append(Referral(r.child, day_to_pair(r.row.get("referral_date"), r.work.source.date_formats), nfa == "Y", row))


def _assessment(r: _Reader) -> None:
    seen = r.code("assessment_child_seen", "seen", "Child Seen During Continuous Assessment")
    dates = {"started_on": r.row.get("started_on"), "authorised_on": r.row.get("authorised_on")}
    r.add("assessment", r.key("4", "started_on"), **r.who, **dates, child_seen=seen)


def _s47(r: _Reader) -> None:
    """A conference is required unless it was deemed unnecessary and none was held: a clock that runs in vain is seen."""
    key, held = r.key("5", "strategy_on"), r.row.get("held_on")
    unnecessary = r.code("icpc_unnecessary", "unnecessary", "Was an Initial Child Protection Conference deemed unnecessary?") == "Y"
    required = "N" if unnecessary and not held else "Y"
    r.add("s47", key, **r.who, strategy_on=r.row.get("strategy_on"), icpc_required=required)
    if held:
        outcome = r.code("conference_outcome_cp", "outcome_cp", "Did the Conference Result in a Child Protection Plan")
        r.add("conference", f"{key}:{held}", **r.who, s47_id=key, kind="initial", held_on=held, outcome_cp=outcome)


def _cin(r: _Reader) -> None:
    """An episode (see episodes.py), and a plan unless the case status says that the child has none."""
    key: str | None = r.key("6", "started_on")
    reason = r.code("close_reason", "reason", "Reason for Closure")
    if reason == "RC2":
        r.died()
    plan: Made | None = None
    if r.code("case_status", "status", "Case Status") in (None, "cin"):
        plan = {**r.at, **r.who, "plan_id": key, "kind": "cin", "referral_id": None}
        plan |= {"started_on": r.row.get("started_on"), "ended_on": r.row.get("ended_on")}
        r.work.add("plan", plan)
    else:
        r.work.without_plan += 1
        key = None
    formats = r.work.source.date_formats
    start, end = (day_to_pair(r.row.get(name), formats) for name in ("started_on", "ended_on"))
    need = r.code("primary_need", "need", "Primary Need Code")
    row: Made = {**r.at, **r.who, "referral_id": r.key("6", "started_on"), "referral_date": r.row.get("started_on"), "primary_need": need}
    row |= {"closed_on": r.row.get("ended_on"), "close_reason": reason}
    r.work.episodes.append(Episode(r.child, start, end, row, plan))
    if r.row.get("last_seen"):
        visit = {"kind": "cin", "visit_on": r.row["last_seen"], "seen": "Y", "seen_alone": None}
        r.add("visit", r.key("6v", "started_on", "last_seen"), plan_id=key, **visit)


def _cp(r: _Reader) -> None:
    """A statutory visit is one at which the child was seen, so its date counts as seen whether or not it was alone."""
    key = r.key("7", "started_on")
    r.add("plan", key, **r.who, kind="cp", started_on=r.row.get("started_on"), ended_on=r.row.get("ended_on"))
    if seen := r.row.get("last_seen"):
        alone = r.code("visit_seen_alone", "alone", "Was the Child Seen Alone?")
        r.add("visit", f"{key}:v:{seen}", plan_id=key, kind="cp", visit_on=seen, seen="Y", seen_alone=alone)
    if held := r.row.get("reviewed_on"):
        r.add("review", f"{key}:r:{held}", plan_id=key, kind="cp", held_on=held)


def _looked_after(r: _Reader) -> None:
    """A period of care as one episode: Annex A has no others. A social work visit counts as one at which the child was seen."""
    care, end = r.key("8", "started_on"), r.row.get("ended_on")
    start = r.row.get("started_on")
    r.add("care", care, care_id=care, started_on=start, ended_on=end, entered_on=start, left_on=end)
    if end is None:
        r.work.looked_after.add(r.child)
    elif _DIED.match(r.row.get("reason") or ""):
        r.died()
    if r.row.get("placed_on") or r.row.get("placement"):
        kind = r.code("placement_kind", "placement", "Placement Type")
        r.add("placement", r.key("8p", "started_on", "placed_on"), care_id=care, started_on=r.row.get("placed_on"), ended_on=end, kind=kind)
    if r.row.get("status_on") or r.row.get("legal"):
        status = r.code("legal_status", "legal", "Child's Legal Status")
        r.add("legal", r.key("8l", "started_on", "status_on"), status=status, started_on=r.row.get("status_on"), ended_on=end)
    if seen := r.row.get("last_seen"):
        r.add("visit", f"{care}:v:{seen}", care_id=care, kind="cla", visit_on=seen, seen="Y", seen_alone=None)
    if held := r.row.get("reviewed_on"):
        r.add("review", f"{care}:r:{held}", care_id=care, kind="cla", held_on=held)


def _care_leaver(r: _Reader) -> None:
    made = {
        "eligibility": r.code("care_leaver_eligibility", "eligibility", "Eligibility Category"),
        "in_touch": r.code("care_leaver_in_touch", "in_touch", "LA in Touch"),
        "contacted_on": r.row.get("contacted_on"),
        "reviewed_on": r.row.get("reviewed_on"),
    }
    r.add("care_leaver", r.key("9"), **r.who, **made)


_LIST_ROWS = {
    1: _contact,
    3: _referral,
    4: _assessment,
    5: _s47,
    6: _cin,
    7: _cp,
    8: _looked_after,
    9: _care_leaver,
}


def _backwards(date: str) -> str:
    """Sorts the latest ISO date first."""
    return "".join(chr(0x10FFFF - ord(ch)) for ch in date)
