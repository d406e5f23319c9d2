"""What people do about alerts, written down. A refusal is written down too."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from caseclock.alerts import Condition, Handling, Instance, Told
from caseclock.alerts.fold import Fold
from caseclock.alerts.handling import Decision, decide_ack, decide_silence
from caseclock.clocks.calendar import WorkingCalendar
from caseclock.notifications.compose import alert_id
from caseclock.storage import schema as t
from caseclock.storage.alerts import handling_of
from caseclock.storage.engine import moment_text
from caseclock.storage.outbox import audit, told_of

CLOSED_FOR_GOOD = {"resolved", "retracted", "limit_changed"}
"""An alert that only `moved` goes on under another first date."""


@dataclass(frozen=True)
class Where:
    """By what way somebody acted. `once`: a name of the deed, so that the same one told again changes nothing."""

    way: str = "command line"
    once: str | None = None

    @property
    def id(self) -> str:
        return hashlib.sha256(self.once.encode()).hexdigest()[:16] if self.once else uuid.uuid4().hex[:16]


BY_HAND = Where()


def instance_of(c: Connection, alert: str) -> Instance | None:
    """Which rule and team an alert id is about."""
    row = c.execute(select(t.alert.c.source, t.alert.c.rule, t.alert.c.team).where(t.alert.c.id == alert)).first()
    return Instance(row.source, row.rule, row.team) if row else None


def closed_on(c: Connection, alert: str) -> str | None:
    """The day on which an alert ended; None while it is open."""
    row = c.execute(select(t.alert.c.closed_on, t.alert.c.close_kind).where(t.alert.c.id == alert)).first()
    return row.closed_on if row and row.close_kind in CLOSED_FOR_GOOD else None


def is_done(c: Connection, where: Where) -> bool:
    """Whether this very deed has been written down before."""
    return where.once is not None and c.execute(select(t.handling.c.id).where(t.handling.c.id == where.id)).first() is not None


def acknowledge(
    c: Connection,
    instance: Instance,
    by: str,
    now: dt.datetime,
    calendar: WorkingCalendar,
    until: dt.datetime | None = None,
    reason: str = "",
    where: Where = BY_HAND,
) -> Decision:
    """Holds reminders and escalation of the open episode until then (at most 5 working days). A rise to red still calls."""
    decision = decide_ack(instance, _condition(c, instance), by, until, reason, now, calendar)
    return _keep(c, instance, decision, "ack", by, now, reason, where)


def silence(
    c: Connection,
    instance: Instance,
    by: str,
    now: dt.datetime,
    calendar: WorkingCalendar,
    until: dt.datetime | None,
    reason: str | None,
    where: Where = BY_HAND,
) -> Decision:
    """Holds every call for attention until then (at most 20 working days). The end of an alert is still told."""
    decision = decide_silence(instance, by, until, reason, now, calendar)
    return _keep(c, instance, decision, "silence", by, now, reason or "", where)


def unsilence(c: Connection, instance: Instance, by: str, now: dt.datetime, where: Where = BY_HAND) -> Decision:
    """Ends every silence of the instance that is in force."""
    h = t.handling.c
    mine = (h.kind == "silence", h.source == instance.source, h.rule == instance.rule, h.team == instance.team)
    in_force = (*mine, h.until > moment_text(now), h.ended_at.is_(None))
    found = c.execute(select(t.handling).where(*in_force).order_by(h.until)).mappings()
    ended: list[Handling] = [handling_of(dict(kept)) for kept in found]
    c.execute(update(t.handling).where(*in_force).values(ended_at=moment_text(now)))
    said = "the silence has ended" if ended else f"refused: no silence of {instance} is in force"
    audit(c, now, "unsilence" if ended else "refused", str(instance), said, _detail(instance, None, where, ""), by=by)
    return Decision(said, replace(ended[-1], ended_at=now) if ended else None)


def refuse(c: Connection, instance: Instance, reason: str, by: str, now: dt.datetime, where: Where = BY_HAND) -> Decision:
    """A deed that is refused before its rules are asked: the alert is over, the message is old, the person may not."""
    said = f"refused: {reason}"
    audit(c, now, "refused", str(instance), said, _detail(instance, None, where, ""), by=by)
    return Decision(said)


def told_at(c: Connection, instance: Instance, channel: str, handle: Mapping[str, str], episode: str) -> Told | None:
    """The conversation about this episode that a message shows: what its reader was told. None when the message is no longer its root."""
    k = t.told.c
    mine = (k.channel == channel, k.source == instance.source, k.rule == instance.rule, k.team == instance.team, k.episode == episode)
    found = (told_of(dict(kept)) for kept in c.execute(select(t.told).where(*mine)).mappings())
    wanted = dict(handle).items()  # what is kept may hold more than a button knows
    return next((told for told in found if wanted <= dict(told.handle).items()), None)


def stays_of(c: Connection, instance: Instance) -> Fold:
    """The open episode, and every stay that there was, as the last run left them: enough to say which deeds are in force."""
    k = t.alert.c
    mine = (k.source == instance.source, k.rule == instance.rule, k.team == instance.team)
    stays = c.execute(select(k.episode, k.closed_on).where(*mine, k.close_kind.is_(None) | (k.close_kind == "resolved")))
    episodes = {row.episode: dt.date.fromisoformat(row.closed_on) if row.closed_on else None for row in stays}
    return Fold(_condition(c, instance), episodes=episodes)


def _keep(
    c: Connection, instance: Instance, decision: Decision, kind: str, by: str, now: dt.datetime, reason: str, where: Where
) -> Decision:
    made = decision.handling
    detail = _detail(instance, made.episode if made else None, where, reason)
    audit(c, now, kind if made else "refused", str(instance), decision.reason, detail, by=by)
    if made:
        c.execute(
            insert(t.handling).values(
                id=where.id, kind=made.kind, source=instance.source, rule=instance.rule, team=instance.team,
                episode=made.episode, by=made.by, reason=made.reason, at=moment_text(made.at), until=moment_text(made.until),
            )
        )  # fmt: skip
    return decision


def _condition(c: Connection, instance: Instance) -> Condition:
    k = t.condition.c
    row = c.execute(select(t.condition).where(k.source == instance.source, k.rule == instance.rule, k.team == instance.team)).first()
    return Condition(row.state, row.severity, row.value, episode=row.episode) if row else Condition()


def _detail(instance: Instance, episode: str | None, where: Where, why: str) -> Mapping[str, Any]:
    alert = alert_id(instance, episode) if episode else None
    of = {"source": instance.source, "rule": instance.rule, "team": instance.team, "episode": episode, "alert": alert}
    return of | {"way": where.way, "why": why}
