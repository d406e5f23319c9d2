"""Alerts in SQL: the port `AlertStore` on a connection, all within the caller's transaction."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, text, tuple_, update

from caseclock.alerts import AlertEvent, Handling, Instance, Suppressed, Told
from caseclock.alerts.data import ExtractDay, Ruling
from caseclock.alerts.fold import Fold
from caseclock.notifications.compose import alert_id
from caseclock.notifications.desired import Figure, History
from caseclock.notifications.outbox import Plan, Row
from caseclock.storage import schema as t
from caseclock.storage.alert_views import list_alerts, show_alert, why
from caseclock.storage.decisions import rulings
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.ledger import place_names
from caseclock.storage.outbox import OPEN, SYSTEM, audit_row, insert_rows, payload_of, row_of, told_of

__all__ = ["SqlAlerts", "list_alerts", "show_alert", "why"]

WAIT = dt.timedelta(minutes=15)  # each run says again that it must wait, so this is at most the delay when it need not any more


@dataclass(frozen=True)
class SqlAlerts:
    """See `caseclock.notifications.update.AlertStore` for what each call means."""

    connection: Connection
    now: dt.datetime

    def lock(self, source: str) -> None:
        """SQLite lets one writer in anyway (BEGIN IMMEDIATE)."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": zlib.crc32(f"alerts|{source}".encode())})

    def waiting_rows(self, source: str) -> list[Row]:
        query = select(t.outbox).where(t.outbox.c.source == source, t.outbox.c.state.in_((*OPEN, "failed"))).order_by(t.outbox.c.seq)
        return [row_of(dict(kept), self.now) for kept in self.connection.execute(query.with_for_update()).mappings()]

    # --- what the extracts say -------------------------------------------------------------------------------------
    def history(self, source: str, measures: Iterable[str]) -> History:
        """An extract counts once quality or the reader has decided on it and, when it passed, its measures are there."""
        days = self._days(source)
        speaking = {day.extract_id: day.as_of for day in days if day.held is None}
        m, e = t.measure_value, t.extract
        query = (
            select(m.c.extract_id, m.c.measure, m.c.team, m.c.value, m.c.n)
            .join(e, e.c.id == m.c.extract_id)
            .where(e.c.source == source, m.c.measure.in_(list(measures)))
        )
        found = self.connection.execute(query)
        return History(days, [Figure(speaking[i], i, measure, team, value, n) for i, measure, team, value, n in found if i in speaking])

    def _days(self, source: str) -> list[ExtractDay]:
        e, q = t.extract, t.quality_report
        measured = exists().where(t.measure_value.c.extract_id == e.c.id)
        query = (
            select(e.c.id, e.c.as_of, e.c.refused, q.c.verdict, q.c.reasons)
            .select_from(e.outerjoin(q, q.c.extract_id == e.c.id))
            .where(e.c.source == source, e.c.superseded.is_(None), or_(e.c.refused.is_not(None), q.c.verdict == "hold", measured))
            .order_by(e.c.as_of, e.c.revision)
        )
        newest = {row.as_of: row for row in self.connection.execute(query)}
        said = rulings(self.connection, source)
        return [_day(row, said.get(row.id) if row.verdict == "hold" and not row.refused else None) for row in newest.values()]

    def team_names(self, source: str) -> dict[str, str]:
        return place_names(self.connection, source)

    # --- what people know and did ----------------------------------------------------------------------------------
    def told(self, source: str) -> list[Told]:
        query = select(t.told).where(t.told.c.source == source).order_by(t.told.c.first_at)
        return [told_of(dict(kept)) for kept in self.connection.execute(query).mappings()]

    def handling(self, source: str) -> list[Handling]:
        query = select(t.handling).where(t.handling.c.source == source).order_by(t.handling.c.at)
        return [handling_of(dict(kept)) for kept in self.connection.execute(query).mappings()]

    # --- what is kept ----------------------------------------------------------------------------------------------
    def save_folds(self, folds: Mapping[Instance, Fold], source: str, now: dt.datetime) -> list[AlertEvent]:
        self._save_conditions(folds, source, now)
        self._save_alerts(folds, source, now)
        return self._save_events(folds, source, now)

    def _save_conditions(self, folds: Mapping[Instance, Fold], source: str, now: dt.datetime) -> None:
        kept = {(r["rule"], r["team"]): dict(r) for r in self._all(t.condition, source)}
        changed = []
        for instance, outcome in folds.items():
            values = _condition_values(instance, outcome)
            before = kept.get((instance.rule, instance.team), {})
            if any(before.get(name) != value for name, value in values.items()):
                changed.append(values | {"updated_at": moment_text(now)})
        gone = [place for place in kept if Instance(source, *place) not in folds]
        self._replace(t.condition, source, [(v["rule"], v["team"]) for v in changed] + gone, changed)

    def _save_alerts(self, folds: Mapping[Instance, Fold], source: str, now: dt.datetime) -> None:
        kept = {r["id"]: dict(r) for r in self._all(t.alert, source)}
        changed = []
        for instance, outcome in folds.items():
            for episode, closed in outcome.episodes.items():
                id = alert_id(instance, episode)
                values = _alert_values(id, instance, outcome, episode, closed, kept.get(id))
                if any(kept.get(id, {}).get(name) != value for name, value in values.items()):
                    changed.append(values | {"updated_at": moment_text(now)})
        for before in kept.values():
            instance = Instance(source, before["rule"], before["team"])
            outcome = folds.get(instance, Fold())
            if before["episode"] not in outcome.episodes and before["close_kind"] not in {"retracted", "moved"} and instance in folds:
                kind = "moved" if outcome.stay_of(before["episode"]) else "retracted"
                closed_on = str(outcome.condition.as_of or before["as_of"])
                changed.append(before | {"condition": "NORMAL", "closed_on": closed_on, "close_kind": kind, "updated_at": moment_text(now)})
        for chunk in _chunks([values["id"] for values in changed]):
            self.connection.execute(delete(t.alert).where(t.alert.c.id.in_(chunk)))
        if changed:
            self.connection.execute(insert(t.alert), changed)

    def _save_events(self, folds: Mapping[Instance, Fold], source: str, now: dt.datetime) -> list[AlertEvent]:
        e = t.alert_event.c
        query = select(e.rule, e.team, e.as_of, e.from_state, e.to_state, e.episode).where(e.source == source)
        known = {tuple(row) for row in self.connection.execute(query)}
        fresh = [
            event
            for outcome in folds.values()
            for event in outcome.events
            if (event.instance.rule, event.instance.team, str(event.as_of), event.from_state, event.to_state, event.episode) not in known
        ]
        if fresh:
            self.connection.execute(insert(t.alert_event), [_event_values(event, now) for event in fresh])
        return fresh

    def apply(self, plan: Plan, now: dt.datetime) -> None:
        o = t.outbox
        for row, reason in plan.drop:
            values = {"state": "dropped", "reason": reason, "done_at": moment_text(now)}
            self.connection.execute(update(o).where(o.c.key == row.key, o.c.state == "pending").values(**values))
            audit_row(self.connection, now, "dropped", row, reason)
        for row, reason in plan.obsolete:
            self.connection.execute(update(o).where(o.c.key == row.key).values(obsolete=reason or None))
        for row in plan.wait:
            self.connection.execute(update(o).where(o.c.key == row.key).values(not_before=moment_text(now + WAIT)))
        for row in plan.redraw:
            self.connection.execute(update(o).where(o.c.key == row.key, o.c.state == "pending").values(payload=payload_of(row)))
        insert_rows(self.connection, plan.insert, now)

    def note_suppressed(self, suppressed: Iterable[Suppressed], now: dt.datetime) -> None:
        noted = {f"{alert_id(s.instance, s.episode)} {s.recipient}/{s.channel}": s for s in suppressed}
        last: dict[str, tuple[str, str]] = {}
        for chunk in _chunks(list(noted)):
            newest = select(func.max(t.audit.c.id)).where(t.audit.c.subject.in_(chunk)).group_by(t.audit.c.subject)
            for row in self.connection.execute(select(t.audit).where(t.audit.c.id.in_(newest))):
                last[row.subject] = (row.event, row.reason)
        rows = [
            {"at": moment_text(now), "event": "suppressed", "subject": subject, "by": SYSTEM, "reason": s.reason, "detail": _detail(s)}
            for subject, s in noted.items()
            if last.get(subject) != ("suppressed", s.reason)
        ]
        if rows:
            self.connection.execute(insert(t.audit), rows)

    # --- inside ----------------------------------------------------------------------------------------------------
    def _all(self, table: Any, source: str) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self.connection.execute(select(table).where(table.c.source == source)).mappings()]

    def _replace(self, table: Any, source: str, places: list[tuple[str, str]], rows: list[dict[str, Any]]) -> None:
        for chunk in _chunks(places):
            self.connection.execute(delete(table).where(table.c.source == source, tuple_(table.c.rule, table.c.team).in_(chunk)))
        if rows:
            self.connection.execute(insert(table), rows)


