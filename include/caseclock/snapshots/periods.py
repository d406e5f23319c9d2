"""What the rows of one thing say together: episodes of a period of care, visits to a private fostering arrangement."""

from __future__ import annotations

import numpy as np
import pandas as pd


def whole_periods(episodes: pd.DataFrame) -> pd.DataFrame:
    """The typed table `care` with `entered_on` and `left_on` filled in where the source leaves them blank.

    A period is a `care_id` (SSD: clae_cla_id). It was entered on the date that the source gives for it, else when its first episode began.
    It was left when its last episode ceased, once none of them is open. An end that cannot be read counts as open, and rows that are put
    aside count here too: no child may leave the clocks because a row of theirs is broken. A row without a `care_id` stays as it is.
    """
    made = episodes.copy(deep=False)
    for name, found in (("entered_on", _entered(made)), ("left_on", _left(made))):
        of_period = found.reindex(made["care_id"]).to_numpy(dtype="datetime64[s]")
        made[name] = made[name].where(made[name].notna(), of_period).astype("datetime64[s]")
    return made


def whole_arrangements(meetings: pd.DataFrame) -> pd.DataFrame:
    """The typed table `meeting`: when an arrangement has ended by one of its rows, it has ended by all of them."""
    if meetings["ended_on"].isna().all():
        return meetings
    made = meetings.copy(deep=False)
    last = made.groupby("arrangement_id")["ended_on"].max()
    of_all = last.reindex(made["arrangement_id"]).to_numpy(dtype="datetime64[s]")
    made["ended_on"] = made["ended_on"].where(made["arrangement_id"].isna(), of_all).astype("datetime64[s]")
    return made


def _entered(episodes: pd.DataFrame) -> pd.Series:
    by_period = episodes.groupby("care_id")
    return by_period["entered_on"].min().fillna(by_period["started_on"].min())


def _left(episodes: pd.DataFrame) -> pd.Series:
    is_open = episodes["ended_on"].isna().groupby(episodes["care_id"]).any()
    last = episodes.groupby("care_id")["ended_on"].max()
    return last.where(~is_open, np.datetime64("NaT"))
