"""Whatever arrives: it is refused with BadExtract, or each of its rows is either kept or in quarantine."""

from __future__ import annotations

import csv
import datetime as dt
import io
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "extracts"))

from made_extracts import ANNEX, csv_text, folder, referral, workbook, zipped

from caseclock.errors import BadExtract
from caseclock.extracts import Extract
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.delimited import read_columns
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
NEEDED = "ssd_person ssd_cin_episodes"
AS_OF = dt.date(2026, 11, 20)
EXTRACT = Extract("a" * 16, "north", AS_OF, 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
FAST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

PLAIN = ["", " ", "-1", "1900-01-01", "31/02/2026", "2026-09-01", "01/09/2026", "ssd_ph", "#N/A", "NULL", "Y", "maybe", "R1", "C1"]
ODD = ['"', "a\nb", ",", "\ufeff", "\x1a", "1e999", "9" * 400, "2026-09-01T25:00", "0001-01-01T00:00+14:00"]
NASTY = st.sampled_from(PLAIN + ODD)
CELL = NASTY | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def snapshot(at: Path) -> Snapshot | None:
    content_hash(at)
    try:
        return build(EXTRACT, read(open_bundle(at), SOURCE, AS_OF), SOURCE)
    except BadExtract as refused:
        assert str(refused)
        return None


@FAST
@given(st.binary(max_size=400))
def test_a_file_of_any_bytes_in_the_place_of_a_table(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        snapshot(folder(Path(scratch), raw={"ssd_person": raw, "ssd_cin_episodes": raw}, only="-"))


@FAST
@given(st.binary(min_size=1, max_size=300), st.sampled_from([".zip", ".xlsx"]))
def test_any_bytes_as_a_zip_or_a_workbook(raw: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch) / f"x{suffix}"
        at.write_bytes(raw)
        assert snapshot(at) is None


@FAST
@given(st.data(), st.sampled_from(["zip", "xlsx"]))
def test_a_zip_or_workbook_with_some_bytes_changed(data: st.DataObject, kind: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        at = zipped(folder(home / "f", only=NEEDED), home / "x.zip") if kind == "zip" else workbook(home / "x.xlsx")
        raw = bytearray(at.read_bytes())
        share = st.floats(0, 1, exclude_max=True)  # not a place: a workbook holds the time it was made, so its length varies
        for place, byte in data.draw(st.lists(st.tuples(share, st.integers(0, 255)), min_size=1, max_size=8)):
            raw[int(place * len(raw))] = byte
        at.write_bytes(raw)
        snapshot(at)


@FAST
@given(st.lists(st.dictionaries(st.sampled_from(sorted(referral(1))), CELL, max_size=4), max_size=12))
def test_read_is_kept_plus_quarantined_whatever_stands_in_the_cells(changes: list[dict[str, str]]) -> None:
    rows = [referral(1 + n % 5) | change for n, change in enumerate(changes)]
    text = csv_text(rows or [referral(1)])
    records = list(csv.reader(io.StringIO(text, newline="")))[1:]
    with tempfile.TemporaryDirectory() as scratch:
        made = snapshot(folder(Path(scratch), raw={"ssd_cin_episodes": text.encode()}, only="ssd_person"))
    assert made is not None
    frame, count = made.tables["referral"], made.counts().get("referral")
    aside = {r.row for r in made.rejects if r.table == "referral"}
    assert count is not None
    assert count.kept == len(frame) and count.read == count.kept + count.quarantined == len(records)
    assert set(frame["_row"]) | aside == set(range(2, len(records) + 2))
    assert not set(frame["_row"]) & aside
    assert frame["referral_id"].is_unique
    assert frame[["referral_id", "child_id", "referral_date"]].notna().all(axis=None)


@FAST
@given(st.lists(st.text(st.sampled_from('ab,"\n\r\0;é '), max_size=14), max_size=12))
def test_no_line_is_lost_between_the_rows_and_the_broken_lines(lines: list[str]) -> None:
    """Between marked good lines stand any lines. Each good line is read, unless a quotation mark before it opened a cell it belongs to."""
    body = "".join(f"{line}\ngood{n},{n},x\n" for n, line in enumerate(lines))
    found = read_columns(f"a,b,c\n{body}".encode(), "t.csv", ("utf-8",), lambda h: h in "abc", lambda h: bool(h), "_row")
    rows = set(found.frame["_row"])
    bad = {row for row, _ in found.bad}
    assert not rows & bad
    assert rows | bad == set(range(2, len(rows) + len(bad) + 2))
    if '"' not in body:
        assert {f"good{n}" for n in range(len(lines))} <= set(found.frame["a"])
    inside = " ".join(found.frame[["a", "b", "c"]].to_numpy().ravel())
    lost = [n for n in range(len(lines)) if f"good{n}," not in inside and f"good{n}" not in set(found.frame["a"])]
    assert not lost or len(bad) >= 1


CELLS = st.one_of(
    st.none(),
    st.integers(-5, 99999),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(dt.date(1901, 1, 1)),
    st.sampled_from(["", " ", "\xa0", "-1", "#N/A", "31/02/2026", "a) Yes", "Duty", "11", "Worker 3"]),
)


@settings(FAST, max_examples=15)
@given(st.data())
def test_every_row_of_a_workbook_is_accounted_for(data: st.DataObject) -> None:
    number = data.draw(st.sampled_from([1, 3, 4, 5, 6, 7]))
    name = f"List {number}"
    rows = [list(row) for row in ANNEX[name]]
    for row in rows[1:]:
        for place, cell in data.draw(st.lists(st.tuples(st.integers(0, len(row) - 1), CELLS), max_size=5)):
            row[place] = cell
    with tempfile.TemporaryDirectory() as scratch:
        made = snapshot(workbook(Path(scratch) / "x.xlsx", lambda sheets: sheets.update({name: rows})))
    assert made is not None
    assert all(c.read == c.kept + c.quarantined for c in made.counts().values())
    holding = {
        n
        for n, row in enumerate(rows[1:], 2)
        if any(str(c).replace("\xa0", " ").strip() not in ("", "None", "-1", "#N/A", "-1.0") for c in row)
    }
    file = f"x.xlsx[{name}]"
    table = {1: "contact", 3: "referral", 4: "assessment", 5: "s47", 6: "plan", 7: "plan"}[number]
    seen = {int(r) for f in made.tables.values() for r in f.loc[f["_file"] == file, "_row"]} | {
        r.row for r in made.rejects if r.file == file
    }
    if number != 6:  # a row of List 6 without a plan may only name a child that another list has already named
        mine = made.tables[table]
        seen = set(mine.loc[mine["_file"] == file, "_row"]) | {r.row for r in made.rejects if r.file == file and r.table == table}
    assert holding <= seen or number == 6
