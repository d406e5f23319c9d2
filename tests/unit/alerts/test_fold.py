"""The condition of one instance: a row of values goes in, states come out."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.fold import TRANSITIONS, fold
from caseclock.alerts.model import Instance, Observation
from caseclock.thresholds import ThresholdRule

ONE = Instance("lab", "unalloc", "north")


def rule(**given: object) -> ThresholdRule:
    base = {"id": "unalloc", "title": "t", "measure": "m", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 2}
    return ThresholdRule.model_validate(base | given)


def history(*values: float | None) -> list[Observation]:
    """One value a day from 7 September; None is a day whose extract did not pass."""
    days = (dt.date(2026, 9, 7) + dt.timedelta(days=n) for n in range(len(values)))
    return [Observation(day, value if value is not None else 0, 50, value is not None) for day, value in zip(days, values, strict=True)]


@pytest.mark.parametrize(
    ("values", "given", "state", "severity"),
    [
        ((), {}, "NORMAL", None),
        ((9,), {}, "NORMAL", None),
        ((10,), {}, "FIRING", "amber"),
        ((20,), {}, "FIRING", "red"),
        ((12, 9), {}, "FIRING", "amber"),
        ((25, 9), {}, "FIRING", "red"),  # between the limits the band is kept
        ((25, 12), {}, "FIRING", "amber"),
        ((12, 8), {}, "FIRING", "amber"),  # clear is below 8
        ((12, 7), {}, "RECOVERING", "amber"),
        ((12, 7, 8), {}, "FIRING", "amber"),
        ((12, 7, 7), {}, "NORMAL", None),
        ((12, 7, None, 7), {}, "NORMAL", None),
        ((12, 7, None), {}, "RECOVERING", "amber"),
        ((12, 7), {"clear_n": 1}, "NORMAL", None),
        ((12,), {"for_n": 2}, "PENDING", "amber"),
        ((12, 12), {"for_n": 2}, "FIRING", "amber"),
        ((12, 9, 12), {"for_n": 2}, "PENDING", "amber"),
        ((12, None, 12), {"for_n": 2}, "FIRING", "amber"),
        ((12, 12, 12), {"for_n": 3}, "FIRING", "amber"),
        ((None, None), {}, "NORMAL", None),
        ((70,), {"direction": "below", "amber": 80, "red": 60, "clear_below": 85}, "FIRING", "amber"),
        ((70, 84, 84), {"direction": "below", "amber": 80, "red": 60, "clear_below": 85}, "FIRING", "amber"),
        ((70, 86, 86), {"direction": "below", "amber": 80, "red": 60, "clear_below": 85}, "NORMAL", None),
        ((-9,), {"direction": "either"}, "NORMAL", None),
        ((-10,), {"direction": "either"}, "FIRING", "amber"),
        ((-20,), {"direction": "either"}, "FIRING", "red"),
        ((20,), {"direction": "either"}, "FIRING", "red"),
        ((-12, -8), {"direction": "either"}, "FIRING", "amber"),
        ((-12, 7, -7), {"direction": "either"}, "NORMAL", None),
        ((-12,), {}, "NORMAL", None),  # of a count less is never worse
    ],
)
def test_a_row_of_values_leads_to_a_state(values, given, state, severity) -> None:  # type: ignore[no-untyped-def]
    found = fold(rule(**given), ONE, history(*values)).condition
    assert (found.state, found.severity) == (state, severity)


def test_since_is_the_first_date_past_the_limit_and_the_episode_is_the_date_it_fired() -> None:
    found = fold(rule(for_n=2), ONE, history(3, 12, 12)).condition
    assert (found.since, found.episode) == (dt.date(2026, 9, 8), "2026-09-09")


def test_each_change_of_state_is_an_event_with_its_reason() -> None:
    events = fold(rule(), ONE, history(12, 7, 7)).events
    assert [(e.from_state, e.to_state, e.value, e.episode) for e in events] == [
        ("NORMAL", "FIRING", 12, "2026-09-07"),
        ("FIRING", "RECOVERING", 7, "2026-09-07"),
        ("RECOVERING", "NORMAL", 7, "2026-09-07"),
    ]
    assert events[0].reason == "past the limit on 1 of 1 extract date"
    assert events[2].reason == "clear of the limit on 2 of 2 extract dates"


def test_an_episode_that_closed_is_remembered_with_the_date() -> None:
    assert fold(rule(clear_n=1), ONE, history(12, 3, 12)).episodes == {"2026-09-07": dt.date(2026, 9, 8), "2026-09-09": None}


@pytest.mark.parametrize(
    ("told", "values", "stay"),
    [
        ("2026-09-07", (12,), "2026-09-07"),
        ("2026-09-07", (4,), None),  # the data show that there was none: it is retracted
        ("2026-09-08", (12, 12), "2026-09-07"),  # a late extract shows that it began earlier
        ("2026-09-07", (4, 12), "2026-09-08"),  # a correction shows that it began later
        ("2026-09-08", (12, 12, 3), "2026-09-07"),  # and it is over by now
        ("2026-09-09", (12, 3, 3), None),  # over before the date that was told
    ],
)
def test_a_told_episode_belongs_to_the_stay_that_the_data_show_now(told: str, values: tuple[float, ...], stay: str | None) -> None:
    assert fold(rule(clear_n=1), ONE, history(*values)).stay_of(told) == stay


def test_every_state_has_a_step_for_every_reading() -> None:
    states, readings = ("NORMAL", "PENDING", "FIRING", "RECOVERING"), ("over", "between", "clear")
    assert set(TRANSITIONS) == {(s, r) for s in states for r in readings}
