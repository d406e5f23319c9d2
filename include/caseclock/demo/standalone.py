"""Airflow standalone as a guest: started from this environment with its own home, watched until it is ready, ended whole.

`airflow standalone` starts four components, these start workers, and tasks move into process groups of their own. All inherit
a mark in their environment and stay in one session; `stop` ends every process that shows either, and leaves nothing.
This module does not import airflow: it runs the command that is installed beside this interpreter.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from caseclock.demo.airflow_client import AirflowClient, Unreachable
from caseclock.demo.processes import Seen, alive, port_is_free, seen_processes, send
from caseclock.errors import CaseclockError

MARK = "CASECLOCK_STANDALONE"
USERS = {"admin": "admin", "viewer": "viewer"}  # name: role of the simple auth manager
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
DAGS = frozenset({"intake", "monitor_extract", "tend_alerts", "send_weekly_digest", "housekeeping"})


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

    def check_free(self) -> None:
        """Raises CannotStart that names every taken port and the variable to change."""
        taken = [(getattr(self, f.name), f.metadata["variable"]) for f in fields(self) if not port_is_free(getattr(self, f.name))]
        if taken:
            raise CannotStart(
                "; ".join(f"port {port} of 127.0.0.1 is taken ({variable})" for port, variable in taken),
                where="Airflow",
                todo=f"End what uses it, or set {taken[0][1]} to a free port.",
            )


@dataclass
class Standalone:
    """One Airflow for one demo or test.

    `home`: AIRFLOW_HOME; keeps database, logs and generated secrets, so that a second start goes on where the first one ended.
    `repository`: the folder with dags/, plugins/ and include/. `env`: more variables for every process, as `CASECLOCK_HOME`.
    """

    home: Path
    repository: Path
    ports: Ports = Ports()
    env: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 4
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _revived: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False, repr=False)

    # --- life ----------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Starts Airflow and returns at once. Raises CannotStart when a port is taken or the same home is in use."""
        self.home = self.home.resolve()
        self._end_what_was_left_over()
        self.ports.check_free()
        self.home.mkdir(parents=True, exist_ok=True)
        self._session_file.write_text("", "utf-8")
        self._process = self._spawn("standalone")

    def revive(self) -> list[str]:
        """Starts each component again that is not there any more; names them. `airflow standalone` itself never does."""
        commands = [seen.command for seen in self._ours()]
        dead = [name for name in COMPONENTS if not any(_is_component(name, command) for command in commands)]
        self._revived += [self._spawn(name) for name in dead]
        return dead

    def wait_healthy(self, timeout: float = 240.0, tell: Callable[[str], None] = lambda _: None) -> float:
        """Waits until every component is healthy, the first slow request is behind us and all DAGs are known; returns seconds.

        The first request to `/execution` takes 5 CPU seconds, and tasks that start before fail on their time-out.
        Raises CannotStart with what was still missing, or when Airflow ended.
        """
        began, told, look = time.monotonic(), "", f"Read {self.log_file}."
        while True:
            missing = self.missing()
            if not missing:
                return time.monotonic() - began
            if missing != told:
                told = missing
                tell(f"waiting for {missing}")
            if self._process is not None and self._process.poll() is not None:
                raise CannotStart("it ended while it was starting", where="Airflow", todo=look)
            if time.monotonic() - began > timeout:
                raise CannotStart(
                    f"after {timeout:.0f} s it was still waiting for {missing}", where="Airflow", todo=f"Read {self.log_file}."
                )
            time.sleep(0.5)

    def missing(self) -> str:
        """What is not ready yet, in words; empty when all is."""
        client = self.client()
        try:
            ill = sorted(name for name, status in client.health().items() if status != "healthy")
            if ill:
                return ", ".join(ill)
            client.warm_up()
            unknown = sorted(DAGS - client.dag_ids())
        except Unreachable:
            return "the API server"
        return f"the DAGs {', '.join(unknown)}" if unknown else ""

    def stop(self, grace: float = 20.0) -> None:
        """Ends every process that belongs to this home: SIGINT to the parent, then SIGTERM, then SIGKILL to what is left."""
        mine = self.processes()
        if self._process is not None and self._process.poll() is None:
            send({self._process.pid}, signal.SIGINT)
            send({p.pid for p in self._revived}, signal.SIGTERM)
            self._wait_gone(grace)
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            mine = self.processes()
            if not mine:
                break
            send(mine, number)
            self._wait_gone(seconds)
        self._forget()
        if mine := self.processes():
            raise CannotStart(f"processes {sorted(mine)} did not end", where="Airflow", todo="End them by hand.")

    def kill(self) -> None:
        """SIGKILL to every process at once, as when the machine loses its power."""
        for _ in range(20):  # a dying parent may just have started another child
            if not (mine := self.processes()):
                break
            send(mine, signal.SIGKILL)
            self._wait_gone(1.0)
        self._forget()

    def __enter__(self) -> Standalone:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what others need to know --------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def log_file(self) -> Path:
        return self.home / "standalone.log"

    def client(self, user: str = "admin") -> AirflowClient:
        return AirflowClient(self.url, user, self.password(user))

    def password(self, user: str = "admin") -> str:
        """The generated password of one of USERS; the same for every start on this home."""
        return str(self._secrets()["passwords"][user])

    def processes(self) -> set[int]:
        """Every living process of this home, of this start or an earlier one."""
        return {seen.pid for seen in self._ours()}

    def environment(self) -> dict[str, str]:
        """What every process of Airflow sees."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW")) and k != "PYTHONDONTWRITEBYTECODE"}
        beside = str(Path(sys.executable).parent)  # standalone starts its components as `airflow`, by PATH
        return {
            **inherited,
            **self._settings(),
            "PATH": os.pathsep.join([beside, inherited.get("PATH", os.defpath)]),
            "PYTHONPATH": str(self.repository / "include"),
            "PYTHONUNBUFFERED": "1",
            **self.env,
            MARK: str(self.home),
            f"{MARK}_BY": str(os.getpid()),
        }

    @property
    def _session_file(self) -> Path:
        return self.home / "standalone.session"

    # --- inside --------------------------------------------------------------------------------------------------
    def _spawn(self, command: str) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            made = subprocess.Popen(
                [self._airflow(), command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                cwd=self.home,
                start_new_session=True,  # the Ctrl-C of the terminal ends us; we end Airflow in order
            )
        with self._session_file.open("a", encoding="utf-8") as sessions:
            sessions.write(f"{made.pid}\n")
        return made

    def _forget(self) -> None:
        for process in [self._process, *self._revived]:
            if process is not None:
                process.wait(timeout=5)
        self._process, self._revived = None, []

    def _settings(self) -> dict[str, str]:
        kept = self._secrets()
        sections: dict[str, dict[str, object]] = {
            "CORE": {
                "DAGS_FOLDER": self.repository / "dags",
                "PLUGINS_FOLDER": self.repository / "plugins",
                "EXECUTOR": "LocalExecutor",
                "LOAD_EXAMPLES": False,
                "PARALLELISM": self.parallelism,
                "MAX_ACTIVE_RUNS_PER_DAG": 2,
                "DAGS_ARE_PAUSED_AT_CREATION": False,
                "FERNET_KEY": kept["fernet_key"],
                "EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
                "SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
                "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": self.home / "passwords.json",
            },
            "API": {"HOST": "127.0.0.1", "PORT": self.ports.api, "WORKERS": 1, "SECRET_KEY": kept["secret_key"], "BASE_URL": self.url},
            "API_AUTH": {"JWT_SECRET": kept["jwt_secret"]},
            "DATABASE": {"SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}"},
            "LOGGING": {
                "BASE_LOG_FOLDER": self.home / "logs",
                "WORKER_LOG_SERVER_PORT": self.ports.worker_log,
                "TRIGGER_LOG_SERVER_PORT": self.ports.trigger_log,
            },
            "SCHEDULER": {
                "SCHEDULER_IDLE_SLEEP_TIME": 0.2,
                "SCHEDULER_HEALTH_CHECK_SERVER_PORT": self.ports.scheduler_health,
                "ORPHANED_TASKS_CHECK_INTERVAL": 30,  # tasks of a killed Airflow are taken up after half a minute, not after five
                "TASK_INSTANCE_HEARTBEAT_TIMEOUT": 90,  # the same for a task whose supervisor was killed
            },
            "WORKERS": {"EXECUTION_API_TIMEOUT": 60},
            "DAG_PROCESSOR": {"REFRESH_INTERVAL": 30, "MIN_FILE_PROCESS_INTERVAL": 60, "PARSING_PROCESSES": 1},
        }
        flat = {f"AIRFLOW__{section}__{key}": str(value) for section, keys in sections.items() for key, value in keys.items()}
        return {"AIRFLOW_HOME": str(self.home), **flat}

    def _secrets(self) -> dict[str, Any]:
        """Keys and passwords, made once per home. The files are for their owner only."""
        file = self.home / "secrets.json"
        if not file.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            made = {
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "jwt_secret": secrets.token_hex(64),  # at least 64 bytes for HMAC-SHA512: RFC 7518, 3.2
                "secret_key": secrets.token_hex(32),
                "passwords": {user: secrets.token_urlsafe(12) for user in USERS},
            }
            _write_private(self.home / "passwords.json", json.dumps(made["passwords"]) + "\n")
            _write_private(file, json.dumps(made))
        kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return kept

    def _airflow(self) -> str:
        command = Path(sys.executable).parent / "airflow"
        if not command.exists():
            raise CannotStart("the command airflow is not installed in this environment", where=str(command), todo="Run make demo.")
        return str(command)

    def _end_what_was_left_over(self) -> None:
        """Processes of an earlier start whose starter is gone (it was killed) are ended; a living starter is an error."""
        for starter in {int(seen.variables.get(f"{MARK}_BY", "0")) for seen in self._ours()} - {0}:
            if alive(starter):
                raise CannotStart(
                    f"process {starter} already runs Airflow on {self.home}", where="Airflow", todo="End it first, or choose another home."
                )
        self.kill()

    def _ours(self) -> list[Seen]:
        """By the mark; or, where a process wrote its title over its environment, by session and working folder."""
        sessions = {int(line) for line in self._session_file.read_text("utf-8").split()} if self._session_file.exists() else set()
        mark = str(self.home)
        return [
            seen for seen in seen_processes() if seen.variables.get(MARK) == mark or (seen.session in sessions and seen.folder == self.home)
        ]

    def _wait_gone(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.processes():
            for process in [self._process, *self._revived]:
                if process is not None:
                    process.poll()  # a dead child of ours stays in the process table until it is asked for
            time.sleep(0.1)


def _is_component(name: str, command: str) -> bool:
    """Whether a command line, or the title that the process gave itself, is that of the component."""
    return command.endswith(f"/airflow {name}") or command.startswith(f"airflow {name.replace('-', '_')} ")


def _write_private(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
