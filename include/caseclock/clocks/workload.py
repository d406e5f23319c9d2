"""The workers who hold cases now, and how many children each of them has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns
from caseclock.clocks.holders import Involvements
from caseclock.clocks.places import Places, Sums
from caseclock.clocks.teams import numbered

TOP = 10
"""The workers with the largest caseloads: one in so many, and at least one: the top tenth."""


@dataclass(frozen=True)
class Holding:
    """One entry per worker who holds a case: the worker's number, the team (a number into `team_names`), and distinct children."""

    worker: Codes
    team: Codes
    cases: Codes


def holding(columns: Columns, inv: Involvements) -> Holding:
    """Counted from open allocations to real people. The team is that of staff.csv, else that of the latest allocation."""
    row = np.flatnonzero(inv.real & inv.open & (inv.child != NONE))
    row = row[np.argsort(inv.start[row], kind="stable")]
    size = columns.distinct("worker_id")
    couple = np.unique(inv.worker[row] * (columns.distinct("child_id") + 1) + inv.child[row])
    cases = np.bincount(couple // (columns.distinct("child_id") + 1), minlength=size)
    team = np.full(size, NONE)
    known = row[inv.team[row] != NONE]
    team[inv.worker[known]] = inv.team[known]
    worker = np.flatnonzero(cases)
    own = inv.staff.team[worker]
    return Holding(worker, numbered(np.where(own == NONE, team[worker], own), columns), cases[worker])


def top_of(held: Holding, at: Places) -> Sums:
    """Children on the caseloads of the top tenth of the workers of each place. Ranked in each place anew: no sum of teams gives it."""
    council = len(at) - 1
    service = at.service_of[held.team]
    of_service = np.where(service == NONE, NONE, len(at.teams) + service)
    place = np.concatenate((held.team, of_service, np.full(len(held.team), council)))
    cases = np.tile(held.cases, 3)
    place, cases = place[place != NONE], cases[place != NONE]
    order = np.lexsort((-cases, place))
    place, cases = place[order], cases[order]
    size = np.bincount(place, minlength=len(at))
    begins = np.cumsum(size) - size
    top = np.arange(len(place)) - begins[place] < -(-size // TOP)[place]
    made: Sums = np.bincount(place[top], weights=cases[top], minlength=len(at)).astype(np.float64)
    return made
