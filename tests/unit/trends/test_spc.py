"""The rules of NHS Making Data Count: against the output of NHSRplotthedots 0.2.2, and one by one."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from caseclock.trends import spc
from caseclock.trends.given import Given

OURS = {"constant_series", "all_zero", "missing_values"}  # answers of the package that are not copied; each has a test below


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((shared / "analytics" / "vectors" / "spc_vectors.json").read_text())
    return made


def charted(**given: Any) -> dict[str, Any]:
    return Given.model_validate({"dates": [f"2024-01-{n + 1:02d}" for n in range(len(given["y"]))], **given}).chart().as_json()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None or isinstance(a, str):
        return a is b or (isinstance(a, str) and a == b)
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


# --- against the package ---------------------------------------------------------------------------------------------
def test_whole_series_come_out_as_the_package_has_them(vectors: dict[str, Any]) -> None:
    seen = 0
    for series in vectors["series"]:
        if series["name"] not in OURS:
            made = Given.model_validate(series["input"]).chart().as_json()
            assert list(made) == list(series["expected"])
            assert [key for key in made if not same(series["expected"][key], made[key])] == [], series["name"]
            seen += 1
    assert seen == 34


def test_a_series_with_equal_values_differs_from_the_package_only_in_its_limits(vectors: dict[str, Any]) -> None:
    for series in vectors["series"]:
        if series["name"] in {"constant_series", "all_zero"}:
            made = Given.model_validate(series["input"]).chart().as_json()
            different = [key for key in made if not same(series["expected"][key], made[key])]
            assert different == ["lpl", "upl", "outside_limits", "close_to_limits"]
            assert made["lpl"] == made["upl"] == made["mean"]
            assert not any(made["outside_limits"]) and not any(made["close_to_limits"])


def test_single_rules_come_out_as_in_the_package_s_own_tests(vectors: dict[str, Any]) -> None:
    rules = {
        "seven_point_one_side_mean(side)": spc.seven_point_one_side_mean,
        "part_of_seven(end_flags)": spc.part_of_seven,
        "seven_point_trend(y)": spc.seven_point_trend,
        "two_in_three(close_to_limits, side)": spc.two_in_three,
        "part_of_two_in_three(two_in_three(close,side), close)": lambda close, side: spc.part_of_two_in_three(
            spc.two_in_three(close, side), close
        ),
        "assurance(target=4, lpl, upl, direction)": spc.assurance,
    }
    assert len(vectors["functions"]) == 40
    for vector in vectors["functions"]:
        assert rules[vector["function"]](*vector["args"]) == vector["expected"], vector


def test_printed_numbers_of_the_package(vectors: dict[str, Any]) -> None:
    by_name = {series["name"]: series["input"] for series in vectors["series"]}
    for printed in vectors["published"]:
        made = Given.model_validate(by_name[printed["series"]]).chart().as_json()
        for name in ("mean", "lpl", "upl"):
            assert made[name][0] == pytest.approx(printed[name], abs=0.006)


# --- limits ----------------------------------------------------------------------------------------------------------
def test_limits_are_2_66_mean_moving_ranges_from_the_mean() -> None:
    made = charted(y=[4, 6, 4, 6, 4, 6])
    assert (made["mean"][0], made["lpl"][0], made["upl"][0]) == pytest.approx((5, 5 - 2 * 2.66, 5 + 2 * 2.66))


def test_a_slip_widens_the_limits_only_without_screening() -> None:
    y = [1, 2, 1, 2, 1, 2, 1, 2, 30, 1, 2, 1, 2, 1]
    screened, whole = charted(y=y), charted(y=y, screen_outliers=False)
    assert screened["mean"] == whole["mean"]
    assert screened["upl"][0] - screened["mean"][0] == pytest.approx(2.66)
    assert whole["upl"][0] > 15
    assert screened["special_cause_type"][8] == "Above UCL"


def test_limits_may_be_fixed_by_the_first_points() -> None:
    made = charted(y=[1, 3] * 6 + [40] * 3, fix_after_n_points=12)
    assert made["mean"] == [2.0] * 15
    assert made["special_cause_type"][-3:] == ["Above UCL"] * 3


def test_limits_begin_anew_at_a_rebase_date() -> None:
    made = charted(y=[1, 3, 1, 3, 11, 13, 11, 13], rebase_dates=["2024-01-05"])
    assert made["rebase_group"] == [0] * 4 + [1] * 4
    assert made["mean"] == [2.0] * 4 + [12.0] * 4
    assert all(made["short_group_warning"])


def test_thirteen_points_are_enough() -> None:
    assert charted(y=list(range(12)))["short_group_warning"] == [True] * 12
    assert charted(y=list(range(13)))["short_group_warning"] == [False] * 13


# --- answers of our own ----------------------------------------------------------------------------------------------
def test_after_equal_values_another_one_is_outside() -> None:
    made = charted(y=[7] * 12 + [8], fix_after_n_points=12, improvement_direction="decrease")
    assert made["special_cause_type"] == ["Common Cause"] * 12 + ["Above UCL"]
    assert made["variation_type"] == "special_cause_concern"


@pytest.mark.parametrize("value", [0.1, 1 / 3, 85.71428571428571, 1e-9])
def test_equal_values_that_no_binary_number_holds_lie_on_their_mean(value: float) -> None:
    made = charted(y=[value] * 13)
    assert made["relative_to_mean"] == [0] * 13
    assert made["special_cause_type"] == ["Common Cause"] * 13


def test_a_missing_value_has_no_mark_and_no_moving_range_reaches_over_it() -> None:
    made = charted(y=[4, 6, None, 20, 22])
    assert made["mean"] == [13.0] * 5
    assert made["upl"][0] == pytest.approx(13 + 2.66 * 2)
    for name in ("outside_limits", "relative_to_mean", "close_to_limits", "special_cause_type", "special_cause_flag", "point_type"):
        assert made[name][2] is None
        assert None not in made[name][:2] + made[name][3:]


def test_a_run_goes_on_behind_a_missing_value() -> None:
    made = charted(y=[9, 1, 9, 1, 9, 1, 9, 1, 6, 6, 6, None, 6, 6, 6, 6], fix_after_n_points=12)
    assert made["special_cause_type"][8:] == ["7 Points Above CL"] * 3 + [None] + ["7 Points Above CL"] * 4


def test_a_missing_newest_value_leaves_the_finding_to_the_one_before() -> None:
    assert charted(y=[1, 3] * 6 + [40, None], fix_after_n_points=12)["variation_type"] == "special_cause_improvement"


def test_one_value_has_no_limits_and_null_marks() -> None:
    made = charted(y=[5], target=4)
    assert (made["mean"], made["lpl"], made["upl"], made["outside_limits"]) == ([5.0], [None], [None], [None])
    assert made["special_cause_type"] == ["Common Cause"]
    assert made["assurance_type"] == "inconsistent"
    assert "NaN" not in json.dumps(made)


# --- any series ------------------------------------------------------------------------------------------------------
SERIES = st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=1, max_size=60).filter(lambda y: any(v is not None for v in y))


@given(SERIES)
def test_turned_upside_down_a_chart_says_the_opposite(y: list[int | None]) -> None:
    """Without ties: of two trends that a tie divides, the package calls the last point of the first one decreasing."""
    known = [v for v in y if v is not None]
    assume(all(a != b for a, b in pairwise(known)))
    up, down = spc.xmr(y), spc.xmr([None if v is None else -v for v in y])
    swapped = {"Above": "Below", "UCL": "LCL", "(Increasing)": "(Decreasing)"}
    turned = {**swapped, **{b: a for a, b in swapped.items()}}
    words = [None if kind is None else " ".join(turned.get(word, word) for word in kind.split()) for kind in down.special_cause_type]
    assert up.special_cause_type == words


@given(SERIES, st.integers(1, 8), st.integers(-40, 40))
def test_scale_and_level_change_no_mark(y: list[int | None], scale: int, level: int) -> None:
    """Scaled by a power of two, so that no rounding differs."""
    other = spc.xmr([None if v is None else v * 2.0**scale for v in y])
    assert other.special_cause_type == spc.xmr(y).special_cause_type
    assert spc.xmr([None if v is None else v + level for v in y]).relative_to_mean == other.relative_to_mean


@given(SERIES)
def test_every_point_has_one_reason_and_a_flag_that_fits_it(y: list[int | None]) -> None:
    made = spc.xmr(y, improvement_direction="decrease")
    for value, cause, flag, kind in zip(y, made.special_cause_type, made.special_cause_flag, made.point_type, strict=True):
        if value is None:
            assert (cause, flag, kind) == (None, None, None)
        else:
            assert flag is (cause != spc.COMMON) is (kind != spc.NORMAL)


@given(st.lists(st.integers(-1, 1), max_size=40))
def test_a_shift_is_seven_on_one_side(side: list[int]) -> None:
    marked = spc.part_of_seven(spc.seven_point_one_side_mean(side))
    for i, mark in enumerate(marked):
        runs = [side[k : k + 7] for k in range(max(0, i - 6), i + 1) if len(side[k : k + 7]) == 7]
        assert bool(mark) == any(run[0] != 0 and len(set(run)) == 1 for run in runs)
