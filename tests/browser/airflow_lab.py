"""A real API server of Airflow with the Backlog pages in it, on a small real store: without scheduler and tasks, so it is up in seconds."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import insert

from caseclock import now as clock
from caseclock.demo.airflow_client import AirflowClient, Refused, Unreachable
from caseclock.demo.airflow_home import Ports, airflow_settings, secrets_of, write_local_settings
from caseclock.storage import schema as t

from ..functional.release_lab import Lab, open_lab
from ..ports import steady_ports

ROOT = Path(__file__).resolve().parents[2]
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
TEAMS = {"NA2": "North Assessment 2", "SA1": "South Assessment 1"}
PATIENCE = 90.0  # seconds


@dataclass
class ApiServer:
    """`airflow api-server` on a home of its own. `env`: more variables."""

    home: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Ports = field(default_factory=lambda: Ports(*steady_ports(4)))
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}"

    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW", "CASECLOCK_"))}
        settings = airflow_settings(self.home, ROOT, self.ports, 2)
        return {**inherited, **settings, "PYTHONPATH": str(ROOT / "include"), **self.env}

    def command(self, *words: str) -> None:
        """One command of Airflow, to its end."""
        done = subprocess.run([_airflow(), *words], env=self.environment(), cwd=self.home, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def start(self) -> None:
        with (self.home / "api.log").open("ab") as log:
            self._process = subprocess.Popen(
                [_airflow(), "api-server", "--apps", "core"],
                env=self.environment(),
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until, nobody = time.monotonic() + PATIENCE, AirflowClient(self.url, "", "")
        while True:
            try:
                return nobody._call("GET", "/api/v2/version") and None
            except (Unreachable, Refused):
                ended = self._process.poll() is not None
                assert not ended and time.monotonic() < until, (self.home / "api.log").read_text("utf-8")[-3000:]
                time.sleep(0.2)

    def stop(self) -> None:
        """Every process of its session: uvicorn's workers are children of it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)  # in order it waits ten seconds for the browser's idle connections
            self._process.wait(timeout=10)
            self._process = None

    def password(self, user: str) -> str:
        return str(secrets_of(self.home)["passwords"][user])

    def client(self, user: str = "admin", password: str | None = None) -> AirflowClient:
        return AirflowClient(self.url, user, password or self.password(user))


def _airflow() -> str:
    return str(Path(sys.executable).parent / "airflow")


@contextmanager
def api_server(home: Path, cache: pytest.Cache, env: Mapping[str, str]) -> Iterator[ApiServer]:
    """Not started yet. Airflow's database is migrated once per version and kept."""
    home.mkdir(parents=True)
    write_local_settings(home)
    server = ApiServer(home, env)
    kept = cache.mkdir(f"airflow-{version('apache-airflow')}-sqlite") / "airflow.db"
    with kept.with_suffix(".lock").open("w") as lock:  # the same file as in tests/dags/conftest.py
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            server.command("db", "migrate")
            shutil.move(home / "airflow.db", kept)
    shutil.copy(kept, home / "airflow.db")
    try:
        yield server
    finally:
        server.stop()


@dataclass
class House:
    """A caseclock with one open alert of the north and one of the south."""

    home: Path
    lab: Lab
    north: str
    south: str
    extract: str

    @property
    def env(self) -> dict[str, str]:
        return {"CASECLOCK_HOME": str(self.home)}

    def rows(self, table: Any, **where: Any) -> list[Any]:
        with self.lab.house.engine.connect() as c:
            return list(c.execute(table.select().filter_by(**where)))


@contextmanager
def house(home: Path) -> Iterator[House]:
    """Two extracts, of a week ago and of yesterday. Airflow's user `north` is the service manager of the north."""
    today = clock.now().astimezone(clock.LONDON).date()
    with open_lab(home) as lab:
        routes = home / "monitoring" / "routes.yaml"
        said = yaml.safe_load(routes.read_text("utf-8"))
        said["services"]["north"]["people"] = ["north"]
        routes.write_text(yaml.safe_dump(said, sort_keys=False), "utf-8")
        ids = [_land(lab, today - dt.timedelta(days=days), value) for days, value in ((8, 1.0), (1, 12.0))]
        from caseclock.pipeline import alerts_list

        found = {alert["team"]: alert["id"] for alert in alerts_list(lab.house, None, False)}
        yield House(home, lab, found["NA2"], found["SA1"], ids[-1])


def _land(lab: Lab, day: dt.date, value: float) -> str:
    at = dt.datetime.combine(day, dt.time(16), clock.LONDON)
    extract = lab.land(day, value, "pass", at, done=False)
    with lab.house.engine.begin() as c:
        figures = [{"extract_id": extract, "measure": "unallocated", "team": team, "value": value, "n": 100} for team in ["*", *TEAMS]]
        c.execute(insert(t.measure_value), figures)
        if not c.execute(t.team.select()).first():
            c.execute(insert(t.team), [{"source": "demo", "team": k, "name": v, "as_of": day.isoformat()} for k, v in TEAMS.items()])
        from caseclock.storage import ledger

        ledger.mark_done(c, extract, "compute_measures", at, 0.0)
    lab.tell(extract, at)
    return extract


MAKE_USERS = """
import json, sys
from airflow import settings
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.models.db import FABDBManager
FABDBManager(settings.Session()).upgradedb()
with get_application_builder() as builder:
    for user, (role, password) in json.loads(sys.argv[1]).items():
        assert builder.sm.add_user(user, "Test", user.title(), f"{user}@example.org", builder.sm.find_role(role), password)
"""


def make_users(server: ApiServer, people: Mapping[str, tuple[str, str]]) -> None:
    """As `airflow fab-db migrate` and `airflow users create` do, all in one process: user name to role and password."""
    made = [sys.executable, "-c", MAKE_USERS, json.dumps(people)]
    done = subprocess.run(made, env=server.environment(), cwd=server.home, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


@contextmanager
def fast_folder() -> Iterator[Path]:
    """In memory where there is some: Airflow's database is written in hundreds of small transactions."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="caseclock-airflow-", dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)
