"""How cases stand at the extract's date: open, held by a real person, or held by nobody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns, Mask, earliest
from caseclock.clocks.holders import held_pairs, involvements
from caseclock.clocks.teams import team_names, team_of_rows
from caseclock.clocks.watched import why_no_allocation


@dataclass(frozen=True)
class Standing:
    """One entry per open case: the team that answers (a number into `teams`) and whether a real person holds it; of referrals the row too.

    `referral_*`: open referrals (not closed by the extract's date, not ended with no further action, the child alive).
    `cp_*`: children with an open child protection plan of this council. `known` is False where the extract cannot show who holds a case,
    `cp_known` also where it has no child protection plan at all.
    """

    teams: list[str]
    referral_row: Codes
    referral_team: Codes
    referral_held: Mask
    cp_team: Codes
    cp_held: Mask
    known: bool
    cp_known: bool


def standing(columns: Columns, allocated_roles: Collection[str]) -> Standing:
    """The open cases of one extract."""
    inv = involvements(columns, allocated_roles)
    referral, plan = open_referrals(columns), open_cp_plans(columns)
    item, at = held_pairs(columns, inv, columns.keys("referral", "referral_id")[referral], columns.keys("referral", "child_id")[referral])
    referral_held = np.zeros(len(referral), dtype=bool)
    referral_held[item[inv.open[at]]] = True
    held_children = np.zeros(columns.distinct("child_id") + 1, dtype=bool)
    held_children[inv.child[inv.real & inv.open]] = True
    held_children[NONE] = False
    known = why_no_allocation(columns, allocated_roles) is None
    return Standing(
        team_names(columns),
        referral,
        team_of_rows("referral", referral, columns, inv),
        referral_held,
        team_of_rows("plan", plan, columns, inv),
        held_children[columns.keys("plan", "child_id")[plan]],
        known,
        known and bool(columns.meets("plan", {"kind": "cp"}).any()),
    )


def open_referrals(columns: Columns) -> Codes:
    """Row numbers. A case closed on the extract's date is not open; one that begins later is not yet."""
    end = earliest([columns.days("referral", "closed_on"), columns.days("referral", "child.died_on")], columns.rows("referral"))
    begun = columns.days("referral", "referral_date") <= columns.as_of
    return np.flatnonzero(begun & ~(end <= columns.as_of) & ~columns.meets("referral", {"nfa": True}))


def open_cp_plans(columns: Columns) -> Codes:
    """Row numbers, one per child: plans held for another council are that council's to allocate."""
    end = earliest([columns.days("plan", "ended_on"), columns.days("plan", "child.died_on")], columns.rows("plan"))
    begun = columns.days("plan", "started_on") <= columns.as_of
    ours = columns.meets("plan", {"kind": "cp"}) & ~columns.meets("plan", {"other_la": True})
    rows = np.flatnonzero(begun & ours & ~(end <= columns.as_of))
    rows = rows[np.argsort(columns.rank("plan")[rows], kind="stable")]
    first: Codes = rows[np.sort(np.unique(columns.keys("plan", "child_id")[rows], return_index=True)[1])]
    return first