def handling_of(kept: Mapping[str, Any]) -> Handling:
    return Handling(
        kind=kept["kind"],
        instance=Instance(kept["source"], kept["rule"], kept["team"]),
        by=kept["by"],
        at=moment_of(kept["at"]),
        until=moment_of(kept["until"]),
        episode=kept["episode"],
        reason=kept["reason"] or "",
        ended_at=moment_of(kept["ended_at"]) if kept["ended_at"] else None,
    )


def _day(row: Any, said: Ruling | None) -> ExtractDay:
    return ExtractDay(dt.date.fromisoformat(row.as_of), row.id, _why_held(row, said), said)


def _why_held(row: Any, said: Ruling | None) -> str | None:
    """Service managers read it too, so it does not say who rejected an extract, nor in which words."""
    if row.refused:
        return f"the extract could not be used: {row.refused}"
    if row.verdict == "hold" and not (said and said.approved):
        why = "; ".join(row.reasons) or "it did not pass the quality check"
        return f"a person has rejected it: {why}" if said else why
    return None


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _condition_values(instance: Instance, outcome: Fold) -> dict[str, Any]:
    c = outcome.condition
    return {
        "source": instance.source, "rule": instance.rule, "team": instance.team, "state": c.state, "severity": c.severity,
        "value": c.value, "as_of": _text(c.as_of), "run": c.run, "episode": c.episode, "since": _text(c.since), "extract_id": c.extract_id,
    }  # fmt: skip


