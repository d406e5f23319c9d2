"""A fold that is carried on from where it stood is the fold of the whole history."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseclock.alerts.carry import Carried, carried_of, carry_on
from caseclock.alerts.fold import fold
from caseclock.alerts.model import Instance, Observation
from caseclock.thresholds import ThresholdRule

DAYS = [dt.date(2026, 8, 24) + dt.timedelta(n) for n in range(25)]
ONE = Instance("lab", "r", "north")
histories = st.dictionaries(st.sampled_from(DAYS), st.tuples(st.integers(0, 12), st.booleans()), max_size=25).map(
    lambda found: [Observation(day, value, 1, passed, f"x{day}") for day, (value, passed) in found.items()]
)
rules = st.builds(
    lambda direction, for_n, clear_n: ThresholdRule(
        id="r", title="t", measure="m", direction=direction, for_n=for_n, clear_n=clear_n,
        **({"amber": 5, "red": 3, "clear_below": 7} if direction == "below" else {"amber": 6, "red": 9, "clear_below": 4}),
    ),
    st.sampled_from(["above", "below", "either"]), st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip


@given(rule=rules, history=histories, cuts=st.lists(st.sampled_from(DAYS), max_size=6))
def test_it_does_not_matter_where_the_history_is_cut(rule: ThresholdRule, history: list[Observation], cuts: list[dt.date]) -> None:
    kept, events = Carried(), []
    ends = [*sorted(cuts), DAYS[-1]]
    for since, until in zip([dt.date.min, *ends], ends, strict=False):
        part = carry_on(rule, ONE, kept, [o for o in history if since < o.as_of <= until])
        kept, events = carried_of(part), [*events, *part.events]
    whole = fold(rule, ONE, history)
    assert kept == carried_of(whole)
    assert tuple(events) == whole.events


def test_a_date_that_is_not_newer_is_refused() -> None:
    rule = ThresholdRule(id="r", title="t", measure="m", amber=6, red=9, clear_below=4)
    stands = carried_of(fold(rule, ONE, [Observation(DAYS[3], 7, 1)]))
    with pytest.raises(ValueError, match="must be replayed"):
        carry_on(rule, ONE, stands, [Observation(DAYS[3], 7, 1)])
