"""The store as this version leaves it, kept so that every later version proves that it can take it over.

    PYTHONPATH=tests python tests/releases/make.py      once for each release, before its tag: writes tests/releases/<version>.json.gz

Two extracts of the made-up council of the tests, with their messages. Nothing in it is about anybody.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "include"), str(HERE.parent)]

from sqlalchemy import Engine, LargeBinary, MetaData, insert, select  # noqa: E402

import caseclock  # noqa: E402
from caseclock.storage import migrate  # noqa: E402
from caseclock.storage.engine import open_engine  # noqa: E402


def dump(engine: Engine, file: Path) -> None:
    """Every row of every table."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as c:
        rows = {
            t.name: [[_plain(v) for v in row] for row in c.execute(select(t))] for t in tables.sorted_tables if t.name != "alembic_version"
        }
    columns = {name: [column.name for column in tables.tables[name].c] for name in rows}
    kept = {"revision": migrate.version_of(engine), "columns": columns, "rows": rows}
    file.write_bytes(gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), 9, mtime=0))


def load(file: Path, engine: Engine) -> dict[str, int]:
    """An empty store becomes what the file says, at the file's own revision. Returns the rows of each table."""
    kept = json.loads(gzip.decompress(file.read_bytes()))
    migrate.upgrade(engine, kept["revision"])
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as c:
        for table in tables.sorted_tables:
            names = kept["columns"].get(table.name, [])
            made = [{n: _typed(v, table.c[n].type) for n, v in zip(names, row, strict=True)} for row in kept["rows"].get(table.name, [])]
            if made:
                c.execute(insert(table), made)
    return {name: len(rows) for name, rows in kept["rows"].items()}


def _plain(value: Any) -> Any:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _typed(value: Any, kind: Any) -> Any:
    if isinstance(kind, LargeBinary) or (isinstance(value, dict) and value.keys() == {"bytes"}):
        return base64.b64decode(value["bytes"]) if value else None
    return value


def main() -> None:
    from caseclock.demo.council import extract_tables, make_world, write_extract
    from caseclock.demo.fake_slack import FakeSlack
    from caseclock.demo.mail_catcher import MailCatcher
    from caseclock.now import LONDON
    from functional.conftest import FRIDAYS, open_town

    with tempfile.TemporaryDirectory() as folder, FakeSlack() as slack, MailCatcher() as mail:
        world = make_world(seed=3, scale=0.15, end=FRIDAYS[-1], weeks=8, incident=True)
        town = open_town(Path(folder) / "home", slack, mail)
        for day in FRIDAYS[:2]:
            town.take(write_extract(extract_tables(world, day), Path(folder), "demo", day))
        assert town.said, "something was told"
        town.tend(dt.datetime.combine(FRIDAYS[1], dt.time(18), LONDON))
        file = HERE / f"{caseclock.__version__}.json.gz"
        engine = open_engine(town.settings.store_url)
        dump(engine, file)
        engine.dispose()
    print(f"{file.name}: {file.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