def _alert_values(
    id: str, instance: Instance, outcome: Fold, episode: str, closed: dt.date | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """An open episode has the figures of now; a closed one keeps the last that it had while it was open."""
    values = {"id": id, "source": instance.source, "rule": instance.rule, "team": instance.team, "episode": episode}
    c = outcome.condition
    if closed is None:
        figures = {"severity": c.severity, "value": c.value, "as_of": _text(c.as_of), "since": _text(c.since), "extract_id": c.extract_id}
        return values | figures | {"condition": c.state, "closed_on": None, "close_kind": None}
    figures = {name: before[name] if before else None for name in ("severity", "value", "as_of", "extract_id")}
    figures["since"] = before["since"] if before else episode
    return values | figures | {"condition": "NORMAL", "closed_on": _text(closed), "close_kind": "resolved"}


def _event_values(event: AlertEvent, now: dt.datetime) -> dict[str, Any]:
    i = event.instance
    return {
        "at": moment_text(now), "source": i.source, "rule": i.rule, "team": i.team, "episode": event.episode,
        "from_state": event.from_state, "to_state": event.to_state, "severity": event.severity, "value": event.value,
        "as_of": _text(event.as_of), "extract_id": event.extract_id, "reason": event.reason,
    }  # fmt: skip


def _detail(s: Suppressed) -> dict[str, Any]:
    return {
        "kind": s.kind, "source": s.instance.source, "rule": s.instance.rule, "team": s.instance.team, "episode": s.episode,
        "alert": alert_id(s.instance, s.episode), "recipient": s.recipient, "channel": s.channel,
    }  # fmt: skip


def _chunks(listed: list[Any], size: int = 400) -> Iterable[list[Any]]:
    return (listed[n : n + size] for n in range(0, len(listed), size))
