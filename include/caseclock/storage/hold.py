"""Sending is on hold from the restore of a backup until a person has said which messages had been sent (`notifications/doubt.py`).

The audit says it: so it goes with the store wherever it is copied, and is part of the transaction that restores or reopens.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, Engine, func, select

from caseclock.notifications.doubt import Doubt
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, reading

BACKUP, RESTORED, REOPENED = "store_backup", "store_restored", "store_reopened"
STORE = "store"
"""What the audit of these is filed under."""


def doubt_of(c: Connection) -> Doubt | None:
    """What is not known since the last restore; None when the store was never restored."""
    restored, reopened = last(c, RESTORED), last(c, REOPENED)
    if restored is None:
        return None
    _, at, detail = restored
    since, until = moment_of(detail["backup_at"] or ""), None
    open_again = reopened is not None and reopened[0] > restored[0]
    if reopened and open_again and reopened[2]["told_until"]:
        until = dt.date.fromisoformat(reopened[2]["told_until"])
    return Doubt(since, moment_of(at), not open_again, until)


def on_hold(c: Connection) -> bool:
    found = doubt_of(c)
    return found is not None and found.on_hold


def in_doubt(engine: Engine) -> Doubt | None:
    with reading(engine) as c:
        return doubt_of(c)


def last(c: Connection, event: str) -> tuple[int, str, dict[str, str | None]] | None:
    newest = select(func.max(t.audit.c.id)).where(t.audit.c.event == event, t.audit.c.subject == STORE).scalar_subquery()
    found = c.execute(select(t.audit.c.id, t.audit.c.at, t.audit.c.detail).where(t.audit.c.id == newest)).first()
    return (int(found[0]), str(found[1]), dict(found[2])) if found else None
