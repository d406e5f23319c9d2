"""Hours against Python's own time zones, and clocks that run only in some circumstances against a loop over all rows."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from made_tables import Row, snapshot_of

from caseclock.clocks.beside import runs_then
from caseclock.clocks.calendar import WorkingCalendar, add_months
from caseclock.clocks.columns import Columns
from caseclock.clocks.hours import end_of, shown
from caseclock.clocks.model import STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.stops import Items, Stretches
from caseclock.clocks.verdict import verdict

LONDON = ZoneInfo("Europe/London")
CALENDAR = WorkingCalendar()
LOCAL = {"title": "a trial", "basis": "local", "source": "made for this page"}
HOURS = TimescaleRule.model_validate(
    {"id": "trial", **LOCAL, "table": "meeting", "start": "since_at", "stop": "held_at", "unit": "clock_hour", "warn_at": 48,
     "limits": [{"effective_from": "2014-01-01", "limit": 72}]}
)  # fmt: skip

near_a_change = st.sampled_from([dt.datetime(2026, 3, 29), dt.datetime(2026, 10, 25), dt.datetime(2026, 6, 15)])
minutes = st.integers(-4 * 24 * 60, 2 * 24 * 60)


@settings(max_examples=200, deadline=None)
@given(near_a_change, minutes, st.none() | st.integers(0, 6 * 24 * 60), st.integers(0, 5))
def test_hours_are_those_that_pass_in_london(change, before, lasted, days):
    """Start, stop and the end of the extract's day, on nights with 23, 24 and 25 hours."""
    start = change.replace(tzinfo=dt.UTC) + dt.timedelta(minutes=before)
    as_of = start.astimezone(LONDON).date() + dt.timedelta(days)
    end_of_day = dt.datetime.combine(as_of + dt.timedelta(1), dt.time(), LONDON).astimezone(dt.UTC)
    stop = None if lasted is None else start + dt.timedelta(minutes=lasted)
    found = verdict(HOURS, _moment(start), _moment(stop), np.datetime64(as_of, "D"), CALENDAR)
    until, due = stop or end_of_day, start + dt.timedelta(hours=72)
    late = until > due
    soon = (until - start) >= dt.timedelta(hours=48)
    assert end_of(np.datetime64(as_of, "D")) == _moment(end_of_day)[0]
    assert found.elapsed[0] == (until - start) // dt.timedelta(hours=1)
    assert found.due[0] == np.datetime64(due.astimezone(LONDON).replace(tzinfo=None), "s")
    assert shown(_moment(start))[0] == np.datetime64(start.astimezone(LONDON).replace(tzinfo=None), "s")
    wanted = ("done_late" if late else "done_in_time") if stop else "overdue" if late else "due_soon" if soon else "running"
    assert STATES[found.state[0]] == wanted


def _moment(when: dt.datetime | None) -> np.ndarray:
    said = None if when is None else when.astimezone(dt.UTC).replace(tzinfo=None)
    return np.array([said], dtype="datetime64[s]")


# --- circumstances -----------------------------------------------------------------------------------------------------
day = st.integers(0, 60).map(lambda n: dt.date(2025, 12, 1) + dt.timedelta(n))
child = st.sampled_from(["C1", "C2", "C3"])
placements = st.lists(
    st.fixed_dictionaries({"child_id": child, "care_id": st.just("L"), "started_on": day, "kind": st.sampled_from(["P1", "U4", None])}),
    max_size=5,
)
statuses = st.lists(
    st.fixed_dictionaries(
        {"child_id": child, "status": st.sampled_from(["C1", "V4", None]), "started_on": day, "ended_on": st.none() | day}
    ),
    max_size=6,
)
RULE = TimescaleRule.model_validate(
    {"id": "trial", **LOCAL, "table": "placement", "start": "started_on", "unit": "calendar_day", "interval": "every",
     "stop": {"table": "visit", "date": "visit_on", "by": ["child_id"], "take": "each"}, "within_months": 1,
     "limits": [{"effective_from": "2014-01-01", "limit": 42}],
     "during": [{"table": "legal", "by": "child_id", "since": "started_on", "until": "ended_on"}],
     "unless": [{"beside": {"table": "legal", "by": "child_id", "since": "started_on", "where": {"status": "V4"}}},
                {"own": {"kind": "P1"}, "beside": {"table": "legal", "by": "child_id", "since": "started_on", "until": "ended_on",
                                                   "where": {"status": "C1"}}}]}
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(placements, statuses, st.lists(st.integers(0, 45), min_size=5, max_size=5))
def test_a_clock_runs_in_the_circumstances_of_the_day_on_which_it_starts(placed, orders, later):
    rows = [{"placement_id": f"A{n}", **row} for n, row in enumerate(placed)]
    legal = [{"legal_id": f"O{n}", **row} for n, row in enumerate(orders)]
    columns = Columns(snapshot_of({"placement": rows, "legal": legal}))
    began = [row["started_on"] for row in rows]
    starts = [when + dt.timedelta(n) for when, n in zip(began, later, strict=False)]
    items = Items(np.arange(len(rows)), _days(began), _days([None] * len(rows)))
    made = Stretches(np.arange(len(rows)), _days(starts), _days([None] * len(rows)), np.zeros(len(rows), dtype=bool))
    assert list(runs_then(RULE, items, made, columns)) == [_slowly(row, when, legal) for row, when in zip(rows, starts, strict=True)]


def _slowly(row: Row, when: dt.date, legal: list[Row]) -> bool:
    mine = [one for one in legal if one["child_id"] == row["child_id"]]

    def holds(one: Row) -> bool:
        since, until = one["started_on"], one["ended_on"]
        return since <= when and (until is None or when < until or since == until == when)

    if when >= add_months(row["started_on"], 1) or not any(map(holds, mine)):
        return False
    if any(one["status"] == "V4" and one["started_on"] <= when for one in mine):
        return False
    return not (row["kind"] == "P1" and any(one["status"] == "C1" and holds(one) for one in mine))


def _days(days: list[dt.date | None]) -> np.ndarray:
    return np.array(days, dtype="datetime64[D]")
