"""On request: the six files that no case system exports, true to the same council.

Supervision is about monthly, with gaps; in the incident team most of it stops when the workers go. Of the incident's cases that wait,
most were called low priority, and in about one of seven of these the records hold what should have made them urgent (in 2009 a
sample found 8 of 57). Everything reaches back thirteen months only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from caseclock.demo.council_allocation import ALLOCATED, Links
from caseclock.demo.council_draw import NEVER, Flags, Ints, Workdays, codes, from_bands
from caseclock.demo.council_people import INCIDENT_TEAM, Team, Worker
from caseclock.demo.council_roll import Roll, of_case
from caseclock.demo.council_staffing import posts, staff_file
from caseclock.demo.council_view import Ledger, Shown, Texts, coded, flags, numbers, texts, words_of
from caseclock.demo.council_work import visits_of

REACH = 400  # days
SUPERVISION = ((15, 20, 55.0), (21, 25, 27.0), (26, 40, 13.0), (41, 70, 5.0))
"""Working days from one to the next; the usual local standard is monthly. Assumed."""
INCIDENT_STOPS = 0.7  # share of the incident team's supervision that no longer takes place
DECISION = ((0, 0, 62.0), (1, 1, 29.0), (2, 2, 5.0), (3, 6, 4.0))
"""Working days from a contact to its decision, which is due within one. Assumed."""
CORE_GROUP = ((20, 30, 90.0), (31, 45, 10.0))
CIN_REVIEW = ((45, 64, 85.0), (65, 95, 15.0))
INTERVIEW_DAYS = ((0, 1, 35.0), (2, 3, 38.0), (4, 12, 27.0))
"""From found to the return interview, which is due within 72 hours. Assumed."""
NEVER_INTERVIEWED = 0.12
PRIORITY = {
    "urgent": {"urgent": 70.0, "high": 25.0, "medium": 5.0},
    "plain": {"high": 15.0, "medium": 50.0, "low": 35.0},
    "waiting": {"medium": 20.0, "low": 80.0},
}
MARKED_LOW = 8 / 57


@dataclass(frozen=True)
class Council:
    """What the six files are made from. `incident_from`: when a team loses its workers, NEVER if none does."""

    roll: Roll
    links: Links
    teams: list[Team]
    staff: list[Worker]
    ledgers: Mapping[str, Ledger]
    end: int
    workdays: Workdays
    incident_from: int

    @property
    def since(self) -> int:
        return self.end - REACH

    @property
    def incident_team(self) -> int:
        return next(i for i, team in enumerate(self.teams) if team.id == INCIDENT_TEAM)


def supplementary_ledgers(council: Council, rng: np.random.Generator) -> dict[str, Ledger]:
    """Each file by its name without `.csv`."""
    return {
        "supervision": supervision(council, rng),
        "staff": staff_file(council.teams, council.staff, council.end, rng),
        "posts": posts(council.teams, council.staff),
        "contact_decisions": contact_decisions(council, rng),
        "meetings": meetings(council, rng),
        "priority": priorities(council, rng),
    }


# --- supervision ---------------------------------------------------------------------------------------------------
def supervision(council: Council, rng: np.random.Generator) -> Ledger:
    """Each allocated case with its worker, one row per child; and each worker for themselves, without a child."""
    links, managers = council.links, {w.team: i for i, w in enumerate(council.staff) if w.role == "manager"}
    people = np.array([w.role == "holder" for w in council.staff])
    worker, team, start, end = (np.array(column, dtype=np.int64) for column in (links.worker, links.team, links.start, links.end))
    of_interest = np.flatnonzero((np.array(links.role) == ALLOCATED) & people[worker] & (end > council.since))
    spans = np.maximum(start, council.since)[of_interest] + rng.integers(0, 20, len(of_interest)), end[of_interest]
    case_link, day = _meetings_of(council, rng, *spans)
    link = of_interest[case_link]
    kept = _goes_on(council, team[link], day, rng)
    link, day = link[kept], day[kept]
    rows, occasion = council.roll.rows_of(np.array(links.case, dtype=np.int64)[link])
    own_worker, own_day = _own_supervision(council, rng)
    child = council.roll.children(rows).to_pylist() + [None] * len(own_day)
    all_workers = np.concatenate([worker[link][occasion], own_worker])
    all_days = np.concatenate([day[occasion], own_day])
    teams = np.concatenate([team[link][occasion], np.array([council.staff[w].team for w in own_worker.tolist()], dtype=np.int64)])
    ids = [w.id for w in council.staff]
    oversight = rng.random(len(all_days)) < 0.05
    kind = np.where(np.arange(len(all_days)) >= len(rows), 1, np.where(oversight, 2, 0))
    return Ledger(
        all_days,
        {
            "supervision_id": Shown(numbers(np.arange(len(all_days)) + 500_001)),
            "person_id": Shown(texts(child)),
            "worker_id": Shown(coded(all_workers, list(ids))),
            "supervisor_id": Shown(coded(np.array([managers.get(t, 0) for t in teams.tolist()], dtype=np.int64), list(ids))),
            "supervision_date": Shown(all_days),
            "supervision_type": Shown(coded(kind, ["case", "personal", "management_oversight"])),
            "recorded_at": Shown(council.workdays.plus(all_days, rng.integers(0, 6, len(all_days)))),
            "decision_recorded": Shown(flags(rng.random(len(all_days)) < 0.92)),
            "next_due_date": Shown(council.workdays.plus(all_days, 20), ahead=True),
            "source_code": Shown(coded(np.zeros(len(all_days), dtype=np.int64), ["CANARY-SOURCE"])),
        },
    )


def _meetings_of(council: Council, rng: np.random.Generator, start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    made = visits_of(rng, start, stop, SUPERVISION, council.end, council.workdays)
    return made.case[made.seen], made.day[made.seen]


def _goes_on(council: Council, team: Ints, day: Ints, rng: np.random.Generator) -> Flags:
    in_trouble = (team == council.incident_team) & (day >= council.incident_from)
    stops: Flags = in_trouble & (rng.random(len(day)) < INCIDENT_STOPS)
    return ~stops


def _own_supervision(council: Council, rng: np.random.Generator) -> tuple[Ints, Ints]:
    there = np.array([i for i, w in enumerate(council.staff) if w.role == "holder" and w.end > council.since], dtype=np.int64)
    start = np.array([max(council.staff[i].start, council.since) for i in there.tolist()], dtype=np.int64)
    stop = np.array([council.staff[i].end for i in there.tolist()], dtype=np.int64)
    of, day = _meetings_of(council, rng, start + rng.integers(0, 20, len(there)), stop)
    team = np.array([council.staff[i].team for i in there.tolist()], dtype=np.int64)
    kept = _goes_on(council, team[of], day, rng)
    return there[of][kept], day[kept]


# --- contacts ------------------------------------------------------------------------------------------------------
def contact_decisions(council: Council, rng: np.random.Generator) -> Ledger:
    """The first half of the contacts led to a referral (see `council_case_tables.contacts`)."""
    contacts = council.ledgers["ssd_contacts"]
    rows = np.flatnonzero((contacts.born >= council.since) & (contacts.born <= council.end))
    received, referral = contacts.born[rows], rows < len(contacts.born) // 2
    decided = council.workdays.plus(received, from_bands(rng, DECISION, len(rows)))
    else_ = codes(rng, {"nfa": 60.0, "advice": 25.0, "early_help": 15.0}, len(rows))
    minutes = rng.integers(8 * 60, 18 * 60, len(rows))
    times = [f"T{m // 60:02d}:{m % 60:02d}" for m in minutes.tolist()]
    days = np.datetime_as_string(received.astype("datetime64[D]")).tolist()
    return Ledger(
        received,
        {
            "contact_id": Shown(contacts.columns["cont_contact_id"].values.take(rows)),
            "received_at": Shown(texts([day + time for day, time in zip(days, times, strict=True)])),
            "decision_at": Shown(decided),
            "decision": Shown(texts(np.where(referral, "referral", else_).tolist()), known_from=decided),
        },
    )


# --- meetings ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Held:
    """Meetings of one kind. `born`: the day on which the row is first there; NEVER where there is no such day. `minute`: of the day, at
    which it was held and the episode that it answers ended, where these are known. `span`: first and last day of an arrangement."""

    kind: str
    person: list[str | None]
    born: Ints
    held: Ints
    due: Ints
    plan: list[str | None]
    since: Ints
    minute: tuple[Ints, Ints] | None = None
    span: tuple[Ints, Ints] | None = None

    @property
    def held_at(self) -> list[str]:
        return _moments(self.held, None if self.minute is None else self.minute[0])

    @property
    def since_at(self) -> list[str]:
        return _moments(self.since, None if self.minute is None else self.minute[1])

    def arranged(self, which: int) -> Ints:
        return np.full(len(self.born), NEVER) if self.span is None else self.span[which]


def _moments(days: Ints, minutes: Ints | None) -> list[str]:
    said = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    if minutes is None:
        return list(said)
    return [f"{day}T{minute // 60:02d}:{minute % 60:02d}" for day, minute in zip(said, minutes.tolist(), strict=True)]


def meetings(council: Council, rng: np.random.Generator) -> Ledger:
    """Core groups, reviews of child in need plans, strategy discussions, return interviews and visits to privately fostered children."""
    k = council.roll.cases
    kinds = [
        _on_plans(council, "core_group", "cp_plan", (k.plan_from, k.plan_to), CORE_GROUP, 10, rng),
        _on_plans(council, "cin_review", "cin_plan", (k.cin_from, k.cin_to), CIN_REVIEW, 60, rng),
        _strategies(council),
        _interviews(council, rng),
        _private(council),
    ]
    born, held, due, since = (np.concatenate([getattr(kind, name) for kind in kinds]) for name in ("born", "held", "due", "since"))
    begun, ended = (np.concatenate([kind.arranged(which) for kind in kinds]) for which in (0, 1))
    return Ledger(
        born,
        {
            "meeting_id": Shown(numbers(np.arange(len(born)) + 900_001)),
            "person_id": Shown(texts([person for kind in kinds for person in kind.person])),
            "meeting_type": Shown(texts([kind.kind for kind in kinds for _ in kind.person])),
            "held_date": Shown(texts([text for kind in kinds for text in kind.held_at]), known_from=held),
            "due_date": Shown(due, ahead=True),
            "linked_plan_id": Shown(texts([plan for kind in kinds for plan in kind.plan])),
            "episode_end_at": Shown(texts([text for kind in kinds for text in kind.since_at]), known_from=since),
            "arrangement_from": Shown(begun),
            "arrangement_to": Shown(ended),
        },
    )


def _on_plans(
    council: Council,
    kind: str,
    plan: str,
    span: tuple[Ints, Ints],
    bands: tuple[tuple[int, int, float], ...],
    first_due: int,
    rng: np.random.Generator,
) -> _Held:
    start, stop = span
    begin = np.where(start < NEVER, council.workdays.plus(start, 1), NEVER)
    first = np.where(start < NEVER, council.workdays.plus(begin, rng.integers(3, first_due + 2, len(start))), NEVER)
    later = visits_of(rng, first, stop, bands, council.end, council.workdays)
    happens = np.flatnonzero(first < np.minimum(stop, council.end))
    case = np.concatenate([happens, later.case[later.seen]])
    held = np.concatenate([first[happens], later.day[later.seen]])
    due = np.concatenate([council.workdays.plus(start[happens], first_due), np.full(int(later.seen.sum()), NEVER)])
    recent = held >= council.since
    rows, occasion = council.roll.rows_of(case[recent])
    day = held[recent][occasion]
    never = np.full(len(rows), NEVER)
    people, plans = council.roll.children(rows).to_pylist(), council.roll.ids(plan, rows).to_pylist()
    return _Held(kind, people, day, day, due[recent][occasion], plans, never)


def _strategies(council: Council) -> _Held:
    rows = council.roll.rows_where(council.roll.cases.strategy)
    day = of_case(council.roll, rows, council.roll.cases.strategy)
    rows, day = rows[day >= council.since], day[day >= council.since]
    never = np.full(len(rows), NEVER)
    return _Held("strategy", council.roll.children(rows).to_pylist(), day, day, never, [None] * len(rows), never)


def _interviews(council: Council, rng: np.random.Generator) -> _Held:
    """Due within 72 hours of the moment at which the child was found."""
    columns = council.ledgers["ssd_missing"].columns
    found = np.asarray(columns["miss_missing_episode_end_date"].values)
    rows = np.flatnonzero((found >= council.since) & (found <= council.end))
    back = found[rows]
    held = np.where(rng.random(len(rows)) < NEVER_INTERVIEWED, NEVER, back + from_bands(rng, INTERVIEW_DAYS, len(rows)))
    everybody = words_of(council.ledgers["ssd_missing"], "miss_person_id")
    people: list[str | None] = [everybody[row] for row in rows.tolist()]
    order = np.arange(len(rows))
    found_at = np.where(held == back, 60 + order * 37 % 420, 14 * 60 + order * 37 % 540)  # by night, or before the interview of that day
    minutes = 9 * 60 + order * 53 % 480, found_at
    return _Held("rhi", people, back, held, back + 3, [None] * len(rows), back, minute=minutes)


EVERY = 80  # one child in need of so many is privately fostered; assumed
FIRST_VISIT, NEXT_VISIT = 7, 40  # days


def _private(council: Council) -> _Held:
    """A visit soon after the council is told, and then about every six weeks until the arrangement ends."""
    k = council.roll.cases
    rows = council.roll.rows_where(k.cin_from)[::EVERY]
    begun, ended = of_case(council.roll, rows, k.cin_from), of_case(council.roll, rows, k.cin_to)
    many = np.maximum(0, (np.minimum(ended, council.end) - begun - FIRST_VISIT) // NEXT_VISIT + 1)
    at = np.repeat(np.arange(len(rows)), many)
    number = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    day = council.workdays.on_or_before(begun[at] + FIRST_VISIT + NEXT_VISIT * number)
    recent = day >= council.since
    at, day = at[recent], day[recent]
    never = np.full(len(at), NEVER)
    people = council.roll.children(rows[at]).to_pylist()
    return _Held("pf_visit", people, day, day, never, [None] * len(at), never, span=(begun[at], ended[at]))


# --- priority ------------------------------------------------------------------------------------------------------
def priorities(council: Council, rng: np.random.Generator) -> Ledger:
    """One per child and referral, set when it came."""
    k = council.roll.cases
    cases = np.flatnonzero((k.referred >= council.since) & (k.path != "nfa"))
    label = _labels(council, cases, rng)
    rows, occasion = council.roll.rows_of(cases)
    set_on = council.workdays.plus(k.referred[cases], rng.integers(0, 2, len(cases)))[occasion]
    front = next(w.id for w in council.staff if w.role == "manager")
    return Ledger(
        set_on,
        {
            "person_id": Shown(council.roll.children(rows)),
            "referral_id": Shown(council.roll.ids("referral", rows)),
            "priority": Shown(_texts_at(label, occasion)),
            "set_on": Shown(set_on),
            "set_by": Shown(coded(np.zeros(len(rows), dtype=np.int64), [front])),
        },
    )


def _texts_at(values: np.ndarray, at: Ints) -> Texts:
    return texts(values[at].tolist())


def risk_markers(council: Council, cases: Ints) -> Flags:
    """A section 47 enquiry in this referral, or one or a protection plan in an earlier referral of the family."""
    k = council.roll.cases
    marked = (k.strategy <= council.end) | (k.plan_from <= council.end)
    earliest: dict[int, int] = {}
    for case in np.flatnonzero(marked).tolist():
        family = int(k.family[case])
        earliest[family] = min(earliest.get(family, NEVER), int(k.referred[case]))
    before = np.array([earliest.get(int(k.family[case]), NEVER) < int(k.referred[case]) for case in cases.tolist()], dtype=np.bool_)
    found: Flags = marked[cases] | before
    return found


def waiting_in_incident(council: Council, cases: Ints) -> Flags:
    """Cases of the incident team that nobody holds on the last day."""
    k = council.roll.cases
    own = (k.team[cases] == council.incident_team) & (k.referred[cases] >= council.incident_from)
    found: Flags = own & (k.allocated[cases] > council.end) & (k.closed[cases] > council.end)
    return found


def _labels(council: Council, cases: Ints, rng: np.random.Generator) -> np.ndarray:
    k, n = council.roll.cases, len(cases)
    serious = (k.strategy[cases] <= council.end) | (k.plan_from[cases] <= council.end)
    label = np.where(serious, codes(rng, PRIORITY["urgent"], n), codes(rng, PRIORITY["plain"], n))
    waits, marked = waiting_in_incident(council, cases), risk_markers(council, cases)
    label = np.where(waits & ~marked, codes(rng, PRIORITY["waiting"], n), label)
    size = np.array([len(council.roll.rows_of(np.array([case]))[0]) for case in cases.tolist()], dtype=np.int64)
    room = float(size[waits & ~marked & (label == "low")].sum()) * MARKED_LOW / (1 - MARKED_LOW)
    for at in np.flatnonzero(waits & marked).tolist():  # the first ones are called low, as far as the share goes; the rest are high
        label[at] = "low" if size[at] <= room + 0.5 else "high"
        room -= float(size[at]) if label[at] == "low" else 0.0
    return label
