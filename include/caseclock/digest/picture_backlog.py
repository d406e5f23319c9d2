"""Open cases with their limits and forecast, and below them what came in and what ended: is the backlog growing, and why."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from caseclock.charts import fonts, svg
from caseclock.charts.frame import Frame, apart, figure, ticks
from caseclock.charts.recent import day_words
from caseclock.digest.content import Content, Demand, Forecast, Foreseen, Line
from caseclock.digest.picture_parts import (
    EDGE,
    LARGE,
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
    sunday,
    title_of,
    weeks_of,
)
from caseclock.digest.sentences import spoken
from caseclock.notifications.letter import Picture
from caseclock.trends.wording import between

OPEN_TOP, OPEN_FOOT = 84, 240  # rows of pixels: the plot of open cases
FLOW_TOP, FLOW_FOOT = 292, 382  # the plot of what comes in and what ends
DAY_ROW, KEY_ROW = 399, 421
LABEL_GAP: Final = 15


def backlog_and_demand(content: Content) -> Picture | None:
    """Open cases with their limits and forecast, and below them what came in and what ended, week by week.

    None where there are fewer than three exact figures of the open cases and of the arrivals.
    """
    demand = content.demand
    if demand is None:
        return None
    lines = demand.open, demand.arrivals, demand.departures
    weeks = max(len(line.weeks) for line in lines)
    stock, *flows = (weeks_of(line, content.last_day, weeks) for line in lines)
    if max(len(exact_of(stock)), len(exact_of(flows[0]))) < LEAST:
        return None
    ahead = _foreseen(demand, stock)
    said = [words for words in (_course(demand.open, stock, ahead), _balance(demand, *flows)) if words]
    head = [headed(f"{title_of(demand.open)} and demand, {svg.clean(spoken(demand.open.place))}")]
    head += [svg.text((EDGE, 43 + 17 * i), fonts.fit(words, SMALL, WIDTH - 2 * EDGE), size=SMALL) for i, words in enumerate(said)]
    upper, lower, labels, steps = _frames(demand, stock, flows, ahead)
    parts = [
        *head,
        *_grey(upper, [stock]),
        *_grid(upper, steps[0]),
        *_stock(upper, stock, ahead),
        *_labels(upper, labels),
        *_grey(lower, flows),
        *_grid(lower, steps[1]),
        *_bars(lower, flows),
        *_flow_key(demand, flows),
        *_days(lower, stock, ahead),
    ]
    height = DAY_ROW + EDGE
    if any(value is None for series in (stock, *flows) for _, value in series):
        parts, height = [*parts, *grey_key(KEY_ROW)], KEY_ROW + EDGE
    alt = " ".join(f"{words}." for words in said)
    return Picture(svg.sheet(WIDTH, height, alt, parts), alt, WIDTH, height)


def _foreseen(demand: Demand, stock: Sequence[Dated]) -> tuple[Foreseen, ...]:
    if not stock or stock[-1][1] is None:
        return ()

    def is_of_open(forecast: Forecast) -> bool:
        return demand.open.figure == forecast.figure or (not forecast.figure and demand.open.title == forecast.title)

    found = next((forecast.weeks for forecast in demand.forecasts if is_of_open(forecast)), ())
    return tuple(week for week in found if sunday(week.week) > stock[-1][0])


def _course(line: Line, stock: Sequence[Dated], ahead: Sequence[Foreseen]) -> str:
    """`Open work rose in 11 weeks from 1,204 to 1,302; expected in 8 weeks: 1,311 to 1,437`."""
    known, title = exact_of(stock), title_of(line)
    if not known:
        return f"{title}: no exact figure to show"
    (first, began), (last, value) = known[0], known[-1]
    weeks, now = (last - first).days // 7, said_of(value, line.unit)
    if not weeks:
        said = f"{title}: {now}"
    elif value == began:
        said = f"{title}: {now}, as {_counted(weeks)} before"
    else:
        said = f"{title} {'rose' if value > began else 'fell'} in {_counted(weeks)} from {said_of(began, line.unit)} to {now}"
    if last != stock[-1][0]:
        return f"{said}, in the week to {day_words(last)}; no exact figure since"
    return f"{said}; expected {_weeks_on(ahead)}: {_range(ahead[-1])}" if ahead else said


def _counted(weeks: int) -> str:
    return "1 week" if weeks == 1 else f"{weeks} weeks"


def _range(week: Foreseen) -> str:
    return between(week.low, week.high, least=0)


def _weeks_on(ahead: Sequence[Foreseen]) -> str:
    return f"in {_counted(len(ahead))}"


def _balance(demand: Demand, arrivals: Sequence[Dated], departures: Sequence[Dated]) -> str:
    """In how many weeks more came in than ended, of the weeks where both are known."""
    both = [(a, d) for (_, a), (_, d) in zip(arrivals, departures, strict=True) if a is not None and d is not None]
    if not both:
        return ""
    more = sum(a > d for a, d in both)
    came, went = (f"{sum(values):,.0f}" for values in zip(*both, strict=True))
    return f"More came in than ended in {more} of {_counted(len(both))}: {came} in, {went} ended"


Label = tuple[float, str, str]
"""Value, words, kind of what is written at the right of a plot."""


def _frames(
    demand: Demand, stock: Sequence[Dated], flows: Sequence[Sequence[Dated]], ahead: Sequence[Foreseen]
) -> tuple[Frame, Frame, list[Label], tuple[list[float], list[float]]]:
    """Both plots, one above the other with the same weeks; the labels of the upper one; the steps of both axes."""
    values = [v for _, v in exact_of(stock)] + [v for week in ahead for v in (max(0.0, week.low), week.high)]
    labels: list[Label] = [(value, f"{name} {said_of(value, demand.open.unit)}", name) for name, value in demand.open.drawn]
    reach = [*values, *(value for value, _, _ in labels)] or [0.0]
    low, high = min(reach), max(reach)
    upper_steps = ticks(min(0.0, low) if low < 0.4 * high else low, high)
    lower_steps = ticks(0.0, max((v for series in flows for _, v in exact_of(series)), default=1.0), 3)
    if ahead:
        middle = (max(0.0, ahead[-1].low) + ahead[-1].high) / 2
        labels += [(middle, _weeks_on(ahead), "quiet"), (middle, _range(ahead[-1]), "ink")]
    left = EDGE + max(fonts.width(figure(step), SMALL) for step in (*upper_steps, *lower_steps)) + 6
    right = WIDTH - EDGE - max([fonts.width(words, SMALL) for _, words, _ in labels], default=0.0) - 10
    days = [day.toordinal() for series in (stock, *flows) for day, _ in series]
    last = sunday(ahead[-1].week).toordinal() if ahead else max(days) + 3.5
    side = left, right
    upper = Frame(*side, OPEN_TOP, OPEN_FOOT, min(days) - 3.5, last, upper_steps[0], upper_steps[-1])
    lower = Frame(*side, FLOW_TOP, FLOW_FOOT, min(days) - 3.5, last, lower_steps[0], lower_steps[-1])
    return upper, lower, labels, (upper_steps, lower_steps)


def _grid(frame: Frame, steps: Sequence[float]) -> list[str]:
    parts = []
    for step in steps:
        parts.append(svg.line((frame.left, frame.y(step)), (frame.right, frame.y(step)), "grid"))
        parts.append(svg.text((frame.left - 6, frame.y(step) + 4), figure(step), size=SMALL, anchor="end"))
    return parts


def _grey(frame: Frame, series: Sequence[Sequence[Dated]]) -> list[str]:
    """The weeks that lack a figure; of a pair of bars its own half."""
    share = 7 / len(series)
    starts = sorted(day.toordinal() - 3.5 + share * i for i, dated in enumerate(series) for day, value in dated if value is None)
    return [svg.box(frame.x(a), frame.top, frame.x(b), frame.bottom, "band") for a, b in joined((s, s + share) for s in starts)]


def _stock(frame: Frame, stock: Sequence[Dated], ahead: Sequence[Foreseen]) -> list[str]:
    parts = []
    at = [[(frame.x(day.toordinal()), frame.y(value)) for day, value in run] for run in runs(stock)]
    if ahead and at:
        parts += _fan(frame, at[-1][-1], ahead)
    parts += [svg.path(points, "series", width=2) for points in at]
    parts += [svg.mark(points[0], "circle", "series", size=2.2) for points in at if len(points) == 1]
    if at:
        (x, y), value = at[-1][-1], exact_of(stock)[-1][1]
        words = said_of(value, "cases")
        right = max(x - 3, frame.left + fonts.width(words, LARGE, bold=True))
        above = y - 10 if y - 10 - LARGE >= frame.top - 8 else y + 10 + LARGE - 3
        parts.append(svg.mark((x, y), "circle", "ink", size=4))
        parts.append(svg.text((right, above), words, "ink", size=LARGE, bold=True, anchor="end", halo=True))
    else:
        parts.append(svg.text(((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2), "No exact figure to show", anchor="middle"))
    return parts


def _fan(frame: Frame, start: svg.Point, ahead: Sequence[Foreseen]) -> list[str]:
    """The range that is to hold 80 of 100 values, opening from the newest figure, with the likeliest course in its middle."""
    x = [frame.x(sunday(week.week).toordinal()) for week in ahead]
    top = [start, *zip(x, (frame.y(week.high) for week in ahead), strict=True)]
    foot = [start, *zip(x, (frame.y(max(0.0, week.low)) for week in ahead), strict=True)]
    middle = [start, *zip(x, (frame.y(max(0.0, week.value)) for week in ahead), strict=True)]
    around = " ".join(f"{svg.n(a)},{svg.n(b)}" for a, b in (*top, *reversed(foot)))
    words = "forecast"
    at = svg.kept_inside((start[0] + frame.right) / 2, words, SMALL, start[0] + 6, frame.right)
    return [
        f'<polygon class="grid" points="{around}" fill="{svg.COLOURS["grid"]}"/>',
        *(svg.line(a, b, "common", width=1.5, dash="4 3") for a, b in pairwise(middle)),
        svg.line((start[0], frame.top), (start[0], frame.bottom), "quiet", dash="1 2"),
        svg.text((at, frame.top - 5), words, size=SMALL, anchor="middle"),
    ]


def _labels(frame: Frame, labels: Sequence[Label]) -> list[str]:
    """Words at the right of the plot, and the lines of the limits; red has long dashes, amber short ones, so that grey tells them apart."""
    places = apart([frame.y(value) + 4 for value, _, _ in labels], LABEL_GAP, frame.top + 4, frame.bottom + 4)
    parts = []
    for (value, words, kind), place in zip(labels, places, strict=True):
        if kind in ("amber", "red"):
            y = frame.y(value)
            parts.append(svg.line((frame.left, y), (frame.right + 4, y), kind, width=1.6, dash="8 3" if kind == "red" else "2.5 3"))
        parts.append(svg.text((WIDTH - EDGE, place), words, kind, size=SMALL, anchor="end"))
    return parts


def _bars(frame: Frame, flows: Sequence[Sequence[Dated]]) -> list[str]:
    """Side by side: what came in is full, what ended is an outline."""
    parts, wide = [], (frame.x(frame.first + 7) - frame.x(frame.first)) * 0.38
    for i, dated in enumerate(flows):
        for day, value in exact_of(dated):
            middle, y = frame.x(day.toordinal()), frame.y(value)
            left = middle - wide if i == 0 else middle
            if i == 0:
                parts.append(svg.box(left, y, left + wide - 0.5, frame.bottom, "series"))
            else:
                parts.append(_outline(left + 0.5, min(y, frame.bottom - 1), left + wide, frame.bottom))
    return parts


def _outline(left: float, top: float, right: float, bottom: float) -> str:
    size = f'width="{svg.n(right - left)}" height="{svg.n(bottom - top)}"'
    paint = f'fill="{svg.COLOURS["ground"]}" stroke="{svg.COLOURS["series"]}" stroke-width="1"'
    return f'<rect class="series hollow" x="{svg.n(left)}" y="{svg.n(top)}" {size} {paint}/>'


def _flow_key(demand: Demand, flows: Sequence[Sequence[Dated]]) -> list[str]:
    """What the bars are, with the newest figure of each."""
    parts, y = [], FLOW_TOP - 14
    room = (WIDTH - 2 * EDGE) / 2
    for i, (line, dated) in enumerate(zip((demand.arrivals, demand.departures), flows, strict=True)):
        x = EDGE + i * room
        newest = dated[-1][1] if dated else None
        words = f"{title_of(line)}{'' if newest is None else f': {said_of(newest, line.unit)}'}"
        parts.append(svg.box(x, y - 9, x + 10, y + 1, "series") if i == 0 else _outline(x + 0.5, y - 8.5, x + 10, y + 1))
        parts.append(svg.text((x + 17, y), fonts.fit(words, SMALL, room - 27), "ink", size=SMALL))
    return parts


def _days(frame: Frame, stock: Sequence[Dated], ahead: Sequence[Foreseen]) -> list[str]:
    """The last day of weeks, from the newest backwards and on to the end of the forecast, as far as they have room."""
    newest = stock[-1][0]
    wide = fonts.width("28 Sep", SMALL) + 16
    step = math.ceil(wide / (frame.x(frame.first + 7) - frame.left))
    first, last = stock[0][0], sunday(ahead[-1].week) if ahead else newest
    parts = []
    for weeks in range(-(step * 60), 61 * step, step):
        day = newest + dt.timedelta(7 * weeks)
        if first <= day <= last:
            words = day_words(day, year=False)
            at = svg.kept_inside(frame.x(day.toordinal()), words, SMALL, EDGE, WIDTH - EDGE)
            parts.append(svg.text((at, DAY_ROW), words, "ink" if not weeks else "quiet", size=SMALL, anchor="middle"))
    return parts
