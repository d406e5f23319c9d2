"""Airflow on the CeleryExecutor without containers: PostgreSQL, Redis, every component and some workers as processes of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseclock.demo.airflow_home import write_local_settings
from caseclock.demo.standalone import COMPONENTS, Standalone


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The URL of a Redis of its own. `$REDIS_SERVER` names the program where it is not on the path."""
    program, port = os.environ.get("REDIS_SERVER") or shutil.which("redis-server"), free_port()
    if not program:
        raise SystemExit("redis-server is not installed (Debian: apt-get install redis-server), nor named by REDIS_SERVER")
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=10)


class Distributed(Standalone):
    """Each component as a process of its own, and `workers` workers that take one task at a time."""

    workers: int = 1

    def start(self) -> None:
        self.home = self.home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        write_local_settings(self.home)
        self._session_file.write_text("", "utf-8")
        with self.log_file.open("ab") as log:
            subprocess.run([self._airflow(), "db", "migrate"], env=self.environment(), stdout=log, stderr=log, check=True)
        self._revived = [self._spawn(name) for name in COMPONENTS]
        for n in range(self.workers):
            words = ["celery", "worker", "--concurrency", "1", "--celery-hostname", f"w{n}@%h", "--skip-serve-logs", "--without-mingle"]
            log = (self.home / f"worker-{n}.log").open("ab")
            made = subprocess.Popen(
                [self._airflow(), *words], env=self.environment(), cwd=self.home, stdout=log, stderr=log, start_new_session=True
            )
            with self._session_file.open("a", encoding="utf-8") as sessions:
                sessions.write(f"{made.pid}\n")
            self._revived.append(made)

    def wait_for_workers(self, patience: float = 120.0) -> None:
        until = time.monotonic() + patience
        while not all("ready." in (self.home / f"worker-{n}.log").read_text("utf-8", "replace") for n in range(self.workers)):
            if time.monotonic() > until:
                raise SystemExit(f"the workers did not get ready; see {self.home}/worker-0.log")
            time.sleep(0.5)


def celery_settings(database: str, broker: str, workers: int) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": "32",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        "CASECLOCK_PARALLEL_EXTRACTS": str(workers),
    }
