"""`caseclock demo generate` and its options."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from caseclock.cli.demo import FORMS, demo
from caseclock.errors import WrongUse

SMALL = ["--scale", "0.02", "--weeks", "1", "--seed", "3", "--as-of", "2026-11-20"]


def generate(*words: str) -> str:
    done = CliRunner().invoke(demo, ["generate", *SMALL, *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("zip", "demo__2026-11-20.zip"),
        ("folder", "demo__2026-11-20"),
        ("csv", "demo__2026-11-20"),
        ("parquet", "demo__2026-11-20"),
        ("annex-a", "demo__2026-11-20.xlsx"),
        ("cin-census", "demo__2026-11-20.xml"),
    ],
)
def test_a_form_and_the_name_it_gets(form: str, name: str, tmp_path: Path) -> None:
    assert name in generate("--format", form, "--out", str(tmp_path / "out"))
    assert [p.name for p in (tmp_path / "out").iterdir()] == [name]


def test_every_form_is_tried_here(tmp_path: Path) -> None:
    assert FORMS == ["zip", "folder", "csv", "parquet", "annex-a", "cin-census", "sql"]


def test_a_sqlite_file_and_a_url(tmp_path: Path) -> None:
    for out in (str(tmp_path / "new" / "ssd.db"), f"sqlite:///{tmp_path / 'other.db'}"):
        assert "17 tables, as of 2026-11-20" in generate("--format", "sql", "--out", out, "--supplier", "mosaic")
    assert (tmp_path / "new" / "ssd.db").stat().st_size == (tmp_path / "other.db").stat().st_size


def test_what_is_asked_for_beside_the_plain_council(tmp_path: Path) -> None:
    generate("--format", "csv", "--with-looked-after", "--out", str(tmp_path / "a"))
    generate("--format", "csv", "--with-supplementary", "--out", str(tmp_path / "b"))
    care, all_of_it = ({p.name for p in (tmp_path / x / "demo__2026-11-20").iterdir()} for x in "ab")
    assert {"ssd_cla_placement.csv", "ssd_care_leavers.csv"} <= care
    assert len(all_of_it - care) == 6


@pytest.mark.parametrize("words", [["--format", "sql", "--with-supplementary"], ["--format", "annex-a", "--supplier", "mosaic"]])
def test_options_that_do_not_go_together(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        generate(*words, "--out", str(tmp_path / "out"))
