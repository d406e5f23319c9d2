"""The limits of each rule as they stood: one audit row per source and rule whenever they are not those noted before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of
from caseclock.storage.outbox import audit
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.versions import Versions, change_words, limits_of, versions_of

EVENT = "limits"
Kept = tuple[Mapping[str, object], dt.date | None, dt.datetime]


def versions(c: Connection, source: str, rules: Sequence[ThresholdRule], latest: dt.date | None, now: dt.datetime) -> dict[str, Versions]:
    """Rule id to its versions. `latest`: the newest extract date that speaks; limits that are new to the store hold from there.

    The first limits that are ever noted of a rule hold for every date.
    """
    noted = _noted(c, source)
    made = {}
    for rule in rules:
        kept, limits = noted.get(rule.id, []), limits_of(rule)
        if not kept or kept[-1][0] != limits:
            since = latest if kept else None
            said = change_words(kept[-1][0], limits) if kept else "the limits in force when this rule was first seen"
            audit(c, now, EVENT, _subject(source, rule.id), said, _detail(source, rule.id, limits, since))
            kept = [*kept, (limits, since, now)]
        made[rule.id] = versions_of(rule, kept)
    return made


def _noted(c: Connection, source: str) -> dict[str, list[Kept]]:
    found: dict[str, list[Kept]] = {}
    query = select(t.audit.c.at, t.audit.c.detail).where(t.audit.c.event == EVENT, t.audit.c.subject.like(f"{_like(source)}/%", escape="!"))
    for row in c.execute(query.order_by(t.audit.c.id)):
        detail = row.detail
        if detail["source"] == source:
            since = dt.date.fromisoformat(detail["since"]) if detail["since"] else None
            found.setdefault(detail["rule"], []).append((detail["limits"], since, moment_of(row.at)))
    return found


def _subject(source: str, rule: str) -> str:
    return f"{source}/{rule}"


def _like(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _detail(source: str, rule: str, limits: Mapping[str, object], since: dt.date | None) -> dict[str, Any]:
    return {"source": source, "rule": rule, "limits": dict(limits), "since": since.isoformat() if since else None}
