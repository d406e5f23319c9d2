"""Whether what was foretold came, and the running check of the early warning."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.trends.records import Foretold, Value
from caseclock.trends.score import cover, kept
from caseclock.trends.series import of_extracts

MONDAY = dt.date(2026, 9, 7)
FRIDAYS = [MONDAY + dt.timedelta(4 + 7 * n) for n in range(6)]


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar()


def panel(*values: float):
    return of_extracts("open", FRIDAYS[: len(values)], [Value(d, "T", v, 1) for d, v in zip(FRIDAYS, values, strict=False)])


def said(as_of: dt.date, ahead: int, low: float, high: float, place: str = "T") -> Foretold:
    week = as_of - dt.timedelta(as_of.weekday()) + dt.timedelta(weeks=ahead)
    return Foretold(as_of, "open", place, week, (low + high) / 2, low, high)


# --- cover -----------------------------------------------------------------------------------------------------------
def test_what_lay_within_its_range_is_counted():
    made = cover([said(FRIDAYS[0], 1, 8, 12), said(FRIDAYS[0], 2, 8, 12), said(FRIDAYS[1], 1, 8, 12)], panel(10, 12, 13))
    assert (made["T"].inside, made["T"].of, made["T"].forecasts) == (1, 3, 2)


def test_a_week_that_has_not_come_or_was_a_gap_counts_for_nothing():
    made = cover([said(FRIDAYS[0], n, 0, 99) for n in (1, 2, 3)], panel(10, np.nan, 13))
    assert (made["T"].inside, made["T"].of) == (1, 1)
    assert cover([said(FRIDAYS[0], 3, 0, 99)], panel(10, 11)) == {}


def test_other_places_and_figures_are_not_mixed_in():
    other = said(FRIDAYS[0], 1, 0, 1)._replace(figure="unallocated")
    assert cover([other, said(FRIDAYS[0], 1, 0, 1, place="gone")], panel(10, 11)) == {}


def test_of_daily_forecasts_the_last_of_each_week_counts():
    wednesday = FRIDAYS[0] - dt.timedelta(2)
    made = cover([said(wednesday, 1, 0, 1), said(FRIDAYS[0], 1, 8, 12)], panel(10, 10))
    assert (made["T"].inside, made["T"].of) == (1, 1)


def test_the_score_is_the_width_and_a_fine_for_each_miss_by_the_usual_step():
    narrow, missed = cover([said(FRIDAYS[0], 1, 10, 14)], panel(10, 12)), cover([said(FRIDAYS[0], 1, 13, 17)], panel(10, 12))
    assert narrow["T"].score == pytest.approx(4 / 2)
    assert missed["T"].score == pytest.approx((4 + 10 * 1) / 2)
    assert cover([said(FRIDAYS[0], 1, 8, 12)], panel(10, 10))["T"].score is None


def test_only_the_last_26_forecasts_are_held_against_what_came():
    days = [MONDAY + dt.timedelta(4 + 7 * n) for n in range(40)]
    long = of_extracts("open", days, [Value(d, "T", 10.0, 1) for d in days])
    made = cover([said(day, 1, 0, 20) for day in days], long)
    assert (made["T"].of, made["T"].forecasts) == (26, 26)


# --- early warning ---------------------------------------------------------------------------------------------------
def value_of(table: dict[tuple[str, dt.date], float]):
    return lambda figure, day: table.get((figure, day))


def test_what_fell_due_is_held_against_what_was_expected_before_it(calendar):
    day, before = dt.date(2026, 9, 18), dt.date(2026, 9, 10)  # 6 working days lie between: 5 to fall due in, one to be seen
    table = {("fell_due_5.cp_visit", day): 6.0, ("expected_5.cp_visit", before): 4.0, ("expected_5.cp_visit", day): 99.0}
    made = kept(["cp_visit", "other"], [before, day], value_of(table), calendar)
    assert [(k.rule, k.came, k.expected, k.ratio, k.extracts) for k in made] == [("cp_visit", 6.0, 4.0, 1.5, 1)]


def test_a_weekly_source_is_held_against_the_extract_of_the_week_before(calendar):
    days = FRIDAYS[:3]
    table = {("fell_due_5.r", day): 3.0 for day in days} | {("expected_5.r", day): 2.0 for day in days}
    made = kept(["r"], days, value_of(table), calendar)
    assert (made[0].came, made[0].expected, made[0].extracts) == (6.0, 4.0, 2)


def test_the_extract_of_the_right_day_goes_before_its_neighbours(calendar):
    days = [dt.date(2026, 9, d) for d in (9, 10, 11, 18)]
    table = {("fell_due_5.r", days[3]): 3.0, ("expected_5.r", days[0]): 7.0, ("expected_5.r", days[1]): 8.0, ("expected_5.r", days[2]): 9.0}
    assert kept(["r"], days, value_of(table), calendar)[0].expected == 8.0


def test_an_extract_from_too_long_ago_is_no_partner(calendar):
    table = {("fell_due_5.r", FRIDAYS[3]): 3.0, ("expected_5.r", FRIDAYS[0]): 2.0}
    assert kept(["r"], [FRIDAYS[0], FRIDAYS[3]], value_of(table), calendar) == []


def test_nothing_expected_has_no_ratio(calendar):
    table = {("fell_due_5.r", FRIDAYS[1]): 3.0, ("expected_5.r", FRIDAYS[0]): 0.0}
    assert kept(["r"], FRIDAYS[:2], value_of(table), calendar)[0].ratio is None
