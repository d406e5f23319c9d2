"""Reader of the Ofsted Annex A workbook: Lists 1 and 3 to 7, each row with its own number in its own sheet.

Annex A has no ids, so keys are built from list, child and date. It names workers: a name is looked at for `is_person`, then only a hash
of it is kept. Who is allocated is known as of the workbook's date only: one open involvement per child.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field

import pandas as pd

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import Bundle
from caseclock.extracts.model import FILE, ROW, Absence, RawTable, ReadResult, Reject
from caseclock.extracts.readers.annex_a import sheets
from caseclock.extracts.readers.annex_a.lists import LISTS
from caseclock.extracts.source import SourceConfig

NAME = "annex_a"
Row = dict[str, str | None]
Made = dict[str, object]

ABSENCES = (
    Absence("a backlog that is older than six months", "List 3 of Annex A holds only referrals received in the last six months", True),
    Absence(
        "children who are only the subject of a referral",
        "List 6 of Annex A leaves them out, so one who waits for long is on no list at all",
    ),
    Absence("that a case was closed", "a child who is not in a later workbook may only have left its six months"),
    Absence("since when a worker is allocated", "Annex A names the worker as of its date only"),
    Absence("visits and reviews before the latest one", "Annex A holds only the latest of each"),
    Absence("which referral an assessment or enquiry follows", "Annex A has no ids that link them"),
)

BY_RELEVANCE = (7, 6, 5, 4, 3)
"""Where lists name different workers for one child: plans that are open now say more than an assessment or a referral of months ago."""

NO_PLAN = re.compile(r"^(a\)|b\)|d\)|e\))|looked after|protection|open assessment|closed", re.IGNORECASE)
"""Case statuses of List 6 that say that the child has no child in need plan."""


def fits(bundle: Bundle) -> bool:
    return sheets.workbook_in(bundle) is not None


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Canonical columns of text. Raises BadExtract when a needed list is missing or a list has lost a column."""
    lists, notes = sheets.match(sheets.sheets_of(bundle), bundle.name)
    work = _Work(source, as_of)
    there = {one.spec.number for one in lists}
    absences = [*ABSENCES, *(Absence(spec.shows, f"the workbook has no List {n}") for n, spec in LISTS.items() if n not in there)]
    for one in lists:
        before = work.taken
        work.tables.setdefault(one.spec.table, [])
        for number, row in one.rows():
            work.take(one, number, row)
        notes.append(f"List {one.spec.number} ({one.file}): {work.taken - before} rows read")
        absences += [
            Absence(f"{c.title} of List {one.spec.number}", f"{one.file} has no such column")
            for c in one.spec.columns
            if c.name not in one.columns
        ]
    work.allocate()
    if lists:
        work.tables.setdefault("child", [])
    lacking = [t for t in source.needed_tables if t not in work.tables]
    if lacking:
        raise BadExtract(
            f"no list gives the {' and the '.join(lacking)} table, and nothing true can be said without",
            where=bundle.name,
            allowed="sheets List 1 to List 7 with the headers of the Annex A template (List 3 holds the referrals)",
            todo="Add the missing list and send it again",
        )
    if work.without_plan:
        notes.append(f"List 6: {work.without_plan} rows have a case status other than a child in need plan; no plan is made of them")
    tables = [RawTable(name, _frame(rows)) for name, rows in work.tables.items()]
    return ReadResult(tables, work.rejects, absences, notes)


