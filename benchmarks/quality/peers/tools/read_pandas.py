"""pandas: C parser, text as text, dates by their format."""

from __future__ import annotations

import numpy as np
import pandas as pd
from suite import COLUMNS, DATES, TEXT


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pd.read_csv(path, dtype=dict.fromkeys(TEXT, "str"), parse_dates=list(DATES), date_format="%d/%m/%Y")
    for flag in ("nfa", "seen"):
        frame[flag] = frame[flag].map({"Y": True, "N": False}).astype("boolean")
    days = {name: frame[name].dropna().to_numpy(dtype="datetime64[D]").astype(np.int64) for name in DATES}
    return {name: int(frame[name].notna().sum()) for name in COLUMNS}, days
