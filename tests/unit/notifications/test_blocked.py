"""How long a failure stands in the way, and of what."""

from __future__ import annotations

import pytest

from caseclock.alerts import Instance
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.alert_lab import local
from caseclock.notifications.blocked import Failed, Failures, why_blocked
from caseclock.notifications.outbox import Failure, Line, Row, delivery_key, new_row, notice_row
from caseclock.notifications.outbox import Notice as ANotice
from caseclock.thresholds import Severity

CALENDAR = WorkingCalendar()


def failed(at: str, rest: str, severity: Severity = "amber") -> Failed:
    return Failed("no", local(at), Failure("here", rest), severity)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rest", "urgent", "at", "now", "blocks"),
    [
        ("hour", False, "2026-09-07T10:00", "2026-09-07T10:59", True),
        ("hour", False, "2026-09-07T10:00", "2026-09-07T11:00", False),
        ("hour", False, "2026-09-07T17:30", "2026-09-08T08:29", True),  # half an hour of that evening, the rest in the morning
        ("hour", False, "2026-09-07T17:30", "2026-09-08T08:30", False),
        ("hour", False, "2026-09-04T17:30", "2026-09-06T12:00", True),  # a weekend is no time
        ("hour", True, "2026-09-04T22:30", "2026-09-04T23:29", True),
        ("hour", True, "2026-09-04T22:30", "2026-09-04T23:30", False),
        ("day", False, "2026-09-07T10:00", "2026-09-07T23:59", True),
        ("day", False, "2026-09-07T10:00", "2026-09-08T00:01", False),
        ("day", False, "2026-09-04T10:00", "2026-09-06T12:00", True),
        ("day", False, "2026-09-04T10:00", "2026-09-07T08:00", False),
        ("day", True, "2026-09-04T10:00", "2026-09-05T08:00", False),
    ],
)
def test_a_failure_blocks_the_same_for_an_hour_or_to_the_next_day(rest: str, urgent: bool, at: str, now: str, blocks: bool) -> None:
    found = why_blocked(failed(at, rest), "here", "amber", CALENDAR, local(now), urgent=urgent)
    assert found == ("no" if blocks else None)


def test_another_address_or_graver_news_is_not_blocked_and_less_grave_news_is() -> None:
    now = local("2026-09-07T10:05")
    assert why_blocked(failed("2026-09-07T10:00", "day"), "there", "amber", CALENDAR, now, urgent=False) is None
    assert why_blocked(failed("2026-09-07T10:00", "day"), "here", "red", CALENDAR, now, urgent=False) is None
    assert why_blocked(failed("2026-09-07T10:00", "day", "red"), "here", "amber", CALENDAR, now, urgent=False) == "no"


def test_a_failure_of_which_nobody_noted_the_address_is_taken_for_one_of_the_same() -> None:
    old = Failed("no", local("2026-09-07T10:00"), Failure(), "amber")
    assert why_blocked(old, "here", "amber", CALENDAR, local("2026-09-07T10:05"), urgent=False) == "no"


def line(again: int = 0, serial: int = 0) -> Line:
    return Line(Instance("lab", "unalloc", "n1"), "2026-09-07", "worsened", serial, {"severity": "red"}, again=again)


def row(at: str, serial: int = 0) -> Row:
    made = new_row("sm", "slack", "post", [line(serial=serial)])
    return Row(**{**made.__dict__, "state": "failed", "reason": at, "done_at": local(at)})


def test_the_newest_failure_counts_whatever_was_said_in_between_and_keys_count_the_very_same() -> None:
    found = Failures.of([row("2026-09-08T10:00", 3), row("2026-09-07T10:00", 2), row("2026-09-06T10:00", 2)])
    [newest] = found.newest.values()
    assert newest.reason == "2026-09-08T10:00"
    assert {identity[5]: times for (_, identity), times in found.times.items()} == {3: 1, 2: 2}


def test_a_renewed_message_has_a_key_of_its_own_and_the_first_one_the_key_that_it_always_had() -> None:
    keys = [delivery_key("sm", "slack", "lab", [line(again)]) for again in (0, 1, 2)]
    assert len(set(keys)) == 3
    assert keys[0] == "df74831e957e521dc9fffb98dec36a970d46b00f"
    assert len({notice_row("sm", "slack", ANotice("digest", "x"), again).key for again in (0, 1, 2)}) == 3
