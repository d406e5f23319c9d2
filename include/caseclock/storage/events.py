"""Events between extracts, in SQL: what happened, as a hash per item, and how often in each place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import one_writer
from caseclock.storage.quality import COMPARED

EVENT_FIELDS: Final = ("type", "rule", "item", "team", "before_team", "occurred_on")
COUNT_FIELDS: Final = ("type", "rule", "team", "n")


def lock(c: Connection, source: str) -> None:
    """One writer of the events of a source at a time."""
    one_writer(c, f"events|{source}")


def compared_with(c: Connection, source: str) -> dict[str, str]:
    """Per extract whose events have been worked out: the id of the extract that they are against, empty for none."""
    s, e = t.extract_stat, t.extract
    query = select(s.c.extract_id, s.c.scope).join(e, e.c.id == s.c.extract_id).where(e.c.source == source, s.c.name == COMPARED)
    return {row.extract_id: row.scope for row in c.execute(query)}


# --- what they were ----------------------------------------------------------------------------------------------------
def save(c: Connection, extract_id: str, before: str, events: Iterable[Sequence[Any]], counts: Iterable[Sequence[Any]]) -> None:
    """Replaces the events of an extract. `before`: the extract that they are against; `events`: EVENT_FIELDS, `counts`: COUNT_FIELDS."""
    forget(c, extract_id)
    for table, fields, found in ((t.event, EVENT_FIELDS, events), (t.event_count, COUNT_FIELDS, counts)):
        rows = [{"extract_id": extract_id, **dict(zip(fields, one, strict=True))} for one in found]
        if rows:
            c.execute(insert(table), rows)
    c.execute(insert(t.extract_stat).values(extract_id=extract_id, name=COMPARED, scope=before, value=1.0))


def save_residual(c: Connection, extract_id: str, rows: Iterable[tuple[str, float, int]]) -> None:
    """Replaces the measure that is made from the events: `rows` are place, value and n."""
    m = t.measure_value
    c.execute(delete(m).where(m.c.extract_id == extract_id, m.c.measure == "residual"))
    found = [{"extract_id": extract_id, "measure": "residual", "team": place, "value": value, "n": n} for place, value, n in rows]
    if found:
        c.execute(insert(m), found)


def forget(c: Connection, extract_id: str) -> None:
    """An extract that counts no longer has no events."""
    s = t.extract_stat
    for table in (t.event, t.event_count):
        c.execute(delete(table).where(table.c.extract_id == extract_id))
    c.execute(delete(s).where(s.c.extract_id == extract_id, s.c.name == COMPARED))


def counts_of(c: Connection, extract_id: str, type_: str | None = None, team: str | None = None) -> list[tuple[str, str, str, int]]:
    """(type, rule, place, n) of one extract, in this order; of a timescale only the places where there was one, and the council."""
    n = t.event_count
    query = select(n.c.type, n.c.rule, n.c.team, n.c.n).where(n.c.extract_id == extract_id).order_by(n.c.team, n.c.rule, n.c.type)
    for column, wanted in ((n.c.type, type_), (n.c.team, team)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [(row.type, row.rule, row.team, row.n) for row in c.execute(query)]


def forget_old(c: Connection, before: dt.date, needed: Collection[str], dry_run: bool = False) -> int:
    """Single events of extracts of earlier dates go, except those that are still needed; their counts stay. Returns how many."""
    return ledger.forget_rows(c, t.event, before, needed, dry_run)
