"""What the extract knows of its workers: who is a person, who has left or is away for long, and of which team each is.

A staff.csv goes before what was guessed from names in the case system: the council knows its staff. Where the two lines of a staff.csv
disagree (`is_person` says yes, the role is a duty pool), it is no person: a case that waits unseen is the worse error.
Whom else the source takes for nobody who can hold a case (managers, a list of workers) is marked so on reading (extracts/people.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask
from caseclock.clocks.rules import OneOf

POOLS = ["duty_pool", "inbox"]
"""Roles in staff.csv behind which nobody stands, whatever a source says."""

AWAY_FOR = 28
"""Calendar days from which an absence counts as long. Local choice: shorter leave and sickness is covered within a team, and the case
is still somebody's."""


@dataclass(frozen=True)
class Workforce:
    """Arrays by the worker's number, with one more place at the end for no worker.

    `gone`: the day on which the worker had left, or was away for long, by the extract's date; NaT for those at work.
    """

    nobody: Mask
    gone: Days
    team: Codes


def workforce(columns: Columns) -> Workforce:
    """The workers of one extract."""
    listed = columns.row_with("worker")
    nobody = np.append(columns.meets("worker", {"is_person": False}), False)[listed]
    team = np.append(columns.keys("worker", "team_id"), NONE)[listed]
    gone = np.full(len(listed), NO_DAY)
    if not columns.rows("staff"):
        return Workforce(nobody, gone, team)
    row = columns.row_with("staff")
    pool = columns.meets("staff", {"role": OneOf.model_validate({"in": POOLS})})
    said_no = np.append(columns.meets("staff", {"is_person": False}) | pool, False)[row]
    said = np.append(columns.filled("staff", "is_person") | columns.filled("staff", "role"), False)[row]
    own_team = np.append(columns.keys("staff", "team_id"), NONE)[row]
    return Workforce(
        np.where(said, said_no, nobody),
        np.append(_gone(columns), NO_DAY)[row],
        np.where(own_team == NONE, team, own_team),
    )


def _gone(columns: Columns) -> Days:
    """Per row of staff: the day it ended, else the first day of a long absence that lasts on the extract's date."""
    ended = columns.days("staff", "ended_on")
    away, back = columns.days("staff", "absent_from"), columns.days("staff", "absent_to")
    lasts = (away <= columns.as_of) & ~(back < columns.as_of)
    long = np.where(np.isnat(back), columns.as_of, back) - away >= np.timedelta64(AWAY_FOR, "D")
    left = np.where(ended <= columns.as_of, ended, NO_DAY)
    return np.fmin(left, np.where(lasts & long, away, NO_DAY))
