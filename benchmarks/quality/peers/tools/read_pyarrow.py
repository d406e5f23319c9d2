"""pyarrow: its CSV reader with a timestamp parser."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
from suite import COLUMNS, DATES, TEXT


def check(path: str):  # type: ignore[no-untyped-def]
    types = {
        **dict.fromkeys(TEXT, pa.string()),
        **dict.fromkeys(DATES, pa.timestamp("s")),
        **dict.fromkeys(("age", "fte"), pa.float64()),
        **dict.fromkeys(("nfa", "seen"), pa.bool_()),
    }
    options = pc_csv.ConvertOptions(
        column_types=types, timestamp_parsers=["%d/%m/%Y"], strings_can_be_null=True, true_values=["Y"], false_values=["N"]
    )
    table = pc_csv.read_csv(path, convert_options=options)
    days = {name: pc.divide(pc.drop_null(table[name]).cast(pa.int64()), 86_400).to_numpy() for name in DATES}
    return {name: len(table) - table[name].null_count for name in COLUMNS}, days
