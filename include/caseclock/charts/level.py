"""What stands from week to week, with the limits it is measured by and what is expected of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Final, Literal

from caseclock.charts import fonts, svg
from caseclock.charts.frame import Frame, apart, figure, ticks
from caseclock.charts.recent import day_words
from caseclock.trends.wording import between

WIDTH: Final = 720
HEIGHT: Final = 260
EDGE: Final = 10
TOP, FOOT, KEY = 62, 24, 20  # rows of words: above the plot, days below it, the key below those
SMALL, LARGE = 12, 15
LABEL_GAP = 15
DAYS_APART = 18  # pixels between the words of two days
BACK_WORDS: Final = "four weeks before"
STEADY: Final = 0.02  # of the figure: a smaller move within four weeks is called none
BACK: Final = 4  # weeks between the two figures that say whether it rises or falls
WEEK: Final = 7


@dataclass(frozen=True)
class Level:
    """The figures of one measure in one place, one for each week.

    `points`: day and value; None where a week has no figure: the line has a gap there. `held`: days whose extract did not pass, shown grey.
    `forecast`: Monday of the week, expected value, and the range that is to hold 80 of 100 values. `unit`: "cases", "per cent" or another
    word for what is counted. `direction`: on which side of its limits the figure is worse; "either" where neither side is.
    """

    subject: str
    points: tuple[tuple[dt.date, float | None], ...]
    unit: str = "cases"
    amber: float | None = None
    red: float | None = None
    forecast: tuple[tuple[dt.date, float, float, float], ...] = ()
    held: tuple[dt.date, ...] = ()
    direction: Literal["above", "below", "either"] = "above"

    @cached_property
    def known(self) -> list[tuple[dt.date, float]]:
        return sorted((day, value) for day, value in dict(self.points).items() if value is not None and math.isfinite(value))

    @property
    def limits(self) -> list[tuple[str, float]]:
        return [(name, value) for name, value in (("amber", self.amber), ("red", self.red)) if value is not None]

    @cached_property
    def coming(self) -> list[tuple[dt.date, float, float, float]]:
        """The forecast at the days on which its figures are to be known: the weekday of the newest one. Only what is still to come."""
        if not self.known:
            return []
        last = self.known[-1][0]
        found = [(week + dt.timedelta(last.weekday()), value, low, high) for week, value, low, high in sorted(self.forecast)]
        return [row for row in found if row[0] > last]

    def said(self, value: float) -> str:
        return figure(value, self.unit, [limit for _, limit in self.limits])

    def past(self, value: float) -> str:
        """The worse of the limits that a value is at or past; empty where it is past none."""
        found = [name for name, limit in self.limits if (value <= limit if self.direction == "below" else value >= limit)]
        return found[-1] if found else ""


# --- in words ------------------------------------------------------------------------------------------------------
def finding(level: Level) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    if not level.known:
        return f"{svg.clean(level.subject)}: no figure yet."
    return f"{svg.clean(level.subject)}: {'; '.join(_said(level))}."


def _said(level: Level) -> list[str]:
    day, value = level.known[-1]
    said = [f"{level.said(value)} on {day_words(day)}, {course(level)}" if course(level) else f"{level.said(value)} on {day_words(day)}"]
    said += [f"{'at or past' if name == level.past(value) else 'limit'} {name} {level.said(limit)}" for name, limit in level.limits]
    if level.coming:
        said.append(f"expected by {day_words(level.coming[-1][0])}: {_expected(level)}")
    return said


def course(level: Level) -> str:
    """Whether it rises: against the figure of four weeks before the newest. Empty where there is none."""
    if not level.known:
        return ""
    day, value = level.known[-1]
    then = day - dt.timedelta(weeks=BACK)
    near = [(abs((d - then).days), v) for d, v in level.known[:-1] if abs((d - then).days) < WEEK]
    if not near:
        return ""
    before = min(near)[1]
    if abs(value - before) <= STEADY * max(abs(before), abs(value)):
        return f"about as {BACK_WORDS} ({level.said(before)})" if value != before else f"the same as {BACK_WORDS}"
    return f"{'up' if value > before else 'down'} from {level.said(before)} {BACK_WORDS}"


def _expected(level: Level) -> str:
    """Counts in whole numbers; the range is never made narrower."""
    _, value, low, high = level.coming[-1]
    mark = "%" if level.unit == "per cent" else ""
    return f"{round(value):,}{mark} ({between(low, high, least=0.0)}{mark})"


# --- as a picture --------------------------------------------------------------------------------------------------
def draw(level: Level, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The picture as SVG text. Widths below 300 or heights below 160 leave no room for the words: ValueError."""
    if width < 300 or height < 160:
        raise ValueError(f"a chart of {width} x {height} pixels has no room for its words; at least 300 x 160")
    head = _head(level, width)
    if not level.known:
        return svg.sheet(width, height, finding(level), head)
    labels = _labels(level)
    frame, steps = _frame(level, labels, width, height)
    below = [*_held(level, frame), *_fan(level, frame), *_grid(level, frame, steps), *_limits(level, frame)]
    above = [*_line(level, frame), *_named(labels, frame, width), *_days(level, frame, width), *_key(level, width, height)]
    return svg.sheet(width, height, finding(level), [*head, *below, *above])


