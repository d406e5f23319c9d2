from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from made_extracts import Rows, episode, folder

from caseclock.extracts import Extract
from caseclock.extracts.bundle import open_bundle
from caseclock.extracts.readers import read
from caseclock.extracts.source import SourceConfig
from caseclock.snapshots.typing import build

SOURCE = SourceConfig(id="north", title="North")
EXTRACT = Extract("a" * 16, "north", dt.date(2026, 11, 20), 1, "b" * 64, "x", "x", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


def periods(tmp_path: Path, rows: Rows) -> list[tuple[str, str, str]]:
    """(episode, entered, left) of each kept episode."""
    at = folder(tmp_path, {"ssd_cla_episodes": rows})
    made = build(EXTRACT, read(open_bundle(at), SOURCE, EXTRACT.as_of), SOURCE).tables["care"]
    days = (made[c].dt.strftime("%d %b").fillna("-") for c in ("entered_on", "left_on"))
    return list(zip(made["episode_id"], *days, strict=True))


def ep(n: int, start: str, end: str = "", care: str = "E1", entered: str = "") -> dict[str, str]:
    return episode(n, clae_cla_episode_start_date=start, clae_cla_episode_ceased_date=end, clae_cla_id=care, clae_entered_care_date=entered)


def test_a_period_begins_with_its_first_episode_and_lasts_while_one_is_open(tmp_path: Path) -> None:
    assert periods(tmp_path, [ep(1, "2026-03-02", "2026-04-01"), ep(2, "2026-04-01")]) == [("D1", "02 Mar", "-"), ("D2", "02 Mar", "-")]


def test_a_period_ends_with_its_last_episode(tmp_path: Path) -> None:
    rows = [ep(2, "2026-04-01", "2026-05-05"), ep(1, "2026-03-02", "2026-04-01"), ep(3, "2026-06-01", care="E2")]
    assert periods(tmp_path, rows) == [("D2", "02 Mar", "05 May"), ("D1", "02 Mar", "05 May"), ("D3", "01 Jun", "-")]


def test_the_date_that_the_source_gives_for_entering_care_is_taken(tmp_path: Path) -> None:
    rows = [ep(1, "2026-03-02", "2026-04-01", entered="2026-02-27"), ep(2, "2026-04-01")]
    assert [entered for _, entered, _ in periods(tmp_path, rows)] == ["27 Feb", "27 Feb"]


@pytest.mark.parametrize("end", ["31/02/2026", "=TODAY()"])
def test_an_end_that_cannot_be_read_ends_nothing(end: str, tmp_path: Path) -> None:
    """The broken row is put aside; the child does not leave the clocks because of it."""
    assert periods(tmp_path, [ep(1, "2026-03-02", "2026-04-01"), ep(2, "2026-04-01", end)]) == [("D1", "02 Mar", "-")]


def test_episodes_without_a_period_say_nothing_of_one_another(tmp_path: Path) -> None:
    rows = [ep(1, "2026-03-02", "2026-04-01", care=""), ep(2, "2026-04-01", care="-1", entered="2026-04-01")]
    assert periods(tmp_path, rows) == [("D1", "-", "-"), ("D2", "01 Apr", "-")]
