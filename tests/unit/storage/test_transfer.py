from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Integer, LargeBinary, insert, select
from sqlalchemy.types import JSON, Float

from caseclock.errors import WrongUse
from caseclock.storage import migrate, transfer
from caseclock.storage.engine import open_engine
from caseclock.storage.schema import audit, digest_week, metadata


def fill(engine) -> None:  # type: ignore[no-untyped-def]
    """A row in every table."""
    with engine.begin() as c:
        for table in metadata.sorted_tables:
            row = {}
            for column in table.columns:
                kind = column.type
                row[column.name] = (
                    7 if isinstance(kind, Integer) else 0.1 if isinstance(kind, Float) else b"\x00\xff" if isinstance(kind, LargeBinary)
                    else {"b": [1, None], "a": "é"} if isinstance(kind, JSON) else "x"
                )  # fmt: skip
            c.execute(insert(table).values(**row))


def test_the_whole_store_goes_over_and_back_and_ids_go_on(store_url: str, tmp_path: Path) -> None:
    first, other, last = (open_engine(u) for u in (f"sqlite:///{tmp_path / 'a.db'}", store_url, f"sqlite:///{tmp_path / 'b.db'}"))
    migrate.upgrade(first)
    fill(first)
    assert set(transfer.copy(first, other).values()) == {1}
    with other.begin() as c:
        made = c.execute(insert(audit).values(at="x", event="x", subject="x", by="x", reason="x", detail={}))
        assert made.inserted_primary_key and made.inserted_primary_key[0] > 7
    assert transfer.copy(other, last)["audit"] == 2
    with pytest.raises(WrongUse, match="not empty"):
        transfer.copy(first, last)
    for engine in (first, other, last):
        engine.dispose()


def test_no_value_and_a_json_null_stay_what_they_are(store_url: str, tmp_path: Path) -> None:
    first, other = open_engine(f"sqlite:///{tmp_path / 'a.db'}"), open_engine(store_url)
    migrate.upgrade(first)
    fill(first)
    with first.begin() as c:
        whole = dict(c.execute(select(digest_week)).mappings().one())
        c.execute(digest_week.delete())
        c.execute(insert(digest_week), [whole | {"week": "none", "body": None}, whole | {"week": "null", "body": JSON.NULL}])
        empty = transfer.sum_of(c, digest_week)
        c.execute(digest_week.update().where(digest_week.c.week == "none").values(body=JSON.NULL))
        assert transfer.sum_of(c, digest_week) != empty, "the checksum tells them apart"
        c.execute(digest_week.update().where(digest_week.c.week == "none").values(body=None))
    transfer.copy(first, other)
    with other.connect() as c:
        assert c.execute(select(digest_week.c.week).where(digest_week.c.body.is_(None))).scalars().all() == ["none"]
    first.dispose()
    other.dispose()


def test_what_breaks_off_leaves_the_target_empty(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = open_engine(f"sqlite:///{tmp_path / 'a.db'}"), open_engine(store_url)
    migrate.upgrade(first)
    fill(first)
    calls = []

    def broken(c: object, table: object) -> None:
        calls.append(table)
        if len(calls) == 5:
            raise RuntimeError

    monkeypatch.setattr(transfer, "_go_on_counting", broken)
    with pytest.raises(RuntimeError):
        transfer.copy(first, other)
    with other.connect() as c:
        assert not [t.name for t in metadata.sorted_tables if c.execute(select(t).limit(1)).first()]
    first.dispose()
    other.dispose()
