"""pandera on pandas: one lazy schema; failing rows from its failure cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from suite import COLUMNS, RULES, Expectation


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pd.read_parquet(path)
    by_column: dict[str, list[pa.Check]] = {name: [] for name in COLUMNS}
    wide = []
    for r in RULES:
        if r.kind in ("in_order", "filled_when_true", "unique_pair"):
            wide.append(_wide(r))
        else:
            by_column[r.column].append(_check(r))
    schema = pa.DataFrameSchema({name: pa.Column(None, checks, nullable=True) for name, checks in by_column.items()}, checks=wide)
    ids: dict[str, np.ndarray] = {r.id: np.zeros(0, dtype=np.int64) for r in RULES}
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        for rule, cases in error.failure_cases.groupby("check", observed=True):
            ids[str(rule)] = cases["index"].dropna().astype("int64").drop_duplicates().to_numpy()
    return {rule: len(at) for rule, at in ids.items()}, ids


def _check(r: Expectation) -> pa.Check:
    match r.kind:
        case "known":
            return pa.Check(lambda s: s.notna(), name=r.id, error=r.id, ignore_na=False)
        case "unique":
            return pa.Check(lambda s: ~(s.duplicated(keep=False) & s.notna()), name=r.id, error=r.id)
        case "matches":
            return pa.Check.str_matches(r.of[0], name=r.id, error=r.id)
        case "one_of":
            return pa.Check.isin(r.of, name=r.id, error=r.id)
        case "not_one_of":
            return pa.Check.notin(r.of, name=r.id, error=r.id)
    low, high = (pd.Timestamp(b) if hasattr(b, "year") else b for b in r.of)
    return pa.Check.in_range(low, high, name=r.id, error=r.id)


def _wide(r: Expectation) -> pa.Check:
    if r.kind == "in_order":
        return pa.Check(lambda f: ~(f[r.column] < f[r.of[0]]), name=r.id, error=r.id, ignore_na=False)
    if r.kind == "filled_when_true":
        return pa.Check(lambda f: ~(f[r.of[0]].eq(True) & f[r.column].isna()), name=r.id, error=r.id, ignore_na=False)
    return pa.Check(lambda f: ~f.duplicated([r.column, *r.of], keep=False), name=r.id, error=r.id, ignore_na=False)
