"""The chart block as Slack might draw it: one line per series over the same days, with a key. For looking at, not for measuring."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from markupsafe import Markup

from caseclock.charts import svg
from caseclock.charts.frame import Frame, figure, ticks

WIDTH, HEIGHT = 480, 180
LIMITS = {"Amber limit": "amber", "Red limit": "red"}
KINDS = ("better", "ink", "quiet", "worse")  # colours of the other series in their order
DASHES = ("", "2.5 3", "8 3", "1 2", "6 2", "4 4")


def chart_html(block: dict[str, Any]) -> Markup:
    """Title, picture and key of one `data_visualization` block with lines; of another sort only its title is shown."""
    title, chart = str(block.get("title")), block.get("chart") or {}
    if chart.get("type") != "line":
        return Markup('<p class="context">{} ({})</p>').format(title, str(chart.get("type")))
    values = [point["value"] for series in chart["series"] for point in series["data"]]
    steps = ticks(min(0, *values), max(values))
    days = chart["axis_config"]["categories"]
    frame = Frame(44, WIDTH - 34, 12, HEIGHT - 24, 0, max(1, len(days) - 1), steps[0], steps[-1])
    parts = [svg.line((frame.left, frame.y(s)), (frame.right, frame.y(s)), "grid") for s in steps]
    parts += [svg.text((frame.left - 6, frame.y(s) + 4), figure(s), anchor="end") for s in steps]
    step = max(1, -(-len(days) // 7))
    parts += [svg.text((frame.x(n), HEIGHT - 6), day, anchor="middle") for n, day in enumerate(days) if (len(days) - 1 - n) % step == 0]
    key = []
    others = iter(KINDS * 2)
    for dash, series in zip(DASHES, chart["series"], strict=False):
        kind = LIMITS.get(series["name"]) or next(others)
        at = [(frame.x(n), frame.y(point["value"])) for n, point in enumerate(series["data"])]
        parts += [svg.line(a, b, kind, width=2, dash=dash) for a, b in pairwise(at)]
        key.append(_key(kind, dash, str(series["name"])))
    drawn = Markup(svg.sheet(WIDTH, HEIGHT, title, parts).replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1))
    return Markup('<p class="context"><b>{}</b></p>{}<p class="context">{}</p>').format(title, drawn, Markup("").join(key))


def _key(kind: str, dash: str, name: str) -> Markup:
    """The name of a line beside a piece of it: its dashes tell it apart where its colour does not."""
    piece = svg.line((0, 5), (26, 5), kind, width=2, dash=dash)
    line = Markup('<svg width="26" height="10" aria-hidden="true">{}</svg>').format(Markup(piece))
    return Markup('<span style="color:{}">{} {}</span>').format(svg.COLOURS[kind], line, name)
