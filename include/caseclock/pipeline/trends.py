"""Trends of a source: what each figure does from week to week, what may come, and whether what was foretold came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caseclock.errors import WrongUse
from caseclock.measures.model import COUNCIL, SERVICE, rule_of
from caseclock.pipeline.house import House, chosen_source
from caseclock.pipeline.kept import clocks_path
from caseclock.storage import forecasts, ledger, quality
from caseclock.storage import panels as kept_panels
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking
from caseclock.trends.model import LOOKS_BACK, TrendsConfig, kind_of
from caseclock.trends.records import Cover, Foretold, Kept

if TYPE_CHECKING:
    from caseclock.clocks.calendar import Days
    from caseclock.clocks.columns import Columns
    from caseclock.extracts import Extract
    from caseclock.trends.charts import Chart
    from caseclock.trends.panel import Panel

WARNED = ("fell_due_5", "expected_5")
FORETOLD_IN = 34  # weeks whose forecasts may have come: 26, and the 8 of the newest one


@dataclass(frozen=True)
class Trend:
    """One figure at one place. `value`: the newest week's, as the measure has it, made from `n`; `week`: its Monday.

    `chart` is None for a count of what stands; `why_no_chart` says so then. `forecast`: one row per week to come, empty where none is made.
    """

    figure: str
    title: str
    place: str
    place_name: str
    week: dt.date
    value: float | None
    n: float
    origin: str
    chart: Chart | None
    why_no_chart: str | None
    forecast: tuple[Foretold, ...]
    cover: Cover | None


@dataclass(frozen=True)
class Trends:
    """Everything that `caseclock trends` prints of one source, as of one extract. `notes`: whole sentences."""

    source: str
    as_of: dt.date
    trends: list[Trend]
    warnings: list[Kept]
    notes: list[str] = field(default_factory=list)


def keep_forecasts(house: House, c: Connection, extract: Extract, columns: Columns | None = None) -> int:
    """Writes what is foretold as of an extract, in the given transaction, in place of what was; nothing when its figures do not speak.

    Of the newest extract that speaks the weekly series are kept as well, for pages. Its measures must have been saved. `columns`: of its
    accepted snapshot, if the caller has them at hand. Returns the rows of forecasts written.
    """
    taken = speaking(c, extract.source, dt.date.max)
    newest = max(taken, default=extract.as_of)
    rows: list[Foretold] = []
    if extract.as_of < newest:
        kept_panels.forget(c, extract.source)  # it may have changed a week that they show
    if taken.get(extract.as_of) == extract.id:
        config, upto = house.config.trends, {day: id_ for day, id_ in taken.items() if day <= extract.as_of}
        shown = tuple(dict.fromkeys((*config.forecasts, *config.charts))) if extract.as_of == newest else config.forecasts
        panels = _panels(house, c, extract, upto, shown, columns)
        rows = [row for figure in config.forecasts for panel in panels[figure] for row in _foretold(house, panel, panels, extract.as_of)]
        if extract.as_of == newest:
            kept_panels.save(c, extract.source, extract.id, (panel for made in panels.values() for panel in made))
    return forecasts.save(c, extract.id, rows)


def trends_of(
    house: House,
    source: str | None = None,
    as_of: dt.date | None = None,
    figures: Collection[str] = (),
    places: Collection[str] = (),
) -> Trends:
    """Charts and forecasts as of the newest extract that speaks, up to a date.

    `figures`: measures, or single figures of them; without any, those of trends.yaml. `places`: teams, services, the council; without any,
    all. Raises WrongUse where there is no such extract, source, figure or place.
    """
    from caseclock.trends.weeks import last_of_weeks

    config = house.config.trends
    with reading(house.engine) as c:
        source = chosen_source(c, source)
        taken = speaking(c, source, as_of or dt.date.max)
        if not taken:
            raise WrongUse("no extract of it speaks yet", where=source, todo="`caseclock run PATH` takes one in.")
        extract = ledger.extract_by_id(c, taken[max(taken)])
        wanted = _wanted(house, config, figures)
        panels = _panels(house, c, extract, taken, tuple(dict.fromkeys((*wanted, *config.forecasts))), None)
        came = forecasts.foretold(c, {day: taken[day] for day in last_of_weeks(list(taken))[-FORETOLD_IN:]})
        names = ledger.place_names(c, source)
        warnings = _warnings(house, c, taken)
    made = [
        trend
        for figure in wanted
        for panel in panels[figure]
        for trend in _trends(house, panel, panels, extract.as_of, came, names, places)
    ]
    if (figures or places) and not made:
        raise WrongUse("no series of that measure and team", where=source, todo="`caseclock trends` without options shows all there are.")
    return Trends(source, extract.as_of, made, warnings, _notes(house, extract, made))


# --- series ------------------------------------------------------------------------------------------------------------
def _panels(
    house: House, c: Connection, extract: Extract, taken: Mapping[dt.date, str], figures: Sequence[str], columns: Columns | None
) -> dict[str, list[Panel]]:
    """By figure its panels: from the dates of the extract where it shows the past, else from the values of past extracts."""
    from caseclock.trends.forecast import WITH_FLOW
    from caseclock.trends.from_dates import CASES
    from caseclock.trends.series import HISTORY, of_extracts
    from caseclock.trends.weeks import closing_days, last_of_weeks

    days = [day for day in taken if day <= extract.as_of]
    weekly = {day: taken[day] for day in last_of_weeks(days)[-HISTORY:]}
    ends = closing_days(extract.as_of, HISTORY, weekly=house.source(extract.source).cadence == "weekly")
    dated = _dated(house, c, extract, figures, ends, columns)
    values = forecasts.values_of(c, weekly, [figure for figure in figures if figure not in dated or figure in CASES])
    made: dict[str, list[Panel]] = {}
    for figure in figures:
        if figure in dated and figure not in CASES:
            made[figure] = [own for own in [_told(dated[figure])] if own.places]
            continue
        stored = of_extracts(figure, list(weekly), values[figure], _period(house, figure))
        own = dated.get(figure)
        if own is None or (kind_of(figure) == "stock" and len(stored.weeks) >= WITH_FLOW):
            made[figure] = [stored]
        else:
            own = _told(own)
            rest = tuple(place for place in stored.places if place not in own.places)
            made[figure] = [panel for panel in (own, stored.only(rest)) if panel.places]
    return made


def _told(panel: Panel) -> Panel:
    """The places of which it knows anything."""
    return panel.only(tuple(place for place, row in zip(panel.places, panel.values, strict=True) if (row == row).any()))


def _dated(house: House, c: Connection, extract: Extract, figures: Sequence[str], ends: Days, columns: Columns | None) -> dict[str, Panel]:
    """What the dates within the extract tell of the past; nothing where it does not keep closed work, or is no longer kept itself."""
    from caseclock.clocks.columns import Columns
    from caseclock.clocks.places import places
    from caseclock.pipeline.steps import coverage_of
    from caseclock.snapshots import store
    from caseclock.trends import from_dates

    full = (quality.coverage_of(c, extract.id) or coverage_of(house.source(extract.source))) == "full"
    of_cases = any(figure in from_dates.CASES for figure in figures)
    of_clocks = any(figure.partition(".")[0] in from_dates.CLOCKS for figure in figures)
    if not full or not (of_cases or of_clocks) or not (columns or store.is_saved(extract, house.settings.accepted)):
        return {}
    columns = columns or Columns(store.load(extract, house.settings.accepted))
    made = from_dates.case_panels(columns, house.source(extract.source).allocated_roles, ends) if of_cases else {}
    path = clocks_path(house, extract)
    if of_clocks and path.exists():
        import pandas as pd

        frame = pd.read_parquet(path, columns=["rule", "team", "state", "stopped_on"])
        made |= from_dates.clock_panels(frame, figures, places(columns), ends)
    return made


def _period(house: House, figure: str) -> int:
    """The days that a figure looks back."""
    measure = figure.partition(".")[0]
    return LOOKS_BACK.get(measure) or next((m.period_days for m in house.config.measures if m.id == measure), 7)


# --- what may come -----------------------------------------------------------------------------------------------------
def _foretold(house: House, panel: Panel, panels: Mapping[str, list[Panel]], as_of: dt.date) -> list[Foretold]:
    """The forecast of each place of a panel that has points enough."""
    import numpy as np

    from caseclock.trends import forecast
    from caseclock.trends.weeks import WEEK, monday_of, shape_of

    kind = kind_of(panel.figure)
    if kind == "share" or panel.step > 1 or not panel.places:
        return []
    holidays = house.config.trends.school_holidays
    coming = panel.ends[-1] + WEEK * np.arange(1, forecast.HORIZON + 1)
    past, ahead = (shape_of(ends, house.calendar, holidays) for ends in (panel.ends, coming))
    ratio = 1.0
    if kind == "flow":
        whole = next((p for p in panels[panel.figure] if COUNCIL in p.places), panel)
        row = whole.values[whole.places.index(COUNCIL)] if COUNCIL in whole.places else whole.values.sum(axis=0)
        if len(row) == len(past.working):
            ratio = forecast.school_ratio(row, past.working, past.school)
    made = (forecast.of_inflow if kind == "flow" else forecast.of_stock)(
        panel.values, forecast.share_of_week(past.working, past.school, ratio), forecast.share_of_week(ahead.working, ahead.school, ratio)
    )
    weeks = monday_of(coming).tolist()
    rows = zip(panel.places, made.value.tolist(), made.low.tolist(), made.high.tolist(), strict=True)
    return [
        Foretold(as_of, panel.figure, place, *one)
        for place, value, low, high in rows
        if value[0] == value[0]
        for one in zip(weeks, value, low, high, strict=True)
    ]


# --- what is shown -----------------------------------------------------------------------------------------------------
def _trends(
    house: House,
    panel: Panel,
    panels: Mapping[str, list[Panel]],
    as_of: dt.date,
    came: Iterable[Foretold],
    names: Mapping[str, str],
    places: Collection[str],
) -> Iterable[Trend]:
    from caseclock.trends.charts import chart, direction_of
    from caseclock.trends.model import WHY_NO_CHART
    from caseclock.trends.score import cover
    from caseclock.trends.weeks import shape_of

    config, figure, stock = house.config.trends, panel.figure, kind_of(panel.figure) == "stock"
    if not panel.places:
        return
    said: dict[str, list[Foretold]] = {}
    if figure in config.forecasts:
        for one in _foretold(house, panel, panels, as_of):
            said.setdefault(one.place, []).append(one)
    covered = cover(came, panel)
    shape = shape_of(panel.ends, house.calendar, config.school_holidays)
    measured = next((m for m in house.config.measures if m.id == figure.partition(".")[0]), None)
    direction = direction_of(figure, measured.direction if measured else "above")
    for i, place in enumerate(panel.places):
        lately = panel.values[i, -config.window_weeks :]
        if (places and place not in places) or not panel.n[i].any() or not (lately == lately).any():
            continue
        last = float(lately[-1])
        yield Trend(
            figure,
            _title(house, figure),
            place,
            _name(place, names),
            panel.weeks[-1].astype(object),
            None if last != last else last,
            float(panel.n[i, -1]),
            panel.origin,
            None if stock else chart(panel, place, shape, config, direction),
            WHY_NO_CHART if stock else None,
            tuple(said.get(place, ())),
            covered.get(place),
        )


def _warnings(house: House, c: Connection, taken: Mapping[dt.date, str]) -> list[Kept]:
    """The running check of the early warning, of the whole council."""
    from caseclock.trends.score import kept

    rules = [rule.id for rule in house.config.timescales]
    figures = [f"{kind}.{rule}" for kind in WARNED for rule in rules]
    values = forecasts.values_of(c, taken, figures, COUNCIL)
    found = {(figure, v.as_of): v.value for figure, rows in values.items() for v in rows}
    return kept(rules, list(taken), lambda figure, day: found.get((figure, day)), house.calendar)


def _notes(house: House, extract: Extract, made: Sequence[Trend]) -> list[str]:
    holidays = house.config.trends.school_holidays
    notes = []
    if not holidays or max(h.last for h in holidays) < extract.as_of:
        notes.append("No school holidays are listed for these weeks (trends.yaml): forecasts take them for usual weeks.")
    if any(t.origin == "dates" for t in made):
        notes.append("Weeks are read from the dates in the newest extract: what was entered late is in the week in which it happened.")
    return notes


def _wanted(house: House, config: TrendsConfig, figures: Collection[str]) -> list[str]:
    """The figures that are asked for. `in_time` stands for all that trends.yaml charts of it, else for all there are."""
    shown = list(dict.fromkeys((*config.charts, *config.forecasts)))
    if not figures:
        return shown
    rules = [rule.id for rule in house.config.timescales]
    known = [name for entry in house.config.measures for name in entry.figures(rules)]
    made = []
    for asked in figures:
        found = [f for f in shown if f == asked or f.partition(".")[0] == asked]
        found = found or [f for f in known if f == asked or f.partition(".")[0] == asked]
        if not found:
            raise WrongUse(f"{asked!r} is no measure that is on", allowed=f"one of {', '.join(m.id for m in house.config.measures)}")
        made += found
    return list(dict.fromkeys(made))


def _title(house: House, figure: str) -> str:
    measure, rule = figure.partition(".")[0], rule_of(figure)
    title = next((m.title for m in house.config.measures if m.id == measure), measure.replace("_", " "))
    timescale = next((r.title for r in house.config.timescales if r.id == rule), rule)
    return f"{title}: {timescale}" if timescale else title


def _name(place: str, names: Mapping[str, str]) -> str:
    if place == COUNCIL:
        return "all teams"
    return f"service {place.removeprefix(SERVICE)}" if place.startswith(SERVICE) else names.get(place, place)


def as_json(trend: Trend) -> dict[str, Any]:
    """One trend as `caseclock trends --json` prints it, with every point of its chart."""
    from caseclock.trends.wording import finding

    chart = trend.chart
    made: dict[str, Any] = {
        "measure": trend.figure,
        "title": trend.title,
        "team": trend.place,
        "team_name": trend.place_name,
        "week": trend.week,
        "value": trend.value,
        "n": trend.n,
        "read_from": trend.origin,
        "finding": finding(chart) if chart else None,
        "news": chart.news if chart else None,
        "why_no_chart": trend.why_no_chart,
        "forecast": [{"week": f.week, "value": f.value, "low": f.low, "high": f.high} for f in trend.forecast],
        "cover": vars(trend.cover) if trend.cover else None,
    }
    if chart is None:
        return made
    points = {"ends": chart.ends, "values": chart.values, "n": chart.n, "hollow": chart.hollow}
    return made | {
        "weeks_per_point": chart.weeks_per_point,
        "basis": chart.basis,
        "points": points,
        "spc": chart.xmr.as_json() if chart.xmr else None,
    }
