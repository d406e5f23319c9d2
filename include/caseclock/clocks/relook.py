"""The re-look sample: random cases that everybody thinks can wait, to be read again by a person who did not decide on them.

Reason (docs/decisions/0010): in 2009 one council found serious concern in 8 of 57 cases, and each of these had been labelled low priority.
The draw is by chance, weighted by risk markers, from a seed that is written down, so that anybody can draw the same sample again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.clocks.cases import case_frame, earlier_plans, recent_referrals, unborn_of
from caseclock.clocks.columns import Codes, Columns, Mask
from caseclock.clocks.holders import involvements
from caseclock.clocks.places import Places, Sums
from caseclock.clocks.standing import standing
from caseclock.clocks.teams import team_names, team_of_rows
from caseclock.clocks.worklist_config import Weights
from caseclock.extracts.supplementary.codes import NO_PRIORITY

POOLS: Final = ("low_priority", "nfa", "longest_unallocated")
LOW: Final = ("low", NO_PRIORITY)  # as in the measure unallocated_low
NFA_DAYS = 91  # days up to the extract's date in which a referral that ended with no further action was received: a quarter
UNALLOCATED_DAYS = 28  # days without a worker from which a case is of the longest unallocated: four weeks
REPEATED = 2  # referrals within 365 days
MAX_SEED = 2**31 - 1  # what a 32-bit column holds

SAMPLE_COLUMNS: Final = {
    "item_ref": "the referral's id",
    "child_ref": "the child's id in the extract",
    "team": "id of the team that answers for it, `?` where none does",
    "pools": "the pools that it is in, with + between them",
    "markers": "how many risk markers it has",
}


@dataclass(frozen=True)
class RelookPool:
    """One entry per case of any pool, each once. `row`: of the referral table; `team`: a number into `team_names(columns)`.

    `member[:, i]`: it is in POOLS[i].
    """

    row: Codes
    team: Codes
    member: Mask

    def counted(self, at: Places) -> Sums:
        """Cases per place, each once whatever number of pools it is in."""
        return at.counted(self.team)

    def sizes(self) -> dict[str, int]:
        """Cases per pool; one that is in two pools counts in both."""
        return {name: int(n) for name, n in zip(POOLS, self.member.sum(axis=0), strict=True)}


def relook_pool(columns: Columns, roles: Collection[str], cases: pd.DataFrame | None = None) -> RelookPool:
    """Who may be drawn: open cases of low or no priority, referrals of the last 91 days that ended with no further action, and open cases

    that nobody has held for 28 days or longer. `cases`: `case_frame(columns, roles)`, where it has been made. A pool whose data the
    extract does not hold (no priority file, nobody knows who holds a case) is empty.
    """
    cases = case_frame(columns, roles) if cases is None else cases
    open_ = columns.once(("standing", *sorted(roles)), lambda: standing(columns, roles))
    low = cases["priority"].isin(LOW).to_numpy()
    since = np.asarray(cases["waiting_since"], dtype="datetime64[s]").astype("datetime64[D]")
    longest = columns.as_of - since >= np.timedelta64(UNALLOCATED_DAYS, "D")
    wanted = low | longest
    ended = _no_further_action(columns)
    none = np.zeros(len(ended), dtype=bool)
    open_member = np.stack((low, np.zeros(len(low), dtype=bool), longest), axis=1)[wanted]
    team = team_of_rows("referral", ended, columns, involvements(columns, roles))
    return RelookPool(
        np.concatenate((open_.referral_row[wanted], ended)),
        np.concatenate((open_.referral_team[wanted], team)),
        np.concatenate((open_member, np.stack((none, ~none, none), axis=1))),
    )


def _no_further_action(columns: Columns) -> Codes:
    """Row numbers. The day that counts is that of the referral: no format says when it was decided on."""
    day = columns.days("referral", "referral_date")
    recent = (day > columns.as_of - np.timedelta64(NFA_DAYS, "D")) & (day <= columns.as_of)
    alive = ~(columns.days("referral", "child.died_on") <= columns.as_of)
    return np.flatnonzero(recent & alive & columns.meets("referral", {"nfa": True}))


# --- candidates ----------------------------------------------------------------------------------------------------
def candidates(columns: Columns, pool: RelookPool, weights: Weights) -> pd.DataFrame:
    """item_ref, child_ref, team, one flag per pool, `markers` and `weight`: one row per case of the pool, in its order."""
    child = columns.keys("referral", "child_id")[pool.row]
    marked = {
        "referrals": recent_referrals(columns)[child] >= REPEATED,
        "earlier_cp": earlier_plans(columns)[child],
        "unborn": unborn_of(columns, pool.row),
    }
    made = pd.DataFrame(
        {
            "item_ref": pd.Series(columns.raw("referral", "referral_id")).take(pool.row).astype("str").array,
            "child_ref": pd.Series(columns.raw("referral", "child_id")).take(pool.row).astype("str").array,
            "team": pd.Categorical.from_codes(pool.team, categories=pd.Index(team_names(columns), dtype="str")).astype("str"),
        }
    )
    for i, name in enumerate(POOLS):
        made[name] = pool.member[:, i]
    made["markers"] = np.sum(list(marked.values()), axis=0)
    made["weight"] = 1.0 + np.sum([getattr(weights, name) * has for name, has in marked.items()], axis=0)
    return made


# --- the draw ------------------------------------------------------------------------------------------------------
def draw(candidates: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """SAMPLE_COLUMNS, in the order in which they were drawn; all candidates when there are no more than `size`.

    The same candidates and seed give the same sample on every machine, whatever the order of the rows, and a larger sample of the same
    seed begins with the smaller one. Raises ValueError for a seed below 0 or above MAX_SEED.
    """
    ordered = candidates.sort_values(["item_ref", "child_ref"], kind="stable", ignore_index=True)
    drawn = ordered.iloc[chosen(ordered["weight"].to_numpy(), ordered[list(POOLS)].to_numpy(dtype=bool), size, seed)]
    pools = ["+".join(name for name in POOLS if row[name]) for row in drawn[list(POOLS)].to_dict("records")]
    made = {name: drawn[name].to_numpy() for name in ("item_ref", "child_ref", "team")}
    return pd.DataFrame({**made, "pools": pd.array(pools, dtype="str"), "markers": drawn["markers"].to_numpy()})


def chosen(weight: npt.NDArray[np.float64], member: Mask, size: int, seed: int) -> list[int]:
    """Which of the cases, which stand in the order of their ids, are drawn, and in what order. `member[i, j]`: case i is in pool j.

    Weighted sampling without replacement by exponential keys (Efraimidis and Spirakis 2006): each case gets -ln(u) / weight, and the least
    keys win. The pools take turns, in an order that is drawn too, so that a large one does not crowd out a small one and every case has a
    chance at any size. The numbers u are the upper 53 bits of what PCG64 of this seed gives: one per pool, then one per case.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"a seed lies between 0 and {MAX_SEED}")
    numbers = _uniform(seed, len(POOLS) + len(weight))
    turns = np.argsort(numbers[: len(POOLS)], kind="stable")
    order = np.argsort(-np.log(numbers[len(POOLS) :]) / weight, kind="stable")
    return _in_turn([order[member[order, pool]] for pool in turns], size)


def _in_turn(queues: list[Codes], size: int) -> list[int]:
    """One of each queue after the other, none twice, until there are `size` or none is left."""
    taken: dict[int, None] = {}
    lines = [iter(queue.tolist()) for queue in queues]
    while lines and len(taken) < size:
        for line in list(lines):
            found = next((case for case in line if case not in taken), None)
            if found is None:
                lines.remove(line)
            elif len(taken) < size:
                taken[found] = None
    return list(taken)


def _uniform(seed: int, many: int) -> npt.NDArray[np.float64]:
    """Numbers above 0 and up to 1. The stream of a numpy bit generator is kept across versions; that of its distributions is not."""
    raw = np.random.PCG64(seed).random_raw(many)
    made: npt.NDArray[np.float64] = ((raw >> np.uint64(11)).astype(np.float64) + 1.0) / 2.0**53
    return made
