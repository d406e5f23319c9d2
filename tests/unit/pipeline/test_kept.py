"""A file is written in one visible step."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseclock.pipeline.kept import in_one_step


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    at = tmp_path / "a" / "b" / "report.html"
    with in_one_step(at) as half:
        half.write_text("first")
        assert not at.exists()
    with in_one_step(at) as half:
        half.write_text("sec")
        assert at.read_text() == "first"
        half.write_text("second")
    assert at.read_text() == "second"
    assert [path.name for path in at.parent.iterdir()] == ["report.html"]


def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    at = tmp_path / "frame.parquet"
    at.write_text("old")
    with pytest.raises(ValueError, match="disk"), in_one_step(at) as half:
        half.write_text("ha")
        raise ValueError("disk")
    assert at.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["frame.parquet"]


def test_the_half_is_hidden_so_nobody_takes_it_for_a_frame(tmp_path: Path) -> None:
    with in_one_step(tmp_path / "frame.parquet") as half:
        assert half.name.startswith(".")
        assert not half.name.endswith(".parquet")
        half.write_text("x")
