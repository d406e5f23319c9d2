"""Slack messages as their reader sees them: blocks of Block Kit to safe HTML."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from caseclock.demo.slack_chart_view import chart_html
from caseclock.now import LONDON

# Our own marks, drawn by the page: a headless machine may have no font for them.
MARKS = {"🔴": "red", "🟠": "amber", "⏸": "held", "✅": "over", "↩️": "back"}
ROOT_WORDS = 60  # characters of the root that stand above a reply in the channel
_ANGLE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_MARK = re.compile(f"({'|'.join(MARKS)}) ?")


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
    line = decode(message["text"]).partition("\n")[0] if message else "a message that is gone"
    return line if len(line) <= ROOT_WORDS else line[: ROOT_WORDS - 1].rstrip() + "…"


def _block(block: dict[str, Any]) -> Markup:
    kind = block.get("type")
    if kind == "header":
        return Markup('<p class="header">{}</p>').format(text(block["text"]))
    if kind == "section":
        fields = Markup("").join(Markup('<span class="field">{}</span>').format(text(f)) for f in block.get("fields") or [])
        words = text(block["text"]) if block.get("text") else Markup("")
        kind = "section title" if _is_title(block.get("text") or {}) else "section"
        return Markup('<p class="{}">{}{}{}</p>').format(kind, _menu(block.get("accessory") or {}), words, fields)
    if kind == "context":
        parts = [Markup("<span>{}</span>").format(text(e)) for e in block.get("elements") or [] if e.get("type") != "image"]
        return Markup('<p class="context">{}</p>').format(Markup("").join(parts))
    if kind == "data_visualization":
        return chart_html(block)
    if kind == "divider":
        return Markup("<hr>")
    if kind == "actions":
        row = Markup("").join(
            Markup('<span class="button">{}</span>').format(text(e.get("text") or {})) for e in block.get("elements") or []
        )
        return Markup('<p class="actions">{}</p>').format(row)
    if kind == "input":
        return _input(block)
    return Markup('<p class="context">[{}]</p>').format(str(kind))


def _is_title(found: dict[str, Any]) -> bool:
    """All of it is bold."""
    return found.get("type") == "mrkdwn" and bool(_BOLD.fullmatch(str(found.get("text") or "")))


def _menu(accessory: dict[str, Any]) -> Markup:
    """The menu beside a section, closed as it stands there; what it offers is said where the pointer rests."""
    choices = ", ".join(decode(str(option["text"]["text"])) for option in accessory.get("options") or [])
    return Markup('<span class="menu" title="{}">&#8942;</span>').format(choices) if choices else Markup("")


def _input(block: dict[str, Any]) -> Markup:
    """A field of a form, with what it holds when the form opens."""
    element = block.get("element") or {}
    kind = "lines" if element.get("multiline") else str(element.get("type") or "").partition("_")[0]
    hint = Markup('<span class="hint">{}</span>').format(text(block["hint"])) if block.get("hint") else Markup("")
    day = element.get("initial_date")
    held = f"{dt.date.fromisoformat(day):%d %B %Y}".lstrip("0") if day else str(element.get("initial_value") or "")
    return Markup('<p class="input"><b>{}</b><span class="box-of {}">{}</span>{}</p>').format(text(block["label"]), kind, held, hint)


def form_html(view: dict[str, Any]) -> Markup:
    """A form as it opens over the channel: title, blocks, and the two buttons at its foot."""
    body = Markup("").join(_block(block) for block in view.get("blocks") or [])
    feet = [Markup('<span class="button {}">{}</span>').format(name, text(view[name])) for name in ("close", "submit") if view.get(name)]
    return Markup('<div class="form"><p class="header">{}</p>{}<p class="actions feet">{}</p></div>').format(
        text(view["title"]), body, Markup("").join(feet)
    )


def text(found: dict[str, Any]) -> Markup:
    """A text object, with our marks drawn as shapes."""
    form = mrkdwn if found.get("type") == "mrkdwn" else _plain
    pieces = _MARK.split(str(found.get("text") or ""))
    return Markup("").join(_shape(piece) if n % 2 else form(piece) for n, piece in enumerate(pieces))


def _shape(mark: str) -> Markup:
    return Markup('<i class="mark {}" aria-hidden="true"></i>').format(MARKS[mark])


def _plain(raw: str) -> Markup:
    return escape(decode(raw))


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
