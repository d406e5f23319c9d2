"""What people may do, what is refused, and what a confirmed message changes."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.handling import decide_ack, decide_silence
from caseclock.alerts.model import Condition, Instance
from caseclock.alerts.told import EFFECTS, told_after
from caseclock.alerts.wanted import MODES
from caseclock.clocks.calendar import WorkingCalendar

CALENDAR = WorkingCalendar()
ONE = Instance("lab", "unalloc", "north")
OPEN = Condition("FIRING", "amber", 12.0, episode="2026-09-07")
NOW = dt.datetime(2026, 9, 7, 8, tzinfo=dt.UTC)  # 09:00 in London
LATER = dt.datetime(2026, 9, 9, 8, tzinfo=dt.UTC)


def test_an_acknowledgement_without_an_end_ends_after_five_working_days() -> None:
    made = decide_ack(ONE, OPEN, "U1", None, "", NOW, CALENDAR).handling
    assert made is not None
    assert made.until == dt.datetime(2026, 9, 14, 8, tzinfo=dt.UTC)
    assert made.episode == "2026-09-07"


def test_an_acknowledgement_beyond_the_cap_is_shortened_and_says_so() -> None:
    decision = decide_ack(ONE, OPEN, "U1", dt.datetime(2027, 1, 1, tzinfo=dt.UTC), "", NOW, CALENDAR)
    assert decision.handling is not None
    assert decision.handling.until == dt.datetime(2026, 9, 14, 8, tzinfo=dt.UTC)
    assert "longest is 5 working days" in decision.reason


@pytest.mark.parametrize(
    ("condition", "by", "until", "word"),
    [(Condition(), "U1", LATER, "no open alert"), (OPEN, " ", LATER, "who"), (OPEN, "U1", NOW, "not in the future")],
)
def test_an_acknowledgement_is_refused_with_the_reason(condition: Condition, by: str, until: dt.datetime, word: str) -> None:
    decision = decide_ack(ONE, condition, by, until, "", NOW, CALENDAR)
    assert not decision.accepted
    assert word in decision.reason


@pytest.mark.parametrize(
    ("by", "until", "reason", "word"),
    [
        ("U1", LATER, None, "a reason"),
        ("U1", LATER, "  ", "a reason"),
        ("U1", None, "plan", "an end"),
        ("", LATER, "plan", "an owner"),
        ("U1", NOW, "plan", "not in the future"),
        ("U1", dt.datetime(2026, 11, 1, tzinfo=dt.UTC), "plan", "at most 20 working days"),
    ],
)
def test_a_silence_is_refused_with_the_reason(by: str, until: dt.datetime | None, reason: str | None, word: str) -> None:
    decision = decide_silence(ONE, by, until, reason, NOW, CALENDAR)
    assert not decision.accepted
    assert word in decision.reason


def test_a_silence_with_owner_reason_and_end_is_kept() -> None:
    assert decide_silence(ONE, "U1", LATER, "office move", NOW, CALENDAR).accepted


def test_every_kind_that_can_be_sent_has_an_effect() -> None:
    assert set(MODES) <= set(EFFECTS)


def _told(before=None, kind="fire", severity="amber", value=12.0, at=NOW):  # type: ignore[no-untyped-def]
    return told_after(
        before, recipient="sm", channel="slack", instance=ONE, episode="2026-09-07", kind=kind, severity=severity, value=value, at=at,
        handle={"ts": "1"}, conversation="k", item={},
    )  # fmt: skip


def test_an_edit_changes_what_is_shown_and_not_what_worsening_is_measured_from() -> None:
    told = _told(_told(), "refresh", "amber", 14.0, LATER)
    assert (told.shown, told.value, told.attention_at, told.serial) == (14.0, 12.0, NOW, 2)


def test_a_call_for_attention_moves_the_base_line() -> None:
    told = _told(_told(), "worsened", "red", 22.0, LATER)
    assert (told.shown, told.value, told.severity, told.attention_at) == (22.0, 22.0, "red", LATER)


def test_a_closing_keeps_the_serial_so_that_the_same_episode_can_be_told_again() -> None:
    closed = _told(_told(), "retracted", None, 4.0)
    again = _told(closed)
    assert not closed.open
    assert again.open
    assert again.serial == 3
