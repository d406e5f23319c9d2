"""All clocks counted in one pass against pandas, figure by figure, on clocks of any kind and in any order."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.histogram import BATCH
from caseclock.clocks.model import STATES, UNITS
from caseclock.clocks.places import Places
from caseclock.clocks.tally import AHEAD, BANDS, OPEN_STATES, of_clocks

CALENDAR, AS_OF = WorkingCalendar(), dt.date(2026, 11, 20)
PERIODS = (28, 91)
TODAY = pd.Timestamp(AS_OF)
DAY = pd.Timedelta(days=1)
UNIT_OF = {
    "a_days": "working_day",
    "b_empty": "calendar_day",
    "c_months": "calendar_month",
    "d_hours": "clock_hour",
    "e_none": "working_day",
}
TEAMS = ["?", "A", "B", "C"]
AT = Places(TEAMS, ["S", "T"], np.array([-1, 0, 0, 1]))
MEMBERS = {"service:S": ["A", "B"], "service:T": ["C"], "*": TEAMS}


def frame_of(clocks: dict[str, Any], rules: dict[str, str] = UNIT_OF, teams: list[str] = TEAMS) -> pd.DataFrame:
    made = {
        "rule": pd.Categorical.from_codes(clocks["rule"], pd.Index(list(rules), dtype="str")),
        "team": pd.Categorical.from_codes(clocks["team"], pd.Index(teams, dtype="str")),
        "state": pd.Categorical.from_codes(clocks["state"], pd.Index(list(STATES), dtype="str")),
    }
    for name in ("elapsed", "limit"):
        made[name] = np.asarray(clocks[name], dtype=np.int32)
    start = np.datetime64(AS_OF, "s") - np.asarray(clocks["ago"], dtype="timedelta64[D]")
    ran = np.asarray(clocks["ran"], dtype="timedelta64[D]")
    made["started_on"], made["due_on"] = start, start + np.asarray(clocks["span"], dtype="timedelta64[D]")
    made["stopped_on"] = np.where(made["state"].codes >= 3, np.minimum(start + ran, np.datetime64(AS_OF, "s")), np.datetime64("NaT"))
    frame = pd.DataFrame(made)
    frame.attrs[UNITS] = rules
    return frame


NUMBERS = {"rule": 4, "team": 4, "state": len(STATES), "elapsed": 40, "limit": 30, "ago": 120, "ran": 120, "span": 60}
"""The number below which each column of a made clock lies; one rule in five has no clock."""


def drawn(size: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    made = {name: rng.integers(0, below, size) for name, below in NUMBERS.items()}
    made["rule"] += made["rule"] > 0  # none of the second rule
    return made


def asked_of(frame: pd.DataFrame) -> pd.DataFrame:
    """A column of yes or no for each figure, one row per clock."""
    in_months = frame["rule"] == "c_months"
    age = frame["elapsed"].where(~in_months, (TODAY - frame["started_on"]).dt.days)
    limit = frame["limit"].where(~in_months, (frame["due_on"] - frame["started_on"]).dt.days)
    share = (age / limit).where(limit > 0, np.where(age > 0, np.inf, 1.0))
    state, due = frame["state"], frame["due_on"]
    made: dict[Any, Any] = {("open", ""): state.isin(OPEN_STATES)}
    for days in PERIODS:
        made["started", days] = frame["started_on"] > TODAY - days * DAY
    for one in STATES:
        made["of", one] = state == one
        made |= {(f"stopped {one}", days): (state == one) & (frame["stopped_on"] > TODAY - days * DAY) for days in PERIODS}
    for ahead in AHEAD:
        made["due", ahead] = state.isin(["running", "due_soon"]) & (due >= BACK) & (due < pd.Timestamp(CALENDAR.due(AS_OF, ahead + 1)))
    low = -1.0
    for band, high in BANDS.items():
        made["bands", band] = made["open", ""] & (share > low) & (share <= high)
        low = high
    return pd.DataFrame(made)


def check(frame: pd.DataFrame) -> None:
    """Every count, band and age by pandas, for each place."""
    made, asked = of_clocks(frame, AT, AS_OF, PERIODS, CALENDAR), asked_of(frame)
    short, rule_of, team_of = made[28], frame["rule"].astype("str").to_numpy(), frame["team"].astype("str").to_numpy()
    for rule in UNIT_OF:
        for number, place in enumerate(AT.names):
            mine = np.flatnonzero((rule_of == rule) & np.isin(team_of, MEMBERS.get(place, [place])))
            wanted = asked.iloc[mine].sum().to_dict()
            found = {("started", days): made[days]["started"][rule][number] for days in PERIODS}
            found |= {(f"stopped {one}", days): made[days]["stopped"][rule, one][number] for one in STATES for days in PERIODS}
            found |= {
                (figure, part): short[figure][rule, part][number] for figure, part in wanted if figure in short and figure != "started"
            }
            bands = {key for key in wanted if key[0] == "bands"}
            assert wanted.pop(("open", "")) == sum(found[key] for key in bands)
            by_the_hour = bands if rule == "d_hours" else set()  # begun hours count there: test_tally.py
            assert {key: n for key, n in found.items() if key not in by_the_hour} == {
                k: n for k, n in wanted.items() if k not in by_the_hour
            }
            assert all(0 <= short["expected"][rule, ahead][number] <= wanted["due", ahead] + 1e-9 for ahead in AHEAD)
            ages = frame["elapsed"].to_numpy()[mine[asked["open", ""].to_numpy(dtype=bool)[mine]]]
            middle, most = (np.median(ages), ages.max()) if len(ages) else (np.nan, np.nan)
            np.testing.assert_equal([short["median_age"][rule][number], short["oldest"][rule][number]], [middle, most])


BACK = pd.Timestamp(CALENDAR.before(CALENDAR.before(AS_OF), AHEAD[-1]))
"""An open clock in time that was due before this day is none: more than ten working days of rest do not exist."""


clocks = st.integers(0, 30).flatmap(
    lambda size: st.fixed_dictionaries(
        {name: st.lists(st.integers(0, below - 1), min_size=size, max_size=size) for name, below in NUMBERS.items()}
    )
)


@settings(max_examples=20, deadline=None)
@given(clocks)
def test_clocks_of_any_kind_in_any_order_are_counted_as_pandas_counts_them(made: dict[str, list[int]]) -> None:
    check(frame_of(made))


def test_clocks_of_several_batches_are_counted_as_pandas_counts_them() -> None:
    """In the order of the rules, so that the end of a rule lies within a batch."""
    frame = frame_of(drawn(2 * BATCH + 17, 1))
    check(frame)
    check(frame.sort_values("rule", kind="stable", ignore_index=True))


def test_ages_whose_cells_need_more_than_32_bits_are_kept_apart() -> None:
    made = drawn(400, 6)
    check(frame_of(made | {"elapsed": made["elapsed"] * 10_000_000}))


def test_a_rule_without_a_clock_has_zeros_and_no_age() -> None:
    found = of_clocks(frame_of(drawn(500, 2)), AT, AS_OF, PERIODS, CALENDAR)[28]
    assert found["rules"] == list(UNIT_OF)
    assert found["of"]["b_empty", "running"].tolist() == found["started"]["b_empty"].tolist() == [0] * len(AT)
    assert np.isnan(found["oldest"]["b_empty"]).all()


@pytest.mark.parametrize("rules", [{}, UNIT_OF], ids=["no rule", "some rules"])
@pytest.mark.parametrize("teams", [[], TEAMS], ids=["no team", "some teams"])
def test_where_there_is_no_clock_no_team_or_no_rule_nothing_is_counted(rules: dict[str, str], teams: list[str]) -> None:
    at = Places(teams, [], np.full(len(teams), -1))
    found = of_clocks(frame_of({name: [] for name in NUMBERS}, rules, teams), at, AS_OF, PERIODS, CALENDAR)[91]
    assert found["rules"] == list(found["started"]) == list(found["median_age"]) == list(rules)
    assert list(found["of"]) == [(rule, state) for rule in rules for state in STATES]
    assert all(counts.tolist() == [0] * (len(teams) + 1) for counts in found["of"].values())


def test_no_period_asked_for_is_no_answer() -> None:
    assert of_clocks(frame_of(drawn(5, 3)), AT, AS_OF, (), CALENDAR) == {}


def test_a_frame_that_was_kept_and_read_again_is_counted_as_it_was() -> None:
    """Beside rules without a clock: a file keeps no name of what is not there, and which rule is watched must be asked of a made frame."""
    frame, file = frame_of(drawn(3_000, 4)), io.BytesIO()
    frame.to_parquet(file, index=False)
    first, second = (of_clocks(f, AT, AS_OF, PERIODS, CALENDAR)[28] for f in (frame, pd.read_parquet(file)))
    assert set(second["rules"]) >= set(first["rules"]) - {"b_empty", "e_none"}
    for figure in ("of", "stopped", "started", "due", "expected", "fell_due", "bands", "median_age", "oldest"):
        for key, values in second[figure].items():
            np.testing.assert_allclose(values, first[figure][key], err_msg=f"{figure} {key}")


def test_a_clock_that_ran_for_less_than_no_time_is_refused() -> None:
    wrong = drawn(5, 5) | {"elapsed": [3, 4, -1, 2, 0]}
    with pytest.raises(ValueError, match="before it starts"):
        of_clocks(frame_of(wrong), AT, AS_OF, PERIODS, CALENDAR)
