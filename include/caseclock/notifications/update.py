"""One run of the alert engine on one source: from the history in the store to rows in the outbox, in one transaction.

Level-triggered: each run works out what every recipient ought to have been told, compares it with what they were told, and
enqueues the difference. A second run on the same data at the same time enqueues nothing.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from caseclock.alerts.data import Cadence, DataState, ExtractDay, data_state
from caseclock.alerts.fold import moved
from caseclock.alerts.hours import local_day
from caseclock.alerts.model import AlertEvent, Condition, Handling, Instance, Intent, Suppressed, Told
from caseclock.alerts.wanted import Wanted
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.blocked import Failures, on_their_way
from caseclock.notifications.compose import Facts, item_of, item_to_json
from caseclock.notifications.desired import HISTORY, Known, desired
from caseclock.notifications.evaluate import FigureStore, Folds, evaluate
from caseclock.notifications.handled import handled_of
from caseclock.notifications.model import Capabilities
from caseclock.notifications.outbox import CAPABILITIES, Line, Plan, Row, degrade, plan_lane
from caseclock.notifications.renamed import heirs
from caseclock.notifications.routes import CATCH_ALL, Routes, Subject
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import applies_to, by_measure
from caseclock.thresholds.versions import Versions


class AlertStore(FigureStore, Protocol):
    """What a run reads and writes, all within the caller's transaction. `lock` lets one run at a time work on a source."""

    def lock(self, source: str) -> None: ...

    def waiting_rows(self, source: str) -> list[Row]:
        """Rows that are pending, on their way, of unknown fate or failed; locked until the transaction ends."""
        ...

    def days(self, source: str) -> list[ExtractDay]:
        """The newest revision of each extract date that has been decided on, oldest first."""
        ...

    def team_names(self, source: str) -> dict[str, str]: ...

    def told(self, source: str, since: dt.date | None = None) -> list[Told]:
        """Everything that anybody was told, in the order of its beginning. With `since` without old conversations that are over: those
        whose episode began before, of alerts that were not open in the last run and that nobody is still told of."""
        ...

    def told_of(self, instances: Iterable[Instance]) -> list[Told]: ...

    def hand_over(self, conversations: Iterable[tuple[Told, Told]], now: dt.datetime) -> None:
        """What one recipient was told is kept as told to another; one audit row for each. See `renamed.py`."""
        ...

    def handling(self, source: str) -> list[Handling]: ...

    def versions(self, source: str, rules: Sequence[ThresholdRule], latest: dt.date | None, now: dt.datetime) -> Mapping[str, Versions]:
        """Rule id to the limits as they stood. Limits that are not those noted last are noted now; they hold from the date `latest`."""
        ...

    def save_folds(self, folds: Folds, source: str, now: dt.datetime, watched: Callable[[Instance], bool]) -> list[AlertEvent]:
        """Keeps where everything stands; returns the events that were not known before. `watched`: whether a rule covers a team still."""
        ...

    def apply(self, plan: Plan, now: dt.datetime) -> None: ...

    def note_suppressed(self, suppressed: Iterable[Suppressed], now: dt.datetime) -> None:
        """One audit row for each whose reason is not the one noted last."""
        ...


@dataclass(frozen=True)
class AlertsResult:
    """What a run found. `intents`: everything that is due to be told and not yet confirmed, enqueued now or before."""

    folds: Folds
    events: list[AlertEvent]
    intents: list[Intent]
    suppressed: list[Suppressed]
    data: DataState = field(default_factory=DataState)

    @cached_property
    def conditions(self) -> dict[Instance, Condition]:
        """Where everything stands."""
        return {instance: self.folds.condition(instance) for instance in self.folds}


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No search for garbage while a whole history is in memory: its millions of small things form no circles, and the search takes half of
    the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_collecting()
def update_alerts(
    store: AlertStore,
    source: str,
    rules: Sequence[ThresholdRule],
    routes: Routes,
    calendar: WorkingCalendar,
    now: dt.datetime,
    *,
    cadence: Cadence | None = None,
    capabilities: Mapping[str, Capabilities] = CAPABILITIES,
    replay: bool = False,
) -> AlertsResult:
    """Brings conditions, alerts, events, outbox and audit of one source up to date. Without `cadence` no data is ever late.

    `replay`: from the whole history, also where the last run can be carried on; the result is the same.
    """
    store.lock(source)
    rows = store.waiting_rows(source)  # before `told`: a confirmation that is being written is then either seen or waits for us
    days = store.days(source)
    data = data_state(days, cadence, calendar, now)
    versions = store.versions(source, rules, data.latest, now)
    told = store.told(source, data.latest - HISTORY if data.latest else None)
    folds = evaluate(store, source, rules, versions, days, told, replay=replay)
    told = _handed_over(store, _all_that_counts(store, source, told, folds), routes, now)
    folds.histories.expected |= _asked_about(folds, told, versions)
    by_id = {rule.id: rule for rule in rules}
    events = store.save_folds(folds, source, now, lambda i: i.rule in by_id and applies_to(by_id[i.rule], i.team))
    extract_of = {day.as_of: day.extract_id for day in days if day.held is None}
    known = Known(
        source=source,
        routes=routes,
        calendar=calendar,
        now=now,
        data=data,
        days=days,
        folds=folds,
        names=store.team_names(source),
        told=told,
        deeds=store.handling(source),
        failed=Failures.of(rows),
        on_their_way=on_their_way(rows),
        figures_of=lambda day: store.figures_of_day(extract_of[day], by_measure(rules)),
    )
    wanted = desired(known)
    facts = Facts(
        rules=by_id,
        names=known.names,
        history=folds.tails({intent.instance for intent in wanted.intents}),
        calendar=calendar,
        today=local_day(now),
        drawn={(t.instance, t.episode): t.item for t in told},
        handled=handled_of(known.deeds, folds, now),
    )
    plan = enqueue(wanted, facts, rows, known, {**CAPABILITIES, **capabilities})
    store.apply(plan, now)
    suppressed = [*wanted.suppressed, *plan.suppressed]
    store.note_suppressed(suppressed, now)
    return AlertsResult(folds, events, wanted.intents, suppressed, known.data)


