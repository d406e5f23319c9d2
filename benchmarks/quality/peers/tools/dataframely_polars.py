"""dataframely on polars: a schema class with rules; failing rows from its filter result."""

from __future__ import annotations

import datetime as dt

import dataframely as dy
import polars as pl
from suite import DATES, RULES, TEXT, Expectation


def _expr(r: Expectation) -> pl.Expr:
    column = pl.col(r.column)
    match r.kind:
        case "known":
            return column.is_not_null()
        case "unique":
            return ~(column.is_duplicated() & column.is_not_null())
        case "matches":
            return column.str.contains(r.of[0])
        case "one_of":
            return column.is_in(list(r.of))
        case "not_one_of":
            return ~column.is_in(list(r.of))
        case "between":
            low, high = (dt.datetime.combine(b, dt.time()) if hasattr(b, "year") else b for b in r.of)
            return column.is_between(low, high)
        case "in_order":
            return column >= pl.col(r.of[0])
        case "filled_when_true":
            return ~(pl.col(r.of[0]).fill_null(False) & column.is_null())
    return ~pl.struct(r.column, *r.of).is_duplicated()


def _rule(r: Expectation):  # type: ignore[no-untyped-def]
    def rule(cls) -> pl.Expr:  # type: ignore[no-untyped-def]
        return _expr(r).fill_null(True)

    rule.__name__ = r.id
    return dy.rule()(rule)


COLUMNS = {
    "row": dy.UInt32(),
    **{name: dy.String(nullable=True) for name in TEXT},
    **{name: dy.Datetime(nullable=True, time_unit="ms") for name in DATES},
    **{name: dy.Bool(nullable=True) for name in ("nfa", "seen")},
    **{name: dy.Float64(nullable=True) for name in ("age", "fte")},
}
Case = type("Case", (dy.Schema,), COLUMNS | {f"rule_{r.id}": _rule(r) for r in RULES})


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pl.read_parquet(path).with_row_index("row")
    _, failure = Case.filter(frame)
    details = failure.details()
    ids = {r.id: details.filter(pl.col(f"rule_{r.id}") == "invalid")["row"].to_numpy() for r in RULES}
    return {rule: len(at) for rule, at in ids.items()}, ids
