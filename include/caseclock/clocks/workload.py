"""The workers who hold cases now, and how many children each of them has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns
from caseclock.clocks.holders import Involvements
from caseclock.clocks.teams import numbered


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
