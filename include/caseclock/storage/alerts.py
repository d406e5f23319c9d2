"""Alerts in SQL: the port `AlertStore` on a connection, all within the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select, tuple_, update

from caseclock.alerts import AlertEvent, Condition, Handling, Instance, Suppressed, Told
from caseclock.alerts.board import Board, Day, DayFigure
from caseclock.alerts.data import ExtractDay, Ruling
from caseclock.alerts.fold import Fold
from caseclock.alerts.told import EFFECTS
from caseclock.notifications.compose import alert_id
from caseclock.notifications.desired import Figure, History
from caseclock.notifications.evaluate import Figures, Folds
from caseclock.notifications.outbox import Plan, Row
from caseclock.storage import figures
from caseclock.storage import schema as t
from caseclock.storage.alert_views import list_alerts, show_alert, why
from caseclock.storage.decisions import rulings
from caseclock.storage.engine import in_chunks, moment_of, moment_text, one_writer
from caseclock.storage.folds import load_board, save_board
from caseclock.storage.ledger import place_names
from caseclock.storage.limits import versions
from caseclock.storage.outbox import OPEN, SYSTEM, audit, audit_row, forget_told, insert_rows, payload_of, row_of, save_told, told_of
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.versions import Versions

__all__ = ["SqlAlerts", "list_alerts", "show_alert", "why"]

NEVER_WAS = {"retracted", "moved"}
PLACE = ("source", "rule", "team")
ABOUT_DATA = sorted(EFFECTS)  # what is told about data has the kind of message in the place of the rule
WAIT = dt.timedelta(minutes=15)  # each run says again that it must wait, so this is at most the delay when it need not any more


@dataclass(frozen=True)
class SqlAlerts:
    """See `caseclock.notifications.update.AlertStore` for what each call means."""

    connection: Connection
    now: dt.datetime

    def lock(self, source: str) -> None:
        one_writer(self.connection, f"alerts|{source}")

    def waiting_rows(self, source: str) -> list[Row]:
        query = select(t.outbox).where(t.outbox.c.source == source, t.outbox.c.state.in_((*OPEN, "failed"))).order_by(t.outbox.c.seq)
        return [row_of(dict(kept), self.now) for kept in self.connection.execute(query.with_for_update()).mappings()]

    # --- what the extracts say -------------------------------------------------------------------------------------
    def history(self, source: str, measures: Iterable[str]) -> History:
        """An extract counts once quality or the reader has decided on it and, when it passed, its measures are there."""
        days = self.days(source)
        speaking = {day.extract_id: day.as_of for day in days if day.held is None}
        m, e = t.measure_value, t.extract
        query = (
            select(m.c.extract_id, m.c.measure, m.c.team, m.c.value, m.c.n)
            .join(e, e.c.id == m.c.extract_id)
            .where(e.c.source == source, m.c.measure.in_(list(measures)))
        )
        found = self.connection.execute(query).all()  # all at once takes half as long as row by row
        return History(days, [Figure(speaking[i], i, measure, team, value, n) for i, measure, team, value, n in found if i in speaking])

    def days(self, source: str) -> list[ExtractDay]:
        e, q = t.extract, t.quality_report
        measured = exists().where(t.measure_value.c.extract_id == e.c.id)
        query = (
            select(e.c.id, e.c.as_of, e.c.refused, e.c.figures, q.c.verdict, q.c.reasons)
            .select_from(e.outerjoin(q, q.c.extract_id == e.c.id))
            .where(e.c.source == source, e.c.superseded.is_(None), or_(e.c.refused.is_not(None), q.c.verdict == "hold", measured))
            .order_by(e.c.as_of, e.c.revision)
        )
        newest = {row.as_of: row for row in self.connection.execute(query)}
        said = rulings(self.connection, source)
        return [_day(row, said.get(row.id) if row.verdict == "hold" and not row.refused else None) for row in newest.values()]

    def figures_of_day(self, extract_id: str, measures: Iterable[str]) -> list[DayFigure]:
        return figures.figures_of_day(self.connection, extract_id, measures)

    def sums_of_day(self, extract_id: str) -> str:
        return figures.sums_of_day(self.connection, extract_id)

    def figures(self, extract_ids: Sequence[str], measures: Iterable[str]) -> Figures:
        return figures.figures(self.connection, extract_ids, measures)

    def figures_of_pairs(self, extract_ids: Sequence[str], pairs: Iterable[tuple[str, str]]) -> Figures:
        return figures.figures_of_pairs(self.connection, extract_ids, pairs)

    def board(self, source: str) -> Board | None:
        return load_board(self.connection, source)

    def team_names(self, source: str) -> dict[str, str]:
        return place_names(self.connection, source)

    # --- what people know and did ----------------------------------------------------------------------------------
    def told(self, source: str, since: dt.date | None = None) -> list[Told]:
        k = t.told.c
        query = select(t.told).where(k.source == source)
        if since:
            same, now_is = t.told.alias(), t.condition.c
            still = exists().where(*(same.c[name] == k[name] for name in PLACE), same.c.open == 1)
            stands = exists().where(*(now_is[name] == k[name] for name in PLACE), now_is.episode.is_not(None))
            query = query.where(or_(k.open == 1, k.episode >= str(since), k.rule.in_(ABOUT_DATA), still, stands))
        return [
            told_of(dict(kept))
            for kept in self.connection.execute(query.order_by(k.first_at, k.rule, k.team, k.episode, k.recipient, k.channel)).mappings()
        ]

    def told_of(self, instances: Iterable[Instance]) -> list[Told]:
        k, made = t.told.c, list[Told]()
        for some in in_chunks(sorted(instances)):
            place = tuple_(*(k[name] for name in PLACE)).in_([(i.source, i.rule, i.team) for i in some])
            made += [told_of(dict(kept)) for kept in self.connection.execute(select(t.told).where(place)).mappings()]
        return made

    def hand_over(self, conversations: Iterable[tuple[Told, Told]], now: dt.datetime) -> None:
        for old, heir in conversations:
            forget_told(self.connection, old, old)
            save_told(self.connection, [heir])
            subject = f"{alert_id(heir.instance, heir.episode)} {heir.recipient}/{heir.channel}"
            why = f"it goes on as that of {heir.recipient}, who is reached at the same place; routes.yaml has no {old.recipient} any more"
            i = heir.instance
            detail = {
                "source": i.source, "rule": i.rule, "team": i.team, "episode": heir.episode, "alert": alert_id(i, heir.episode),
                "recipient": heir.recipient, "channel": heir.channel, "before": old.recipient,
            }  # fmt: skip
            audit(self.connection, now, "handed_over", subject, why, detail)

    def handling(self, source: str) -> list[Handling]:
        query = select(t.handling).where(t.handling.c.source == source).order_by(t.handling.c.at)
        return [handling_of(dict(kept)) for kept in self.connection.execute(query).mappings()]

    # --- what is kept ----------------------------------------------------------------------------------------------
    def versions(self, source: str, rules: Sequence[ThresholdRule], latest: dt.date | None, now: dt.datetime) -> Mapping[str, Versions]:
        return versions(self.connection, source, rules, latest, now)

    def save_folds(
        self, folds: Folds, source: str, now: dt.datetime, watched: Callable[[Instance], bool] = lambda instance: True
    ) -> list[AlertEvent]:
        """A run that was carried on looks only at what it touched: all else is as the last run has left it."""
        if folds.fresh:
            self._save_conditions(folds, source, now)
        if folds.fresh or folds.strange:
            self._save_alerts(folds, source, now, watched)
        events = self._save_events(folds, source, now)
        if folds.fresh:
            save_board(self.connection, source, folds.board, now)
        return events

    def _save_conditions(self, folds: Folds, source: str, now: dt.datetime) -> None:
        """One row per instance that is not NORMAL."""
        kept = {(r.rule, r.team): r for r in self.connection.execute(select(t.condition).where(t.condition.c.source == source))}
        changed, standing = [], folds.standing()
        for instance in standing:
            values = _condition_values(instance, folds.condition(instance))
            before = kept.get((instance.rule, instance.team))
            if before is None or tuple(before)[: len(values)] != tuple(values.values()):
                changed.append(values | {"updated_at": moment_text(now)})
        gone = kept.keys() - {(i.rule, i.team) for i in standing}
        self._replace(source, [*((v["rule"], v["team"]) for v in changed), *sorted(gone)], changed)

    def _save_alerts(self, folds: Folds, source: str, now: dt.datetime, watched: Callable[[Instance], bool]) -> None:
        named = [(i, start, closed, alert_id(i, start)) for i, found in folds.changed_episodes() for start, closed in found.items()]
        kept = self._alerts(source) if folds.replayed else self._alerts(source, [id for *_, id in named], folds.strange)
        changed = []
        for instance, episode, closed, id in named:
            values = _alert_values(id, instance, folds, episode, closed, kept.get(id))
            if not kept.get(id, {}).items() >= values.items():
                changed.append(values | {"updated_at": moment_text(now)})
        there = {id for *_, id in named}
        for before in kept.values():
            instance = Instance(source, before["rule"], before["team"])
            if before["id"] in there or before["close_kind"] in {*NEVER_WAS, "limit_changed"}:
                continue
            outcome = folds.get(instance, Fold())
            if instance in folds or (before["closed_on"] is None and not watched(instance)):
                kind = _why_gone(outcome, before["episode"]) if instance in folds else "limit_changed"
                closed_on = str(outcome.condition.as_of or before["as_of"])
                gone = {"condition": "NORMAL", "closed_on": closed_on, "close_kind": kind, "updated_at": moment_text(now)}
                changed.append({**before, **gone})
        for chunk in _chunks([values["id"] for values in changed]):
            self.connection.execute(delete(t.alert).where(t.alert.c.id.in_(chunk)))
        if changed:
            self.connection.execute(insert(t.alert), changed)

    def _save_events(self, folds: Folds, source: str, now: dt.datetime) -> list[AlertEvent]:
        found = [(instance, events) for instance, events in folds.changed_events() if events]
        names = ("rule", "team", "as_of", "from_state", "to_state", "episode")
        kept = (
            self._all(t.alert_event, source) if folds.replayed else self._of(t.alert_event, source, (i for i, _ in found), folds.newer[:1])
        )
        known = {tuple(row[name] for name in names) for row in kept}
        fresh = [
            event
            for instance, events in found
            for event in events
            if (instance.rule, instance.team, str(event.as_of), event.from_state, event.to_state, event.episode) not in known
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

    def _of(self, table: Any, source: str, instances: Iterable[Instance], since: Iterable[Day] = ()) -> list[Mapping[str, Any]]:
        """Rows of these instances; of a date `since` and later."""
        places = sorted((i.rule, i.team) for i in instances)
        made: list[Mapping[str, Any]] = []
        for some in in_chunks(places):
            mine = tuple_(table.c.rule, table.c.team).in_(list(some))
            query = select(table).where(table.c.source == source, mine, *(table.c.as_of >= str(day.as_of) for day in since))
            made += [dict(row) for row in self.connection.execute(query).mappings()]
        return made

    def _alerts(self, source: str, ids: Iterable[str] | None = None, of: Iterable[Instance] = ()) -> dict[str, Mapping[str, Any]]:
        """Rows by their id: all of a source, or these and all of these instances."""
        found = self._all(t.alert, source) if ids is None else self._of(t.alert, source, of)
        for some in in_chunks(list(ids or ())):
            found += [dict(row) for row in self.connection.execute(select(t.alert).where(t.alert.c.id.in_(some))).mappings()]
        return {row["id"]: row for row in found}

    def _replace(self, source: str, places: list[tuple[str, str]], rows: list[dict[str, Any]]) -> None:
        """Conditions of these places, rule and team, go; these rows come."""
        k = t.condition.c
        mine = delete(t.condition).where(k.source == source, k.rule == bindparam("at_rule"), k.team == bindparam("at_team"))
        if places:
            self.connection.execute(mine, [{"at_rule": rule, "at_team": team} for rule, team in places])
        if rows:
            self.connection.execute(insert(t.condition), rows)


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
    return ExtractDay(dt.date.fromisoformat(row.as_of), row.id, _why_held(row, said), said, row.figures or "")


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


def _condition_values(instance: Instance, c: Condition) -> dict[str, Any]:
    """In the order of the columns."""
    return {
        "source": instance.source, "rule": instance.rule, "team": instance.team, "state": c.state, "severity": c.severity,
        "value": c.value, "as_of": _text(c.as_of), "run": c.run, "episode": c.episode, "since": _text(c.since), "extract_id": c.extract_id,
    }  # fmt: skip


def _alert_values(
    id: str, instance: Instance, folds: Folds, episode: str, closed: dt.date | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """An open episode has the figures of now; a closed one keeps the last that it had while it was open."""
    values = {"id": id, "source": instance.source, "rule": instance.rule, "team": instance.team, "episode": episode}
    if closed is None:
        c = folds.condition(instance)
        figures = {"severity": c.severity, "value": c.value, "as_of": _text(c.as_of), "since": _text(c.since), "extract_id": c.extract_id}
        return values | figures | {"condition": c.state, "closed_on": None, "close_kind": None}
    figures = {name: before[name] if before else None for name in ("severity", "value", "as_of", "extract_id")}
    figures["since"] = before["since"] if before else episode
    noted = before["close_kind"] if before and before["closed_on"] == _text(closed) else None
    kind = noted if noted not in {None, *NEVER_WAS} else "limit_changed" if folds[instance].ended_by_limit(episode) else "resolved"
    return values | figures | {"condition": "NORMAL", "closed_on": _text(closed), "close_kind": kind}


def _why_gone(outcome: Fold, episode: str) -> str:
    """Why the data show an episode no more: it began on another date, the limits were moved, or it was wrong."""
    if outcome.stay_of(episode):
        return "moved"
    return "limit_changed" if outcome.ended_by_limit(episode) else "retracted"


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
