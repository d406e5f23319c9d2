"""Evidence for limits: the stored history of a source under the limits of now and under others, side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from caseclock import now as clock
from caseclock.errors import WrongUse
from caseclock.pipeline.house import House, chosen_source
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.alerts import Instance
    from caseclock.alerts.backtest import Missed, Trial, Values
    from caseclock.notifications.routes import Routes
    from caseclock.thresholds import Severity, ThresholdRule

WEEKS = 52
FEWEST_WEEKS, FEWEST_DATES = 13, 12  # a quarter of a year, as fewer points are trial limits of a control chart (NHS Making Data Count)


@dataclass(frozen=True)
class Backtest:
    """One rule of thresholds.yaml over a period. `other` is None when nothing else was asked for, or nothing else can be suggested.

    `suggested`: it is a limit for the wished rate of alerts, not one that was given. `warnings`: what to think of before it is believed.
    `dates`: extract dates with a figure within the period.
    """

    source: str
    present: Trial
    other: Trial | None = None
    missed: Missed | None = None
    suggested: bool = False
    dates: int = 0
    warnings: tuple[str, ...] = ()


def backtest(
    house: House,
    source: str | None = None,
    rules: Sequence[str] = (),
    changes: Mapping[str, object] | None = None,
    weeks: int = WEEKS,
    per_week: float | None = None,
) -> list[Backtest]:
    """Each rule under the present limits, and under `changes` to it or a limit with about `per_week` alerts a week in the whole council.

    `changes`: entries of thresholds.yaml; an amber without red or clear_below takes these along in proportion. Rules that nothing speaks
    to are left out. Raises WrongUse for a rule or source that is not there, and for limits that do not go together.
    """
    from caseclock.alerts.backtest import values_of
    from caseclock.notifications.desired import observations
    from caseclock.storage.alerts import SqlAlerts
    from caseclock.thresholds.breach import by_measure

    chosen = _chosen(house, rules)
    if changes and len(chosen) != 1:
        raise WrongUse("other limits belong to one rule", where="backtest", todo="Give --rule ID with them.")
    if changes and per_week is not None:
        raise WrongUse("a wished rate and a limit cannot both be given", where="backtest", todo="Leave out --per-week, or the limits.")
    others = {rule.id: _other(rule, changes) for rule in chosen} if changes else {}
    with reading(house.engine) as c:
        name = chosen_source(c, source)
        store = SqlAlerts(c, clock.now())
        figures = store.history(name, by_measure(chosen)).figures
        people = ByRoutes(house.config.routes, chosen, store.team_names(name))
    watched = observations(name, chosen, figures)
    made = []
    for rule in chosen:
        values = values_of({instance: history for instance, (watching, history) in watched.items() if watching.id == rule.id})
        if values:
            made.append(_one(house, name, rule, values, others.get(rule.id), weeks, per_week, people))
    return made


def _one(
    house: House,
    source: str,
    rule: ThresholdRule,
    values: Values,
    other: ThresholdRule | None,
    weeks: int,
    per_week: float | None,
    people: ByRoutes,
) -> Backtest:
    from caseclock.alerts.backtest import missed, period_of, suggest, try_rule

    period = period_of(values, weeks)
    assert period is not None
    present = try_rule(rule, values, period, people, house.calendar)
    dates = len({day for history in values.values() for day in history.days.days if period.holds(day)})
    short = [f"the history is short: {_counted(dates, 'extract date')} in {period.weeks:.0f} of the {_counted(weeks, 'week')} asked for"]
    warnings = short if dates < FEWEST_DATES or period.weeks < min(weeks, FEWEST_WEEKS) else []
    if per_week is not None:
        found = suggest(rule, values, period, per_week, people, house.calendar)
        other = found.rule if found else None
        if found and per_week > found.most_per_week + 0.5 / period.weeks:
            warnings.append(f"no limit that makes sense tells so often: the most is {found.most_per_week:.2f} alerts a week")
    suggested = per_week is not None
    if other is None:
        return Backtest(source, present, suggested=suggested, dates=dates, warnings=tuple(warnings))
    beside = try_rule(other, values, period, people, house.calendar)
    lost = missed(present, beside, values, house.calendar)
    return Backtest(source, present, beside, lost, suggested, dates, tuple(warnings))


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


class ByRoutes:
    """The port `People` from routes.yaml."""

    def __init__(self, routes: Routes, rules: Sequence[ThresholdRule], names: Mapping[str, str]) -> None:
        from caseclock.notifications.routes import Subject

        measures = {rule.id: rule.measure for rule in rules}
        self._subject = cache(lambda instance: Subject(instance, measures[instance.rule], names.get(instance.team, "")))
        self._audience = cache(lambda instance, severity: tuple(w.recipient for w in routes.who(self._subject(instance), severity)))
        self._chain = cache(lambda instance: tuple(routes.chain_of(self._subject(instance))))

    def audience(self, instance: Instance, severity: Severity) -> Sequence[str]:
        found: tuple[str, ...] = self._audience(instance, severity)
        return found

    def chain(self, instance: Instance) -> Sequence[str]:
        found: tuple[str, ...] = self._chain(instance)
        return found


def as_json(one: Backtest) -> dict[str, Any]:
    """What `caseclock backtest --json` prints for a rule."""
    from caseclock.alerts.rehearsal import SIMPLER_THAN_LIFE

    period = one.present.period
    made: dict[str, Any] = {
        "source": one.source,
        "rule": one.present.rule.id,
        "title": one.present.rule.title,
        "from": period.start + dt.timedelta(1),
        "to": period.end,
        "weeks": round(period.weeks, 2),
        "places": one.present.places,
        "present": _trial_json(one.present),
        "other": _trial_json(one.other) if one.other else None,
        "suggested": one.suggested,
        "dates": one.dates,
        "warnings": list(one.warnings),
        "left_out": list(SIMPLER_THAN_LIFE),
    }
    if one.missed:
        made["missed"] = vars(one.missed)
    return made


def _trial_json(trial: Trial) -> dict[str, Any]:
    rule = trial.rule
    return {
        "amber": rule.amber,
        "red": rule.red,
        "clear_below": rule.clear_below,
        "for_n": rule.for_n,
        "clear_n": rule.clear_n,
        "alerts": len(trial.alerts),
        "alerts_per_week": round(trial.per_week, 3),
        "told_to_nobody": len(trial.unsaid),
        "recipients_per_week": {name: round(count / trial.period.weeks, 3) for name, count in trial.heard.items()},
        "open_working_days": sum(trial.open_wd),
        "open_working_days_median": trial.open_wd_median,
        "open_working_days_longest": max(trial.open_wd, default=None),
        "open_hours": trial.open_hours,
        "still_open": sum(stay.end is None for stay in trial.alerts),
        "flaps": trial.flaps,
        "messages": dict(sorted(trial.messages.items())),
        "messages_per_week": round(sum(trial.messages.values()) / trial.period.weeks, 3),
        "dates_over": trial.dates_over,
    }


def _chosen(house: House, rules: Sequence[str]) -> list[ThresholdRule]:
    known = {rule.id: rule for rule in house.config.thresholds}
    if wrong := [id for id in rules if id not in known]:
        raise WrongUse(f"no rule is called {wrong[0]!r}", where="thresholds.yaml", allowed=f"one of {', '.join(known)}")
    return [known[id] for id in dict.fromkeys(rules)] if rules else list(known.values())


def _other(rule: ThresholdRule, changes: Mapping[str, object]) -> ThresholdRule:
    from caseclock.alerts.backtest import changed, in_proportion

    try:
        amber = changes.get("amber")
        whole = all(float(limit).is_integer() for limit in (rule.amber, rule.red, rule.clear_below, amber or 0))  # type: ignore[arg-type]
        base = in_proportion(rule, float(str(amber)), whole=whole) if amber is not None else rule
        return changed(base, changes)
    except ValidationError as error:
        said = "; ".join(str(e["msg"]).removeprefix("Value error, ") for e in error.errors())
        raise WrongUse(said, where=f"rule {rule.id}", todo="Give limits that go together.") from None
