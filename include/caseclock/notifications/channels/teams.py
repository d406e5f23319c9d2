"""Microsoft Teams by a Workflows webhook: one Adaptive Card per message, posted and never seen again.

A workflow answers with no id, so a card can be neither changed, answered nor looked for. What is sent again after an unknown outcome
carries the same short code, by which a reader knows the repeat. `202` says that the workflow was started, not that the card was shown.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from caseclock.notifications import web, wording
from caseclock.notifications.letter_brief import LetterRoom
from caseclock.notifications.letter_teams import LETTER_ROOMS, letter_elements, letter_text
from caseclock.notifications.model import Capabilities, ChannelError, ChannelName, Handle, Item, Message
from caseclock.settings import TeamsSettings

VERSION: Final = "1.4"  # of Adaptive Cards; what Workflows and every Teams client take
SIZE = 20_000  # bytes: Teams takes 28 KB and counts a card about a fifth larger than it was sent (msteams-docs issue 11274)
FALLBACK_TEXT, LINK = 1000, 1000  # characters
THROTTLED = 30.0  # seconds, where a 429 does not say how long: Teams counts in windows of 1, 30 and 3600 seconds


class Room(NamedTuple):
    """How many alerts, lines and notes a card shows, and how much of a letter."""

    items: int
    lines: int
    notes: int
    letter: LetterRoom


SIZES = ((20, 60, 10), (10, 30, 8), (5, 12, 5), (2, 4, 3), (1, 1, 1))
ROOMS = tuple(Room(*sizes, letter) for sizes, letter in zip(SIZES, LETTER_ROOMS, strict=True))
"""The first of these that keeps the card small enough; the last always does."""

# Codes of Azure Logic Apps, on which Workflows run: what a person must do about them.
CURES: dict[str, str] = {
    "WorkflowTriggerIsNotEnabled": "the workflow is switched off or its owner has left; switch it on or make it again",
    "WorkflowNotFound": "the workflow is gone; make it again and store its new address",
    "DirectApiAuthorizationRequired": "the address is not whole; copy it again from the workflow",
    "TriggerInputSchemaMismatch": "make the workflow from the template 'Post to a channel when a webhook request is received'",
}
CONNECTOR_ERROR = re.compile(rb"returned HTTP error (\d{3})")  # the older connectors say so under status 200
COLOURS = {"Red": "Attention", "Amber": "Warning", "Resolved": "Good"}  # beside the word, never instead of it
MARKDOWN = re.compile(r"([\\`*_\[\]()<>#|~]|:(?=//))")  # what can format or link; `://` because addresses become links by themselves


class TeamsChannel:
    """The port `Channel` on the webhooks of one installation. An address in routes.yaml is the name of a webhook."""

    name: ChannelName = "teams"
    capabilities = Capabilities(edit=False, thread=False, reconcile=False)

    def __init__(self, settings: TeamsSettings) -> None:
        self._settings = settings

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        """See `Channel.send`. Every mode is a new card, but a mere edit cannot be posted: permanent ChannelError."""
        if message.mode == "update":
            raise ChannelError("Teams: a card cannot be changed once it is posted", permanent=True)
        webhook = self._settings.webhooks.get(address)
        if webhook is None:
            raise ChannelError("Teams: no webhook has the name that routes.yaml gives; see the connection caseclock_teams", permanent=True)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        url, timeout = webhook.get_secret_value(), self._settings.timeout
        _check(web.call("Teams", "POST", url, headers=headers, timeout=timeout, body=body_of(message)))
        return {"code": code_of(message.key)}

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        """A webhook cannot be read (`capabilities.reconcile` is False)."""
        raise ChannelError("Teams: a webhook cannot be read back", permanent=True)


# --- what the answer means -----------------------------------------------------------------------------------------
def _check(answer: web.Answer) -> None:
    """Returns when the card was accepted. Raises ChannelError; of the answer only a code goes into its text."""
    connector = CONNECTOR_ERROR.search(answer.body) if answer.accepted else None
    answer = web.Answer(int(connector[1]), answer.headers) if connector else answer
    if answer.accepted:
        return
    if answer.status == 429:
        raise ChannelError("Teams: too many messages at once", retry_after=answer.retry_after(THROTTLED))
    if answer.perhaps:
        raise ChannelError(f"Teams: HTTP {answer.status}; the message may have arrived", unknown=True)
    if answer.status < 400:
        raise ChannelError(f"Teams: HTTP {answer.status}; redirects are not followed, store the workflow's new address", permanent=True)
    code = _code(answer.body)
    said = ", ".join(part for part in (f"HTTP {answer.status}", code) if part)
    raise ChannelError(f"Teams: {said}; {CURES.get(code, 'the workflow refused the message')}", permanent=True)


def _code(body: bytes) -> str:
    """The workflow's own error code; empty when there is none, or when it does not look like one."""
    try:
        code = str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
    return code if re.fullmatch(r"[A-Za-z]{3,60}", code) else ""


