"""Weekly series of one figure, from the values that past extracts had.

Of each ISO week the value of its last extract is taken: figures of a period (arrivals of the last 7 days) overlap from day to day, so they
must not be summed over daily extracts. A week without an extract that speaks is a gap, and so is a place whose rows were missing.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence

import numpy as np

from caseclock.clocks.model import COUNCIL, SERVICE
from caseclock.trends.model import kind_of
from caseclock.trends.panel import Panel
from caseclock.trends.records import Value
from caseclock.trends.weeks import WEEK, monday_of

HISTORY = 104  # weeks


def of_extracts(figure: str, taken: Sequence[dt.date], values: Iterable[Value], period_days: int = WEEK) -> Panel:
    """The panel of a figure. `taken`: dates of the extracts that speak, one per week, in order; values of other dates are left out.

    `period_days`: the days that a figure of a flow or share looks back. The newest week of a flow whose days overlap with the week
    before (its extracts have only begun to come) is left out until its last extract is there.
    """
    moments = kind_of(figure) == "stock"
    taken = list(taken)
    if not moments and len(taken) > 1 and (taken[-1] - taken[-2]).days < WEEK:
        taken = taken[:-1]
    taken = taken[-HISTORY:]
    if not taken:
        none = np.zeros((0, 0))
        days = np.zeros(0, dtype="datetime64[D]")
        return Panel(figure, (), days, days, none, none, "extracts")
    closed = monday_of(np.array(taken, dtype="datetime64[D]"))
    weeks = np.arange(closed[0], closed[-1] + 1, WEEK)[-HISTORY:]
    ends = weeks + (np.datetime64(taken[-1], "D") - closed[-1])
    at = {day: int((monday - weeks[0]).astype(int)) // WEEK for day, monday in zip(taken, closed, strict=True)}
    for day, week in at.items():
        if week >= 0:
            ends[week] = np.datetime64(day, "D")
    found = [v for v in values if at.get(v.as_of, -1) >= 0]
    places = tuple(sorted({v.place for v in found}, key=lambda place: (place == COUNCIL, place.startswith(SERVICE), place)))
    row = {place: i for i, place in enumerate(places)}
    made, n = np.full((len(places), len(weeks)), np.nan), np.zeros((len(places), len(weeks)))
    for v in found:
        where = row[v.place], at[v.as_of]
        made[where] = math.nan if v.value is None else v.value
        n[where] = v.n
    step = 1 if moments else math.ceil(period_days / WEEK)
    return Panel(figure, places, weeks, ends, made, n, "extracts", step)
