"""A letter as the body of one Adaptive Card: the same summary as in Slack, with its charts in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from caseclock.notifications.letter import Letter, Tone
from caseclock.notifications.letter_brief import READ, LetterRoom, Part, brief_of, coloured, running_text

LETTER_ROOMS: Final = (
    LetterRoom(16, 12, 60, 8),
    LetterRoom(16, 6, 30, 6),
    LetterRoom(12, 3, 16, 4),
    LetterRoom(6, 2, 6, 2),
    LetterRoom(1, 1, 1, 1),
)
"""The first of these that keeps the card small enough; the last always does."""
COLOURS: Final[dict[Tone, str]] = {"red": "Attention", "amber": "Warning"}  # beside the word, never instead of it


def letter_elements(letter: Letter, room: LetterRoom = LETTER_ROOMS[0]) -> list[dict[str, Any]]:
    """Subject, headline, currency, each section in brief, the link, the foot: all in TextRuns, which know no markdown."""
    brief = brief_of(letter, (), room)
    elements = [_line(brief.subject, size="Large", weight="Bolder")]
    elements += [_line(brief.headline, weight="Bolder")] if brief.headline else []
    elements += [_line(brief.currency)] if brief.currency else []
    elements += [element for part in brief.parts for element in _part(part)]
    where = [_line(said) for said in (brief.more, brief.ask) if said]
    if brief.link:
        where.append({"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": READ, "url": brief.link}]})
    foot = [*where, *(_line(said, isSubtle=True) for said in brief.foot)]
    return [*elements, *_apart(foot)]


def letter_text(letter: Letter) -> str:
    """For a client that cannot draw the card; the caller escapes it."""
    brief = brief_of(letter, (), LETTER_ROOMS[0])
    return f"{brief.subject}\n\n{running_text(brief)}"


def _part(part: Part) -> Iterator[dict[str, Any]]:
    heading = _line(part.heading, weight="Bolder", size="Medium") if part.heading else None
    lines = [_line(said, "• ") for said in part.lines]
    yield from _apart([heading, *lines] if heading else lines)


def _apart(elements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """These with a line above the first."""
    for n, element in enumerate(elements):
        yield element if n else {**element, "separator": True, "spacing": "Medium"}


def _line(text: str, before: str = "", **look: Any) -> dict[str, Any]:
    runs = [{"type": "TextRun", "text": piece, **look, **_tone(tone)} for piece, tone in [(before, ""), *coloured(text)] if piece]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": runs}


def _tone(tone: Tone) -> dict[str, Any]:
    return {"color": COLOURS[tone], "weight": "Bolder", "isSubtle": False} if tone in COLOURS else {}
