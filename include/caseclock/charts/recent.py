"""The last figures of one measure, small enough for a message: the line, the limits, since when it is open, and where data was held."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import MONTHS, Frame, apart, figure, ticks

WIDTH: Final = 320
HEIGHT: Final = 180
EDGE: Final = 8  # pixels that stay free on every side
TOP, FOOT = 58, 22  # rows of words above and below the plot
SMALL, LARGE = 11, 13  # font sizes in pixels
LABEL_GAP = 13
FARTHEST = 1e12  # what is farther from nothing is no figure of a measure
HEADROOM = 0.2  # of the height of the plot
DOTS = 7  # pixels between points, below which only the newest has a dot


@dataclass(frozen=True)
class Recent:
    """What a reader of one message may see: figures of one measure in one place.

    `points`: day and value of each extract that passed, in any order; values that are no number are left out. `held`: days whose
    extract did not pass; the line has a gap there. `since`: from when on the alert is, or was, open. `unit`: "cases" or "per cent".
    `place`: where, as it follows the subject; it gets a line of its own where both have no room on one.
    """

    subject: str
    points: tuple[tuple[dt.date, float], ...]
    unit: str = "cases"
    amber: float | None = None
    red: float | None = None
    since: dt.date | None = None
    held: tuple[dt.date, ...] = ()
    closed: bool = False
    place: str = ""

    @property
    def whole(self) -> str:
        """What is counted and where."""
        return f"{svg.clean(self.subject)} {svg.clean(self.place)}".strip()

    @cached_property
    def known(self) -> list[tuple[dt.date, float]]:
        return sorted((day, value) for day, value in dict(self.points).items() if _is_figure(value))

    @cached_property
    def gaps(self) -> list[dt.date]:
        """Held days from the first known figure on, without those that have a figure after all."""
        have = dict(self.known)
        return sorted(day for day in set(self.held) if have and day > self.known[0][0] and day not in have)

    @property
    def limits(self) -> list[tuple[str, float]]:
        both = [("amber", self.amber), ("red", self.red)]
        return [(name, value) for name, value in both if value is not None and _is_figure(value)]

    @property
    def lower_is_worse(self) -> bool:
        """The order of the limits says so; without both, the unit does."""
        if self.amber is not None and self.red is not None and self.amber != self.red:
            return self.red < self.amber
        return self.unit == "per cent"

    def said(self, value: float) -> str:
        return figure(value, self.unit, [limit for _, limit in self.limits])


def _is_figure(value: float) -> bool:
    return math.isfinite(value) and abs(value) < FARTHEST


def weekly(points: Sequence[tuple[dt.date, float]]) -> list[tuple[dt.date, float]]:
    """The last figure of each ISO week, in order: where a picture has no room for one a day."""
    last = {day.isocalendar()[:2]: (day, value) for day, value in sorted(points)}
    return list(last.values())


# --- in words ------------------------------------------------------------------------------------------------------
def day_words(day: dt.date, *, year: bool = True) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}{f' {day.year}' if year else ''}"


def counted(days: Sequence[dt.date]) -> str:
    return "1 day" if len(days) == 1 else f"{len(days)} days"


def finding(recent: Recent) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    if not recent.known:
        return f"{recent.whole}: no figure yet."
    said = [f"{recent.whole}: {_course(recent)}"]
    said += [f"{name} limit {recent.said(value)}" for name, value in recent.limits]
    said += [words for words in (_past(recent), _opened(recent)) if words]
    if recent.gaps:
        said.append(f"no figure for {counted(recent.gaps)} whose data was held")
    return "; ".join(said) + "."


def _course(recent: Recent) -> str:
    (first, began), (last, value) = recent.known[0], recent.known[-1]
    if len(recent.known) == 1:
        return f"{recent.said(value)} on {day_words(last)}"
    values = [v for _, v in recent.known]
    worst, name = (min(values), "lowest") if recent.lower_is_worse else (max(values), "highest")
    peak = f", {name} {recent.said(worst)}" if worst not in (began, value) else ""
    year = first.year != last.year
    return f"from {recent.said(began)} on {day_words(first, year=year)} to {recent.said(value)} on {day_words(last)}{peak}"


def _past(recent: Recent) -> str:
    """Since when the newest figures are all at or past a limit; of two limits the worse."""
    for name, limit in reversed(recent.limits):
        days = []
        for day, value in reversed(recent.known):
            if not (value <= limit if recent.lower_is_worse else value >= limit):
                break
            days.append(day)
        if days:
            return f"at or past {name} since {day_words(days[-1])}"
    return ""


def _opened(recent: Recent) -> str:
    if recent.since is None:
        return ""
    return f"{'was open from' if recent.closed else 'open since'} {day_words(recent.since)}"


# --- as a picture --------------------------------------------------------------------------------------------------
def draw(recent: Recent, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The picture as SVG text. Widths below 200 or heights below 120 leave no room for the words: ValueError."""
    if width < 200 or height < 120:
        raise ValueError(f"a chart of {width} x {height} pixels has no room for its words; at least 200 x 120")
    head = _head(recent, width)
    if not recent.known:
        return svg.sheet(width, height, finding(recent), [*head, svg.text((EDGE, height / 2), "No figure yet", "ink", size=LARGE)])
    frame, steps = _frame(recent, width, height)
    parts = [*head, *_bands(recent, frame), *_grid(recent, frame, steps), *_limits(recent, frame, width), *_since(recent, frame)]
    return svg.sheet(width, height, finding(recent), [*parts, *_line(recent, frame), *_days(recent, frame)])


