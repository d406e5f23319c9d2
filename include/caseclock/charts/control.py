"""The control chart of `trends` as a picture: mean and limits per group, special points by their form, weeks with holidays hollow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import Frame, apart, figure, ticks
from caseclock.charts.recent import day_words
from caseclock.trends import spc
from caseclock.trends.charts import Chart
from caseclock.trends.model import kind_of
from caseclock.trends.wording import finding as newest_point
from caseclock.trends.wording import number, usual

WIDTH: Final = 720
HEIGHT: Final = 300
EDGE: Final = 10
TOP, FOOT, KEY = 62, 24, 20  # rows of words: above the plot, days below it, the key below those
SMALL, LARGE = 12, 15
LABEL_GAP = 15
DAYS_APART = 18  # pixels between the words of two days
SHAPES: Final[dict[str, tuple[str, str, str]]] = {
    spc.NORMAL: ("circle", "common", "as usual"),
    spc.CONCERN: ("triangle", "worse", "unusual, worse"),
    spc.IMPROVEMENT: ("square", "better", "unusual, better"),
    spc.HIGH: ("diamond", "ink", "unusual"),
    spc.LOW: ("diamond", "ink", "unusual"),
}
"""Type of point -> form, colour, words."""
HOLLOW_WORDS: Final = "week with holidays"


def finding(chart: Chart, subject: str) -> str:
    """What the picture shows, as one sentence: its alternative text."""
    said = [f"{svg.clean(subject)}: {newest_point(chart)}"]
    last = next(((day, v) for day, v in zip(reversed(chart.ends), reversed(chart.values), strict=True) if v is not None), None)
    if last:
        said.append(f"newest figure {_words(chart, last[1])}, {_period(chart)} to {day_words(last[0])}")
    if chart.xmr and chart.xmr.mean and chart.xmr.mean[-1] is not None:
        said.append(f"mean {_words(chart, chart.xmr.mean[-1])}")
    if (range_of := usual(chart)) is not None:
        said.append(f"usual range {range_of}{_mark(chart)}")
    return "; ".join(said) + "."


def _mark(chart: Chart) -> str:
    return "%" if kind_of(chart.figure) == "share" else ""


def _words(chart: Chart, value: float) -> str:
    return number(value) + _mark(chart)


def _period(chart: Chart) -> str:
    return "week" if chart.weeks_per_point == 1 else f"{chart.weeks_per_point} weeks"


def draw(chart: Chart, subject: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The picture as SVG text. Widths below 300 or heights below 180 leave no room for the words: ValueError."""
    if width < 300 or height < 180:
        raise ValueError(f"a control chart of {width} x {height} pixels has no room for its words; at least 300 x 180")
    room = width - 2 * EDGE
    said = newest_point(chart)
    head = [
        svg.text((EDGE, 22), fonts.fit(svg.clean(subject), LARGE, room, bold=True), "ink", size=LARGE, bold=True),
        svg.text((EDGE, 41), fonts.fit(said[:1].upper() + said[1:], SMALL, room), size=SMALL),
    ]
    if all(value is None for value in chart.values):
        return svg.sheet(width, height, finding(chart, subject), head)
    labels = _labels(chart)
    frame, steps = _frame(chart, labels, width, height)
    parts = [*head, *_grid(frame, steps, _mark(chart)), *_lines(chart, frame), *_named(labels, frame, width), *_series(chart, frame)]
    return svg.sheet(width, height, finding(chart, subject), [*parts, *_days(chart, frame, width), *_key(chart, width, height)])


def _shown(chart: Chart, value: float | None) -> float | None:
    """A limit that no figure of this kind can reach is not drawn: a count below nothing, a share above 100."""
    if value is None or (value < 0 and chart.figure != "net_change"):
        return None
    return None if value > 100 and kind_of(chart.figure) == "share" else value


def _bounds(chart: Chart) -> list[list[float | None]]:
    """Mean, upper and lower limit of each point, as far as they are drawn; empty where there is a line only."""
    if chart.xmr is None:
        return []
    return [list(chart.xmr.mean), [_shown(chart, v) for v in chart.xmr.upl], [_shown(chart, v) for v in chart.xmr.lpl]]


def _labels(chart: Chart) -> list[tuple[float, str, str]]:
    """Height, words and kind of what is written at the right, for the newest group."""
    named = zip(("mean", "upper limit", "lower limit"), ("ink", "quiet", "quiet"), _bounds(chart), strict=False)
    return [(line[-1], f"{name} {_words(chart, line[-1])}", kind) for name, kind, line in named if line and line[-1] is not None]


