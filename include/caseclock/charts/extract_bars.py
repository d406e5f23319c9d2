"""The last extracts of a source: how many rows each had, and what quality said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from caseclock.charts import fonts, svg
from caseclock.charts.frame import figure, ticks
from caseclock.charts.recent import day_words

WIDTH: Final = 720
HEIGHT: Final = 230
EDGE: Final = 10
TOP, FOOT, KEY = 30, 40, 22  # rows of words: title above, marks and days below the bars, the key below those
SMALL, LARGE = 12, 14
WIDEST: Final = 34  # pixels of a bar

Word = Literal["pass", "warn", "hold", "released", "refused", ""]
SHAPES: Final[dict[str, tuple[str, str, str]]] = {
    "pass": ("circle", "common", "passed"),
    "warn": ("square", "amber", "warnings"),
    "hold": ("triangle", "red", "held"),
    "released": ("diamond", "better", "held, then released"),
    "refused": ("triangle", "ink", "could not be read"),
    "": ("circle", "quiet", "not judged yet"),
}
"""Verdict -> form, colour, words."""


@dataclass(frozen=True)
class Bar:
    """One extract. `rows`: that were read; none of one that could not be."""

    as_of: dt.date
    rows: int
    word: Word


def finding(bars: Sequence[Bar]) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    if not bars:
        return "No extract yet."
    last = bars[-1]
    silent = sum(bar.word in ("hold", "refused") for bar in bars)
    said = f"Rows of the last {len(bars)} extracts: {last.rows:,} in the newest, of {day_words(last.as_of)}"
    return f"{said}; {('none is held', '1 is held')[silent] if silent < 2 else f'{silent} are held'}."


def draw(bars: Sequence[Bar]) -> str:
    """Bars oldest first; a mark under each says the verdict by its form."""
    if not bars:
        return svg.sheet(WIDTH, HEIGHT, finding(bars), [svg.text((EDGE, HEIGHT / 2), "No extract yet", "ink", size=LARGE)])
    steps = ticks(0.0, float(max(bar.rows for bar in bars)))
    left = EDGE + max(fonts.width(figure(step), SMALL) for step in steps) + 6
    bottom, right = HEIGHT - FOOT - KEY, WIDTH - EDGE
    parts = [svg.text((EDGE, 18), "Rows read per extract", "ink", size=LARGE, bold=True)]
    for step in steps:
        y = bottom - (bottom - TOP) * step / steps[-1]
        parts += [svg.line((left, y), (right, y), "grid"), svg.text((left - 6, y + 4), figure(step), size=SMALL, anchor="end")]
    each = (right - left) / len(bars)
    half = min(WIDEST, each * 0.7) / 2
    for i, bar in enumerate(bars):
        x = left + each * (i + 0.5)
        shape, kind, _ = SHAPES[bar.word]
        parts.append(svg.box(x - half, bottom - (bottom - TOP) * bar.rows / steps[-1], x + half, bottom, "common"))
        parts.append(svg.mark((x, bottom + 11), shape, kind, size=4, hollow=bar.word in ("refused", "")))
    return svg.sheet(WIDTH, HEIGHT, finding(bars), [*parts, *_days(bars, left, right, bottom + 32), *_key(bars)])


def _days(bars: Sequence[Bar], left: float, right: float, y: float) -> list[str]:
    year = bars[0].as_of.year != bars[-1].as_of.year
    first = svg.text((left, y), day_words(bars[0].as_of, year=year), size=SMALL)
    last = svg.text((right, y), day_words(bars[-1].as_of, year=year), size=SMALL, anchor="end")
    return [last] if len(bars) == 1 else [first, last]


def _key(bars: Sequence[Bar]) -> list[str]:
    parts, x = [], float(EDGE + 5)
    there = {bar.word for bar in bars}
    for word, (shape, kind, words) in SHAPES.items():
        if word in there:
            parts += [
                svg.mark((x, HEIGHT - 12), shape, kind, size=4, hollow=word in ("refused", "")),
                svg.text((x + 9, HEIGHT - 8), words, size=SMALL),
            ]
            x += 9 + fonts.width(words, SMALL) + 22
    return parts
