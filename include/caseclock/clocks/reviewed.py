"""Child protection plans whose reviews were all held in time, as DfE counts them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from caseclock.clocks.calendar import Days, add_months_many
from caseclock.clocks.columns import NONE, Codes, Columns, Mask, first_known, pairs
from caseclock.clocks.holders import Involvements
from caseclock.clocks.places import Sums, places
from caseclock.clocks.standing import open_cp_plans
from caseclock.clocks.teams import team_of_rows

FIRST, NEXT = 3, 6
"""Calendar months: the first review within 3 of the initial conference, each later one within 6 of the last (DfE children in need, D6)."""


def reviewed(columns: Columns, inv: Involvements) -> dict[str, Sums]:
    """`plans_to_review`: this council's plans that have been open for `FIRST` months or more; `plans_reviewed`: those of them with no
    review late. Nothing where the extract has no reviews of plans, or only the latest of each."""
    held = np.flatnonzero(columns.meets("review", {"kind": "cp"}) & ~columns.meets("review", {"cancelled": True}))
    if np.isnat(columns.days("review", "held_on")[held]).all() or _on_one_line(columns):
        return {}
    plan = open_cp_plans(columns)
    start = columns.days("plan", "started_on")[plan]
    old_enough = add_months_many(start, np.full(len(plan), FIRST)) <= columns.as_of
    plan, start = plan[old_enough], first_known([columns.days("plan", "conference.held_on")[plan], start])[old_enough]
    item, row = _reviews_of(plan, held, columns)
    day = columns.days("review", "held_on")
    at, team = places(columns), team_of_rows("plan", plan, columns, inv)
    late = _any_late(start, item, day[row], np.fmin.reduce(day[held]), columns.as_of)
    return {"plans_to_review": at.counted(team), "plans_reviewed": at.counted(team[~late])}


def _reviews_of(plan: Codes, held: Codes, columns: Columns) -> tuple[Codes, Codes]:
    """Pairs (number in `plan`, row of review): by the plan that the review names, else by the child."""
    named = columns.led_to("review", "plan")[held] != NONE
    by_plan = pairs(columns.keys("plan", "plan_id")[plan], columns.keys("review", "plan_id")[held[named]], columns.distinct("plan_id"))
    by_child = pairs(columns.keys("plan", "child_id")[plan], columns.keys("review", "child_id")[held[~named]], columns.distinct("child_id"))
    return np.concatenate((by_plan[0], by_child[0])), np.concatenate((held[named][by_plan[1]], held[~named][by_child[1]]))


def _on_one_line(columns: Columns) -> bool:
    """Whether reviews are a column of the plan's own line (Annex A: 'date of latest review conference'): the earlier ones are unknown."""
    ours, theirs = columns.files.get("plan"), columns.files.get("review")
    if ours is None or theirs is None:
        return False
    return not set(pd.Series(ours).dropna().unique()).isdisjoint(pd.Series(theirs).dropna().unique())


def _any_late(start: Days, item: Codes, day: Days, known_from: np.datetime64, as_of: np.datetime64) -> Mask:
    """Per plan whether a review was late or is late now. A review on the day the plan began or before is no review of it.

    `known_from`: the first review in the extract. Of a plan that is older the first one there may be a later one (a census holds those of
    a year), so the time up to it is not judged.
    """
    use = (day > start[item]) & (day <= as_of)
    item, day = item[use], day[use]
    order = np.lexsort((day, item))
    item, day = item[order], day[order]
    first = np.append(True, item[1:] != item[:-1])[: len(item)]
    since = np.where(first, start[item], np.append(day[:1], day[:-1])[: len(day)])
    judged = ~first | (start[item] >= known_from)
    late: Mask = np.zeros(len(start), dtype=bool)
    late[item[judged & (day > add_months_many(since, np.where(first, FIRST, NEXT)))]] = True
    last, months = start.copy(), np.full(len(start), FIRST)
    last[item], months[item] = day, NEXT  # in order, so the last one stays
    return late | (as_of > add_months_many(last, months))
