"""Socket Mode of the fake Slack: a real websocket, envelopes that must be answered, and the bad days of such a connection.

https://docs.slack.dev/apis/events-api/using-socket-mode: an app asks for an address, connects, is greeted, and answers each envelope
within three seconds. Slack ends connections now and then, and may deliver an envelope twice.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from caseclock.now import seconds

if TYPE_CHECKING:
    from websockets.sync.server import Server, ServerConnection

PATIENCE = 3.0  # seconds within which an envelope must be answered
TRIGGER_LIFE = 3.0  # seconds for which a trigger_id opens a form


@dataclass
class Answered:
    """How an envelope was answered: after how many seconds, and with what."""

    after: float
    payload: dict[str, Any] | None


@dataclass
class Desk:
    """The side of Slack. `connections`: how often an app has connected; `answers`: envelope id to how it was answered.

    `host`: where it listens. `name`: what apps call it, where that is another.
    """

    connections: int = 0
    answers: dict[str, Answered] = field(default_factory=dict)
    host: str = "127.0.0.1"
    name: str = "127.0.0.1"
    _live: list[ServerConnection] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _sent: dict[str, float] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _server: Server | None = None

    # --- life ------------------------------------------------------------------------------------------------------
    def address(self) -> str:
        """Where an app may connect, once. The server starts when it is first asked for."""
        from websockets.sync.server import serve

        with self._changed:
            if self._server is None:
                self._server = serve(self._talk, self.host, 0, close_timeout=0.5, ping_interval=None)
                threading.Thread(target=self._server.serve_forever, name="fake-slack-socket", daemon=True).start()
            ticket = secrets.token_hex(8)
            self._tickets.add(ticket)
            return f"ws://{self.name}:{self._server.socket.getsockname()[1]}/link/?ticket={ticket}"

    def close(self) -> None:
        self.drop()
        if self._server:
            self._server.shutdown()
            self._server = None

    # --- what happens ----------------------------------------------------------------------------------------------
    def deliver(self, payload: dict[str, Any], *, times: int = 1, wait: float = 10.0) -> str:
        """Sends one envelope, as often as said, to the newest connection; returns its id. Raises TimeoutError when no app is there."""
        id = secrets.token_hex(8)
        envelope = {"type": "interactive", "envelope_id": id, "payload": payload, "accepts_response_payload": True}
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._live), wait):
                raise TimeoutError("no app is connected to the fake Slack")
            self._sent[id] = seconds()
            to = self._live[-1]
        for _ in range(times):
            to.send(json.dumps(envelope))
        return id

    def answered(self, envelope: str, wait: float = 10.0) -> Answered:
        """How the envelope was answered. Raises TimeoutError when it was not."""
        with self._changed:
            if not self._changed.wait_for(lambda: envelope in self.answers, wait):
                raise TimeoutError(f"no answer in {wait:g} seconds")
            return self.answers[envelope]

    def connected(self, times: int, wait: float = 30.0) -> None:
        """Waits until an app has connected so many times and is there now. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.connections >= times and bool(self._live), wait):
                raise TimeoutError(f"connected {self.connections} times, {len(self._live)} open")

    def refresh(self) -> None:
        """As Slack does every few hours: a word that the connection will end, so that the app opens another one first."""
        for connection in list(self._live):
            with suppress(Exception):
                connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "fake"}}))

    def drop(self) -> None:
        """The line is cut without a word."""
        with self._changed:
            cut, self._live = self._live, []
        for connection in cut:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: ServerConnection) -> None:
        request = connection.request
        ticket = parse_qs(urlsplit(request.path if request else "").query).get("ticket", [""])[0]
        with self._changed:
            if ticket not in self._tickets:
                return
            self._tickets.discard(ticket)
            self.connections += 1
        with suppress(Exception):  # a connection may end at any word
            connection.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0CASECLOCK"}}))
            with self._changed:
                self._live.append(connection)
                self._changed.notify_all()
            for said in connection:
                self._take(json.loads(said))
        with self._changed:
            self._live = [c for c in self._live if c is not connection]

    def _take(self, answer: dict[str, Any]) -> None:
        id = str(answer.get("envelope_id") or "")
        with self._changed:
            if id in self._sent and id not in self.answers:
                self.answers[id] = Answered(seconds() - self._sent[id], answer.get("payload"))
                self._changed.notify_all()


# --- what people do ------------------------------------------------------------------------------------------------
def choices_in(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every button and every entry of a menu in a message, as the action that a press of it makes."""
    found = []
    for block in blocks:
        for button in block.get("elements") or [] if block.get("type") == "actions" else []:
            found.append({"type": "button", "action_id": button["action_id"], "value": button["value"]})
        menu = block.get("accessory") or {}
        for option in menu.get("options") or []:
            found.append({"type": "overflow", "action_id": menu["action_id"], "selected_option": option})
    return found


def value_of(choice: dict[str, Any]) -> str:
    return str(choice.get("value") or choice["selected_option"]["value"])


def press_payload(message: dict[str, Any], choice: dict[str, Any], user: str, trigger: str) -> dict[str, Any]:
    """What Slack says when somebody has pressed a button."""
    where = {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"], "is_ephemeral": False}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": "T0DEMO"},
        "container": where,
        "channel": {"id": message["channel"]},
        "message": {"ts": message["ts"], "text": message["text"]},
        "trigger_id": trigger,
        "actions": [{**choice, "block_id": "b", "action_ts": f"{seconds():.6f}"}],
    }


def submission_payload(view: dict[str, Any], user: str, values: dict[str, Any]) -> dict[str, Any]:
    """What Slack says when somebody has sent a form off. `values`: action id to text, or to a day as text for a date picker."""
    state = {}
    for block in view["blocks"]:
        element = block.get("element")
        if element:
            key = "selected_date" if element["type"] == "datepicker" else "value"
            given = values.get(element["action_id"], element.get("initial_date"))
            state[block["block_id"]] = {element["action_id"]: {"type": element["type"], key: given}}
    return {
        "type": "view_submission",
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": "T0DEMO"},
        "view": {**view, "state": {"values": state}},
    }
