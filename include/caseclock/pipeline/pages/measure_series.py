"""The past of one figure at one place: from the kept series of the newest extract, else from the values of past extracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, or_, select

from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Standing, weekly
from caseclock.storage import forecasts, panels
from caseclock.storage import schema as t
from caseclock.trends.model import LOOKS_BACK

if TYPE_CHECKING:
    from caseclock.trends.panel import Panel
    from caseclock.trends.records import Foretold

WEEKS: Final = 104
DAILY: Final = dt.timedelta(weeks=13)
WEEK: Final = 7
Point = tuple[dt.date, float | None]


def panel_of(house: House, c: Connection, standing: Standing, figure: str, place: str) -> Panel | None:
    """The weekly series that holds the place. None where no extract had a figure of it."""
    from caseclock.trends.series import of_extracts

    if standing.extract is None:
        return None
    kept = panels.load(c, standing.source, figure, standing.extract.id)
    for panel in kept:
        if place in panel.places:
            return panel.only((place,))
    weeks = weekly(standing.taken, WEEKS)
    values = forecasts.values_of(c, weeks, [figure], place)[figure]
    made = of_extracts(figure, list(weeks), values, period_of(house, figure))
    return made if made.places else None


def points_of(panel: Panel) -> list[Point]:
    """Day and value of each week; None is a gap."""
    days = panel.ends.astype("datetime64[D]").tolist()
    return [(day, None if value != value else value) for day, value in zip(days, panel.values[0].tolist(), strict=True)]


def daily(c: Connection, standing: Standing, figure: str, place: str) -> list[Point]:
    """The value of each extract of the last weeks, by primary key."""
    newest = max(standing.taken)
    taken = {day: id_ for day, id_ in standing.taken.items() if day > newest - DAILY}
    found = {v.as_of: v.value for v in forecasts.values_of(c, taken, [figure], place)[figure]}
    return [(day, found.get(day)) for day in sorted(taken)]


def period_of(house: House, figure: str) -> int:
    """The days that a figure looks back."""
    measure = figure.partition(".")[0]
    return LOOKS_BACK.get(measure) or next((m.period_days for m in house.config.measures if m.id == measure), 7)


def foretold(c: Connection, standing: Standing, figure: str, place: str) -> list[Foretold]:
    """What is foretold as of the newest extract that speaks."""
    from caseclock.trends.records import Foretold

    if standing.extract is None:
        return []
    f = t.forecast.c
    query = select(f.week, f.value, f.low, f.high).where(f.extract_id == standing.extract.id, f.measure == figure, f.team == place)
    as_of = standing.extract.as_of
    return sorted(Foretold(as_of, figure, place, dt.date.fromisoformat(week), *rest) for week, *rest in c.execute(query).all())


def silent_days(c: Connection, standing: Standing, first: dt.date) -> list[dt.date]:
    """Days from `first` on whose extract came and does not speak: quality holds it, or it could not be read."""
    e, q = t.extract.c, t.quality_report.c
    query = (
        select(e.as_of)
        .select_from(t.extract.outerjoin(t.quality_report, q.extract_id == e.id))
        .where(e.source == standing.source, e.as_of >= str(first), e.superseded.is_(None))
        .where(or_(e.refused.is_not(None), q.verdict == "hold"))
    )
    found = {dt.date.fromisoformat(day) for (day,) in c.execute(query)}
    return sorted(found - set(standing.taken))


def near(taken: Mapping[dt.date, str], day: dt.date) -> dt.date | None:
    """The extract nearest to a day, less than a week from it; of two as near the earlier one, as charts have it."""
    about = (day + dt.timedelta(by) for by in range(1 - WEEK, WEEK))
    found = [known for known in about if known in taken]
    return min(found, key=lambda known: (abs((known - day).days), known), default=None)


def earlier(c: Connection, standing: Standing, figure: str, place: str, days: list[dt.date]) -> dict[dt.date, float]:
    """Values of past extracts, of the days that have one."""
    wanted = {day: standing.taken[day] for day in days}
    return {v.as_of: v.value for v in forecasts.values_of(c, wanted, [figure], place)[figure] if v.value is not None}