def _head(recent: Recent, width: int) -> list[str]:
    room = width - 2 * EDGE
    in_one = not recent.place or fonts.width(recent.whole, LARGE, bold=True) <= room
    title = fonts.fit(recent.whole if in_one else svg.clean(recent.subject), LARGE, room, bold=True)
    parts = [svg.text((EDGE, 18), title, "ink", size=LARGE, bold=True)]
    where = "" if in_one else f"{svg.clean(recent.place)}, "
    if recent.known:
        (first, _), (last, _) = recent.known[0], recent.known[-1]
        began = "" if first == last else f"{day_words(first, year=first.year != last.year)} to "
        note = ". Grey: data was held" if recent.gaps else ""
        parts.append(svg.text((EDGE, 33), fonts.fit(where + began + day_words(last) + note, SMALL, room)))
    return parts


def _frame(recent: Recent, width: int, height: int) -> tuple[Frame, list[float]]:
    values = [value for _, value in recent.known] + [value for _, value in recent.limits]
    steps = ticks(min(0.0, *values), _ceiling(recent, values))
    days = [day.toordinal() for day, _ in recent.known] + [day.toordinal() for day in recent.gaps]
    left = EDGE + max(fonts.width(figure(step, recent.unit), SMALL) for step in steps) + 6
    names = [fonts.width(f"{name} {recent.said(value)}", SMALL) for name, value in recent.limits]
    right = width - EDGE - max([*names, 4.0]) - 8
    return Frame(left, right, TOP, height - FOOT, min(days), max(days), steps[0], steps[-1]), steps


def _ceiling(recent: Recent, values: Sequence[float]) -> float:
    """The highest figure, and above a count that is the newest some room for its words."""
    if recent.unit == "per cent":
        return max(100.0, *values)
    newest = recent.known[-1][1]
    return max(0.0, newest + HEADROOM * (max(values) - min(0.0, *values)), *values)


def _grid(recent: Recent, frame: Frame, steps: Sequence[float]) -> list[str]:
    parts = []
    for step in steps:
        y = frame.y(step)
        parts.append(svg.line((frame.left, y), (frame.right, y), "grid"))
        parts.append(svg.text((frame.left - 6, y + 4), figure(step, recent.unit), size=SMALL, anchor="end"))
    return parts


def _limits(recent: Recent, frame: Frame, width: int) -> list[str]:
    """Lines with their names at the right; red has long dashes, amber short ones, so that grey tells them apart too."""
    wanted = [frame.y(value) + 4 for _, value in recent.limits]
    places = apart(wanted, LABEL_GAP, frame.top + 4, frame.bottom + 4)
    parts = []
    for (name, value), place in zip(recent.limits, places, strict=True):
        y = frame.y(value)
        parts.append(svg.line((frame.left, y), (frame.right + 4, y), name, width=1.6, dash="8 3" if name == "red" else "2.5 3"))
        parts.append(svg.text((width - EDGE, place), f"{name} {recent.said(value)}", name, size=SMALL, anchor="end"))
    return parts


