"""The failing rows of one rule over the last extracts, small enough for a cell of a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from caseclock.charts import svg

WIDTH: Final = 110
HEIGHT: Final = 28
EDGE: Final = 5
PLACES: Final = 12  # extracts that have room in the line


def finding(counts: Sequence[int | None]) -> str:
    """What the line shows: the counts, oldest first. None: the rule was not asked of that extract."""
    said = ", ".join("not asked" if n is None else f"{n:,}" for n in counts)
    return f"Failing rows, oldest extract first: {said or 'none yet'}."


def draw(counts: Sequence[int | None]) -> str:
    """One point per extract, the newest at the right with a dot; a gap where the rule was not asked."""
    shown = list(counts)[-PLACES:]
    top, step = max([n for n in shown if n is not None] + [1]), (WIDTH - 2 * EDGE) / (PLACES - 1)
    left = WIDTH - EDGE - step * (len(shown) - 1)
    at = [None if n is None else (left + step * i, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * n / top) for i, n in enumerate(shown)]
    parts = [svg.line((EDGE, HEIGHT - EDGE), (WIDTH - EDGE, HEIGHT - EDGE), "grid")]
    for is_asked, run in groupby(at, key=lambda point: point is not None):
        points = [point for point in run if point]
        if is_asked and len(points) > 1:
            parts.append(svg.path(points, "series", width=1.6))
    if at and at[-1]:
        parts.append(svg.mark(at[-1], "circle", "series", size=2.8))
    return svg.sheet(WIDTH, HEIGHT, finding(shown), parts)