def _frame(chart: Chart, labels: Sequence[tuple[float, str, str]], width: int, height: int) -> tuple[Frame, list[float]]:
    known = [v for line in (list(chart.values), *_bounds(chart)) for v in line if v is not None]
    low, high = min(known), max(known)
    steps = ticks(min(0.0, low) if low < 0.4 * high else low, high, 5)
    left = EDGE + max(fonts.width(figure(step) + _mark(chart), SMALL) for step in steps) + 6
    right = width - EDGE - max([fonts.width(words, SMALL) for _, words, _ in labels], default=0.0) - 12
    days = [day.toordinal() for day in chart.ends]
    return Frame(left, right, TOP, height - FOOT - KEY, days[0], days[-1], steps[0], steps[-1]), steps


def _grid(frame: Frame, steps: Sequence[float], mark: str) -> list[str]:
    parts = []
    for step in steps:
        parts.append(svg.line((frame.left, frame.y(step)), (frame.right, frame.y(step)), "grid"))
        parts.append(svg.text((frame.left - 6, frame.y(step) + 4), figure(step) + mark, size=SMALL, anchor="end"))
    return parts


def _lines(chart: Chart, frame: Frame) -> list[str]:
    """Mean and limits, begun anew with each group; limits on trial are dotted."""
    if chart.xmr is None:
        return []
    parts = []
    for line, kind in zip(_bounds(chart), ("ink", "quiet", "quiet"), strict=True):
        dash = "" if kind == "ink" else "6 4" if chart.basis == "limits" else "1.5 4"
        for _, numbered in groupby(enumerate(chart.xmr.rebase_group), key=lambda pair: pair[1]):
            own = [i for i, _ in numbered]
            height = line[own[0]]
            if height is not None:
                x = [frame.x(chart.ends[i].toordinal()) for i in (own[0], own[-1])]
                parts.append(svg.line((x[0], frame.y(height)), (x[1], frame.y(height)), kind, width=1.5, dash=dash))
    return parts


def _named(labels: Sequence[tuple[float, str, str]], frame: Frame, width: int) -> list[str]:
    places = apart([frame.y(value) + 4 for value, _, _ in labels], LABEL_GAP, frame.top + 4, frame.bottom + 4)
    return [
        svg.text((width - EDGE, place), words, kind, size=SMALL, anchor="end")
        for (_, words, kind), place in zip(labels, places, strict=True)
    ]


def _kind(chart: Chart, i: int) -> str:
    return (chart.xmr.point_type[i] if chart.xmr else None) or spc.NORMAL


def _series(chart: Chart, frame: Frame) -> list[str]:
    """The line, with a gap where a value is missing, and a mark on each point."""
    at = [None if v is None else (frame.x(d.toordinal()), frame.y(v)) for d, v in zip(chart.ends, chart.values, strict=True)]
    parts = []
    for _, run in groupby(at, key=lambda point: point is not None):
        points = [point for point in run if point is not None]
        if len(points) > 1:
            parts.append(svg.path(points, "common"))
    for i, point in enumerate(at):
        if point is not None:
            shape, colour, _ = SHAPES[_kind(chart, i)]
            parts.append(svg.mark(point, shape, colour, size=3 if shape == "circle" else 4.5, hollow=chart.hollow[i]))
    return parts


def _days(chart: Chart, frame: Frame, width: int) -> list[str]:
    """Days below the plot, as many as have room, the newest always."""
    widest = max(fonts.width(day_words(day), SMALL) for day in (chart.ends[0], chart.ends[-1]))
    many = max(1, int((frame.right - frame.left + widest) // (widest + DAYS_APART)))
    count = len(chart.ends)
    step = max(1, -(-count // many))
    parts, free = [], frame.right + widest
    for i in range(count - 1, -1, -step):
        words = day_words(chart.ends[i])
        middle = svg.kept_inside(frame.x(chart.ends[i].toordinal()), words, SMALL, EDGE, min(width - EDGE, frame.right + widest / 2))
        half = fonts.width(words, SMALL) / 2
        if middle + half + DAYS_APART / 2 <= free:
            parts.append(svg.text((middle, frame.bottom + 17), words, size=SMALL, anchor="middle"))
            free = middle - half
    return parts


def _key(chart: Chart, width: int, height: int) -> list[str]:
    """The forms that occur, with their words; those that have no room are left to the sentence."""
    present = {_kind(chart, i) for i, v in enumerate(chart.values) if v is not None}
    entries = list(dict.fromkeys((*SHAPES[kind], False) for kind in SHAPES if kind in present)) if chart.xmr else []
    if any(h and v is not None for h, v in zip(chart.hollow, chart.values, strict=True)):
        entries.append(("circle", "common", HOLLOW_WORDS, True))
    if len(entries) < 2:
        return []
    parts, x, y = [], float(EDGE), height - 8
    for shape, colour, words, hollow in entries:
        if x + 14 + fonts.width(words, SMALL) > width - EDGE:
            break
        parts.append(svg.mark((x + 5, y - 4), shape, colour, size=3.5, hollow=hollow))
        parts.append(svg.text((x + 14, y), words, size=SMALL))
        x += 14 + fonts.width(words, SMALL) + 18
    return parts