def _head(level: Level, width: int) -> list[str]:
    room = width - 2 * EDGE
    said = "No figure yet" if not level.known else _said(level)[0]
    return [
        svg.text((EDGE, 22), fonts.fit(svg.clean(level.subject), LARGE, room, bold=True), "ink", size=LARGE, bold=True),
        svg.text((EDGE, 41), fonts.fit(said, SMALL, room), size=SMALL),
    ]


def _labels(level: Level) -> list[tuple[float, str, str]]:
    """Height, words and colour of what is written at the right."""
    made = [(value, f"{name} {level.said(value)}", name) for name, value in level.limits]
    if level.coming:
        made.append((level.coming[-1][1], f"expected {level.said(round(level.coming[-1][1]))}", "better"))
    return made


def _frame(level: Level, labels: Sequence[tuple[float, str, str]], width: int, height: int) -> tuple[Frame, list[float]]:
    values = [v for _, v in level.known] + [v for _, v in level.limits] + [v for row in level.coming for v in row[2:]]
    low, high = min(values), max(values)
    steps = ticks(min(0.0, low) if low < 0.4 * high or low == high else low, high, 4)
    left = EDGE + max(fonts.width(figure(step, level.unit), SMALL) for step in steps) + 6
    right = width - EDGE - max([fonts.width(words, SMALL) for _, words, _ in labels], default=0.0) - 12
    days = [day.toordinal() for day, _ in level.points] + [row[0].toordinal() for row in level.coming]
    return Frame(left, right, TOP, height - FOOT - KEY, min(days), max(days), steps[0], steps[-1]), steps


def _held(level: Level, frame: Frame) -> Iterator[str]:
    """Grey where there is no figure that can be relied on."""
    have, half = {day for day, _ in level.known}, max(2.0, (frame.x(frame.first + WEEK) - frame.x(frame.first)) / 2)
    reached = frame.left
    for day in sorted(set(level.held) - have):
        x = frame.x(day.toordinal())
        left, right = max(reached, x - half), min(frame.right, x + half)
        if frame.first <= day.toordinal() <= frame.last and right > left:
            yield svg.box(left, frame.top, right, frame.bottom, "band")
            reached = right


def _fan(level: Level, frame: Frame) -> list[str]:
    """The range, which opens from the newest figure, and what is expected in the middle of it, dashed."""
    if not level.coming:
        return []
    day, value = level.known[-1]
    rows = [(day, value, value, value), *level.coming]
    at = [[(frame.x(row[0].toordinal()), frame.y(one)) for row, one in zip(rows, side, strict=True)] for side in _sides(rows)]
    edges = [line for side in (at[1], at[2]) for line in _dashed(side, "common", 1, "1.5 3")]
    return [svg.area([*at[1], *reversed(at[2])], "band"), *edges, *_dashed(at[0], "better", 1.8, "2 2")]


def _sides(rows: Sequence[tuple[dt.date, float, float, float]]) -> tuple[list[float], list[float], list[float]]:
    return [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows]


def _dashed(points: Sequence[svg.Point], kind: str, width: float, dash: str) -> list[str]:
    return [svg.line(a, b, kind, width=width, dash=dash) for a, b in pairwise(points)]


