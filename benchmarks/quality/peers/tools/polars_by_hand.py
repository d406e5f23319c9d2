"""The same by hand in polars: one lazy select of all masks."""

from __future__ import annotations

import datetime as dt

import polars as pl
from suite import RULES, Expectation


def check(path: str):  # type: ignore[no-untyped-def]
    flags = pl.scan_parquet(path).select(_mask(r).fill_null(False).alias(r.id) for r in RULES).collect()
    ids = {name: flags[name].arg_true().to_numpy() for name in flags.columns}
    return {rule: len(at) for rule, at in ids.items()}, ids


def _mask(r: Expectation) -> pl.Expr:
    column = pl.col(r.column)
    match r.kind:
        case "known":
            return column.is_null()
        case "unique":
            return column.is_duplicated() & column.is_not_null()
        case "matches":
            return ~column.str.contains(r.of[0])
        case "one_of":
            return ~column.is_in(list(r.of))
        case "not_one_of":
            return column.is_in(list(r.of))
        case "between":
            low, high = (dt.datetime.combine(b, dt.time()) if hasattr(b, "year") else b for b in r.of)
            return ~column.is_between(low, high)
        case "in_order":
            return column < pl.col(r.of[0])
        case "filled_when_true":
            return pl.col(r.of[0]).fill_null(False) & column.is_null()
    return pl.struct(r.column, *r.of).is_duplicated()