# --- the card ------------------------------------------------------------------------------------------------------
def code_of(key: str) -> str:
    """`3f9a-12bc`: the first eight digits of the delivery key, short enough to compare by eye."""
    digits = key[:8] if re.fullmatch(r"[0-9a-f]{8,}", key) else hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{digits[:4]}-{digits[4:]}"


def body_of(message: Message) -> bytes:
    """What is posted, below SIZE. The same message gives the same bytes on every try."""
    body = b""
    for room in ROOMS:
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card_of(message, room)}
        body = json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) <= SIZE:
            break
    return body


def card_of(message: Message, room: Room = ROOMS[0]) -> dict[str, Any]:
    """The Adaptive Card: headline, each alert, the foot with the date of the data, and the code of the message.

    All text stands in TextRuns, which know no markdown; a TextBlock would read a team's name as markdown.
    """
    items = wording.worst_first(message.items)
    body = letter_elements(message.letter, room.letter) if message.letter else _elements(message, items, room)
    body += [_line(said, isSubtle=True) for said in _foot(message, items, room)]
    body[-1]["separator"] = True
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "msteams": {"width": "Full"},
        "fallbackText": fallback_text(message, items),
        "body": body,
    }


def _elements(message: Message, items: Sequence[Item], room: Room) -> list[dict[str, Any]]:
    body = [_line(wording.title(message, items), size="Large", weight="Bolder", **_colour(items[:1]))]
    body += _one_item(items[0]) if len(items) == 1 else [block for item in items[: room.items] for block in _one_of_many(item)]
    body += [_line(said) for said in (wording.more_sentence(items[room.items :]), *_lines(message, room)) if said]
    return [*body, *(_action(*to) for to in (wording.guide_link(message),) if to)]


def fallback_text(message: Message, items: Sequence[Item]) -> str:
    """For a client that cannot draw the card. It may read this as markdown, so everything that could be is escaped."""
    whole = letter_text(message.letter) if message.letter else wording.full_text(message, items, most=3)
    said = whole if len(whole) <= FALLBACK_TEXT else whole[: FALLBACK_TEXT - 1].rstrip() + "…"
    return MARKDOWN.sub(r"\\\1", f"{said}\n{_code_sentence(message)}")


def _one_item(item: Item) -> Iterator[dict[str, Any]]:
    """What the headline of a single alert leaves out."""
    done, todo = wording.handled_sentence(item), wording.next_sentence(item)
    said = [wording.details_sentence(item), wording.reason_sentence(item), done, todo, wording.recent_sentence(item)]
    yield from (_line(line) for line in said if line)
    yield from _link(item)


def _one_of_many(item: Item) -> Iterator[dict[str, Any]]:
    yield {**_line(wording.item_sentence(item), weight="Bolder", **_colour([item])), "separator": True, "spacing": "Medium"}
    done, todo = wording.handled_sentence(item), wording.next_in_list(item)
    said = (wording.reason_sentence(item), done, todo, wording.recent_sentence(item))
    yield from (_line(line) for line in said if line)
    yield from _link(item)


def _lines(message: Message, room: Room) -> list[str]:
    lines = wording.notice_lines(message)
    hidden = len(lines) - room.lines
    return [f"• {line}" for line in lines[: room.lines]] + ([f"And {hidden} more lines."] if hidden > 0 else [])


def _foot(message: Message, items: Sequence[Item], room: Room) -> list[str]:
    said = wording.foot(message, items)
    hidden = len(said) - room.notes - 1
    more = [f"And {hidden} more notes."] if hidden > 0 else []
    return [*said[: room.notes + 1], *more, _code_sentence(message)]


def _code_sentence(message: Message) -> str:
    return f"Code of this message: {code_of(message.key)}. A message with the same code is this one again."


def _link(item: Item) -> Iterator[dict[str, Any]]:
    link = wording.safe_link(item.link)
    if link and len(link) <= LINK:
        yield _action(link, wording.link_words(item))


def _action(link: str, words: str) -> dict[str, Any]:
    return {"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": words, "url": link}]}


def _line(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _colour(items: Sequence[Item]) -> dict[str, str]:
    colour = COLOURS.get(wording.label(items[0])) if items else None
    return {"color": colour} if colour else {}
