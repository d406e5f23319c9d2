from __future__ import annotations

import datetime as dt
import decimal
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_extracts import Tables, folder, sound, zipped

from caseclock.errors import BadExtract
from caseclock.extracts import Extract
from caseclock.extracts.archive import Limits
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.columnar import read_columns
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
EXTRACT = Extract("a" * 16, "north", dt.date(2026, 11, 20), 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


NO_TEXT = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))


def parquet(**columns: pa.Array | list[object]) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()


def cells(column: pa.Array | list[object]) -> list[str | None]:
    frame = read_columns(parquet(a=column), "x.parquet", lambda h: h == "a", "_row").frame
    assert str(frame["a"].dtype) == "str"
    return [None if pd.isna(c) else c for c in frame["a"]]


MOMENT = dt.datetime(2026, 7, 1, 23, 30)
DAY = dt.date(2026, 7, 1)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array(["x", None]), "x"),
        (pa.array(["x", None], pa.large_string()), "x"),
        (pa.array(["x", None]).dictionary_encode(), "x"),
        (pa.array([b"x", None], pa.binary()), "x"),
        (pa.array([DAY, None]), "2026-07-01"),
        (pa.array([MOMENT, None], pa.timestamp("ns")), "2026-07-01"),
        (pa.array([MOMENT, None], pa.timestamp("us", "UTC")), "2026-07-02"),
        (pa.array([MOMENT, None], pa.timestamp("ms", "Asia/Tokyo")), "2026-07-02"),
        (pa.array([7, None]), "7"),
        (pa.array([-1, None], pa.int8()), "-1"),
        (pa.array([7.0, None]), "7"),
        (pa.array([0.8, None]), "0.8"),
        (pa.array([decimal.Decimal("7.00"), None]), "7"),
        (pa.array([decimal.Decimal("0.80"), None]), "0.80"),
        (pa.array([True, None]), "true"),
        (pa.array([float("nan"), None]), None),
        (pa.nulls(2), None),
    ],
    ids=lambda v: str(v.type) if isinstance(v, pa.Array) else str(v),
)
def test_each_type_becomes_the_text_that_typing_expects(column: pa.Array, text: str | None) -> None:
    assert cells(column) == [text, None]


def test_rows_are_numbered_as_in_a_csv_and_names_are_folded() -> None:
    made = read_columns(parquet(**{" A\xa0": ["x", "y"], "b": [1, 2]}), "x.parquet", lambda h: h == "a", "_row")
    assert list(made.frame.columns) == ["a", "_row"]
    assert list(made.frame["_row"]) == [2, 3]
    assert (made.header, made.bad) == (["a", "b"], [])


def test_many_row_groups_are_one_table() -> None:
    made = io.BytesIO()
    pq.write_table(pa.table({"a": [str(n) for n in range(1000)]}), made, row_group_size=7)
    assert list(read_columns(made.getvalue(), "x.parquet", lambda h: True, "_row").frame["a"]) == [str(n) for n in range(1000)]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"a,b\n1,2\n", "named as Parquet but is none"),
        (parquet(a=["x"])[:-9], "cut short"),
        (parquet(a=["x"])[:60] + b"\xff" * 20 + parquet(a=["x"])[80:], "damaged"),
        (b"PAR1" + b"\xff" * 30 + b"PAR1", "damaged"),
        (b"PARE" + b"\0" * 20 + b"PARE", "encrypted"),
        (parquet(a=[[1], [2]]), "column a holds list"),
        (parquet(a=[{"b": 1}]), "column a holds struct"),
        (parquet(a=["x"], **{"A ": ["y"]}), "a is there more than once"),
        (parquet(a=pa.array([b"\xff\xfe"], pa.binary())), "damaged"),
        (parquet(a=NO_TEXT), "damaged"),
        (parquet(a=NO_TEXT.dictionary_encode()), "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(BadExtract, match=says) as refused:
        read_columns(raw, "x.parquet", lambda h: h == "a", "_row")
    assert refused.value.where == "x.parquet"
    assert refused.value.todo


def test_lists_in_a_column_that_nobody_asked_for_do_no_harm() -> None:
    assert list(read_columns(parquet(a=["x"], b=[[1]]), "x.parquet", lambda h: h == "a", "_row").frame["a"]) == ["x"]


def test_a_small_file_that_unpacks_to_too_much_is_refused() -> None:
    raw = parquet(a=pa.repeat("x" * 1000, 100_000))
    assert len(raw) < 100_000
    with pytest.raises(BadExtract, match="too large"):
        read_columns(raw, "x.parquet", lambda h: True, "_row", Limits(total=10 * 2**20))


# --- as an extract -------------------------------------------------------------------------------------------------
def as_parquet(at: Path, *names: str, suffix: str = "parquet", tables: Tables | None = None) -> Path:
    """The sound extract, some of its tables as Parquet."""
    folder(at)
    for name in names:
        (at / f"{name}.csv").unlink()
        pq.write_table(pa.Table.from_pylist((tables or sound())[name]), at / f"{name}.{suffix}")
    return at


def snapshot(at: Path) -> Snapshot:
    return build(EXTRACT, read(open_bundle(at), SOURCE, EXTRACT.as_of), SOURCE)


@pytest.mark.parametrize("suffix", ["parquet", "pq", "PARQUET"])
def test_tables_as_parquet_beside_csv_are_the_same_tables(suffix: str, tmp_path: Path) -> None:
    names = [n for n in sound() if n != "ssd_person"]
    one, other = snapshot(folder(tmp_path / "c")), snapshot(as_parquet(tmp_path / "p", *names, suffix=suffix))
    packed = snapshot(zipped(tmp_path / "p", tmp_path / "p.zip", top="export/"))
    for name, frame in one.tables.items():
        for found in (other.tables[name], packed.tables[name]):
            pd.testing.assert_frame_equal(found.drop(columns="_file"), frame.drop(columns="_file"))
    assert not other.rejects
    assert not any("is no utf-8" in n for n in other.notes)


def test_rows_of_parquet_go_to_quarantine_by_the_same_rules(tmp_path: Path) -> None:
    tables = sound()
    tables["ssd_cin_episodes"] += [tables["ssd_cin_episodes"][0], tables["ssd_cin_episodes"][1] | {"cine_referral_id": "=1"}]
    made = snapshot(as_parquet(tmp_path, "ssd_cin_episodes", tables=tables))
    assert {(r.file, r.row, r.rule) for r in made.rejects if r.rule != "copy"} == {("ssd_cin_episodes.parquet", 5, "formula")}
    assert made.counts()["referral"].read == 4


def test_one_table_both_as_csv_and_as_parquet_is_refused(tmp_path: Path) -> None:
    as_parquet(tmp_path, "ssd_person")
    folder(tmp_path, only="ssd_person")
    with pytest.raises(BadExtract, match="more than one file for ssd_person"):
        snapshot(tmp_path)
