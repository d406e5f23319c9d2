"""Teams, and who works in them when. Nobody here is a real person: workers are numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from caseclock.demo import council_calibration as c
from caseclock.demo.council_draw import NEVER

TeamKind = Literal["front", "assessment", "support", "care", "disability", "review"]
Role = Literal["holder", "manager", "duty", "chair"]

INCIDENT_TEAM = "NA2"
INCIDENT_LEAVES = 4 / 9  # 4 of 9 workers go
SERVICES = {
    "FRONT": "Front Door",
    "NORTH": "North",
    "SOUTH": "South",
    "CARE": "Children in Care",
    "DISAB": "Disabled Children",
    "QUALITY": "Quality Assurance",
}
LAYOUT: tuple[tuple[str, str, TeamKind, str, int], ...] = (  # prefix of the id, service, kind, name, teams at scale 1
    ("FD", "FRONT", "front", "Front Door Team", 1),
    ("NA", "NORTH", "assessment", "North Assessment", 2),
    ("NF", "NORTH", "support", "North Family Support", 4),
    ("SA", "SOUTH", "assessment", "South Assessment", 2),
    ("SF", "SOUTH", "support", "South Family Support", 4),
    ("CC", "CARE", "care", "Children in Care", 3),
    ("DC", "DISAB", "disability", "Disabled Children", 2),
    ("IR", "QUALITY", "review", "Independent Reviewing", 1),
)


@dataclass(frozen=True)
class Team:
    id: str
    name: str
    kind: TeamKind
    service: str
    in_post: int
    """Workers who hold cases. Another 17 % of the posts are vacant."""

    @property
    def established(self) -> int:
        return round(self.in_post / (1 - c.VACANCY))


@dataclass(frozen=True)
class Worker:
    """`start`, `end`: day numbers of their time in the team. A duty pool is no person, yet case systems list it as a worker."""

    id: str
    team: int
    role: Role
    start: int
    end: int
    agency: bool
    fte: float


def teams_of(scale: float) -> list[Team]:
    """18 teams in 5 services at scale 1, and the reviewing officers. Below that fewer and smaller ones.

    North Assessment 2, where the incident is, exists at every scale.
    """
    made = []
    for prefix, service, kind, name, count in LAYOUT:
        holds = kind in c.HOLDERS
        wanted = max(2 if prefix == "NA" else 1, round(count * scale)) if holds else 1
        in_post = max(2, round(c.HOLDERS[kind] * count * scale / wanted)) if holds else 0
        made += [Team(f"{prefix}{i}", f"{name} {i}" if holds else name, kind, service, in_post) for i in range(1, wanted + 1)]
    return made


def staff_of(teams: list[Team], rng: np.random.Generator, first: int, end: int, incident_from: int) -> list[Worker]:
    """Everybody who worked in the teams from `first` on, in the order of their ids. `incident_from`: NEVER for no incident."""
    made: list[Worker] = []
    for at, team in enumerate(teams):
        if team.kind == "review":
            made += [_fixed(at, "chair", first) for _ in range(max(2, len(teams) // 3))]
            continue
        made += [_fixed(at, "manager", first), _fixed(at, "duty", first)]
        spells = [spell for _ in range(team.in_post) for spell in _post_history(rng, first, end)]
        if incident_from < NEVER and team.id == INCIDENT_TEAM:
            spells = _with_incident(spells, team.in_post, incident_from)
        made += [Worker("", at, "holder", start, until, agency, fte) for start, until, agency, fte in spells]
    return [Worker(f"W{number:04d}", w.team, w.role, w.start, w.end, w.agency, w.fte) for number, w in enumerate(made, start=1)]


def _fixed(team: int, role: Role, first: int) -> Worker:
    return Worker("", team, role, first, NEVER, agency=False, fte=1.0)


Spell = tuple[int, int, bool, float]


def _post_history(rng: np.random.Generator, first: int, end: int) -> list[Spell]:
    """Who held one filled post after another; the share of agency workers comes out as calibrated in the long run."""
    stays = c.STAY_OF_WORKER
    hired_by_agency = c.AGENCY / stays["agency"] / (c.AGENCY / stays["agency"] + (1 - c.AGENCY) / stays["employed"])
    made: list[Spell] = []
    day = first - int(rng.integers(0, 1500))
    while day <= end:
        agency = bool(rng.random() < hired_by_agency)
        until = day + 1 + int(rng.exponential(stays["agency" if agency else "employed"]))
        fte = 1.0 if agency else float(rng.choice([1.0, 1.0, 1.0, 0.8, 0.6]))
        if until > first:
            made.append((day, until if until <= end else NEVER, agency, fte))
        day = until
    return made


def _with_incident(spells: list[Spell], in_post: int, at: int) -> list[Spell]:
    """The incident team: 4 of 9 go within ten days, the others stay, and nobody is hired."""
    there = sorted(spell for spell in spells if spell[0] <= at < spell[1])
    gone = [spell for spell in spells if spell[1] <= at]
    leaving = max(1, round(in_post * INCIDENT_LEAVES))
    days = [at + (0, 0, 5, 9)[i % 4] for i in range(leaving)]
    left = [(start, day, agency, fte) for (start, _, agency, fte), day in zip(there, days, strict=False)]
    return gone + left + [(start, NEVER, agency, fte) for start, _, agency, fte in there[leaving:]]
