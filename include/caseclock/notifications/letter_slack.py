"""A letter as one Slack message: a summary with up to two charts that Slack draws itself, and a link to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from caseclock.notifications.letter import Letter, Tone
from caseclock.notifications.letter_brief import READ, Brief, LetterRoom, Part, brief_of, coloured, running_text, words_of
from caseclock.notifications.slack_chart import MOST_CHARTS, series_blocks
from caseclock.notifications.slack_text import CONTEXT_ELEMENTS, HEADER, aside, escape, linked, plain_text, section

SHOWN: Final = LetterRoom(parts=16, each=12, lines=100, foot=CONTEXT_ELEMENTS - 1, charts=MOST_CHARTS)
"""At most 7 blocks at the head and the foot, 2 for each section, 3 for each chart: below the 50 that Slack takes."""
TEXT: Final = 36_000  # characters, escaped: Slack cuts a text at 40,000
HEADING: Final = 200  # characters, escaped
MARKS: Final[dict[Tone, str]] = {"red": "🔴 ", "amber": "🟠 "}  # beside the word, never instead of it
FORMATS: Final = str.maketrans("", "", "*_~`")


def letter_blocks(letter: Letter, notes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Header, headline, of which day the figures are, each section in brief, the link, the foot. Slack refuses none of it."""
    brief = brief_of(letter, notes, SHOWN)
    head = [{"type": "header", "text": plain_text(_marked(brief.subject), HEADER)}]
    head += [section(_marked(said)) for said in (brief.headline, brief.currency) if said]
    parts = [block for part in brief.parts for block in _part_blocks(part)]
    return [*head, *parts, *_foot(brief)]


def letter_text(letter: Letter, notes: Sequence[str] = ()) -> str:
    """All that the blocks show, for screen readers, previews and a workspace that refuses the blocks."""
    brief = brief_of(letter, notes, SHOWN)
    return escape(f"{brief.subject}\n\n{running_text(brief)}", TEXT)


def _part_blocks(part: Part) -> list[dict[str, Any]]:
    heading = escape(part.heading.translate(FORMATS).strip(), HEADING)
    blocks = [_bold(heading)] if heading else []
    blocks.append(section("\n".join(f"• {_marked(line)}" for line in part.lines)))
    for chart in part.charts:
        said = words_of(chart)
        blocks += series_blocks(chart)
        blocks += [aside(said)] if said and said not in part.lines else []
    return blocks


def _bold(escaped: str) -> dict[str, Any]:
    """The only text of a letter that Slack formats, so nothing that formats may be in it."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"*{escaped}*", "verbatim": True}}


def _foot(brief: Brief) -> list[dict[str, Any]]:
    """What had no room, where the whole is to be read, and the foot."""
    where = {"type": "section", "text": linked(brief.link, READ)} if brief.link else section(brief.ask) if brief.ask else None
    said = [section(brief.more)] if brief.more else []
    said += [where] if where else []
    said += [aside(*brief.foot)] if brief.foot else []
    return [{"type": "divider"}, *said] if said else []


def _marked(text: str) -> str:
    return "".join(MARKS.get(tone, "") + piece for piece, tone in coloured(text))
