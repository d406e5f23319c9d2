"""What a standalone Airflow is started with, and the client that asks it. No Airflow is started here."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from caseclock.demo.airflow_client import AirflowClient, Refused, Unreachable
from caseclock.demo.airflow_home import CannotStart, Ports, airflow_settings, secrets_of
from caseclock.demo.processes import alive, port_is_free, seen_processes, send
from caseclock.demo.standalone import MARK, Standalone, is_component


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


# --- ports -------------------------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_the_variable_to_change(taken: int, tmp_path: Path, root: Path) -> None:
    ports = Ports.from_environment({"CASECLOCK_AIRFLOW_PORT": str(taken), "CASECLOCK_TRIGGER_LOG_PORT": str(taken)})
    with pytest.raises(CannotStart) as refused:
        Standalone(tmp_path, root, ports).start()
    assert f"port {taken} of 127.0.0.1 is taken (CASECLOCK_AIRFLOW_PORT)" in str(refused.value)
    assert "CASECLOCK_TRIGGER_LOG_PORT" in str(refused.value)
    assert not port_is_free(taken)


def test_a_port_that_is_about_to_be_closed_is_waited_for() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        ports = Ports(port, port, port, port)
        with pytest.raises(CannotStart):
            ports.check_free(patience=0.3)
        threading.Timer(0.5, server.close).start()
        ports.check_free(patience=30)


def test_ports_come_from_the_environment_one_by_one() -> None:
    assert Ports.from_environment({}) == Ports(8080, 8793, 8794, 8974)
    assert Ports.from_environment({"CASECLOCK_AIRFLOW_PORT": "18080"}) == Ports(api=18080)


# --- settings ----------------------------------------------------------------------------------------------------


def test_keys_and_passwords_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    made = secrets_of(tmp_path / "airflow")
    assert secrets_of(tmp_path / "airflow") == made
    assert len(made["jwt_secret"].encode()) >= 64
    assert len(base64.urlsafe_b64decode(made["fernet_key"])) == 32
    for file in (tmp_path / "airflow").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert json.loads((tmp_path / "airflow" / "passwords.json").read_text()) == made["passwords"]
    assert secrets_of(tmp_path / "another") != made


def test_every_setting_is_one_that_airflow_knows(tmp_path: Path, root: Path) -> None:
    from airflow.configuration import conf

    for name in airflow_settings(tmp_path, root, Ports(), 4):
        if name != "AIRFLOW_HOME":
            _, section, key = name.split("__")
            known = conf.has_option(section.lower(), key.lower()) or key.lower() in OPTIONAL
            assert known, name


OPTIONAL = {"simple_auth_manager_passwords_file", "execution_api_server_url", "jwt_secret", "base_url"}  # without a default


def test_the_environment_of_the_caller_does_not_leak_in(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = Standalone(tmp_path, root, env={"CASECLOCK_HOME": "/council"}).environment()
    assert env["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert "PYTHONDONTWRITEBYTECODE" not in env, "else every process compiles 1,400 modules anew"
    assert env["CASECLOCK_HOME"] == "/council"
    assert env["PYTHONPATH"] == str(root / "include")
    assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


# --- processes ---------------------------------------------------------------------------------------------------

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def test_processes_of_a_home_are_found_and_ended(tmp_path: Path, root: Path) -> None:
    ours = Standalone(tmp_path, root)
    child = subprocess.Popen(SLEEP, env={**os.environ, MARK: str(tmp_path), f"{MARK}_BY": "0"}, stdout=subprocess.PIPE)
    stranger = subprocess.Popen(SLEEP, env={**os.environ, MARK: str(tmp_path / "other")}, stdout=subprocess.PIPE)
    try:
        for process in (child, stranger):
            assert process.stdout is not None
            process.stdout.readline()
        assert ours.processes() == {child.pid}
        ours.stop()
        assert ours.processes() == set()
        assert child.wait(timeout=10) == -signal.SIGTERM
        assert stranger.poll() is None, "a process of another home is not ours to end"
    finally:
        send([p.pid for p in (child, stranger) if p.poll() is None], signal.SIGKILL)
        stranger.wait(timeout=10)


def test_a_process_that_has_ended_is_neither_seen_nor_alive() -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait(timeout=20)
    assert gone.pid not in {seen.pid for seen in seen_processes()}
    assert not alive(gone.pid)
    assert alive(os.getpid())
    send([gone.pid], signal.SIGTERM)  # no error


@pytest.mark.parametrize(
    ("name", "command", "is_it"),
    [
        ("scheduler", "/v/bin/python /v/bin/airflow scheduler", True),
        ("api-server", "/v/bin/python /v/bin/airflow api-server", True),
        ("api-server", "airflow api_server -- host:127.0.0.1 port:8080", True),
        ("scheduler", "airflow worker -- LocalExecutor: <idle>", False),
        ("triggerer", "/v/bin/python /v/bin/airflow standalone", False),
    ],
)
def test_a_component_is_known_by_its_command_or_its_title(name: str, command: str, is_it: bool) -> None:
    assert is_component(name, command) is is_it


# --- the client --------------------------------------------------------------------------------------------------


class FakeAirflow(BaseHTTPRequestHandler):
    """One DAG run, and a token that is taken back once."""

    tokens: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            right = body == {"username": "admin", "password": "right"}
            self.tokens.append(f"token-{len(self.tokens)}")
            self._answer(201 if right else 401, {"access_token": self.tokens[-1]})
        else:
            self._answer(409, {})

    def do_GET(self) -> None:
        if self.path == "/api/v2/monitor/health":
            self._answer(200, {"scheduler": {"status": "healthy"}, "triggerer": {"status": None}, "dag_processor": None})
        elif self.headers["Authorization"] != f"Bearer {self.tokens[-1]}":
            self._answer(401, {})
        elif self.path == "/api/v2/dags/monitor_extract/dagRuns/extract__1%2F2":
            self._answer(200, {"state": "success"})
        else:
            self._answer(404, {})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    FakeAirflow.tokens.clear()
    server = HTTPServer(("127.0.0.1", 0), FakeAirflow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_component_that_says_nothing_is_not_healthy(url: str) -> None:
    assert AirflowClient(url, "admin", "right").health() == {"scheduler": "healthy", "triggerer": "unknown"}


def test_the_client_signs_in_again_when_its_token_has_run_out(url: str) -> None:
    client = AirflowClient(url, "admin", "right")
    assert client.run_state("monitor_extract", "extract__1/2") == "success"
    FakeAirflow.tokens.append("the server was restarted")
    assert client.run_state("monitor_extract", "extract__1/2") == "success"
    assert client.run_state("monitor_extract", "another") is None


def test_a_refusal_says_what_was_asked_and_never_the_password(url: str) -> None:
    with pytest.raises(Refused, match="POST /auth/token: HTTP 401") as refused:
        AirflowClient(url, "admin", "marked-canary").dag_ids()
    assert "marked-canary" not in repr((refused.value, AirflowClient(url, "admin", "marked-canary")))
    with pytest.raises(Refused) as conflict:
        AirflowClient(url, "admin", "right").trigger("monitor_extract", {"extract_id": "0123456789abcdef"}, "extract__1")
    assert conflict.value.status == 409


def test_nobody_there_is_told_apart_from_a_refusal() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        AirflowClient(f"http://127.0.0.1:{port}", "admin", "x").health()
