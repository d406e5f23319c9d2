"""An extract in numbers: what may drift from one to the next although every row obeys its rules. No value of any cell, no name.

| name | scope | value |
|---|---|---|
| `assessment_days` | assessment | median calendar days of assessments finished in the last 90 days |
| `assessment_days_of` | assessment | how many those are |
| `visits_per_week.<kind>` | visit | visits of the kind dated in the last 7 days up to the newest event |
| `no_worker` | team id | share of the team's open allocations (open referrals, where there is no allocation at all) without a worker |
| `no_worker_of` | team id | how many those are |
| `team_rows.<table>` | team id | rows of the team |
| `filled.<column>` | table | share of rows in which the column is filled |
| `rows` | table | rows, where any share of the table is given |
| `unknown.<column>` | table | share of filled cells whose code is not in DfE's list |
| `window_start` | table | day number (1 is 0001-01-01) before which 2 % of its rows are dated |
| `newest_event` | | day number of the newest event of the whole extract, none after its date |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from caseclock.quality.codes import LISTS, unknown_share
from caseclock.quality.model import Stat
from caseclock.quality.rules import CLOSING, DUE, PLANNED
from caseclock.quality.scene import Dates
from caseclock.snapshots import TABLES, Snapshot

DayNumbers = npt.NDArray[np.int64]
DONE_DAYS = 90
OLDEST_SHARE = 0.02  # one forgotten case from 1998 must not say where the window starts
OLDEST_FROM = 100  # rows from which the oldest 2 % are more than one row
STARTS: Final[Mapping[str, str]] = {"contact": "contact_on", "referral": "referral_date", "visit": "visit_on", "assessment": "started_on"}
TEAM_TABLES: Final = ("referral", "allocation")
_EPOCH = dt.date(1970, 1, 1).toordinal()


def stats_of(snapshot: Snapshot) -> list[Stat]:
    """The numbers of one extract. Tables without rows have none."""
    as_of, tables = snapshot.extract.as_of, snapshot.tables
    days = event_days(tables, as_of)
    newest = dt.date.fromordinal(int(days.max())) if len(days) else as_of
    made = [
        *_durations(tables["assessment"], as_of),
        *_visits(tables["visit"], newest),
        *_without_worker(tables),
        *_rows_of_teams(tables),
        *_filled(tables),
        *_unknown(tables),
        *_window_start(tables),
    ]
    return [*made, Stat("newest_event", "", float(newest.toordinal()))] if len(days) else made


def _durations(frame: pd.DataFrame, as_of: dt.date) -> Iterator[Stat]:
    days = (_days(frame["authorised_on"]) - _days(frame["started_on"])).astype(np.float64)
    ago = _days_ago(frame["authorised_on"], as_of)
    recent = days[(ago >= 0) & (ago < DONE_DAYS) & ~np.isnan(days)]
    if len(recent):
        yield Stat("assessment_days", "assessment", float(np.median(recent)))
        yield Stat("assessment_days_of", "assessment", float(len(recent)))


def _visits(frame: pd.DataFrame, newest: dt.date) -> Iterator[Stat]:
    """Counted back from the newest event of the extract: that an export is old is told by `freshness`, and by that alone."""
    ago = _days_ago(frame["visit_on"], newest)
    in_week = frame["kind"][(ago >= 0) & (ago < 7)].value_counts()
    for kind in sorted(set(frame["kind"].dropna()) & set(TABLES["visit"].column("kind").codes)):
        yield Stat(f"visits_per_week.{kind}", "visit", float(in_week.get(kind, 0)))


def _without_worker(tables: Mapping[str, pd.DataFrame]) -> Iterator[Stat]:
    table = "allocation" if len(tables["allocation"]) else "referral"
    frame = tables[table]
    is_open = frame[CLOSING[table]].isna() & frame["team_id"].notna()
    lacks = frame.loc[is_open, "worker_id"].isna()
    by_team = lacks.groupby(frame.loc[is_open, "team_id"]).agg(["mean", "size"])
    for team, share, rows in by_team.itertuples():
        yield Stat("no_worker", str(team), float(share))
        yield Stat("no_worker_of", str(team), float(rows))


def _rows_of_teams(tables: Mapping[str, pd.DataFrame]) -> Iterator[Stat]:
    for table in TEAM_TABLES:
        for team, rows in tables[table]["team_id"].value_counts().items():
            yield Stat(f"team_rows.{table}", str(team), float(rows))


def _filled(tables: Mapping[str, pd.DataFrame]) -> Iterator[Stat]:
    for name, shape in TABLES.items():
        frame = tables[name]
        if frame.empty:
            continue
        yield Stat("rows", name, float(len(frame)))
        for column in (c for c in shape.columns if not c.required):
            yield Stat(f"filled.{column.name}", name, float(frame[column.name].notna().mean()))


def _unknown(tables: Mapping[str, pd.DataFrame]) -> Iterator[Stat]:
    for (table, column), known in LISTS.items():
        share = unknown_share(tables[table][column], known)
        if share is not None:
            yield Stat(f"unknown.{column}", table, share)


def _window_start(tables: Mapping[str, pd.DataFrame]) -> Iterator[Stat]:
    for table, column in STARTS.items():
        days = _days(tables[table][column].dropna()).astype(np.int64)
        if len(days) >= OLDEST_FROM:
            at = int(len(days) * OLDEST_SHARE)
            yield Stat("window_start", table, float(np.partition(days, at)[at] + _EPOCH))


# --- events ----------------------------------------------------------------------------------------------------------
def event_days(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> DayNumbers:
    """The day number of everything that happened up to the extract's date, in any order. Dates that are due or planned are none."""
    found = [np.zeros(0, dtype=np.int64)]
    for name, shape in TABLES.items():
        for column in shape.dates:
            if column not in DUE and (name, column) not in PLANNED and len(tables[name]):
                found.append(_days(tables[name][column].dropna()).astype(np.int64) + _EPOCH)
    made = np.concatenate(found)
    return made[made <= as_of.toordinal()]


def _days(column: pd.Series) -> Dates:
    return column.to_numpy(dtype="datetime64[s]").astype("datetime64[D]")


def _days_ago(column: pd.Series, as_of: dt.date) -> DayNumbers:
    """Days from the date to the extract's; -1 for what has no date."""
    days = _days(column)
    made = (np.datetime64(as_of, "D") - days).astype(np.int64)
    made[np.isnat(days)] = -1
    return made
