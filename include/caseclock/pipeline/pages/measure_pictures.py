"""The charts of a figure: a control chart of what happens, level, limits and forecast of what stands; each with its numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from caseclock.dashboard.look import day_words
from caseclock.dashboard.pages.measure import Picture
from caseclock.measures import MeasureConfig
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.measure_series import Point, period_of
from caseclock.pipeline.pages.measure_words import value_words
from caseclock.trends.model import kind_of

if TYPE_CHECKING:
    from caseclock.thresholds import ThresholdRule
    from caseclock.trends.charts import Chart
    from caseclock.trends.panel import Panel
    from caseclock.trends.records import Foretold

WIDTH: Final = 880
WEEK: Final = 7
VARIATION: Final = {
    "special_cause_concern": "Variation: something has changed for the worse; look for what happened.",
    "special_cause_improvement": "Variation: something has changed for the better; look for what happened.",
    "special_cause_neutral_high": "Variation: there are more than usual; look for what happened.",
    "special_cause_neutral_low": "Variation: there are fewer than usual; look for what happened.",
    "common_cause": "Variation: it goes up and down as it usually does; the newest point by itself calls for nothing.",
}
ASSURANCE: Final = {
    "consistent_pass": "Against the amber limit: as things are, it will be kept.",
    "consistent_fail": "Against the amber limit: as things are, it will not be kept; only a change of how work is done can do that.",
    "inconsistent": "Against the amber limit: as things are, it is kept at one time and not at another, by chance.",
}


def chart_of(house: House, entry: MeasureConfig, panel: Panel) -> Chart | None:
    """None of a count of what stands."""
    from caseclock.trends.charts import chart, direction_of
    from caseclock.trends.weeks import shape_of

    if kind_of(panel.figure) == "stock":
        return None
    config = house.config.trends
    shape = shape_of(panel.ends, house.calendar, config.school_holidays)
    return chart(panel, panel.places[0], shape, config, direction_of(panel.figure, entry.direction))


def control(entry: MeasureConfig, made: Chart, subject: str) -> Picture:
    from caseclock.charts import control as picture

    kinds = made.xmr.point_type if made.xmr else [None] * len(made.values)
    rows = [
        (
            day_words(day),
            _said(entry, value),
            f"{n:,.0f}",
            _mean(entry, made, i),
            _range(entry, made, i),
            _point(kinds[i], value, made.hollow[i]),
        )
        for i, (day, value, n) in enumerate(zip(made.ends, made.values, made.n, strict=True))
    ]
    step = "week" if made.weeks_per_point == 1 else f"{made.weeks_per_point} weeks"
    head = (f"{step.capitalize()} up to", "Figure", "Made from", "Mean", "Usual range", "What it is")
    return Picture(picture.draw(made, subject, width=WIDTH, height=320), f"{subject}, by {step}", head, tuple(reversed(rows)))


def said_of(house: House, entry: MeasureConfig, made: Chart, panel: Panel, rules: Sequence[ThresholdRule]) -> tuple[str, ...]:
    """What the chart says of variation and of the limit, and how its points differ from the figure above it."""
    from caseclock.trends import spc
    from caseclock.trends.charts import direction_of

    period, way = period_of(house, panel.figure), direction_of(panel.figure, entry.direction)
    step = "one week" if made.weeks_per_point == 1 else f"{made.weeks_per_point} weeks"
    said = []
    if made.latest is not None:
        said.append(VARIATION.get(spc.point_type(made.latest, way), ""))
    same = period <= WEEK * made.weeks_per_point and not (made.weeks_per_point > 1 and kind_of(panel.figure) == "flow" and period <= WEEK)
    if rules and made.xmr and made.basis == "limits" and same:
        said.append(ASSURANCE.get(spc.assurance(rules[0].amber, made.xmr.lpl[-1], made.xmr.upl[-1], way) or "", ""))
    if panel.origin == "dates":
        said.append("Weeks are read from the dates in the newest extract: what was entered late is in the week in which it happened.")
    if panel.origin == "dates" and period > WEEK:
        said.append(f"Each point is {step} by itself; the figure above is over {period} days, so the two differ.")
    if any(made.hollow):
        said.append("Hollow points are weeks with holidays: they raise nothing by themselves.")
    return tuple(part for part in said if part)


def level(
    entry: MeasureConfig,
    subject: str,
    points: Sequence[Point],
    rules: Sequence[ThresholdRule],
    coming: Sequence[Foretold],
    held: Sequence[dt.date],
) -> tuple[Picture, str]:
    """The picture, and its finding. The limits are those of the first rule that looks there."""
    from caseclock.charts import level as picture

    rule = rules[0] if rules else None
    made = picture.Level(
        subject, tuple(points), unit=entry.unit, amber=rule.amber if rule else None, red=rule.red if rule else None,
        forecast=tuple((f.week, f.value, f.low, f.high) for f in coming), held=tuple(held), direction=entry.direction,
    )  # fmt: skip
    rows = [(day_words(day), _said(entry, value), *(("",) if coming else ())) for day, value in reversed(points)]
    ahead = [
        (f"week of {day_words(f.week)}", _whole(f.value), f"expected; 80 of 100: {_whole(f.low)} to {_whole(f.high)}")
        for f in reversed(coming)
    ]
    head = ("Extract of", "Figure") if not coming else ("Day", "Figure", "Forecast")
    return Picture(picture.draw(made, width=WIDTH, height=300), subject, head, (*ahead, *rows)), picture.finding(made)


def foretold_flow(
    entry: MeasureConfig, subject: str, points: Sequence[Point], rules: Sequence[ThresholdRule], coming: Sequence[Foretold]
) -> Picture:
    """The last weeks of what comes in, and those to come."""
    return level(entry, f"{subject}: forecast", points, rules, coming, ())[0]


# --- cells of tables -------------------------------------------------------------------------------------------------
def _whole(value: float) -> str:
    return f"{max(0.0, value):,.0f}"


def _said(entry: MeasureConfig, value: float | None) -> str:
    return "no figure" if value is None else value_words(entry, value)


def _mean(entry: MeasureConfig, made: Chart, i: int) -> str:
    return value_words(entry, made.xmr.mean[i] if made.xmr else None)


def _range(entry: MeasureConfig, made: Chart, i: int) -> str:
    if made.xmr is None or made.xmr.lpl[i] is None or made.xmr.upl[i] is None:
        return "–"
    low, high = made.xmr.lpl[i] or 0.0, made.xmr.upl[i] or 0.0
    if made.figure != "net_change":
        low = max(0.0, low)
    return f"{value_words(entry, low)} to {value_words(entry, min(high, 100.0) if entry.unit == 'per cent' else high)}"


def _point(kind: str | None, value: float | None, hollow: bool) -> str:
    from caseclock.charts.control import SHAPES

    if value is None:
        return "–"
    said = SHAPES[kind][2] if kind in SHAPES else "not judged"
    return f"{said}; week with holidays" if hollow else said
