"""Small typed snapshots for these tests: a row is a dict, whatever it leaves out is filled with something harmless."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pandas as pd

from caseclock.extracts import Extract, Reject
from caseclock.snapshots import TABLES, Snapshot

AS_OF = dt.date(2026, 11, 20)
DTYPES = {"id": "str", "code": "str", "date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean", "number": "float64"}
FILLED: dict[str, Any] = {
    "contact_on": "2026-09-01",
    "referral_date": "2026-09-01",
    "strategy_on": "2026-09-03",
    "visit_on": "2026-10-01",
    "supervised_on": "2026-10-05",
    "received_on": "2026-09-01",
    "counted_on": "2026-10-01",
    "set_on": "2026-09-01",
    "role": "SW",
    "priority": "high",
    "team_id": "T1",
    "worker_id": "W1",
    "contact_id": "contact-2",
    "due_on": "2026-11-12",
}
STARTS = {"assessment": "2026-09-02", "plan": "2026-09-20", "allocation": "2026-09-02"} | dict.fromkeys(
    ("care", "placement", "legal", "missing"), "2026-09-10"
)
KINDS = {"conference": "initial", "plan": "cp", "review": "cp", "visit": "cp", "supervision": "case", "meeting": "core_group"}


def frame(table: str, rows: Iterable[dict[str, Any]] = ()) -> pd.DataFrame:
    """A canonical table. Keys are numbered by row (`assessment-2`), `_row` counts from 2 below a header."""
    shape = TABLES[table]
    made = []
    for n, row in enumerate(rows, start=2):
        full: dict[str, Any] = dict.fromkeys(shape.names) | {shape.key: f"{table}-{n}", "_file": f"{table}.csv", "_row": n}
        for column in shape.columns:
            if (column.required and column.name in FILLED) or column.name == "due_on":
                full[column.name] = FILLED[column.name]
        if table in STARTS:
            full["started_on"] = STARTS[table]
        if table in KINDS:
            full["kind"] = KINDS[table]
        if "child_id" in shape.names and table != "child":
            full["child_id"] = "child-2"
        unknown = set(row) - set(full)
        assert not unknown, unknown
        made.append(full | row)
    typed = pd.DataFrame(made, columns=[*shape.names, "_file", "_row"])
    return typed.astype({c.name: DTYPES[c.kind] for c in shape.columns} | {"_row": "int64", "_file": "str"})


def extract(as_of: dt.date = AS_OF, id: str = "e000000000000001") -> Extract:
    return Extract(id, "demo", as_of, 1, "0" * 64, "demo.zip", "demo.zip", dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC))


def snapshot(as_of: dt.date = AS_OF, rejects: Iterable[Reject] = (), **tables: Iterable[dict[str, Any]] | pd.DataFrame) -> Snapshot:
    """Tables by name as rows or frames; a child and a referral are there unless given."""
    given = {"child": [{}], "referral": [{}], "allocation": [{}]} | tables
    frames = {t: g if isinstance(g, pd.DataFrame) else frame(t, g) for t in TABLES if (g := given.get(t, ())) is not None}
    return Snapshot(extract(as_of), frames, list(rejects))
