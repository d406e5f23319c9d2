"""What came less what went is the change in what is open, on any referrals at all; and a service is always the sum of its teams."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.clocks.columns import Columns
from caseclock.clocks.flows import ended_on, flows
from caseclock.clocks.holders import involvements
from caseclock.clocks.places import places
from caseclock.clocks.standing import open_referrals
from caseclock.extracts import Extract
from caseclock.snapshots import TABLES, Snapshot

AS_OF, WEEK = dt.date(2026, 3, 20), 7
DTYPES = {"date": "datetime64[s]", "flag": "boolean", "number": "float64"}
day = st.integers(-40, 5).map(lambda n: AS_OF + dt.timedelta(n))
referral = st.fixed_dictionaries(
    {
        "child_id": st.sampled_from(["C1", "C2", "C3"]),
        "referral_date": day,
        "closed_on": st.none() | day,
        "nfa": st.sampled_from([None, True, False]),
        "team_id": st.sampled_from([None, "T1", "T2", "T3"]),
    }
)
ANCHOR = {
    "child_id": "C9",
    "referral_date": AS_OF - dt.timedelta(400),
    "closed_on": AS_OF - dt.timedelta(399),
    "nfa": False,
    "team_id": "T1",
}
TEAMS = [{"team_id": "T1", "service_id": "S"}, {"team_id": "T2", "service_id": "S"}, {"team_id": "T3", "service_id": None}]


def columns_of(rows: list[dict[str, Any]], died: dt.date | None, as_of: dt.date = AS_OF) -> Columns:
    given_ = {
        "referral": [{"referral_id": f"R{n}", **row} for n, row in enumerate([*rows, ANCHOR])],
        "team": TEAMS,
        "child": [{"child_id": "C1", "died_on": died}],
    }
    tables = {}
    for name, listed in given_.items():
        frame = pd.DataFrame(listed, columns=TABLES[name].names)
        tables[name] = frame.astype({c.name: DTYPES.get(c.kind, "str") for c in TABLES[name].columns})
    moment = dt.datetime.combine(as_of, dt.time(7), dt.UTC)
    return Columns(Snapshot(Extract("0" * 16, "spec", as_of, 1, "0" * 64, "x", "x", moment), tables))


@settings(max_examples=60, deadline=None)
@given(st.lists(referral, max_size=8), st.none() | day)
def test_arrivals_less_departures_are_the_change_in_open_cases(rows: list[dict[str, Any]], died: dt.date | None) -> None:
    """Of the council: what is open a week ago by the same days, and what is open now."""
    columns = columns_of(rows, died)
    made = flows(columns, involvements(columns, ()), WEEK)
    begun, end = columns.days("referral", "referral_date"), ended_on(columns)
    then = columns.as_of - WEEK
    open_then = int(((begun <= then) & ~(end <= then)).sum())
    assert (made["arrived"] - made["left"])[-1] == len(open_referrals(columns)) - open_then
    assert set(np.flatnonzero((begun <= columns.as_of) & np.isnat(end))) == set(open_referrals(columns))


@settings(max_examples=40, deadline=None)
@given(st.lists(referral, max_size=8))
def test_the_council_is_the_sum_of_all_teams_and_a_service_of_its_own(rows: list[dict[str, Any]]) -> None:
    columns = columns_of(rows, None)
    at = places(columns)
    for sums in flows(columns, involvements(columns, ()), WEEK).values():
        by_place = dict(zip(at.names, sums, strict=True))
        assert by_place["*"] == sum(by_place[team] for team in at.teams)
        assert by_place["service:S"] == by_place["T1"] + by_place["T2"]


def test_a_service_is_silent_when_one_of_its_teams_is_and_the_council_speaks() -> None:
    at = places(columns_of([], None))
    assert at.silent_with(["T2"]) == ["T2", "service:S"]
    assert at.silent_with(["T3", "gone"]) == ["T3"]
    assert at.silent_with([]) == []
