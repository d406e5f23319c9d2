"""Who holds a case now, and is it a real person?

An involvement is an *allocation* when a worker is named, the worker is not known to be a pool, an inbox or a generic user
(see workforce.py), and the role is one of the source's allocated roles. Source: duty pools, managers and referral
coordinators are not allocation (Solihull 2023).
An involvement without a start (Annex A) counts as open since the case began. One of a worker who has left, as staff.csv says, ended then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from caseclock.clocks.calendar import Days
from caseclock.clocks.columns import NO_DAY, NONE, Codes, Columns, Mask, pairs
from caseclock.clocks.ordering import lexsort
from caseclock.clocks.workforce import Workforce, workforce

LONG_AGO = -1_000_000
"""A number of days before any date that an extract can hold, and small enough to be sorted fast."""


@dataclass(frozen=True)
class Involvements:
    """Every involvement that had begun by the extract's date, as arrays of one length.

    `end` is NaT while it is open. `linked`: it names a referral that the extract has, and then counts for that referral only;
    others count for the child. `holds`: in an allocated role, by a person or a pool; others (a conference chair) answer for no case.
    `rank`: order by allocation_id, to break ties. `row`: the row of the allocation table.
    """

    referral: Codes
    child: Codes
    worker: Codes
    team: Codes
    start: Days
    end: Days
    real: Mask
    holds: Mask
    linked: Mask
    rank: Codes
    row: Codes
    staff: Workforce

    @property
    def open(self) -> Mask:
        return np.isnat(self.end)


@dataclass(frozen=True)
class Speaking:
    """The involvement that speaks (row of `Involvements`, -1 for none): for each referral of those that name it, for each child of those
    that name no referral of the extract (`free`), and of all that there are (`any`). `place`: by involvement, the greater goes first."""

    of_referral: Codes
    free: Codes
    any: Codes
    place: Codes

    def best(self, referral: Codes, child: Codes) -> Codes:
        """Of a referral: of those that name it or none. Where no referral is named: of any of the child's."""
        own, free = self.of_referral[referral], np.where(referral == NONE, self.any[child], self.free[child])
        return np.where(self.place[own] >= self.place[free], own, free)


@dataclass(frozen=True)
class Holders:
    """Who holds now, whether a person or a pool; and which real allocated worker was the last to leave."""

    now: Speaking
    last: Speaking


def role_counts(columns: Columns, allocated_roles: Collection[str]) -> Mask:
    """Where the role is an allocated one; case does not matter. Everywhere when the extract has no roles, or none are named."""
    filled = columns.filled("allocation", "role")
    if not allocated_roles or not filled.any():
        return np.ones(len(filled), dtype=bool)
    roles = pd.Categorical(columns.raw("allocation", "role"))  # a look-up per role, not per row
    wanted = {role.casefold() for role in allocated_roles}
    counts: Mask = np.array([*(str(role).casefold() in wanted for role in roles.categories), False])[roles.codes]
    return counts


def involvements(columns: Columns, allocated_roles: Collection[str]) -> Involvements:
    """The extract's involvements. Rows that end before they start or begin after the extract's date are not in it."""
    return columns.once(("involvements", *sorted(allocated_roles)), lambda: _involvements(columns, allocated_roles))


def _involvements(columns: Columns, allocated_roles: Collection[str]) -> Involvements:
    table = "allocation"
    start, end = columns.days(table, "started_on"), columns.days(table, "ended_on")
    worker = columns.keys(table, "worker_id")
    staff = workforce(columns)
    person = ~staff.nobody[worker]
    own_team = columns.keys(table, "team_id")
    team = np.where(own_team == NONE, staff.team[worker], own_team)
    referral = columns.keys(table, "referral_id")
    use = ~(start > columns.as_of) & ~(end < start)
    end = _left(np.where(end > columns.as_of, NO_DAY, end), start, staff.gone[worker])
    holds = role_counts(columns, allocated_roles)
    real = (worker != NONE) & person & holds
    linked = columns.led_to(table, "referral") != NONE
    child, rank = columns.keys(table, "child_id"), columns.rank(table)
    return Involvements(
        referral[use], child[use], worker[use], team[use], start[use], end[use], real[use], holds[use], linked[use], rank[use],
        np.flatnonzero(use), staff,
    )  # fmt: skip


def _left(end: Days, start: Days, gone: Days) -> Days:
    """The day on which the involvement ended, or the worker left before it did; never before it began."""
    return np.where(np.isnat(gone), end, np.fmin(end, np.fmax(gone, start)))


def holders(columns: Columns, inv: Involvements) -> Holders:
    """Who speaks for each referral and each child: an open allocation before an open holding by a pool, then the latest start."""
    return columns.once(("holders", id(inv)), lambda: _holders(columns, inv))


def _holders(columns: Columns, inv: Involvements) -> Holders:
    by_start = lexsort((inv.rank, _since(inv.start), inv.real))
    by_end = lexsort((inv.rank, _since(inv.end)))
    return Holders(
        _speaking(columns, inv, by_start[(inv.open & inv.holds)[by_start]]), _speaking(columns, inv, by_end[(inv.real & ~inv.open)[by_end]])
    )


def _speaking(columns: Columns, inv: Involvements, order: Codes) -> Speaking:
    """`order`: rows of `inv`, the last one speaks before the others."""
    place = np.full(len(inv.row) + 1, NONE, dtype=np.int64)
    place[order] = np.arange(len(order))
    children = columns.distinct("child_id")
    return Speaking(
        _last_by(inv.referral, order, columns.distinct("referral_id")),
        _last_by(inv.child, order[~inv.linked[order]], children),
        _last_by(inv.child, order, children),
        place,
    )


def held_pairs(columns: Columns, inv: Involvements, referral: Codes, child: Codes) -> tuple[Codes, Codes]:
    """Pairs (item, involvement): by referral where the involvement names one, else by child; items without a referral by child."""
    size = columns.distinct("referral_id"), columns.distinct("child_id")
    use = inv.real
    by_referral = pairs(referral, np.where(use & inv.linked, inv.referral, NONE), size[0])
    by_child = pairs(child, np.where(use & ~inv.linked, inv.child, NONE), size[1])
    lonely = pairs(np.where(referral == NONE, child, NONE), np.where(use & inv.linked, inv.child, NONE), size[1])
    items, rows = zip(by_referral, by_child, lonely, strict=True)
    return np.concatenate(items), np.concatenate(rows)


@dataclass(frozen=True)
class Answering:
    """Rows of `inv`, -1 for none: who holds the item now, which real worker last left it; and the same of whatever case of the child."""

    now: Codes
    last: Codes
    now_elsewhere: Codes
    last_elsewhere: Codes


def answering(columns: Columns, inv: Involvements, referral: Codes, child: Codes) -> Answering:
    """Who answers for items of these referrals (-1 for none named) and children. A worker of another case of the child is only heard where
    the item has nobody of its own: what belongs to a closed case is not the later case's."""
    who = holders(columns, inv)
    return Answering(who.now.best(referral, child), who.last.best(referral, child), who.now.any[child], who.last.any[child])


def _last_by(keys: Codes, order: Codes, size: int) -> Codes:
    """The last row in `order` of each key; one more place at the end, so that a missing key (-1) leads to none."""
    found = np.full(size + 1, NONE, dtype=np.int64)
    found[keys[order]] = order
    found[NONE] = NONE
    return found


def _since(days: Days) -> Codes:
    """Days as numbers that sort; missing ones come first."""
    return np.where(np.isnat(days), LONG_AGO, days.astype(np.int64))
