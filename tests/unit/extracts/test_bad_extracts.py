"""Each extract of the corpus in tests/extracts comes to what stands beside it there."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from bad_extracts import ASIDE, HOSTILE_BUNDLES, REFUSED, text
from made_extracts import CANARY, folder

from caseclock.errors import BadExtract
from caseclock.extracts import Extract
from caseclock.extracts.archive import Limits
from caseclock.extracts.bundle import content_hash, open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots import Snapshot
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
EXTRACT = Extract("a" * 16, "north", dt.date(2026, 11, 20), 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


def snapshot(at: Path) -> Snapshot:
    return build(EXTRACT, read(open_bundle(at), SOURCE, EXTRACT.as_of), SOURCE)


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_be_read_refuses_the_extract(name: str, tmp_path: Path) -> None:
    raw, says = REFUSED[name]
    with pytest.raises(BadExtract) as refused:
        snapshot(folder(tmp_path, raw={"ssd_cin_episodes": raw}))
    assert says in str(refused.value)
    assert refused.value.where and refused.value.todo
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("name", ASIDE)
def test_a_bad_row_costs_that_row_and_no_other(name: str, tmp_path: Path) -> None:
    raw, aside = ASIDE[name]
    made = snapshot(folder(tmp_path, raw={"ssd_cin_episodes": raw}))
    assert {(r.row, r.rule) for r in made.rejects if r.table == "referral"} == aside
    rows = sum(1 for line in raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[1:] if line.strip(b",;"))
    count = made.counts()["referral"]
    assert (count.read, count.kept, count.quarantined) == (rows, rows - len(aside), len(aside))
    assert CANARY not in repr((made.rejects, made.notes))


@pytest.mark.parametrize("name", HOSTILE_BUNDLES)
def test_what_would_do_harm_is_refused_with_a_reason_and_a_way_out(name: str, tmp_path: Path) -> None:
    make, says = HOSTILE_BUNDLES[name]
    with pytest.raises(BadExtract) as refused:
        open_bundle(make(tmp_path))
    assert says in str(refused.value)
    assert refused.value.todo


def test_a_line_is_measured_across_the_blocks_that_are_read(tmp_path: Path) -> None:
    """Scaled down: nine megabytes without a line break, once within the allowed length and once not, in a folder and in a zip."""
    raw = text("x" * (3 * 2**20 + 5), "y" * 10)
    at = folder(tmp_path / "f", raw={"ssd_cin_episodes": raw})
    packed = tmp_path / "x.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("ssd_cin_episodes.csv", raw)
    for path in (at, packed):
        open_bundle(path, Limits(line=3 * 2**20 + 5))
        with pytest.raises(BadExtract, match="a line without end"):
            open_bundle(path, Limits(line=3 * 2**20 + 4))


def test_all_files_together_may_be_too_large(tmp_path: Path) -> None:
    with pytest.raises(BadExtract, match="too large"):
        open_bundle(folder(tmp_path), Limits(total=1000))


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from caseclock.errors import BadExtract
from caseclock.extracts.bundle import open_bundle
resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))
try:
    open_bundle(Path(sys.argv[1]))
except BadExtract as refused:
    print("refused:", refused)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
@pytest.mark.parametrize("name", ["a_line_of_three_gigabytes", "a_file_of_ten_gigabytes", "zip_whose_files_overlap"])
def test_the_largest_of_them_are_refused_in_little_memory(name: str, tmp_path: Path) -> None:
    make, says = HOSTILE_BUNDLES[name]
    ran = subprocess.run([sys.executable, "-c", IN_LITTLE_MEMORY, str(make(tmp_path))], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert says in ran.stdout


def test_what_is_refused_has_a_hash_to_be_recognised_by(tmp_path: Path) -> None:
    at = HOSTILE_BUNDLES["zip_whose_files_overlap"][0](tmp_path)
    assert content_hash(at) == content_hash(at)
