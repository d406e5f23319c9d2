"""polars: text columns, then dates by their format."""

from __future__ import annotations

import polars as pl
from suite import COLUMNS, DATES


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pl.read_csv(path, infer_schema=False).with_columns(
        *(pl.col(name).str.to_date("%d/%m/%Y") for name in DATES),
        *(pl.col(name).cast(pl.Float64) for name in ("age", "fte")),
        *(pl.when(pl.col(name).is_not_null()).then(pl.col(name) == "Y").alias(name) for name in ("nfa", "seen")),
    )
    days = {name: frame[name].drop_nulls().cast(pl.Int32).to_numpy() for name in DATES}
    return {name: len(frame) - frame[name].null_count() for name in COLUMNS}, days
