"""The next eight weeks: what the arithmetic must do whatever the series, and how often its intervals hold on made-up ones."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.trends import forecast
from caseclock.trends.model import SchoolHoliday
from caseclock.trends.weeks import closing_days, last_of_weeks, monday_of, shape_of

EIGHT = np.ones(forecast.HORIZON)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar()


def flow(*series: list[float], share: np.ndarray | None = None, ahead: np.ndarray = EIGHT) -> forecast.Forecast:
    values = np.array(series, dtype=float)
    return forecast.of_inflow(values, np.ones(values.shape[1]) if share is None else share, ahead)


def stock(*series: list[float]) -> forecast.Forecast:
    values = np.array(series, dtype=float)
    return forecast.of_stock(values, np.ones(values.shape[1]), EIGHT)


# --- weeks -----------------------------------------------------------------------------------------------------------
def test_a_daily_source_closes_its_weeks_on_fridays_and_a_weekly_one_on_the_day_of_its_extract() -> None:
    wednesday = dt.date(2026, 11, 18)
    assert closing_days(wednesday, 2, weekly=False).tolist() == [dt.date(2026, 11, 6), dt.date(2026, 11, 13)]
    assert closing_days(wednesday, 2, weekly=True).tolist() == [dt.date(2026, 11, 11), wednesday]
    friday = dt.date(2026, 11, 20)
    assert closing_days(friday, 1, weekly=False).tolist() == [friday]


def test_a_week_is_named_by_its_monday() -> None:
    days = np.array(["2026-11-16", "2026-11-20", "2026-11-22", "1969-12-31"], dtype="datetime64[D]")
    assert [str(d) for d in monday_of(days)] == ["2026-11-16", "2026-11-16", "2026-11-16", "1969-12-29"]


def test_of_daily_extracts_the_last_one_of_each_week_counts() -> None:
    days = [dt.date(2026, 11, d) for d in (20, 9, 10, 13, 16)]
    assert last_of_weeks(days) == [dt.date(2026, 11, 13), dt.date(2026, 11, 20)]


def test_a_bank_holiday_in_the_school_holidays_is_counted_once(calendar: WorkingCalendar) -> None:
    ends = np.array(["2026-11-20", "2026-12-25", "2027-01-01"], dtype="datetime64[D]")
    made = shape_of(ends, calendar, [SchoolHoliday(first=dt.date(2026, 12, 24), last=dt.date(2027, 1, 3))])
    assert made.working.tolist() == [5, 4, 3]  # the 25th; the substitute 28th and the 1st
    assert made.school.tolist() == [0, 1, 3]
    assert made.ordinary.tolist() == [5, 3, 0]


# --- inflow ----------------------------------------------------------------------------------------------------------
def test_under_thirteen_points_nothing_is_foretold() -> None:
    made = flow([10.0] * 12 + [np.nan], [10.0] * 13)
    assert np.isnan(made.value[0]).all() and np.isnan(made.low[0]).all() and np.isnan(made.high[0]).all()
    assert np.isfinite(made.value[1]).all()


def test_a_steady_inflow_goes_on() -> None:
    made = flow([12.0, 8.0, 10.0, 11.0, 9.0] * 12)
    assert made.value[0] == pytest.approx(np.full(8, 10.0), abs=1.0)
    assert (made.low < made.value).all() and (made.value < made.high).all()


def test_the_level_is_followed() -> None:
    low_then_high = [10.0, 12.0, 8.0] * 13 + [30.0, 34.0, 26.0] * 5
    assert 24 < flow(low_then_high).value[0, 0] < 34


def test_a_week_with_fewer_working_days_is_expected_to_bring_less() -> None:
    ahead = np.array([1, 0.6, 1, 1, 1, 1, 1, 0.0])
    made = flow([20.0, 24.0, 16.0, 20.0] * 10, ahead=ahead).value[0]
    assert made[1] == pytest.approx(0.6 * made[0])
    assert made[7] == 0


def test_past_short_weeks_do_not_pull_the_level_down() -> None:
    share = np.array([1.0, 1.0, 1.0, 0.5] * 10)
    assert flow(list(20.0 * share), share=share).value[0, 0] == pytest.approx(20.0, abs=0.3)


def test_a_week_without_a_working_day_says_nothing() -> None:
    share = np.ones(40)
    share[-1] = 0.0
    with_it, without = flow([20.0] * 39 + [0.0], share=share), flow([20.0] * 39)
    assert with_it.value[0, 0] == pytest.approx(without.value[0, 0])


def test_gaps_are_passed_over() -> None:
    values = [20.0, 24.0, 16.0, 20.0] * 10
    gappy = [v if n % 5 else np.nan for n, v in enumerate(values)]
    assert flow(gappy).value[0, 0] == pytest.approx(20.0, abs=2.0)


def test_no_inflow_stays_none_and_never_is_negative() -> None:
    made = flow([0.0] * 30, [0.0, 1.0, 0.0] * 10)
    assert (made.low >= 0).all()
    assert made.value[0] == pytest.approx(np.zeros(8))


def test_a_series_is_foretold_the_same_alone_and_among_others() -> None:
    rng = np.random.default_rng(7)
    series = rng.poisson(9, (30, 60)).astype(float)
    share, ahead = np.ones(60), EIGHT
    together = forecast.of_inflow(series, share, ahead)
    alone = forecast.of_inflow(series[4:5], share, ahead)
    assert (together.high[4] == alone.high[0]).all()


# --- the calendar ----------------------------------------------------------------------------------------------------
def test_the_ratio_of_the_school_holidays_is_found() -> None:
    rng = np.random.default_rng(3)
    working = np.where(np.arange(104) % 13 == 0, 4.0, 5.0)
    school = np.where(np.arange(104) % 5 == 0, working, 0.0)
    total = rng.poisson(60 * (working - school + 0.75 * school)).astype(float)
    assert forecast.school_ratio(total, working, school) == pytest.approx(0.75, abs=0.02)


def test_without_holidays_to_tell_it_from_the_ratio_is_one() -> None:
    working = np.full(30, 5.0)
    assert forecast.school_ratio(np.full(30, 100.0), working, np.zeros(30)) == 1.0
    few = np.where(np.arange(30) < 3, 5.0, 0.0)
    assert forecast.school_ratio(np.full(30, 100.0), working, few) == 1.0


def test_the_ratio_stays_within_reason() -> None:
    working, school = np.full(40, 5.0), np.where(np.arange(40) % 4 == 0, 5.0, 0.0)
    assert forecast.school_ratio(np.where(school > 0, 0.0, 100.0), working, school) == forecast.RATIO[0]


# --- what stands -----------------------------------------------------------------------------------------------------
def test_open_cases_stay_where_they_are_while_little_is_known() -> None:
    made = stock([float(100 + 2 * n) for n in range(51)])
    assert (made.value[0] == 200.0).all()


def test_from_a_year_on_half_of_the_net_flow_is_taken() -> None:
    made = stock([float(100 + 2 * n) for n in range(60)])
    assert made.value[0] == pytest.approx(218.0 + np.arange(1, 9))


def test_the_interval_of_a_stock_widens_and_has_no_part_below_nothing() -> None:
    made = stock([3.0, 5.0, 2.0, 4.0] * 8)
    width = made.high[0] - made.value[0]
    assert (np.diff(width) > 0).all()
    assert (made.low >= 0).all()


def test_the_last_known_value_is_where_a_stock_stands() -> None:
    assert stock([*[5.0] * 20, 9.0, np.nan]).value[0, 0] == 9.0


# --- whether intervals hold -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("weeks", [26, 104])
def test_eighty_per_cent_intervals_hold_about_eighty_of_a_hundred_values(weeks: int) -> None:
    rng = np.random.default_rng(11)
    base = np.exp(rng.uniform(np.log(3), np.log(60), 400))
    rate = rng.gamma(20.0, base[:, np.newaxis] / 20.0, (400, weeks + 8))
    values = rng.poisson(rate).astype(float)
    made = forecast.of_inflow(values[:, :weeks], np.ones(weeks), EIGHT)
    came = values[:, weeks:]
    assert 0.75 <= ((made.low <= came) & (came <= made.high)).mean() <= 0.86


def test_intervals_of_a_wandering_stock_hold_about_eighty_of_a_hundred_values() -> None:
    rng = np.random.default_rng(12)
    values = 500 + np.cumsum(rng.normal(0, 6, (400, 68)), axis=1)
    made = forecast.of_stock(values[:, :60], np.ones(60), EIGHT)
    came = values[:, 60:]
    assert 0.75 <= ((made.low <= came) & (came <= made.high)).mean() <= 0.88
