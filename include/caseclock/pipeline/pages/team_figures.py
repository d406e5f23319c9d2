"""The figures of one place: now, a week and four weeks before, week by week, and beside others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, case, func, not_, select

from caseclock.charts import spark
from caseclock.dashboard.look import day_words, number
from caseclock.dashboard.model import At, Tone
from caseclock.dashboard.pages.team import Change, Figure, Group
from caseclock.measures import MeasureConfig
from caseclock.measures.model import COUNCIL, GROUPS, NO_TEAM, PER_RULE, SERVICE, rule_of, title_of
from caseclock.pipeline.pages.desk import Desk, Standing, weekly
from caseclock.pipeline.pages.team_words import change, limit_words, worst
from caseclock.storage import schema as t
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, why_silent

WEEKS: Final = 12
DUE: Final = ("overdue", "due_5", "expected_5", "due_10", "expected_10", "fell_due_5")
"""Per timescale in a table of their own."""
ELSEWHERE: Final = ("due_soon", "due_5", "expected_5", "due_10", "expected_10", "fell_due_5", "age_band")
"""Not among the measures one by one: the table of what comes due has them, or the page of the measure."""
SUMMED: Final = ("cases", "children", "clocks", "workers")
AVERAGES: Final = ("caseload", "caseload_fte", "caseload_top", "workers_per_child", "target_queue")
"""In a unit that is counted, and no counts themselves: of several teams there is no sum."""
RANK: Final = ("red", "amber", "", "green")
Pair = tuple[float | None, int]


@dataclass
class Figures:
    """`ids`: by day the extracts that are read: the newest, those before it, and one of each week."""

    desk: Desk
    at: At
    c: Connection
    standing: Standing
    place: str

    # --- read ----------------------------------------------------------------------------------------------------------
    @cached_property
    def day(self) -> dt.date:
        assert self.standing.extract
        return self.standing.extract.as_of

    @cached_property
    def now(self) -> dict[str, Pair]:
        """All figures of the newest extract at this place."""
        assert self.standing.extract
        found = self.desk.values(self.c, self.standing.extract.id, self._known, [self.place])
        return {figure: of[self.place] for figure, of in found.items()}

    @cached_property
    def weeks(self) -> list[dt.date]:
        return sorted(weekly(self.standing.taken, WEEKS))

    def before(self, days: int) -> dt.date | None:
        """The newest extract that is so many days older, and less than a week more."""
        upto = self.day - dt.timedelta(days=days)
        week = (upto - dt.timedelta(days=by) for by in range(7))
        return next((day for day in week if day in self.standing.taken), None)

    @cached_property
    def past(self) -> dict[tuple[str, dt.date], Pair]:
        m, days = t.measure_value.c, {*self.weeks, *(d for d in (self.before(7), self.before(28)) if d)}
        ids = {self.standing.taken[d]: d for d in days}
        query = select(m.extract_id, m.measure, m.value, m.n).where(
            m.extract_id.in_(list(ids)), m.measure.in_(list(self.shown)), m.team == self.place
        )
        return {(figure, ids[id_]): (value, n) for id_, figure, value, n in self.c.execute(query)}

    # --- which -----------------------------------------------------------------------------------------------------------
    @cached_property
    def _measures(self) -> dict[str, MeasureConfig]:
        return {m.id: m for m in self.desk.house.config.measures}

    @cached_property
    def _known(self) -> list[str]:
        rules = [rule.id for rule in self.desk.house.config.timescales]
        return [figure for m in self._measures.values() for figure in m.figures(rules)]

    @cached_property
    def shown(self) -> list[str]:
        """Those with a row of their own; of a timescale only where something is counted, or a limit is set."""
        made = []
        for figure, (value, n) in self.now.items():
            measure = figure.partition(".")[0]
            if measure not in self._measures or measure in ELSEWHERE:
                continue
            of_rule = measure in PER_RULE and rule_of(figure) is not None
            if not of_rule or self.limits(figure) or (measure != "open" and (n or value)):
                made.append(figure)
        return made

    def limits(self, figure: str) -> list[ThresholdRule]:
        return [rule for rule in self._limits.get(figure, ()) if applies_to(rule, self.place)]

    @cached_property
    def _limits(self) -> Mapping[str, Sequence[ThresholdRule]]:
        made: dict[str, list[ThresholdRule]] = {}
        for rule in self.desk.house.config.thresholds:
            made.setdefault(rule.measure, []).append(rule)
        return made

    def band(self, figure: str) -> Tone:
        """By its own limits as they are now; empty where there is none, or the figure is made from too few."""
        value, n = self.now[figure]
        return worst(
            [rule.severity_of(value) or "green" for rule in self.limits(figure) if value is not None and not why_silent(rule, value, n)]
        )

    # --- beside others -----------------------------------------------------------------------------------------------------
    @cached_property
    def _sums(self) -> dict[str, tuple[float, float, int, int]]:
        """By figure over the teams that this viewer may see: sum, sum weighed by n, sum of n, teams that count anything."""
        assert self.standing.extract
        m = t.measure_value.c
        query = select(
            m.measure,
            func.sum(m.value),
            func.sum(m.value * m.n),
            func.sum(case((m.value.is_not(None), m.n), else_=0)),
            func.sum(case((m.n > 0, 1), else_=0)),
        ).where(m.extract_id == self.standing.extract.id, m.measure.in_(list({*self.shown, "open"})), m.team != COUNCIL, m.team != NO_TEAM)
        services = m.team.like(f"{SERVICE}%")
        query = query.where(services if self.place.startswith(SERVICE) else not_(services))
        if self.at.scope.teams is not None:
            query = query.where(m.team.in_(sorted(self.at.scope.teams)))
        return {row[0]: (row[1] or 0.0, row[2] or 0.0, row[3] or 0, row[4] or 0) for row in self.c.execute(query.group_by(m.measure))}

    @cached_property
    def _council(self) -> dict[str, Pair]:
        if not self.at.scope.whole or not self.standing.extract:
            return {}
        found = self.desk.values(self.c, self.standing.extract.id, self.shown, [COUNCIL])
        return {figure: of[COUNCIL] for figure, of in found.items()}

    def beside(self, figure: str) -> str:
        """Of counts the mean of teams; of shares and averages the figure of all teams, which is no mean of theirs."""
        if self.place == COUNCIL or figure not in self._sums:
            return ""
        measure, unit = figure.partition(".")[0], self.unit(figure)
        total, weighed, n, teams = self._sums[figure]
        kind = "services" if self.place.startswith(SERVICE) else "teams"
        if unit in SUMMED and measure not in AVERAGES:
            among = teams if rule_of(figure) else self._sums.get("open", (0, 0, 0, 0))[3]
            return f"{number(round(total / among, 1))} (mean of {among} {kind})" if among > 1 else ""
        if self.at.scope.whole:
            value = self._council.get(figure, (None, 0))[0]
            return "" if value is None else f"{number(_short(value), unit)} (all teams together)"
        return f"{number(_short(weighed / n), unit)} (your teams together)" if unit == "per cent" and n else ""

    # --- rows --------------------------------------------------------------------------------------------------------------
    def unit(self, figure: str) -> str:
        return self._measures[figure.partition(".")[0]].unit

    def title(self, figure: str) -> str:
        said = title_of(figure, *self._titles)
        return said[:1].upper() + said[1:]

    @cached_property
    def _titles(self) -> tuple[dict[str, str], dict[str, str]]:
        """Of measures and of timescales."""
        config = self.desk.house.config
        return {m.id: m.title for m in config.measures}, {r.id: r.title for r in config.timescales}

    def row(self, figure: str) -> Figure:
        value, n = self.now[figure]
        series = tuple(self.past.get((figure, day), (None, 0))[0] for day in self.weeks)
        limits, unit, band = self.limits(figure), self.unit(figure), self.band(figure)
        title = self.title(figure)
        line = spark.Spark(title, series, unit, limits[0].amber if limits else None, band)
        weeks = tuple(number(None if v is None else _short(v), unit) for v in series)
        return Figure(
            figure, title, number(None if value is None else _short(value), unit), n, band, limit_words(limits),
            self._change(figure, 7), self._change(figure, 28), self.beside(figure), spark.draw(line), weeks,
        )  # fmt: skip

    def _change(self, figure: str, days: int) -> Change:
        day, measure = self.before(days), self._measures[figure.partition(".")[0]]
        was = self.past.get((figure, day), (None, 0))[0] if day else None
        return change(self.now[figure][0], was, measure.unit, measure.id, measure.direction)

    def groups(self) -> Iterable[Group]:
        """Those with a limit first, once more; then all by what they are about."""
        rows = {figure: self.row(figure) for figure in self.shown}
        limited = sorted((row for row in rows.values() if row.limit), key=lambda row: (RANK.index(row.rag), row.title))
        if limited:
            yield Group("With a limit", tuple(limited), open=True)
        yield from self._by_subject(rows)

    def _by_subject(self, rows: Mapping[str, Figure]) -> Iterable[Group]:
        for title, ids in GROUPS.items():
            mine = [row for id_ in ids for figure, row in rows.items() if figure.partition(".")[0] == id_]
            known = {figure.partition(".")[0] for figure in self.now}
            without = [self._measures[id_].title for id_ in ids if id_ in self._measures and id_ not in known]
            if mine or without:
                said = f"Not known here from the extract of {day_words(self.day)}: {', '.join(without)}." if without else ""
                yield Group(title[:1].upper() + title[1:], tuple(mine), said)


def _short(value: float) -> float:
    return round(value, 1)
