"""The lives of quarantined rows, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, tuple_

from caseclock.extracts import Extract
from caseclock.quality.life import Entry, Key
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks, one_writer
from caseclock.storage.quality import TRACKED
from caseclock.storage.speaking import accepted

Q = t.quarantine_entry


def lock(c: Connection, source: str) -> None:
    """One writer of the lives of a source at a time."""
    one_writer(c, f"quarantine|{source}")


def spoken(c: Connection, source: str) -> list[Extract]:
    """Accepted extracts of a source, every revision, in order of date and revision: by the gate, or by a person."""
    e, q = t.extract, t.quality_report
    query = select(e.c.id).join(q, q.c.extract_id == e.c.id).where(e.c.source == source, accepted())
    ids = set(c.execute(query).scalars())
    return [found for found in ledger.extracts(c, source) if found.id in ids]


def tracked(c: Connection, source: str) -> set[str]:
    """Extracts whose quarantine has been taken into the lives."""
    s, e = t.extract_stat, t.extract
    query = select(s.c.extract_id).join(e, e.c.id == s.c.extract_id).where(e.c.source == source, s.c.name == TRACKED)
    return set(c.execute(query).scalars())


def set_tracked(c: Connection, before: set[str], after: set[str]) -> None:
    s = t.extract_stat
    for chunk in in_chunks(sorted(before - after)):
        c.execute(delete(s).where(s.c.name == TRACKED, s.c.extract_id.in_(chunk)))
    if new := sorted(after - before):
        c.execute(insert(s), [{"extract_id": i, "name": TRACKED, "scope": "", "value": 1.0} for i in new])


# --- entries ---------------------------------------------------------------------------------------------------------
def entries(c: Connection, source: str) -> dict[Key, Entry]:
    """Every life of a source that is kept."""
    made = [_entry(row) for row in c.execute(select(Q).where(Q.c.source == source))]
    return {entry.key: entry for entry in made}


def save(c: Connection, source: str, before: Mapping[Key, Entry], after: Mapping[Key, Entry]) -> int:
    """Writes what differs; returns how many entries that was."""
    changed = [entry for key, entry in after.items() if before.get(key) != entry]
    stale = [key for key in before if key not in after] + [e.key for e in changed if e.key in before]
    for chunk in in_chunks(stale):
        c.execute(delete(Q).where(Q.c.source == source, tuple_(Q.c.table_name, Q.c.row_hash, Q.c.rule).in_(chunk)))
    if changed:
        c.execute(insert(Q), [{"source": source, **_values(entry)} for entry in changed])
    return len(stale) + len(changed)


def listed(
    c: Connection,
    *,
    source: str | None = None,
    table: str | None = None,
    rule: str | None = None,
    as_of: dt.date | None = None,
    left_too: bool = False,
) -> list[tuple[str, Entry]]:
    """Source and entry, by source, table, file and row. `as_of`: those that were in quarantine on that date; else the open ones."""
    query = select(Q).order_by(Q.c.source, Q.c.table_name, Q.c.rule, Q.c.file, Q.c.row, Q.c.row_hash)
    for column, wanted in ((Q.c.source, source), (Q.c.table_name, table), (Q.c.rule, rule)):
        if wanted is not None:
            query = query.where(column == wanted)
    if as_of is not None:
        query = query.where(Q.c.first_seen <= str(as_of), or_(Q.c.left_on.is_(None), Q.c.left_on > str(as_of)))
    elif not left_too:
        query = query.where(Q.c.left_on.is_(None))
    return [(row.source, _entry(row)) for row in c.execute(query)]


def summary(c: Connection, source: str | None = None) -> list[dict[str, Any]]:
    """Per source, table and rule: open entries and since when the oldest has been there, corrected and gone ones."""
    is_open, why = Q.c.left_on.is_(None), Q.c.left_because
    query = (
        select(
            Q.c.source,
            Q.c.table_name.label("table"),
            Q.c.rule,
            func.count().filter(is_open).label("open"),
            func.min(Q.c.first_seen).filter(is_open).label("oldest"),
            func.count().filter(why == "corrected").label("corrected"),
            func.count().filter(why == "gone").label("gone"),
        )
        .group_by(Q.c.source, Q.c.table_name, Q.c.rule)
        .order_by(Q.c.source, Q.c.table_name, Q.c.rule)
    )
    if source:
        query = query.where(Q.c.source == source)
    return [dict(row) for row in c.execute(query).mappings()]


def changed_on(c: Connection, source: str, as_of: dt.date) -> dict[str, int]:
    """How the quarantine of a source changed with the extract of a date: `new`, `corrected`, `gone`, and what was `open` then."""
    on = str(as_of)
    was_open = and_(Q.c.first_seen <= on, or_(Q.c.left_on.is_(None), Q.c.left_on > on))
    query = select(
        func.count().filter(was_open).label("open"),
        func.count().filter(Q.c.first_seen == on).label("new"),
        func.count().filter(Q.c.left_on == on, Q.c.left_because == "corrected").label("corrected"),
        func.count().filter(Q.c.left_on == on, Q.c.left_because == "gone").label("gone"),
    ).where(Q.c.source == source)
    return dict(c.execute(query).mappings().one())


def forget(c: Connection, before: dt.date, dry_run: bool = False) -> int:
    """Entries that left before a date go; returns how many."""
    old = and_(Q.c.left_on.is_not(None), Q.c.left_on < str(before))
    n = c.execute(select(func.count()).select_from(Q).where(old)).scalar_one()
    if n and not dry_run:
        c.execute(delete(Q).where(old))
    return int(n)


# --- inside ----------------------------------------------------------------------------------------------------------
def _entry(row: Any) -> Entry:
    return Entry(
        row.table_name, row.row_hash, row.rule, row.column, row.reason, row.file, row.row, row.extract_id,
        dt.date.fromisoformat(row.first_seen), dt.date.fromisoformat(row.last_seen),
        dt.date.fromisoformat(row.left_on) if row.left_on else None, row.left_because,
    )  # fmt: skip


def _values(e: Entry) -> dict[str, Any]:
    return {
        "table_name": e.table, "row_hash": e.row_hash, "rule": e.rule, "column": e.column, "reason": e.reason, "file": e.file,
        "row": e.row, "extract_id": e.extract_id, "first_seen": str(e.first_seen), "last_seen": str(e.last_seen),
        "left_on": str(e.left_on) if e.left_on else None, "left_because": e.left_because,
    }  # fmt: skip
