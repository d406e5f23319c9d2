"""The chart block that Slack draws itself: no picture is uploaded and nothing needs a further scope.

Slack's limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block. Every line has a value for every day, so a day
without a figure cannot be shown as a gap; it is left out, and a line below the chart counts such days. No name stands in it: the title
says how long, the message says what and where.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Sequence
from typing import Any, Final

from caseclock.charts.recent import Recent, counted, day_words, finding, weekly
from caseclock.notifications.letter import Series
from caseclock.notifications.model import Item
from caseclock.notifications.pictures import recent_of
from caseclock.notifications.slack_text import aside
from caseclock.notifications.wording import plain

log = logging.getLogger(__name__)

TYPE: Final = "data_visualization"
MOST_CHARTS: Final = 2  # in one message; found live, in no document (github.com/vercel/chat/pull/696)
POINTS, TITLE = 20, 50
LINES, LABEL = 6, 20
NAMES: Final = {"amber": "Amber limit", "red": "Red limit"}
UNDRAWN: Final = "Its chart could not be drawn; the figures stand in words."
UNITS: Final = {"per cent": "Per cent"}


def chart_blocks(item: Item) -> list[dict[str, Any]]:
    """The chart, and below it how many days have no figure, if any; nothing where there is nothing to draw.

    A message never fails for its chart: where it cannot be drawn a line says so in its place.
    """
    try:
        recent = recent_of(item)
        return [] if recent is None else _drawn(recent)
    except Exception as error:  # noqa: BLE001 - whatever it is, the words of the message stand without it
        log.warning("A chart could not be drawn (%s)", type(error).__name__)
        return [aside(UNDRAWN)]


def _drawn(recent: Recent) -> list[dict[str, Any]]:
    shown = recent.known if len(recent.known) <= POINTS else weekly(recent.known)[-POINTS:]
    labels = _labels([day for day, _ in shown])
    lines = [(UNITS.get(recent.unit, "Figure"), [value for _, value in shown])]
    lines += [(NAMES[name], [value] * len(shown)) for name, value in recent.limits]
    series = [
        {"name": name, "data": [{"label": label, "value": _plain(v)} for label, v in zip(labels, values, strict=True)]}
        for name, values in lines
    ]
    chart = {"type": "line", "series": series, "axis_config": {"categories": labels}}
    return [{"type": TYPE, "title": _title(recent, shown), "chart": chart}, *_gaps(recent)]


def series_blocks(series: Series) -> list[dict[str, Any]]:
    """The chart of a letter: of more points than Slack takes the newest, and a line that says so.

    Its words may hold names, and Slack has no plain_text here: what could open a mention or a link is taken out of them.
    """
    try:
        return _of_series(series)
    except Exception as error:  # noqa: BLE001 - as with the chart of an alert
        log.warning("A chart could not be drawn (%s)", type(error).__name__)
        return [aside(UNDRAWN)]


def _of_series(series: Series) -> list[dict[str, Any]]:
    """Raises ValueError where the points are none, do not belong together, or could not be told apart."""
    labels = [_word(label, LABEL) for label in series.labels[-POINTS:]]
    lines = [(_word(name, LABEL), values[-POINTS:]) for name, values in series.lines]
    if not labels or len(set(labels)) < len(labels) or not 1 <= len({name for name, _ in lines}) == len(lines) <= LINES:
        raise ValueError("its labels or names are none, too many or there twice")
    if any(len(values) != len(series.labels) or not all(map(math.isfinite, values)) for _, values in series.lines):
        raise ValueError("a line has not one figure for each label")
    drawn = [
        {"name": name, "data": [{"label": label, "value": _plain(v)} for label, v in zip(labels, values, strict=True)]}
        for name, values in lines
    ]
    chart = {"type": "line", "series": drawn, "axis_config": {"categories": labels}}
    cut = len(series.labels) - len(labels)
    newest = [aside(f"The chart shows the newest {POINTS} of {len(series.labels)} points.")] if cut else []
    return [{"type": TYPE, "title": _word(series.title, TITLE), "chart": chart}, *newest]


def _word(text: str, most: int) -> str:
    """Raises ValueError where nothing is left to be seen."""
    word = plain(text.translate({ord("<"): "‹", ord(">"): "›"}), most)
    if not word:
        raise ValueError("a label without a word")
    return word


def _gaps(recent: Recent) -> list[dict[str, Any]]:
    if not recent.gaps:
        return []
    newest = day_words(recent.gaps[-1])
    if len(recent.gaps) == 1:
        return [aside(f"No figure for {newest}: its data was held.")]
    return [aside(f"No figure for {counted(recent.gaps)} whose data was held; the newest of them is {newest}.")]


def chart_words(item: Item) -> str:
    """What the chart shows, in a sentence; empty where there is none."""
    try:
        recent = recent_of(item)
        return "" if recent is None else finding(recent)
    except Exception as error:  # noqa: BLE001 - the same
        log.warning("A chart could not be put into words (%s)", type(error).__name__)
        return ""


def undrawn(blocks: Sequence[dict[str, Any]]) -> str:
    """What these blocks had to go without, in words for the audit; empty when nothing."""
    missing = sum(block == aside(UNDRAWN) for block in blocks)
    return "" if not missing else "it went without its chart" if missing == 1 else f"it went without {missing} of its charts"


def without_charts(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same message for a workspace that takes no chart."""
    return [block for block in blocks if block.get("type") != TYPE]


def _title(recent: Recent, shown: Sequence[tuple[dt.date, float]]) -> str:
    """`Figure and limits, 16 Jun to 7 Sep 2026`."""
    first, last = shown[0][0], shown[-1][0]
    what = "Figure and limits" if recent.limits else "Figure"
    return f"{what}, {day_words(first, year=first.year != last.year)} to {day_words(last)}"[:TITLE]


def _labels(days: Sequence[dt.date]) -> list[str]:
    """`7 Sep`; with the year where two would read the same."""
    short = [day_words(day, year=False) for day in days]
    return short if len(set(short)) == len(short) else [day_words(day) for day in days]


def _plain(value: float) -> float | int:
    """Whole figures as whole numbers, shares with two places."""
    return int(value) if value == int(value) else round(value, 2)
