"""What a careful analyst writes: pandas and numpy, a mask per rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from suite import RULES, Expectation


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pd.read_parquet(path)
    ids = {rule.id: np.flatnonzero(MASKS[rule.kind](frame, rule)) for rule in RULES}
    return {rule: len(at) for rule, at in ids.items()}, ids


def _between(f: pd.DataFrame, r: Expectation) -> np.ndarray:
    low, high = (pd.Timestamp(b) if hasattr(b, "year") else b for b in r.of)
    column = f[r.column]
    return ((column < low) | (column > high)).to_numpy()


def _unique(f: pd.DataFrame, r: Expectation) -> np.ndarray:
    return (f[r.column].duplicated(keep=False) & f[r.column].notna()).to_numpy()


MASKS = {
    "known": lambda f, r: f[r.column].isna().to_numpy(),
    "unique": _unique,
    "matches": lambda f, r: (~f[r.column].str.fullmatch(r.of[0].strip("^$")) & f[r.column].notna()).to_numpy(dtype=bool),
    "one_of": lambda f, r: (~f[r.column].isin(r.of) & f[r.column].notna()).to_numpy(),
    "not_one_of": lambda f, r: f[r.column].isin(r.of).to_numpy(),
    "between": _between,
    "in_order": lambda f, r: (f[r.column] < f[r.of[0]]).to_numpy(),
    "filled_when_true": lambda f, r: (f[r.of[0]].eq(True) & f[r.column].isna()).to_numpy(dtype=bool),
    "unique_pair": lambda f, r: f.duplicated([r.column, *r.of], keep=False).to_numpy(),
}
