"""The fold over columns, which skips what can change nothing, is the fold over the dates one by one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.alerts.series import Days, dates_over, fold_series, series_of
from caseclock.thresholds import ThresholdRule

DAYS = [dt.date(2026, 8, 24) + dt.timedelta(n) for n in range(40)]
ONE = Instance("lab", "r", "north")
histories = st.dictionaries(st.sampled_from(DAYS), st.tuples(st.integers(-12, 12), st.booleans()), max_size=40).map(
    lambda found: [Observation(day, value / 2, 7, passed, f"x{day}") for day, (value, passed) in found.items()]
)
limits = {"below": {"amber": 1, "red": -3, "clear_below": 2}}
rules = st.builds(
    lambda direction, for_n, clear_n: ThresholdRule(
        id="r", title="t", measure="m", direction=direction, for_n=for_n, clear_n=clear_n,
        **limits.get(direction, {"amber": 3, "red": 5, "clear_below": 1.5}),
    ),
    st.sampled_from(["above", "below", "either"]), st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip


@settings(max_examples=400)
@given(rule=rules, history=histories)
def test_it_is_the_same_fold(rule: ThresholdRule, history: list[Observation]) -> None:
    columns = series_of(history)
    assert fold_series(rule, ONE, columns) == fold(rule, ONE, history)
    assert list(columns) == sorted((o for o in history if o.passed), key=lambda o: o.as_of)
    assert [columns[int(n)] for n in dates_over(rule, columns)] == [o for o in columns if rule.severity_of(o.value)]


def test_a_series_reads_like_a_list() -> None:
    columns = series_of([Observation(day, n, 1) for n, day in enumerate(DAYS[:5])])
    assert [o.value for o in columns[-2:]] == [3, 4]
    assert columns[-1].as_of == DAYS[4]


def test_dates_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        Days([DAYS[1], DAYS[0]], ["a", "b"])
