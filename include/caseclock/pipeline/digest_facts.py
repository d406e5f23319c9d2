"""The facts of one week for each audience, read from the store. Every figure of children comes from the protected records of weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Connection, select

from caseclock.digest.content import Benchmark, Content, Currency, Heat, Line, Rag, Relook, Revised
from caseclock.digest.disclosure import is_small
from caseclock.digest.record import Record, kind_of, record_from
from caseclock.digest.shown import Shown
from caseclock.digest.tree import OTHER, service_id
from caseclock.digest.week import A_WEEK, Week, week_of
from caseclock.extracts.supplementary.said import cannot_show
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE, title_of
from caseclock.pipeline.digest_alerts import Alerts, Scope
from caseclock.pipeline.digest_flow import Series, coming, demand, forecasts_of, signals
from caseclock.pipeline.digest_records import STAFFING, WEEKS, coming_rules, keep_record, records
from caseclock.pipeline.house import House
from caseclock.pipeline.people import RELEASED, cadence_of
from caseclock.storage import digests, ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import decision_of
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.forecasts import values_of
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    from caseclock.thresholds import ThresholdRule

__all__ = ["contents", "keep_record"]

WHOLE: Final = "council"
RECENT, HISTORY = 12, 26  # weeks of a line, and of demand
POOLS: Final = {"low_priority": "low or no priority", "nfa": "no further action", "longest_unallocated": "unallocated the longest"}
HELD: Final = "the newest data did not pass its quality check, and data engineers know why"
"""The reasons themselves count rows, and a row may be a child."""


def contents(
    house: House, c: Connection, source: str, week: str, first_day: dt.date, last_day: dt.date, cut_off: dt.datetime, revision: int
) -> dict[str, Content]:
    """Audience (`council`, or the id of a service of routes.yaml that has readers) to what it is to know. Needs the record of the week."""
    facts = _Week(house, c, source, week_of(first_day), cut_off, revision)
    audiences = {WHOLE: COUNCIL}
    audiences |= {id: service_id(id) for id, service in house.config.routes.services.items() if service.digest and service.is_of(source)}
    return {audience: facts.content(audience, place) for audience, place in audiences.items()}


@dataclass
class _Week:
    house: House
    c: Connection
    source: str
    week: Week
    cut_off: dt.datetime
    revision: int

    # --- what is read once ---------------------------------------------------------------------------------------------
    @cached_property
    def series(self) -> Series:
        weeks = [Week(self.week.first_day - n * A_WEEK) for n in range(WEEKS - 1, -1, -1)]
        return Series(weeks, records(self.c, self.source, self.week, WEEKS), {week_of(day): day for day in self.taken})

    @cached_property
    def taken(self) -> Mapping[dt.date, str]:
        return speaking(self.c, self.source, self.week.last_day)

    @property
    def now(self) -> Record | None:
        return self.series.records[-1]

    @cached_property
    def newest(self) -> Record | None:
        """Of the week, or of the last one before it that had figures."""
        return next((record for record in reversed(self.series.records) if record), None)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Place to what people call it; teams of one name are told apart by their ids."""
        listed = ledger.place_names(self.c, self.source)
        teams = {place: name for place, name in listed.items() if not place.startswith(SERVICE)}
        again = {name for name in teams.values() if list(teams.values()).count(name) > 1}
        made = {place: f"{name} ({place})" if name in again else name for place, name in teams.items()}
        made |= {service_id(id): id.replace("-", " ").replace("_", " ").capitalize() for id in self.house.config.routes.services}
        return made | {COUNCIL: "All teams", NO_TEAM: "No team", service_id(OTHER): "Other teams"}

    @cached_property
    def alerts(self) -> Alerts:
        kept = {week: record for week, record in zip(self.series.weeks, self.series.records, strict=True) if record}
        return Alerts(self.house, self.c, self.source, self.week, self.cut_off, kept)

    @cached_property
    def values(self) -> Mapping[str, Mapping[str, tuple[float | None, int]]]:
        """Of the extract of the week: figures that are no counts of children, council and teams."""
        if not self.taken or self.now is None:
            return {}
        day = max(self.taken)
        wanted = ["load", "weeks_of_work", *(f"expected_10.{rule}" for rule in coming_rules(self.house))]
        found = values_of(self.c, {day: self.taken[day]}, wanted)
        return {figure: {v.place: (v.value, v.n) for v in rows} for figure, rows in found.items()}

    # --- one audience --------------------------------------------------------------------------------------------------
    def content(self, audience: str, whole: str) -> Content:
        config = self.house.config
        places = self._places(whole)
        scope = Scope(self._scope(whole), dict(self.names))
        alerts = self.alerts.facts(scope)
        found, looked = signals(self.house, self.series, {p: self.names.get(p, p) for p in places})
        titles: dict[str, str] = {m.id: m.title for m in config.measures}
        timescales = {r.id: r.title for r in config.timescales}
        lines = {figure: self.line(figure, whole, HISTORY) for figure in ("arrivals", "departures", "open") if self._has(figure, whole)}
        due = {f"due_10.{rule}": self.line(f"due_10.{rule}", whole) for rule in coming_rules(self.house)}
        foretold = forecasts_of(self.c, self.house, self.series, self.taken, titles) if whole == COUNCIL else ()
        council = {figure: self.values.get(figure, {}).get(COUNCIL, (None, 0)) for figure in ("load", "weeks_of_work")}
        return Content(
            source=self.house.source(self.source).title,
            audience="the council" if audience == WHOLE else self.names[whole],
            week=self.week.id,
            first_day=self.week.first_day,
            last_day=self.week.last_day,
            revision=self.revision,
            small=config.digest.small,
            currency=self.currency,
            heat=self._heat(places),
            decisions=alerts.decisions,
            changes=alerts.changes,
            signals=found,
            charts=looked,
            demand=demand(lines, council, foretold) if whole == COUNCIL else None,
            coming=coming(coming_rules(self.house), timescales, due, self._expected(whole), self._kept(whole), config.digest.small),
            staffing=tuple(self.line(figure, whole) for figure in STAFFING if self._has(figure, whole)),
            relook=self.relook,
            quiet=alerts.quiet,
            red=alerts.red,
            amber=alerts.amber,
            benchmarks=tuple(
                Benchmark(b.figure, b.name, b.value, self._unit(b.figure), b.period, b.source) for b in config.digest.benchmarks
            ),
            limits=tuple(_limit_sentence(rule) for rule in config.thresholds),
            revised=self._revised(whole) if self.revision > 1 else (),
            cannot_show=self._cannot_show or "",
            contact=config.digest.contact,
            link=f"{url.rstrip('/')}/caseclock/digests/{self.source}/{self.week.id}/{audience}"
            if (url := self.house.settings.page_url) else None,
            unsubscribe=config.digest.unsubscribe,
        )  # fmt: skip

    def _places(self, whole: str) -> list[str]:
        """The whole and its parts in the order of their names, work of nobody last; those without any figure are left out."""
        if self.newest is None or whole not in self.newest.tree.parents:
            return [whole]
        parts = sorted(self.newest.tree.parts[whole], key=lambda p: (p in (NO_TEAM, service_id(OTHER)), self.names.get(p, p)))
        return [whole, *(p for p in parts if self._speaks(p))]

    def _speaks(self, place: str) -> bool:
        record = self.newest
        return record is not None and any((s := record.at(f, place)) is not None and s.value != 0 for f in self.house.config.digest.figures)

    def _scope(self, whole: str) -> frozenset[str]:
        """The places whose alerts this audience hears of: all below it, and of the council the rows of services in the extract too."""
        known = {place for record in self.series.records if record for place in record.tree.parents}
        rows = {row["team"] for row in self.alerts.rows}
        if whole == COUNCIL:
            return frozenset(known | rows)
        below = {p for record in self.series.records if record for p, parent in record.tree.parents.items() if parent == whole}
        return frozenset(below | {whole})

    def _has(self, figure: str, place: str) -> bool:
        return any(record is not None and record.at(figure, place) is not None for record in self.series.records[-RECENT:])

    # --- lines ---------------------------------------------------------------------------------------------------------
    def _heat(self, places: list[str]) -> Heat:
        figures = [f for f in self.house.config.digest.figures if any(self._has(f, p) for p in places)]
        return Heat(tuple(self.names.get(p, p) for p in places), tuple(tuple(self.line(f, p) for p in places) for f in figures))

    def line(self, figure: str, place: str, weeks: int = RECENT) -> Line:
        config = self.house.config
        measure = next(m for m in config.measures if m.id == figure.partition(".")[0])
        shown = [record.at(figure, place) if record else None for record in self.series.records]
        rules = self._rules(figure, place)
        worse: Literal["above", "below", "either"] = "either" if figure in ("arrivals", "departures", "open") else measure.direction
        return Line(
            figure=figure,
            title=title_of(figure, {m.id: m.title for m in config.measures}, {r.id: r.title for r in config.timescales}),
            unit=self._unit(figure),
            worse=worse,
            place=self.names.get(place, place),
            now=shown[-1],
            before=shown[-2],
            weeks=tuple(shown[-weeks:]),
            rag=self.rag(figure, place),
            limit=", ".join(dict.fromkeys(_limit_words(rule) for rule in rules)),
            drawn=(("amber", rules[0].amber), ("red", rules[0].red)) if len(rules) == 1 else (),
        )

    def _unit(self, figure: str) -> str:
        """`average` of what is no share and is not counted."""
        unit = next((m.unit for m in self.house.config.measures if m.id == figure.partition(".")[0]), "per cent")
        return "average" if kind_of(figure) == "average" and unit != "per cent" else unit

    def _rules(self, figure: str, place: str) -> list[ThresholdRule]:
        """The limits that are set for such a place itself."""
        team = place not in (COUNCIL,) and not place.startswith(SERVICE)
        return [
            rule
            for rule in self.house.config.thresholds
            if rule.measure == figure and (WHOLE in rule.teams if place == COUNCIL else team and ("*" in rule.teams or place in rule.teams))
        ]

    def rag(self, figure: str, place: str) -> Rag:
        """By its own limits; where it has none, the worst of the teams below it, and green only where all of them are."""
        record = self.now
        if record is None or place not in record.tree.parents:
            return ""
        bands: list[Rag]
        if rules := self._rules(figure, place):
            bands = [_band(rule, record.at(figure, place)) for rule in rules]
        else:
            bands = [self.rag(figure, part) for part in record.tree.parts[place] if record.at(figure, part) is not None]
        if "red" in bands:
            return "red"
        return "amber" if "amber" in bands else "green" if bands and "" not in bands else ""

    # --- the rest ------------------------------------------------------------------------------------------------------
    def _expected(self, whole: str) -> dict[str, float]:
        """Of all teams of the audience together."""
        record = self.now
        leaves = set(record.tree.leaves(whole)) if record and whole in record.tree.parents else set()
        return {
            figure: sum(value for place, (value, _) in rows.items() if place in leaves and value is not None)
            for figure, rows in self.values.items()
            if figure.startswith("expected_10.")
        }

    def _kept(self, whole: str) -> dict[str, Any]:
        """How the early warning did, of the council."""
        if whole != COUNCIL or not self.taken:
            return {}
        from caseclock.trends.score import kept

        rules = coming_rules(self.house)
        values = values_of(self.c, self.taken, [f"{m}.{rule}" for m in ("fell_due_5", "expected_5") for rule in rules], COUNCIL)
        found = {(figure, v.as_of): v.value for figure, rows in values.items() for v in rows}
        made = kept(rules, list(self.taken), lambda figure, day: found.get((figure, day)), self.house.calendar)
        return {one.rule: one for one in made}

    @cached_property
    def relook(self) -> Relook | None:
        """None where no sample has ever been drawn and the extracts name no pools."""
        r, e = t.relook.c, t.extract.c
        query = (
            select(t.relook, e.as_of)
            .join_from(t.relook, t.extract, r.extract_id == e.id)
            .where(e.source == self.source, r.at <= moment_text(self.cut_off))
        )
        drawn = [row for row in self.c.execute(query.order_by(r.at)) if self.week.first_day <= moment_of(row.at).date()]
        if not drawn:
            return Relook(None)
        newest, small = drawn[-1], self.house.config.digest.small
        count, pools = newest.pools["drawn"], newest.pools["pools"]
        named = tuple(POOLS.get(name, name) for name, of in pools.items() if of["drawn"])
        return Relook(moment_of(newest.at).date(), 0 if is_small(count, small) else count, named)

    @cached_property
    def currency(self) -> Currency:
        newest = [e for e in ledger.extracts(self.c, self.source, superseded=False) if e.as_of <= self.week.last_day]
        mine = {e.as_of: e for e in newest if e.as_of >= self.week.first_day}
        spoken = {day for day in self.taken if day >= self.week.first_day}
        expected = self._expected_days()
        held = tuple(day for day in sorted(mine) if day not in spoken)
        because, released = "", False
        if newest:
            last = newest[-1]
            said, found = decision_of(self.c, last.id), ledger.quality_of(self.c, last.id)
            released = bool(said and said.released)
            if found and found.verdict == "hold" and not released:
                because = HELD
        return Currency(
            as_of=max(self.taken, default=None),
            expected=len(expected),
            accepted=len(spoken),
            held=held,
            late=tuple(day for day in expected if day not in mine and not (self._weekly and mine)),
            held_because=because,
            released=released,
            notes=(f"{RELEASED}.",) if released else (),
        )  # fmt: skip

    def _expected_days(self) -> list[dt.date]:
        """The days of the week for which an extract was due; a weekly source owes one. None before its first one."""
        calendar = self.house.calendar
        days = [d for n in range(7) if calendar.is_working_day(d := self.week.first_day + dt.timedelta(days=n))]
        first = min((e.as_of for e in ledger.extracts(self.c, self.source)), default=None)
        days = [d for d in days if first is not None and d >= first]
        return days[-1:] if self._weekly else days

    @property
    def _weekly(self) -> bool:
        return cadence_of(self.house.source(self.source)).every_days > 1

    @cached_property
    def _cannot_show(self) -> str | None:
        if not self.taken:
            return None
        found = ledger.quality_of(self.c, self.taken[max(self.taken)])
        return cannot_show(found.absences) if found else None

    def _revised(self, whole: str) -> tuple[Revised, ...]:
        """Figures of the week that stood otherwise when they were told."""
        told = digests.record_of(self.c, self.source, self.week.id, self.revision - 1)
        if told is None or self.now is None:
            return ()
        was, now = record_from(told.body), self.now
        made = []
        for figure in (*self.house.config.digest.figures, "arrivals", "departures"):
            for place in self._places(whole):
                old, new = was.at(figure, place), now.at(figure, place)
                line = self.line(figure, place)
                if (old.words(line.unit) if old else "") != (new.words(line.unit) if new else ""):
                    made.append(Revised(line.title, line.place, line.unit, old, new))
        return tuple(dict.fromkeys(made))


