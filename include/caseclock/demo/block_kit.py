"""The limits of Slack's Block Kit, as the fake Slack enforces them. Source: https://docs.slack.dev/reference/block-kit/blocks"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BLOCKS, HEADER, SECTION, FIELDS, FIELD, CONTEXT, ACTIONS, BLOCK_ID = 50, 150, 3000, 10, 2000, 10, 25, 255
IMAGE_ALT, IMAGE_URL = 2000, 3000
MESSAGE_TEXT = 40_000


def faults_in(blocks: object) -> list[str]:
    """What Slack would refuse, as sentences; empty when it would take the blocks."""
    if not isinstance(blocks, list):
        return ["blocks is no list"]
    found = [f"{len(blocks)} blocks, at most {BLOCKS}"] if len(blocks) > BLOCKS else []
    ids = [b["block_id"] for b in blocks if isinstance(b, dict) and "block_id" in b]
    if len(ids) != len(set(ids)):
        found.append("a block_id is there twice")
    for n, block in enumerate(blocks):
        check = CHECKS.get(str(block.get("type"))) if isinstance(block, dict) else None
        wrong = check(block) if check else ["unknown type of block"]
        found += [f"block {n}: {what}" for what in wrong]
    return found


def _text(found: object, most: int, types: tuple[str, ...] = ("plain_text", "mrkdwn")) -> list[str]:
    if not isinstance(found, dict) or found.get("type") not in types:
        return [f"text must be an object of type {' or '.join(types)}"]
    text = found.get("text")
    if not isinstance(text, str) or not text:
        return ["text is required and must not be empty"]
    wrong = [f"text of {len(text)} characters, at most {most}"] if len(text) > most else []
    foreign = {"plain_text": "verbatim", "mrkdwn": "emoji"}[found["type"]]
    return [*wrong, f"{foreign} is not for {found['type']}"] if foreign in found else wrong


def _header(block: dict[str, Any]) -> list[str]:
    return _text(block.get("text"), HEADER, ("plain_text",))


def _section(block: dict[str, Any]) -> list[str]:
    fields = block.get("fields")
    if fields is None:
        return _text(block.get("text"), SECTION)
    if not isinstance(fields, list) or not 1 <= len(fields) <= FIELDS:
        return [f"1 to {FIELDS} fields"]
    wrong = [what for field in fields for what in _text(field, FIELD)]
    return wrong + (_text(block["text"], SECTION) if "text" in block else [])


def _context(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= CONTEXT:
        return [f"1 to {CONTEXT} elements"]
    return [what for e in elements for what in (_image(e) if isinstance(e, dict) and e.get("type") == "image" else _text(e, SECTION))]


def _image(block: dict[str, Any]) -> list[str]:
    url, alt = block.get("image_url"), block.get("alt_text")
    if not isinstance(url, str) or not 1 <= len(url) <= IMAGE_URL:
        return [f"image_url of 1 to {IMAGE_URL} characters"]
    return [] if isinstance(alt, str) and 1 <= len(alt) <= IMAGE_ALT else [f"alt_text of 1 to {IMAGE_ALT} characters"]


def _actions(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements")
    return [] if isinstance(elements, list) and 1 <= len(elements) <= ACTIONS else [f"1 to {ACTIONS} elements"]


CHECKS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": lambda _: [],
    "image": _image,
    "actions": _actions,
}
