"""How cases stand at the extract's date: open, held by a real person, or held by nobody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from caseclock.clocks.columns import NONE, Codes, Columns, Mask, earliest
from caseclock.clocks.holders import Involvements, held_pairs, involvements
from caseclock.clocks.ordering import first_rows, lexsort
from caseclock.clocks.teams import team_names, team_of_rows
from caseclock.clocks.watched import why_no_allocation


@dataclass(frozen=True)
class Standing:
    """One entry per open case: the team that answers (a number into `teams`) and whether a real person holds it; of referrals the row too.

    `referral_*`: open referrals (not closed by the extract's date, not ended with no further action, the child alive).
    `cp_*`: children with an open child protection plan of this council; for held see `_held_plans`. `known` is False where the extract
    cannot show who holds a case, `cp_known` also where it has no child protection plan at all.
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
    known = why_no_allocation(columns, allocated_roles) is None
    return Standing(
        team_names(columns),
        referral,
        team_of_rows("referral", referral, columns, inv),
        referral_held,
        team_of_rows("plan", plan, columns, inv),
        _held_plans(columns, inv, plan, referral),
        known,
        known and bool(columns.meets("plan", {"kind": "cp"}).any()),
    )


def _held_plans(columns: Columns, inv: Involvements, plan: Codes, open_: Codes) -> Mask:
    """Whether a real person holds the child for the plan: one who is not tied to a case of the extract, or holds the plan's own case. Where
    the plan names no case that is open, who holds any open case of the child. A worker of a closed case holds nobody: better one child too
    many in the figure than one who is overlooked. `open_`: the open referrals.
    """
    is_open = np.zeros(columns.rows("referral") + 1, dtype=bool)
    is_open[open_] = True
    now, case = inv.real & inv.open, columns.led_to("allocation", "referral")[inv.row]
    own, child = columns.keys("plan", "referral_id")[plan], columns.keys("plan", "child_id")[plan]
    in_none = _among(child, inv.child[now & ~inv.linked], columns.distinct("child_id"))
    in_own = _among(own, inv.referral[now & is_open[case]], columns.distinct("referral_id"))
    in_any = _among(child, inv.child[now & is_open[case]], columns.distinct("child_id"))
    held: Mask = in_none | np.where(is_open[columns.led_to("plan", "referral")[plan]], in_own, in_any)
    return held


def _among(keys: Codes, found: Codes, size: int) -> Mask:
    there = np.zeros(size + 1, dtype=bool)
    there[found] = True
    there[NONE] = False
    made: Mask = there[keys]
    return made


def open_referrals(columns: Columns) -> Codes:
    """Row numbers. A case closed on the extract's date is not open; one that begins later is not yet."""
    end = earliest([columns.days("referral", "closed_on"), columns.days("referral", "child.died_on")], columns.rows("referral"))
    begun = columns.days("referral", "referral_date") <= columns.as_of
    return np.flatnonzero(begun & ~(end <= columns.as_of) & ~columns.meets("referral", {"nfa": True}))


def open_cp_plans(columns: Columns) -> Codes:
    """Row numbers, one per child: of several plans the last one begun. Plans held for another council are that council's to allocate."""
    end = earliest([columns.days("plan", "ended_on"), columns.days("plan", "child.died_on")], columns.rows("plan"))
    begun = columns.days("plan", "started_on") <= columns.as_of
    ours = columns.meets("plan", {"kind": "cp"}) & ~columns.meets("plan", {"other_la": True})
    rows = np.flatnonzero(begun & ours & ~(end <= columns.as_of))
    by_start = rows[lexsort((columns.rank("plan")[rows], columns.days("plan", "started_on")[rows]))][::-1]
    return first_rows(columns.keys("plan", "child_id"), by_start, columns.distinct("child_id"))