def _band(rule: ThresholdRule, shown: Shown | None) -> Rag:
    """Only as far as what is shown says so: amber where it is surely at that limit, and perhaps at the red one."""
    if shown is None or shown.low is None:
        return ""
    if shown.n is not None and shown.n < rule.min_n:
        return ""
    if shown.value is not None:
        return rule.severity_of(shown.value) or "green"
    if rule.direction != "above":
        return ""
    if shown.at_least(rule.red):
        return "red"
    return "amber" if shown.at_least(rule.amber) else "green" if shown.below(rule.amber) else ""


def _limit_words(rule: ThresholdRule) -> str:
    mark = "%" if rule.unit == "per cent" else ""
    return f"amber {rule.amber:g}{mark}, red {rule.red:g}{mark}"


def _limit_sentence(rule: ThresholdRule) -> str:
    where = {"*": "in a team", WHOLE: "in all teams together"}.get(rule.teams[0], "in " + ", ".join(rule.teams))
    beyond = {"above": "or more", "below": "or less", "either": "or further from 0"}[rule.direction]
    title = rule.title[:1].upper() + rule.title[1:]
    mark = "%" if rule.unit == "per cent" else ""
    return f"{title} {where}: amber at {rule.amber:g}{mark} {beyond}, red at {rule.red:g}{mark} {beyond}."
