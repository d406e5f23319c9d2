"""One small line for each figure of the whole, to be taken in at a glance: where it stands, how it got there, which are worst."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import Frame
from caseclock.charts.recent import day_words
from caseclock.digest.content import Content, Line, Rag
from caseclock.digest.picture_parts import (
    EDGE,
    LEAST,
    SMALL,
    WIDTH,
    Dated,
    exact_of,
    grey_key,
    headed,
    joined,
    runs,
    said_of,
    title_of,
    weeks_of,
)
from caseclock.digest.sentences import spoken
from caseclock.notifications.letter import Picture

MOST: Final = 12
COLUMNS: Final = 3
CELL, TITLE_LINE, MOST_LINES = 200, 14, 4
BETWEEN: Final = 10
SPARK: Final = 124, 44  # width and height of the line
NOTE: Final = 17  # the row of words under the line
FIGURE_AT: Final = 136
RAG_MARKS: Final[dict[Rag, tuple[str, str]]] = {"red": ("triangle", "red"), "amber": ("diamond", "amber"), "green": ("circle", "quiet")}
"""Form and colour; the word stands beside it."""
WORST: Final[dict[Rag, int]] = {"red": 0, "amber": 1}


def twelve_weeks(content: Content) -> Picture | None:
    """One small line for each figure of the whole, the worst first, with its newest value; None where none has three exact weeks."""
    whole = [row[0] for row in content.heat.rows if row]
    whole = [line for line in whole if len(exact_of(weeks_of(line, content.last_day))) >= LEAST]
    chosen = sorted(whole, key=lambda line: WORST.get(line.rag, 2))[:MOST]
    if not chosen:
        return None
    place = svg.clean(spoken(chosen[0].place))
    weeks = max(len(line.weeks) for line in chosen)
    titles = [_wrapped(title_of(line), SMALL, CELL) for line in chosen]
    top = 34
    parts = [headed(f"{weeks} weeks to {day_words(content.last_day)}, {place}")]
    for at in range(0, len(chosen), COLUMNS):
        lines = max(map(len, titles[at : at + COLUMNS]))
        for i, line in enumerate(chosen[at : at + COLUMNS]):
            left = EDGE + i * (CELL + BETWEEN)
            parts += _named(titles[at + i], left, top)
            parts += _cell(line, weeks_of(line, content.last_day), left, top + 8 + TITLE_LINE * lines)
        top += 8 + TITLE_LINE * lines + SPARK[1] + NOTE + BETWEEN
    if any(value is None for line in chosen for _, value in weeks_of(line, content.last_day)):
        parts, top = [*parts, *grey_key(top + 12)], top + 22
    alt = _standing(chosen, place, weeks, content.last_day)
    return Picture(svg.sheet(WIDTH, top, alt, parts), alt, WIDTH, top)


def _standing(lines: Sequence[Line], place: str, weeks: int, last: dt.date) -> str:
    """Which figures are red and amber, with their newest value."""
    said = []
    for rag in ("red", "amber"):
        own = [f"{title_of(line)} {line.now.words(line.unit)}" for line in lines if line.rag == rag and line.now]
        said += [f"{rag}: {', '.join(own)}"] if own else []
    if not said:
        said = ["none is amber or red"]
    figures = "1 figure" if len(lines) == 1 else f"{len(lines)} figures"
    return f"{figures} over {weeks} weeks to {day_words(last)}, {place}; {'; '.join(said)}."


def _named(title: Sequence[str], left: float, top: float) -> list[str]:
    parts = [svg.line((left, top), (left + CELL, top), "grid")]
    return parts + [svg.text((left, top + 15 + TITLE_LINE * i), words, "ink", size=SMALL, bold=True) for i, words in enumerate(title)]


def _cell(line: Line, dated: Sequence[Dated], left: float, top: float) -> list[str]:
    """The line, its newest figure beside it, and from where to where it went. `top`: below the title."""
    known = [value for _, value in exact_of(dated)]
    low, high = min(known), max(known)
    ends = said_of(low, line.unit) if low == high else f"{said_of(low, line.unit)} to {said_of(high, line.unit)}"
    weeks = f"{len(dated)} weeks" if len(known) == len(dated) else f"{len(known)} of {len(dated)} weeks"
    note = fonts.fit(f"{weeks}: {ends}", SMALL, CELL)
    return [*_spark(dated, left, top), svg.text((left, top + SPARK[1] + NOTE - 2), note, size=SMALL), *_newest(line, left + FIGURE_AT, top)]


def _spark(dated: Sequence[Dated], left: float, top: float) -> list[str]:
    """The line between its own least and greatest figure; a grey ground where it has a gap."""
    known = [value for _, value in exact_of(dated)]
    low, high = min(known), max(known)
    if low == high:
        low, high = low - 1, high + 1
    wide, foot = left + SPARK[0], top + SPARK[1]
    days = [day.toordinal() for day, _ in dated]
    frame = Frame(left + 5, wide - 5, top + 6, foot - 6, days[0], days[-1], low, high)
    half = (frame.x(days[-1]) - frame.x(days[0])) / (len(days) - 1) / 2
    gaps = [
        (max(left, frame.x(day.toordinal()) - half), min(wide, frame.x(day.toordinal()) + half)) for day, value in dated if value is None
    ]
    parts = [svg.box(a, top, b, foot, "band") for a, b in joined(gaps)]
    parts.append(svg.line((left, foot), (wide, foot), "grid"))
    for run in runs(dated):
        at = [(frame.x(day.toordinal()), frame.y(value)) for day, value in run]
        parts.append(svg.path(at, "series") if len(at) > 1 else svg.mark(at[0], "circle", "series", size=1.8))
    day, newest = dated[-1]
    if newest is not None:
        parts.append(svg.mark((frame.x(day.toordinal()), frame.y(newest)), "circle", "ink", size=3.5))
    return parts


def _newest(line: Line, left: float, top: float) -> list[str]:
    words = line.now.words(line.unit) if line.now else "no figure"
    room = CELL - FIGURE_AT
    size = next((s for s in (18, 15, 13) if fonts.width(words, s, bold=True) <= room), 11)
    parts = [svg.text((left, top + 20), fonts.fit(words, size, room, bold=True), "ink", size=size, bold=True)]
    if line.rag in RAG_MARKS:
        shape, kind = RAG_MARKS[line.rag]
        parts.append(svg.mark((left + 5, top + 36), shape, kind, size=4, hollow=line.rag == "green"))
        parts.append(svg.text((left + 15, top + 40), line.rag, kind, size=SMALL, bold=True))
    return parts


def _wrapped(words: str, size: float, room: float) -> list[str]:
    """The words on up to four lines that have room for them; the last line is cut where there are more."""
    lines: list[str] = []
    rest = words.split()
    while rest and len(lines) < MOST_LINES - 1:
        count = next((k for k in range(len(rest), 1, -1) if fonts.width(" ".join(rest[:k]), size, bold=True) <= room), 1)
        lines.append(fonts.fit(" ".join(rest[:count]), size, room, bold=True))
        rest = rest[count:]
    return [*lines, fonts.fit(" ".join(rest), size, room, bold=True)] if rest else lines
