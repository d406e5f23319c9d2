"""Where Airflow and caseclock write, searched for marked values: the metadata database, logs, the store, the home folder.

The extracts of the made-up council hold a marked value in every personal column.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

MARK = "CANARY"
MEANT = ("claimed", "made", "refused")
"""Folders below the home folder that hold extracts as they came."""


def spoilt(extract: Path) -> Path:
    """Puts marked values also into cells that are typed, which an error might quote, and into a file that nobody knows."""
    with zipfile.ZipFile(extract) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    rows = list(csv.reader(io.StringIO(files["ssd_cin_episodes.csv"].decode())))
    rows[3][rows[0].index("cine_referral_date")] = f"{MARK}-DATE"
    rows[4][rows[0].index("cine_referral_nfa")] = f"{MARK}-FLAG"
    made_again = io.StringIO()
    csv.writer(made_again).writerows(rows)
    files["ssd_cin_episodes.csv"] = made_again.getvalue().encode()
    files["ssd_local_notes.csv"] = f"note\n{MARK}-NOTE\n".encode()
    with zipfile.ZipFile(extract, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in files.items():
            made.writestr(name, body)
    return extract


def leaks(home: Path, airflow_home: Path) -> dict[str, str]:
    """Where a marked value was found, and what stands around it. Nothing, when all is well. Says how much was searched."""
    found: dict[str, str] = {}
    seen = 0
    for where, text in everywhere(home, airflow_home):
        seen += len(text)
        if (at := text.upper().find(MARK)) >= 0:
            found[where] = text[max(0, at - 120) : at + 80]
    print(f"searched for marked values: {seen / 1e6:.1f} million characters")
    assert seen > 1_000_000, "more than this lies in an empty Airflow"
    return found


def came_in(home: Path) -> bool:
    """Whether extracts with marked values were taken in at all."""
    for path in (home / "claimed").rglob("*.zip"):
        with zipfile.ZipFile(path) as whole:
            if any(f"{MARK}-DATE".encode() in whole.read(name) for name in whole.namelist()):
                return True
    return False


def everywhere(home: Path, airflow_home: Path) -> Iterator[tuple[str, str]]:
    """Each place with what it holds, as text: tables column by column, and each file of both folders."""
    for database in (airflow_home / "airflow.db", home / "caseclock.db"):
        yield from columns_of(database)
    for path in sorted({*home.rglob("*"), *airflow_home.rglob("*")}):
        within = path.relative_to(home).parts if path.is_relative_to(home) else ()
        if path.is_file() and not set(within[:1]) & set(MEANT):
            yield str(path), pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else text_of(path.read_bytes())


def columns_of(database: Path) -> Iterator[tuple[str, str]]:
    """Every column of every table."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30) as c:
        for (table,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            rows = c.execute(f'SELECT * FROM "{table}"')
            names = [described[0] for described in rows.description]
            columns = list(zip(*rows.fetchall(), strict=True))
            for name, values in zip(names, columns, strict=False):
                yield f"{database.name}:{table}.{name}", "\n".join(text_of(value) for value in values if value is not None)


def text_of(value: Any) -> str:
    """As text; what is compressed or escaped is opened first."""
    if isinstance(value, bytes):
        for start in (value, value[1:]):
            try:
                return zlib.decompress(start).decode("latin-1")
            except zlib.error:
                continue
        return value.decode("latin-1")
    return value if isinstance(value, str) else json.dumps(value, default=str)
