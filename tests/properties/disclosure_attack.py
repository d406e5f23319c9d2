"""Works out of published records what can be worked out of them: all that is known as equations, and an integer solver.

Known is the JSON of the records of weeks in a row, and besides what everybody knows: a whole is the sum of its parts, which figure lies
within which, a share is of its n, the open cases of a week are those of the week before and what came less what went, a 0 is shown. How it
is decided what is withheld is not known here (that is tests/properties/test_digest_rule_known.py), and none of that code is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from caseclock.digest.record import ARRIVALS, DEPARTURES, WITHIN, kind_of
from caseclock.measures.model import COUNCIL

Cell = tuple[int, str, str]
"""Week, figure, place; the n of a share is the figure `n of ...`."""
Sum = Mapping[Cell, int]
"""Cells, each so many times."""
MOST = 10_000
"""No council has more of anything: the upper end of what is withheld."""
AT_RANDOM = 6
WEEKS_OF_N = 13
"""Re-referrals are a share of all that was referred in so many weeks."""


@dataclass
class Known:
    """`ranges`: from and to of each cell, both included. `sums`: what comes to exactly so much. `positive`: what is not below 0."""

    ranges: dict[Cell, tuple[int, int]] = field(default_factory=dict)
    sums: list[tuple[Sum, int]] = field(default_factory=list)
    positive: list[Sum] = field(default_factory=list)
    solved: int = 0

    def fits(self, truth: Mapping[Cell, int]) -> bool:
        """Whether a world could have been published so."""
        in_range = all(low <= truth[cell] <= high for cell, (low, high) in self.ranges.items())
        return in_range and all(_of(s, truth) == c for s, c in self.sums) and all(_of(s, truth) >= 0 for s in self.positive)

    def worked_out(self, asked: Iterable[Sum]) -> dict[frozenset[tuple[Cell, int]], int]:
        """Which of these can have one value only, and that value: its least and its greatest are the same.

        Equations that share no cell are solved in one call, one question to each of them; every answer counts for all that is asked.
        """
        solver = Solver(self)
        wanted = {frozenset(one.items()): one for one in asked}
        seen: dict[frozenset[tuple[Cell, int]], set[int]] = {terms: set() for terms in wanted}

        def look(objective: Sum) -> None:
            world = solver.world(objective)
            for terms in wanted:
                seen[terms].add(_of(wanted[terms], world))

        rng = np.random.default_rng(len(self.ranges))
        for _ in range(AT_RANDOM):
            look(dict(zip(solver.cells, rng.integers(-9, 10, len(solver.cells)).tolist(), strict=True)))
        open_ = [(terms, sign) for terms in wanted for sign in (1, -1)]
        while open_ := [(terms, sign) for terms, sign in open_ if len(seen[terms]) == 1]:
            now = {part: (terms, sign) for terms, sign in reversed(open_) for part in solver.parts_of(wanted[terms])}
            look({cell: sign * k for terms, sign in now.values() for cell, k in terms})
            done = set(now.values())
            open_ = [(terms, sign) for terms, sign in open_ if (terms, sign) not in done and solver.parts_of(wanted[terms])]
        self.solved = solver.calls
        return {terms: values.pop() for terms, values in seen.items() if len(values) == 1}


class Solver:
    """Worlds that fit. `cells`: those of which the value is not known."""

    def __init__(self, known: Known) -> None:
        self.known, self.calls = known, 0
        self.cells = [cell for cell, (low, high) in known.ranges.items() if low != high]
        self.sure = {cell: low for cell, (low, high) in known.ranges.items() if low == high}
        rows = [(s, c, c) for s, c in known.sums] + [(s, 0, np.inf) for s in known.positive]
        rows = [row for row in rows if any(cell not in self.sure for cell in row[0])]
        place = {cell: n for n, cell in enumerate(self.cells)}
        given = np.array([sum(k * self.sure.get(cell, 0) for cell, k in s.items()) for s, _, _ in rows])
        at = [(k, n, place[cell]) for n, (s, _, _) in enumerate(rows) for cell, k in s.items() if cell in place]
        times, row, column = np.array(at).T
        self.matrix = csr_array((times, (row, column)), shape=(len(rows), len(self.cells)))
        self.low, self.high = (np.array([row[n] for row in rows]) - given for n in (1, 2))
        self.bounds = np.array([known.ranges[cell] for cell in self.cells])
        touched = csr_array((np.ones(len(row)), (row, len(rows) + column)), shape=(len(rows) + len(self.cells),) * 2)
        self.part = dict(zip(self.cells, connected_components(touched)[1][len(rows) :].tolist(), strict=True))

    def parts_of(self, one: Sum) -> set[int]:
        """Of the equations: which of them a sum is about."""
        return {self.part[cell] for cell in one if cell in self.part}

    def world(self, objective: Sum) -> dict[Cell, int]:
        """One that fits, with the least of the objective."""
        self.calls += 1
        answer = self._solved(objective, presolve=True)
        if answer.status != 0:  # HiGHS now and then simplifies a problem that has answers until it has none
            answer = self._solved(objective, presolve=False)
        assert answer.status == 0, f"no world fits what was published: {answer.message}"
        found = self.sure | dict(zip(self.cells, np.rint(answer.x).astype(int).tolist(), strict=True))
        assert self.known.fits(found), "the solver's world does not fit"
        return found

    def _solved(self, objective: Sum, presolve: bool) -> Any:
        return milp(
            np.array([objective.get(cell, 0) for cell in self.cells]),
            integrality=np.ones(len(self.cells)),
            bounds=Bounds(self.bounds[:, 0], self.bounds[:, 1]),
            constraints=LinearConstraint(self.matrix, self.low, self.high),
            options={"mip_rel_gap": 0, "presolve": presolve},
        )


def _of(s: Sum, world: Mapping[Cell, int]) -> int:
    return sum(k * world[cell] for cell, k in s.items())


def known_from(weeks: Sequence[Mapping[str, Any]]) -> Known:
    """`weeks`: the JSON of the records, one a week, oldest first."""
    known = Known()
    for week, record in enumerate(weeks):
        for figure, places in record["figures"].items():
            if kind_of(figure) == "count":
                _count(known, week, figure, places)
            elif kind_of(figure) == "share":
                _share(known, week, figure, places)
            for name in (figure, f"n of {figure}"):
                _wholes(known, week, name, record["places"])
        _between_figures(known, week, record["figures"])
        _from_week_to_week(known, week)
    return known


def _count(known: Known, week: int, figure: str, places: Mapping[str, Sequence[float | None]]) -> None:
    shown_from = 0 if figure in (ARRIVALS, DEPARTURES) else 1  # these two are withheld together, so one of them can be 0
    for place, (low, high) in places.items():
        known.ranges[week, figure, place] = (shown_from if low is None else round(low), MOST if high is None else round(high))


def _share(known: Known, week: int, figure: str, places: Mapping[str, Sequence[Any]]) -> None:
    for place, (value, _, *rest) in places.items():
        n = rest[0] if rest else None
        part = None if value is None or n is None else round(value * n / 100)
        known.ranges[week, f"n of {figure}", place] = (1, MOST) if n is None else (n, n)
        known.ranges[week, figure, place] = (0, MOST) if part is None else (part, part)
        known.positive.append({(week, f"n of {figure}", place): 1, (week, figure, place): -1})


def _wholes(known: Known, week: int, name: str, parents: Mapping[str, str | None]) -> None:
    parts: dict[str, list[Cell]] = defaultdict(list)
    for place, parent in parents.items():
        if parent is not None and (week, name, place) in known.ranges:
            parts[parent].append((week, name, place))
    for whole, cells in parts.items():
        if (week, name, whole) in known.ranges:
            known.sums.append(({(week, name, whole): -1} | dict.fromkeys(cells, 1), 0))


def _between_figures(known: Known, week: int, figures: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
    for part, whole, place in within(figures):
        known.positive.append({(week, whole, place): 1, (week, part, place): -1})
    for place, (value, _, *n) in figures.get("caseload", {}).items():
        cells = [(week, figure, place) for figure in ("open", "unallocated")]
        if value is not None and n and all(cell in known.ranges for cell in cells):  # somebody holds all others
            known.sums.append(({cells[0]: 1, cells[1]: -1}, round(value * n[0])))


def within(figures: Mapping[str, Iterable[str]]) -> list[tuple[str, str, str]]:
    """Figure, the one it lies within, and the place, wherever both are told of. `figures`: figure to places."""
    return [(part, of, p) for part, of in WITHIN.items() for p in figures.get(part, ()) if p in set(figures.get(of, ()))]


def _from_week_to_week(known: Known, week: int) -> None:
    flows = {(week, "open", COUNCIL): 1, (week - 1, "open", COUNCIL): -1, (week, ARRIVALS, COUNCIL): -1, (week, DEPARTURES, COUNCIL): 1}
    if all(cell in known.ranges for cell in flows):
        known.sums.append((flows, 0))
    referred = {(w, ARRIVALS, COUNCIL): 1 for w in range(week + 1 - WEEKS_OF_N, week + 1)} | {(week, "n of re_referral", COUNCIL): -1}
    if all(cell in known.ranges for cell in referred):
        known.sums.append((referred, 0))
