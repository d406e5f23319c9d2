"""Whoever keeps the records of half a year and can solve equations works out no count of 1 to 5 that was withheld.

Made-up councils, tiny to large, with the figures of a digest and its ranges; each is attacked with at most 50 calls of the solver.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from disclosure_attack import Cell, Known, Sum, known_from, within

from caseclock.digest import record as records
from caseclock.digest.disclosure import Group, Judged
from caseclock.digest.record import ARRIVALS, DEPARTURES, Raw, Record, kind_of, protect
from caseclock.digest.tree import Tree, tree_of
from caseclock.measures.model import COUNCIL

SMALL = 5
WEEKS = 26
LIMITS = {"unallocated": [6, 8, 20], "unallocated_cp": [1, 3, 7], "overdue.cp_visit": [10]}
MOST_SOLVED = 50


@dataclass(frozen=True)
class Council:
    """`services`: service to its teams; teams of `-` are in none. `size`: cases that come to a team in a week. `step`: how many times as
    many from the middle on. `opens`, `closes`: a team that is there from a week on, or up to it."""

    services: Mapping[str, Sequence[str]]
    size: float
    seed: int
    step: float = 1
    opens: tuple[str, int] = ("", 0)
    closes: tuple[str, int] = ("", 0)


THREE = {"north": ("na", "nb", "nc"), "south": ("sa", "sb", "sc"), "care": ("ca", "cb")}
COUNCILS = {
    "tiny, no services": Council({"-": tuple("abcd")}, 0.3, 1),
    "tiny, services": Council(THREE, 0.6, 2, opens=("nc", 9)),
    "tiny, a step": Council(THREE, 1.2, 3, step=5, closes=("cb", 17)),
    "two services of one team each": Council({"north": ("na",), "south": ("sa",)}, 2, 4),
    "one of three services has one team": Council({"north": ("na", "nb"), "south": ("sa", "sb"), "door": ("da",)}, 3, 5, closes=("nb", 12)),
    "teams in no service": Council({"north": ("na", "nb"), "south": ("sa", "sb"), "-": ("x", "y")}, 4, 6, step=0.3, opens=("y", 5)),
    "middling, no services": Council({"-": tuple("abcdef")}, 5, 7),
    "large": Council(THREE | {"disabled": ("da",), "door": ("fa", "fb")}, 12, 8, step=1.5, opens=("fb", 3), closes=("sa", 20)),
}


def history(council: Council) -> list[tuple[Tree, Raw]]:
    """Per week the places, and figure to team to its value and n."""
    rng = np.random.default_rng(council.seed)
    of = {team: service for service, teams in council.services.items() for team in teams}
    is_open = {team: int(rng.poisson(9 * council.size * rng.uniform(0.2, 2))) for team in of}
    is_open |= {council.opens[0]: 0}
    weeks: list[tuple[Tree, Raw]] = []
    for week in range(WEEKS):
        there = [team for team in of if not (team == council.opens[0] and week < council.opens[1])]
        if week >= council.closes[1] and (closed := council.closes[0]):
            there = [team for team in there if team != closed]
            is_open[there[0]], is_open[closed] = is_open[there[0]] + is_open[closed], 0
        size = council.size * (council.step if week >= WEEKS // 2 else 1)
        raw: dict[str, dict[str, tuple[float | None, int]]] = {}
        for team in there:
            for figure, cell in _one(rng, is_open, team, size).items():
                raw.setdefault(figure, {})[team] = cell
        weeks.append((tree_of(there, {team: of[team] for team in there if of[team] != "-"}), raw))
    return weeks


def _one(rng: np.random.Generator, is_open: dict[str, int], team: str, size: float) -> dict[str, tuple[float | None, int]]:
    """One week of one team."""

    def some(of: float, most: int = 999) -> int:
        return min(most, int(rng.poisson(of)))

    came, went = some(size), some(size, is_open[team])
    is_open[team] += came - went
    cases = is_open[team]
    waiting = some(size, cases)
    counts = {"open": cases, "unallocated": waiting, ARRIVALS: came, DEPARTURES: went, "stale_open": some(size, cases)}
    counts |= {"unallocated_cp": some(size / 3, waiting), "unallocated_low": some(size / 2, waiting)}
    counts |= {"overdue.allocation": some(size / 2, waiting), "overdue.cp_visit": some(size), "due_10.cp_visit": some(2 * size)}
    figures: dict[str, tuple[float | None, int]] = {figure: (float(value), cases) for figure, value in counts.items()}
    for figure, n, rate in (("in_time.cp_visit", some(6 * size), 0.85), ("reviewed_in_time", some(3 * size), 0.95)):
        figures[figure] = (100 * int(rng.binomial(n, rate)) / n if n else None, n)
    workers = 1 + some(2 * size)
    return figures | {"caseload": ((cases - waiting) / workers, workers)}


def protected(weeks: Sequence[tuple[Tree, Raw]]) -> list[Record]:
    made: list[Record] = []
    for tree, raw in weeks:
        made.append(protect(tree, raw, SMALL, made[-1] if made else None, LIMITS))
    return made


def truth_of(weeks: Sequence[tuple[Tree, Raw]]) -> dict[Cell, int]:
    """Every count at every place, the parts and the n of shares among them."""
    truth: dict[Cell, int] = {}
    for week, (tree, raw) in enumerate(weeks):
        for figure, teams in raw.items():
            for place in tree.places:
                cells = [teams[leaf] for leaf in tree.leaves(place) if leaf in teams]
                if kind_of(figure) == "share":
                    truth[week, f"n of {figure}", place] = sum(n for _, n in cells)
                    truth[week, figure, place] = round(sum((value or 0) * n / 100 for value, n in cells))
                elif kind_of(figure) == "count":
                    truth[week, figure, place] = round(sum(value or 0 for value, _ in cells))
    return truth


def secrets(known: Known, truth: Mapping[Cell, int], published: Sequence[Mapping[str, Any]]) -> list[Sum]:
    """Counts of 1 to 5 and what is left of a whole where that is 1 to 5, wherever the record speaks of them."""
    asked: list[Sum] = [{cell: 1} for cell in known.ranges if 1 <= truth[cell] <= SMALL and "n of" not in cell[1]]
    asked += [{cell: 1} for cell, n in truth.items() if "n of" in cell[1] and 1 <= n <= SMALL]
    rests = [((week, whole, p), (week, part, p)) for week, one in enumerate(published) for part, whole, p in within(one["figures"])]
    rests += [((w, f"n of {f}", p), (w, f, p)) for w, one in enumerate(published) for f in one["figures"] for p in one["figures"][f]]
    known_rests = [(whole, part) for whole, part in rests if whole in truth and truth[part]]
    return asked + [{whole: 1, part: -1} for whole, part in known_rests if 1 <= truth[whole] - truth[part] <= SMALL]


def attack(weeks: Sequence[tuple[Tree, Raw]]) -> tuple[int, dict[Any, int], int]:
    """How many secrets there are, those that can be worked out, and how often the solver was asked."""
    published = [record.to_json() for record in protected(weeks)]
    truth, known = truth_of(weeks), known_from(published)
    assert known.fits(truth), "a record disagrees with the truth"
    asked = secrets(known, truth, published)
    found = known.worked_out(asked)
    for one, value in found.items():
        assert sum(k * truth[cell] for cell, k in one) == value, f"what was worked out is wrong: {one} is not {value}"
    return len(asked), found, known.solved


@pytest.mark.parametrize("again", [0, 1])
@pytest.mark.parametrize("name", COUNCILS)
def test_no_small_count_of_half_a_year_can_be_worked_out(name: str, again: int) -> None:
    council = replace(COUNCILS[name], seed=COUNCILS[name].seed + 100 * again)
    asked, found, solved = attack(history(council))
    print(f"{name}: {asked} small counts attacked, {solved} calls of the solver")
    assert not found, dict(list(found.items())[:5])
    assert asked >= 100
    assert solved <= MOST_SOLVED


def test_the_attack_finds_small_counts_where_nothing_is_withheld_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: a sum less the parts that are shown."""

    def only_these(tree: Tree, group: Group, secret: set[str], small: int = SMALL) -> Judged:
        return Judged(tree, group, set(secret), small)

    monkeypatch.setattr(records, "judged", only_these)
    asked, found, _ = attack(history(COUNCILS["teams in no service"]))
    assert len(found) > asked // 10


