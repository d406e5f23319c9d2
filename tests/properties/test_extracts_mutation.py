"""A good extract in which bytes or cells were changed: refused with BadExtract, or every row of it is either kept or in quarantine.

Run for long with EXAMPLES, a number: EXAMPLES=2000 pytest tests/properties/test_extracts_mutation.py
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "extracts"))

from made_extracts import Rows, csv_text, sound, zipped

from caseclock.errors import BadExtract
from caseclock.extracts import Extract
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.readers.ssd.files import FILES
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
AS_OF = dt.date(2026, 11, 20)
EXTRACT = Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
LONG = settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
NAMES = sorted(sound())
NEEDED = ("ssd_person", "ssd_cin_episodes", "ssd_cp_plans", "ssd_cla_episodes")
TABLE = {spec.name: spec.table for spec in FILES}
NOTHING = ["", " ", "-1", "-", "1900-01-01", "ssd_ph", "#N/A", "NULL", "\xa0", "\ufeff"]
DATES = ["31/02/2026", "01/09/2026", "2026-09-01T23:30Z", "9999-12-31", "0001-01-01T00:00+14:00"]
IDS = ["R1", "C1", "E1", "cp:1", "Y", "maybe", "9" * 400, "1e999", "\uff11"]
HOSTILE = ["=1+1", "@x", "+x", "-x", '"', '""', 'a"b', "a\nb", "a\rb", ",", ";", "\x1a", "\x0b", "\u202e", "\u2028", "\U0001f600", "{"]
CELLS = st.sampled_from([*NOTHING, *DATES, *IDS, *HOSTILE]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FLIP, CUT, INSERT, SWAP = "flip", "cut", "insert", "swap"
CHANGES = st.lists(
    st.tuples(st.sampled_from([FLIP, CUT, INSERT, SWAP]), st.floats(0, 1), st.floats(0, 1), st.binary(min_size=1, max_size=6)),
    min_size=1,
    max_size=5,
)


def snapshot(at: Path) -> Snapshot | None:
    assert len(content_hash(at)) == 64
    try:
        return build(EXTRACT, read(open_bundle(at), SOURCE, AS_OF), SOURCE)
    except BadExtract as refused:
        assert str(refused)
        return None


def changed(raw: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    for how, at, to, what in changes:
        first, last = sorted((int(at * len(raw)), int(to * len(raw))))
        last = min(last, first + 64) if how != CUT or at > 0.1 else last
        raw = {
            FLIP: raw[:first] + what + raw[first + len(what) :],
            CUT: raw[:first] + raw[last:],
            INSERT: raw[:first] + what + raw[first:],
            SWAP: raw[:first] + raw[last : last + 8] + raw[first + 8 : last] + raw[first : first + 8] + raw[last + 8 :],
        }[how]
    return raw


def everything_is_accounted_for(made: Snapshot) -> None:
    for name, count in made.counts().items():
        frame, aside = made.tables[name], {(r.file, r.row) for r in made.rejects if r.table == name}
        places = set(zip(frame["_file"], frame["_row"], strict=True))
        assert len(places) == len(frame) == count.kept
        assert not places & aside
        assert count.read == count.kept + count.quarantined == len(places | aside)
        assert frame.empty or frame.iloc[:, 0].is_unique


def put(at: Path, name: str, rows: Rows, *, parquet: bool) -> Path:
    at.mkdir(exist_ok=True)
    if parquet:
        path = at / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path = at / f"{name}.csv"
        path.write_bytes(csv_text(rows).encode())
    return path


@LONG
@given(st.data(), st.sampled_from(NAMES), CHANGES, st.booleans(), st.booleans())
def test_bytes_of_one_table_are_changed(
    data: st.DataObject, name: str, changes: list[tuple[str, float, float, bytes]], parquet: bool, packed: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch) / "x"
        for other in {*NEEDED, name}:
            path = put(at, other, sound()[other] * 3, parquet=parquet and other == name)
            if other == name:
                path.write_bytes(changed(path.read_bytes(), changes))
        made = snapshot(zipped(at, Path(scratch) / "x.zip") if packed else at)
        if made is not None:
            everything_is_accounted_for(made)


@LONG
@given(CHANGES)
def test_bytes_of_a_zip_are_changed(changes: list[tuple[str, float, float, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name in NEEDED:
            put(Path(scratch) / "x", name, sound()[name], parquet=name == "ssd_cp_plans")
        at = zipped(Path(scratch) / "x", Path(scratch) / "x.zip")
        at.write_bytes(changed(at.read_bytes(), changes))
        made = snapshot(at)
        if made is not None:
            everything_is_accounted_for(made)


@LONG
@given(st.data(), st.sampled_from(NAMES), st.booleans(), st.integers(1, 6))
def test_cells_of_one_table_are_changed(data: st.DataObject, name: str, parquet: bool, copies: int) -> None:
    rows = [dict(row) for row in sound()[name] * copies]
    for row in rows:
        row.update(data.draw(st.dictionaries(st.sampled_from(sorted(row)), CELLS, max_size=3)))
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch) / "x"
        for other in {*NEEDED, name}:
            put(at, other, rows if other == name else sound()[other], parquet=parquet and other == name)
        made = snapshot(at)
    assert made is not None, "cells alone are never a reason to refuse the whole"
    everything_is_accounted_for(made)
    table, file = TABLE[name], f"{name}.{'parquet' if parquet else 'csv'}"
    frame = made.tables[table]
    seen = set(frame.loc[frame["_file"] == file, "_row"]) | {r.row for r in made.rejects if r.table == table and r.file == file}
    written = len(rows) if parquet else len(list(csv.reader(io.StringIO(csv_text(rows), newline="")))) - 1
    blank = {n for n, row in enumerate(rows, 2) if not any(cell.strip() for cell in row.values())}
    assert seen | blank >= set(range(2, written + 2))
