"""Where a figure stands: against earlier extracts, and team by team."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from caseclock.dashboard.model import At
from caseclock.dashboard.pages.measure import Change, PlaceLine
from caseclock.measures import MeasureConfig
from caseclock.measures.model import COUNCIL, SERVICE
from caseclock.pipeline.pages import measure_limits as limits
from caseclock.pipeline.pages import measure_series as series
from caseclock.pipeline.pages import measure_words as words
from caseclock.pipeline.pages.measure_past import About
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to

MOST: Final = 200  # teams in the table
AGO: Final = ((7, "Against a week before"), (28, "Against four weeks before"), (364, "Against a year before"))
Found = Mapping[str, tuple[float | None, int]]
"""Place to value and n, of the newest extract that speaks."""


def changes_of(c: Connection, about: About, value: float | None) -> tuple[Change, ...]:
    if about.standing.extract is None:
        return ()
    today = about.standing.extract.as_of
    older = {day: id_ for day, id_ in about.standing.taken.items() if day < today}
    days = {said: series.near(older, today - dt.timedelta(ago)) for ago, said in AGO}
    found = series.earlier(c, about.standing, about.figure, about.place, [day for day in days.values() if day])
    return tuple(_change(about.entry, said, day, found.get(day) if day else None, value) for said, day in days.items())


def _change(entry: MeasureConfig, said: str, day: dt.date | None, then: float | None, now: float | None) -> Change:
    if day is None:
        return Change(said, None, "–", "no extract of that time")
    if then is None:
        return Change(said, day, "–", "it had no such figure")
    if now is None:
        return Change(said, day, words.value_words(entry, then), "–")
    places = 2 if entry.unit == "ratio" else 1  # of the figures as they are shown, so that a reader can add up
    moved = round(now, places) - round(then, places)
    size = words.value_words(entry, abs(moved)).removesuffix("%")
    by = f"{size} points" if entry.unit == "per cent" else size
    same = abs(moved) < 10.0**-places / 2
    return Change(said, day, words.value_words(entry, then), "the same" if same else f"{'up' if moved > 0 else 'down'} by {by}")


def amounts(rules: Sequence[ThresholdRule]) -> list[float]:
    return [limit for rule in rules for limit in (rule.amber, rule.red)]


def lines_of(at: At, about: About, found: Found, *, service: bool) -> tuple[tuple[PlaceLine, ...], int]:
    """Teams, or services, that the viewer may see, and how many there are beyond those."""
    seen = [p for p in found if p != COUNCIL and p.startswith(SERVICE) == service and at.scope.sees(p)]
    sign = 1 if about.entry.direction == "below" else -1
    order = sorted(seen, key=lambda p: ((v := found[p][0]) is None, sign * (v or 0.0), about.standing.name(p).casefold(), p))
    looking = [rule for rule in about.house.config.thresholds if rule.measure == about.figure]
    made = []
    for place in order[:MOST]:
        value, n = found[place]
        rules = [rule for rule in looking if applies_to(rule, place)]
        state, tone = limits.state_of(rules, value, n)
        said = words.value_words(about.entry, value, amounts(rules))
        made.append(PlaceLine(place, about.standing.name(place), said, f"{n:,}", state, tone, place == about.place))
    return tuple(made), max(0, len(order) - MOST)
