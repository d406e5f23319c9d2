"""caseclock: the same 27 rules as data, evaluated in one pass, counted by a Great Expectations suite of 27 expectations."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from suite import AS_OF, COLUMNS, KINDS, RULES, Expectation

from caseclock.extracts import Extract
from caseclock.quality.check import TableCheck
from caseclock.quality.config import QualityConfig
from caseclock.quality.rule import Rule, in_codes, in_order, known
from caseclock.quality.scene import Links, Mask, Scene, text_of
from caseclock.quality.suites import evaluate
from caseclock.snapshots import Snapshot
from caseclock.snapshots.tables import TABLES, Column, Table

TABLES["bench"] = Table("bench", "one row per case", tuple(Column(name, KINDS[name]) for name in COLUMNS))  # type: ignore[arg-type]
DTYPES = {"id": "str", "code": "str", "date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}


def _rule(r: Expectation) -> Rule:
    if r.kind == "known":
        return known(r.column)
    if r.kind == "one_of":
        return in_codes(r.column, r.of, "critical")
    if r.kind == "in_order":
        return in_order(r.of[0], r.column, "dates cannot both be right")
    return Rule(r.id, "critical", (r.column,), "a rule of the bench", lambda s: FAILING[r.kind](s, r))


def _between(s: Scene, r: Expectation) -> Mask:
    low, high = (np.datetime64(b, "s") if hasattr(b, "year") else b for b in r.of)
    values = s.dates(r.column) if KINDS[r.column] == "date" else s.frame[r.column].to_numpy()
    return (values < low) | (values > high)


def _unlike(s: Scene, r: Expectation) -> Mask:
    like = pc.match_substring_regex(text_of(s.frame[r.column]), r.of[0])
    return ~like.fill_null(True).to_numpy(zero_copy_only=False)


FAILING = {
    "between": _between,
    "unique": lambda s, r: s.repeated([r.column], ~s.missing(r.column)),
    "unique_pair": lambda s, r: s.repeated([r.column, *r.of]),
    "matches": lambda s, r: _unlike(s, r),
    "not_one_of": lambda s, r: s.frame[r.column].isin(list(r.of)).to_numpy(dtype=bool),
    "filled_when_true": lambda s, r: s.is_true(r.of[0]) & s.missing(r.column),
}


class Bench(TableCheck):
    """The bench's own rules in the place of a canonical table's."""

    @property
    def rules(self) -> list[Rule]:  # type: ignore[override]
        return MADE

    @property
    def not_evaluated(self) -> dict[str, str]:  # type: ignore[override]
        return {}


MADE = [_rule(r) for r in RULES]


def warm() -> None:
    """The import of Great Expectations belongs to the import, as with every other tool."""
    import great_expectations as gx  # noqa: F401

    import caseclock.quality.expectations  # noqa: F401


warm()


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pd.read_parquet(path).astype({name: DTYPES[kind] for name, kind in KINDS.items()})
    frame["_row"], frame["_file"] = np.arange(2, len(frame) + 2), "bench.parquet"
    moment = dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC)
    extract = Extract("b" * 16, "bench", AS_OF, 1, "0" * 64, "bench", "bench", moment)
    made = Bench("bench", Links({"bench": frame}), Snapshot(extract, {"bench": frame}), QualityConfig())
    counted = {f.rule: f.failing for f in evaluate([made]).unmet}
    names = {m.id: r.id for m, r in zip(MADE, RULES, strict=True)}
    ids = {names[str(rule)]: np.flatnonzero(made.flags[rule].to_numpy()) for rule in made.flags}
    return {name: counted.get(rule, 0) for rule, name in names.items()}, ids
