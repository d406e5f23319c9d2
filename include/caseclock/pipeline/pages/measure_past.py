"""The past of a figure at a place: its charts, what they say, and where they have gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from caseclock.dashboard.look import day_words
from caseclock.dashboard.pages.measure import Picture
from caseclock.measures import MeasureConfig
from caseclock.pipeline.house import House
from caseclock.pipeline.pages import measure_pictures as pictures
from caseclock.pipeline.pages import measure_series as series
from caseclock.pipeline.pages import measure_words as words
from caseclock.pipeline.pages.desk import Standing
from caseclock.trends.model import kind_of

if TYPE_CHECKING:
    from caseclock.thresholds import ThresholdRule
    from caseclock.trends.records import Foretold


@dataclass(frozen=True)
class Past:
    """What is shown of the past. `first`: its first day; `held`: days whose extract does not speak."""

    finding: str
    says: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    first: dt.date | None = None
    missing: int = 0
    held: tuple[dt.date, ...] = ()
    points: int = 0


@dataclass(frozen=True)
class About:
    """One figure at one place, and what is asked for each of its parts."""

    house: House
    standing: Standing
    entry: MeasureConfig
    figure: str
    place: str
    rules: Sequence[ThresholdRule]

    @property
    def subject(self) -> str:
        return f"{words.title(self.house, self.figure)}, {self.standing.name(self.place)}"


def past_of(c: Connection, about: About, show: str, value: float | None) -> Past:
    standing, figure, place = about.standing, about.figure, about.place
    if standing.extract is None:
        return Past("")
    coming = series.foretold(c, standing, figure, place)
    if kind_of(figure) == "stock" and show == "daily":
        return _level(c, about, series.daily(c, standing, figure, place), coming)
    panel = series.panel_of(about.house, c, standing, figure, place)
    if panel is None:
        return Past("")
    made = pictures.chart_of(about.house, about.entry, panel)
    if made is None:
        points = series.points_of(panel)
        if points[-1][0] < standing.extract.as_of:
            points.append((standing.extract.as_of, value))
        return _level(c, about, points[-int(show) :], coming)
    if not any(v is not None for v in made.values):
        return Past("")
    from caseclock.trends.wording import finding

    drawn = [pictures.control(about.entry, made, about.subject)]
    gone = sum(v is None for v in made.values)
    says = pictures.said_of(about.house, about.entry, made, panel, about.rules)
    ahead = (pictures.foretold_flow(about.entry, about.subject, series.points_of(panel)[-26:], about.rules, coming),) if coming else ()
    return Past(
        finding(made),
        says,
        (*drawn, *ahead),
        made.ends[0],
        gone,
        tuple(series.silent_days(c, about.standing, made.ends[0])),
        len(made.values),
    )


def _level(c: Connection, about: About, points: list[series.Point], coming: list[Foretold]) -> Past:
    while points and points[0][1] is None:
        points = points[1:]
    if not points:
        return Past("")
    held = series.silent_days(c, about.standing, points[0][0])
    drawn, said = pictures.level(about.entry, about.subject, points, about.rules, coming, held)
    return Past(said, (), (drawn,), points[0][0], sum(v is None for _, v in points), tuple(held), len(points))


def gaps(past: Past) -> tuple[str, ...]:
    if past.first is None:
        return ()
    said = []
    if past.held:
        named = ", ".join(day_words(day) for day in past.held[-6:])
        said.append(f"Extracts that came and do not speak, since they did not pass their quality check or could not be read: {named}.")
    if past.missing:
        said.append(f"{past.missing} of {past.points} points have no figure: no extract spoke then, or there was nothing to make it from.")
    return tuple(said)