def _frame(rows: list[Made]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    text = [c for c in frame.columns if c != ROW]
    frame[text] = frame[text].astype("str")
    return frame if len(frame) else pd.DataFrame({ROW: pd.Series([], dtype="int64"), FILE: pd.Series([], dtype="str")})


@dataclass
class _Work:
    """Rows of canonical tables as they are made, list by list."""

    source: SourceConfig
    as_of: dt.date
    tables: dict[str, list[Made]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    taken: int = 0
    without_plan: int = 0
    children: dict[str, Made] = field(default_factory=dict)
    workers: dict[str, Made] = field(default_factory=dict)
    teams: dict[str, Made] = field(default_factory=dict)
    named: list[tuple[tuple[bool, int, str], str, Made]] = field(default_factory=list)

    def take(self, one: sheets.ListSheet, number: int, row: Row) -> None:
        self.taken += 1
        child = row.get("child")
        if child is None:
            reason = "it is missing, and a row cannot be used without it"
            self.rejects.append(Reject(one.spec.table, one.file, number, "Child Unique ID", reason, "missing"))
            return
        child = row["child"] = re.sub(r"\.0$", "", child)
        at: Made = {ROW: number, FILE: one.file, "child_id": child}
        self._child(child, row, at)
        who = self._who(row, at)
        _LIST_ROWS[one.spec.number](self, row, at, who)
        if who["worker_id"] and row.get("ended_on") is None:
            when = next((row[d] for d in ("started_on", "strategy_on", "referral_date") if row.get(d)), None) or ""
            is_nobody = self.workers[str(who["worker_id"])]["is_person"] == "N"
            self.named.append(((is_nobody, BY_RELEVANCE.index(one.spec.number), _backwards(when)), child, {**at, **who}))

    def add(self, table: str, row: Made) -> None:
        self.tables.setdefault(table, []).append(row)

    def _child(self, child: str, row: Row, at: Made) -> None:
        if child not in self.children:
            dob = row.get("dob")
            self.children[child] = {**at, "sex": _sex(row.get("sex")), "unborn": _unborn(dob, self.as_of), "died_on": None}
            self.add("child", self.children[child])
        if row.get("ended_on") and re.search(r"\brc2\b|\bdied\b", (row.get("reason") or "").lower()):
            self.children[child]["died_on"] = row["ended_on"]

    def _who(self, row: Row, at: Made) -> Made:
        """Team and worker ids of a row. The worker's name goes no further than this."""
        team, name = row.get("team"), row.get("worker")
        worker = None
        if name:
            worker = "w:" + hashlib.sha256(name.casefold().encode()).hexdigest()[:12]
            if worker not in self.workers:
                is_person = "Y" if self.source.is_person(name) else "N"
                self.workers[worker] = {ROW: at[ROW], FILE: at[FILE], "worker_id": worker, "is_person": is_person}
                self.add("worker", self.workers[worker])
        if team and team not in self.teams:
            self.teams[team] = {ROW: at[ROW], FILE: at[FILE], "team_id": team, "name": team}
            self.add("team", self.teams[team])
        return {"team_id": team, "worker_id": worker}

    def allocate(self) -> None:
        """One open involvement per child that has a worker: a person before a pool, an open plan before what is older.

        A plan or episode that has ended names who had the case, not who has it."""
        done: set[str] = set()
        for _, child, row in sorted(self.named, key=lambda n: n[0]):
            if child not in done:
                done.add(child)
                role = self.source.allocated_roles[0]
                self.add("allocation", {**row, "allocation_id": f"a:{child}", "role": role, "started_on": None, "ended_on": None})


# --- one function per list -----------------------------------------------------------------------------------------
def _contact(work: _Work, row: Row, at: Made, who: Made) -> None:
    key = f"1:{row['child']}:{row.get('contact_on')}"
    work.add("contact", {**at, "contact_id": key, "contact_on": row.get("contact_on"), "source": _code(row.get("source"), _SOURCE)})


def _referral(work: _Work, row: Row, at: Made, who: Made) -> None:
    made = {"referral_date": row.get("referral_date"), "source": _code(row.get("source"), _SOURCE), "nfa": row.get("nfa")}
    work.add("referral", {**at, **who, "referral_id": f"3:{row['child']}:{row.get('referral_date')}", **made})


def _assessment(work: _Work, row: Row, at: Made, who: Made) -> None:
    made = {"started_on": row.get("started_on"), "authorised_on": row.get("authorised_on"), "child_seen": row.get("seen")}
    work.add("assessment", {**at, **who, "assessment_id": f"4:{row['child']}:{row.get('started_on')}", **made})


def _s47(work: _Work, row: Row, at: Made, who: Made) -> None:
    """A conference is required unless it was deemed unnecessary and none was held: a clock that runs in vain is seen."""
    key, held = f"5:{row['child']}:{row.get('strategy_on')}", row.get("held_on")
    unnecessary = (row.get("unnecessary") or "").lower() in _YES
    required = "N" if unnecessary and not held else "Y"
    work.add("s47", {**at, **who, "s47_id": key, "strategy_on": row.get("strategy_on"), "icpc_required": required})
    if held:
        made = {"s47_id": key, "kind": "initial", "held_on": held, "outcome_cp": row.get("outcome_cp")}
        work.add("conference", {**at, **who, "conference_id": f"{key}:{held}", **made})


def _cin(work: _Work, row: Row, at: Made, who: Made) -> None:
    key: str | None = f"6:{row['child']}:{row.get('started_on')}"
    if NO_PLAN.search(row.get("status") or ""):
        work.without_plan += 1
        key = None
    else:
        made = {"kind": "cin", "started_on": row.get("started_on"), "ended_on": row.get("ended_on")}
        work.add("plan", {**at, **who, "plan_id": key, **made})
    if row.get("last_seen"):
        made = {"kind": "cin", "visit_on": row["last_seen"], "seen": "Y", "seen_alone": None}
        work.add("visit", {**at, "visit_id": f"6v:{row['child']}:{row.get('started_on')}:{row['last_seen']}", "plan_id": key, **made})


def _cp(work: _Work, row: Row, at: Made, who: Made) -> None:
    """A statutory visit is one at which the child was seen, so its date counts as seen whether or not it was alone."""
    key = f"7:{row['child']}:{row.get('started_on')}"
    work.add("plan", {**at, **who, "plan_id": key, "kind": "cp", "started_on": row.get("started_on"), "ended_on": row.get("ended_on")})
    if row.get("last_seen"):
        made = {"kind": "cp", "visit_on": row["last_seen"], "seen": "Y", "seen_alone": row.get("alone")}
        work.add("visit", {**at, "visit_id": f"{key}:v:{row['last_seen']}", "plan_id": key, **made})
    if row.get("reviewed_on"):
        made = {"kind": "cp", "held_on": row["reviewed_on"]}
        work.add("review", {**at, "review_id": f"{key}:r:{row['reviewed_on']}", "plan_id": key, **made})


_LIST_ROWS = {1: _contact, 3: _referral, 4: _assessment, 5: _s47, 6: _cin, 7: _cp}

# --- cells ---------------------------------------------------------------------------------------------------------
_YES = frozenset({"y", "yes", "a) yes", "true", "1", "1 - yes"})
_SOURCE = re.compile(r"^(?:[a-z]\d?\)\s*)?(1[A-D]|2[AB]|3[A-F]|4|5[A-D]|6|7|8|9|10)\b", re.IGNORECASE)


def _code(text: str | None, pattern: re.Pattern[str]) -> str | None:
    """The standard code at the start of `q) 6: Police`; None for a spelling without one (it could be anything, so it is not kept)."""
    hit = pattern.match(text or "")
    return hit[1].upper() if hit else None


def _sex(text: str | None) -> str | None:
    words = set(re.findall(r"[a-z]+", (text or "").lower()))
    return "F" if words & {"female", "f"} else "M" if words & {"male", "m"} else None


def _unborn(dob: str | None, as_of: dt.date) -> str | None:
    return None if dob is None else "Y" if re.match(r"\d{4}-\d{2}-\d{2}", dob) and dob[:10] > as_of.isoformat() else "N"


def _backwards(date: str) -> str:
    """Sorts the latest ISO date first."""
    return "".join(chr(0x10FFFF - ord(ch)) for ch in date)
