"""Facts to sentences, as a table."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseclock.digest import sentences as s
from caseclock.digest.content import Coming, Currency, Demand, Forecast, Foreseen, Line, Relook
from caseclock.digest.shown import HIDDEN, Shown, exact

UNALLOCATED = "cases without an allocated worker"
CP = "children on a child protection plan without an allocated worker"
OVERDUE = "open and overdue: visit to a child on a child protection plan"
IN_TIME = "done in time, of what was done: visit to a child"
FRIDAY, MONDAY, SUNDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 16), dt.date(2026, 11, 22)
WEEK = [MONDAY + dt.timedelta(days=k) for k in range(5)]
SMALL = Shown(1, 5)


def line(now: Shown | None, before: Shown | None = None, unit: str = "cases") -> Line:
    return Line("f", "t", unit, "above", "North", now, before)


@pytest.mark.parametrize(
    ("place", "title", "now", "unit", "said"),
    [
        ("North", UNALLOCATED, exact(30), "cases", "North has 30 cases without an allocated worker"),
        ("North", UNALLOCATED, exact(1), "cases", "North has 1 case without an allocated worker"),
        ("North", UNALLOCATED, exact(0), "cases", "North has no cases without an allocated worker"),
        ("North", UNALLOCATED, exact(1204), "cases", "North has 1,204 cases without an allocated worker"),
        ("North", UNALLOCATED, SMALL, "cases", "North has 1 to 5 cases without an allocated worker"),
        ("North", UNALLOCATED, Shown(20, None), "cases", "North has 20 or more cases without an allocated worker"),
        ("the council", UNALLOCATED, Shown(26, 35), "cases", "The council has 26 to 35 cases without an allocated worker"),
        ("all teams together", UNALLOCATED, exact(30), "cases", "All teams together have 30 cases without an allocated worker"),
        ("All teams", OVERDUE, exact(8), "clocks", f"In all teams together, 8 are {OVERDUE}"),
        ("Other teams", UNALLOCATED, exact(30), "cases", "Other teams have 30 cases without an allocated worker"),
        ("All teams", "vacant posts", exact(22), "per cent", "Vacant posts, all teams together: 22%"),
        ("No team", UNALLOCATED, exact(30), "cases", "30 cases without an allocated worker that no team answers for"),
        ("", UNALLOCATED, exact(30), "cases", "30 cases without an allocated worker"),
        ("North", UNALLOCATED, HIDDEN, "cases", "Cases without an allocated worker, North: withheld"),
        ("North", UNALLOCATED, None, "cases", "Cases without an allocated worker, North: no figure"),
        ("North", CP, exact(1), "children", "North has 1 child on a child protection plan without an allocated worker"),
        ("North", "first child protection reviews overdue", exact(7), "cases", "North has 7 first child protection reviews overdue"),
        ("North", "workers with a high caseload", exact(1), "workers", "North has 1 worker with a high caseload"),
        ("North", OVERDUE, exact(8), "clocks", f"In North, 8 are {OVERDUE}"),
        ("North", OVERDUE, exact(1), "clocks", f"In North, 1 is {OVERDUE}"),
        ("North", OVERDUE, exact(0), "clocks", f"In North, none is {OVERDUE}"),
        ("Team 2", OVERDUE, SMALL, "clocks", f"In Team 2, 1 to 5 are {OVERDUE}"),
        ("North", OVERDUE, HIDDEN, "clocks", "Visit to a child on a child protection plan: open and overdue, North: withheld"),
        ("North", IN_TIME, exact(66, 340), "per cent", "In North, 66% were done in time: visit to a child"),
        ("North", IN_TIME, exact(0, 340), "per cent", "In North, 0% were done in time: visit to a child"),
        ("North", IN_TIME, HIDDEN, "per cent", "Visit to a child: done in time, North: withheld"),
        ("North", "vacant posts", exact(22), "per cent", "Vacant posts, North: 22%"),
        ("North", "children per worker", exact(17.55), "average", "Children per worker, North: 17.6"),
        ("North", "open work", exact(0), "cases", "Open work, North: 0"),
        (
            "North",
            "change in open cases that no event explains",
            exact(-4),
            "cases",
            "Change in open cases that no event explains, North: -4",
        ),
        ("North", "age of the oldest open work: visit", exact(40), "average", "Visit: age of the oldest open work, North: 40.0"),
    ],
)
def test_a_figure_in_its_place(place: str, title: str, now: Shown | None, unit: str, said: str) -> None:
    assert s.at(place, title, now, unit) == said


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (exact(30), exact(12), "cases", "18 more than a week before"),
        (exact(12), exact(30), "cases", "18 fewer than a week before"),
        (exact(12), exact(12), "cases", "the same as a week before"),
        (exact(2300), exact(1100), "cases", "1,200 more than a week before"),
        (exact(76), exact(78), "per cent", "2 percentage points lower than a week before"),
        (exact(79), exact(78), "per cent", "1 percentage point higher than a week before"),
        (exact(76.4), exact(75.6), "per cent", "the same as a week before"),  # both are printed as 76%
        (exact(76.6), exact(76.4), "per cent", "1 percentage point higher than a week before"),  # printed as 77% and 76%
        (exact(17.6), exact(17.1), "average", "0.5 more than a week before"),
        (exact(1.1), exact(1.3), "ratio", "0.2 less than a week before"),
        (Shown(26, 35), exact(12), "cases", "more than a week before"),
        (SMALL, exact(12), "cases", "fewer than a week before"),
        (SMALL, exact(3), "cases", ""),
        (Shown(20, None), exact(12), "cases", "more than a week before"),
        (Shown(20, None), exact(30), "cases", ""),
        (exact(12), Shown(20, None), "cases", "fewer than a week before"),
        (Shown(20, None), Shown(6, None), "cases", ""),
        (SMALL, SMALL, "cases", ""),
        (exact(5), SMALL, "cases", ""),
        (exact(0), SMALL, "cases", "fewer than a week before"),
        (Shown(60, 70), Shown(80, 90), "per cent", "lower than a week before"),
        (exact(30), HIDDEN, "cases", ""),
        (HIDDEN, exact(30), "cases", ""),
        (exact(30), None, "cases", ""),
        (None, exact(30), "cases", ""),
    ],
)
def test_a_difference_is_said_only_of_exact_figures_and_a_direction_only_where_it_is_sure(
    now: Shown | None, before: Shown | None, unit: str, said: str
) -> None:
    assert s.change(now, before, unit) == said


@pytest.mark.parametrize(
    ("red", "amber", "said"),
    [
        (0, 0, "nothing is over its limit"),
        (1, 0, "1 limit is passed, and it is red"),
        (0, 1, "1 limit is passed"),
        (1, 2, "3 limits are passed, 1 of them red"),
        (0, 2, "2 limits are passed"),
        (2, 0, "2 limits are passed, all of them red"),
    ],
)
def test_how_many_limits_are_passed(red: int, amber: int, said: str) -> None:
    assert s.over_limits(red, amber) == said


def test_an_alert_whose_range_does_not_say_its_colour_may_be_red() -> None:
    assert s.over_limits(1, 2, at_least=True) == "3 limits are passed, at least 1 of them red"
    assert s.over_limits(0, 2, at_least=True) == "2 limits are passed"
    assert s.over_limits(2, 0, at_least=True) == "2 limits are passed, all of them red"


@pytest.mark.parametrize(
    ("weeks", "unit", "said"),
    [
        ([8, 12, 21], "cases", "3 weeks: from 8 to 21"),
        ([8, 25, 21], "cases", "3 weeks: from 8 to 21, highest 25"),
        ([8, 25, 7, 21], "cases", "4 weeks: from 8 to 21, highest 25, lowest 7"),
        ([9, 10, 9], "cases", "3 weeks: 9 at the start and now, highest 10"),
        ([0, 0, 0], "cases", "3 weeks: unchanged at 0"),
        ([86, None, 76], "per cent", "2 exact figures in 3 weeks: from 86% to 76%"),
        ([7, SMALL, HIDDEN, 9], "cases", "2 exact figures in 4 weeks: from 7 to 9"),
        ([12, 9, 12, SMALL], "cases", "3 exact figures in 4 weeks: 12 first and last, lowest 9"),
        ([8], "cases", ""),
        ([SMALL, SMALL, 8], "cases", ""),
        ([], "cases", ""),
    ],
)
def test_the_line_of_the_last_weeks_in_words(weeks: list[Any], unit: str, said: str) -> None:
    assert s.line_words([exact(w) if isinstance(w, int) else w for w in weeks], unit) == said


@pytest.mark.parametrize(
    ("currency", "said"),
    [
        (Currency(FRIDAY, 5, 5, (), ()), "Figures of Friday 20 November 2026; 5 of 5 extracts were accepted."),
        (Currency(FRIDAY, 1, 1, (), ()), "Figures of Friday 20 November 2026; 1 of 1 extract was accepted."),
        (
            Currency(FRIDAY, 5, 3, (MONDAY,), (dt.date(2026, 11, 17),), released=True, notes=("Monday was a bank holiday",)),
            "Figures of Friday 20 November 2026; 3 of 5 extracts were accepted. The data of Monday 16 November is on hold, because it did "
            "not pass its check. No extract came for Tuesday 17 November. A person released this data, although it did not pass its check. "
            "Monday was a bank holiday.",
        ),
        (
            Currency(dt.date(2026, 11, 13), 5, 0, tuple(WEEK), (), "the figures are on hold: referrals fell by 61%"),
            "These are not the figures of the week: they are of Friday 13 November 2026. The figures are on hold: referrals fell by 61%. "
            "The data of Monday 16 to Friday 20 November is on hold, because it did not pass its check.",
        ),
        (
            Currency(dt.date(2026, 11, 18), 5, 3, tuple(WEEK[3:]), (), "The figures are on hold."),
            "These are not the figures of the end of the week: they are of Wednesday 18 November 2026. The figures are on hold. 3 of 5 "
            "extracts were accepted. The data of Thursday 19 and Friday 20 November is on hold, because it did not pass its check.",
        ),
        (
            Currency(dt.date(2026, 11, 13), 5, 0, (), tuple(WEEK)),
            "These are not the figures of the week: they are of Friday 13 November 2026. "
            "No extract came for Monday 16 to Friday 20 November.",
        ),
        (
            Currency(None, 0, 0, (), ()),
            "There are no figures: no extract has been accepted up to Sunday 22 November 2026. Do not read this as good news. "
            "No extract was due in the week.",
        ),
    ],
)
def test_of_which_day_the_figures_are(currency: Currency, said: str) -> None:
    assert " ".join(s.currency(currency, MONDAY, SUNDAY)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.28, "Over the last 13 weeks 13 referrals came in for every 10 that ended."),
        (1.0, "Over the last 13 weeks as many referrals came in as ended."),
        (1.04, "Over the last 13 weeks as many referrals came in as ended."),
        (0.1, "Over the last 13 weeks 1 referral came in for every 10 that ended."),
        (0.04, "Over the last 13 weeks 4 referrals came in for every 100 that ended."),
        (0.0, "Over the last 13 weeks hardly any referral came in."),
        (None, ""),
    ],
)
def test_the_load(value: float | None, said: str) -> None:
    assert s.load(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(37.1, "37 weeks"), (9.54, "9.5 weeks"), (9.0, "9 weeks"), (1.0, "1 week"), (0.0, "0 weeks")],
)
def test_weeks_of_work(value: float, said: str) -> None:
    assert s.weeks_of_work(value) == f"At the rate of the last 13 weeks the open cases are {said} of work."
    assert s.weeks_of_work(None) == ""


@pytest.mark.parametrize(
    ("came", "went", "said"),
    [
        (
            line(exact(97), exact(84)),
            line(exact(62), exact(58)),
            "97 referrals came in, 13 more than the week before; 62 referrals ended, 4 more than the week before.",
        ),
        (line(exact(1)), line(exact(0)), "1 referral came in; no referral ended."),
        (
            line(SMALL, exact(9)),
            line(Shown(6, 10), SMALL),
            "1 to 5 referrals came in, fewer than the week before; 6 to 10 referrals ended, more than the week before.",
        ),
        (line(HIDDEN), line(exact(8)), "8 referrals ended."),
        (line(None), line(HIDDEN), ""),
    ],
)
def test_what_came_in_and_what_ended(came: Line, went: Line, said: str) -> None:
    assert s.flow(Demand(came, went, line(None), None, None), FRIDAY) == (f"In the week to Friday 20 November {said}" if said else "")


@pytest.mark.parametrize(
    ("due", "expected", "said"),
    [
        (exact(140), 38.4, "Visit: 140 fall due, 38 of them likely to be late."),
        (exact(140), 0.3, "Visit: 140 fall due, none of them likely to be late."),
        (exact(9), 11.0, "Visit: 9 fall due, 9 of them likely to be late."),
        (exact(140), None, "Visit: 140 fall due."),
        (exact(1), None, "Visit: 1 falls due."),
        (exact(0), 0.0, "Visit: none falls due."),
        (SMALL, 2.0, "Visit: 1 to 5 fall due."),
        (HIDDEN, 2.0, "Visit: how many fall due may not be shown."),
        (None, None, "Visit: there is no figure."),
    ],
)
def test_what_comes_due(due: Shown | None, expected: float | None, said: str) -> None:
    assert s.due(Coming("visit", line(due), expected)) == said


@pytest.mark.parametrize(
    ("ratio", "extracts", "said"),
    [
        (1.12, 20, "11 were late for every 10 foretold, over 20 extracts"),
        (0.1, 1, "1 was late for every 10 foretold, over 1 extract"),
        (0.0, 3, "none was late for every 10 foretold, over 3 extracts"),
        (None, 20, ""),
        (1.0, 0, ""),
    ],
)
def test_how_the_early_warning_did(ratio: float | None, extracts: int, said: str) -> None:
    assert s.came_true(Coming("visit", line(exact(1)), None, ratio, extracts)) == said


def test_a_forecast_has_its_range_and_says_how_past_ones_did() -> None:
    weeks = tuple(Foreseen(dt.date(2026, 11, 23) + dt.timedelta(weeks=k), 9.6 + k, 2.2 - k, 14.1 + k) for k in range(8))
    assert s.forecast(Forecast("open work", weeks, 6, 8)) == (
        "Open work: 2 to 15, most likely 10, in the week from 23 November; 0 to 22, most likely 17, in the week from 11 January."
    )
    assert s.forecast(Forecast("open work", weeks[:1], 6, 8)) == "Open work: 2 to 15, most likely 10, in the week from 23 November."
    assert s.forecast(Forecast("open work", (), 0, 0)) == ""
    assert s.cover(34, 40) == "34 of 40 past forecasts lay within their range."
    assert s.cover(0, 1) == "None of 1 past forecast lay within its range."
    assert s.cover(0, 0) == "No week that was forecast has come yet, so nothing is known of how good the forecasts are."


@pytest.mark.parametrize(
    ("relook", "said"),
    [
        (Relook(None), "The re-look sample of this week has not been drawn."),
        (Relook(dt.date(2026, 11, 17), 20), "The re-look sample was drawn on Tuesday 17 November: 20 cases."),
        (
            Relook(dt.date(2026, 11, 17), 1, ("no priority", "oldest")),
            "The re-look sample was drawn on Tuesday 17 November: 1 case from no priority and oldest.",
        ),
    ],
)
def test_the_re_look_sample(relook: Relook, said: str) -> None:
    assert s.relook(relook) == said


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ([dt.date(2026, 11, 17)], "Tuesday 17 November"),
        ([dt.date(2026, 11, 18), dt.date(2026, 11, 17)], "Tuesday 17 and Wednesday 18 November"),
        (WEEK, "Monday 16 to Friday 20 November"),
        ([MONDAY, *WEEK[2:4]], "Monday 16, Wednesday 18 and Thursday 19 November"),
        ([dt.date(2026, 11, 30), dt.date(2026, 12, 1)], "Monday 30 November and Tuesday 1 December"),
    ],
)
def test_days_in_words(dates: list[dt.date], said: str) -> None:
    assert s.days(dates) == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (MONDAY, SUNDAY, "16 to 22 November 2026"),
        (dt.date(2026, 8, 31), dt.date(2026, 9, 6), "31 August to 6 September 2026"),
        (dt.date(2026, 12, 28), dt.date(2027, 1, 3), "28 December 2026 to 3 January 2027"),  # week 53
    ],
)
def test_a_week_in_words(first: dt.date, last: dt.date, said: str) -> None:
    assert s.span(first, last) == said
