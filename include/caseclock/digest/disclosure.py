"""Which figures of one week are shown and which are withheld, so that no count of 1 to 5 can be worked out.

The rule is that of the DfE's children in need statistics: counts of 1 to 5 are not shown, nor what they could be worked out from. Here it
is kept over a tree of places (the council, its services, their teams) that goes to several readers, who may put together what they have:

- A small count is withheld, and so is a part of which the rest is small. Nothing is withheld of a 0.
- A whole that is shown has no single part that is withheld: beside it another one is, too. Which one, is decided by ids and never by how
  large it is, so whoever knows this rule learns nothing from it.
- What the withheld parts of a whole sum up to can be worked out. It must leave room: where each of them would be at its least, or nearly,
  one more is withheld, and where there is none, the whole is.
- A whole that is withheld has a part that is, else it is their sum.

Every figure that a digest may speak of is in one table, at all places, and is judged once. Who sees less of it knows less.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from caseclock.digest.tree import Tree

SMALL: Final = 5  # DfE, children in need: counts of 1 to 5 inclusive are suppressed
Counts = Mapping[str, int]
"""Place to a count; a place where it is not known is left out. The count of a whole is the sum over its teams."""
Rooms = tuple[float, float]
"""How much less and how much more a count could be."""
NO_END: Final = math.inf


@dataclass(frozen=True)
class Group:
    """What is withheld together, told by one count. `least`, `most`: what is known of it where it is withheld (without them: 1 or more).

    `may`: places at which it can be withheld beside a small one; there it is no 0, which would be shown.
    """

    counts: Counts
    least: Counts = field(default_factory=dict)
    most: Counts = field(default_factory=dict)
    may: frozenset[str] | None = None

    def has(self, place: str) -> bool:
        return place in self.may if self.may is not None else bool(self.counts.get(place))


def judged(tree: Tree, group: Group, secret: Iterable[str], small: int = SMALL) -> Judged:
    """Where it is not shown. `secret`: places at which it must not be."""
    made = Judged(tree, group, set(secret), small)
    while made._more_needed():
        pass
    return made


@dataclass
class Judged:
    """`places`: where it is withheld. `least`: what is said of it there all the same (`20 or more`), by `says_at_least`.

    `tight`: wholes that are withheld because their withheld parts leave no room, and how much room there can be at most for that reason,
    down and up: who knows this rule can tell. `first`: parts of a whole beside which another one is withheld for that reason, likewise.
    """

    tree: Tree
    group: Group
    places: set[str]
    small: int
    tight: dict[str, Rooms] = field(default_factory=dict)
    first: dict[str, tuple[tuple[str, ...], Rooms]] = field(default_factory=dict)
    least: dict[str, int] = field(default_factory=dict)

    def says_at_least(self, team: str, count: int) -> bool:
        """Whether it may be said that it is at least so many at a team where it is withheld; then that counts as said."""
        before = dict(self.least)
        self.least[team] = max(count, before.get(team, 0))
        if all(self._leaves_room(whole) for whole in self.tree.wholes if whole not in self.places and self._hidden(whole)):
            return True
        self.least = before
        return False

    def _more_needed(self) -> bool:
        """True: one more place has been withheld, so all has to be looked at again."""
        return any(self._sum_of_parts(whole) for whole in self.tree.wholes) or any(self._no_room(whole) for whole in self.tree.wholes)

    def _sum_of_parts(self, whole: str) -> bool:
        parts = self.tree.parts[whole]
        if whole not in self.places or self._hidden(whole) or not (others := self._others(parts)):
            return False
        self.places.add(others[0])
        return True

    def _no_room(self, whole: str) -> bool:
        hidden = self._hidden(whole)
        if whole in self.places or not hidden or self._leaves_room(whole):
            return False
        others = self._others(self.tree.parts[whole])
        if len(hidden) > 1:
            if others and whole not in self.first:
                self.first[whole] = tuple(hidden), self._limits(hidden)
            elif whole in self.first:
                others = []
            self.tight |= {} if others else {whole: self._limits(hidden)}
        self.places.add(others[0] if others else whole)
        return True

    def _limits(self, hidden: Sequence[str]) -> Rooms:
        """How much room there can be at most, down and up, for those who know that there is not enough."""
        least = len(hidden) - 1
        down, up = self._room(hidden)
        return (least if down <= least else NO_END, least if up <= least else NO_END)

    def _leaves_room(self, whole: str) -> bool:
        """Whether what the withheld parts sum up to tells nothing of any of them."""
        hidden = self._hidden(whole)
        units = self._units(whole, hidden)
        down, up = _sums(units.values())
        return len(hidden) > 1 and min(down, up) >= len(hidden) and all(self._can_move(p, units) for p in hidden)

    def _units(self, whole: str, hidden: Sequence[str]) -> dict[tuple[str, ...], Rooms]:
        """The withheld parts, each with its room; those that left too little room by themselves as one."""
        together, limits = self.first.get(whole, ((), (NO_END, NO_END)))
        units = {(p,): self._room_at(p) for p in hidden if p not in together}
        return units | ({together: _within(self._room(together), limits)} if together else {})

    def _can_move(self, part: str, units: Mapping[tuple[str, ...], Rooms]) -> bool:
        """Whether it may be one less or one more, and another part makes up for it."""
        own = next(unit for unit in units if part in unit)
        near = [self._room_at(p) for p in own if p != part]
        far = _sums(room for unit, room in units.items() if unit != own)
        down, up = self._room_at(part)
        if _swaps((down, up), _sums(near)):
            return True
        own_down, own_up = units[own]
        return _swaps((min(down, own_down), min(up, own_up)), far)

    def _hidden(self, whole: str) -> list[str]:
        return [p for p in self.tree.parts[whole] if p in self.places]

    def _others(self, parts: Iterable[str]) -> list[str]:
        return [p for p in parts if p not in self.places and self.group.has(p)]

    # --- what can be known of what is withheld -----------------------------------------------------------------------
    def _room(self, places: Iterable[str]) -> Rooms:
        """How far these are above the least, and below the most, that they can be known to be, together."""
        return _sums(self._room_at(place) for place in places)

    def _room_at(self, place: str) -> Rooms:
        if not self.tree.parts[place]:
            count = self.group.counts[place]
            return count - self._least(place), self._most(place) - count
        units = self._units(place, self._hidden(place))
        down, up = _within(_sums(units.values()), self.tight.get(place, (NO_END, NO_END)))
        return down, min(up, self._most(place) - self.group.counts[place])

    def _least(self, leaf: str) -> int:
        known = max(self.group.least.get(leaf, 1), self.least.get(leaf, 0))
        return max(known, self.small + 1) if self.group.counts[leaf] > self.small else known

    def _most(self, place: str) -> float:
        known = self.group.most.get(place, NO_END)
        return min(known, self.small) if is_small(self.group.counts[place], self.small) else known


def _sums(rooms: Iterable[Rooms]) -> Rooms:
    listed = list(rooms)
    return sum(down for down, _ in listed), sum(up for _, up in listed)


def _within(room: Rooms, most: Rooms) -> Rooms:
    """Less room, where it is known that there is at most so much."""
    (down, up), (most_down, most_up) = room, most
    return min(down, most_down, most_up - up), min(up, most_up, most_down - down)


def _swaps(one: Rooms, others: Rooms) -> bool:
    return (one[0] >= 1 and others[1] >= 1) or (one[1] >= 1 and others[0] >= 1)


def is_small(count: int, small: int = SMALL) -> bool:
    """Whether it is a count that may not be shown."""
    return 0 < abs(count) <= small


def secrets(counts: Counts, small: int = SMALL, whole: Counts | None = None) -> set[str]:
    """Places at which a count is small, or what is left of the whole around it."""
    found = {place for place, count in counts.items() if is_small(count, small)}
    if whole:
        found |= {place for place, count in counts.items() if count and is_small(whole.get(place, 0) - count, small)}
    return found


def filled(tree: Tree, counts: Mapping[str, int]) -> dict[str, int]:
    """Counts at every place where they are known: those of a whole are the sums over its teams, so that they cannot disagree."""
    made: dict[str, int] = {}
    for place in tree.places:
        leaves = [leaf for leaf in tree.leaves(place) if leaf in counts]
        if leaves:
            made[place] = sum(counts[leaf] for leaf in leaves)
    return made
