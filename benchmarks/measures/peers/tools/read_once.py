"""The limit of the memory: every column that caseclock reads is read once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tools import caseclock_tally


def prepared(path: Path, shape: tuple[int, int]) -> list[pd.DataFrame]:
    return caseclock_tally.prepared(path, shape)


def figures(frames: list[pd.DataFrame], _shape: tuple[int, int]) -> None:
    for frame in frames:
        for name in ("rule", "team", "state"):
            frame[name].cat.codes.to_numpy().max()
        for name in ("started_on", "due_on", "stopped_on"):
            frame[name].to_numpy().view(np.int64).max()
        for name in ("elapsed", "limit"):
            frame[name].to_numpy().max()
