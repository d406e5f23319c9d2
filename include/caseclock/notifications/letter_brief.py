"""A letter in short, for channels with little room: headline, what each section says in brief, and where the whole of it is to be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caseclock.notifications.letter import Letter, Section, Series, Tone
from caseclock.notifications.wording import NOTE_LENGTH, note_sentences, plain, safe_link

SUBJECT, HEADING, LINE, CURRENCY, LINK = 180, 120, NOTE_LENGTH, 800, 1000  # characters
READ: Final = "Read the whole digest"
KEPT = re.compile(r"([\w-]+)/(\d{4}-W\d\d)/([\w-]+?)(?:-rev(\d+))?", re.ASCII)
"""Name of the archived copy: source, week, audience and, from the second on, revision."""
COUNCIL: Final = "council"
ASK: Final = "Ask those who run caseclock for the whole digest: caseclock digest show {source} {week}{options}"
ASK_FOR: Final = "Ask those who run caseclock for the whole digest; it is kept as {kept}"

COLOUR = re.compile(r"^(?:Red|Amber)(?=[:,])|(?<![\w-])(?:red|amber)(?![\w-])(?! limits?\b| \d)")
"""Where a colour says how something stands. `red limit 20` names a limit, and `Amber Valley` a place."""


@dataclass(frozen=True)
class Part:
    """What one section says. `charts`: those that the channel draws; what others show stands in the lines."""

    heading: str
    lines: tuple[str, ...]
    charts: tuple[Series, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """The lines and what the charts show."""
        return tuple(dict.fromkeys((*self.lines, *filter(None, map(words_of, self.charts)))))


@dataclass(frozen=True)
class Brief:
    """One line of visible characters each; a channel still escapes for its own markup. `link` None: `ask` says how to see the whole."""

    subject: str
    headline: str
    currency: str
    parts: tuple[Part, ...]
    foot: tuple[str, ...]
    link: str | None = None
    ask: str = ""
    more: str = ""
    """What had no room, in a sentence."""


@dataclass(frozen=True)
class LetterRoom:
    """How much a channel shows: sections, lines of one section, lines in all, lines at the foot, charts in all."""

    parts: int
    each: int
    lines: int
    foot: int
    charts: int = 0


def brief_of(letter: Letter, notes: Sequence[str], room: LetterRoom) -> Brief:
    """`notes`: what the sender adds to any message; it stands first at the foot. What has no room is counted."""
    sections = [section for section in letter.sections if any(map(str.strip, section.brief))]
    shown: list[Part] = []
    lines, charts = room.lines, room.charts
    for section in sections[: room.parts]:
        if lines <= 0:
            break
        shown.append(_part(section, min(room.each, lines), charts))
        lines, charts = lines - len(shown[-1].lines), charts - len(shown[-1].charts)
    link, hidden = safe_link(letter.link), len(sections) - len(shown)
    link = link if link and len(link) <= LINK else None
    return Brief(
        subject=plain(letter.subject, SUBJECT) or "Weekly digest",
        headline=plain(letter.headline, LINE),
        currency=plain(letter.currency, CURRENCY),
        parts=tuple(part for part in shown if part.lines),
        foot=_foot([*note_sentences(notes), *(plain(line, LINE) for line in letter.foot)], room.foot),
        link=link,
        ask="" if link else ask_of(letter.kept),
        more=f"{_counted(hidden, 'more section is', 'more sections are')} in the whole digest." if hidden else "",
    )


def ask_of(kept: str) -> str:
    """By which command those who run caseclock show the whole; empty where no copy is kept."""
    if found := KEPT.fullmatch(kept):
        source, week, audience, revision = found.groups()
        options = "" if audience == COUNCIL else f" --audience {audience}"
        return ASK.format(source=source, week=week, options=options + (f" --revision {revision}" if revision else ""))
    name = plain(kept, LINE)
    return ASK_FOR.format(kept=name) if name else ""


def words_of(chart: Series) -> str:
    """What a chart shows."""
    return plain(chart.words, LINE)


def running_text(brief: Brief) -> str:
    """All of it in paragraphs, without the subject: for readers, programs and previews that see no layout."""
    parts = ["\n".join(filter(None, (part.heading, *(f"- {line}" for line in part.said)))) for part in brief.parts]
    where = f"{READ}: {brief.link}" if brief.link else brief.ask
    return "\n\n".join(said for said in (brief.headline, brief.currency, *parts, brief.more, where, "\n".join(brief.foot)) if said)


def coloured(text: str) -> list[tuple[str, Tone]]:
    """The text in pieces, those that are the name of a colour with that colour: `1 of them `, `red`, `.`"""
    pieces: list[tuple[str, Tone]] = []
    at = 0
    for found in COLOUR.finditer(text):
        pieces += [(text[at : found.start()], ""), (found[0], "red" if found[0].lower() == "red" else "amber")]
        at = found.end()
    pieces.append((text[at:], ""))
    return [piece for piece in pieces if piece[0]]


def _part(section: Section, most: int, charts: int) -> Part:
    """`most` lines and the count of those that have no room; `charts`, and what the others show in lines."""
    every = [block for block in section.blocks if isinstance(block, Series)]
    said = [line for line in (*section.brief, *(chart.words for chart in every[charts:])) if line.strip()]
    hidden = len(said) - most
    lines = dict.fromkeys(line for line in (plain(line, LINE) for line in said[:most]) if line)
    more = [f"And {_counted(hidden, 'more line', 'more lines')}."] if hidden > 0 else []
    return Part(plain(section.heading, HEADING), (*lines, *more), tuple(every[:charts]))


def _foot(lines: Sequence[str], most: int) -> tuple[str, ...]:
    said = [line for line in dict.fromkeys(lines) if line]
    hidden = len(said) - most
    return (*said[:most], f"And {_counted(hidden, 'more note', 'more notes')}.") if hidden > 0 else tuple(said)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
