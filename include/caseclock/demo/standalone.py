"""Airflow standalone as a guest: started from this environment with its own home, watched until it is ready, ended whole.

`airflow standalone` starts four components, these start workers, and tasks move into process groups of their own. All inherit
a mark in their environment and stay in one session; `stop` ends every process that shows either, and leaves nothing.
This module does not import airflow: it runs the command that is installed beside this interpreter.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caseclock.demo.airflow_client import AirflowClient, Unreachable
from caseclock.demo.airflow_home import CannotStart, Ports, airflow_settings, secrets_of, write_local_settings
from caseclock.demo.processes import Seen, alive, seen_processes, send

MARK = "CASECLOCK_STANDALONE"
CLOSING = 15.0  # seconds in which a killed process surely has closed its ports
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
DAGS = frozenset({"intake", "monitor_extract", "tend_alerts", "send_weekly_digest", "housekeeping", "release_extract"})


@dataclass
class Standalone:
    """One Airflow for one demo or test.

    `home`: AIRFLOW_HOME; keeps database, logs and generated secrets, so that a second start goes on where the first one ended.
    `repository`: the folder with dags/, plugins/ and include/. `env`: more variables for every process, as `CASECLOCK_HOME`.
    """

    home: Path
    repository: Path
    ports: Ports = field(default_factory=Ports)
    env: Mapping[str, str] = field(default_factory=dict)
    parallelism: int = 4
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _revived: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False, repr=False)

    # --- life ----------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Starts Airflow and returns at once. Raises CannotStart when a port is taken or the same home is in use.

        A killed process is out of sight before the system has closed its ports, so a home that ran before waits for them.
        """
        self.home = self.home.resolve()
        self._end_what_was_left_over()
        started_before = self._session_file.exists()
        self.ports.check_free(patience=CLOSING if started_before else 0.0)
        self.home.mkdir(parents=True, exist_ok=True)
        write_local_settings(self.home)
        self._session_file.write_text("", "utf-8")
        self._process = self._spawn("standalone")

    def revive(self) -> list[str]:
        """Starts each component again that is not there any more; names them. `airflow standalone` itself never does."""
        commands = [seen.command for seen in self.seen()]
        dead = [name for name in COMPONENTS if not any(is_component(name, command) for command in commands)]
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
                raise CannotStart(f"after {timeout:.0f} s it was still waiting for {missing}", where="Airflow", todo=look)
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
        if self._process is not None and self._process.poll() is None:
            send({self._process.pid}, signal.SIGINT)
            send({p.pid for p in self._revived if p.poll() is None}, signal.SIGTERM)
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
        return str(secrets_of(self.home)["passwords"][user])

    def processes(self) -> set[int]:
        """Every living process of this home, of this start or an earlier one."""
        return {seen.pid for seen in self.seen()}

    def environment(self) -> dict[str, str]:
        """What every process of Airflow sees."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW")) and k != "PYTHONDONTWRITEBYTECODE"}
        beside = str(Path(sys.executable).parent)  # standalone starts its components as `airflow`, by PATH
        return {
            **inherited,
            **airflow_settings(self.home, self.repository, self.ports, self.parallelism),
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

    def _airflow(self) -> str:
        command = Path(sys.executable).parent / "airflow"
        if not command.exists():
            raise CannotStart("the command airflow is not installed in this environment", where=str(command), todo="Run make demo.")
        return str(command)

    def _end_what_was_left_over(self) -> None:
        """Processes of an earlier start whose starter is gone (it was killed) are ended; a living starter is an error."""
        for starter in {int(seen.variables.get(f"{MARK}_BY", "0")) for seen in self.seen()} - {0}:
            if alive(starter):
                raise CannotStart(
                    f"process {starter} already runs Airflow on {self.home}", where="Airflow", todo="End it first, or choose another home."
                )
        self.kill()

    def seen(self) -> list[Seen]:
        """The same with what they are; known by the mark or, where a title was written over it, by session and working folder."""
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


def is_component(name: str, command: str) -> bool:
    """Whether a command line, or the title that the process gave itself, is that of the component."""
    return command.endswith(f"/airflow {name}") or command.startswith(f"airflow {name.replace('-', '_')} ")
