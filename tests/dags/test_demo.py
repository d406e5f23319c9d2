"""`make demo ONCE=1`, as a newcomer runs it, on a smaller council with less history and on free ports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from caseclock.demo.processes import seen_processes
from ports import steady_ports

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]
PORTS = (
    "CASECLOCK_AIRFLOW_PORT",
    "CASECLOCK_WORKER_LOG_PORT",
    "CASECLOCK_TRIGGER_LOG_PORT",
    "CASECLOCK_SCHEDULER_HEALTH_PORT",
    "CASECLOCK_POSTBOX_PORT",
)


def demo(folder: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("caseclock")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "CASECLOCK")) and k != "PYTHONDONTWRITEBYTECODE"}
    command = [str(program), "demo", "run", "--once", "--folder", str(folder), *words]
    return subprocess.run(command, env={**inherited, **env}, capture_output=True, text=True, check=False)


def free_ports() -> dict[str, str]:
    return {name: str(port) for name, port in zip(PORTS, steady_ports(len(PORTS)), strict=True)}


def test_the_demo_plays_and_ends_with_0(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo", free_ports(), "--scale", "0.4", "--weeks", "12")
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "success" in done.stdout
    assert "each arrived once" in done.stdout
    assert "Service manager, North, by slack" in done.stdout
    assert "why:" in done.stdout
    left = [seen.command for seen in seen_processes() if str(tmp_path) in " ".join(seen.variables.values())]
    assert left == [], "the demo ends every process that it started"


def test_a_taken_port_is_named_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    ports = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(ports["CASECLOCK_AIRFLOW_PORT"])))
        taken.listen()
        done = demo(tmp_path / "demo", ports)
    assert done.returncode == 3
    assert ports["CASECLOCK_AIRFLOW_PORT"] in done.stderr
    assert "CASECLOCK_AIRFLOW_PORT" in done.stderr


def test_a_folder_that_the_demo_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = demo(tmp_path, free_ports())
    assert done.returncode != 0
    assert "not made by the demo" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
