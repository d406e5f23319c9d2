"""The figure of one alert over time, with its limits and since when it is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, or_, select

from caseclock.charts import recent
from caseclock.dashboard.look import day_words
from caseclock.dashboard.pages.alert import Chart
from caseclock.pipeline.pages.alert_words import capital, value_words
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.storage import schema as t

if TYPE_CHECKING:
    from caseclock.notifications.model import Item
    from caseclock.thresholds import ThresholdRule

BEFORE: Final = dt.timedelta(weeks=12)  # shown before the alert opened, and after it ended a few
AFTER: Final = dt.timedelta(weeks=4)
MOST: Final = 160  # points
WIDTH, HEIGHT = 880, 260


def chart_of(c: Connection, desk: Desk, standing: Standing, row: dict[str, Any], item: Item, rule: ThresholdRule) -> Chart | None:
    """None without a figure in that time."""
    from caseclock.notifications.wording import place, plain

    closed = dt.date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
    first, last = (item.since or item.as_of) - BEFORE, closed + AFTER if closed else dt.date.max
    taken = {day: id_ for day, id_ in standing.taken.items() if first <= day <= last}
    points = _points(c, taken, rule.measure, row["team"])[-MOST:]
    if not points:
        return None
    made = recent.Recent(
        subject=capital(plain(item.title, 120)), points=tuple(points), unit=rule.unit, amber=rule.amber, red=rule.red, since=item.since,
        held=_held(c, row["source"], points[0][0], last, set(taken)), closed=closed is not None, place=place(item),
    )  # fmt: skip
    table = tuple((day_words(day), value_words(item, value)) for day, value in reversed(points))
    return Chart(
        recent.draw(made, width=WIDTH, height=HEIGHT), f"{made.whole}, with the limits in force now", ("Extract of", "Figure"), table
    )


def _points(c: Connection, taken: dict[dt.date, str], figure: str, place: str) -> list[tuple[dt.date, float]]:
    """By primary key: the extracts of some months, of one figure."""
    m, days = t.measure_value.c, {id_: day for day, id_ in taken.items()}
    chosen: Sequence[str] = [taken[day] for day in sorted(taken)][-MOST:]
    query = select(m.extract_id, m.value).where(m.extract_id.in_(chosen), m.measure == figure, m.team == place)
    return sorted((days[id_], value) for id_, value in c.execute(query) if value is not None)


def _held(c: Connection, source: str, first: dt.date, last: dt.date, taken: set[dt.date]) -> tuple[dt.date, ...]:
    """Days of extracts that came and do not speak."""
    e, q = t.extract.c, t.quality_report.c
    query = (
        select(e.as_of)
        .select_from(t.extract.outerjoin(t.quality_report, q.extract_id == e.id))
        .where(e.source == source, e.as_of.between(str(first), str(last)), e.superseded.is_(None))
        .where(or_(e.refused.is_not(None), q.verdict == "hold"))
    )
    return tuple(sorted({dt.date.fromisoformat(day) for (day,) in c.execute(query)} - taken))
