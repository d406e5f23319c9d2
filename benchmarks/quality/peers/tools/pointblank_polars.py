"""pointblank on polars: a chained validation; row numbers from its extracts."""

from __future__ import annotations

import datetime as dt

import pointblank as pb
import polars as pl
from suite import RULES, Expectation


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pl.read_parquet(path).with_row_index("_row")
    made = pb.Validate(frame)
    for r in RULES:
        made = _step(made, r)
    made = made.interrogate(get_first_n=None, extract_limit=len(frame))
    counts, ids = {}, {}
    for step, r in enumerate(RULES, 1):
        counts[r.id] = made.n_failed(i=step, scalar=True)
        extract = made.get_data_extracts(i=step, frame=True)
        ids[r.id] = extract["_row"].to_numpy() if extract is not None and len(extract) else []
    return counts, ids


def _step(v: pb.Validate, r: Expectation) -> pb.Validate:
    match r.kind:
        case "known":
            return v.col_vals_not_null(r.column)
        case "unique":
            return v.col_vals_expr(~(pl.col(r.column).is_duplicated() & pl.col(r.column).is_not_null()))
        case "matches":
            return v.col_vals_regex(r.column, r.of[0], na_pass=True)
        case "one_of":  # pointblank's own in_set has no na_pass
            return v.col_vals_expr(pl.col(r.column).is_in(list(r.of)).fill_null(True))
        case "not_one_of":
            return v.col_vals_expr(~pl.col(r.column).is_in(list(r.of)).fill_null(False))
        case "between":
            low, high = (dt.datetime.combine(b, dt.time()) if hasattr(b, "year") else b for b in r.of)
            return v.col_vals_between(r.column, low, high, na_pass=True)
        case "in_order":
            return v.col_vals_ge(r.column, pb.col(r.of[0]), na_pass=True)
        case "filled_when_true":
            return v.col_vals_expr(~(pl.col(r.of[0]).fill_null(False) & pl.col(r.column).is_null()))
    return v.col_vals_expr(~pl.struct(r.column, *r.of).is_duplicated())  # the extract of rows_distinct has lost the row number
