"""`caseclock clocks export` agrees with a slow, obvious calculation, row by row, on every row of a demo extract.

The calculation (tests/oracle/slow.py) reads the accepted tables as they lie in the home folder, and knows nothing of the library.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from slow_rules import SlowClocks

from caseclock.cli import cli

FRIDAY = dt.date(2026, 11, 20)
MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
RULES = yaml.safe_load((MONITORING / "timescales.yaml").read_text(encoding="utf-8"))
NOT_IN_THE_DEMO = {"assessment_checkpoint", "assessment_checkpoint_20", "icpc_transfer_in"}
"""The first two need a CIN census; no child moves here with a plan."""
RARE = {"rhi_72h", "pf_initial", "pf_visit", "pf_visit_after"}
"""So small a council may have none."""


def rows_of(file: Path) -> list[dict[str, Any]]:
    def cell(name: str, value: Any) -> Any:
        return value.date() if isinstance(value, dt.datetime) and not name.endswith("_at") else value

    return [{name: cell(name, value) for name, value in row.items()} for row in pq.read_table(file).to_pylist()]


def text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="minutes")
    return "" if value is None else str(value)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("export")
    say(["demo", "generate", "--out", str(at / "extracts"), "--scale", "0.05", "--weeks", "1", "--as-of", str(FRIDAY), "--seed", "5",
         "--format", "folder", "--with-supplementary", "--with-looked-after"])  # fmt: skip
    say(["run", *map(str, (at / "extracts").iterdir()), "--home", str(at / "home"), "--no-deliver"])
    return at / "home"


def say(words: list[str]) -> None:
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_the_export_agrees_with_a_slow_calculation_on_all_rows(home, tmp_path):
    say(["clocks", "export", "--as-of", str(FRIDAY), "--home", str(home), "--out", str(tmp_path / "clocks.csv")])
    with (tmp_path / "clocks.csv").open(encoding="utf-8", newline="") as file:
        exported = Counter(tuple(row) for row in list(csv.reader(file))[1:])
    folder = next((home / "accepted" / "demo" / str(FRIDAY)).iterdir())
    tables = {file.stem: rows_of(file) for file in folder.glob("*.parquet")}
    watched = [rule for rule in RULES if rule["id"] not in NOT_IN_THE_DEMO]
    slowly = SlowClocks(tables, FRIDAY, ["CW", "ALLOCATED CASE WORKER"], watched).clocks()
    expected = Counter({tuple(map(text, clock)): many for clock, many in slowly.items()})
    assert list((exported - expected).elements())[:5] == []
    assert list((expected - exported).elements())[:5] == []
    assert {rule["id"] for rule in watched} - {row[0] for row in exported} <= RARE
