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
from caseclock.clocks import tally
from caseclock.extracts.supplementary import codes
from caseclock.measures import MEASURES, MeasureConfig
from caseclock.measures.model import BANDS, GROUPS, PRIORITIES, MeasureId, figures, title_of

ROOM = Path(caseclock.measures.__file__).parent
SHIPPED = ROOM.parents[1] / "monitoring" / "measures.yaml"


def test_the_files_on_disk_are_the_measures_named():
    assert {path.stem for path in ROOM.glob("*.py")} - {"__init__", "model"} == set(MEASURES)


def test_configuration_knows_exactly_the_measures_named():
    assert set(get_args(MeasureId)) == set(MEASURES)


def test_every_measure_ships_switched_on_with_a_plain_title():
    entries = [MeasureConfig.model_validate(entry) for entry in yaml.safe_load(SHIPPED.read_text())]
    assert [entry.id for entry in entries] == list(MEASURES)
    assert len({entry.title for entry in entries}) == len(entries)
    assert {entry.id for entry in entries if entry.direction == "below"} == {
        "in_time", "completed", "reviewed_in_time", "departures", "supervision_held", "supervision_recorded", "rhi_held",
    }  # fmt: skip
    assert {entry.id for entry in entries if entry.unit == "per cent"} == {
        "in_time", "reviewed_in_time", "re_referral", "supervision_held", "supervision_recorded", "caseload_top", "agency_share",
        "vacancy_rate", "agency_rate", "rhi_held",
    }  # fmt: skip


def test_flows_are_of_a_week_and_rates_of_thirteen():
    periods = {entry["id"]: entry.get("period_days") for entry in yaml.safe_load(SHIPPED.read_text())}
    assert {id_ for id_, days in periods.items() if days == 7} == {"completed", "arrivals", "departures", "net_change"}
    assert {periods[id_] for id_ in ("load", "weeks_of_work", "target_queue", "relief_capacity", "re_referral", "in_time")} == {91}
    assert periods["workers_per_child"] == 365


def test_every_measure_stands_under_one_heading():
    assert sorted(id_ for ids in GROUPS.values() for id_ in ids) == sorted(MEASURES)


def test_bands_and_priorities_are_those_that_are_counted():
    assert tuple(tally.BANDS) == BANDS
    assert codes.PRIORITIES == PRIORITIES


def test_the_figures_of_a_measure_are_known_by_name():
    assert figures("open", ["allocation"]) == ["open", "open.allocation"]
    assert figures("overdue", ["allocation"]) == ["overdue.allocation"]
    assert figures("unallocated", ["allocation"]) == ["unallocated"]
    assert figures("unallocated_priority", [])[0] == "unallocated_priority.urgent"
    assert figures("age_band", ["cp_visit"])[::5] == ["age_band.cp_visit.to_25", "age_band.cp_visit.over_150"]


def test_an_entry_may_ask_for_some_timescales_only():
    entry = MeasureConfig(id="open", title="open work", unit="cases", direction="above", rules=("allocation",))
    assert entry.figures(["allocation", "cp_visit"]) == ["open", "open.allocation"]
    assert [entry.speaks_of(name) for name in ("open", "open.allocation", "open.cp_visit")] == [True, True, False]


def test_a_figure_is_called_by_its_measure_its_timescale_and_its_part():
    measures, timescales = {"overdue": "open and overdue", "age_band": "by age"}, {"cp_visit": "visit to a child"}
    assert title_of("overdue.cp_visit", measures, timescales) == "open and overdue: visit to a child"
    assert title_of("age_band.cp_visit.to_25", measures, timescales) == "by age: visit to a child: up to 25 per cent of the limit"
    assert title_of("unallocated_priority.no_priority", measures, timescales) == "unallocated_priority: no priority"
    assert title_of("overdue.gone", {}, {}) == "overdue: gone"


def test_a_measure_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValidationError, match="'open', 'unallocated'"):
        MeasureConfig.model_validate({"id": "waiting", "title": "waiting", "unit": "cases", "direction": "above"})


def test_no_measure_imports_a_sibling():
    for name in MEASURES:
        assert "caseclock.measures" not in (ROOM / f"{name}.py").read_text()


def test_naming_measures_does_not_load_pandas():
    said = "import sys, caseclock.measures; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], cwd=ROOM.parents[1], check=False).returncode == 0
