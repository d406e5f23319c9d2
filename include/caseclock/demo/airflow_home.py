"""The home of a standalone Airflow: its ports, its settings, its generated keys and passwords."""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from caseclock.demo.processes import port_is_free
from caseclock.errors import CaseclockError

USERS = {"admin": "admin", "viewer": "viewer", "north": "user"}  # name: role of the simple auth manager; north: the demo's service manager


class CannotStart(CaseclockError):
    """Airflow could not be started, or did not become ready."""


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1. Each can be changed by the variable named beside it."""

    api: int = field(default=8080, metadata={"variable": "CASECLOCK_AIRFLOW_PORT"})
    worker_log: int = field(default=8793, metadata={"variable": "CASECLOCK_WORKER_LOG_PORT"})
    trigger_log: int = field(default=8794, metadata={"variable": "CASECLOCK_TRIGGER_LOG_PORT"})
    scheduler_health: int = field(default=8974, metadata={"variable": "CASECLOCK_SCHEDULER_HEALTH_PORT"})

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Ports:
        return cls(**{f.name: int(env[f.metadata["variable"]]) for f in fields(cls) if env.get(f.metadata["variable"])})

    def taken(self) -> list[tuple[int, str]]:
        """Each port that somebody uses now, with its variable."""
        return [(getattr(self, f.name), f.metadata["variable"]) for f in fields(self) if not port_is_free(getattr(self, f.name))]

    def check_free(self, patience: float = 0.0) -> None:
        """Raises CannotStart that names every port still taken after `patience` seconds, and the variable to change."""
        until = time.monotonic() + patience
        while (taken := self.taken()) and time.monotonic() < until:
            time.sleep(0.1)
        if taken:
            raise CannotStart(
                "; ".join(f"port {port} of 127.0.0.1 is taken ({variable})" for port, variable in taken),
                where="Airflow",
                todo=f"End what uses it, or set {taken[0][1]} to a free port.",
            )


def airflow_settings(home: Path, repository: Path, ports: Ports, parallelism: int) -> dict[str, str]:
    """Airflow's settings as environment variables: small, quick to react, and patient with an API server that is still starting."""
    kept, url = secrets_of(home), f"http://127.0.0.1:{ports.api}"
    sections: dict[str, dict[str, object]] = {
        "CORE": {
            "DAGS_FOLDER": repository / "dags",
            "PLUGINS_FOLDER": repository / "plugins",
            "EXECUTOR": "LocalExecutor",
            "LOAD_EXAMPLES": False,
            "PARALLELISM": parallelism,
            "MAX_ACTIVE_RUNS_PER_DAG": 2,
            "DAGS_ARE_PAUSED_AT_CREATION": False,
            "FERNET_KEY": kept["fernet_key"],
            "EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home / "passwords.json",
        },
        "API": {"HOST": "127.0.0.1", "PORT": ports.api, "WORKERS": 1, "SECRET_KEY": kept["secret_key"], "BASE_URL": url},
        "API_AUTH": {"JWT_SECRET": kept["jwt_secret"]},
        "DATABASE": {"SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}"},
        "LOGGING": {
            "BASE_LOG_FOLDER": home / "logs",
            "WORKER_LOG_SERVER_PORT": ports.worker_log,
            "TRIGGER_LOG_SERVER_PORT": ports.trigger_log,
        },
        "SCHEDULER": {
            "SCHEDULER_IDLE_SLEEP_TIME": 0.2,
            "SCHEDULER_HEALTH_CHECK_SERVER_PORT": ports.scheduler_health,
            # tasks of a killed Airflow are taken up after a minute, not after five. The threshold of 30 s after which a scheduler
            # counts as dead stays: a lower one was seen to make a slow scheduler take itself for dead and reset its own tasks
            "ORPHANED_TASKS_CHECK_INTERVAL": 60,
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT": 90,  # the same for a task whose supervisor was killed
        },
        "WORKERS": {
            "EXECUTION_API_TIMEOUT": 60,
            # a minute of patience: after a restart tasks begin before the API server answers, and each would lose a try
            "EXECUTION_API_RETRIES": 12,
            "EXECUTION_API_RETRY_WAIT_MAX": 10,
        },
        "DAG_PROCESSOR": {"REFRESH_INTERVAL": 30, "MIN_FILE_PROCESS_INTERVAL": 60, "PARSING_PROCESSES": 1},
    }
    flat = {f"AIRFLOW__{section}__{key}": str(value) for section, keys in sections.items() for key, value in keys.items()}
    return {"AIRFLOW_HOME": str(home), **flat}


LOCAL_SETTINGS = """import sys

from caseclock.pipeline.warm import warm_up

warm_up(sys.argv)
"""


def write_local_settings(home: Path) -> None:
    """Airflow executes `config/airflow_local_settings.py` first of all in each process: there the scheduler loads what its tasks need."""
    file = home / "config" / "airflow_local_settings.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(LOCAL_SETTINGS, encoding="utf-8")


def secrets_of(home: Path) -> dict[str, Any]:
    """Keys and passwords, made once per home: `fernet_key`, `jwt_secret`, `secret_key`, `passwords`. For their owner only."""
    file = home / "secrets.json"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_hex(64),  # at least 64 bytes for HMAC with SHA-512: RFC 7518, 3.2
            "secret_key": secrets.token_hex(32),
            "passwords": {user: secrets.token_urlsafe(12) for user in USERS},
        }
        _write_private(home / "passwords.json", json.dumps(made["passwords"]) + "\n")
        _write_private(file, json.dumps(made))
    kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return kept


def _write_private(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
