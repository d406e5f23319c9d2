"""From the history of a source to people who have been told: alerts, outbox, delivery."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from caseclock import now as clock
from caseclock.pipeline.heartbeat import beat
from caseclock.pipeline.house import House, Report
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import decision_of
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.alerts.data import Cadence
    from caseclock.extracts.source import SourceConfig
    from caseclock.notifications.evaluate import Folds
    from caseclock.notifications.runbook import NoticeKind
    from caseclock.storage.alerts import SqlAlerts

DAYS = {"working_day": 1, "weekly": 7}
RELEASED = "The newest data did not pass its quality check; a person has looked at it and released it"


def cadence_of(source: SourceConfig) -> Cadence:
    """When the next extract of a source is due, and after how long its figures are too old to speak."""
    from caseclock.alerts.data import Cadence

    is_of_yesterday = source.database is not None and source.database.as_of == "yesterday"
    return Cadence(every_days=DAYS[source.cadence], by=source.expected_by, lag_wd=1 if is_of_yesterday else 0)


def bring_alerts_up_to_date(house: House, c: Connection, source: str, now: dt.datetime) -> Report:
    """Conditions, events, outbox and audit of one source, in the given transaction. Running it again enqueues nothing."""
    from caseclock.notifications.update import update_alerts
    from caseclock.storage.alerts import SqlAlerts

    config, alerts = house.config, SqlAlerts(c, now)
    made = update_alerts(alerts, source, config.thresholds, config.routes, house.calendar, now, cadence=cadence_of(house.source(source)))
    marked = _say_who_deals_with_it(alerts, source, made.folds, now)
    return {"changes": len(made.events), "messages": len(made.intents) + marked, "not_said": len(made.suppressed)}


def _say_who_deals_with_it(alerts: SqlAlerts, source: str, folds: Folds, now: dt.datetime) -> int:
    """Open messages say who has acknowledged or silenced their alert at this moment; returns how many edits that takes.

    Looked at anew in every run, not only after a deed: an edit that was on its way when the next person acted says too little once it has
    arrived, and a deed comes to its end by itself.
    """
    from caseclock.notifications.handled import handled_of, marks
    from caseclock.notifications.outbox import CAPABILITIES, Plan

    deeds = [d for d in alerts.handling(source) if folds.condition(d.instance).episode]
    said = handled_of(deeds, folds, now)
    if not said:
        return 0
    waiting = [row for row in alerts.waiting_rows(source) if row.state != "failed" and not row.fixed]
    busy = {(row.lane, line.instance) for row in waiting for line in row.lines}  # what waits there to be drawn says it already
    told = [t for t in alerts.told_of(said) if ((t.recipient, t.channel), t.instance) not in busy]
    rows = marks(told, said, {name for name, can in CAPABILITIES.items() if can.edit})
    alerts.apply(Plan(insert=rows, redraw=rows), now)
    return len(rows)


def _clock_from(now: dt.datetime) -> Callable[[], dt.datetime]:
    """A clock that says `now` and goes on from there: leases, rests and attempts need time that passes, also in a simulated past."""
    began = clock.seconds()
    return lambda: now + dt.timedelta(seconds=clock.seconds() - began)


def deliver_due(house: House, now: dt.datetime, *, patient: bool = True) -> Report:
    """Sends everything that is due at `now` or while it is at work; at night nothing that can wait for the morning.

    `patient`: it waits, for some minutes at most, for channels that are at their rate limit; else these are left to the next round.
    Nothing at all while sending is on hold after a restore (`storage/hold.py`).
    """
    from caseclock.notifications.deliver import deliver
    from caseclock.notifications.night import waits_for_morning
    from caseclock.storage.hold import in_doubt
    from caseclock.storage.outbox import SqlDelivery

    doubt = in_doubt(house.engine)
    if doubt and doubt.on_hold:
        beat(house, now)
        return {"counts": {}, "outcomes": []}
    moving = _clock_from(now)
    outcomes = deliver(
        SqlDelivery(house.engine),
        house.channels,
        house.config.routes,
        moving,
        page_url=house.settings.page_url,
        quarantine_seconds=house.settings.quarantine_seconds,
        notes_of=lambda source: notes_of(house, source),
        wait=clock.sleep if patient else None,
        must_wait=waits_for_morning(house.config.thresholds, house.calendar, moving),
        doubt=doubt,
    )
    beat(house, now)
    counted: dict[str, int] = {}
    for outcome in outcomes:
        counted[outcome.outcome] = counted.get(outcome.outcome, 0) + 1
    return {"counts": counted, "outcomes": [_outcome_json(asdict(o)) for o in outcomes]}


def notes_of(house: House, source: str) -> tuple[str, ...]:
    """What every message made from this source must say beside its figures: what the newest extract cannot show at all."""
    with reading(house.engine) as c:
        newest = ledger.extracts(c, source, superseded=False)[-1:]
        found = ledger.quality_of(c, newest[0].id) if newest else None
        said = decision_of(c, newest[0].id) if newest else None
    absent = tuple(str(a) for a in found.absences if a.everywhere) if found else ()
    return (*absent, RELEASED) if said and said.released else absent


def _outcome_json(outcome: dict[str, Any]) -> Report:
    return {
        "recipient": outcome["recipient"],
        "channel": outcome["channel"],
        "kind": ", ".join(outcome["kinds"]) or "notice",
        "outcome": outcome["outcome"],
        "reason": outcome["reason"],
        "items": list(outcome["items"]),
        "key": outcome["key"],
    }


def conditions_of(c: Connection, source: str) -> list[Report]:
    """Every instance that is not NORMAL, as `caseclock run --json` prints it, with the reason of its last change."""
    from caseclock.alerts import Instance
    from caseclock.notifications.compose import alert_id

    k, e = t.condition, t.alert_event
    reasons = {(r.rule, r.team): r.reason for r in c.execute(select(e).where(e.c.source == source).order_by(e.c.id))}
    rows = c.execute(select(k).where(k.c.source == source, k.c.state != "NORMAL").order_by(k.c.rule, k.c.team))
    return [
        {
            "id": alert_id(Instance(source, r.rule, r.team), r.episode) if r.episode else "",
            "rule": r.rule,
            "team": r.team,
            "severity": r.severity,
            "condition": r.state,
            "value": r.value,
            "since": r.since,
            "reason": reasons.get((r.rule, r.team), ""),
        }
        for r in rows
    ]


def tell(
    house: House,
    c: Connection,
    kind: NoticeKind,
    recipients: Sequence[str],
    name: str,
    headline: str,
    lines: Sequence[str],
    now: dt.datetime,
) -> int:
    """Enqueues one message that is about no alert (a refused file, a fault) for each recipient and channel.

    `kind`: what it tells data engineers, and so which text of the runbook it leads to. `name` is what makes it one message:
    enqueued again under the same name, it changes nothing. Returns how many were new.
    """
    from caseclock.notifications.outbox import Notice, notice_row
    from caseclock.notifications.routes import channels_of
    from caseclock.storage.outbox import insert_rows

    key = hashlib.sha256(name.encode()).hexdigest()
    known = {r.key for r in c.execute(select(t.outbox.c.key))} if recipients else set()
    rows = [
        notice_row(recipient, channel, Notice(key, headline, tuple(lines), kind=kind))
        for recipient in recipients
        for channel in channels_of(house.config.routes.known(recipient))
    ]
    new = [row for row in rows if row.key not in known]
    insert_rows(c, new, now)
    return len(new)


def audit(c: Connection, now: dt.datetime, event: str, subject: str, reason: str) -> None:
    from caseclock.storage.outbox import audit as write

    write(c, now, event, subject, reason, {})
