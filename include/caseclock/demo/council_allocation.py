"""Which worker holds which case from when to when."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from caseclock.demo.council_cases import Cases
from caseclock.demo.council_draw import NEVER, Ints
from caseclock.demo.council_people import INCIDENT_TEAM, Team, Worker

ALLOCATED = "CW"  # the role code that marks the allocated worker in System C since SSD 1.4.5
CHANGE_OF_WORKER_DAYS = 1100  # mean time between changes of worker without a leaver; assumed


@dataclass
class Links:
    """Columns of the involvements: one entry per family case and professional."""

    case: list[int] = field(default_factory=list)
    worker: list[int] = field(default_factory=list)
    team: list[int] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)

    def add(self, case: int, worker: int, team: int, role: str, start: int, end: int, reason: str = "") -> None:
        for column, value in zip(vars(self).values(), (case, worker, team, role, start, end, reason), strict=True):
            column.append(value)

    def worker_on(self, day: Ints) -> Ints:
        """Per case the allocated worker who held it on that day (the first one if nobody did yet), -1 for nobody at all."""
        made = np.full(len(day), -1, dtype=np.int64)
        for case, worker, role, start in zip(self.case, self.worker, self.role, self.start, strict=True):
            if role == ALLOCATED and (start <= day[case] or made[case] < 0):
                made[case] = worker
        return made


class _Desk:
    """The workers of every team and how many children each holds now."""

    def __init__(self, staff: list[Worker]) -> None:
        self.staff = staff
        self.of_team: dict[int, list[int]] = defaultdict(list)
        for i, worker in enumerate(staff):
            if worker.role == "holder":
                self.of_team[worker.team].append(i)
        self._load = [0] * len(staff)
        self._ends: list[list[tuple[int, int]]] = [[] for _ in staff]

    def least_busy(self, team: int, day: int, but_not: int) -> int | None:
        there = [w for w in self.of_team[team] if self.staff[w].start <= day < self.staff[w].end and w != but_not]
        return min(there, key=lambda w: (self.load(w, day) / self.staff[w].fte, w), default=None)

    def load(self, worker: int, day: int) -> int:
        ends = self._ends[worker]
        while ends and ends[0][0] <= day:
            self._load[worker] -= heapq.heappop(ends)[1]
        return self._load[worker]

    def take(self, worker: int, until: int, children: int) -> None:
        self._load[worker] += children
        heapq.heappush(self._ends[worker], (until, children))


def links_of(cases: Cases, sizes: Ints, teams: list[Team], staff: list[Worker], end: int, rng: np.random.Generator) -> Links:
    """Every involvement, sorted by its start; a worker who leaves hands over to the one in the team with the fewest children."""
    links, desk = Links(), _Desk(staff)
    todo = _periods(cases, rng)
    heapq.heapify(todo)
    turn = len(todo)
    while todo and todo[0][0] <= end:
        day, _, case, team, until, reason, last = heapq.heappop(todo)
        worker = desk.least_busy(team, day, last)
        turn += 1
        if worker is None:
            if day + 7 < until:
                heapq.heappush(todo, (day + 7, turn, case, team, until, reason, -1))
            continue
        leaves = staff[worker].end
        changes = day + 20 + int(rng.exponential(CHANGE_OF_WORKER_DAYS))
        stop = min(until, leaves, changes)
        desk.take(worker, stop, int(sizes[case]))
        links.add(case, worker, team, ALLOCATED, day, stop, reason)
        if stop < until:
            gone = stop == leaves
            gap = _handover_days(rng, gone and teams[team].id == INCIDENT_TEAM, cases.path[case] == "cp")
            heapq.heappush(todo, (stop + gap, turn, case, team, until, "LEFTRL" if gone else "MANAGE", worker))
    _duty_pools(links, cases, staff, rng)
    _chairs_and_helpers(links, cases, staff, desk, rng)
    return links


def _handover_days(rng: np.random.Generator, in_trouble: bool, protected: bool) -> int:
    """Days without a worker: rare, but long where there is nobody to hand over to; never for a child with a protection plan."""
    if protected or rng.random() > (0.06 if in_trouble else 0.03):
        return 0
    return int(rng.integers(5, 30) if in_trouble else rng.integers(1, 5))


Period = tuple[int, int, int, int, int, str, int]


def _periods(cases: Cases, rng: np.random.Generator) -> list[Period]:
    """(start, turn, case, team, until, reason, not this worker): a case in its assessment team, and in its later team."""
    made: list[Period] = []
    handover = np.where((rng.random(len(cases.order)) < 0.02) & (cases.path != "cp"), rng.integers(1, 4, len(cases.order)), 0)
    for case in np.flatnonzero(cases.path != "nfa").tolist():
        moved, closed = int(cases.transferred[case]), int(cases.closed[case])
        made.append((int(cases.allocated[case]), len(made), case, int(cases.team[case]), min(moved, closed), "", -1))
        if moved < closed:
            made.append((moved + int(handover[case]), len(made), case, int(cases.later_team[case]), closed, "TSPROC", -1))
    return made


def _duty_pools(links: Links, cases: Cases, staff: list[Worker], rng: np.random.Generator) -> None:
    """Most cases that wait are booked on the duty pool, by the same role code as a worker: that is no allocation."""
    pool = {w.team: i for i, w in enumerate(staff) if w.role == "duty"}
    for case in np.flatnonzero((cases.allocated > cases.referred) & (cases.path != "nfa")).tolist():
        if rng.random() < 0.6:
            team = int(cases.team[case])
            links.add(
                case, pool[team], team, ALLOCATED, int(cases.referred[case]), min(int(cases.allocated[case]), int(cases.closed[case]))
            )


def _chairs_and_helpers(links: Links, cases: Cases, staff: list[Worker], desk: _Desk, rng: np.random.Generator) -> None:
    chairs = [i for i, w in enumerate(staff) if w.role == "chair"]
    for case in np.flatnonzero(cases.plan_from < NEVER).tolist():
        chair = int(rng.choice(chairs))
        links.add(case, chair, staff[chair].team, "IRO", int(cases.plan_from[case]), int(cases.plan_to[case]))
    for case in np.flatnonzero((cases.cin_from < NEVER) & (rng.random(len(cases.order)) < 0.2)).tolist():
        team = int(cases.later_team[case])
        helper = desk.least_busy(team, int(cases.cin_from[case]), -1)
        if helper is not None:
            links.add(case, helper, team, "FSW", int(cases.cin_from[case]), int(cases.cin_to[case]))


def leave_one_protected_family(links: Links, cases: Cases, sizes: Ints, teams: list[Team], end: int) -> None:
    """On the last day of the world the worker of one family with protection plans in the north is gone: the urgent alert of the demo."""
    of_interest = (cases.plan_from < end - 30) & (cases.plan_to > end + 30) & (cases.transferred < end - 30)
    kind = np.array([team.kind == "support" and team.service == "NORTH" for team in teams])
    fits = of_interest & kind[cases.later_team]
    for wanted in (2, 1, 3, 4):
        for case in np.flatnonzero(fits & (sizes == wanted)).tolist()[:1]:
            for i, (c, role, until) in enumerate(zip(links.case, links.role, links.end, strict=True)):
                if c == case and role == ALLOCATED and until > end:
                    links.end[i] = end
            return
