"""Is demand changing, and is the backlog growing: control charts of what comes and goes, levels of what stands, and what is expected."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from caseclock.charts import control, level
from caseclock.dashboard.look import day_words
from caseclock.dashboard.pages.overview import Picture, Section
from caseclock.measures.model import COUNCIL
from caseclock.pipeline.pages.desk import weekly
from caseclock.pipeline.pages.overview_facts import Facts, Line
from caseclock.storage import panels
from caseclock.storage import schema as t
from caseclock.trends.records import Foretold, Value
from caseclock.trends.wording import finding as newest_point
from caseclock.trends.wording import foretold as range_words
from caseclock.trends.wording import number

if TYPE_CHECKING:
    from caseclock.trends.charts import Chart
    from caseclock.trends.panel import Panel

WEEKS: Final = 53  # a year, and the week that it is compared with
WIDE: Final = 440  # pixels: three of them stand in a row, and one on a narrow screen, with letters that can be read
HIGH: Final = 260
FLOWS: Final = {
    "arrivals": "Referrals received",
    "departures": "Referrals that ended",
    "net_change": "Received less ended",
}
STOCKS: Final = {"open": "Open cases", "unallocated": "Open cases with no worker"}
MINE: Final = "teams in sight"
NOT_ADDED: Final = (
    "What is expected of several teams together cannot be worked out from theirs: the page of each team has its own forecast."
)


def lines_of(facts: Facts) -> dict[str, Line]:
    """The weekly figures that both sections are made from."""
    return facts.lines([figure for figure in (*FLOWS, *STOCKS) if facts.has(figure)], WEEKS)


# --- demand --------------------------------------------------------------------------------------------------------
def demand(facts: Facts, lines: dict[str, Line], coming: dict[str, list[Foretold]]) -> tuple[Section, list[Chart]]:
    """The section, and its charts."""
    charts = [(words, made) for figure, words in FLOWS.items() if (made := _chart(facts, figure, lines.get(figure, [])))]
    if not charts:
        return Section("No week of referrals received and ended is known yet. It takes extracts of two weeks; limits need 13 weeks."), []
    said = "; ".join(f"{words.lower() if i else words}: {newest_point(made)}" for i, (words, made) in enumerate(charts)) + "."
    notes = [f"Expected: {_coming(coming['arrivals'])}."] if coming.get("arrivals") else [NOT_ADDED] if facts.one is None else []
    pictures = tuple(_control(made, f"{words} {_each(made)}, {facts.together_words}") for words, made in charts)
    return Section(said, pictures, tuple(notes)), [made for _, made in charts]


def _each(chart: Chart) -> str:
    return "each week" if chart.weeks_per_point == 1 else f"in {chart.weeks_per_point} weeks"


def _coming(rows: list[Foretold]) -> str:
    one = rows[0]
    return f"{range_words(one)} referrals received in the week of {day_words(one.week)}; 8 of 10 weeks are to lie in such a range"


def _control(chart: Chart, subject: str) -> Picture:
    marks = chart.xmr.point_type if chart.xmr else [None] * len(chart.ends)
    words = {kind: said for kind, (_, _, said) in control.SHAPES.items()}
    rows = [
        (day_words(day), number(value), words.get(mark or "", "–") + (", holidays" if hollow else ""))
        for day, value, mark, hollow in zip(chart.ends, chart.values, marks, chart.hollow, strict=True)
    ]
    return Picture(subject, control.draw(chart, subject, width=WIDE, height=HIGH), ("Up to", "Figure", "What it is"), tuple(reversed(rows)))


def _chart(facts: Facts, figure: str, line: Line) -> Chart | None:
    from caseclock.trends.charts import chart, direction_of
    from caseclock.trends.weeks import shape_of

    measure = next((m for m in facts.house.config.measures if m.id == figure), None)
    made = (_kept(facts, figure) or _stored(facts, figure, line, measure.period_days)) if measure else None
    if measure is None or made is None or not made.places or not len(made.weeks):
        return None
    config = facts.house.config.trends
    shape = shape_of(made.ends, facts.house.calendar, config.school_holidays)
    return chart(made, made.places[0], shape, config, direction_of(figure, measure.direction))


def _kept(facts: Facts, figure: str) -> Panel | None:
    """From the dates within the newest extract, where they are kept; of several teams their sum."""
    import numpy as np

    from caseclock.trends.panel import Panel

    wanted = set(facts.whole)
    for found in panels.load(facts.c, facts.at.source, figure, facts.extract.id):
        have = found.only(tuple(wanted & set(found.places)))
        if facts.one and have.places:
            return have
        if have.places and wanted & set(found.places) == wanted & set(facts.values.get("open", {})):
            values, n = have.values.sum(axis=0, keepdims=True), np.nansum(have.n, axis=0, keepdims=True)
            return Panel(figure, (MINE,), have.weeks, have.ends, values, n, have.origin, have.step)
    return None


def _stored(facts: Facts, figure: str, line: Line, period: int) -> Panel:
    from caseclock.trends.series import of_extracts

    place = facts.one or MINE
    return of_extracts(figure, [day for day, _, _ in line], [Value(day, place, v, n) for day, v, n in line if v is not None], period)


# --- backlog -------------------------------------------------------------------------------------------------------
def backlog(facts: Facts, lines: dict[str, Line], coming: dict[str, list[Foretold]]) -> Section:
    levels = {figure: _level(facts, figure, words, lines[figure], coming) for figure, words in STOCKS.items() if figure in lines}
    shown = {figure: made for figure, made in levels.items() if made.known}
    if not shown:
        return Section("No figure of open cases is known yet.")
    said = [_standing(STOCKS[figure], made) for figure, made in shown.items()]
    weeks, _ = facts.now("weeks_of_work")
    if weeks is not None and facts.one:
        said.append(f"At the pace of the last 13 weeks the open cases are {number(round(weeks, 1))} weeks of work")
    notes = [_of_teams(facts, figure) for figure in shown] + ([NOT_ADDED] if facts.one is None else [])
    notes += (
        ["These are the first figures; from the second week on there is a line."] if all(len(m.known) < 2 for m in shown.values()) else []
    )
    pictures = tuple(_picture(made) for made in shown.values())
    return Section(". ".join(said) + ".", pictures, tuple(note for note in notes if note))


def _standing(words: str, made: level.Level) -> str:
    value, went = made.known[-1][1], level.course(made)
    return f"{words}: {made.said(value)}" + (f", {went}" if went else "")


def _level(facts: Facts, figure: str, words: str, line: Line, coming: dict[str, list[Foretold]]) -> level.Level:
    rules = facts.rules(figure, facts.one) if facts.one else []
    points = tuple((day, value) for day, value, _ in line)
    held = held_weeks(facts, points[0][0]) if points else ()
    return level.Level(
        f"{words}, {facts.together_words}",
        points,
        "cases",
        rules[0].amber if len(rules) == 1 else None,
        rules[0].red if len(rules) == 1 else None,
        tuple((f.week, f.value, f.low, f.high) for f in coming.get(figure, [])),
        held,
        "above",
    )


def _picture(made: level.Level) -> Picture:
    rows = [(day_words(day), "–" if value is None else made.said(value), "") for day, value in made.points]
    ahead = [
        (day_words(day), number(round(value)), f"expected; {math.floor(max(0, low)):,} to {math.ceil(high):,}")
        for day, value, low, high in made.coming
    ]
    return Picture(made.subject, level.draw(made, width=WIDE, height=HIGH), ("Date", "Figure", "Note"), (*reversed(ahead), *reversed(rows)))


def _of_teams(facts: Facts, figure: str) -> str:
    """The limits of teams are no limits of their sum."""
    rules = {(r.amber, r.red) for place in facts.places for r in facts.rules(figure, place)}
    if (facts.one and facts.rules(figure, facts.one)) or len(rules) != 1:
        return ""
    amber, red = rules.pop()
    return f"{STOCKS[figure]}: the limits hold for each team by itself, amber at {amber:g} and red at {red:g}."


def held_weeks(facts: Facts, since: dt.date) -> tuple[dt.date, ...]:
    """The last date of each week that has extracts of which none speaks."""
    e = t.extract.c
    query = select(e.as_of).where(e.source == facts.at.source, e.as_of >= str(since), e.superseded.is_(None)).distinct()
    days = [dt.date.fromisoformat(day) for day in facts.c.execute(query).scalars()]
    speaks = {day.isocalendar()[:2] for day in facts.standing.taken}
    last = {day.isocalendar()[:2]: day for day in sorted(days)}
    return tuple(day for week, day in sorted(last.items()) if week not in speaks)


# --- what was foretold -----------------------------------------------------------------------------------------------
def coming_of(facts: Facts) -> dict[str, list[Foretold]]:
    """What is foretold as of the newest extract; nothing for several teams together."""
    return _foretold(facts, {facts.extract.as_of: facts.extract.id}) if facts.one else {}


def covers(facts: Facts, lines: dict[str, Line], since: int) -> dict[str, tuple[int, int]]:
    """Of the forecasts of the last `since` weeks: how many weeks lay within the range, and of how many."""
    from caseclock.trends.score import cover

    if facts.one != COUNCIL:
        return {}
    said = _foretold(facts, weekly(facts.standing.taken, since))
    found = {f: cover(said.get(f, []), _stored(facts, f, lines[f], 7)).get(COUNCIL) for f in ("arrivals", *STOCKS) if f in lines}
    return {figure: (one.inside, one.of) for figure, one in found.items() if one and one.of}


def _foretold(facts: Facts, taken: dict[dt.date, str]) -> dict[str, list[Foretold]]:
    f, days = t.forecast.c, {id: day for day, id in taken.items()}
    query = select(t.forecast).where(f.extract_id.in_(list(days)), f.measure.in_(("arrivals", *STOCKS)), f.team == facts.one)
    made: dict[str, list[Foretold]] = {}
    for r in facts.c.execute(query):
        made.setdefault(r.measure, []).append(
            Foretold(days[r.extract_id], r.measure, r.team, dt.date.fromisoformat(r.week), r.value, r.low, r.high)
        )
    return {figure: sorted(rows) for figure, rows in made.items()}
