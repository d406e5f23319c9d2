"""Extracts as the ledger has them: what came, what quality and people said of it, and how far it has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from caseclock.dashboard.model import At
from caseclock.dashboard.pages.extracts import Entry
from caseclock.pipeline.pages.quality_words import WORDS, word_of
from caseclock.storage import schema as t
from caseclock.storage.decisions import DONE
from caseclock.storage.engine import moment_of
from caseclock.storage.ledger import STEPS

UNREAD: Final = "It could not be read."
Steps = dict[str, dict[str, float]]


def entries_of(c: Connection, at: At, ids: Sequence[str]) -> tuple[Entry, ...]:
    """In the order of `ids`; an id that there is not is left out. Reasons of people, and places in files, are not in it."""
    e, q, d, n = t.extract, t.quality_report, t.decision, t.table_count
    rows = (
        select(n.c.extract_id, func.sum(n.c.read).label("read"), func.sum(n.c.quarantined).label("aside"))
        .where(n.c.extract_id.in_(list(ids)))
        .group_by(n.c.extract_id)
    ).subquery()
    query = (
        select(e, q.c.verdict, d.c.decision, d.c.by, d.c.at, rows.c.read, rows.c.aside)
        .outerjoin(q, q.c.extract_id == e.c.id)
        .outerjoin(d, d.c.extract_id == e.c.id)
        .outerjoin(rows, rows.c.extract_id == e.c.id)
        .where(e.c.id.in_(list(ids)))
    )
    steps: Steps = {}
    for id_, step, seconds in c.execute(
        select(t.step_done.c.extract_id, t.step_done.c.step, t.step_done.c.seconds).where(t.step_done.c.extract_id.in_(list(ids)))
    ):
        steps.setdefault(id_, {})[step] = seconds
    made = {row.id: _entry(at, row, steps.get(row.id, {})) for row in c.execute(query)}
    return tuple(made[id_] for id_ in ids if id_ in made)


def _entry(at: At, row: Any, done: dict[str, float]) -> Entry:
    word = word_of(row)
    said, tone = WORDS[word]
    decided = f"{DONE[row.decision]} by {row.by}, {_day(row.at)}" if row.decision else None
    return Entry(
        row.id,
        dt.date.fromisoformat(row.as_of),
        row.revision,
        row.received_at,
        row.name,
        row.sha256[:12],
        int(row.read or 0),
        int(row.aside or 0),
        word,
        said,
        tone,
        decided,
        row.superseded,
        (row.refused if at.scope.whole else UNREAD) if row.refused else None,
        tuple((step, done[step]) for step in STEPS if step in done),
        () if row.superseded or row.refused else tuple(step for step in STEPS if step not in done),
    )


def _day(moment: str) -> str:
    at = moment_of(moment)
    return f"{at.day} {at:%B %Y}"
