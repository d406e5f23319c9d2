"""The limits that look at a figure at a place, since when they are what they are, and the alerts that are open on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import Scope, Tone
from caseclock.dashboard.pages.measure import AlertLine, LimitLine
from caseclock.measures import MeasureConfig
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Standing
from caseclock.pipeline.pages.measure_words import value_words
from caseclock.storage import schema as t
from caseclock.storage.limits import EVENT
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, why_silent
from caseclock.thresholds.versions import limits_of

MOST: Final = 50  # alerts on one page
STATES: Final[Mapping[str | None, tuple[str, Tone]]] = {"red": ("red", "red"), "amber": ("amber", "amber")}
RANK: Final = {"red": 0, "amber": 1}


def rules_at(house: House, figure: str, place: str) -> list[ThresholdRule]:
    return [rule for rule in house.config.thresholds if rule.measure == figure and applies_to(rule, place)]


def state_of(rules: Sequence[ThresholdRule], value: float | None, n: int) -> tuple[str, Tone]:
    """The worst band of all limits that look at this value, `within` where it is past none; empty where none speaks."""
    bands = [rule.severity_of(value) for rule in rules if value is not None and why_silent(rule, value, n) is None]
    worst = min((band for band in bands if band), key=lambda band: RANK[band], default=None)
    return STATES.get(worst, ("within" if bands else "", ""))


def limit_lines(c: Connection, source: str, entry: MeasureConfig, rules: Sequence[ThresholdRule]) -> tuple[LimitLine, ...]:
    return tuple(_line(c, source, entry, rule) for rule in rules)


def _line(c: Connection, source: str, entry: MeasureConfig, rule: ThresholdRule) -> LimitLine:
    side = "below" if rule.direction != "below" else "above"
    in_a_row = f"{rule.for_n} extracts in a row" if rule.for_n > 1 else "one extract"
    clear = f"{rule.clear_n} extracts in a row" if rule.clear_n > 1 else "one extract"
    return LimitLine(
        rule.id,
        rule.title[:1].upper() + rule.title[1:],
        value_words(entry, rule.amber),
        value_words(entry, rule.red),
        f"{side} {value_words(entry, rule.clear_below)} in {clear}",
        f"after {in_a_row}",
        _since(c, source, rule),
    )


def _since(c: Connection, source: str, rule: ThresholdRule) -> str:
    """By what the store has noted of the limits of the rule, the newest note first."""
    a = t.audit.c
    query = select(a.at, a.detail).where(a.event == EVENT, a.subject == f"{source}/{rule.id}").order_by(a.id.desc()).limit(1)
    found = c.execute(query).first()
    if found is None:
        return "not yet noted: they begin to look with the next extract"
    if found.detail["limits"] != limits_of(rule):
        return "changed in the configuration; the new ones begin to look at the next run"
    since = found.detail["since"]
    return f"for extracts from {day_words(dt.date.fromisoformat(since))}" if since else "for all extracts: never changed"


def open_alerts(
    c: Connection, house: House, standing: Standing, scope: Scope, figure: str, place: str, whole: bool
) -> tuple[AlertLine, ...]:
    """Red first, then the oldest. `whole`: of every place that the viewer may see, not of this one alone."""
    rules = {rule.id: rule for rule in house.config.thresholds if rule.measure == figure}
    a = t.alert.c
    query = select(a.id, a.rule, a.team, a.severity, a.value, a.since).where(a.source == standing.source, a.closed_on.is_(None))
    query = query.where(a.rule.in_(list(rules)))
    found = c.execute(query if whole else query.where(a.team == place)).all()
    rows = sorted((r for r in found if scope.sees(r.team)), key=lambda r: (RANK.get(r.severity, 2), r.since or "", r.team))
    made = []
    for row in rows[:MOST]:
        rule, (state, tone) = rules[row.rule], STATES.get(row.severity, ("open", ""))
        said = "–" if row.value is None else f"{row.value:,.1f}".removesuffix(".0") + ("%" if rule.unit == "per cent" else "")
        made.append(AlertLine(row.id, state.capitalize(), tone, rule.title, standing.name(row.team), said, row.since))
    return tuple(made)
