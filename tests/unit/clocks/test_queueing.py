"""The arithmetic of queues against NHSRwaitinglist, where it is right, and said where it is not followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.clocks import queueing as q

FORMULAS: dict[str, Any] = {
    "queue_load": q.queue_load,
    "relief_capacity": q.relief_capacity,
    "target_capacity": q.target_capacity,
    "target_mean_wait": q.target_mean_wait,
    "target_queue_size": q.target_queue_size,
    "waiting_list_pressure": q.pressure,
}
OURS = [  # worked by hand: what each formula says in numbers that can be checked in the head
    ("queue_load", [30, 25], 1.2),
    ("relief_capacity", [30, 1300, 260, 26], 70),
    ("target_capacity", [30, 8, 4, 1, 1], 30.5),
    ("target_mean_wait", [52, 4], 13),
    ("target_queue_size", [80, 9, 4], 180),  # 80 assessments a week, 45 working days
    ("waiting_list_pressure", [26, 52], 1),
]


@pytest.mark.parametrize("function, args, expected", OURS)
def test_each_formula_by_hand(function: str, args: list[float], expected: float) -> None:
    assert FORMULAS[function](*args) == pytest.approx(expected)


def test_every_formula_gives_what_the_peer_gives(shared: Path) -> None:
    vectors = [v for v in _vectors(shared) if v["function"] in FORMULAS]
    assert {v["function"] for v in vectors} == set(FORMULAS)
    for v in vectors:
        assert FORMULAS[v["function"]](*v["args"]) == pytest.approx(v["expected"], rel=1e-12), v


def test_the_queue_of_each_day_is_that_of_the_peer(shared: Path) -> None:
    vectors = [v for v in _vectors(shared) if v["function"] == "queue_size_by_day"]
    assert vectors
    for v in vectors:
        came, went, first, last = _list(v["args"])
        days = q.queue_by_day(came, went, first, last)
        assert days.tolist() == v["expected"]["queue_size"]
        assert np.arange(first, last + 1).astype(str).tolist() == v["expected"]["dates"]


def test_of_the_peer_s_statistics_those_that_are_sound_are_ours_and_its_pressure_is_not(shared: Path) -> None:
    """Its mean wait is in days, which its pressure takes for weeks; its demand counts two arrivals too many."""
    vectors = [v for v in _vectors(shared) if v["function"] == "wl_stats"]
    assert vectors
    for v in vectors:
        came, went, first, last = _list(v["args"])
        weeks, theirs = float(v["args"]["target_wait"]), v["expected"]
        assert q.queue_by_day(came, went, first, last)[-1] == theirs["queue_size"]
        waiting = (came <= last) & (np.isnat(went) | (went > last))
        mean_days = (last - came[waiting]).astype(int).mean()
        assert mean_days == pytest.approx(theirs["mean_wait"])
        assert theirs["pressure"] == pytest.approx(7 * q.pressure(mean_days / 7, weeks))
        assert theirs["count_demand"] == ((came >= first) & (came <= last)).sum() + 1
        assert q.queue_load(theirs["mean_demand"], theirs["mean_capacity"]) == pytest.approx(theirs["load"])
        assert q.target_queue_size(theirs["mean_demand"], weeks) == pytest.approx(theirs["target_queue_size"])
        too_big = bool(q.queue_too_big(theirs["queue_size"], theirs["target_queue_size"]))
        assert too_big == theirs["queue_too_big"]
        if theirs["relief_capacity"] is not None:
            assert q.relief_where_needed(theirs["mean_demand"], theirs["queue_size"], weeks) == pytest.approx(theirs["relief_capacity"])
        if theirs["target_capacity"] is not None:
            spread = (theirs["cv_arrival"], theirs["cv_removal"])
            assert q.target_capacity(theirs["mean_demand"], weeks, q.FACTOR, *spread) == pytest.approx(theirs["target_capacity"])


def test_nothing_to_divide_by_is_no_number() -> None:
    assert np.isnan([q.queue_load(5, 0), q.clearance(5, 0), q.pressure(3, 0), q.time_to_target(50, 10, 5, 5)]).all()
    assert q.queue_load([1, 2, 0], [2, 0, 0]) == pytest.approx([0.5, np.nan, np.nan], nan_ok=True)


def test_a_queue_that_is_at_its_target_needs_no_time_and_one_that_grows_never_gets_there() -> None:
    assert q.time_to_target(10, 10, 8, 5) == 0
    assert q.time_to_target(9, 10, 8, 5) == 0
    assert np.isnan(q.time_to_target(11, 10, 8, 5))
    assert q.time_to_target(40, 10, 5, 8) == 10


def test_relief_is_called_for_only_above_twice_the_target() -> None:
    """Demand 10 a week, a limit of 8 weeks: the target is 20, and 40 is twice that."""
    assert q.relief_where_needed(10, [40, 41], 8) == pytest.approx([np.nan, 10 + 21 / 26], nan_ok=True)


rate = st.floats(0.1, 500)


@given(rate, rate, st.floats(0.1, 60), st.floats(0.1, 60))
def test_after_the_time_to_target_the_queue_is_at_its_target(demand: float, more: float, limit: float, excess: float) -> None:
    target = float(q.target_queue_size(demand, limit))
    weeks = float(q.time_to_target(target + excess, target, demand, demand + more))
    assert target + excess + (demand - (demand + more)) * weeks == pytest.approx(target, rel=1e-6, abs=1e-6)
    relief = float(q.relief_capacity(demand, target + excess, target, 26))
    assert q.time_to_target(target + excess, target, demand, relief) == pytest.approx(26, rel=1e-6)


def _vectors(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "analytics" / "vectors" / "wl_vectors.json").read_text())["vectors"]
    return found


def _list(args: dict[str, Any]) -> tuple[Any, Any, np.datetime64, np.datetime64]:
    came, went = (np.array([day or "NaT" for day in args[name]], dtype="datetime64[D]") for name in ("referral", "removal"))
    return came, went, np.datetime64(args["start"], "D"), np.datetime64(args["end"], "D")
