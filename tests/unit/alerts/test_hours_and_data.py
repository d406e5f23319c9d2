"""Working hours, working days and the data axis, also on the days when the clocks change."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.data import Cadence, ExtractDay, data_state
from caseclock.alerts.hours import days_between, in_hours, later_by
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.now import LONDON

CALENDAR = WorkingCalendar()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("moment", "working"),
    [
        ("2026-09-11T07:59", False),
        ("2026-09-11T08:00", True),
        ("2026-09-11T17:59", True),
        ("2026-09-11T18:00", False),
        ("2026-09-12T10:00", False),  # Saturday
        ("2026-08-31T10:00", False),  # summer bank holiday
        ("2026-03-30T08:00", True),  # first working day of summer time: 07:00 UTC
        ("2026-10-26T08:00", True),  # first working day of winter time: 08:00 UTC
        ("2026-10-26T07:30", False),
    ],
)
def test_working_hours_are_those_of_a_london_wall_clock(moment: str, working: bool) -> None:
    assert in_hours(CALENDAR, at(moment)) is working


def test_working_days_are_counted_over_london_dates() -> None:
    assert days_between(CALENDAR, at("2026-09-10T23:30"), at("2026-09-11T00:10")) == 1
    assert days_between(CALENDAR, at("2026-09-11T08:00"), at("2026-09-14T08:00")) == 1
    assert days_between(CALENDAR, at("2026-08-28T08:00"), at("2026-09-01T08:00")) == 1  # over the bank holiday
    assert days_between(CALENDAR, at("2026-09-14T08:00"), at("2026-09-11T08:00")) == 0


def test_a_cap_of_five_working_days_ends_at_the_same_wall_clock_time_after_the_clocks_have_changed() -> None:
    assert later_by(CALENDAR, at("2026-10-21T09:00"), 5) == at("2026-10-28T09:00")


def day(text: str, held: str | None = None) -> ExtractDay:
    return ExtractDay(dt.date.fromisoformat(text), text, held)


def test_data_is_held_from_the_first_of_the_unbroken_run_of_failed_dates() -> None:
    days = [day("2026-09-07"), day("2026-09-10", "bad"), day("2026-09-08", "worse")]
    state = data_state(days, None, CALENDAR, at("2026-09-10T09:00"))
    assert (state.held_since, state.held_why, state.latest) == (dt.date(2026, 9, 8), "worse", dt.date(2026, 9, 7))
    assert state.silent_because is not None


def test_an_older_failed_date_holds_nothing_once_a_newer_one_has_passed() -> None:
    state = data_state([day("2026-09-08", "bad"), day("2026-09-09")], None, CALENDAR, at("2026-09-10T09:00"))
    assert state.held_since is None
    assert state.silent_because is None


@pytest.mark.parametrize(
    ("now", "stale", "silent"),
    [
        ("2026-09-14T09:59", None, False),  # Monday: the extract of Friday is the last one that is due
        ("2026-09-14T10:00", "2026-09-14", False),
        ("2026-09-15T23:00", "2026-09-14", False),
        ("2026-09-16T00:01", "2026-09-14", True),
    ],
)
def test_a_daily_extract_is_late_at_its_hour_and_too_old_after_two_working_days(now: str, stale: str | None, silent: bool) -> None:
    state = data_state([day("2026-09-11")], Cadence(every_days=1, by="10:00"), CALENDAR, at(now))
    assert str(state.stale_since or "") == (stale or "")
    assert (state.silent_because is not None) is silent


def test_a_weekly_extract_dated_on_a_sunday_is_due_on_the_next_working_day_after_the_next_sunday() -> None:
    cadence = Cadence(every_days=7, by="09:00")
    assert data_state([day("2026-08-23")], cadence, CALENDAR, at("2026-09-01T08:59")).stale_since is None  # Monday is a bank holiday
    assert data_state([day("2026-08-23")], cadence, CALENDAR, at("2026-09-01T09:00")).stale_since == dt.date(2026, 9, 1)


def test_without_any_extract_nothing_is_late() -> None:
    assert data_state([], Cadence(), CALENDAR, at("2026-09-14T12:00")).silent_because is None