def _since(recent: Recent, frame: Frame) -> list[str]:
    """The day from which on the alert is open: a thin line with its words above the plot."""
    if recent.since is None or not frame.first <= recent.since.toordinal() <= frame.last:
        return []
    x = frame.x(recent.since.toordinal())
    words = f"{'was open from' if recent.closed else 'open since'} {day_words(recent.since, year=False)}"
    at = svg.kept_inside(x, words, SMALL, EDGE, frame.right + 4)
    return [
        svg.line((x, frame.top - 6), (x, frame.bottom), "ink", dash="1 2"),
        svg.text((at, frame.top - 9), words, "ink", size=SMALL, anchor="middle"),
    ]


def _bands(recent: Recent, frame: Frame) -> list[str]:
    """Grey where there is no figure that can be relied on."""
    all_days = sorted({day.toordinal() for day, _ in recent.known} | {day.toordinal() for day in recent.gaps})
    half = max(2.0, median(frame.x(b) - frame.x(a) for a, b in pairwise(all_days)) / 2) if len(all_days) > 1 else 0
    parts, reached = [], frame.left
    for day in recent.gaps:
        x = frame.x(day.toordinal())
        left, right = max(reached, x - half), min(frame.right, x + half)
        if right > left:
            parts.append(svg.box(left, frame.top, right, frame.bottom, "band"))
            reached = right
    return parts


def _line(recent: Recent, frame: Frame) -> list[str]:
    at = [(frame.x(day.toordinal()), frame.y(value)) for day, value in recent.known]
    parts: list[str] = []
    run = at[:1]
    for (a, b), here in zip(pairwise(recent.known), at[1:], strict=True):
        if any(a[0] < day < b[0] for day in recent.gaps):
            parts, run = [*parts, svg.path(run, "series")], []
        run = [*run, here]
    parts.append(svg.path(run, "series"))
    if len(at) == 1 or (frame.right - frame.left) / (len(at) - 1) >= DOTS:
        parts += [svg.mark(point, "circle", "series", size=2.2) for point in at[:-1]]
    return [*parts, svg.mark(at[-1], "circle", "ink", size=4), _newest(recent, frame, at)]


def _newest(recent: Recent, frame: Frame, at: Sequence[svg.Point]) -> str:
    """The newest figure beside its point: above it, or below where there is no room above, or a line would run through it there."""
    x, y = at[-1]
    words = recent.said(recent.known[-1][1])
    half = fonts.width(words, LARGE, bold=True) / 2
    middle = max(frame.left + half, min(frame.right + 4 - half, x))
    above, below = y - 8, y + 8 + LARGE - 3
    limits = [frame.y(value) for _, value in recent.limits]

    def faults(base: float) -> tuple[bool, int]:
        """Whether the words leave the plot, and how many lines run through them."""
        top = base - LARGE + 3
        crossed = sum(top - 1 <= line <= base + 1 for line in [*limits, *_coming(at, middle - half)])
        return not (frame.top <= top and base <= frame.bottom), crossed

    return svg.text((middle, min(above, below, key=faults)), words, "ink", size=LARGE, bold=True, anchor="middle", halo=True)


def _coming(at: Sequence[svg.Point], x: float) -> list[float]:
    """Where the line to the newest point is at `x`, left of it; nowhere where there is no such line."""
    if len(at) < 2 or at[-1][0] <= at[-2][0]:
        return []
    (x0, y0), (x1, y1) = at[-2], at[-1]
    return [y1 + (y0 - y1) * min(1.0, max(0.0, (x1 - x) / (x1 - x0)))]


def _days(recent: Recent, frame: Frame) -> list[str]:
    first, last = dt.date.fromordinal(int(frame.first)), dt.date.fromordinal(int(frame.last))
    y = frame.bottom + 15
    if first == last:
        return [svg.text((frame.x(frame.last), y), day_words(first, year=False), anchor="middle")]
    year = first.year != last.year
    begin, end = day_words(first, year=year), day_words(last, year=year)
    parts = [svg.text((frame.right + 4, y), end, anchor="end")]
    room = frame.right + 4 - fonts.width(end, SMALL) - 10 - frame.left
    return [svg.text((frame.left, y), begin), *parts] if fonts.width(begin, SMALL) <= room else parts
