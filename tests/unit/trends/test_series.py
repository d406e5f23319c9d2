"""Weekly series from the values of past extracts."""

from __future__ import annotations

import datetime as dt

import numpy as np

from caseclock.trends.records import Value
from caseclock.trends.series import of_extracts

FRI = [dt.date(2026, 10, 30), dt.date(2026, 11, 6), dt.date(2026, 11, 13), dt.date(2026, 11, 20)]


def row(panel, place):
    return np.nan_to_num(panel.values[panel.places.index(place)], nan=-1).tolist()


def test_a_value_per_week_and_place_with_the_council_last():
    values = [Value(day, place, float(n), 3) for n, day in enumerate(FRI) for place in ("*", "service:N", "T")]
    made = of_extracts("arrivals", FRI, values)
    assert made.places == ("T", "service:N", "*")
    assert row(made, "T") == [0, 1, 2, 3]
    assert made.weeks.tolist() == [day - dt.timedelta(4) for day in FRI]
    assert made.ends.tolist() == FRI


def test_a_week_without_an_extract_is_a_gap():
    made = of_extracts("open", [FRI[0], FRI[1], FRI[3]], [Value(day, "T", 5.0, 5) for day in FRI])
    assert row(made, "T") == [5, 5, -1, 5]
    assert made.n[0].tolist() == [5, 5, 0, 5]
    assert made.ends.tolist() == FRI


def test_a_team_whose_rows_were_missing_has_a_gap_and_a_share_of_nothing_has_no_value():
    values = [Value(FRI[0], "T", 5.0, 5), Value(FRI[1], "U", None, 0), Value(FRI[2], "T", 6.0, 6)]
    made = of_extracts("in_time.cp_visit", FRI[:3], values)
    assert row(made, "T") == [5, -1, 6]
    assert row(made, "U") == [-1, -1, -1]


def test_the_week_that_runs_waits_until_its_days_no_longer_overlap_with_the_week_before():
    tuesday = dt.date(2026, 11, 24)
    values = [Value(day, "T", 5.0, 5) for day in (*FRI, tuesday)]
    assert len(of_extracts("arrivals", [*FRI, tuesday], values).weeks) == 4
    assert len(of_extracts("open", [*FRI, tuesday], values).weeks) == 5
    assert len(of_extracts("arrivals", [*FRI, dt.date(2026, 11, 27)], values).weeks) == 5


def test_a_week_that_is_over_counts_although_its_last_extract_came_early():
    thursday = dt.date(2026, 11, 26)
    after = dt.date(2026, 12, 4)
    made = of_extracts("arrivals", [*FRI, thursday, after], [Value(thursday, "T", 4.0, 4), Value(after, "T", 5.0, 5)])
    assert row(made, "T")[-2:] == [4, 5]


def test_a_figure_of_four_weeks_has_a_value_every_four_weeks():
    assert of_extracts("supervision_held", FRI, [], 28).step == 4
    assert of_extracts("in_time.cp_visit", FRI, [], 91).step == 13
    assert of_extracts("open", FRI, [], 91).step == 1


def test_two_years_are_enough():
    days = [FRI[-1] - dt.timedelta(weeks=n) for n in range(150)][::-1]
    made = of_extracts("open", days, [Value(day, "T", 1.0, 1) for day in days])
    assert len(made.weeks) == 104
    assert made.weeks[-1] == np.datetime64("2026-11-16")


def test_no_extract_gives_an_empty_panel():
    made = of_extracts("arrivals", [], [])
    assert (made.places, len(made.weeks)) == ((), 0)
    one = of_extracts("arrivals", [FRI[0]], [])
    assert (one.places, len(one.weeks)) == ((), 1)
