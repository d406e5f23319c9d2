"""Faults as real extracts have them, at a low rate and on the same rows in every extract.

Each is a known defect of the SSD exports: `-1` for nobody, 1900-01-01 for no date, an end before its start,
a primary key twice from a one-to-many join.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from caseclock.demo.council_draw import Flags

if TYPE_CHECKING:
    import pandas as pd

RATE = 0.003

Change = Callable[["pd.DataFrame", Flags, str, str], "pd.DataFrame"]


def _nobody(frame: pd.DataFrame, rows: Flags, column: str, _: str) -> pd.DataFrame:
    frame.loc[rows & frame[column].notna().to_numpy(), column] = "-1"
    return frame


def _placeholder(frame: pd.DataFrame, rows: Flags, column: str, _: str) -> pd.DataFrame:
    """Stands where there is no date: the work is open."""
    frame.loc[rows & frame[column].isna().to_numpy(), column] = "1900-01-01"
    return frame


def _before_start(frame: pd.DataFrame, rows: Flags, column: str, start: str) -> pd.DataFrame:
    use = rows & frame[column].notna().to_numpy(dtype=np.bool_)
    starts: list[str] = frame[start][use].tolist()
    frame.loc[use, column] = [(dt.date.fromisoformat(text) - dt.timedelta(days=3)).isoformat() for text in starts]
    return frame


def _twice(frame: pd.DataFrame, rows: Flags, column: str, _: str) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([frame, frame[rows]], ignore_index=True)


FAULTS: tuple[tuple[str, Change, str, str], ...] = (  # file, fault, column, its start
    ("ssd_cin_assessments.csv", _nobody, "cina_assessment_worker_id", ""),
    ("ssd_cin_assessments.csv", _placeholder, "cina_assessment_auth_date", ""),
    ("ssd_cin_assessments.csv", _before_start, "cina_assessment_auth_date", "cina_assessment_start_date"),
    ("ssd_s47_enquiry.csv", _nobody, "s47e_s47_completed_by_worker_id", ""),
    ("ssd_cin_plans.csv", _placeholder, "cinp_cin_plan_end_date", ""),
    ("ssd_involvements.csv", _before_start, "invo_involvement_end_date", "invo_involvement_start_date"),
    ("ssd_contacts.csv", _twice, "", ""),
    ("ssd_cp_reviews.csv", _twice, "", ""),
    ("ssd_cla_reviews.csv", _twice, "", ""),
)


def with_faults(tables: Mapping[str, pd.DataFrame], rate: float = RATE) -> dict[str, pd.DataFrame]:
    """The tables with each fault on about `rate` of the rows it can befall, chosen by the row's key; the given frames stay as they are."""
    import pandas as pd

    made = dict(tables)
    for number, (file, change, column, start) in enumerate(FAULTS):
        frame = made[file].copy()
        drawn = pd.util.hash_array(frame.iloc[:, 0].to_numpy(dtype=object), hash_key=f"fault {number:010d}")
        rows: Flags = drawn < np.uint64(rate * 2**64)
        made[file] = change(frame, rows, column, start)
    return made
