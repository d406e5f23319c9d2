"""DuckDB: read_csv with the types told."""

from __future__ import annotations

import duckdb
import numpy as np
from suite import COLUMNS, DATES, TEXT


def check(path: str):  # type: ignore[no-untyped-def]
    types = dict.fromkeys(TEXT, "VARCHAR") | dict.fromkeys(DATES, "DATE") | {"age": "DOUBLE", "fte": "DOUBLE"}
    types |= {"nfa": "VARCHAR", "seen": "VARCHAR"}
    types = {name: types[name] for name in COLUMNS}  # by position in the file
    with duckdb.connect() as c:
        c.execute(f"CREATE TABLE t AS SELECT * REPLACE (nfa = 'Y' AS nfa, seen = 'Y' AS seen) FROM "
                  f"read_csv('{path}', header=true, columns={types}, dateformat='%d/%m/%Y')")  # fmt: skip
        counts = dict(zip(COLUMNS, c.execute(f"SELECT {', '.join(f'count({n})' for n in COLUMNS)} FROM t").fetchone(), strict=True))
        days = {
            n: c.execute(f"SELECT ({n} - DATE '1970-01-01')::BIGINT AS d FROM t WHERE {n} IS NOT NULL").fetchnumpy()["d"] for n in DATES
        }
    return counts, {n: np.asarray(d) for n, d in days.items()}
