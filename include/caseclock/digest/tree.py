"""Places as a tree: the council, its services, their teams. What is counted at a place is the sum over the places below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from caseclock.measures.model import COUNCIL

OTHER = "-"
"""The id, as a service, of teams that no service lists, where other teams have one."""


@dataclass(frozen=True)
class Tree:
    """`parents`: place to the place that it is a part of; the root to None. A parent stands before its parts."""

    parents: Mapping[str, str | None]

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """Place to its parts in a fixed order, by id: what is withheld beside a small count must not depend on how large anything is."""
        made: dict[str, list[str]] = {place: [] for place in self.parents}
        for place, parent in self.parents.items():
            if parent is not None:
                made[parent].append(place)
        return {place: tuple(sorted(parts)) for place, parts in made.items()}

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(self.parents)

    @cached_property
    def wholes(self) -> tuple[str, ...]:
        """Places that have parts, each after what it is a part of."""
        return tuple(place for place in self.parents if self.parts[place])

    def leaves(self, place: str) -> tuple[str, ...]:
        """The teams at or below a place."""
        parts = self.parts[place]
        return tuple(leaf for part in parts for leaf in self.leaves(part)) if parts else (place,)

    def beside(self, place: str) -> tuple[str, ...]:
        """The other parts of the same whole."""
        parent = self.parents[place]
        return () if parent is None else tuple(p for p in self.parts[parent] if p != place)


def tree_of(teams: Iterable[str], service_of: Mapping[str, str]) -> Tree:
    """`service_of`: team to the id of its service. Where no team has one, the teams hang from the council.

    A service of one team is that team: the team stands below it all the same, so that both are withheld or neither.
    """
    teams = sorted(set(teams))
    if not any(team in service_of for team in teams):
        return Tree({COUNCIL: None} | dict.fromkeys(teams, COUNCIL))
    of = {team: service_id(service_of.get(team, OTHER)) for team in teams}
    return Tree({COUNCIL: None} | dict.fromkeys(sorted(set(of.values())), COUNCIL) | of)


def service_id(service: str) -> str:
    return f"service:{service}"
