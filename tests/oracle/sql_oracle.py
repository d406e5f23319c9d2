"""The clocks and measures of one extract in SQL, written from the definitions by a second author, to be compared with the library.

Nothing here imports the library. The SQL files say what a clock and a measure mean; limits, units, leads and periods come from
timescales.yaml and measures.yaml, for they are a council's own. What compares the two: tests/properties/test_measures_oracle.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

HERE = Path(__file__).resolve().parent
MONITORING = HERE.parents[1] / "include" / "monitoring"
CLOCK_FILES = ("people", "rules", "clocks_cases", "clocks_plans", "clocks_care", "clocks_supplementary", "stretches", "verdict")
MEASURE_FILES = ("measures_clocks", "measures_cases", "measures_people")
NUMBERS = ("elapsed", "limit")
PERIOD = 91  # days of a measure whose entry does not say


class Oracle:
    """One extract in DuckDB. `tables`: canonical table -> Arrow table, or the Parquet file that holds it. `small`: do not plan."""

    def __init__(self, tables: Mapping[str, pa.Table | Path], as_of: dt.date, roles: Collection[str], *, small: bool = False) -> None:
        self.db = _days().cursor()
        self.db.execute(f"create temp macro as_of() as date '{as_of}'")
        if small:
            self.db.execute("pragma disable_optimizer")
        for name, table in tables.items():
            self._add(name, table)
        self._settings(roles)
        for name in CLOCK_FILES:
            self._run(name)

    def not_equal(self, frame: pa.Table, most: int = 20) -> list[tuple[Any, ...]]:
        """Clocks that only one of the two has, the library's `frame` and ours, as often as they differ: who has it, and its cells."""
        columns = self.db.sql("select * from clock limit 0").columns
        cells = ", ".join(
            f'"{c}"::timestamp' if c.endswith("_on") else f'"{c}"::bigint' if c in NUMBERS else f'"{c}"::text' for c in columns
        )
        self.db.register("theirs", frame)
        sides = {"library": ("theirs", "clock"), "oracle": ("clock", "theirs")}
        found = [
            self.db.execute(
                f"select '{who}', * from (select {cells} from {one} except all select {cells} from {other}) limit {most}"
            ).fetchall()
            for who, (one, other) in sides.items()
        ]
        self.db.unregister("theirs")
        return [row for rows in found for row in rows]

    def measures(self) -> dict[tuple[str, str], tuple[float, int]]:
        """(measure, team) -> (value, n), NaN where there is no value. Raises AssertionError when a cell is there twice."""
        for name in MEASURE_FILES:
            self._run(name)
        rows = self.db.execute("select measure, team, coalesce(value, 'nan'), n from figure").fetchall()
        found = {(measure, team): (value, n) for measure, team, value, n in rows}
        assert len(found) == len(rows), "one measure has two rows for one place"
        return found

    def _run(self, name: str) -> None:
        self.db.execute(_text(name))

    def _add(self, name: str, table: pa.Table | Path) -> None:
        """Dates as days; `_nr` is the place of the row in its file."""
        schema = table.schema if isinstance(table, pa.Table) else pq.read_schema(table)
        a_day = [pa.types.is_timestamp(c.type) and not c.name.endswith("_at") for c in schema]
        cells = ", ".join(f'"{c.name}"::date as "{c.name}"' if day else f'"{c.name}"' for c, day in zip(schema, a_day, strict=True))
        if isinstance(table, pa.Table):
            self.db.register("arrived", table.append_column("_nr", pa.array(range(len(table)), pa.int64())))
            self.db.execute(f"create temp table {name} as select {cells}, _nr from arrived")
            self.db.unregister("arrived")
        else:
            source = f"read_parquet('{table}', file_row_number = true)"
            self.db.execute(f"create temp table {name} as select {cells}, file_row_number as _nr from {source}")

    def _settings(self, roles: Collection[str]) -> None:
        rules, measures = _entries("timescales"), _entries("measures")
        self._rows("allocated_role(role text)", [(r,) for r in roles])
        shape = "setting(rule text, unit text, warn int, warn_at int, day1 bool)"
        self._rows(shape, [(r["id"], r["unit"], r.get("warn"), r.get("warn_at"), r.get("count_start_day", False)) for r in rules])
        self._rows(
            "limits(rule text, effective_from date, limit_ int)",
            [(r["id"], e["effective_from"], e["limit"]) for r in rules for e in r["limits"]],
        )
        asked = [(m["id"], m.get("period_days", PERIOD), m.get("rules")) for m in measures]
        self._rows("measure_on(measure text, days int, rules text[])", asked)

    def _rows(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        rows = list(rows)
        self.db.execute(f"create temp table {table}")
        if rows:
            places = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
            self.db.execute(f"insert into {table.partition('(')[0]} values {places}", [cell for row in rows for cell in row])


@cache
def _days() -> duckdb.DuckDBPyConnection:
    """A database that holds the working days, which every oracle shares."""
    db = duckdb.connect()
    db.execute(_text("days"))
    return db


@cache
def _text(name: str) -> str:
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


@cache
def _entries(name: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = yaml.safe_load((MONITORING / f"{name}.yaml").read_text(encoding="utf-8"))
    return made


def of_folder(folder: Path, as_of: dt.date, roles: Collection[str]) -> Oracle:
    """The oracle of a snapshot that lies in `<home>/accepted/<source>/<as_of>/<id>`."""
    return Oracle({f.stem: f for f in folder.glob("*.parquet") if f.stem != "quarantine"}, as_of, roles)
