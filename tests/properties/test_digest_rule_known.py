"""Whoever knows the rules by heart and has every table learns no small count: for each record there are worlds that differ in it.

Every world of a small council is listed, up to a total, and all that are published in the same way are put side by side. Where the count
of the council is shown, no world with another total is published so, and the list is complete. Where it is not, and one of the largest
total is published so, there are more beyond the list: these are not judged.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from caseclock.digest.record import ARRIVALS, DEPARTURES, Raw, Record, protect
from caseclock.digest.shown import Shown, exact
from caseclock.digest.tree import Tree, tree_of
from caseclock.measures.model import COUNCIL

SMALL = 5
TREES: Mapping[str, Tree] = {
    "one team": tree_of("a", {}),
    "two teams": tree_of("ab", {}),
    "three teams": tree_of("abc", {}),
    "four teams": tree_of("abcd", {}),
    "a service of one team": tree_of("a", {"a": "A"}),
    "two services of one team": tree_of("ab", {"a": "A", "b": "B"}),
    "services of two and one": tree_of("abc", {"a": "A", "b": "A", "c": "B"}),
    "two services of two": tree_of("abcd", {"a": "A", "b": "A", "c": "B", "d": "B"}),
    "services of two, one and one": tree_of("abcd", {"a": "A", "b": "A", "c": "B", "d": "C"}),
}
World = tuple[int, ...]
Secrets = Mapping[str, int]


def worlds(cells: int, total: int) -> Iterator[World]:
    """Every way to have so many counts that come to `total` at most."""
    if cells == 0:
        yield ()
        return
    for first in range(total + 1):
        for rest in worlds(cells - 1, total - first):
            yield (first, *rest)


def sums(tree: Tree, name: str, counts: World) -> dict[str, int]:
    of = dict(zip(sorted(tree.leaves(COUNCIL)), counts, strict=True))
    return {f"{name} at {place}": sum(of[leaf] for leaf in tree.leaves(place)) for place in tree.places}


def told(seen: Mapping[World, tuple[Record, Secrets]], whole: str, size: Callable[[World], int] = sum) -> tuple[int, list[Any]]:
    """How many small counts there are, and those that are the same in all worlds that are published alike. `whole`: the figure whose
    count at the council is `size`."""
    total = max(map(size, seen))
    alike: dict[str, list[World]] = defaultdict(list)
    for world, (record, _) in seen.items():
        alike[json.dumps(record.to_json()["figures"])].append(world)
    small, known = 0, []
    for published, same in alike.items():
        record, first = seen[same[0]]
        shown = record.at(whole, COUNCIL)
        if (shown is None or shown.high is None) and max(map(size, same)) == total:
            continue
        for secret, value in first.items():
            if 1 <= value <= SMALL:
                small += 1
                if all(seen[world][1][secret] == value for world in same):
                    known.append((secret, value, same[0], published))
    return small, known


def raw_of(tree: Tree, **figures: Sequence[tuple[float | None, int]]) -> Raw:
    leaves = sorted(tree.leaves(COUNCIL))
    return {figure: dict(zip(leaves, cells, strict=True)) for figure, cells in figures.items()}


FIGURES = [
    ("two teams", 36),
    ("three teams", 21),
    ("four teams", 14),
    ("a service of one team", 60),
    ("two services of one team", 36),
    ("services of two and one", 18),
    ("two services of two", 14),
    ("services of two, one and one", 13),
]
PAIRS = [("one team", 40), ("a service of one team", 40), ("two teams", 14), ("two services of one team", 13), ("three teams", 8)]


@pytest.mark.parametrize(
    ("shape", "total", "limits"),
    [(shape, total, ()) for shape, total in FIGURES]
    + [("a service of one team", 60, (6, 8))]
    + [(shape, total, (6, 8)) for shape, total in (("two teams", 36), ("three teams", 18), ("services of two and one", 16))]
    + [("two services of two", 14, (10,))],
)
def test_of_one_figure(shape: str, total: int, limits: tuple[int, ...]) -> None:
    tree, seen = TREES[shape], {}
    for world in worlds(len(tree.leaves(COUNCIL)), total):
        cells = [(float(count), 0) for count in world]
        seen[world] = protect(tree, raw_of(tree, open=cells), SMALL, None, {"open": limits}), sums(tree, "open", world)
    small, known = told(seen, "open")
    assert small
    assert known == []


def pair(tree: Tree, world: World, names: tuple[str, str], limits: Sequence[float] = ()) -> tuple[Record, Secrets]:
    """A world of a whole less a part and a part, team by team."""
    rests, parts = world[::2], world[1::2]
    wholes = tuple(rest + part for rest, part in zip(rests, parts, strict=True))
    cells = {name: [(float(count), 0) for count in counts] for name, counts in zip(names, (wholes, parts), strict=True)}
    record = protect(tree, raw_of(tree, **cells), SMALL, None, {names[1]: limits})
    of_part, of_rest = sums(tree, "part", parts), sums(tree, "rest", rests)
    asked = {secret: n for secret, n in of_rest.items() if of_part[secret.replace("rest", "part", 1)]}
    return record, sums(tree, "whole", wholes) | of_part | asked


@pytest.mark.parametrize(
    ("shape", "total", "limits"),
    [(shape, total, limits) for shape, total in PAIRS for limits in ((), (6, 8)) if not (limits and total < 10)],
)
def test_of_a_part_within_a_whole(shape: str, total: int, limits: tuple[int, ...]) -> None:
    tree = TREES[shape]
    seen = {world: pair(tree, world, ("open", "unallocated"), limits) for world in worlds(2 * len(tree.leaves(COUNCIL)), total)}
    small, known = told(seen, "open")
    assert small
    assert known == []


@pytest.mark.parametrize(("shape", "total"), PAIRS)
def test_of_a_share(shape: str, total: int) -> None:
    """The cases in time, the others, and all of them."""
    tree, seen = TREES[shape], {}
    for world in worlds(2 * len(tree.leaves(COUNCIL)), total):
        late, in_time = world[::2], world[1::2]
        cells = [(100 * part / (part + rest) if part + rest else None, part + rest) for part, rest in zip(in_time, late, strict=True)]
        of = {"n": [n for _, n in cells], "in time": in_time, "late": late}
        secrets = {secret: count for name, counts in of.items() for secret, count in sums(tree, name, tuple(counts)).items()}
        seen[world] = protect(tree, raw_of(tree, in_time=cells), SMALL), secrets
    small, known = told(seen, "in_time")
    assert small
    assert known == []


def test_of_a_part_of_a_part() -> None:
    tree, seen = TREES["one team"], {}
    for world in worlds(3, 22):
        held, waiting, low = world
        counts = {"open": held + waiting + low, "unallocated": waiting + low, "unallocated_low": low}
        record = protect(tree, raw_of(tree, **{figure: [(float(count), 0)] for figure, count in counts.items()}), SMALL)
        seen[world] = record, counts | ({"held": held} if waiting + low else {}) | ({"not low": waiting} if low else {})
    small, known = told(seen, "open")
    assert small
    assert known == []


def test_of_what_came_and_went() -> None:
    """From a week before with any count of open cases."""
    tree, seen = TREES["two teams"], dict[World, tuple[Record, Secrets]]()
    for before, came, went in [(b, c, w) for b in range(12) for c in range(15) for w in range(min(15, b + c + 1))]:
        was = {COUNCIL: Shown(1, SMALL) if 1 <= before <= SMALL else exact(before)}
        after = before + came - went
        raw = raw_of(
            tree, open=[(float(after), 0), (0.0, 0)], arrivals=[(float(came), 0), (0.0, 0)], departures=[(float(went), 0), (0.0, 0)]
        )
        record = protect(tree, raw, SMALL, Record(tree, {"open": was}))
        secrets = {ARRIVALS: came, DEPARTURES: went, "open": after, "before": before}
        seen[before, came, went] = Record(tree, dict(record.figures) | {"before": was}), secrets
    small, known = told(seen, "nothing", max)  # there is always a world with more that came and went
    assert small
    assert known == []
