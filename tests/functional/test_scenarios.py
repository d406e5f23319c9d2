"""Every scenario of scenarios/*.yaml on the real engine and the real store. What a step does not expect is forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caseclock.demo.scenario_file import Scenarios, ScenarioSpec, load
from caseclock.demo.scenarios import run

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


def _scenarios() -> Iterator[Any]:
    for file in FILES:
        whole = load(file)
        for scenario in whole.spec.scenarios:
            yield pytest.param(whole, scenario, id=f"{scenario.id} {scenario.title}")


@pytest.mark.parametrize(("whole", "scenario"), _scenarios())
def test_scenario(whole: Scenarios, scenario: ScenarioSpec) -> None:
    report = run(whole, scenario)
    assert report.passed, "\n".join(report.faults)
