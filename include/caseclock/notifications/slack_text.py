"""Text as Slack takes it: escaped, cut to its limits, and plain unless it is our own.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any, Final

HEADER: Final = 150  # characters, escaped
SECTION: Final = 3000
CONTEXT_TEXT: Final = 1000
CONTEXT_ELEMENTS: Final = 10


def escape(text: str, most: int) -> str:
    """Slack's control characters as entities, so that no name can mention, link or call; cut to `most` escaped characters."""
    cut = text
    while True:
        safe = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if len(safe) <= most:
            return safe
        cut = cut[: len(cut) - max(1, (len(safe) - most) // 5) - 1].rstrip() + "…"


def plain_text(text: str, most: int) -> dict[str, Any]:
    """Names and sentences are plain_text: nothing in them is formatted, linked or turned into an emoji."""
    return {"type": "plain_text", "text": escape(text, most), "emoji": False}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": plain_text(text, SECTION)}


def linked(address: str, words: str) -> dict[str, Any]:
    """A link that reads as `words`, which are our own. `address` comes from `wording.safe_link`."""
    return {"type": "mrkdwn", "text": f"<{address.replace('&', '&amp;')}|{words}>", "verbatim": True}


def aside(*lines: str) -> dict[str, Any]:
    """Lines in small letters, each by itself; at most CONTEXT_ELEMENTS."""
    return {"type": "context", "elements": [plain_text(line, CONTEXT_TEXT) for line in lines]}
