"""The script that an analyst would write: dates in, `numpy.busday_count` and `busday_offset`, then the group-by of `pandas_group_by`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from suite import AS_OF, CALENDAR, RULES, WARN, Answer

from tools import pandas_group_by

DAYS = np.arange("1990-01-01", "2033-01-01", dtype="datetime64[D]")
CLOSED = np.array([day for day in DAYS if not CALENDAR.is_working_day(day.item())], dtype="datetime64[D]")


def prepared(path: Path, shape: tuple[int, int]) -> pd.DataFrame:
    return pandas_group_by.prepared(path, shape).drop(columns=["elapsed", "due_on", "state"])


def figures(frame: pd.DataFrame, shape: tuple[int, int]) -> pd.DataFrame:
    return pandas_group_by.figures(pd.concat([_of_rule(part, rule) for rule, part in frame.groupby("rule", observed=True)]), shape)


def answer_of(made: pd.DataFrame, shape: tuple[int, int]) -> Answer:
    return pandas_group_by.answer_of(made, shape)


def _of_rule(frame: pd.DataFrame, rule: str) -> pd.DataFrame:
    unit = RULES[rule][0]
    today = np.datetime64(AS_OF, "D")
    start, stop = (frame[name].to_numpy().astype("datetime64[D]") for name in ("started_on", "stopped_on"))
    limit, done = frame["limit"].to_numpy(), frame["stopped_on"].notna().to_numpy()
    until = np.where(done, stop, today)
    if unit == "working_day":
        elapsed = np.busday_count(start + 1, until + 1, holidays=CLOSED)
        due = np.busday_offset(start, limit, roll="backward", holidays=CLOSED)
        late, left = elapsed > limit, np.busday_count(today + 1, np.maximum(due, today) + 1, holidays=CLOSED)
    else:
        due = start + limit if unit == "calendar_day" else (frame["started_on"] + pd.DateOffset(months=limit[0])).to_numpy().astype("M8[D]")
        elapsed = (until - start).astype(int) if unit == "calendar_day" else _months(start, until)
        late, left = until > due, (np.maximum(due, today) - today).astype(int)
    waits = np.where(left <= WARN, "due_soon", "running")
    state = np.where(done, np.where(late, "done_late", "done_in_time"), np.where(late, "overdue", waits))
    return frame.assign(elapsed=elapsed, due_on=due.astype("M8[s]"), state=pd.Categorical(state))


def _months(start: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Whole months: one less where the day of the month has not come, a month that is too short ending on its last day."""
    months = (until.astype("M8[M]") - start.astype("M8[M]")).astype(int)
    day = (start - start.astype("M8[M]")).astype(int)
    length = ((until.astype("M8[M]") + 1).astype("M8[D]") - until.astype("M8[M]").astype("M8[D]")).astype(int)
    return months - (np.minimum(day, length - 1) > (until - until.astype("M8[M]")).astype(int))
