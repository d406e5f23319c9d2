"""How long work stays open, with clocks that still run: by hand, by a slow calculation, and as R's package survival has it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.clocks.survival import kaplan_meier, shrunk_hazards

VECTORS = Path("analytics") / "vectors" / "km_vectors.json"
SIX = [1, 2, 2, 3, 10, 45]


def numbers(found: list[Any]) -> Any:
    return np.array([math.nan if value is None else value for value in found], dtype=float)


def test_every_number_of_r_survival_is_met(shared: Path) -> None:
    vectors = json.loads((shared / VECTORS).read_text())["vectors"]
    assert len(vectors) == 5
    for vector in vectors:
        made, wanted = kaplan_meier(vector["input"]["time"], vector["input"]["event"]), vector["expected"]
        lower, upper = made.limits()
        assert made.time.tolist() == wanted["time"], vector["name"]
        assert made.at_risk.tolist() == wanted["n_risk"] and made.events.tolist() == wanted["n_event"], vector["name"]
        for name, values in {"surv": made.survival, "std_err_log": made.std_err_log, "lower": lower, "upper": upper}.items():
            np.testing.assert_allclose(values, numbers(wanted[name]), rtol=0, atol=1e-13, err_msg=f"{vector['name']} {name}")
        between = vector["name"] == "all_closed"  # one half is left from 2 to 3: R gives the middle, we the first of them
        assert made.median == (2 if between else wanted["median"]), vector["name"]


def test_work_that_is_all_done_leaves_the_shares_that_one_can_count() -> None:
    made = kaplan_meier(SIX, [True] * 6)
    assert made.time.tolist() == [1, 2, 3, 10, 45]
    assert made.at_risk.tolist() == [6, 5, 3, 2, 1] and made.events.tolist() == [1, 2, 1, 1, 1]
    assert made.survival.tolist() == pytest.approx([5 / 6, 3 / 6, 2 / 6, 1 / 6, 0])
    assert made.std_err[1] == pytest.approx(math.sqrt(0.5 * 0.5 / 6))  # without open clocks Greenwood is the error of a share
    assert math.isnan(made.std_err_log[-1])
    assert made.median == 2


def test_a_clock_that_runs_counts_for_as_long_as_it_has_run() -> None:
    """Open since 2 days: at risk on day 2, gone from day 3."""
    made = kaplan_meier([1, 2, 3], [True, False, True])
    assert made.at_risk.tolist() == [3, 1]
    assert made.survival.tolist() == pytest.approx([2 / 3, 0])


def test_a_median_that_is_not_reached_is_no_number() -> None:
    assert kaplan_meier([3, 5, 8, 13], [False] * 4).median is None
    assert kaplan_meier([3, 5, 8, 13], [True, False, False, False]).median is None
    assert kaplan_meier([], []).median is None


def test_the_share_after_a_duration_holds_until_the_next_event() -> None:
    made = kaplan_meier(SIX, [True] * 6)
    assert made.after([0, 1, 2, 9, 10, 99]).tolist() == pytest.approx([1, 5 / 6, 3 / 6, 2 / 6, 1 / 6, 0])


def test_a_clock_that_was_first_seen_late_is_not_at_risk_before() -> None:
    """Watched from day 2 on: what was done on days 1 and 2 could not be seen of it."""
    made = kaplan_meier([1, 2, 3, 5], [True, True, True, True], entry=[0, 0, 2, 2])
    assert made.at_risk.tolist() == [2, 1, 2, 1]
    assert made.survival.tolist()[0] == 0.5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        kaplan_meier([-1, 2], [True, True])
    with pytest.raises(ValueError, match="entry has to be below time"):
        kaplan_meier([2, 2], [True, True], entry=[0, 2])


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 12)), max_size=30), st.booleans())
def test_the_estimate_is_the_product_of_the_shares_that_stayed(clocks: list[tuple[int, bool, int]], delayed: bool) -> None:
    clocks = [(time, event, entry) for time, event, entry in clocks if not delayed or entry < time]
    times, events, entries = ([c[i] for c in clocks] for i in range(3))
    made = kaplan_meier(times, events, entries if delayed else None)
    stays = 1.0
    assert made.time.tolist() == sorted({time for time, event, _ in clocks if event})
    for i, day in enumerate(made.time):
        at_risk = sum(time >= day and (not delayed or entry < day) for time, _, entry in clocks)
        done = sum(time == day and event for time, event, _ in clocks)
        stays *= 1 - done / at_risk
        assert (made.at_risk[i], made.events[i]) == (at_risk, done)
        assert made.survival[i] == pytest.approx(stays)


def test_a_small_team_is_taken_for_the_council_and_a_large_one_for_itself() -> None:
    events, at_risk = np.array([[0], [300], [1]]), np.array([[0], [1000], [1]])
    council = 301 / 1001
    nobody, large, single = shrunk_hazards(events, at_risk)[:, 0]
    assert nobody == pytest.approx(council)
    assert large == pytest.approx((300 + 20 * council) / 1020)
    assert single == pytest.approx((1 + 20 * council) / 21)


def test_where_nobody_was_at_risk_nothing_is_taken_for_done() -> None:
    assert shrunk_hazards(np.zeros((2, 3), dtype=int), np.zeros((2, 3), dtype=int)).tolist() == [[0.0] * 3] * 2
