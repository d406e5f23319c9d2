"""The working days of England."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from caseclock.clocks.calendar import CalendarConfig, NotCovered, WorkingCalendar, add_months, add_months_many

D = dt.date.fromisoformat

DUE = """
2025-04-11 45 2025-06-19  Easter and two May holidays
2025-12-15 15 2026-01-08  Christmas and New Year
2025-12-05 20 2026-01-07  first review of a looked-after child over Christmas
2025-03-01  1 2025-03-03  weekend contact
2025-04-17  1 2025-04-22  Maundy Thursday
2025-04-18 45 2025-06-25  start on Good Friday
2022-05-30 15 2022-06-22  Jubilee
2022-09-12 10 2022-09-27  the Queen's funeral
2023-05-05  1 2023-05-09  Coronation
2026-02-02 45 2026-04-08  a plain year
2026-02-02 15 2026-02-23  a plain year
2026-12-21  5 2026-12-30  substitute for Boxing Day
"""

ELAPSED = """
2025-03-07 2025-03-07 0  the same day
2025-03-07 2025-03-08 0  Friday to Saturday
2025-03-07 2025-03-10 1  Friday to Monday
2025-03-08 2025-03-10 1  Saturday to Monday
2025-03-08 2025-03-08 0  Saturday to the same Saturday
2025-03-08 2025-03-11 2  Saturday to Tuesday
2025-04-17 2025-04-22 1  Maundy Thursday to the Tuesday after Easter
"""


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(line.split(maxsplit=3)) for line in table.strip().splitlines()]


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar()


@pytest.mark.parametrize(("start", "days", "due", "why"), rows(DUE))
def test_due(calendar, start, days, due, why):
    assert calendar.due(D(start), int(days)) == D(due)
    assert calendar.elapsed(D(start), D(due)) == int(days)
    assert calendar.due_many(np.array([start], dtype="datetime64[D]"), np.array([int(days)]))[0] == np.datetime64(due)


@pytest.mark.parametrize(("start", "end", "days", "why"), rows(ELAPSED))
def test_elapsed(calendar, start, end, days, why):
    assert calendar.elapsed(D(start), D(end)) == int(days)


def test_the_end_before_the_start_is_an_error_for_dates_and_no_number_in_a_column(calendar):
    with pytest.raises(ValueError, match="before the start"):
        calendar.elapsed(D("2025-03-08"), D("2025-03-07"))
    made = calendar.elapsed_many(*(np.array([d, "NaT", d], dtype="datetime64[D]") for d in ("2025-03-08", "2025-03-07")))
    assert np.isnan(made[1])
    assert np.isnan(calendar.elapsed_many(np.array(["2025-03-08"], "datetime64[D]"), np.array(["2025-03-07"], "datetime64[D]"))).all()


def test_a_missing_start_is_due_never(calendar):
    assert np.isnat(calendar.due_many(np.array(["NaT"], dtype="datetime64[D]"), np.array([5])))[0]


@pytest.mark.parametrize("outside", ["1989-12-31", "2033-01-01"])
def test_a_year_that_is_not_covered_is_an_error(calendar, outside):
    day = np.array([outside], dtype="datetime64[D]")
    for ask in (
        lambda: calendar.is_working_day(D(outside)),
        lambda: calendar.due(D(outside), 1),
        lambda: calendar.elapsed_many(day, day),
        lambda: calendar.due_many(day, np.array([1])),
    ):
        with pytest.raises(NotCovered, match=r"1990 to 2032.*GOV\.UK"):
            ask()


def test_a_due_date_beyond_the_covered_years_is_an_error(calendar):
    with pytest.raises(NotCovered):
        calendar.due(D("2032-12-30"), 10)
    with pytest.raises(NotCovered):
        calendar.due_many(np.array(["2032-12-30"], dtype="datetime64[D]"), np.array([10]))


def test_a_negative_limit_is_an_error(calendar):
    with pytest.raises(ValueError, match="negative"):
        calendar.due(D("2026-01-05"), -1)


def test_extra_closure_days_are_no_working_days_and_removed_holidays_are():
    calendar = WorkingCalendar(CalendarConfig(extra_closure_days=[D("2026-01-06")], removed_holidays=[D("2026-04-06")]))
    assert not calendar.is_working_day(D("2026-01-06"))
    assert calendar.due(D("2026-01-05"), 1) == D("2026-01-07")
    assert calendar.is_working_day(D("2026-04-06"))


def test_the_next_working_day_of_a_working_day_is_itself(calendar):
    assert calendar.next_working_day(D("2026-04-02")) == D("2026-04-02")
    assert calendar.next_working_day(D("2026-04-03")) == D("2026-04-07")


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("2025-11-30", 3, "2026-02-28"), ("2025-08-31", 6, "2026-02-28"), ("2024-02-29", 12, "2025-02-28"), ("2025-01-31", 1, "2025-02-28"),
     ("2023-11-30", 3, "2024-02-29"), ("2025-12-15", 0, "2025-12-15")],
)  # fmt: skip
def test_calendar_months_keep_the_end_of_the_month(start, months, end):
    assert add_months(D(start), months) == D(end)
    made = add_months_many(np.array([start, "NaT"], dtype="datetime64[D]"), np.array([months, months]))
    assert made[0] == np.datetime64(end) and np.isnat(made[1])


def test_the_calendar_closes_exactly_the_bank_holidays_that_gov_uk_lists(calendar, shared):
    listed = json.loads((shared / "domain/data/bank_holidays/bank-holidays.json").read_text())["england-and-wales"]["events"]
    holidays = {D(event["date"]) for event in listed}
    years = {day.year for day in holidays}
    assert (min(years), max(years)) == (2012, 2028)
    assert all(not calendar.is_working_day(day) for day in holidays)
    days = [D("2012-01-01") + dt.timedelta(n) for n in range((D("2028-12-31") - D("2012-01-01")).days + 1)]
    assert {day for day in days if day.weekday() < 5 and not calendar.is_working_day(day)} == {d for d in holidays if d.weekday() < 5}