def _grid(level: Level, frame: Frame, steps: Sequence[float]) -> list[str]:
    parts = []
    for step in steps:
        parts.append(svg.line((frame.left, frame.y(step)), (frame.right, frame.y(step)), "grid"))
        parts.append(svg.text((frame.left - 6, frame.y(step) + 4), figure(step, level.unit), size=SMALL, anchor="end"))
    return parts


def _limits(level: Level, frame: Frame) -> list[str]:
    """Red has long dashes, amber short ones, so that grey tells them apart too."""
    dashes = {"red": "8 3", "amber": "2.5 3"}
    return [svg.line((frame.left, frame.y(v)), (frame.right, frame.y(v)), name, width=1.6, dash=dashes[name]) for name, v in level.limits]


def _named(labels: Sequence[tuple[float, str, str]], frame: Frame, width: int) -> list[str]:
    places = apart([frame.y(value) + 4 for value, _, _ in labels], LABEL_GAP, frame.top + 4, frame.bottom + 4)
    return [svg.text((width - EDGE, y), words, kind, size=SMALL, anchor="end") for (_, words, kind), y in zip(labels, places, strict=True)]


def _line(level: Level, frame: Frame) -> list[str]:
    """The figures, with a gap where one is missing, and the newest one marked by its form: past a limit a triangle."""
    have = dict(level.known)
    days = sorted({day for day, _ in level.points} | set(level.held))
    at = [(frame.x(day.toordinal()), frame.y(have[day])) if day in have else None for day in days]
    parts = []
    for _, run in groupby(at, key=lambda point: point is not None):
        points = [point for point in run if point is not None]
        parts.append(svg.path(points, "series") if len(points) > 1 else "".join(svg.mark(p, "circle", "series", size=2.2) for p in points))
    past, newest = level.past(level.known[-1][1]), next(point for point in reversed(at) if point is not None)
    return [*parts, svg.mark(newest, "triangle" if past else "circle", past or "ink", size=4.5 if past else 4)]


def _days(level: Level, frame: Frame, width: int) -> list[str]:
    """Days below the plot, as many as have room; that of the newest figure always."""
    newest = level.known[-1][0].toordinal()
    widest = fonts.width("00 Mmm 0000", SMALL) + DAYS_APART
    step = (
        WEEK * max(1, math.ceil(widest / max(0.1, frame.x(frame.first + WEEK) - frame.x(frame.first)))) if frame.last > frame.first else 1
    )
    parts, taken = [], list[tuple[float, float]]()
    for day in [*range(newest, int(frame.first) - 1, -step), *range(newest + step, int(frame.last) + 1, step)]:
        words = day_words(dt.date.fromordinal(day))
        middle = svg.kept_inside(frame.x(day), words, SMALL, EDGE, width - EDGE)
        half = fonts.width(words, SMALL) / 2 + DAYS_APART / 4
        if (day == newest or abs(middle - frame.x(day)) < DAYS_APART / 2) and all(
            b <= middle - half or middle + half <= a for a, b in taken
        ):
            taken.append((middle - half, middle + half))
            parts.append(svg.text((middle, frame.bottom + 17), words, size=SMALL, anchor="middle"))
    return parts


def _key(level: Level, width: int, height: int) -> list[str]:
    """What dashes and shades mean, as far as they occur and have room; the sentence says it as well."""
    entries = [("range", "8 of 10 figures are to lie in this range")] if level.coming else []
    entries += [("held", "data was held")] if any(True for _ in _held(level, Frame(0, 1, 0, 1, *_span(level), 0, 1))) else []
    parts, x, y = [], float(EDGE), height - 8
    for kind, words in entries:
        if x + 22 + fonts.width(words, SMALL) > width - EDGE:
            break
        parts.append(svg.box(x, y - 9, x + 16, y + 1, "band"))
        if kind == "range":
            parts += [svg.line((x, at), (x + 16, at), "common", dash="1.5 3") for at in (y - 9, y + 1)]
        parts.append(svg.text((x + 22, y), words, size=SMALL))
        x += 22 + fonts.width(words, SMALL) + 18
    return parts


def _span(level: Level) -> tuple[int, int]:
    days = [day.toordinal() for day, _ in level.points]
    return min(days), max(days)
