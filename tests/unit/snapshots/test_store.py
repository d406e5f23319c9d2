from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_extracts import folder, referral, sound

from caseclock.errors import CaseclockError
from caseclock.extracts import Extract, Reject
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.store import folder_of, load, quarantine_of, save
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
EXTRACT = Extract("a" * 16, "north", dt.date(2026, 11, 20), 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


@pytest.fixture
def made(tmp_path: Path) -> Snapshot:
    tables = {"ssd_cin_episodes": [*sound()["ssd_cin_episodes"], referral(3, "never")]}
    at = folder(tmp_path / "in", tables, without="ssd_contacts")
    return build(EXTRACT, read(open_bundle(at), SOURCE, EXTRACT.as_of), SOURCE)


def test_what_is_loaded_is_what_was_saved(made: Snapshot, tmp_path: Path) -> None:
    at = save(made, tmp_path)
    assert at == tmp_path / "north" / "2026-11-20" / EXTRACT.id
    found = load(EXTRACT, tmp_path)
    for name, frame in made.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], frame)
    assert (found.rejects, found.absences, found.notes) == (made.rejects, made.absences, made.notes)
    assert found.counts() == made.counts()
    assert quarantine_of(EXTRACT, tmp_path) == made.rejects != []


def test_what_an_earlier_version_saved_without_a_column_or_a_table_is_loaded_with_nothing_in_it(made: Snapshot, tmp_path: Path) -> None:
    at = save(made, tmp_path)
    for name, unknown in (("meeting", ["held_at", "since_at", "begun_on"]), ("assessment", ["reviewed_on"])):
        old = pq.read_table(at / f"{name}.parquet").drop_columns(unknown)
        pq.write_table(old, at / f"{name}.parquet")
    (at / "priority.parquet").unlink()
    found = load(EXTRACT, tmp_path)
    for name, frame in made.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], frame)


def test_saving_again_changes_nothing(made: Snapshot, tmp_path: Path) -> None:
    at = save(made, tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in at.iterdir()}
    assert save(replace(made, notes=["other"]), tmp_path) == at
    assert {p.name: p.stat().st_mtime_ns for p in at.iterdir()} == before
    assert [p.name for p in at.parent.iterdir()] == [EXTRACT.id], "nothing half-written is left"


def test_a_save_that_dies_in_the_middle_leaves_nothing_that_can_be_loaded(made: Snapshot, tmp_path: Path) -> None:
    torn = replace(made, tables={k: v for k, v in made.tables.items() if k != "team"})
    with pytest.raises(KeyError):
        save(torn, tmp_path)
    assert not folder_of(EXTRACT, tmp_path).exists()
    with pytest.raises(CaseclockError, match="not there"):
        load(EXTRACT, tmp_path)
    save(made, tmp_path)
    assert load(EXTRACT, tmp_path).counts() == made.counts()


def test_rows_that_quality_put_aside_leave_their_table_and_are_counted(made: Snapshot, tmp_path: Path) -> None:
    save(made, tmp_path)
    aside = Reject("referral", "ssd_cin_episodes.csv", 3, "closed_on", "it was closed before it began", "order")
    elsewhere = Reject("plan", "ssd_cin_episodes.csv", 2, "plan_id", "another table's row of the same number", "order")
    found = load(EXTRACT, tmp_path, without=iter([aside, elsewhere]))
    assert list(found.tables["referral"]["_row"]) == [2]
    assert found.rejects == [*made.rejects, aside, elsewhere]
    assert found.counts()["referral"].read == made.counts()["referral"].read
    assert len(found.tables["plan"]) == 2
