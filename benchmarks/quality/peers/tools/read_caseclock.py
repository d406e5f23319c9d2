"""caseclock: the CSV to a typed canonical table, with row numbers, placeholders recognised and every bad cell accounted for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from suite import AS_OF, COLUMNS, DATES, KINDS

from caseclock.extracts import Extract, RawTable, ReadResult
from caseclock.extracts.delimited import read_columns
from caseclock.extracts.model import FILE, ROW
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots.tables import TABLES, Column, Table
from caseclock.snapshots.typing import build

TABLES.clear()
TABLES["bench"] = Table("bench", "one row per case", tuple(Column(name, KINDS[name]) for name in COLUMNS))  # type: ignore[arg-type]


def check(path: str):  # type: ignore[no-untyped-def]
    source = SourceConfig(id="bench", title="bench")
    read = read_columns(Path(path).read_bytes(), "bench.csv", source.encodings, COLUMNS.__contains__, COLUMNS.__contains__, ROW)
    frame = read.frame
    frame[FILE] = "bench.csv"
    extract = Extract("b" * 16, "bench", AS_OF, 1, "0" * 64, "bench", "bench", dt.datetime(2026, 11, 20, 6, tzinfo=dt.UTC))
    made = build(extract, ReadResult([RawTable("bench", frame)]), source)
    assert not made.rejects
    table = made.tables["bench"]
    days = {name: table[name].to_numpy(dtype="datetime64[D]").astype(np.int64) for name in DATES}
    return {name: int(table[name].notna().sum()) for name in COLUMNS}, {name: at[at > -(10**6)] for name, at in days.items()}
