"""Great Expectations as its documentation shows it: a pandas asset, stock expectations, COMPLETE with the index of failing rows."""

from __future__ import annotations

import datetime as dt
import logging
import os

import numpy as np
import pandas as pd
from suite import RULES, Expectation

logging.getLogger("great_expectations").setLevel(logging.WARNING)
import great_expectations as gx  # noqa: E402
import great_expectations.expectations as gxe  # noqa: E402
from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: E402
from great_expectations.expectations.row_conditions import Column  # noqa: E402

FORM = os.environ.get("BENCH_GX_FORMAT", "COMPLETE")


def check(path: str):  # type: ignore[no-untyped-def]
    frame = pd.read_parquet(path)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    made = {r.id: _expectation(r) for r in RULES}
    suite = gx.ExpectationSuite("s", expectations=list(made.values()))
    form = {"result_format": FORM, "partial_unexpected_count": 0, "exclude_unexpected_values": FORM == "COMPLETE"}
    if FORM == "BASIC":
        form.pop("exclude_unexpected_values")
    results = batch.get_batch({"dataframe": frame}).validate(suite, result_format=form).results
    counts, ids = {}, {}
    for result in results:
        rule = result.expectation_config.meta["id"]
        assert "unexpected_count" in result.result, (rule, result.exception_info)
        counts[rule] = result.result["unexpected_count"]
        ids[rule] = np.asarray(result.result.get("unexpected_index_list") or [], dtype=np.int64)
    return counts, ids if FORM == "COMPLETE" else None


def _expectation(r: Expectation):  # type: ignore[no-untyped-def]
    meta = {"id": r.id}
    match r.kind:
        case "known":
            return gxe.ExpectColumnValuesToNotBeNull(column=r.column, meta=meta)
        case "unique":
            return gxe.ExpectColumnValuesToBeUnique(column=r.column, meta=meta)
        case "matches":
            return gxe.ExpectColumnValuesToMatchRegex(column=r.column, regex=r.of[0], meta=meta)
        case "one_of":
            return gxe.ExpectColumnValuesToBeInSet(column=r.column, value_set=list(r.of), meta=meta)
        case "not_one_of":
            return gxe.ExpectColumnValuesToNotBeInSet(column=r.column, value_set=list(r.of), meta=meta)
        case "between":
            low, high = (dt.datetime.combine(b, dt.time()) if hasattr(b, "year") else b for b in r.of)
            return gxe.ExpectColumnValuesToBeBetween(column=r.column, min_value=low, max_value=high, meta=meta)
        case "in_order":
            return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=r.column, column_B=r.of[0], or_equal=True, ignore_row_if="either_value_is_missing", meta=meta
            )
        case "filled_when_true":
            return gxe.ExpectColumnValuesToNotBeNull(column=r.column, row_condition=Column(r.of[0]) == True, meta=meta)  # noqa: E712
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=[r.column, *r.of], ignore_row_if="never", meta=meta)
