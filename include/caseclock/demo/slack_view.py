"""Slack messages as their reader sees them: blocks of Block Kit to safe HTML."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from caseclock.now import LONDON

# Our own marks, drawn by the page: a headless machine may have no font for them.
MARKS = {"🔴": "red", "🟠": "amber", "⏸": "held", "✅": "over", "↩️": "back"}
_ANGLE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")


@dataclass(frozen=True)
class Seen:
    """One message of a channel as it stands now. `answers_to`: first words of the root, for a reply that was also sent to the channel."""

    ts: str
    at: str
    body: Markup
    edited: bool
    broadcast: bool
    replies: tuple[Seen, ...] = ()
    answers_to: str = ""


def stream(messages: list[dict[str, Any]]) -> list[Seen]:
    """What stands in one channel, oldest first: root messages with their threads, and replies that were also sent to the channel."""
    roots = {m["ts"]: m for m in messages if m["thread_ts"] is None}
    out = []
    for message in sorted(messages, key=lambda m: float(m["ts"])):
        if message["thread_ts"] is None:
            replies = tuple(_seen(m) for m in messages if m["thread_ts"] == message["ts"])
            out.append(_seen(message, replies=replies))
        elif message["broadcast"]:
            out.append(_seen(message, answers_to=_first_line(roots.get(message["thread_ts"]))))
    return out


def _seen(message: dict[str, Any], replies: tuple[Seen, ...] = (), answers_to: str = "") -> Seen:
    blocks = message.get("blocks") or []
    body = Markup("").join(_block(b) for b in blocks) if blocks else Markup('<p class="section">{}</p>').format(mrkdwn(message["text"]))
    at = dt.datetime.fromisoformat(message["posted_at"]).astimezone(LONDON).strftime("%d %b %Y, %H:%M")
    return Seen(message["ts"], at, body, bool(message["edits"]), bool(message["broadcast"]), replies, answers_to)


def _first_line(message: dict[str, Any] | None) -> str:
    return decode(message["text"]).partition("\n")[0] if message else "a message that is gone"


def _block(block: dict[str, Any]) -> Markup:
    kind = block.get("type")
    if kind == "header":
        return Markup('<p class="header">{}</p>').format(text(block["text"]))
    if kind == "section":
        fields = Markup("").join(Markup('<span class="field">{}</span>').format(text(f)) for f in block.get("fields") or [])
        words = text(block["text"]) if block.get("text") else Markup("")
        return Markup('<p class="section">{}{}</p>').format(words, fields)
    if kind == "context":
        parts = [Markup("<span>{}</span>").format(text(e)) for e in block.get("elements") or [] if e.get("type") != "image"]
        return Markup('<p class="context">{}</p>').format(Markup("").join(parts))
    if kind == "divider":
        return Markup("<hr>")
    return Markup('<p class="context">[{}]</p>').format(str(kind))


def text(found: dict[str, Any]) -> Markup:
    """A text object, with our mark in front drawn as a shape."""
    raw = str(found.get("text") or "")
    shape = Markup("")
    for mark, name in MARKS.items():
        if raw.startswith(mark):
            raw, shape = raw[len(mark) :].lstrip(), Markup('<i class="mark {}" aria-hidden="true"></i>').format(name)
    return shape + (mrkdwn(raw) if found.get("type") == "mrkdwn" else escape(decode(raw)))


def decode(raw: str) -> str:
    """Slack's three entities back to characters."""
    return raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn(raw: str) -> Markup:
    """Links, mentions and bold; the rest is text. A mention is shown as one, so that one that should not be there is seen."""
    out, at = Markup(""), 0
    for found in _ANGLE.finditer(raw):
        out += _bold(raw[at : found.start()]) + _angle(found[1], found[2])
        at = found.end()
    return out + _bold(raw[at:])


def _angle(target: str, label: str | None) -> Markup:
    if target.startswith(("http://", "https://")):
        url = decode(target)
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(url, decode(label or url))
    return Markup('<b class="mention">{}</b>').format(decode(label or target))


def _bold(raw: str) -> Markup:
    out, at = Markup(""), 0
    for found in _BOLD.finditer(raw):
        out += escape(decode(raw[at : found.start()])) + Markup("<b>{}</b>").format(decode(found[1]))
        at = found.end()
    return out + escape(decode(raw[at:]))
