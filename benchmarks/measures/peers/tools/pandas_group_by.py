"""pandas: a column of yes or no for each figure, then one group-by; a second one for the ages of open clocks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from suite import AS_OF, BACK, BANDS, FIGURES, IN_MONTHS, PERIODS, RULES, SETTLED, SINCE, STATES, UNTIL, Answer, answer

BY = ["council", "rule", "team"]


def prepared(path: Path, _shape: tuple[int, int]) -> pd.DataFrame:
    return pq.read_table(path).to_pandas()


def parted(frame: pd.DataFrame, councils: int) -> list[pd.DataFrame]:
    ends = frame["council"].searchsorted(range(councils + 1))
    return [frame.iloc[begin:end].assign(council=0) for begin, end in pairwise(ends)]


def figures(frame: pd.DataFrame, _shape: tuple[int, int]) -> pd.DataFrame:
    state, due, started, stopped = frame["state"], frame["due_on"], frame["started_on"], frame["stopped_on"]
    open_, late = state.isin(STATES[:3]), state.isin(["overdue", "done_late"])
    asked = frame[BY].copy()
    for name in STATES:
        asked[name] = state == name
    for days in PERIODS:
        since = pd.Timestamp(SINCE[days])
        for name in ("done_in_time", "done_late"):
            asked[f"{name}_{days}"] = asked[name] & (stopped > since)
        asked[f"started_{days}"] = started > since
    for ahead in (5, 10):
        back = pd.Timestamp(BACK[ahead])
        asked[f"due_{ahead}"] = open_ & ~asked["overdue"] & (due < pd.Timestamp(UNTIL[ahead]))
        asked[f"fell_due_{ahead}"] = late & (due >= back) & (due < pd.Timestamp(SETTLED)) & (started <= back)
    in_months = frame["rule"].isin(IN_MONTHS)
    age = frame["elapsed"].where(~in_months, (pd.Timestamp(AS_OF) - started).dt.days)
    share = age / frame["limit"].where(~in_months, (due - started).dt.days)
    low = -1.0
    for band, high in zip(BANDS, (0.25, 0.5, 0.75, 1.0, 1.5, float("inf")), strict=True):
        asked[band] = open_ & (share > low) & (share <= high)
        low = high
    made = asked.groupby(BY, observed=True).sum()
    ages = frame[open_].groupby(BY, observed=True)["elapsed"].agg(["median", "max"])
    made["median_age"], made["oldest"] = ages["median"], ages["max"]
    return made


def answer_of(made: pd.DataFrame, shape: tuple[int, int]) -> Answer:
    at = made.reset_index()
    rules = at["rule"].map({rule: i for i, rule in enumerate(RULES)}).astype(int)
    teams = at["team"].astype("str").str[1:].astype(int)
    return answer(at["council"], rules, teams, {name: at[name] for name in FIGURES}, shape)
