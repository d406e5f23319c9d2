"""What people do about alerts, written down. A refusal is written down too."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Connection, insert, select, update

from caseclock.alerts import Condition, Instance
from caseclock.alerts.handling import Decision, decide_ack, decide_silence
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.compose import alert_id
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text
from caseclock.storage.outbox import audit


def instance_of(c: Connection, alert: str) -> Instance | None:
    """Which rule and team an alert id is about."""
    row = c.execute(select(t.alert.c.source, t.alert.c.rule, t.alert.c.team).where(t.alert.c.id == alert)).first()
    return Instance(row.source, row.rule, row.team) if row else None


def acknowledge(
    c: Connection,
    instance: Instance,
    by: str,
    now: dt.datetime,
    calendar: WorkingCalendar,
    until: dt.datetime | None = None,
    reason: str = "",
) -> Decision:
    """Holds reminders and escalation of the open episode until then (at most 5 working days). A rise to red still calls."""
    decision = decide_ack(instance, _condition(c, instance), by, until, reason, now, calendar)
    return _keep(c, instance, decision, "ack", by, now)


def silence(
    c: Connection, instance: Instance, by: str, now: dt.datetime, calendar: WorkingCalendar, until: dt.datetime | None, reason: str | None
) -> Decision:
    """Holds every call for attention until then (at most 20 working days). The end of an alert is still told."""
    return _keep(c, instance, decide_silence(instance, by, until, reason, now, calendar), "silence", by, now)


def unsilence(c: Connection, instance: Instance, by: str, now: dt.datetime) -> Decision:
    """Ends every silence of the instance that is in force."""
    h = t.handling.c
    mine = (h.kind == "silence", h.source == instance.source, h.rule == instance.rule, h.team == instance.team)
    ended = c.execute(
        update(t.handling).where(*mine, h.until > moment_text(now), h.ended_at.is_(None)).values(ended_at=moment_text(now))
    ).rowcount
    said = "the silence has ended" if ended else f"refused: no silence of {instance} is in force"
    audit(c, now, "unsilence" if ended else "refused", str(instance), said, _detail(instance, None), by=by)
    return Decision(said)


def _keep(c: Connection, instance: Instance, decision: Decision, kind: str, by: str, now: dt.datetime) -> Decision:
    made = decision.handling
    audit(c, now, kind if made else "refused", str(instance), decision.reason, _detail(instance, made.episode if made else None), by=by)
    if made:
        c.execute(
            insert(t.handling).values(
                id=uuid.uuid4().hex[:16], kind=made.kind, source=instance.source, rule=instance.rule, team=instance.team,
                episode=made.episode, by=made.by, reason=made.reason, at=moment_text(made.at), until=moment_text(made.until),
            )
        )  # fmt: skip
    return decision


def _condition(c: Connection, instance: Instance) -> Condition:
    k = t.condition.c
    row = c.execute(select(t.condition).where(k.source == instance.source, k.rule == instance.rule, k.team == instance.team)).first()
    return Condition(row.state, row.severity, row.value, episode=row.episode) if row else Condition()


def _detail(instance: Instance, episode: str | None) -> dict[str, str | None]:
    alert = alert_id(instance, episode) if episode else None
    return {"source": instance.source, "rule": instance.rule, "team": instance.team, "episode": episode, "alert": alert}
