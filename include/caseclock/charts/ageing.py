"""Open work by the share of its limit that has passed: whether a few very old ones hide behind a good average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import figure

WIDTH: Final = 360
HEIGHT: Final = 226
EDGE: Final = 10
TOP, FOOT = 82, 38  # rows of words above and below the bars
SMALL, LARGE = 11, 13
GAP: Final = 6
BANDS: Final = ("to 25%", "to 50%", "to 75%", "to 100%", "to 150%", "over")
KINDS: Final = ("common", "common", "common", "common", "amber", "red")
IN_TIME: Final = 4  # bands up to the limit


@dataclass(frozen=True)
class Ages:
    """One timescale. `counts`: open work in each of BANDS."""

    subject: str
    counts: tuple[int, int, int, int, int, int]

    @property
    def whole(self) -> int:
        return sum(self.counts)

    @property
    def late(self) -> int:
        return sum(self.counts[IN_TIME:])


def finding(ages: Ages) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    return f"{svg.clean(ages.subject)}: {_said(ages)}."


def _said(ages: Ages) -> str:
    if not ages.whole:
        return "nothing is open"
    if not ages.late:
        return f"{ages.whole:,} open, none past its limit"
    tail = ages.counts[-1]
    far = f"{tail:,} by more than half of it" if tail else "none by more than half of it"
    return f"{ages.late:,} of {ages.whole:,} past their limit; {far}"


def _in_two(words: str, room: float) -> list[str]:
    """On one line, or broken at a blank into two, of which the second is cut where it has no room."""
    first = words
    while fonts.width(first, LARGE, bold=True) > room and " " in first:
        first = first.rpartition(" ")[0]
    rest = words[len(first) :].strip()
    return [fonts.fit(line, LARGE, room, bold=True) for line in (first, rest) if line]


def draw(ages: Ages, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The picture as SVG text. Widths below 330 or heights below 150 leave no room for the words: ValueError."""
    if width < 330 or height < 150:
        raise ValueError(f"bars of {width} x {height} pixels have no room for their words; at least 330 x 150")
    room = width - 2 * EDGE
    said = _said(ages)
    titles = _in_two(svg.clean(ages.subject), room)
    parts = [svg.text((EDGE, 20 + 16 * i), words, "ink", size=LARGE, bold=True) for i, words in enumerate(titles)]
    parts.append(svg.text((EDGE, 21 + 16 * len(titles)), fonts.fit(said[:1].upper() + said[1:], SMALL, room), size=SMALL))
    bottom, step, most = height - FOOT, room / len(BANDS), max(1, *ages.counts)
    for i, (count, words, kind) in enumerate(zip(ages.counts, BANDS, KINDS, strict=True)):
        left, middle = EDGE + i * step + GAP / 2, EDGE + (i + 0.5) * step
        top = bottom - (bottom - TOP) * count / most
        if count:
            parts.append(svg.box(left, top, left + step - GAP, bottom, kind))
        parts.append(
            svg.text((middle, top - 4), figure(count), "ink" if count else "quiet", size=SMALL, bold=i >= IN_TIME, anchor="middle")
        )
        parts.append(svg.text((middle, bottom + 14), words, size=SMALL, anchor="middle"))
    limit = EDGE + IN_TIME * step
    parts.append(svg.line((EDGE, bottom), (width - EDGE, bottom), "grid"))
    parts.append(svg.line((limit, TOP - 16), (limit, bottom + 30), "ink", dash="3 2"))
    parts.append(svg.text((limit - 5, bottom + 29), "within the limit", size=SMALL, anchor="end"))
    parts.append(svg.text((limit + 5, bottom + 29), "past the limit", size=SMALL))
    return svg.sheet(width, height, finding(ages), parts)
