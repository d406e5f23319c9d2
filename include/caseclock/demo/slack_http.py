"""How the fake Slack is reached: HTTP with JSON or form bodies as slack-sdk sends them, and the faults that happen on the way."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from caseclock.demo.fake_slack import FakeSlack

BODY_LIMIT = 5_000_000  # bytes


class Server(ThreadingHTTPServer):
    """Answers on 127.0.0.1 for one FakeSlack."""

    daemon_threads = True
    slack: FakeSlack


def serve(slack: FakeSlack, port: int) -> Server:
    server = Server(("127.0.0.1", port), _Handler)
    server.slack = slack
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="fake-slack", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, BODY_LIMIT))
        self._answer({**dict(parse_qsl(urlsplit(self.path).query)), **self._arguments(body)})

    def _arguments(self, body: bytes) -> dict[str, Any]:
        text = body.decode("utf-8", "replace")
        if (self.headers.get("Content-Type") or "").startswith("application/json"):
            with suppress(ValueError):
                given = json.loads(text or "{}")
                return given if isinstance(given, dict) else {}
            return {}
        given = dict(parse_qsl(text))
        for name in ("metadata", "blocks"):  # in a form they travel as JSON texts
            with suppress(KeyError, ValueError):
                given[name] = json.loads(given[name])
        return given

    def _answer(self, arguments: dict[str, Any]) -> None:
        slack, method = self.server.slack, urlsplit(self.path).path.rpartition("/")[2]
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip() or str(arguments.pop("token", ""))
        if urlsplit(self.path).path == "/control/script":  # for tests that run the fake in a process of its own
            slack.script(str(arguments["method"]), *str(arguments["faults"]).split(","))
            return self._write(200, {"ok": True})
        fault, _, detail = slack.next_fault(method).partition(":")
        if fault == "lost_before":
            return self._hang_up()
        if fault == "http_500_before":
            return self._write(500, None)
        if fault == "ratelimited":
            return self._write(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": detail or "1"})
        if fault == "error":
            return self._write(200, {"ok": False, "error": detail})
        wait = slack.too_fast(method, arguments)
        if wait is not None:
            return self._write(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(max(1, round(wait)))})
        answer = slack.call(method, arguments, token)
        if fault == "lost_after":
            return self._hang_up()
        if fault == "http_500_after":
            return self._write(500, None)
        if fault == "delay":
            slack.closing.wait(float(detail or 1))
        return self._write(200, answer)

    def _hang_up(self) -> None:
        """The connection ends without an answer."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, status: int, answer: dict[str, Any] | None, headers: dict[str, str] | None = None) -> None:
        body = b"<html>upstream error</html>" if answer is None else json.dumps(answer).encode()
        with suppress(OSError):  # the caller may have given up waiting
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if answer is None else "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: request lines are no news."""
