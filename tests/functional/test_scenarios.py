"""Every scenario of scenarios/*.yaml on the real engine and the real store. What a step does not expect is forbidden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_lab import Lab, Landed, local, routes_of, rules_of

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


def _scenarios() -> Iterator[Any]:
    for file in FILES:
        whole = yaml.safe_load(file.read_text())
        for scenario in whole["scenarios"]:
            yield pytest.param(whole, scenario, id=f"{scenario['id']} {scenario['title']}")


def _lab(whole: dict[str, Any], scenario: dict[str, Any]) -> Lab:
    used = scenario.get("use", ["unalloc"])
    rules = rules_of({id: whole["rules"][id] for id in used}, scenario.get("rules"))
    return Lab(rules, routes_of(whole["recipients"]))


def _do(lab: Lab, step: dict[str, Any]) -> None:
    lab.now = local(step["at"])
    lab.faults[:] = step.get("faults", [])
    if "extract" in step:
        given = step["extract"]
        held = "the gate was told to fail" if given.get("dq") == "fail" else None
        lab.extract(_day(given["as_of"]), given.get("values", {}), given.get("rev", 0), held=held)
    if "action" in step:
        _act(lab, step["action"])


def _act(lab: Lab, action: dict[str, Any]) -> None:
    until = local(action["until"]) if "until" in action else None
    if action.get("ack"):
        lab.ack(action["target"], action["by"], until)
    elif action.get("silence"):
        lab.silence(action["target"], action["by"], until, action.get("reason"))
    else:
        lab.unsilence(action["target"], action["by"])


def _day(value: str | dt.date) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _seen(landed: list[Landed]) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((m.to, "email" if m.channel == "email" else m.mode, tuple(sorted(m.items))) for m in landed)


def _expected(step: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((e["to"], e["mode"], tuple(sorted(e["items"]))) for e in step.get("expect", []))


@pytest.mark.parametrize(("whole", "scenario"), _scenarios())
def test_scenario(whole: dict[str, Any], scenario: dict[str, Any]) -> None:
    lab = _lab(whole, scenario)
    for step in scenario["steps"]:
        _do(lab, step)
        assert _seen(lab.run()) == _expected(step), f"at {step['at']}"
    final = scenario.get("final", {})
    for target, state in final.get("cond", {}).items():
        assert lab.state(target) == state
    assert set(final.get("audit_has", [])) <= lab.events()
    assert lab.copies() <= final.get("max_copies", lab.copies())
