"""The same council as an SSD in a database: a SQLite file, or any database that SQLAlchemy reaches."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from caseclock.demo.council_faults import RATE, with_faults
from caseclock.demo.council_shape import Supplier, shaped

if TYPE_CHECKING:
    import pandas as pd

IS_DATE = re.compile(r"_(date|dob|due|latest_contact)$|^(due|actual)_date$")
AT_ONCE = 5_000  # rows in one statement


def url_of(out: str) -> sa.URL:
    """A SQLAlchemy URL, or the path of a SQLite file."""
    return sa.make_url(out) if "://" in out else sa.URL.create("sqlite", database=out)


def write_database(
    tables: Mapping[str, pd.DataFrame], out: str, schema: str | None = None, faults: float = RATE, supplier: Supplier = "systemc"
) -> dict[str, int]:
    """Replaces the tables in the database by those of one day, in one transaction: ids are text, dates are moments, as in the SSD.

    Returns how many rows each has. Supplementary files are none of a case system's tables and are left out.
    """
    url = url_of(out)
    if url.drivername == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, hide_parameters=True)
    made = with_faults(tables, faults) if faults else tables
    ssd = {file.removesuffix(".csv"): frame for file, frame in shaped(made, supplier).items() if file.startswith("ssd_")}
    try:
        with engine.begin() as c:
            if schema:
                c.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
            for name, frame in ssd.items():
                _write(c, name, schema, frame)
    finally:
        engine.dispose()
    return {name: len(frame) for name, frame in ssd.items()}


def _write(c: sa.Connection, name: str, schema: str | None, frame: pd.DataFrame) -> None:
    dates = {column for column in frame.columns if IS_DATE.search(column)}
    kinds: list[sa.Column[Any]] = [sa.Column(n, sa.DateTime() if n in dates else sa.Unicode(4000)) for n in frame.columns]
    table = sa.Table(name, sa.MetaData(), *kinds, schema=schema)
    table.drop(c, checkfirst=True)
    table.create(c)
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for record in records:
        for column in dates:
            record[column] = dt.datetime.fromisoformat(record[column]) if record[column] else None
    for at in range(0, len(records), AT_ONCE):
        c.execute(table.insert(), [{str(name): cell for name, cell in record.items()} for record in records[at : at + AT_ONCE]])
