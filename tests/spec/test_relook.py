"""The re-look sample: who may be drawn, how likely, and that anybody can draw the same sample again."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.places import places
from caseclock.clocks.relook import POOLS, SAMPLE_COLUMNS, candidates, chosen, draw, relook_pool
from caseclock.clocks.worklist_config import Weights

AS_OF = "2026-03-20"
ROLES = ("CW",)
HELD = "allocation_id child_id referral_id worker_id team_id role started_on ended_on\n"


@pytest.fixture
def found(extract):
    """The candidates of small tables, by the id of the case."""

    def made(weights: Weights | None = None, **tables: str) -> pd.DataFrame:
        columns = Columns(extract(AS_OF, **tables))
        return candidates(columns, relook_pool(columns, ROLES), weights or Weights()).set_index("item_ref")

    return made


def pools_of(candidates: pd.DataFrame) -> dict[str, list[str]]:
    return {pool: sorted(candidates.index[candidates[pool]]) for pool in POOLS}


# --- who may be drawn ------------------------------------------------------------------------------------------------
def test_open_cases_of_low_or_no_priority_are_a_pool(found):
    tables = {"referral": "referral_id child_id referral_date closed_on\nR1 C1 2026-01-05 -\nR2 C2 2026-01-05 -\nR3 C3 2026-01-05 -\n"
              "R4 C4 2026-01-05 2026-03-02"}  # fmt: skip
    priority = "priority_id referral_id priority set_on\nP1 R1 low 2026-01-06\nP2 R2 high 2026-01-06\nP4 R4 low 2026-01-06"
    assert pools_of(found(**tables, priority=priority)) == {"low_priority": ["R1", "R3"], "nfa": [], "longest_unallocated": []}
    assert pools_of(found(**tables)) == {"low_priority": [], "nfa": [], "longest_unallocated": []}


def test_referrals_that_ended_with_no_further_action_in_the_last_91_days_are_a_pool_open_or_closed(found):
    tables = {
        "child": "child_id died_on\nC6 2026-03-02",
        "referral": """
        referral_id child_id referral_date nfa closed_on
        R1          C1       2026-03-20    yes 2026-03-20
        R2          C2       2025-12-20    yes -
        R3          C3       2025-12-19    yes -
        R4          C4       2026-03-02    no  -
        R5          C5       2026-03-23    yes -
        R6          C6       2026-03-02    yes -
        """,
    }
    assert pools_of(found(**tables)) == {"low_priority": [], "nfa": ["R1", "R2"], "longest_unallocated": []}


def test_open_cases_that_nobody_has_held_for_28_days_are_a_pool(found):
    """R3 came in last year, and its worker left three weeks ago."""
    assert pools_of(
        found(
            referral="""
            referral_id child_id referral_date
            R1          C1       2026-02-20
            R2          C2       2026-02-21
            R3          C3       2025-06-02
            R4          C4       2026-01-05
            """,
            allocation=HELD + "A3 C3 R3 W3 NORTH CW 2025-06-03 2026-02-27\nA4 C4 R4 W4 NORTH CW 2026-01-05 -\n",
        )
    ) == {"low_priority": [], "nfa": [], "longest_unallocated": ["R1"]}


def test_where_nobody_can_tell_who_holds_a_case_none_counts_as_unallocated(found):
    assert pools_of(found(referral="referral_id child_id referral_date\nR1 C1 2025-02-20"))["longest_unallocated"] == []


def test_a_case_of_two_pools_is_there_once_and_counts_once_per_place(extract):
    columns = Columns(
        extract(
            AS_OF,
            team="team_id service_id\nNORTH N\nSOUTH S",
            referral="""
            referral_id child_id referral_date nfa team_id
            R1          C1       2026-01-05    no  NORTH
            R2          C2       2026-01-05    yes SOUTH
            R9          C9       2026-01-05    no  -
            """,
            allocation=HELD + "A9 C9 R9 W9 SOUTH CW 2026-01-05 -\n",
            priority="priority_id referral_id priority set_on\nP1 R1 low 2026-01-06\nP9 R9 urgent 2026-01-06",
        )
    )
    pool = relook_pool(columns, ROLES, case_frame(columns, ROLES))
    at = places(columns)
    assert dict(zip(at.names, pool.counted(at), strict=True)) == {"?": 0, "NORTH": 1, "SOUTH": 1, "service:N": 1, "service:S": 1, "*": 2}
    assert pool.sizes() == {"low_priority": 1, "nfa": 1, "longest_unallocated": 1}


# --- how likely ------------------------------------------------------------------------------------------------------
def test_each_marker_adds_its_weight(found):
    tables = {
        "child": "child_id unborn\nC3 yes",
        "referral": """
        referral_id child_id referral_date nfa
        R1          C1       2026-03-02    yes
        R2          C2       2026-03-02    yes
        R3          C3       2026-03-02    yes
        R3A         C3       2025-09-01    no
        """,
        "plan": "plan_id child_id kind started_on ended_on\nP2 C2 cp 2024-01-12 2024-06-03\nP3 C3 cp 2024-01-12 2024-06-03",
    }
    plain, own = found(**tables), found(Weights(referrals=0.5, earlier_cp=3, unborn=0), **tables)
    assert plain.loc[["R1", "R2", "R3"], "markers"].tolist() == [0, 1, 3]
    assert plain.loc[["R1", "R2", "R3"], "weight"].tolist() == [1, 2, 4]
    assert own.loc[["R1", "R2", "R3"], "weight"].tolist() == [1, 4, 4.5]


def made_up(pools: dict[str, int], weight: int = 1) -> pd.DataFrame:
    """So many cases per pool; the first one of each has `weight`."""
    ids = [(f"{pool}-{n:03}", pool, weight if n == 0 else 1) for pool, many in pools.items() for n in range(many)]
    frame = pd.DataFrame({"item_ref": [i for i, *_ in ids], "child_ref": [f"c-{i}" for i, *_ in ids], "team": "T"})
    for pool in POOLS:
        frame[pool] = [p == pool for _, p, _ in ids]
    return frame.assign(markers=0, weight=[float(w) for *_, w in ids])


def test_every_case_has_a_chance_and_one_of_weight_four_has_four_times_that_of_another():
    """Of 10 cases one has weight 4: drawn first in 4 of 13 draws, each of the others in 1 of 13."""
    pool, times = made_up({"nfa": 10}, weight=4), 13_000
    weight, member = pool["weight"].to_numpy(), pool[list(POOLS)].to_numpy()
    first = Counter(chosen(weight, member, 1, seed)[0] for seed in range(times))
    expected = {case: times * w / 13 for case, w in enumerate(weight)}
    chi2 = sum((first[case] - n) ** 2 / n for case, n in expected.items())
    assert set(first) == set(expected)
    assert chi2 < 27.9  # 9 degrees of freedom: chance exceeds it once in a thousand; the seeds are always the same


def test_a_small_pool_is_not_crowded_out_by_a_large_one_and_has_its_chance_at_any_size():
    pool = made_up({"low_priority": 400, "nfa": 20, "longest_unallocated": 4})
    of = Counter(case.partition("-")[0] for seed in range(60) for case in draw(pool, 9, seed)["item_ref"])
    assert of == {"low_priority": 180, "nfa": 180, "longest_unallocated": 180}
    single = Counter(draw(pool, 1, seed)["item_ref"].iloc[0].partition("-")[0] for seed in range(60))
    assert set(single) == set(POOLS)


def test_when_one_pool_is_used_up_the_others_fill_the_sample():
    drawn = draw(made_up({"low_priority": 30, "nfa": 1}), 10, 7)
    assert Counter(drawn["pools"]) == {"low_priority": 9, "nfa": 1}
    assert len(draw(made_up({"nfa": 3}), 10, 7)) == 3
    assert list(draw(made_up({}), 10, 7).columns) == list(SAMPLE_COLUMNS)


# --- again -----------------------------------------------------------------------------------------------------------
def test_the_same_seed_draws_the_same_sample_whatever_the_order_of_the_rows():
    pool = made_up({"low_priority": 40, "nfa": 20, "longest_unallocated": 4}, weight=3)
    mixed = pool.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(draw(pool, 10, 2026), draw(mixed, 10, 2026))
    assert list(draw(pool, 10, 2026)["item_ref"]) != list(draw(pool, 10, 2027)["item_ref"])


def test_a_larger_sample_of_the_same_seed_begins_with_the_smaller_one():
    pool = made_up({"low_priority": 40, "nfa": 20, "longest_unallocated": 4})
    assert list(draw(pool, 20, 11)["item_ref"])[:10] == list(draw(pool, 10, 11)["item_ref"])


def test_a_seed_draws_on_every_machine_what_it_drew_on_ours():
    """Calculated again by hand from the first numbers of PCG64: a change of numpy or of the algorithm shows here."""
    pool = made_up({"low_priority": 3, "nfa": 3}, weight=2)
    u = ((np.random.PCG64(42).random_raw(9) >> np.uint64(11)) + 1.0) / 2**53
    keys = {name: -np.log(x) / w for name, x, w in zip(pool.sort_values("item_ref")["item_ref"], u[3:], [2, 1, 1, 2, 1, 1], strict=True)}
    queues = [sorted((n for n in keys if n.startswith(p)), key=keys.__getitem__) for _, p in sorted(zip(u[:3], POOLS, strict=True))]
    turns = [queue[n] for n in range(3) for queue in queues if n < len(queue)]
    assert list(draw(pool, 6, 42)["item_ref"]) == turns
    assert list(draw(pool, 3, 42)["item_ref"]) == ["nfa-000", "low_priority-002", "nfa-001"]


def test_a_seed_beyond_what_the_store_can_hold_is_refused():
    for seed in (-1, 2**31):
        with pytest.raises(ValueError, match="seed"):
            draw(made_up({"nfa": 1}), 1, seed)


def test_the_sample_says_the_pools_and_how_many_markers_and_ids_and_no_more(found):
    tables = {
        "referral": "referral_id child_id referral_date team_id\nR1 C1 2026-01-05 DOOR\n",
        "allocation": HELD + "A9 C9 R9 W9 SOUTH CW 2026-01-05 -\n",
        "priority": "priority_id referral_id priority set_on\nP1 R1 low 2026-01-06",
    }
    drawn = draw(found(**tables).reset_index(), 5, 1)
    assert drawn.to_dict("records") == [
        {"item_ref": "R1", "child_ref": "C1", "team": "DOOR", "pools": "low_priority+longest_unallocated", "markers": 0}
    ]
