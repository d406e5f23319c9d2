"""The stack under test: one compose project of its own, reached by `docker compose` and by what it keeps. Standard library only."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".demo" / "compose-test"  # neither git nor the image takes it
PROJECT = os.environ.get("CASECLOCK_COMPOSE_PROJECT", "caseclock-test")
PORTS = {"API_PORT": "18080", "MAIL_UI_PORT": "18025", "SLACK_UI_PORT": "18090"}
COMPOSE = shlex.split(os.environ.get("COMPOSE", "docker compose"))
UP = shlex.split(os.environ.get("CASECLOCK_COMPOSE_UP", ""))  # another command that makes images, builds, starts and waits
IMAGE, NEXT_IMAGE = "caseclock:test", "caseclock:test-next"
WORKER = "airflow-worker"


running = {"image": IMAGE}  # what the stack runs at present


class Broken(Exception):
    """The stack does not do what it should."""


def environment(**more: str) -> dict[str, str]:
    demo = (line.split("=", 1) for line in (ROOT / "deploy/compose/demo.env").read_text("utf-8").splitlines() if line and line[0] != "#")
    return {
        **os.environ,
        **dict(demo),
        **PORTS,
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_PROFILES": "demo",
        "CASECLOCK_SECRETS": str(FOLDER / "secrets"),
        "CASECLOCK_IMAGE": running["image"],
        **more,
    }


def call(
    command: list[str], *, given: str | bytes | None = None, check: bool = True, timeout: float = 600, env: dict[str, str] | None = None
) -> str:
    data = given.encode() if isinstance(given, str) else given
    done = subprocess.run(command, cwd=ROOT, env=env or environment(), input=data, capture_output=True, timeout=timeout, check=False)
    if check and done.returncode:
        raise Broken(f"{shlex.join(command)[:160]} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-1500:]}")
    return done.stdout.decode("utf-8", "replace")


def compose(*arguments: str, given: str | bytes | None = None, check: bool = True, timeout: float = 600, **more: str) -> str:
    return call([*COMPOSE, *arguments], given=given, check=check, timeout=timeout, env=environment(**more))


def inside(service: str, *command: str, given: str | bytes | None = None, check: bool = True, index: int = 1) -> str:
    return compose("exec", "-T", "--index", str(index), service, *command, given=given, check=check)


def states() -> dict[str, list[tuple[str, str, int]]]:
    """Service to (state, health, restarts) of each of its containers."""
    form = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} '
    form += "{{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}} {{.State.ExitCode}} {{.RestartCount}}"
    ids = call(
        [
            "docker",
            "ps",
            "-aq",
            "--filter",
            f"label=com.docker.compose.project={PROJECT}",
            "--filter",
            "label=com.docker.compose.oneoff=False",
        ]
    ).split()
    found: dict[str, list[tuple[str, str, int]]] = {}
    for line in call(["docker", "inspect", "-f", form, *ids]).splitlines() if ids else []:
        service, state, health, code, restarts = line.split()
        found.setdefault(service, []).append(("done" if state == "exited" and code == "0" else state, health, int(restarts)))
    return found


def image_of(service: str) -> str:
    first = compose("ps", "-q", service).split()[0]
    return call(["docker", "inspect", "-f", "{{.Config.Image}}", first]).strip()


def wait_healthy(patience: float = 600) -> float:
    """Until all that was started is healthy, or has done what it was for; seconds."""
    began = time.monotonic()
    while True:
        now = states()
        ill = [
            f"{name} is {state}, {health}"
            for name, all_ in now.items()
            for state, health, _ in all_
            if health != "healthy" and state != "done"
        ]
        if now and not ill:
            return time.monotonic() - began
        if time.monotonic() - began > patience:
            raise Broken(f"not healthy after {patience:.0f} s: {'; '.join(ill)}")
        time.sleep(1)


def sql(query: str, service: str = "store", user: str = "caseclock", check: bool = True) -> Any:
    """What a query that makes one JSON value found; None while nobody answers and `check` is off."""
    said = inside(service, "psql", "-U", user, "-At", "-v", "ON_ERROR_STOP=1", "-c", query, check=check).strip()
    return json.loads(said) if said else None


def outbox(source: str) -> list[dict[str, Any]]:
    row = ", ".join(f"'{name}', {name}" for name in ("key", "recipient", "channel", "mode", "state")) + ", 'lines', payload->'lines'"
    return list(sql(f"SELECT coalesce(json_agg(json_build_object({row})), '[]') FROM outbox WHERE source = '{source}'", check=False) or [])


def mails() -> list[str]:
    """The Message-ID of each mail in the catcher."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"http://127.0.0.1:{PORTS['MAIL_UI_PORT']}/api/v1/messages?limit=5000", timeout=30
    ) as answer:
        return [str(m["MessageID"]) for m in json.load(answer)["messages"]]


def posts() -> dict[str, int]:
    """Delivery key to how often the fake Slack was given it."""
    program = """import json, pathlib
from caseclock.demo.fake_slack import FakeSlack
print(json.dumps(FakeSlack(store=pathlib.Path("/opt/caseclock/slack.jsonl")).copies()))"""
    found: dict[str, int] = json.loads(inside("fake-slack", "python", "-c", program))
    return found
