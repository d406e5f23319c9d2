"""The chart block that Slack draws itself: no picture is uploaded and nothing needs a further scope.

Slack's limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block. Every line has a value for every day, so a day
without a figure cannot be shown as a gap; it is left out, and a line below the chart counts such days. No name stands in it: the title
says how long, the message says what and where.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, Final

from caseclock.charts.recent import Recent, counted, day_words, finding, weekly
from caseclock.notifications.model import Item
from caseclock.notifications.pictures import recent_of

log = logging.getLogger(__name__)

TYPE: Final = "data_visualization"
MOST_CHARTS: Final = 2  # in one message; found live, in no document (github.com/vercel/chat/pull/696)
POINTS, TITLE = 20, 50
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
        return [_line(UNDRAWN)]


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


def _gaps(recent: Recent) -> list[dict[str, Any]]:
    if not recent.gaps:
        return []
    newest = day_words(recent.gaps[-1])
    if len(recent.gaps) == 1:
        return [_line(f"No figure for {newest}: its data was held.")]
    return [_line(f"No figure for {counted(recent.gaps)} whose data was held; the newest of them is {newest}.")]


def _line(words: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "plain_text", "text": words, "emoji": False}]}


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
    missing = sum(block == _line(UNDRAWN) for block in blocks)
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
