"""Working days: whole columns say what one date says, one date says what a slow loop says, and numpy agrees."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from caseclock.clocks.calendar import CalendarConfig, WorkingCalendar, add_months, add_months_many

CALENDAR = WorkingCalendar(CalendarConfig(first_year=2015, last_year=2031))
CLOSED = np.array([d for d in np.arange("2015-01-01", "2032-01-01", dtype="datetime64[D]") if not CALENDAR.is_working_day(d.item())])
BANK = CLOSED[np.is_busday(CLOSED)]
days = st.dates(dt.date(2015, 1, 1), dt.date(2030, 12, 31))
pairs_of_days = st.tuples(days, days).map(sorted)


def column(*values: dt.date) -> np.ndarray:
    return np.array(values, dtype="datetime64[D]")


@given(pairs_of_days.filter(lambda p: (p[1] - p[0]).days < 400))
def test_elapsed_is_what_a_slow_loop_counts(pair):
    start, end = pair
    slow, day = 0, start
    while day < end:
        day += dt.timedelta(1)
        slow += CALENDAR.is_working_day(day)
    assert CALENDAR.elapsed(start, end) == slow


@given(pairs_of_days)
def test_elapsed_is_what_numpy_counts_from_the_day_after_to_the_day_itself(pair):
    start, end = column(pair[0]), column(pair[1])
    assert CALENDAR.elapsed(*pair) == np.busday_count(start + 1, end + 1, holidays=BANK)[0]


@given(st.lists(pairs_of_days, max_size=20))
def test_a_column_says_what_each_date_says(pairs):
    start, end = column(*(p[0] for p in pairs)), column(*(p[1] for p in pairs))
    assert list(CALENDAR.elapsed_many(start, end)) == [CALENDAR.elapsed(*p) for p in pairs]


@given(days, st.integers(0, 120))
def test_due_is_the_first_day_on_which_elapsed_equals_the_limit(start, limit):
    due = CALENDAR.due(start, limit)
    assert CALENDAR.elapsed(start, due) == limit
    if limit:
        assert CALENDAR.is_working_day(due)
        assert CALENDAR.elapsed(start, due - dt.timedelta(1)) == limit - 1
    assert CALENDAR.due_many(column(start), np.array([limit]))[0] == np.datetime64(due)


@given(days, st.integers(1, 60), st.integers(0, 100))
def test_by_due_date_and_by_elapsed_agree_except_on_days_off_right_after_the_due_date(start, limit, later):
    """Due on Friday, done on Saturday: no more working days have passed, and yet it is after the due date. The due date decides."""
    end = start + dt.timedelta(later)
    due, elapsed = CALENDAR.due(start, limit), CALENDAR.elapsed(start, end)
    if end <= due:
        assert elapsed <= limit
    elif elapsed <= limit:
        assert elapsed == limit and not CALENDAR.is_working_day(end)


@given(days, days, days)
def test_elapsed_adds_up_over_a_day_between(a, b, c):
    first, middle, last = sorted((a, b, c))
    assert CALENDAR.elapsed(first, middle) + CALENDAR.elapsed(middle, last) == CALENDAR.elapsed(first, last)


@given(days, st.integers(0, 12))
def test_months_stay_in_their_month_and_never_move_the_day_forward(start, months):
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + dt.timedelta(1)).day == 1)
    assert add_months_many(column(start), np.array([months]))[0] == np.datetime64(end)
