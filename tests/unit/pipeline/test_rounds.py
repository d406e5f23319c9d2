"""What housekeeping takes away of writers that were killed."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from caseclock.pipeline.house import open_house
from caseclock.pipeline.kept import in_one_step
from caseclock.pipeline.rounds import KEEP_SCRATCH_DAYS, housekeeping
from caseclock.settings import from_environment

NOW = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize("place", ["clocks/demo/2026-11-13/a.parquet", "reports/demo/x.html", "relook/demo/7.csv", "heartbeat/delivery"])
def test_what_a_killed_process_left_half_written_goes_after_some_days(tmp_path: Path, place: str) -> None:
    whole = tmp_path / place
    with in_one_step(whole) as half:
        half.write_text("ids")
    half.write_text("i")  # as if it had been killed before the last step
    for path in (whole, half):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    with open_house(from_environment(tmp_path, {})) as house:
        kept = NOW + dt.timedelta(days=KEEP_SCRATCH_DAYS)
        assert housekeeping(house, kept)["scratch"] == 0
        assert housekeeping(house, kept + dt.timedelta(seconds=1), dry_run=True)["scratch"] == 1
        assert half.exists()
        assert housekeeping(house, kept + dt.timedelta(seconds=1))["scratch"] == 1
    assert not half.exists()
    assert whole.read_text() == "ids"
