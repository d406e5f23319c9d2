"""The chart of one of our own series: which points, which limits, what is news."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from caseclock.trends.charts import Chart, chart, direction_of
from caseclock.trends.model import NotAFlow, Rebase, TrendsConfig, kind_of
from caseclock.trends.wording import finding, usual

NAN = math.nan
QUIET = [20.0, 24.0, 22.0, 18.0] * 5  # mean 21


@pytest.fixture
def charted(panel: Callable[..., Any], weeks: Callable[..., Any]) -> Callable[..., Chart]:
    def make(values: Sequence[float], figure: str = "arrivals", hollow: Sequence[int] = (), **how: Any) -> Chart:
        config = how.pop("config", TrendsConfig())
        direction = how.pop("direction", direction_of(figure, "above"))
        return chart(panel(values, figure, **how), "T", weeks(len(values), hollow), config, direction)

    return make


# --- what has a chart ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("figure", ["open", "unallocated", "overdue.cp_visit", "open.cp_visit", "agency_share", "a measure of tomorrow"])
def test_a_count_of_what_stands_has_no_chart(charted: Callable[..., Chart], figure: str) -> None:
    with pytest.raises(NotAFlow, match="3 of 4 quiet weeks") as error:
        charted(QUIET, figure)
    assert error.value.exit_code == 2


def test_configuration_cannot_ask_for_the_chart_of_a_stock() -> None:
    with pytest.raises(ValidationError, match="counts what stands at one moment"):
        TrendsConfig(charts=("arrivals", "unallocated"))
    with pytest.raises(ValidationError, match="is not foretold"):
        TrendsConfig(forecasts=("in_time.cp_visit",))


def test_flows_and_shares_of_work_done_are_known_by_their_measure() -> None:
    assert [kind_of(f) for f in ("arrivals", "completed.cp_visit", "in_time.cp_visit", "open")] == ["flow", "flow", "share", "stock"]


# --- points ----------------------------------------------------------------------------------------------------------
def test_fifty_two_weeks_are_shown() -> None:
    assert TrendsConfig().window_weeks == 52


def test_a_longer_series_gives_its_newest_weeks(charted: Callable[..., Chart]) -> None:
    made = charted(QUIET * 4)
    assert len(made.values) == 52
    assert made.ends[-1] == dt.date(2026, 11, 20)
    assert made.ends[0] == dt.date(2026, 11, 20) - dt.timedelta(weeks=51)


def test_below_15_a_week_points_are_totals_of_four_weeks(charted: Callable[..., Chart]) -> None:
    made = charted([float(n % 4) for n in range(55)])
    assert (made.weeks_per_point, len(made.values)) == (4, 13)
    assert set(made.values) == {6.0}
    assert made.ends[-2] == dt.date(2026, 10, 23)
    assert charted([15.0, 16.0] * 10).weeks_per_point == 1


def test_a_total_with_an_unknown_week_is_unknown(charted: Callable[..., Chart]) -> None:
    made = charted([5.0] * 8 + [5.0, NAN, 5.0, 5.0] + [5.0] * 4)
    assert made.values == (20.0, 20.0, None, 20.0)


def test_a_share_of_four_weeks_is_that_of_all_that_was_done(charted: Callable[..., Chart]) -> None:
    made = charted([100.0, 0.0, NAN, 50.0], "in_time.cp_visit", n=[3, 1, 0, 4])
    assert made.values == (62.5,)
    assert made.n == (8.0,)


def test_a_net_change_is_small_by_its_flows_not_by_itself(charted: Callable[..., Chart]) -> None:
    assert charted([0.0, 2.0] * 10, "net_change", n=[40.0] * 20).weeks_per_point == 1
    assert charted([0.0, 2.0] * 10, "net_change", n=[20.0] * 20).weeks_per_point == 4


def test_a_figure_that_looks_back_further_than_a_week_is_taken_where_its_periods_do_not_overlap(charted: Callable[..., Chart]) -> None:
    made = charted([float(n) for n in range(10)], "supervision_held", n=[50.0] * 10, step=4)
    assert made.values == (1.0, 5.0, 9.0)
    assert (made.weeks_per_point, made.basis) == (4, "line")


def test_weeks_before_the_first_figure_are_no_points(charted: Callable[..., Chart]) -> None:
    assert len(charted([NAN] * 5 + QUIET).values) == 20


# --- limits ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("points, basis", [(7, "line"), (8, "trial"), (12, "trial"), (13, "limits")])
def test_how_many_points_make_limits(charted: Callable[..., Chart], points: int, basis: str) -> None:
    made = charted((QUIET * 2)[:points])
    assert made.basis == basis
    assert (made.xmr is None) == (basis == "line")
    assert ("trial" in finding(made)) == (basis == "trial")


def test_one_case_more_or_less_is_no_finding_where_there_are_next_to_none(charted: Callable[..., Chart]) -> None:
    rare = [0.0, 0.0, 0.0, 1.0] * 12
    made = charted([*rare, 0.0, 0.0, 0.0, 0.0])
    assert made.xmr is not None and made.xmr.outside_limits[-1]
    assert (finding(made), made.news, made.xmr.special_cause_flag[-1], made.xmr.variation_type) == (
        "within the usual range",
        False,
        False,
        "common_cause",
    )


def test_a_leap_from_next_to_nothing_is_a_finding(charted: Callable[..., Chart]) -> None:
    made = charted([*[0.0, 0.0, 0.0, 1.0] * 12, 0.0, 0.0, 1.0, 5.0])
    assert (finding(made), made.news) == ("above the usual range", True)
    assert made.xmr is not None and made.xmr.special_cause_flag == [False] * 12 + [True]


def test_a_share_of_next_to_nothing_is_not_judged(charted: Callable[..., Chart]) -> None:
    made = charted([100.0] * 52, "in_time.cp_visit", n=[0.3] * 52, direction="increase")
    assert (made.basis, finding(made)) == ("line", "too few cases to judge")


def test_limits_begin_anew_where_a_person_has_said_so(charted: Callable[..., Chart]) -> None:
    date = dt.date(2026, 8, 18)  # a Tuesday; its week closes on the 21st
    config = TrendsConfig(rebase=(Rebase(team="T", measure="arrivals", date=date, reason="team split", by="head"),))
    made = charted(QUIET[:14] + [2 * v for v in QUIET[:14]], config=config)
    assert made.xmr is not None
    assert made.xmr.rebase_group == [0] * 14 + [1] * 14
    assert finding(made) == "within the usual range"
    assert charted(QUIET[:14] + [2 * v for v in QUIET[:14]]).latest != "Common Cause"


def test_a_rebase_of_another_team_changes_nothing(charted: Callable[..., Chart]) -> None:
    config = TrendsConfig(rebase=(Rebase(team="U", measure="arrivals", date=dt.date(2026, 8, 18), reason="team split", by="head"),))
    assert set(charted(QUIET, config=config).xmr.rebase_group) == {0}  # type: ignore[union-attr]


def test_a_share_that_is_nearly_always_100_is_not_unusual_because_of_one_slip(charted: Callable[..., Chart]) -> None:
    made = charted([100.0] * 15 + [80.0] + [100.0] * 4, "in_time.cp_visit", n=[30.0] * 20, direction="increase")
    assert finding(made) == "within the usual range"
    assert usual(made) == "93 to 100"


# --- what the newest point says ---------------------------------------------------------------------------------------
def test_a_point_outside_its_limits_is_news_once(charted: Callable[..., Chart]) -> None:
    first, second = charted([*QUIET, 45.0]), charted([*QUIET, 45.0, 45.0])
    assert (first.latest, first.news, finding(first)) == ("Above UCL", True, "above the usual range")
    assert (second.latest, second.news) == ("Above UCL", False)


def test_a_shift_is_news_when_it_is_complete_and_is_counted_on(charted: Callable[..., Chart]) -> None:
    told = {k: charted([*QUIET, *QUIET, *[24.0] * k]) for k in (6, 7, 8)}
    assert [told[k].news for k in (6, 7, 8)] == [False, True, False]
    assert finding(told[7]) == "7 weeks in a row above the mean"
    assert finding(told[8]) == "8 weeks in a row above the mean"
    assert finding(told[6]) == "within the usual range"


def test_a_trend_is_news_when_it_is_complete(charted: Callable[..., Chart]) -> None:
    made = charted([30.0, 20.0] * 10 + [20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0])
    assert (finding(made), made.news) == ("rising for 7 weeks in a row", True)


def test_two_of_three_close_to_a_limit_are_news(charted: Callable[..., Chart]) -> None:
    made = charted([*QUIET, *QUIET, 27.9, 21.9, 27.9])
    assert (made.latest, made.news) == ("2 in 3 Above CL", True)
    assert finding(made) == "2 of the last 3 weeks close to the upper limit"


def test_what_is_better_is_no_news_and_what_is_worse_is(charted: Callable[..., Chart]) -> None:
    done = [82.0, 86.0, 84.0, 80.0] * 5
    n = [30.0] * 21
    assert charted([*done, 99.0], "in_time.cp_visit", n=n, direction="increase").news is False
    assert charted([*done, 60.0], "in_time.cp_visit", n=n, direction="increase").news is True


def test_fewer_referrals_are_news_as_well_as_more(charted: Callable[..., Chart]) -> None:
    assert charted([*QUIET, 2.0]).news and charted([*QUIET, 45.0]).news


def test_limits_on_trial_raise_nothing(charted: Callable[..., Chart]) -> None:
    made = charted([*QUIET[:10], 60.0])
    assert (made.basis, made.latest, made.news) == ("trial", "Above UCL", False)


def test_a_total_of_four_weeks_that_was_news_last_week_is_none_this_week(charted: Callable[..., Chart]) -> None:
    values = [4.0, 6.0, 5.0, 5.0, 6.0, 4.0] * 9
    assert charted([*values, 40.0]).news
    later = charted([*values, 40.0, 5.0])
    assert (later.latest, later.news) == ("Above UCL", False)
    assert charted([*values, 40.0, *[5.0] * 10, 40.0]).news


# --- holidays --------------------------------------------------------------------------------------------------------
def test_a_holiday_week_is_hollow_and_never_news_alone(charted: Callable[..., Chart]) -> None:
    made = charted([*QUIET, 2.0], hollow=[20])
    assert made.hollow[-1] and made.xmr is not None and made.xmr.special_cause_type[-1] == "Below LCL"
    assert (made.latest, made.news) == (None, False)
    assert finding(made) == "below the usual range (holidays: not judged alone)"


def test_a_quiet_august_makes_no_shift_of_the_first_week_after_it(charted: Callable[..., Chart]) -> None:
    values = [*QUIET, *QUIET, *[15.0] * 6, 18.0]
    assert charted(values).latest != "Common Cause"
    assert charted(values, hollow=range(40, 46)).latest == "Common Cause"


def test_a_shift_that_stands_without_the_holidays_is_news(charted: Callable[..., Chart]) -> None:
    values = [*QUIET, *QUIET, *[24.0] * 3, 3.0, *[24.0] * 4]
    assert charted(values, hollow=[43]).news
    assert not charted(values).news


def test_a_period_of_four_weeks_is_hollow_when_half_of_it_is(charted: Callable[..., Chart]) -> None:
    made = charted([5.0] * 16, hollow=[0, 4, 5, 12, 13, 14, 15])
    assert made.hollow == (False, True, False, True)


def test_a_missing_newest_week_is_said(charted: Callable[..., Chart]) -> None:
    made = charted([*QUIET, NAN])
    assert (finding(made), made.news) == ("no figure for the newest week", False)


def test_the_range_of_a_count_has_no_part_below_nothing(charted: Callable[..., Chart]) -> None:
    assert usual(charted([16.0, 2.0, 30.0, 16.0] * 5)) == "0 to 56"
    rng = np.random.default_rng(1)
    low = usual(charted([float(v) for v in rng.integers(-20, 20, 20)], "net_change", n=[60.0] * 20, direction="decrease"))
    assert low is not None and low.startswith("-")
