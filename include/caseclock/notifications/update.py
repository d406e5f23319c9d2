"""One run of the alert engine on one source: from the history in the store to rows in the outbox, in one transaction.

Level-triggered: each run works out what every recipient ought to have been told, compares it with what they were told, and
enqueues the difference. A second run on the same data at the same time enqueues nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from caseclock.alerts.data import Cadence, DataState, data_state
from caseclock.alerts.fold import Fold, fold
from caseclock.alerts.hours import local_day
from caseclock.alerts.model import AlertEvent, Condition, Handling, Instance, Intent, Suppressed, Told
from caseclock.alerts.reconcile import Wanted
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.compose import Facts, item_of, item_to_json
from caseclock.notifications.desired import History, Known, desired, failures, observations
from caseclock.notifications.model import Capabilities
from caseclock.notifications.outbox import CAPABILITIES, Line, Plan, Row, degrade, plan_lane
from caseclock.notifications.routes import Routes
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.breach import by_measure


class AlertStore(Protocol):
    """What a run reads and writes, all within the caller's transaction. `lock` lets one run at a time work on a source."""

    def lock(self, source: str) -> None: ...

    def waiting_rows(self, source: str) -> list[Row]:
        """Rows that are pending, on their way, of unknown fate or failed; locked until the transaction ends."""
        ...

    def history(self, source: str, measures: Iterable[str]) -> History: ...

    def team_names(self, source: str) -> dict[str, str]: ...

    def told(self, source: str) -> list[Told]: ...

    def handling(self, source: str) -> list[Handling]: ...

    def save_folds(self, folds: Mapping[Instance, Fold], source: str, now: dt.datetime) -> list[AlertEvent]:
        """Keeps where everything stands; returns the events that were not known before."""
        ...

    def apply(self, plan: Plan, now: dt.datetime) -> None: ...

    def note_suppressed(self, suppressed: Iterable[Suppressed], now: dt.datetime) -> None:
        """One audit row for each whose reason is not the one noted last."""
        ...


@dataclass(frozen=True)
class AlertsResult:
    """What a run found. `intents`: everything that is due to be told and not yet confirmed, enqueued now or before."""

    conditions: dict[Instance, Condition]
    events: list[AlertEvent]
    intents: list[Intent]
    suppressed: list[Suppressed]
    data: DataState = field(default_factory=DataState)


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
) -> AlertsResult:
    """Brings conditions, alerts, events, outbox and audit of one source up to date. Without `cadence` no data is ever late."""
    store.lock(source)
    rows = store.waiting_rows(source)  # before `told`: a confirmation that is being written is then either seen or waits for us
    history = store.history(source, by_measure(rules))
    told = store.told(source)
    seen = observations(source, rules, history.figures, told)
    folds = {instance: fold(rule, instance, observed) for instance, (rule, observed) in seen.items()}
    events = store.save_folds(folds, source, now)
    known = Known(
        source=source,
        routes=routes,
        calendar=calendar,
        now=now,
        data=data_state(history.days, cadence, calendar, now),
        history=history,
        seen=seen,
        folds=folds,
        names=store.team_names(source),
        told=told,
        deeds=store.handling(source),
        failed=failures(rows),
    )
    wanted = desired(known)
    facts = Facts(
        rules={rule.id: rule for rule in rules},
        names=known.names,
        history={instance: observed for instance, (_, observed) in seen.items()},
        calendar=calendar,
        today=local_day(now),
        drawn={(t.instance, t.episode): t.item for t in told},
    )
    plan = enqueue(wanted, facts, rows, known, {**CAPABILITIES, **capabilities})
    store.apply(plan, now)
    suppressed = [*wanted.suppressed, *plan.suppressed]
    store.note_suppressed(suppressed, now)
    return AlertsResult({i: f.condition for i, f in folds.items()}, events, wanted.intents, suppressed, known.data)


def enqueue(wanted: Wanted, facts: Facts, rows: Sequence[Row], known: Known, capabilities: Mapping[str, Capabilities]) -> Plan:
    """Compares what is wanted with what waits, lane by lane."""
    lanes: dict[tuple[str, str], list[tuple[Intent, Line]]] = {row.lane: [] for row in rows if row.state != "failed"}
    whole = Plan()
    for intent in wanted.intents:
        made = degrade(intent, capabilities[intent.channel])
        if isinstance(made, Suppressed):
            whole.suppressed.append(made)
        else:
            lanes.setdefault((made.recipient, made.channel), []).append((made, _line(made, facts)))
    for lane, listed in lanes.items():
        mine = {(t.instance, t.episode): t for t in known.told if (t.recipient, t.channel) == lane}
        waiting = [r for r in rows if r.lane == lane and r.state != "failed"]
        part = plan_lane(listed, waiting, mine, capabilities[lane[1]].reconcile, known.still_open)
        whole.insert += part.insert
        whole.redraw += part.redraw
        whole.drop += part.drop
        whole.obsolete += part.obsolete
        whole.wait += part.wait
        whole.suppressed += part.suppressed
    return whole


def _line(intent: Intent, facts: Facts) -> Line:
    item = item_to_json(item_of(intent, facts))
    return Line(intent.instance, intent.episode, intent.kind, intent.serial, item, intent.via)
