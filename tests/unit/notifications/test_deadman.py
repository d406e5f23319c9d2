"""When a message is stuck: it has been due for too many minutes of working hours."""

from __future__ import annotations

import pytest

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.alert_lab import local
from caseclock.notifications.deadman import LOOK_HERE, Waiting, health, working_minutes

CALENDAR = WorkingCalendar()


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-09-07T09:00", "2026-09-07T09:45", 45),
        ("2026-09-07T09:45", "2026-09-07T09:00", 0),
        ("2026-09-07T06:00", "2026-09-07T08:10", 10),
        ("2026-09-07T17:50", "2026-09-07T22:00", 10),
        ("2026-09-07T20:00", "2026-09-08T08:05", 5),
        ("2026-09-04T17:50", "2026-09-07T08:05", 15),  # over a weekend
        ("2026-09-05T09:00", "2026-09-06T17:00", 0),  # within one
        ("2026-09-07T17:00", "2026-09-10T09:00", 60 + 600 + 600 + 60),
        ("2026-08-28T17:00", "2026-09-01T09:00", 60 + 60),  # a bank holiday on the Monday
        ("2026-10-23T17:00", "2026-10-26T09:00", 60 + 60),  # the clocks go back on the Sunday
        ("2026-03-27T17:00", "2026-03-30T09:00", 60 + 60),  # and forward
    ],
)
def test_minutes_of_working_hours(start: str, end: str, minutes: float) -> None:
    assert working_minutes(CALENDAR, local(start), local(end)) == minutes


def test_what_fell_due_in_the_night_is_not_stuck_in_the_morning() -> None:
    night = Waiting("sm", "slack", local("2026-09-07T20:00"))
    assert health([night], None, local("2026-09-08T08:20"), CALENDAR).well
    assert not health([night], None, local("2026-09-08T08:31"), CALENDAR).well


def test_what_is_to_be_tried_later_is_not_stuck() -> None:
    later = Waiting("sm", "slack", local("2026-09-07T12:00"))
    assert health([later], None, local("2026-09-07T11:00"), CALENDAR).well


def test_it_says_how_many_by_which_channel_and_why_as_far_as_that_is_known() -> None:
    due = local("2026-09-07T09:00")
    found = health(
        [Waiting("sm", "slack", due, 2, "slack is not configured; the message waits"), Waiting("sm2", "email", due)],
        local("2026-09-07T08:55"),
        local("2026-09-07T11:00"),
        CALENDAR,
    )
    assert found.headline == "4 messages due for more than 30 minutes of working hours"
    assert found.lines == (
        "The last round of the deliverer was finished: Mon 7 September 2026, 08:55.",
        "email: 1 recipient; no try has failed, so no round has taken it",
        "slack: 1 recipient; slack is not configured; the message waits",
        LOOK_HERE,
    )
