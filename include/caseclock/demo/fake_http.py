"""What the fakes of Slack, Teams and GOV.UK Notify have in common: a server on 127.0.0.1, one line of script per call, and bad days.

A fault is `before` or `after` the call is carried out: that is the whole difference between a message that is lost and one that is not.
"""

from __future__ import annotations

import json
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

FAULTS = (
    "ok",
    "lost_before",
    "lost_after",
    "http_<status>_before",
    "http_<status>_after",
    "ratelimited[:seconds]",
    "redirect:<address>",
    "delay:<seconds>",
)
BODY_LIMIT = 5_000_000  # bytes


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `path` includes the query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; `body` is sent as JSON unless it is text."""

    status: int
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


class Served(ABC):
    """A service to talk to in tests and to look at. A subclass says in `answer` what it does when all is well."""

    FAULTS: tuple[str, ...] = FAULTS

    def __init__(self, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self.closing = threading.Event()
        self.lock = threading.RLock()
        self._host, self._port, self._scripts = host, port, dict[str, deque[str]]()
        self._server: _Server | None = None

    @abstractmethod
    def answer(self, call: Call) -> Reply: ...

    def scripted_as(self, call: Call) -> str:
        """The name under which faults are scripted for it: here the HTTP method."""
        return call.method

    def too_many(self, seconds: str) -> Reply:
        """How this service says that it was asked too often."""
        return Reply(429, "", {"Retry-After": seconds})

    def refusal(self, code: str) -> Reply:
        """How this service says no to a call that `error:<code>` is scripted for."""
        return Reply(400, code)

    # --- life ------------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        self._server = _Server((self._host, self._port), _Handler)
        self._server.service = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.closing.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1]) if self._server else self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- faults ----------------------------------------------------------------------------------------------------
    def script(self, method: str, *faults: str) -> None:
        """The next calls of this name (`scripted_as`) go as written, one each; see FAULTS. After the last one all is well again."""
        known = {fault.partition(":")[0].partition("[")[0] for fault in self.FAULTS}
        for fault in faults:
            word = fault.partition(":")[0]
            middle = word.removeprefix("http_").rpartition("_")[0]
            plain = word.replace(middle, "<status>", 1) if word.startswith("http_") and middle.isdigit() else word
            if plain not in known:
                raise ValueError(f"{fault!r} is no fault of this fake; expected one of {', '.join(self.FAULTS)}")
        with self.lock:
            self._scripts.setdefault(method, deque()).extend(faults)

    def next_fault(self, method: str) -> str:
        with self.lock:
            script = self._scripts.get(method)
            return script.popleft() if script else "ok"

    def handle(self, call: Call) -> Reply | None:
        """The reply, by script or by `answer`; None: the line goes dead."""
        fault, _, detail = self.next_fault(self.scripted_as(call)).partition(":")
        if fault == "lost_before":
            return None
        if fault.startswith("http_") and fault.endswith("_before"):
            return Reply(int(fault.split("_")[1]), "<html>upstream error</html>")
        if fault == "ratelimited":
            return self.too_many(detail or "1")
        if fault == "error":
            return self.refusal(detail)
        if fault == "redirect":
            return Reply(302, "", {"Location": detail})  # which most clients follow, and turn a POST into a GET
        with self.lock:
            reply = self.answer(call)
        if reply.status == 429:  # asked too often by itself: it was not carried out, so nothing comes after
            return reply
        if fault == "lost_after":
            return None
        if fault == "delay":
            self.closing.wait(float(detail or 1))
        return Reply(int(fault.split("_")[1]), "<html>upstream error</html>") if fault.startswith("http_") else reply


class FakeService(Served):
    """One that keeps the requests as they arrived."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.calls: list[Call] = []

    def handle(self, call: Call) -> Reply | None:
        with self.lock:
            self.calls.append(call)
        return super().handle(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Served


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT)))

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.service.handle(Call(self.command, self.path, headers, body))
        if reply is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        with suppress(OSError):  # the caller may have given up waiting
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json" if text is not reply.body else "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a request line holds the secret of the address."""


def serve_until_interrupted(service: AbstractContextManager[object], said: Callable[[], str]) -> None:
    """For the command line: says where it is, once it is there, and serves until Ctrl-C."""
    with service:
        print(said(), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
