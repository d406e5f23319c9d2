"""One measure in many places side by side, on one scale with its limits: where it is worst, and whether it is getting worse there."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from caseclock.charts import fonts, svg
from caseclock.charts.frame import Frame, figure
from caseclock.charts.recent import day_words

WIDTH: Final = 1140
EDGE: Final = 10
TOP: Final = 54  # the title and the line below it
CELL, GAP = 190, 20  # pixels: a small picture is at least as wide
ROW: Final = 94  # pixels from one row of small pictures to the next
NAMED, PLOT = 16, 56  # pixels of a small picture: its name, its plot
SMALL, LARGE = 12, 15
SHAPES: Final = {"": ("circle", "ink"), "amber": ("diamond", "amber"), "red": ("triangle", "red")}
NAMED_IN_FINDING: Final = 3


@dataclass(frozen=True)
class Cell:
    """One place. `values`: one for each day of the picture, None where there is none. `past`: the limit that the newest is at or past."""

    name: str
    values: tuple[float | None, ...]
    past: Literal["", "amber", "red"] = ""

    @property
    def newest(self) -> float | None:
        return self.values[-1] if self.values else None


@dataclass(frozen=True)
class Multiples:
    """`cells`: in the order in which they are drawn, worst first. `more`: places that are not drawn."""

    subject: str
    days: tuple[dt.date, ...]
    cells: tuple[Cell, ...]
    unit: str = "cases"
    amber: float | None = None
    red: float | None = None
    more: int = 0

    @property
    def limits(self) -> list[tuple[str, float]]:
        return [(name, value) for name, value in (("amber", self.amber), ("red", self.red)) if value is not None]

    def said(self, value: float | None) -> str:
        return "–" if value is None else figure(value, self.unit, [limit for _, limit in self.limits])


def finding(m: Multiples) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    subject = svg.clean(m.subject)
    if not m.cells or not m.days:
        return f"{subject}: no figure yet."
    past = [cell for cell in m.cells if cell.past]
    limits = " or ".join(f"{name} {m.said(value)}" for name, value in m.limits)
    if not past:
        worst = m.cells[0]
        begun = f"no team is at a limit ({limits})" if limits else "no limit is set"
        return f"{subject}: {begun}; worst is {svg.clean(worst.name)} with {m.said(worst.newest)} on {day_words(m.days[-1])}."
    named = ", ".join(f"{svg.clean(c.name)} with {m.said(c.newest)} ({c.past})" for c in past[:NAMED_IN_FINDING])
    rest = f" and {len(past) - NAMED_IN_FINDING} more" if len(past) > NAMED_IN_FINDING else ""
    many = "1 team is" if len(past) == 1 else f"{len(past)} teams are"
    return f"{subject}: {many} at or past {limits}: {named}{rest}, on {day_words(m.days[-1])}."


def draw(m: Multiples, *, width: int = WIDTH) -> str:
    """The picture as SVG text; it is as high as its places need. Widths below 220 leave no room for the words: ValueError."""
    if width < CELL + 2 * EDGE + 10:
        raise ValueError(f"small pictures of {width} pixels have no room for their words; at least {CELL + 2 * EDGE + 10}")
    columns = max(1, int((width - 2 * EDGE + GAP) // (CELL + GAP)))
    cell_width = (width - 2 * EDGE - GAP * (columns - 1)) / columns
    room = width - 2 * EDGE
    parts = [
        svg.text((EDGE, 22), fonts.fit(svg.clean(m.subject), LARGE, room, bold=True), "ink", size=LARGE, bold=True),
        svg.text((EDGE, 41), fonts.fit(_note(m), SMALL, room), size=SMALL),
    ]
    low, high = _reach(m)
    beside = max([fonts.width(_figure(m, cell), SMALL, bold=True) for cell in m.cells], default=0.0) + 16
    for i, cell in enumerate(m.cells):
        left, top = EDGE + (i % columns) * (cell_width + GAP), TOP + (i // columns) * ROW
        plot = Frame(left, left + cell_width - beside, top + NAMED + 6, top + NAMED + PLOT, 0, max(1, len(m.days) - 1), low, high)
        parts += _cell(m, cell, plot, left + cell_width)
    rows = math.ceil(len(m.cells) / columns)
    return svg.sheet(width, TOP + rows * ROW + 4, finding(m), parts)


def _note(m: Multiples) -> str:
    if not m.cells or not m.days:
        return "No figure yet"
    limits = [f"{'short' if name == 'amber' else 'long'} dashes: {name} {m.said(value)}" for name, value in m.limits]
    more = [f"{m.more} more in the table"] if m.more else []
    span = f"{day_words(m.days[0])} to {day_words(m.days[-1])}" if len(m.days) > 1 else day_words(m.days[-1])
    return "; ".join(["Worst first", span, *limits, *more])


def _reach(m: Multiples) -> tuple[float, float]:
    """One scale for all, so that a small picture that looks worse is worse."""
    known = [v for cell in m.cells for v in cell.values if v is not None] + [v for _, v in m.limits]
    low, high = min([0.0, *known]), max([0.0, *known])
    return low, high if high > low else low + 1


def _figure(m: Multiples, cell: Cell) -> str:
    return m.said(cell.newest) + (f" {cell.past}" if cell.past else "")


def _cell(m: Multiples, cell: Cell, plot: Frame, right: float) -> list[str]:
    shape, colour = SHAPES[cell.past]
    name = fonts.fit(svg.clean(cell.name), SMALL, right - plot.left)
    parts = [
        svg.text((plot.left, plot.top - 8), name, "ink", size=SMALL),
        svg.line((plot.left, plot.bottom), (plot.right, plot.bottom), "grid"),
    ]
    dashes = {"red": "8 3", "amber": "2.5 3"}
    parts += [svg.line((plot.left, plot.y(v)), (plot.right, plot.y(v)), one, width=1.4, dash=dashes[one]) for one, v in m.limits]
    at = [None if v is None else (plot.x(i), plot.y(v)) for i, v in enumerate(cell.values)]
    parts += _runs(at)
    end = at[-1] if at else None
    parts += [svg.mark(end, shape, colour, size=4)] if end else []
    base = max(plot.top + 8, min(plot.bottom, (end[1] if end else plot.bottom) + 4))
    return [*parts, svg.text((plot.right + 10, base), _figure(m, cell), colour, size=SMALL, bold=True)]


def _runs(at: Sequence[svg.Point | None]) -> list[str]:
    """The line, with a gap where a value is missing."""
    parts = []
    for _, run in groupby(at, key=lambda point: point is not None):
        points = [point for point in run if point is not None]
        if len(points) > 1:
            parts.append(svg.path(points, "series", width=1.5))
        elif points:
            parts.append(svg.mark(points[0], "circle", "series", size=1.5))
    return parts
