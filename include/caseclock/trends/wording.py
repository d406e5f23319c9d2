"""What a chart and a forecast say, in one plain sentence."""

from __future__ import annotations

import math

from caseclock.trends.charts import FULL, TRIAL, Chart
from caseclock.trends.records import Foretold
from caseclock.trends.spc import COMMON

MANY = 100  # from here on whole numbers say enough


def number(value: float | None) -> str:
    """A figure as people read it: whole, or with one place after the point when it is small and not whole."""
    if value is None or math.isnan(value):
        return "-"
    text = f"{value:,.0f}" if abs(value) >= MANY or value == round(value) else f"{value:.1f}"
    return "0" if text in ("-0", "-0.0", "0.0") else text


def between(low: float, high: float, *, least: float | None = None) -> str:
    """A range of counts, in whole numbers that do not make it narrower. `least`: no figure of this kind lies below it."""
    low = math.floor(low) if least is None else max(least, math.floor(low))
    return f"{low:,.0f} to {math.ceil(high):,.0f}"


def foretold(one: Foretold) -> str:
    """`24 (17 to 32)`: what is expected, and the range that is to hold 80 of 100 values."""
    return f"{round(one.value):,} ({between(one.low, one.high, least=0.0)})"


def usual(chart: Chart) -> str | None:
    """The range within the limits; a count cannot be below nothing, nor a share above 100. None where there are no limits."""
    if chart.xmr is None or not chart.xmr.upl or chart.xmr.lpl[-1] is None or chart.xmr.upl[-1] is None:
        return None
    low, high = chart.xmr.lpl[-1], chart.xmr.upl[-1]
    if chart.figure == "net_change":
        return between(low, high)
    share = chart.figure.partition(".")[0] not in ("arrivals", "departures", "completed", "fell_due_5")
    return between(low, min(high, 100.0) if share else high, least=0.0)


def finding(chart: Chart) -> str:
    """What the newest point says."""
    count = sum(v is not None for v in chart.values)
    if not count:
        return "no figure yet"
    if chart.xmr is None:
        return "too few cases to judge" if count >= TRIAL else f"too few to judge: {count} of {TRIAL} {_points(chart)}"
    on_trial = "" if chart.basis == "limits" else f" (limits on trial: {count} of {FULL} {_points(chart)})"
    if chart.values[-1] is None:
        return f"no figure for the newest {_point(chart)}{on_trial}"
    if chart.hollow[-1]:
        return f"{_where(chart)} (holidays: not judged alone){on_trial}"
    return _said(chart) + on_trial


def _said(chart: Chart) -> str:
    cause, points = chart.latest or COMMON, _points(chart)
    side = "above" if "Above" in cause else "below"
    if "UCL" in cause or "LCL" in cause:
        return f"{side} the usual range"
    if "Trend" in cause:
        return f"{'rising' if 'Increasing' in cause else 'falling'} for {chart.run} {points} in a row"
    if "2 in 3" in cause:
        return f"2 of the last 3 {points} close to the {'upper' if side == 'above' else 'lower'} limit"
    if "7 Points" in cause:
        return f"{chart.run} {points} in a row {side} the mean"
    return "within the usual range"


def _where(chart: Chart) -> str:
    value, xmr = chart.values[-1], chart.xmr
    low, high = (xmr.lpl[-1], xmr.upl[-1]) if xmr else (None, None)
    if value is None or low is None or high is None:
        return "not judged"
    return "above the usual range" if value > high else "below the usual range" if value < low else "within the usual range"


def _point(chart: Chart) -> str:
    return "week" if chart.weeks_per_point == 1 else f"period of {chart.weeks_per_point} weeks"


def _points(chart: Chart) -> str:
    return "weeks" if chart.weeks_per_point == 1 else f"periods of {chart.weeks_per_point} weeks"
