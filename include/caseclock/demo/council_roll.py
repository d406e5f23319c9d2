"""The children of every case, and ids that stay the same in every extract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.demo.council_cases import Cases
from caseclock.demo.council_draw import NEVER, Ints
from caseclock.demo.council_view import Texts, numbers

DIGIT = {"referral": 2, "assessment": 3, "s47": 4, "conference": 5, "cp_plan": 6, "cin_plan": 7, "care": 8, "contact": 9}


@dataclass(frozen=True)
class Roll:
    """Every child of every case: `case` is the position of its case, `member` its place in the family, `child` its id."""

    cases: Cases
    case: Ints
    member: Ints
    child: Ints

    def ids(self, kind: str, rows: Ints | None = None) -> Texts:
        """Ids that stay the same in every extract: kind, number of the family referral, place in the family."""
        rows = np.arange(len(self.case)) if rows is None else rows
        return numbers(self.number(kind, rows))

    def ids_of_occasion(self, kind: str, rows: Ints, number: Ints) -> Texts:
        return numbers(self.number(kind, rows) * 1000 + number)

    def number(self, kind: str, rows: Ints) -> Ints:
        return DIGIT[kind] * 10**8 + self.cases.order[self.case[rows]] * 10 + self.member[rows]

    def children(self, rows: Ints) -> Texts:
        return numbers(self.child[rows])

    def rows_where(self, day: Ints) -> Ints:
        """Rows whose case has taken the step."""
        return np.flatnonzero(day[self.case] < NEVER)

    def rows_of(self, occasion_case: Ints) -> tuple[Ints, Ints]:
        """For occasions of families: the rows of their children, and for each of these its occasion."""
        first = np.searchsorted(self.case, occasion_case, side="left")
        count = np.searchsorted(self.case, occasion_case, side="right") - first
        occasion = np.repeat(np.arange(len(occasion_case)), count)
        within = np.arange(len(occasion)) - np.repeat(np.cumsum(count) - count, count)
        return first[occasion] + within, occasion


def roll_of(cases: Cases, sizes: Ints) -> Roll:
    """`sizes` by family number: child ids follow from it, so they do not hang on what is shown."""
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    count = sizes[cases.family]
    case = np.repeat(np.arange(len(count)), count)
    member = np.arange(len(case)) - np.repeat(np.cumsum(count) - count, count)
    return Roll(cases, case, member, 1_000_000 + before[cases.family[case]] + member)


def of_case(roll: Roll, rows: Ints, day: Ints) -> Ints:
    made: Ints = day[roll.case[rows]]
    return made
