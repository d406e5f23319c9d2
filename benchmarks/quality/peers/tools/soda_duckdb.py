"""Soda on DuckDB: a data contract over the Parquet file as a table. It counts failing rows and does not name them."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import duckdb
import yaml
from suite import COLUMNS, RULES, Expectation

logging.disable(logging.INFO)
from soda_core.contracts import verify_contract_locally  # noqa: E402


def check(path: str):  # type: ignore[no-untyped-def]
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch)
        db = at / "bench.duckdb"
        with duckdb.connect(str(db)) as c:
            c.execute(f"CREATE TABLE cases AS SELECT * FROM read_parquet('{path}')")
            c.execute("CREATE TABLE workers AS SELECT format('W{:04d}', n) AS worker_id FROM range(2000) AS t(n)")
        (at / "ds.yml").write_text(yaml.safe_dump({"type": "duckdb", "name": "ds", "connection": {"database": str(db)}}))
        columns: dict[str, list] = {name: [] for name in COLUMNS}
        wide = []
        for r in RULES:
            (wide if r.kind in ("in_order", "filled_when_true", "unique_pair") else columns[r.column]).append(_check(r))
        contract = {
            "dataset": "ds/bench/main/cases",
            "checks": wide,
            "columns": [{"name": name} | ({"checks": checks} if checks else {}) for name, checks in columns.items()],
        }
        (at / "contract.yml").write_text(yaml.safe_dump(contract))
        session = verify_contract_locally(data_source_file_path=str(at / "ds.yml"), contract_file_path=str(at / "contract.yml"))
    counts = {}
    for result in session.contract_verification_results[0].check_results:
        values = result.diagnostic_metric_values or {}
        counts[result.check.qualifier] = values
    metric = {"known": "missing_count"} | dict.fromkeys(("matches", "one_of", "not_one_of"), "invalid_count")
    return {
        r.id: counts[r.id][metric.get(r.kind, "invalid_count" if r.column in ("age", "fte") else "failed_rows_count")] for r in RULES
    }, None


def _check(r: Expectation) -> dict:
    q = {"qualifier": r.id}
    match r.kind:
        case "known":
            return {"missing": q}
        case "matches":
            return {"invalid": q | {"valid_format": {"name": "key", "regex": r.of[0]}}}
        case "one_of" if r.column == "worker_id":  # 2,000 values in the contract take Soda minutes
            return {"invalid": q | {"valid_reference_data": {"dataset": "ds/bench/main/workers", "column": "worker_id"}}}
        case "one_of":
            return {"invalid": q | {"valid_values": list(r.of)}}
        case "not_one_of":
            return {"invalid": q | {"invalid_values": list(r.of)}}
        case "between" if not hasattr(r.of[0], "year"):
            return {"invalid": q | {"valid_min": r.of[0], "valid_max": r.of[1]}}
        case "between":
            return _failed(q, f"{r.column} NOT BETWEEN TIMESTAMP '{r.of[0]}' AND TIMESTAMP '{r.of[1]}'")
        case "in_order":
            return _failed(q, f"{r.column} < {r.of[0]}")
        case "filled_when_true":
            return _failed(q, f"{r.of[0]} AND {r.column} IS NULL")
        case "unique":
            names = r.column
            where = f"WHERE {r.column} IS NOT NULL"
        case _:
            names, where = ", ".join((r.column, *r.of)), ""
    query = f"SELECT * FROM (SELECT count(*) OVER (PARTITION BY {names}) AS n FROM main.cases {where}) WHERE n > 1"
    return {"failed_rows": q | {"query": query}}


def _failed(q: dict, expression: str) -> dict:
    return {"failed_rows": q | {"expression": expression}}
