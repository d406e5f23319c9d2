"""The sender is killed with SIGKILL at every step, several times in a row: nothing is lost, and nothing is sent twice."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sender  # type: ignore[import-not-found]
from alert_lab import Lab, local

from caseclock.storage import schema as t

HERE = Path(__file__).parent
STEPS = ["claimed", "attempt_written", "in_flight_before", "in_flight_after", "sent", "settled"]


def _lab(url: str) -> Lab:
    made: Lab = sender.make_lab(url)
    return made


def _send(url: str, file: Path, now: dt.datetime, step: str = "never", count: int = 1) -> int:
    path = os.pathsep.join([str(HERE.parent / "functional" / "scenarios"), str(HERE.parents[1] / "include")])
    command = [sys.executable, str(HERE / "sender.py"), url, str(file), now.isoformat(), step, str(count)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, timeout=120, check=False).returncode


def _landed(file: Path) -> list[list[object]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("step", STEPS)
def test_a_sender_killed_at_this_step_loses_and_repeats_nothing(step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, file = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "landed.jsonl"
    lab = _lab(url)
    days = [
        (dt.date(2026, 12, 1), {"n1": 12, "s1": 22}),
        (dt.date(2026, 12, 2), {"n1": 25, "s1": 3}),
        (dt.date(2026, 12, 3), {"n1": 0, "s1": 2}),
    ]
    kills = 0
    for day, figures in days:
        lab.now = local(f"{day}T08:30")
        lab.extract(day, {"calm": figures})
        lab.update()
        for _ in range(3):  # each message is killed at most three times before a sender gets through
            killed = _send(url, file, lab.now, step) == -signal.SIGKILL
            kills += killed
            lab.now += dt.timedelta(minutes=10)
            lab.update()
            if not killed:
                break
        assert _send(url, file, lab.now) == 0
        lab.now += dt.timedelta(minutes=10)
        lab.update()
        assert _send(url, file, lab.now) == 0
    keys = Counter((channel, key) for channel, _, key, _, _ in _landed(file))
    wanted = {row["key"] for row in lab.table(t.outbox)}
    lost, twice = wanted - {key for _, key in keys}, [k for k, n in keys.items() if n > 1]
    with capsys.disabled():
        print(f"\nkilled {kills} times at {step}: {len(keys)} messages, {len(lost)} lost, {len(twice)} repeated")
    assert kills >= 3
    assert not lost
    assert not twice
    assert {row["state"] for row in lab.table(t.outbox)} == {"sent"}
    said = [(to, kind) for _, to, _, _, kinds in _landed(file) for kind in kinds]  # type: ignore[attr-defined]
    assert said == [("north", "fire"), ("south", "fire"), ("north", "worsened"), ("south", "resolved"), ("north", "resolved")]
    assert not [r for r in lab.table(t.told) if r["open"]]
