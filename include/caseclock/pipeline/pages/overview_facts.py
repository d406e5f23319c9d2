"""The figures of an overview: of the whole council, or of a viewer's own teams together, added up where that makes sense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, select

from caseclock.dashboard.model import At, Tone
from caseclock.extracts import Extract
from caseclock.measures.model import BANDS, COUNCIL, NO_TEAM, SERVICE
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Desk, Standing, Values, weekly
from caseclock.storage import schema as t
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure, why_silent

ASSESSMENT: Final = ("assessment_45_wt", "assessment_45_dfe")
"""Timescales of an assessment, the first that is on."""
CONFERENCE: Final = "s47_to_icpc"
ALLOCATION: Final = "allocation"
SUMMED: Final = (
    "open", "unallocated", "overdue", "due_5", "due_10", "expected_10", "arrivals", "departures", "net_change", "caseload_high", "age_band",
)  # fmt: skip
WEIGHTED: Final = ("in_time", "caseload")  # of several teams: the mean, each team by what its figure was made from
LARGEST: Final = ("oldest",)
WEEK: Final = dt.timedelta(7)
Pair = tuple[float | None, int]
Line = list[tuple[dt.date, float | None, int]]


@dataclass
class Facts:
    """`extract`: the newest that speaks. `open_now`: team, rule and severity to how many alerts are open.

    `places`: those with a row in the table of teams. `whole`: those that all figures together are of.
    """

    desk: Desk
    c: Connection
    at: At
    standing: Standing
    extract: Extract
    open_now: Mapping[tuple[str, str, str], int]
    values: Values = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    day_before: dt.date | None = None
    _past: dict[tuple[str, str], Tone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = self.desk.values(self.c, self.extract.id, self.each, None if self.at.scope.whole else self.places)
        for figure, found in self.desk.values(self.c, self.extract.id, self.together, self.whole).items():
            self.values.setdefault(figure, {}).update(found)
        self.day_before = self._week_ago()
        if self.day_before:
            then = self.standing.taken[self.day_before]
            self.before = self.desk.values(self.c, then, (f"overdue.{self.assessment}", "unallocated"), self.whole)

    def again(self, c: Connection) -> Facts:
        """The same figures, to be asked more of by another reading of the same state."""
        made = copy(self)
        made.c = c
        return made

    # --- what it is about ------------------------------------------------------------------------------------------------
    @property
    def house(self) -> House:
        return self.desk.house

    @cached_property
    def places(self) -> list[str]:
        mine = [team for team in self.standing.teams if self.at.scope.sees(team)]
        return [*mine, NO_TEAM] if self.at.scope.whole else mine

    @cached_property
    def whole(self) -> list[str]:
        return [COUNCIL] if self.at.scope.whole else self.places

    @property
    def one(self) -> str | None:
        """The place that all figures together are of, where it is one."""
        return self.whole[0] if len(self.whole) == 1 else None

    @property
    def together_words(self) -> str:
        """`all teams`, `your teams`, or the name of the only one."""
        return "all teams" if self.at.scope.whole else self.standing.name(self.one) if self.one else "your teams together"

    @cached_property
    def assessment(self) -> str:
        on = {rule.id for rule in self.house.config.timescales}
        return next((id for id in ASSESSMENT if id in on), ASSESSMENT[0])

    @property
    def each(self) -> list[str]:
        """Figures that are read of every team."""
        a = self.assessment
        limited = [rule.measure for rule in self.house.config.thresholds]
        own = ["open", "unallocated", f"overdue.{a}", f"due_5.{a}", f"due_10.{a}", f"expected_10.{a}", "caseload", f"overdue.{CONFERENCE}"]
        return list(dict.fromkeys((*own, *limited)))

    @property
    def aged(self) -> list[str]:
        """Timescales whose open work is shown by age."""
        known = next((m for m in self.house.config.measures if m.id == "age_band"), None)
        return list(known.rules or (ALLOCATION, self.assessment, CONFERENCE)) if known else []

    @property
    def together(self) -> list[str]:
        """Figures that are read of all together only."""
        bands = [f"age_band.{rule}.{band}" for rule in self.aged for band in BANDS]
        more = ["arrivals", "departures", "net_change", "caseload_high", "weeks_of_work", "load"]
        return [f"oldest.{ALLOCATION}", f"in_time.{CONFERENCE}", *more, *bands]

    # --- now, and a week ago ---------------------------------------------------------------------------------------------
    def now(self, figure: str) -> Pair:
        return self.of(figure, self.values)

    def of(self, figure: str, values: Values) -> Pair:
        found = values.get(figure, {})
        return combined(figure, [found[place] for place in self.whole if place in found])

    def _week_ago(self) -> dt.date | None:
        """The last date that speaks of a week before the newest, or a little longer ago."""
        day = max((d for d in self.standing.taken if d <= self.extract.as_of - WEEK), default=None)
        return day if day and day > self.extract.as_of - 2 * WEEK else None

    def has(self, figure: str) -> bool:
        return any(m.id == figure.partition(".")[0] for m in self.house.config.measures)

    # --- limits ------------------------------------------------------------------------------------------------------------
    def rules(self, figure: str, place: str) -> list[ThresholdRule]:
        team = place != COUNCIL and not place.startswith(SERVICE)
        return [r for r in self.by_measure.get(figure, ()) if (team and "*" in r.teams) or applies_to(r, place)]

    @cached_property
    def by_measure(self) -> dict[str, list[ThresholdRule]]:
        return by_measure(self.house.config.thresholds)

    def past(self, figure: str, place: str) -> Tone:
        """The worst limit that a figure is at or past in a place."""
        if (figure, place) not in self._past:
            self._past[figure, place] = self._judged(figure, place)
        return self._past[figure, place]

    def _judged(self, figure: str, place: str) -> Tone:
        value, n = self.values.get(figure, {}).get(place, (None, 0))
        found = {r.severity_of(value) for r in self.rules(figure, place) if value is not None and why_silent(r, value, n) is None}
        return "red" if "red" in found else "amber" if "amber" in found else ""

    def worst(self, figure: str) -> tuple[Tone, str]:
        """Of all that is in sight of a figure, by its limits and by what is open; and in words, where teams have limits of their own."""
        at_whole = self.past(figure, COUNCIL) if self.at.scope.whole else ""
        teams = [self.past(figure, place) for place in self.places]
        said = [f"{teams.count(one)} {one}" for one in ("red", "amber") if teams.count(one)]
        ids = {rule.id for rule in self.house.config.thresholds if rule.measure == figure}
        raised = [severity for _, rule, severity in self.open_now if rule in ids]
        all_ = (at_whole, *teams, *raised)
        tone: Tone = "red" if "red" in all_ else "amber" if "amber" in all_ else ""
        limited = any(self.rules(figure, place) for place in (*self.places, COUNCIL))
        words = f"Teams at or past their limit: {', '.join(said)}." if said and len(self.places) > 1 else ""
        if raised and not said:
            words = "An alert about it is still open." if len(raised) == 1 else f"{len(raised)} alerts about it are still open."
        return tone or ("green" if limited else ""), words

    # --- from week to week -----------------------------------------------------------------------------------------------
    def lines(self, figures: Collection[str], weeks: int) -> dict[str, Line]:
        """Of each figure all together, at the last extract of each week that has one. A week in which a team is missing has no figure."""
        taken = weekly(self.standing.taken, weeks)
        read = self.read(taken.values(), figures, self.whole)
        return {figure: summed(figure, list(taken.items()), read, self.whole) for figure in figures}

    def read(self, ids: Iterable[str], figures: Collection[str], places: Collection[str]) -> dict[tuple[str, str, str], Pair]:
        """(extract, figure, place) to its value and n."""
        m = t.measure_value.c
        where = (m.extract_id.in_(list(ids)), m.measure.in_(list(figures)), m.team.in_(list(places)))
        return {(i, f, p): (v, n) for i, f, p, v, n in self.c.execute(select(m.extract_id, m.measure, m.team, m.value, m.n).where(*where))}


def combined(figure: str, pairs: Sequence[Pair]) -> Pair:
    """Of several places; no figure for what cannot be worked out of theirs."""
    if len(pairs) == 1:
        return pairs[0]
    known, measure = [(v, n) for v, n in pairs if v is not None], figure.partition(".")[0]
    n = sum(n for _, n in known)
    if known and measure in SUMMED:
        return sum(v for v, _ in known), n
    if n and measure in WEIGHTED:
        return sum(v * each for v, each in known) / n, n
    return (max(v for v, _ in known), n) if known and measure in LARGEST else (None, 0)


def summed(figure: str, taken: Sequence[tuple[dt.date, str]], read: dict[tuple[str, str, str], Pair], places: Sequence[str]) -> Line:
    known = {p: [i for i, (_, id) in enumerate(taken) if (id, figure, p) in read] for p in places}
    made: Line = []
    for i, (day, id) in enumerate(taken):
        have = [p for p in places if (id, figure, p) in read]
        gap = any(at and at[0] < i < at[-1] and p not in have for p, at in known.items())
        made.append((day, None, 0) if gap or not have else (day, *combined(figure, [read[id, figure, p] for p in have])))
    return made
