"""A small web page, on 127.0.0.1 unless told otherwise, that shows what was sent as its reader would see it. Plain HTML; no script."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from caseclock.demo.fake_slack import FakeSlack
from caseclock.demo.mail_catcher import Caught, MailCatcher
from caseclock.demo.slack_view import decode, stream
from caseclock.now import LONDON

TEMPLATES = Path(__file__).resolve().parent / "templates"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups; frame-ancestors 'self'"
HEADERS_SHOWN = ("From", "To", "Date", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")

Reply = tuple[int, str, str, str]
"""Status, content type, content security policy, body."""


class Postbox(ThreadingHTTPServer):
    """The page's server. `url` is where to look; `close()` ends it."""

    daemon_threads = True
    slack: FakeSlack
    mail: MailCatcher
    names: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def serve_postbox(
    fake_slack: FakeSlack, mail_catcher: MailCatcher, port: int = 0, names: Mapping[str, str] | None = None, host: str = "127.0.0.1"
) -> Postbox:
    """Starts serving and returns. `names`: Slack channel id or mail address -> who reads it ("Service manager, North")."""
    server = Postbox((host, port), _Handler)
    server.slack, server.mail, server.names = fake_slack, mail_catcher, dict(names or {})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="postbox", daemon=True).start()
    return server


# --- what there is -------------------------------------------------------------------------------------------------
def readers(box: Postbox) -> list[dict[str, Any]]:
    """One entry per reader, by name: their Slack channels with what stands there, and their mails, newest first."""
    found: dict[str, dict[str, Any]] = {}

    def of(address: str, fallback: str) -> dict[str, Any]:
        title = box.names.get(address, fallback)
        return found.setdefault(title, {"title": title, "channels": [], "mailboxes": []})

    for channel, messages in _by_channel(box).items():
        name = (box.slack.channels or {}).get(channel, channel)
        of(channel, f"#{name}")["channels"].append({"id": channel, "name": name, "count": len(messages), "stream": stream(messages)})
    for address, mails in _by_address(box).items():
        shown = [_mail_facts(caught) for caught in reversed(mails)]
        of(address, address)["mailboxes"].append({"address": address, "count": len(mails), "mails": shown})
    return [found[title] for title in sorted(found)]


def counts(box: Postbox) -> dict[str, Any]:
    """How much was sent to whom, what was sent twice, and each message in words: for the checks of the demo."""
    slack = {
        channel: {
            "reader": box.names.get(channel, (box.slack.channels or {}).get(channel, channel)),
            "messages": len(messages),
            "roots": sum(m["thread_ts"] is None for m in messages),
            "replies": sum(m["thread_ts"] is not None for m in messages),
            "broadcasts": sum(m["broadcast"] for m in messages),
            "edits": sum(m["edits"] for m in messages),
            "texts": [decode(m["text"]) for m in messages],
        }
        for channel, messages in _by_channel(box).items()
    }
    email = {
        address: {"reader": box.names.get(address, address), "messages": len(mails), "subjects": [str(c.mail["Subject"]) for c in mails]}
        for address, mails in _by_address(box).items()
    }
    return {
        "slack": slack,
        "email": email,
        "total": {"slack": sum(c["messages"] for c in slack.values()), "email": sum(c["messages"] for c in email.values())},
        "repeated": {
            "slack": {key: n for key, n in box.slack.copies().items() if n > 1},
            "email": {key: n for key, n in box.mail.copies().items() if n > 1},
        },
    }


def _by_channel(box: Postbox) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for message in list(box.slack.messages):
        found.setdefault(message["channel"], []).append(message)
    return found


def _by_address(box: Postbox) -> dict[str, list[Caught]]:
    found: dict[str, list[Caught]] = {}
    for caught in list(box.mail.mails):
        found.setdefault(caught.recipient, []).append(caught)
    return found


def _mail_facts(caught: Caught) -> dict[str, Any]:
    mail = caught.mail
    return {
        "number": caught.number,
        "subject": str(mail["Subject"] or "(no subject)"),
        "at": caught.at.astimezone(LONDON).strftime("%d %b %Y, %H:%M"),
        "headers": [(name, str(mail[name])) for name in HEADERS_SHOWN if mail[name]],
        "text": caught.part("plain"),
    }


# --- pages ---------------------------------------------------------------------------------------------------------
def answer(box: Postbox, path: str) -> Reply:
    """The page at a path."""
    if path == "/":
        body = _template().render(readers=readers(box), total=counts(box)["total"])
        return 200, "text/html", PAGE_POLICY, body
    if path == "/api/messages":
        return 200, "application/json", PAGE_POLICY, json.dumps(counts(box), indent=1)
    parts = path.strip("/").split("/")
    if len(parts) == 3 and parts[0] == "mail" and parts[1].isdecimal():
        caught = next((c for c in list(box.mail.mails) if c.number == int(parts[1])), None)
        forms: dict[str, Callable[[Caught], Reply]] = {"html": _mail_html, "raw": _mail_raw}
        if caught is not None and parts[2] in forms:
            return forms[parts[2]](caught)
    return 404, "text/plain", PAGE_POLICY, "Nothing here. The page is at /, the counts at /api/messages."


def _mail_html(caught: Caught) -> Reply:
    """The HTML part with the pictures that came with it (RFC 2392: `cid:` names a part of the same mail)."""
    body = caught.part("html")
    parts: Any = caught.mail.walk()
    for part in parts:
        cid = str(part["Content-ID"] or "").strip(" <>")
        if cid and part.get_content_maintype() == "image":
            content = base64.b64encode(bytes(part.get_content())).decode()
            body = body.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{content}")
    return 200, "text/html", MAIL_POLICY, body


def _mail_raw(caught: Caught) -> Reply:
    return 200, "text/plain", PAGE_POLICY, caught.raw.decode("utf-8", "replace")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("postbox.html.j2")


class _Handler(BaseHTTPRequestHandler):
    server: Postbox

    def do_GET(self) -> None:
        status, kind, policy, body = answer(self.server, self.path.partition("?")[0])
        content = body.encode()
        with suppress(OSError):  # the browser may have left
            self.send_response(status)
            for name, value in {
                "Content-Type": f"{kind}; charset=utf-8",
                "Content-Length": str(len(content)),
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: request lines are no news."""
