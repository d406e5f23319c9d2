"""What one audience is to know of one week, before it is put into words: facts and figures that may be shown (`shown.py`), nothing else.

`None` in place of a figure: there is none (a share of nothing, a measure without data); a figure that may not be shown is a `Shown`.
Places are named as people know them. Nobody's name, no case reference and no exact small count is in here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from caseclock.digest.shown import Shown
from caseclock.trends.charts import Chart

Rag = Literal["red", "amber", "green", ""]
"""Where a figure stands against the limits that are set for it; empty where there is none, or where its range does not say."""
Kind = Literal["new", "worsened", "resolved", "retracted", "limit"]


@dataclass(frozen=True)
class Line:
    """One figure at one place: `now`, the week before, and the last 12 weeks, oldest first, the newest being `now` (None: no figure).

    `unit`: cases, children, clocks, workers; per cent; average (one place after the point). `worse`: more (`above`), less (`below`), either
    way (`either`, demand).
    """

    figure: str
    title: str
    unit: str
    worse: Literal["above", "below", "either"]
    place: str
    now: Shown | None
    before: Shown | None = None
    weeks: tuple[Shown | None, ...] = ()
    rag: Rag = ""
    limit: str = ""
    """The limits in force for it in words: `amber 10, red 20`; empty where there is none."""
    drawn: tuple[tuple[Literal["amber", "red"], float], ...] = ()
    """The same limits as figures, for pictures; empty where there is none or where none is to be drawn."""


@dataclass(frozen=True)
class Heat:
    """Measures by place. `places[0]` is the whole (the council, or the service); `rows[i][j]` is figure i at place j."""

    places: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Decision:
    """An alert that nobody has acted on for long. `owner`: the role that was told. `age_wd`: working days that it is open.

    `state`: what has been done, in words: `not acknowledged`, `acknowledged until Fri 27 November`, `escalated, not acknowledged`.
    """

    title: str
    place: str
    severity: Literal["red", "amber", ""]
    """Empty: over its limit, and its range does not say in which band."""
    now: Shown
    unit: str
    since: dt.date
    age_wd: int
    owner: str
    state: str


@dataclass(frozen=True)
class Change:
    """What became of an alert in the week, or (`limit`) of the limits of a rule. `note`: the reason of a retraction, the new limits."""

    kind: Kind
    title: str
    place: str = ""
    severity: Literal["red", "amber", ""] = ""
    now: Shown | None = None
    unit: str = "cases"
    day: dt.date | None = None
    note: str = ""


@dataclass(frozen=True)
class Signal:
    """A control chart whose newest point is unusual, or whose target is surely missed. `target`: per cent, where the law or the council
    sets one."""

    title: str
    place: str
    chart: Chart
    variation: Literal["worse", "better", "unusual"]
    assurance: Literal["passes", "fails", "hit and miss", ""]
    target: float | None = None


@dataclass(frozen=True)
class Foreseen:
    """One week to come: `low` to `high` is to hold 80 of 100 values."""

    week: dt.date
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """`inside` of `of` weeks that were foretold lay within their range; 0 of 0 where none has come yet."""

    title: str
    weeks: tuple[Foreseen, ...]
    inside: int
    of: int
    figure: str = ""
    """Which figure it is of, as in `Line`."""


@dataclass(frozen=True)
class Demand:
    """What came in and what was closed. `load`: arrivals for each departure over 13 weeks. `weeks_of_work`: open cases by what is closed a
    week; None where there is too little to say. `history`: the last 26 weeks of each, the newest last."""

    arrivals: Line
    departures: Line
    open: Line
    load: float | None
    weeks_of_work: float | None
    forecasts: tuple[Forecast, ...] = ()


@dataclass(frozen=True)
class Coming:
    """Limits that fall within the next 10 working days if nothing moves. `expected`: how many of them are likely to be missed, by how cases
    went before; None where that is not known. `ratio`: breaches that came by breaches that were expected, over `extracts` extracts."""

    title: str
    due: Line
    expected: float | None
    ratio: float | None = None
    extracts: int = 0


@dataclass(frozen=True)
class Relook:
    """Whether the re-look sample of the week has been drawn. `day`: when; `size`: how many cases, 0 where that may not be said; `pools`:
    from which pools."""

    day: dt.date | None
    size: int = 0
    pools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quiet:
    """What was not heard, and why. Counts are of messages and decisions, not of cases.

    `ending`: silences and acknowledgements that end within the coming week, in words. `reasons`: why messages were not sent, with counts.
    """

    silences: int
    acknowledgements: int
    ending: tuple[str, ...]
    reasons: tuple[tuple[str, int], ...]
    overnight: int
    """Alerts that began and ended while nobody was at work."""
    undelivered: int
    """Messages that failed for good."""
    unstable: tuple[str, ...]
    """Alerts that come and go, by title and place."""
    not_shown: int
    """Alerts that are open or changed and whose figures may not be shown here."""


@dataclass(frozen=True)
class Benchmark:
    """A published figure to hold ours against: `86% in England, year to 31 March 2025 (DfE, characteristics of children in need)`."""

    figure: str
    name: str
    value: float
    unit: str
    period: str
    source: str


@dataclass(frozen=True)
class Currency:
    """Of which day the figures are. `as_of` None: no extract has been accepted up to the end of the week.

    `expected`, `accepted`: extracts of the week. `held`: days of the week whose extract did not pass, `late`: days without one.
    `held_because`: why the newest data does not speak; empty where it does. `notes`: whole sentences.
    """

    as_of: dt.date | None
    expected: int
    accepted: int
    held: tuple[dt.date, ...]
    late: tuple[dt.date, ...]
    held_because: str = ""
    released: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Revised:
    """One figure that a correction has changed since the digest was sent."""

    title: str
    place: str
    unit: str
    was: Shown | None
    now: Shown | None


@dataclass(frozen=True)
class Content:
    """One digest. `audience`: `the council`, or a service's title. `revision`: 1 as first sent. `red`, `amber`: alerts open at the end
    of the week that may be shown. `small`: the largest count that is never shown exactly."""

    source: str
    audience: str
    week: str
    first_day: dt.date
    last_day: dt.date
    revision: int
    small: int
    currency: Currency
    heat: Heat
    decisions: tuple[Decision, ...]
    changes: tuple[Change, ...]
    signals: tuple[Signal, ...]
    charts: int
    """Control charts that were looked at."""
    demand: Demand | None
    coming: tuple[Coming, ...]
    staffing: tuple[Line, ...]
    relook: Relook | None
    quiet: Quiet
    red: int
    amber: int
    benchmarks: tuple[Benchmark, ...] = ()
    limits: tuple[str, ...] = ()
    """The limits in force, one sentence each."""
    revised: tuple[Revised, ...] = ()
    cannot_show: str = ""
    contact: str = ""
    link: str | None = None
    unsubscribe: str | None = None