def _handed_over(store: AlertStore, told: list[Told], routes: Routes, now: dt.datetime) -> list[Told]:
    """What was told, with the conversations of recipients that have another id now under that."""
    moved = heirs(told, routes)
    if moved:
        store.hand_over(moved, now)
    new = {(old.recipient, old.channel, old.instance, old.episode): heir for old, heir in moved}
    return [new.get((t.recipient, t.channel, t.instance, t.episode), t) for t in told]


def _all_that_counts(store: AlertStore, source: str, told: list[Told], folds: Folds) -> list[Told]:
    """What was told long ago counts for an alert that has begun again: it may be the same one. After a replay, for every alert."""
    if folds.replayed:
        return store.told(source)
    known = {(t.recipient, t.channel, t.instance, t.episode) for t in told}
    begun = [i for i, _ in folds.changed_events()]
    more = [t for t in store.told_of(begun) if (t.recipient, t.channel, t.instance, t.episode) not in known]
    return sorted([*told, *more], key=lambda t: (t.first_at, t.instance.rule, t.instance.team, t.episode, t.recipient, t.channel))


def _asked_about(folds: Folds, told: Iterable[Told], versions: Mapping[str, Versions]) -> set[Instance]:
    """Whose history is looked at, because limits were moved: did these end the alert, or did the data?"""
    several = {id for id, kept in versions.items() if moved(kept)}
    about = {t.instance for t in told if t.open} | folds.touched
    return {i for i in about if i.rule in several and i in folds and not folds.condition(i).episode}


def enqueue(wanted: Wanted, facts: Facts, rows: Sequence[Row], known: Known, capabilities: Mapping[str, Capabilities]) -> Plan:
    """Compares what is wanted with what waits, lane by lane."""
    lanes: dict[tuple[str, str], list[tuple[Intent, Line]]] = {row.lane: [] for row in rows if row.state != "failed"}
    whole = Plan()
    for intent in wanted.intents:
        made = degrade(intent, capabilities[intent.channel])
        if isinstance(made, Suppressed):
            whole.suppressed.append(made)
        else:
            lanes.setdefault((made.recipient, made.channel), []).append((made, _line(made, facts, known)))
    for lane, listed in lanes.items():
        mine = {(t.instance, t.episode): t for t in known.told if (t.recipient, t.channel) == lane}
        waiting = [r for r in rows if r.lane == lane and r.state != "failed"]
        part = plan_lane(listed, waiting, mine, capabilities[lane[1]].reconcile, known.still_open)
        whole.insert += part.insert
        whole.redraw += part.redraw
        whole.drop += [(row, _why_dropped(row, why, wanted.suppressed)) for row, why in part.drop]
        whole.obsolete += part.obsolete
        whole.wait += part.wait
        whole.suppressed += part.suppressed
    return whole


def _why_dropped(row: Row, why: str, suppressed: Iterable[Suppressed]) -> str:
    """What has to wait (for the morning, for good data) is dropped too, because whoever sends asks for no reason; it is made anew."""
    waits = {(s.instance, s.episode, s.kind): s.reason for s in suppressed if (s.recipient, s.channel) == row.lane}
    found = [waits[place] for line in row.lines if (place := (line.instance, line.episode, line.kind)) in waits]
    return f"it could not be sent before it had to wait: {found[0]}" if found else why


def _unrouted(intent: Intent, facts: Facts, known: Known) -> bool:
    """Whether a data engineer is told of an alert because no route names anybody else."""
    rule = facts.rules.get(intent.instance.rule)
    if rule is None or intent.severity is None or intent.recipient not in {*known.routes.data} & {*known.routes.catch_all}:
        return False
    subject = Subject(intent.instance, rule.measure, known.names.get(intent.instance.team, ""))
    return any(who.recipient == intent.recipient and who.reason.endswith(CATCH_ALL) for who in known.routes.who(subject, intent.severity))


def _line(intent: Intent, facts: Facts, known: Known) -> Line:
    item = replace(item_of(intent, facts), unrouted=_unrouted(intent, facts, known))
    line = Line(intent.instance, intent.episode, intent.kind, intent.serial, item_to_json(item), intent.via)
    return replace(line, again=known.failed.times.get(((intent.recipient, intent.channel), line.identity), 0))
