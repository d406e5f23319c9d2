"""Other limits on a history by hand: alerts, messages, what stood how long, what is missed, which limit gives a wished rate."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.backtest import Period, Trial, changed, in_proportion, missed, period_of, suggest, try_rule, values_of
from caseclock.alerts.model import Instance, Observation
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.thresholds import ThresholdRule

CALENDAR = WorkingCalendar()
MONDAY = dt.date(2026, 9, 7)
NORTH, SOUTH = Instance("lab", "unalloc", "north"), Instance("lab", "unalloc", "south")
BASE = {
    "id": "unalloc", "title": "t", "measure": "m", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 1,
    "repeat_wd": 5, "escalate_wd": 3, "worsen_min": 0,
}  # fmt: skip


def rule(**given: object) -> ThresholdRule:
    return ThresholdRule.model_validate(BASE | given)


class Managers:
    """Each team has its manager, and above them is one head, who hears of red at once when asked to."""

    def __init__(self, red_to_head: bool = False) -> None:
        self.red_to_head = red_to_head

    def audience(self, instance: Instance, severity: str) -> list[str]:
        return [f"sm-{instance.team}", *(["head"] if self.red_to_head and severity == "red" else [])]

    def chain(self, instance: Instance) -> list[str]:
        return ["head"]


def daily(*values: float | None) -> list[Observation]:
    """One value for each working day from 7 September; None is a day whose extract did not pass."""
    days = [CALENDAR.due(MONDAY, n) for n in range(len(values))]
    return [Observation(day, value or 0, 50, value is not None) for day, value in zip(days, values, strict=True)]


def tried(north: list[Observation], *, people: Managers | None = None, south: list[Observation] | None = None, **given: object) -> Trial:
    values = values_of({NORTH: north, **({SOUTH: south} if south else {})})
    period = period_of(values, 52)
    assert period
    return try_rule(rule(**given), values, period, people or Managers(), CALENDAR)


def test_an_alert_is_told_reminded_of_escalated_and_closed_once() -> None:
    made = tried(daily(12, 12, 12, 12, 12, 12, 3))
    assert len(made.alerts) == 1
    # fired on day 0, escalated on day 3, reminded on day 5, over on day 6: the manager and the head hear that
    assert made.messages == {"fire": 1, "escalated": 1, "reminder": 1, "resolved": 2}
    assert made.heard == {"head": 1, "sm-north": 1}
    assert made.open_wd == (6,)
    assert made.open_hours == 60


def test_what_rises_into_red_is_told_as_worse_and_whoever_hears_of_red_hears_it() -> None:
    made = tried(daily(12, 25, 3), people=Managers(red_to_head=True))
    assert made.messages == {"fire": 2, "worsened": 1, "resolved": 2}
    assert made.heard == {"head": 1, "sm-north": 1}


def test_between_weekly_extracts_reminders_go_on_by_the_working_day() -> None:
    weekly = [Observation(MONDAY + dt.timedelta(7 * n), value, 50) for n, value in enumerate((12, 12, 12, 3))]
    made = tried(weekly, repeat_wd=2, escalate_wd=99)
    assert made.messages == {"fire": 1, "reminder": 7, "resolved": 1}


def test_an_extract_of_a_weekend_is_told_on_the_next_working_day() -> None:
    saturday = MONDAY + dt.timedelta(5)
    made = tried([Observation(saturday, 12, 50), Observation(saturday + dt.timedelta(1), 3, 50)])
    assert [stay.start for stay in made.unsaid] == [saturday], "the fold saw it"
    assert made.alerts == ()
    assert made.messages == {}, "it was over before anybody was at work"


def test_a_date_that_is_held_neither_fires_nor_ends() -> None:
    made = tried(daily(12, None, 12, 3))
    assert len(made.alerts) == 1
    assert made.dates_over == 2


def test_an_alert_that_comes_back_soon_is_a_flap_and_one_that_comes_late_is_none() -> None:
    assert tried(daily(12, 3, 12, 3)).flaps == 1
    assert tried(daily(12, 3, *[3] * 20, 12, 3)).flaps == 0
    assert tried(daily(12, 9, 12, 3)).flaps == 0, "between the limits it was never over"


def test_only_alerts_that_begin_within_the_period_count_but_the_past_is_replayed() -> None:
    history = daily(12, 12, 12, 3, 12, 3)
    values = values_of({NORTH: history})
    made = try_rule(rule(), values, Period(MONDAY, history[-1].as_of), Managers(), CALENDAR)
    assert [stay.start for stay in made.alerts] == [history[4].as_of]
    assert [stay.start for stay in made.stays] == [MONDAY, history[4].as_of]
    assert made.dates_over == 3
    assert made.messages["resolved"] == 2, "the end of the earlier one is told within the period"


def test_places_and_recipients_are_counted_apart() -> None:
    made = tried(daily(12, 3), south=daily(3, 12))
    assert made.places == 2
    assert made.heard == {"sm-north": 1, "sm-south": 1}
    assert made.per_week == 2, "a history of less than a week counts as one week"


def test_what_a_laxer_limit_misses() -> None:
    history = values_of({NORTH: daily(12, 12, 3, 12, 16, 16, 3)})
    period = period_of(history, 52)
    assert period
    now = try_rule(rule(), history, period, Managers(), CALENDAR)
    lax = try_rule(rule(amber=15, red=30, clear_below=12), history, period, Managers(), CALENDAR)
    lost = missed(now, lax, history, CALENDAR)
    assert (lost.alerts, lost.dates, lost.later_wd) == (1, 3, 1)


def test_a_slower_rule_misses_what_is_short_and_is_late_for_the_rest() -> None:
    history = values_of({NORTH: daily(12, 3, 12, 12, 12, 3)})
    period = period_of(history, 52)
    assert period
    now, slow = (try_rule(rule(for_n=n), history, period, Managers(), CALENDAR) for n in (1, 3))
    lost = missed(now, slow, history, CALENDAR)
    assert (lost.alerts, lost.dates, lost.later_wd) == (1, 3, 2)


@pytest.mark.parametrize(
    ("given", "amber", "whole", "wanted"),
    [
        ({}, 20, True, (20, 40, 16)),
        ({}, 5, True, (5, 10, 4)),
        ({}, 3, True, (3, 6, 3)),  # below 2.4 and below 3 are the same for a count
        ({"amber": 1, "red": 3, "clear_below": 1}, 2, True, (2, 6, 2)),
        ({"amber": 10, "red": 11, "clear_below": 8}, 1, True, (1, 2, 1)),  # red stays above amber
        ({"amber": 1.2, "red": 1.5, "clear_below": 1.08}, 2, False, (2, 2.5, 1.8)),
        ({"unit": "per cent", "direction": "below", "amber": 80, "red": 70, "clear_below": 82}, 90, False, (90, 85, 91)),
        ({"direction": "below", "amber": 20, "red": 10, "clear_below": 24}, 10, True, (10, 5, 12)),
        ({"direction": "either"}, 5, True, (5, 10, 4)),
    ],
)
def test_red_and_the_end_stay_in_proportion(given: dict[str, object], amber: float, whole: bool, wanted: tuple[float, ...]) -> None:
    made = in_proportion(rule(**given), amber, whole=whole)
    assert (made.amber, made.red, made.clear_below) == wanted


def test_limits_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValueError, match="must be worse than amber"):
        changed(rule(), {"amber": 25})


def test_the_suggested_limit_gives_about_the_wished_rate() -> None:
    peaks = (11, 14, 11, 17, 12)
    history = values_of({NORTH: daily(*[day for peak in peaks * 5 for day in (peak, *[3] * 9)])})
    period = period_of(history, 520)
    assert period
    now = try_rule(rule(), history, period, Managers(), CALENDAR)
    assert now.per_week == pytest.approx(0.5, abs=0.02)
    found = suggest(rule(), history, period, 0.1, Managers(), CALENDAR)
    assert found is not None
    assert found.rule.amber == 17
    assert try_rule(found.rule, history, period, Managers(), CALENDAR).per_week == pytest.approx(0.1, abs=0.01)
    assert found.most_per_week == pytest.approx(0.5, abs=0.02)


def test_what_comes_and_goes_is_told_to_nobody_and_is_no_alert_of_the_rate() -> None:
    made = tried(daily(*[12, 3] * 15))
    assert len(made.stays) == 15
    assert len(made.alerts) == 2, "from the third on it is unstable, and waits until it has stood for five dates"
    assert len(made.unsaid) == 13
    assert made.messages == {"fire": 2, "resolved": 2}
    assert made.heard == {"sm-north": 2}


def test_what_has_come_and_gone_and_then_stands_is_told_after_five_dates() -> None:
    made = tried(daily(12, 3, 12, 3, 12, 12, 12, 12, 12, 12, 3))
    assert [(stay.start, day) for stay, day in made.told.items()][-1] == (MONDAY + dt.timedelta(4), MONDAY + dt.timedelta(10))
    assert made.unsaid == ()


def test_a_limit_under_which_everything_always_stands_open_is_not_suggested() -> None:
    history = values_of({NORTH: daily(*[5, 12] * 20)})  # an amber of 5 would never end: one alert, and no peace
    period = period_of(history, 52)
    assert period
    found = suggest(rule(clear_below=10), history, period, 0, Managers(), CALENDAR)
    assert found is not None
    assert found.rule.amber > 5


def test_nothing_that_speaks_has_no_period() -> None:
    assert period_of(values_of({NORTH: daily(None)}), 52) is None
