"""DuckDB with caseclock's plan: every clock into one class, the classes counted, the figures read off; ages of open clocks likewise."""

from __future__ import annotations

from pathlib import Path

import duckdb
from suite import BANDS, CLASSES, PERIODS, RULES, SINCE, Answer, read_off

from tools import duckdb_direct


def prepared(path: Path, shape: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    return duckdb_direct.prepared(path, shape)


parted = duckdb_direct.parted


def figures(database: duckdb.DuckDBPyConnection, shape: tuple[int, int]) -> Answer:
    said = duckdb_direct.conditions()
    cell = f"((council::BIGINT * {len(RULES)} + enum_code(rule)) * {shape[1]} + enum_code(team))"
    stopped, started = (
        " + ".join(f"(coalesce({name} <= DATE '{SINCE[days]}', true))::INT" for days in PERIODS) for name in ("stopped_on", "started_on")
    )
    due = f"({said['due_5']})::INT + ({said['due_10']})::INT"
    fell_due = f"({said['fell_due_5']})::INT + 2 * ({said['fell_due_10']})::INT"
    bands = " ".join(f"WHEN {said[band]} THEN {i}" for i, band in enumerate(BANDS))
    key = cell
    classes = ("enum_code(state)", f"({stopped})", f"({started})", f"({due})", f"({fell_due})", f"(CASE {bands} ELSE {len(BANDS)} END)")
    for size, found in zip(CLASSES, classes, strict=True):
        key = f"({key} * {size} + {found})"
    counts = database.execute(f"SELECT {key} AS key, count(*) AS n FROM clock GROUP BY 1").fetchnumpy()
    ages = database.execute(f"SELECT max(elapsed) + 1 FROM clock WHERE {duckdb_direct.OPEN}").fetchone()[0]  # type: ignore[index]
    by_age = database.execute(
        f"SELECT {cell} * {ages} + elapsed AS key, count(*) AS n FROM clock WHERE {duckdb_direct.OPEN} GROUP BY 1"
    ).fetchnumpy()
    return read_off(counts["key"], counts["n"], by_age["key"], by_age["n"], ages, shape)
