"""The list of measures, its files and its configuration say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import ValidationError

import caseclock.measures
from caseclock.measures import MEASURES, MeasureConfig
from caseclock.measures.model import NO_TEAM, MeasureId, figures

ROOM = Path(caseclock.measures.__file__).parent
SHIPPED = ROOM.parents[1] / "monitoring" / "measures.yaml"


def test_the_files_on_disk_are_the_measures_named():
    assert {path.stem for path in ROOM.glob("*.py")} - {"__init__", "model"} == set(MEASURES)


def test_configuration_knows_exactly_the_measures_named():
    assert set(get_args(MeasureId)) == set(MEASURES)


def test_every_measure_ships_switched_on_with_a_plain_title():
    entries = [MeasureConfig.model_validate(entry) for entry in yaml.safe_load(SHIPPED.read_text())]
    assert [entry.id for entry in entries] == list(MEASURES)
    assert {entry.id: (entry.unit, entry.direction) for entry in entries} == {
        "open": ("cases", "above"),
        "unallocated": ("cases", "above"),
        "unallocated_cp": ("children", "above"),
        "overdue": ("clocks", "above"),
        "due_soon": ("clocks", "above"),
        "in_time": ("per cent", "below"),
        "unallocated_low": ("cases", "above"),
        "unallocated_priority": ("cases", "above"),
        "supervision_held": ("per cent", "below"),
        "supervision_recorded": ("per cent", "below"),
        "caseload": ("children", "above"),
        "caseload_fte": ("children", "above"),
        "caseload_high": ("workers", "above"),
        "agency_share": ("per cent", "above"),
        "vacancy_rate": ("per cent", "above"),
        "agency_rate": ("per cent", "above"),
        "rhi_held": ("per cent", "below"),
    }


def test_the_figures_of_a_measure_are_known_by_name():
    assert figures("open", ["allocation"]) == ["open", "open.allocation"]
    assert figures("overdue", ["allocation"]) == ["overdue.allocation"]
    assert figures("unallocated", ["allocation"]) == ["unallocated"]
    assert figures("unallocated_priority", [])[0] == "unallocated_priority.urgent"


def test_a_measure_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValidationError, match="'open', 'unallocated'"):
        MeasureConfig.model_validate({"id": "waiting", "title": "waiting", "unit": "cases", "direction": "above"})


def test_no_measure_imports_a_sibling():
    for name in MEASURES:
        assert "caseclock.measures" not in (ROOM / f"{name}.py").read_text()


def test_work_that_no_team_answers_for_has_one_sign_in_both_rooms():
    from caseclock.clocks.teams import NOBODY

    assert NOBODY == NO_TEAM


def test_naming_measures_does_not_load_pandas():
    said = "import sys, caseclock.measures; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], cwd=ROOM.parents[1], check=False).returncode == 0
