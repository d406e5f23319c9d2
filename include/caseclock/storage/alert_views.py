"""Questions about alerts: which are open, what one is, and why somebody was or was not told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, select

from caseclock.alerts import Instance
from caseclock.notifications.compose import alert_id
from caseclock.storage import schema as t

View = dict[str, Any]


def list_alerts(c: Connection, source: str | None = None, closed_too: bool = False) -> list[View]:
    """One entry per episode: red first, then the oldest; closed episodes after the open ones when asked for."""
    query = select(t.alert, t.team.c.name.label("team_name")).select_from(
        t.alert.outerjoin(t.team, and_(t.team.c.source == t.alert.c.source, t.team.c.team == t.alert.c.team))
    )
    if source:
        query = query.where(t.alert.c.source == source)
    if not closed_too:
        query = query.where(t.alert.c.closed_on.is_(None))
    found = [dict(row) | {"team_name": row["team_name"] or row["team"]} for row in c.execute(query).mappings()]
    rank = {"red": 0, "amber": 1}
    return sorted(
        found, key=lambda a: (a["closed_on"] is not None, rank.get(a["severity"] or "", 2), a["since"] or "", a["rule"], a["team"])
    )


def show_alert(c: Connection, alert: str) -> View | None:
    """The alert with its changes of state, who was told what, and what people did about it. None when no alert has this id."""
    row = c.execute(select(t.alert).where(t.alert.c.id == alert)).mappings().first()
    if row is None:
        return None
    instance, episode = Instance(row["source"], row["rule"], row["team"]), row["episode"]
    told = [dict(r) | {"held": bool(r["held"]), "open": bool(r["open"])} for r in _rows(c, t.told, instance) if r["episode"] == episode]
    deeds = [r for r in _rows(c, t.handling, instance) if r["kind"] == "silence" or r["episode"] == episode]
    return dict(row) | {"events": _events(c, instance, episode), "told": told, "handling": deeds}


def why(c: Connection, alert: str, measures: Mapping[str, str] | None = None) -> View | None:
    """The chain behind an alert: events, messages sent and not sent with their reasons, the values and the extracts with their hashes.

    `measures`: rule id to measure; with it the values are those of the measure, with n, else those that the events noted.
    """
    shown = show_alert(c, alert)
    if shown is None:
        return None
    instance = Instance(shown["source"], shown["rule"], shown["team"])
    audit = select(t.audit).where(t.audit.c.subject.like(f"{alert} %")).order_by(t.audit.c.id)
    about = select(t.audit).where(t.audit.c.subject == str(instance)).order_by(t.audit.c.id)
    notes = [dict(r) for r in c.execute(audit).mappings()]
    deeds = [dict(r) for r in c.execute(about).mappings() if r["detail"].get("source") == instance.source]
    keys = list(dict.fromkeys(n["detail"]["key"] for n in notes if "key" in n["detail"]))
    waiting = _waiting(c, instance, alert)
    ids = {e["extract_id"] for e in shown["events"] if e["extract_id"]} | ({shown["extract_id"]} if shown["extract_id"] else set())
    return {
        "alert": shown,
        "messages": [m for m in (_message(c, key) for key in dict.fromkeys([*keys, *waiting])) if m],
        "notes": [{k: n[k] for k in ("at", "event", "reason", "by")} | {"to": n["subject"].partition(" ")[2]} for n in notes],
        "deeds": [{k: n[k] for k in ("at", "event", "reason", "by")} for n in deeds],
        "values": _values(c, shown, (measures or {}).get(shown["rule"]), sorted(ids)),
        "extracts": [
            dict(r)
            for r in c.execute(
                select(t.extract.c.id, t.extract.c.source, t.extract.c.as_of, t.extract.c.revision, t.extract.c.sha256, t.extract.c.name)
                .where(t.extract.c.id.in_(sorted(ids)))
                .order_by(t.extract.c.as_of, t.extract.c.revision)
            ).mappings()
        ],
    }


def _rows(c: Connection, table: Any, instance: Instance) -> list[View]:
    mine = (table.c.source == instance.source, table.c.rule == instance.rule, table.c.team == instance.team)
    return [dict(r) for r in c.execute(select(table).where(*mine)).mappings()]


def _events(c: Connection, instance: Instance, episode: str) -> list[View]:
    """Those of the episode, and the wait before it."""
    rows = sorted(_rows(c, t.alert_event, instance), key=lambda r: r["id"])
    before = [r for r in rows if r["episode"] is None and r["as_of"] and r["as_of"] <= episode][-1:]
    return [r for r in rows if r["episode"] == episode or r in before]


def _waiting(c: Connection, instance: Instance, alert: str) -> list[str]:
    """Keys of messages about the alert that are enqueued and have no audit row yet."""
    query = select(t.outbox.c.key, t.outbox.c.payload).where(
        t.outbox.c.source == instance.source, t.outbox.c.state.in_(("pending", "sending", "unknown"))
    )
    return [r.key for r in c.execute(query) if any(alert_id(Instance(*x["instance"]), x["episode"]) == alert for x in r.payload["lines"])]


def _message(c: Connection, key: str) -> View | None:
    row = c.execute(select(t.outbox).where(t.outbox.c.key == key)).mappings().first()
    if row is None:
        return None
    tries = c.execute(select(t.attempt).where(t.attempt.c.key == key).order_by(t.attempt.c.id)).mappings()
    kept = {k: row[k] for k in ("key", "recipient", "channel", "mode", "state", "reason", "created_at", "done_at")}
    return kept | {"kinds": [line["kind"] for line in row["payload"]["lines"]], "attempts": [dict(a) for a in tries]}


def _values(c: Connection, shown: View, measure: str | None, extract_ids: list[str]) -> list[View]:
    """The figures behind the changes of state and the last one, oldest first, each with the extract it came from."""
    if measure is None:
        noted = [*shown["events"], shown]
        found = {(e["as_of"], e["extract_id"]): {k: e[k] for k in ("as_of", "value", "extract_id")} for e in noted if e["extract_id"]}
        return [value for _, value in sorted(found.items())]
    m, e = t.measure_value, t.extract
    query = (
        select(e.c.as_of, m.c.measure, m.c.value, m.c.n, m.c.extract_id)
        .join(e, e.c.id == m.c.extract_id)
        .where(m.c.extract_id.in_(extract_ids), m.c.team == shown["team"], m.c.measure == measure)
        .order_by(e.c.as_of, e.c.revision)
    )
    return [dict(row) for row in c.execute(query).mappings()]
