"""A Slack to look at: the methods that caseclock calls, Socket Mode, and people who press buttons.

It has Slack's limits, its rate limit, its metadata and its bad days.

In a test: `with FakeSlack() as slack: WebClient(base_url=slack.url, ...)`. By hand: `python -m caseclock.demo.fake_slack --port 8810`.
Faults are scripted per method, one per call: `slack.script("chat.postMessage", "lost_after", "ratelimited:1", "error:is_archived")`.
It listens on 127.0.0.1 only.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from caseclock.demo import block_kit
from caseclock.demo.fake_http import FAULTS, Call, Reply, Served, serve_until_interrupted
from caseclock.demo.slack_http import arguments_of, method_of, token_of
from caseclock.demo.slack_people import Answer, People, Refusal
from caseclock.now import now, seconds

POSTING = {"chat.postMessage"}


class FakeSlack(Served, People):
    """One workspace with one app.

    Faults are scripted by API method; see `FAULTS`.
    `channels`: id -> name; None takes every channel. `store`: a file of JSON lines that outlives a restart.
    `host`: where it listens, `0.0.0.0` in a container. `per_second`: messages per second and channel before 429 is answered; None for no
    limit. `clock` stamps the messages.
    """

    FAULTS = (*FAULTS, "error:<code>")

    def __init__(
        self,
        channels: Mapping[str, str] | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        store: Path | None = None,
        per_second: float | None = None,
        token: str | None = None,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        Served.__init__(self, port=port, host=host)
        People.__init__(self)
        self.channels = dict(channels) if channels is not None else None
        self.messages: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused_blocks: list[str] = []
        self._store, self._per_second, self._token, self._clock = store, per_second, token, clock
        self._last: dict[str, float] = {}
        self._last_ts = 0
        if store and store.exists():
            for line in store.read_text(encoding="utf-8").splitlines():
                self._apply(json.loads(line))

    # --- how it is reached -----------------------------------------------------------------------------------------
    def stop(self) -> None:
        self.desk.close()
        super().stop()

    @property
    def url(self) -> str:
        """What goes into `SlackSettings.base_url`."""
        return f"{super().url}/api/"

    def scripted_as(self, call: Call) -> str:
        """The API method."""
        return method_of(call)

    def too_many(self, seconds: str) -> Reply:
        return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": seconds})

    def refusal(self, code: str) -> Reply:
        return Reply(200, {"ok": False, "error": code})

    def handle(self, call: Call) -> Reply | None:
        if urlsplit(call.path).path == "/control/script":  # for tests that run the fake in a process of its own
            asked = arguments_of(call)
            self.script(str(asked["method"]), *str(asked["faults"]).split(","))
            return Reply(200, {"ok": True})
        return super().handle(call)

    def answer(self, call: Call) -> Reply:
        method, arguments = method_of(call), arguments_of(call)
        token = token_of(call, arguments)
        wait = self.too_fast(method, arguments)
        return Reply(200, self.call(method, arguments, token)) if wait is None else self.too_many(str(max(1, round(wait))))

    # --- what it holds ---------------------------------------------------------------------------------------------
    def roots(self, channel: str | None = None) -> list[dict[str, Any]]:
        """Messages that stand in the channel by themselves, oldest first, as they are now."""
        with self.lock:
            return [m for m in self.messages if m["thread_ts"] is None and channel in (None, m["channel"])]

    def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        with self.lock:
            return [m for m in self.messages if m["channel"] == channel and m["thread_ts"] == ts]

    def copies(self) -> dict[str, int]:
        """Delivery key -> how many messages carry it. Anything above 1 was sent twice."""
        counts: dict[str, int] = defaultdict(int)
        with self.lock:
            for message in self.messages:
                key = ((message.get("metadata") or {}).get("event_payload") or {}).get("k")
                if key:
                    counts[key] += 1
        return dict(counts)

    # --- the API ---------------------------------------------------------------------------------------------------
    def call(self, method: str, arguments: dict[str, Any], token: str) -> Answer:
        """One call as Slack would answer it, without faults. Every answer holds `ok`."""
        handler = {
            "auth.test": self._auth,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "chat.postEphemeral": self._whisper,
            "views.open": self._open_view,
            "usergroups.users.list": self._members,
            "apps.connections.open": self._connect,
        }.get(method)
        with self.lock:
            self.calls.append((method, arguments))
            try:
                if not token:
                    raise Refusal("not_authed")
                if method == "apps.connections.open" and not token.startswith("xapp-"):
                    raise Refusal("not_allowed_token_type")
                if self._token is not None and token != self._token and method != "apps.connections.open":
                    raise Refusal("invalid_auth")
                if handler is None:
                    raise Refusal("unknown_method")
                return {"ok": True, **handler(arguments)}
            except Refusal as refusal:
                return refusal.answer

    def too_fast(self, method: str, arguments: dict[str, Any]) -> float | None:
        """Seconds to wait when this channel was posted to a moment ago; else None, and the post is counted."""
        if self._per_second is None or method not in POSTING:
            return None
        channel, at, gap = str(arguments.get("channel")), seconds(), 1 / self._per_second
        with self.lock:
            waited = at - self._last.get(channel, at - gap)
            if waited < gap:
                return gap - waited
            self._last[channel] = at
            return None

    def _auth(self, _: dict[str, Any]) -> Answer:
        return {"url": "http://127.0.0.1/", "team": "caseclock demo", "user": "caseclock", "team_id": "T0DEMO", "user_id": "U0CASECLOCK"}

    def _post(self, arguments: dict[str, Any]) -> Answer:
        channel, content = self._channel(arguments), self._content(arguments)
        thread = arguments.get("thread_ts")
        if thread is not None and self._find(channel, str(thread)) is None:
            raise Refusal("thread_not_found")
        metadata = arguments.get("metadata")
        if metadata is not None and not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= metadata.keys()):
            raise Refusal("invalid_metadata_format")
        message = {
            "type": "message", "channel": channel, "ts": self._new_ts(), "user": "U0CASECLOCK", "bot_id": "B0CASECLOCK", **content,
            "thread_ts": None if thread is None else str(thread), "broadcast": bool(thread and _true(arguments.get("reply_broadcast"))),
            "metadata": metadata, "client_msg_id": arguments.get("client_msg_id"), "edits": 0, "posted_at": self._clock().isoformat(),
        }  # fmt: skip
        self._record(message)
        return {"channel": channel, "ts": message["ts"], "message": _shown(message, metadata=True)}

    def _update(self, arguments: dict[str, Any]) -> Answer:
        channel = self._channel(arguments)
        message = self._find(channel, str(arguments.get("ts")))
        if message is None:
            raise Refusal("message_not_found")
        changed = {**message, **self._content(arguments, old=message), "edits": message["edits"] + 1}
        if isinstance(arguments.get("metadata"), dict):  # without the argument Slack keeps the old metadata
            changed["metadata"] = arguments["metadata"] or None
        self._record(changed)
        return {"channel": channel, "ts": changed["ts"], "text": changed["text"], "message": _shown(changed, metadata=True)}

    def _history(self, arguments: dict[str, Any]) -> Answer:
        channel = self._channel(arguments)
        listed = [m for m in self.messages if m["channel"] == channel and (m["thread_ts"] is None or m["broadcast"])]
        return self._page(listed[::-1], arguments)  # newest first, as Slack does

    def _replies(self, arguments: dict[str, Any]) -> Answer:
        channel, ts = self._channel(arguments), str(arguments.get("ts"))
        root = self._find(channel, ts)
        if root is None:
            raise Refusal("thread_not_found")
        return self._page([m for m in self.messages if m["channel"] == channel and m["thread_ts"] == ts], arguments, always=[root])

    def _page(self, listed: list[dict[str, Any]], arguments: dict[str, Any], always: list[dict[str, Any]] | None = None) -> Answer:
        oldest = float(arguments.get("oldest") or 0)
        inclusive, with_metadata = _true(arguments.get("inclusive")), _true(arguments.get("include_all_metadata"))
        listed = [m for m in listed if float(m["ts"]) > oldest or (inclusive and float(m["ts"]) == oldest)]
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        page = [*(always or []), *listed[start : start + limit]]
        more = start + limit < len(listed)
        answer: Answer = {"messages": [_shown(m, metadata=with_metadata) for m in page], "has_more": more}
        return {**answer, "response_metadata": {"next_cursor": str(start + limit)}} if more else answer

    # --- small parts -----------------------------------------------------------------------------------------------
    def _channel(self, arguments: dict[str, Any]) -> str:
        channel = str(arguments.get("channel") or "")
        if not channel or (self.channels is not None and channel not in self.channels):
            raise Refusal("channel_not_found")
        return channel

    def _content(self, arguments: dict[str, Any], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Text and blocks, checked. An edit that names no blocks keeps the old ones; `[]` takes them away."""
        blocks = arguments.get("blocks")
        if isinstance(blocks, str):
            try:
                blocks = json.loads(blocks)
            except ValueError:
                raise Refusal("invalid_blocks_format") from None
        text = str(arguments.get("text") or "")
        if blocks is not None and (faults := block_kit.faults_in(blocks)):
            self.refused_blocks += faults
            raise Refusal("invalid_blocks", response_metadata={"messages": faults})
        if not text and not blocks:
            raise Refusal("no_text")
        if len(text) > block_kit.MESSAGE_TEXT:
            raise Refusal("msg_too_long")
        return {"text": text, "blocks": blocks if blocks is not None else list((old or {}).get("blocks") or [])}

    def _find(self, channel: str, ts: str) -> dict[str, Any] | None:
        return next((m for m in self.messages if m["channel"] == channel and m["ts"] == ts), None)

    def _new_ts(self) -> str:
        """Seconds with six places, never the same twice: Slack's id of a message in its channel."""
        self._last_ts = max(self._last_ts + 1, int(self._clock().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _record(self, message: dict[str, Any]) -> None:
        self._apply(message)
        if self._store:
            with self._store.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")

    def _apply(self, message: dict[str, Any]) -> None:
        """A message that is new, or that takes the place of what it was."""
        self._last_ts = max(self._last_ts, int(message["ts"].replace(".", "")))
        for n, known in enumerate(self.messages):
            if (known["channel"], known["ts"]) == (message["channel"], message["ts"]):
                self.messages[n] = message
                return
        self.messages.append(message)


def _true(value: object) -> bool:
    return value in (True, 1, "1", "true", "True")


def _shown(message: Mapping[str, Any], *, metadata: bool) -> dict[str, Any]:
    """A message as the API shows it."""
    out = {name: message[name] for name in ("type", "user", "bot_id", "text", "ts", "blocks")}
    if message["thread_ts"]:
        out["thread_ts"] = message["thread_ts"]
    if message["broadcast"]:
        out["subtype"] = "thread_broadcast"
    if message["edits"]:
        out["edited"] = {"user": message["user"], "ts": message["ts"]}
    if metadata and message.get("metadata"):
        out["metadata"] = message["metadata"]
    return out


def main() -> None:
    """`python -m caseclock.demo.fake_slack`: serves until it is interrupted."""
    import argparse

    parser = argparse.ArgumentParser(description="A fake Slack on 127.0.0.1")
    parser.add_argument("--port", type=int, default=8810)
    parser.add_argument("--store", type=Path, help="file of JSON lines that keeps the messages")
    parser.add_argument("--channel", action="append", metavar="ID=NAME", help="a channel that exists; without any, all do")
    parser.add_argument("--per-second", type=float, default=None, help="rate limit per channel; Slack's is about 1")
    given = parser.parse_args()
    channels = dict(pair.partition("=")[::2] for pair in given.channel) if given.channel else None
    slack = FakeSlack(channels, port=given.port, store=given.store, per_second=given.per_second)
    serve_until_interrupted(slack, lambda: f"fake Slack at {slack.url}")


if __name__ == "__main__":
    main()
