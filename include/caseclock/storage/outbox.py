"""The outbox in SQL: rows, what was told, and the audit; and the transactions of the sender."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from caseclock.alerts import Instance, Told
from caseclock.notifications.compose import alert_id
from caseclock.notifications.deliver import Settlement, audit_subject
from caseclock.notifications.outbox import Line, Notice, Row
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, moment_text

OPEN = ("pending", "sending", "unknown")
SYSTEM = "caseclock"


# --- rows ----------------------------------------------------------------------------------------------------------
def row_of(kept: Mapping[str, Any], at: dt.datetime | None = None) -> Row:
    """`at`: the row counts as leased when its lease ends after this moment."""
    payload = kept["payload"]
    lines = tuple(
        Line(Instance(*line["instance"]), line["episode"], line["kind"], line["serial"], line["item"], line["via"])
        for line in payload["lines"]
    )
    return Row(
        key=kept["key"],
        source=kept["source"] or "",
        recipient=kept["recipient"],
        channel=kept["channel"],
        mode=kept["mode"],
        lines=lines,
        conversation=payload["conversation"],
        state=kept["state"],
        fixed=payload["fixed"],
        seq=kept["seq"],
        tries=kept["tries"],
        created_at=moment_of(kept["created_at"]),
        not_before=moment_of(kept["not_before"]) if kept["not_before"] else None,
        leased=bool(at and kept["lease_until"] and kept["lease_until"] > moment_text(at)),
        obsolete=kept["obsolete"],
        reason=kept["reason"] or "",
        notice=_notice_of(payload.get("notice")),
    )


def _notice_of(kept: Mapping[str, Any] | None) -> Notice | None:
    return Notice(kept["name"], kept["headline"], tuple(kept["lines"])) if kept else None


def payload_of(row: Row) -> dict[str, Any]:
    lines = [
        {
            "instance": [line.instance.source, line.instance.rule, line.instance.team],
            "episode": line.episode,
            "kind": line.kind,
            "serial": line.serial,
            "item": dict(line.item),
            "via": line.via,
        }
        for line in row.lines
    ]
    payload = {"lines": lines, "conversation": row.conversation, "fixed": row.fixed}
    return {**payload, "notice": asdict(row.notice)} if row.notice else payload


def insert_rows(c: Connection, rows: Iterable[Row], now: dt.datetime) -> None:
    """Enqueues in the order given. A key that is there changes nothing, but a row that was dropped unsent is taken up again."""
    last = c.execute(select(func.coalesce(func.max(t.outbox.c.seq), 0))).scalar_one()
    make = postgresql.insert if c.dialect.name == "postgresql" else sqlite.insert
    for seq, row in enumerate(rows, last + 1):
        fresh = {
            "seq": seq, "mode": row.mode, "payload": payload_of(row), "state": "pending", "not_before": None, "lease_until": None,
            "lease_by": None, "tries": 0, "created_at": moment_text(now), "done_at": None, "reason": None, "obsolete": None,
        }  # fmt: skip
        query = make(t.outbox).values(key=row.key, source=row.source, recipient=row.recipient, channel=row.channel, **fresh)
        c.execute(query.on_conflict_do_update(index_elements=[t.outbox.c.key], set_=fresh, where=t.outbox.c.state == "dropped"))


# --- told ----------------------------------------------------------------------------------------------------------
def told_of(kept: Mapping[str, Any]) -> Told:
    detail = kept["detail"]
    return Told(
        recipient=kept["recipient"],
        channel=kept["channel"],
        instance=Instance(kept["source"], kept["rule"], kept["team"]),
        episode=kept["episode"],
        severity=kept["severity"],
        value=kept["value"],
        shown=kept["shown"],
        first_at=moment_of(kept["first_at"]),
        attention_at=moment_of(kept["attention_at"]),
        held=bool(kept["held"]),
        open=bool(kept["open"]),
        handle=kept["handle"],
        serial=kept["serial"],
        via=detail["via"],
        conversation=detail["conversation"],
        item=detail["item"],
    )


def save_told(c: Connection, listed: Iterable[Told]) -> None:
    rows = [_told_values(told) for told in listed]
    k = t.told.c
    if not rows:
        return
    place: dict[str, Any] = {name: bindparam(f"at_{name}") for name in ("recipient", "channel", "source", "rule", "team", "episode")}
    c.execute(
        delete(t.told).where(*(k[name] == value for name, value in place.items())), [{f"at_{n}": row[n] for n in place} for row in rows]
    )
    c.execute(insert(t.told), rows)


def _told_values(told: Told) -> dict[str, Any]:
    return {
        "recipient": told.recipient, "channel": told.channel, "source": told.instance.source, "rule": told.instance.rule,
        "team": told.instance.team, "episode": told.episode, "severity": told.severity, "value": told.value, "shown": told.shown,
        "first_at": moment_text(told.first_at), "attention_at": moment_text(told.attention_at), "held": int(told.held),
        "open": int(told.open), "handle": told.handle, "serial": told.serial,
        "detail": {"via": told.via, "conversation": told.conversation, "item": dict(told.item)},
    }  # fmt: skip


# --- audit ---------------------------------------------------------------------------------------------------------
def audit(c: Connection, at: dt.datetime, event: str, subject: str, reason: str, detail: Mapping[str, Any], by: str = SYSTEM) -> None:
    c.execute(insert(t.audit).values(at=moment_text(at), event=event, subject=subject, by=by, reason=reason, detail=dict(detail)))


def audit_row(c: Connection, at: dt.datetime, event: str, row: Row, reason: str) -> None:
    """One audit row for each line of a message."""
    rows = []
    for n, line in enumerate(row.lines):
        i = line.instance
        detail = {
            "key": row.key, "kind": line.kind, "source": i.source, "rule": i.rule, "team": i.team, "episode": line.episode,
            "alert": alert_id(i, line.episode), "recipient": row.recipient, "channel": row.channel,
        }  # fmt: skip
        said = reason or str(line.item.get("reason", ""))
        rows.append(
            {"at": moment_text(at), "event": event, "subject": audit_subject(row, n), "by": SYSTEM, "reason": said, "detail": detail}
        )
    if rows:
        c.execute(insert(t.audit), rows)


# --- the sender's transactions -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class SqlDelivery:
    """The port `DeliveryStore` on an engine. See there for what each call means."""

    engine: Engine

    def claim(self, by: str, at: dt.datetime, until: dt.datetime, channels: list[str]) -> Row | None:
        if not channels:
            return None
        while True:
            with self.engine.begin() as c:
                found = c.execute(_due(at, channels)).mappings().first()
                if found is None:
                    return None
                mine = and_(t.outbox.c.key == found["key"], _free(t.outbox, at), t.outbox.c.state.in_(OPEN))
                values = {"lease_by": by, "lease_until": moment_text(until)}
                taken = c.execute(update(t.outbox).where(mine, t.outbox.c.seq == found["seq"]).values(**values)).rowcount
                if taken:  # else another sender was faster: look again. The row is read again, now that it is ours
                    return row_of(dict(c.execute(select(t.outbox).where(t.outbox.c.key == found["key"])).mappings().one()))

    def unconfigured(self, channels: list[str]) -> list[Row]:
        query = select(t.outbox).where(t.outbox.c.state.in_(OPEN), t.outbox.c.channel.not_in(channels)).order_by(t.outbox.c.seq)
        with self.engine.begin() as c:
            return [row_of(dict(kept)) for kept in c.execute(query).mappings()]

    def hold(self, row: Row, reason: str, at: dt.datetime) -> None:
        if row.reason == reason:
            return
        with self.engine.begin() as c:
            c.execute(update(t.outbox).where(t.outbox.c.key == row.key).values(reason=reason))
            audit_row(c, at, "held", row, reason)

    def attempts(self, row: Row) -> list[dt.datetime]:
        query = select(t.attempt.c.started_at).where(t.attempt.c.key == row.key).order_by(t.attempt.c.id)
        with self.engine.begin() as c:
            return [moment_of(text) for text in c.execute(query).scalars()]

    def told_by(self, recipient: str, channel: str) -> list[Told]:
        query = (
            select(t.told)
            .where(t.told.c.recipient == recipient, t.told.c.channel == channel)
            .order_by(t.told.c.first_at, t.told.c.rule, t.told.c.team)
        )
        with self.engine.begin() as c:
            return [told_of(dict(kept)) for kept in c.execute(query).mappings()]

    def begin(self, row: Row, by: str, at: dt.datetime, until: dt.datetime) -> int | None:
        with self.engine.begin() as c:
            values = {"state": "sending", "lease_until": moment_text(until)}
            if not c.execute(update(t.outbox).where(_mine(row, by)).values(**values)).rowcount:
                return None
            made = c.execute(insert(t.attempt).values(key=row.key, started_at=moment_text(at)))
            key = made.inserted_primary_key
            return int(key[0]) if key else None

    def settle(self, row: Row, by: str, at: dt.datetime, made: Settlement) -> bool:
        with self.engine.begin() as c:
            values: dict[str, Any] = {
                "state": made.state, "reason": made.reason or None, "lease_by": None, "lease_until": None,
                "not_before": moment_text(made.not_before) if made.not_before else None, "tries": row.tries + int(made.tried),
            }  # fmt: skip
            if made.handle is not None:
                values["handle"] = made.handle
            if made.state not in OPEN:
                values["done_at"] = moment_text(at)
            if not c.execute(update(t.outbox).where(_mine(row, by)).values(**values)).rowcount:
                return False
            if made.attempt is not None:
                ended = {"ended_at": moment_text(at), "outcome": made.outcome, "reason": made.reason or None}
                c.execute(update(t.attempt).where(t.attempt.c.id == made.attempt).values(**ended))
            save_told(c, made.told)
            insert_rows(c, made.rows, at)
            if (made.outcome, made.reason) != ("unknown", row.reason):
                audit_row(c, at, made.outcome, row, made.reason)
            return True


def _mine(row: Row, by: str) -> ColumnElement[bool]:
    return and_(t.outbox.c.key == row.key, t.outbox.c.lease_by == by, t.outbox.c.state.in_(OPEN))


def _free(outbox: Any, at: dt.datetime) -> ColumnElement[bool]:
    return or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= moment_text(at))


def _due(at: dt.datetime, channels: list[str]) -> Any:
    """The first row in order that nobody has leased, whose time has come, and before which nothing of its lane is open."""
    earlier = t.outbox.alias()
    same_lane = and_(earlier.c.recipient == t.outbox.c.recipient, earlier.c.channel == t.outbox.c.channel)
    before = exists().where(same_lane, earlier.c.state.in_(OPEN), earlier.c.seq < t.outbox.c.seq)
    return (
        select(t.outbox.c.key, t.outbox.c.seq)
        .where(
            t.outbox.c.state.in_(OPEN),
            t.outbox.c.channel.in_(channels),
            _free(t.outbox, at),
            or_(t.outbox.c.not_before.is_(None), t.outbox.c.not_before <= moment_text(at)),
            ~before,
        )
        .order_by(t.outbox.c.seq)
        .limit(1)
    )