def test_the_attack_finds_what_came_in_a_week_where_only_what_went_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: from week to week."""
    weeks = history(COUNCILS["two services of one team each"])
    published = [record.to_json() for record in protected(weeks)]
    truth = truth_of(weeks)
    for week, one in enumerate(published):
        came = truth[week, ARRIVALS, COUNCIL]
        one["figures"][DEPARTURES][COUNCIL] = [truth[week, DEPARTURES, COUNCIL]] * 2
        if came > SMALL:
            one["figures"][ARRIVALS][COUNCIL] = [came, came]
    known = known_from(published)
    small = [{(week, ARRIVALS, COUNCIL): 1} for week in range(1, WEEKS) if 1 <= truth[week, ARRIVALS, COUNCIL] <= SMALL]
    assert known.worked_out(small)


def few_came_in_one_week() -> tuple[list[dict[str, Any]], dict[Cell, int]]:
    """13 weeks of a council, and how many cases came in each. The last record has the share of re-referrals among all of these."""
    weekly = [20] * 12 + [3]
    tree, made, is_open = tree_of("ab", {}), list[Record](), 200
    for week, came in enumerate(weekly):
        is_open += came - 10
        raw: dict[str, dict[str, tuple[float | None, int]]] = {
            "open": {"a": (is_open, 0), "b": (100, 0)}, ARRIVALS: {"a": (came, 0)}, DEPARTURES: {"a": (10, 0)}
        }  # fmt: skip
        if week == len(weekly) - 1:
            raw["re_referral"] = {"a": (50, sum(weekly) - 43), "b": (50, 43)}
        made.append(protect(tree, raw, SMALL, made[-1] if made else None))
    return [record.to_json() for record in made], {(week, ARRIVALS, COUNCIL): came for week, came in enumerate(weekly)}


def test_the_n_of_a_share_over_13_weeks_tells_no_week() -> None:
    published, came = few_came_in_one_week()
    assert published[-1]["figures"][ARRIVALS][COUNCIL] == [None, None]
    known = known_from(published)
    assert not known.worked_out([{cell: 1} for cell, count in came.items() if count <= SMALL])
