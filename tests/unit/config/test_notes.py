"""What is sound and worth a look: a note, never a problem."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from caseclock.cli.tools import check_config
from caseclock.config.load import check, notes
from caseclock.settings import shipped_config

LISTED = """charts: [arrivals]
school_holidays:
  - {first: 2026-10-26, last: 2026-10-30}
  - {first: 2027-05-31, last: 2027-06-04}
"""


@pytest.mark.parametrize(
    ("text", "today", "said"),
    [
        (LISTED, "2026-06-04", None),
        (LISTED, "2026-06-05", "they are listed up to 2027-06-04, not for the next 12 months"),
        ("charts: [arrivals]\n", "2026-06-05", "none are listed"),
        ("charts: [open]\n", "2026-06-05", None),  # that is a problem, and told as one
        (None, "2026-06-05", None),
    ],
)
def test_school_holidays_that_do_not_reach_over_a_year_are_noted(tmp_path: Path, text: str | None, today: str, said: str | None) -> None:
    if text is not None:
        (tmp_path / "trends.yaml").write_text(text)
    found = notes(tmp_path, dt.date.fromisoformat(today))
    assert [note.what.partition(":")[0] for note in found] == ([said] if said else [])
    assert [note.line for note in found if note.path and "school" in (text or "")] == ([2] if said and text == LISTED else [])


def test_a_note_is_told_and_is_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring"
    shutil.copytree(shipped_config(), folder)
    (folder / "trends.yaml").write_text("charts: [arrivals]\nforecasts: [arrivals]\n")
    assert check(folder) == []
    done = CliRunner().invoke(check_config, [str(folder)])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{folder}: 0 problems")
    assert "note: " in done.stderr and "expected the dates of your council" in done.stderr
    told = [json.loads(line) for line in CliRunner().invoke(check_config, [str(folder), "--json"]).stdout.splitlines()]
    assert [(one["note"], one["path"], one["line"]) for one in told] == [(True, "school_holidays", 1)]


def test_the_file_says_that_its_holidays_are_not_those_of_the_council() -> None:
    assert "NOT YOUR COUNCIL'S" in (shipped_config() / "trends.yaml").read_text()
