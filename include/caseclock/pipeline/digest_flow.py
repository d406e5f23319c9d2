"""What a digest says of demand, of what comes due and of unusual figures: series made from the records of weeks, so that what is withheld
in one of them is in no chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from caseclock.digest.content import Coming, Demand, Forecast, Foreseen, Line, Signal
from caseclock.measures.model import COUNCIL
from caseclock.storage import forecasts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from caseclock.digest.record import Record
    from caseclock.digest.week import Week
    from caseclock.measures.model import MeasureConfig
    from caseclock.pipeline.house import House
    from caseclock.trends.charts import Chart
    from caseclock.trends.panel import Panel
    from caseclock.trends.records import Kept

MANY: Final = 60  # cases closed in 13 weeks: of fewer a rate would tell how many there were
LONGEST: Final = 52.0  # weeks of work; more is said as that
FORETOLD: Final = ("open", "arrivals", "unallocated")
FORESEEN_IN: Final = 34  # weeks whose forecasts may have come: 26, and the 8 of the newest one


@dataclass(frozen=True)
class Series:
    """The records of the last year, oldest first, with the date of the extract of each; None for a week without one."""

    weeks: Sequence[Week]
    records: Sequence[Record | None]
    days: Mapping[Week, dt.date]

    def values(self, figure: str, place: str) -> list[float | None] | None:
        """One per week, None where there was no figure; None altogether where one of them may not be shown."""
        shown = [record.at(figure, place) if record else None for record in self.records]
        return None if any(s is not None and s.value is None for s in shown) else [s.value if s else None for s in shown]

    def n(self, figure: str, place: str) -> list[int]:
        shown = [record.at(figure, place) if record else None for record in self.records]
        return [0 if s is None else s.n if s.n is not None else round(s.value or 0) for s in shown]


def panel(series: Series, figure: str, places: Sequence[str], period_days: int) -> Panel | None:
    """Of the places of which every week may be shown."""
    import math

    import numpy as np

    from caseclock.trends.panel import Panel

    first = next((i for i, record in enumerate(series.records) if record), None)
    if first is None:
        return None
    chosen = [(p, values) for p in places if (values := _values(series, figure, p)) and any(v is not None for v in values)]
    if not chosen:
        return None
    weeks = series.weeks[first:]
    ends = [series.days.get(week, week.last_day - dt.timedelta(days=2)) for week in weeks]
    made = np.array([[np.nan if v is None else v for v in values[first:]] for _, values in chosen], dtype=float)
    n = np.array([_n(series, figure, p)[first:] for p, _ in chosen], dtype=float)
    step = math.ceil(period_days / 7)
    return Panel(
        figure,
        tuple(p for p, _ in chosen),
        np.array([week.first_day for week in weeks], dtype="datetime64[D]"),
        np.array(ends, dtype="datetime64[D]"),
        made,
        n,
        "extracts",
        step,
    )


def _values(series: Series, figure: str, place: str) -> list[float | None] | None:
    if figure != "net_change":
        return series.values(figure, place)
    came, went = series.values("arrivals", place), series.values("departures", place)
    if came is None or went is None:
        return None
    return [None if a is None or b is None else a - b for a, b in zip(came, went, strict=True)]


def _n(series: Series, figure: str, place: str) -> list[int]:
    if figure != "net_change":
        return series.n(figure, place)
    return [a + b for a, b in zip(series.n("arrivals", place), series.n("departures", place), strict=True)]


def signals(house: House, series: Series, places: Mapping[str, str]) -> tuple[tuple[Signal, ...], int]:
    """Charts whose newest point is unusual, or whose target is surely missed; and how many were looked at."""
    from caseclock.measures.model import title_of
    from caseclock.trends.charts import chart, direction_of
    from caseclock.trends.weeks import shape_of

    config = house.config
    rules = {r.id: r.title for r in config.timescales}
    measures: dict[str, MeasureConfig] = {m.id: m for m in config.measures}
    titles = {id: measure.title for id, measure in measures.items()}
    found: list[Signal] = []
    looked = 0
    for figure in config.trends.charts:
        measure = measures.get(figure.partition(".")[0])
        if measure is None or (of := panel(series, figure, list(places), measure.period_days)) is None:
            continue
        shape = shape_of(of.ends, house.calendar, config.trends.school_holidays)
        for place in of.places:
            made = chart(of, place, shape, config.trends, direction_of(figure, measure.direction))
            looked += 1
            target = config.digest.targets.get(figure)
            variation, assurance = _variation(made), _assurance(made, target, measure.direction)
            if made.news or variation == "worse" or assurance == "fails":
                found.append(Signal(title_of(figure, titles, rules), places[place], made, variation or "unusual", assurance, target))
    return tuple(sorted(found, key=lambda s: (not s.chart.news, s.variation != "worse", s.title, s.place))), looked


def _variation(chart: Chart) -> Any:
    from caseclock.trends import spc

    kind = (chart.xmr.point_type[-1] if chart.xmr and chart.latest else None) or spc.NORMAL
    return {spc.CONCERN: "worse", spc.IMPROVEMENT: "better", spc.HIGH: "unusual", spc.LOW: "unusual"}.get(kind, "")


def _assurance(chart: Chart, target: float | None, worse: str) -> Literal["passes", "fails", "hit and miss", ""]:
    """Whether the usual range lies wholly on one side of the target."""
    if target is None or chart.basis != "limits" or chart.xmr is None or chart.xmr.lpl[-1] is None or chart.xmr.upl[-1] is None:
        return ""
    above, below = chart.xmr.lpl[-1] > target, chart.xmr.upl[-1] < target
    if not above and not below:
        return "hit and miss"
    return "passes" if above == (worse == "below") else "fails"


# --- demand ----------------------------------------------------------------------------------------------------------
def demand(lines: Mapping[str, Line], raw: Mapping[str, tuple[float | None, int]], foretold: tuple[Forecast, ...]) -> Demand | None:
    """Of the council. `raw`: its own values of load and weeks of work, with the cases closed in 13 weeks behind them."""
    if any(figure not in lines for figure in ("arrivals", "departures", "open")):
        return None
    load, work = raw.get("load", (None, 0)), raw.get("weeks_of_work", (None, 0))
    exact = lines["open"].now is not None and lines["open"].now.value is not None
    return Demand(
        lines["arrivals"],
        lines["departures"],
        lines["open"],
        round(load[0], 1) if load[0] is not None and load[0] == load[0] and load[1] >= MANY else None,
        min(LONGEST, round(work[0])) if exact and work[0] is not None and work[0] == work[0] and work[1] >= MANY else None,
        foretold,
    )


def forecasts_of(
    c: Connection, house: House, series: Series, taken: Mapping[dt.date, str], titles: Mapping[str, str]
) -> tuple[Forecast, ...]:
    """What is foretold as of the newest extract, of figures that may be shown in each of the last 12 weeks; and how past forecasts did."""
    from caseclock.trends.score import cover
    from caseclock.trends.weeks import last_of_weeks

    if not taken or not series.records or series.records[-1] is None:
        return ()
    newest = max(taken)
    days = last_of_weeks(list(taken))[-FORESEEN_IN:]
    said = forecasts.foretold(c, {day: taken[day] for day in {*days, newest}})
    made = []
    for figure in FORETOLD:
        shown = [record.at(figure, COUNCIL) if record else None for record in series.records]
        if any(s is not None and s.value is None for s in shown):
            continue
        weeks = [one for one in said if one.as_of == newest and one.figure == figure and one.place == COUNCIL]
        of = panel(series, figure, [COUNCIL], 7)
        if not weeks or of is None:
            continue
        past = cover((one for one in said if one.figure == figure and one.place == COUNCIL and one.as_of != newest), of).get(COUNCIL)
        made.append(
            Forecast(
                titles.get(figure, figure),
                tuple(Foreseen(w.week, w.value, max(0.0, w.low), w.high) for w in weeks),
                past.inside if past else 0,
                past.of if past else 0,
                figure,
            )
        )
    return tuple(made)


def coming(
    rules: Sequence[str],
    titles: Mapping[str, str],
    due: Mapping[str, Line],
    expected: Mapping[str, float],
    kept: Mapping[str, Kept],
    small: int,
) -> tuple[Coming, ...]:
    """Timescales of which something falls due. `expected`: by figure, of all teams of the audience; `kept`: by rule how the early
    warning did."""
    made = []
    for rule in rules:
        line = due.get(f"due_10.{rule}")
        if line is None or line.now is None or line.now.value == 0:
            continue
        likely = expected.get(f"expected_10.{rule}") if line.now.value is not None else None
        check = kept.get(rule)
        ratio = check.ratio if check is not None and check.expected > small else None
        made.append(
            Coming(
                titles.get(rule, rule),
                line,
                float(round(likely)) if likely is not None and likely > small else None,
                round(ratio, 2) if ratio is not None else None,
                check.extracts if check is not None and ratio is not None else 0,
            )
        )
    return tuple(sorted(made, key=lambda one: -(one.due.now.low or 0) if one.due.now else 0))
