"""The outbox in SQL: rows, what was told, and the audit; and the transactions of the sender."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, delete, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from caseclock.alerts import Instance, Told
from caseclock.alerts.told import UNSURE
from caseclock.notifications.compose import alert_id
from caseclock.notifications.deliver import Lane, Settlement, audit_subject
from caseclock.notifications.doubt import WAITS
from caseclock.notifications.outbox import Failure, Line, Notice, Row
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.hold import on_hold

OPEN = ("pending", "sending", "unknown")
SYSTEM = "caseclock"


# --- rows ----------------------------------------------------------------------------------------------------------
def row_of(kept: Mapping[str, Any], at: dt.datetime | None = None) -> Row:
    """`at`: the row counts as leased when its lease ends after this moment."""
    payload = kept["payload"]
    lines = tuple(
        Line(Instance(*line["instance"]), line["episode"], line["kind"], line["serial"], line["item"], line["via"], line.get("again", 0))
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
        done_at=moment_of(kept["done_at"]) if kept["done_at"] else None,
        failure=Failure(**payload["failure"]) if payload.get("failure") else None,
    )


def _notice_of(kept: Mapping[str, Any] | None) -> Notice | None:
    if not kept:
        return None
    return Notice(kept["name"], kept["headline"], tuple(kept["lines"]), kept.get("letter"), kept.get("kind", ""))


def payload_of(row: Row) -> dict[str, Any]:
    lines = [
        {
            "instance": [line.instance.source, line.instance.rule, line.instance.team],
            "episode": line.episode,
            "kind": line.kind,
            "serial": line.serial,
            "item": dict(line.item),
            "via": line.via,
            **({"again": line.again} if line.again else {}),
        }
        for line in row.lines
    ]
    payload: dict[str, Any] = {"lines": lines, "conversation": row.conversation, "fixed": row.fixed}
    if row.notice:
        notice = {"name": row.notice.name, "headline": row.notice.headline, "lines": list(row.notice.lines)}
        notice |= {"kind": row.notice.kind} if row.notice.kind else {}
        payload["notice"] = notice | ({"letter": dict(row.notice.letter)} if row.notice.letter else {})
    return payload | ({"failure": asdict(row.failure)} if row.failure else {})


def insert_rows(c: Connection, rows: Iterable[Row], now: dt.datetime) -> None:
    """Enqueues in the order given. A key that is there changes nothing, but a row that was dropped unsent is taken up again.

    While sending is on hold after a restore it is not known whether the same was sent before, so the row is of unknown fate.
    """
    rows = list(rows)
    state, reason = ("unknown", WAITS) if rows and on_hold(c) else ("pending", None)
    last = c.execute(select(func.coalesce(func.max(t.outbox.c.seq), 0))).scalar_one()
    make = postgresql.insert if c.dialect.name == "postgresql" else sqlite.insert
    for seq, row in enumerate(rows, last + 1):
        fresh = {
            "seq": seq, "mode": row.mode, "payload": payload_of(row), "state": state, "not_before": None, "lease_until": None,
            "lease_by": None, "tries": 0, "created_at": moment_text(now), "done_at": None, "reason": reason, "obsolete": None,
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
    rows = [told_values(told) for told in listed]
    k = t.told.c
    if not rows:
        return
    place: dict[str, Any] = {name: bindparam(f"at_{name}") for name in ("recipient", "channel", "source", "rule", "team", "episode")}
    c.execute(
        delete(t.told).where(*(k[name] == value for name, value in place.items())), [{f"at_{n}": row[n] for n in place} for row in rows]
    )
    c.execute(insert(t.told), rows)


def told_values(told: Told) -> dict[str, Any]:
    return {
        "recipient": told.recipient, "channel": told.channel, "source": told.instance.source, "rule": told.instance.rule,
        "team": told.instance.team, "episode": told.episode, "severity": told.severity, "value": told.value, "shown": told.shown,
        "first_at": moment_text(told.first_at), "attention_at": moment_text(told.attention_at), "held": int(told.held),
        "open": int(told.open), "handle": told.handle, "serial": told.serial,
        "detail": {"via": told.via, "conversation": told.conversation, "item": dict(told.item)},
    }  # fmt: skip


def mark_unsure(c: Connection, row: Row) -> None:
    """What the roots of these lines show is not known until the message is confirmed; the engine then has them drawn again (`UNSURE`)."""
    for line in row.lines:
        detail = c.execute(select(t.told.c.detail).where(_place(row, line))).scalar()
        if detail is not None:
            c.execute(update(t.told).where(_place(row, line)).values(detail={**detail, "item": {**detail["item"], UNSURE: True}}))


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


def is_on_its_way(c: Connection, told: Told) -> bool:
    """Whether a message of this conversation is enqueued and not yet confirmed."""
    o = t.outbox.c
    lane = and_(o.recipient == told.recipient, o.channel == told.channel, o.source == told.instance.source)
    rows = (row_of(dict(kept)) for kept in c.execute(select(t.outbox).where(lane, o.state.in_(OPEN))).mappings())
    return any((line.instance, line.episode) == (told.instance, told.episode) for row in rows for line in row.lines)


# --- the sender's transactions -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class SqlDelivery:
    """The port `DeliveryStore` on an engine. See there for what each call means."""

    engine: Engine

    def claim(self, by: str, at: dt.datetime, until: dt.datetime, channels: list[str], resting: Sequence[Lane] = ()) -> Row | None:
        if not channels:
            return None
        while True:
            with self.engine.begin() as c:
                found = c.execute(_due(at, channels, resting)).mappings().first()
                if found is None:
                    return None
                mine = and_(t.outbox.c.key == found["key"], _free(t.outbox, at), t.outbox.c.state.in_(OPEN))
                values = {"lease_by": by, "lease_until": moment_text(until)}
                taken = c.execute(update(t.outbox).where(mine, t.outbox.c.seq == found["seq"]).values(**values)).rowcount
                if taken:  # else another sender was faster: look again. The row is read again, now that it is ours
                    return row_of(dict(c.execute(select(t.outbox).where(t.outbox.c.key == found["key"])).mappings().one()))

    def due(self, at: dt.datetime, channels: list[str]) -> list[tuple[Lane, dt.datetime]]:
        o = t.outbox.c
        query = (
            select(o.recipient, o.channel, o.not_before, o.lease_until).where(o.state.in_(OPEN), o.channel.in_(channels)).order_by(o.seq)
        )
        first: dict[Lane, Any] = {}
        with self.engine.begin() as c:
            for row in c.execute(query):
                first.setdefault((row.recipient, row.channel), row)
        free = {lane: row for lane, row in first.items() if not row.lease_until or row.lease_until <= moment_text(at)}
        return [(lane, max(at, moment_of(row.not_before)) if row.not_before else at) for lane, row in free.items()]

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

    def begin(self, row: Row, by: str, at: dt.datetime, until: dt.datetime, *, unsure: bool = False) -> int | None:
        with self.engine.begin() as c:
            values = {"state": "sending", "lease_until": moment_text(until)}
            if not c.execute(update(t.outbox).where(_mine(row, by)).values(**values)).rowcount:
                return None
            if unsure:
                mark_unsure(c, row)
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
            if made.before is not None:
                values["payload"] = {**payload_of(row), "before": [told and told_values(told) for told in made.before]}
            if made.state == "failed":
                values["payload"] = payload_of(row)
            if made.state not in OPEN:
                values["done_at"] = moment_text(at)
            if not c.execute(update(t.outbox).where(_mine(row, by)).values(**values)).rowcount:
                return False
            if made.outcome == "paced":
                c.execute(delete(t.attempt).where(t.attempt.c.id == made.attempt))
                return True
            if made.attempt is not None:
                ended = {"ended_at": moment_text(at), "outcome": made.outcome, "reason": made.reason or None}
                c.execute(update(t.attempt).where(t.attempt.c.id == made.attempt).values(**ended))
            save_told(c, made.told)
            insert_rows(c, made.rows, at)
            if (made.outcome, made.reason) != ("unknown", row.reason):
                audit_row(c, at, made.outcome, row, made.reason)
            return True


@dataclass(frozen=True)
class SqlSent:
    """The port `SentStore` on an engine. A sent row whose fate is open has a `not_before`: when it is to be asked after."""

    engine: Engine

    def unsettled(self, channels: list[str], at: dt.datetime, most: int) -> list[tuple[Row, dt.datetime]]:
        o = t.outbox.c
        query = select(t.outbox).where(_unsettled(), o.channel.in_(channels), o.not_before <= moment_text(at)).order_by(o.seq.desc())
        with self.engine.begin() as c:
            return [(row_of(dict(kept)), moment_of(kept["done_at"])) for kept in c.execute(query.limit(most)).mappings()]

    def told_by(self, recipient: str, channel: str) -> list[Told]:
        return SqlDelivery(self.engine).told_by(recipient, channel)

    def look_again(self, row: Row, at: dt.datetime) -> None:
        with self.engine.begin() as c:
            c.execute(update(t.outbox).where(t.outbox.c.key == row.key, _unsettled()).values(not_before=moment_text(at)))

    def close(self, row: Row, event: str, reason: str, at: dt.datetime) -> None:
        with self.engine.begin() as c:
            if c.execute(update(t.outbox).where(t.outbox.c.key == row.key, _unsettled()).values(not_before=None)).rowcount:
                audit_row(c, at, event, row, reason)

    def take_back(self, row: Row, reason: str, at: dt.datetime, instead: Callable[[Row], Iterable[Row]]) -> bool:
        with self.engine.begin() as c:
            mine = select(t.outbox.c.payload).where(t.outbox.c.key == row.key, _unsettled())
            kept = c.execute(mine.with_for_update()).scalar()
            if kept is None or _is_open(c, row, at):
                return False
            unheard = []
            for line, was in zip(row.lines, kept.get("before", ()), strict=True):  # gone with the lines when the payload was removed
                before, now_is = told_of(was) if was else None, _told_at(c, row, line)
                if now_is is None or now_is.serial == (before.serial if before else 0) + 1:
                    unheard.append(line)
                    forget_told(c, row, line)
                    save_told(c, [before] if before else [])
            how = {"failure": asdict(row.failure)} if row.failure else {}
            values = {"state": "failed", "reason": reason, "not_before": None, "done_at": moment_text(at), "payload": {**kept, **how}}
            c.execute(update(t.outbox).where(t.outbox.c.key == row.key).values(**values))
            audit_row(c, at, "failed", row, reason)
            insert_rows(c, instead(replace(row, lines=tuple(unheard))), at)
            return True


def _unsettled() -> ColumnElement[bool]:
    return and_(t.outbox.c.state == "sent", t.outbox.c.not_before.is_not(None))


def _is_open(c: Connection, row: Row, at: dt.datetime) -> bool:
    """Whether a later message of the same lane and about the same alert is on its way, or sent and not settled."""
    o = t.outbox.c
    query = select(t.outbox).where(
        o.recipient == row.recipient, o.channel == row.channel, o.seq > row.seq, or_(o.state.in_(OPEN), _unsettled())
    )
    about = {(line.instance, line.episode) for line in row.lines}
    later = (row_of(dict(kept), at) for kept in c.execute(query).mappings())
    return any(
        (other.in_flight or other.state == "sent") and about & {(line.instance, line.episode) for line in other.lines} for other in later
    )


def _told_at(c: Connection, row: Row, line: Line) -> Told | None:
    kept = c.execute(select(t.told).where(_place(row, line)).with_for_update()).mappings().first()
    return told_of(dict(kept)) if kept else None


def forget_told(c: Connection, row: Row | Told, line: Line | Told) -> None:
    c.execute(delete(t.told).where(_place(row, line)))


def _place(row: Row | Told, line: Line | Told) -> ColumnElement[bool]:
    k, i = t.told.c, line.instance
    lane = and_(k.recipient == row.recipient, k.channel == row.channel)
    return and_(lane, k.source == i.source, k.rule == i.rule, k.team == i.team, k.episode == line.episode)


def _mine(row: Row, by: str) -> ColumnElement[bool]:
    return and_(t.outbox.c.key == row.key, t.outbox.c.lease_by == by, t.outbox.c.state.in_(OPEN))


def _free(outbox: Any, at: dt.datetime) -> ColumnElement[bool]:
    return or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= moment_text(at))


def _due(at: dt.datetime, channels: list[str], resting: Sequence[Lane]) -> Any:
    """The first row in order that nobody has leased, whose time has come, and before which nothing of its lane is open."""
    awake = [tuple_(t.outbox.c.recipient, t.outbox.c.channel).not_in(list(resting))] if resting else []
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
            *awake,
        )
        .order_by(t.outbox.c.seq)
        .limit(1)
    )
