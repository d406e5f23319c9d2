"""DuckDB: one SELECT with a filtered aggregate for each figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from suite import AS_OF, BACK, BANDS, FIGURES, IN_MONTHS, PERIODS, RULES, SETTLED, SINCE, STATES, UNTIL, Answer, answer, team_names

OPEN = "state IN ('running', 'due_soon', 'overdue')"


def prepared(path: Path, shape: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    """An own table with the types that serve it best."""
    database = duckdb.connect()
    database.execute("SET threads TO 1; SET preserve_insertion_order = false")
    for name, words in {"rule": RULES, "team": team_names(shape[1]), "state": STATES}.items():
        database.execute(f"CREATE TYPE {name}_ AS ENUM ({', '.join(repr(word) for word in words)})")
    database.execute(
        f"""CREATE TABLE clock AS SELECT council, rule::rule_ AS rule, team::team_ AS team, started_on::DATE AS started_on,
            due_on::DATE AS due_on, stopped_on::DATE AS stopped_on, elapsed, "limit", state::state_ AS state FROM '{path}'"""
    )
    return database


def parted(database: duckdb.DuckDBPyConnection, councils: int) -> list[duckdb.DuckDBPyConnection]:
    """A table of its own for each council, which a cursor of its own finds first."""
    made = []
    for number in range(councils):
        database.execute(f"CREATE SCHEMA c{number}")
        database.execute(f"CREATE TABLE c{number}.clock AS SELECT * REPLACE (0 AS council) FROM main.clock WHERE council = {number}")
        made.append(database.cursor())
        made[-1].execute(f"SET search_path = 'c{number},main'")
    database.execute("DROP TABLE main.clock")
    return made


def conditions() -> dict[str, str]:
    late = "state IN ('overdue', 'done_late')"
    made = {name: f"state = '{name}'" for name in STATES}
    for days in PERIODS:
        for name in ("done_in_time", "done_late"):
            made[f"{name}_{days}"] = f"state = '{name}' AND stopped_on > DATE '{SINCE[days]}'"
        made[f"started_{days}"] = f"started_on > DATE '{SINCE[days]}'"
    for ahead in (5, 10):
        back = f"DATE '{BACK[ahead]}'"
        made[f"due_{ahead}"] = f"state IN ('running', 'due_soon') AND due_on < DATE '{UNTIL[ahead]}'"
        made[f"fell_due_{ahead}"] = f"{late} AND due_on >= {back} AND due_on < DATE '{SETTLED}' AND started_on <= {back}"
    months = f"rule IN ({', '.join(repr(rule) for rule in IN_MONTHS)})"
    age = f"(CASE WHEN {months} THEN DATE '{AS_OF}' - started_on ELSE elapsed END)"
    limit = f"""(CASE WHEN {months} THEN due_on - started_on ELSE "limit" END)"""
    low = None
    for band, high in zip(BANDS, (1, 2, 3, 4, 6, None), strict=True):
        parts = [OPEN] + [f"4 * {age} > {low} * {limit}"] * (low is not None) + [f"4 * {age} <= {high} * {limit}"] * (high is not None)
        made[band] = " AND ".join(parts)
        low = high
    return made


def figures(database: duckdb.DuckDBPyConnection, _shape: tuple[int, int]) -> dict[str, Any]:
    counts = ", ".join(f"count(*) FILTER ({condition}) AS {name}" for name, condition in conditions().items())
    return database.execute(
        f"""SELECT council, enum_code(rule) AS rule, enum_code(team) AS team, {counts},
            median(elapsed) FILTER ({OPEN}) AS median_age, max(elapsed) FILTER ({OPEN}) AS oldest
            FROM clock GROUP BY ALL"""
    ).fetchnumpy()


def answer_of(made: dict[str, Any], shape: tuple[int, int]) -> Answer:
    found = {name: np.ma.filled(made[name].astype(np.float64), np.nan) for name in FIGURES[-2:]}
    return answer(made["council"], made["rule"], made["team"], {**made, **found}, shape)
