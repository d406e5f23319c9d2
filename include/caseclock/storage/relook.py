"""Which re-look samples were drawn, of which extract, by whom and from how many cases; the cases themselves stand in a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from caseclock.extracts import Extract
from caseclock.storage import schema as t
from caseclock.storage.engine import insert_or_ignore, moment_of, moment_text
from caseclock.storage.outbox import audit

EVENT = "relook"


@dataclass(frozen=True)
class Drawn:
    """One draw. `pools`: counts per pool and what the draw was weighted by; never an id."""

    extract_id: str
    source: str
    as_of: dt.date
    revision: int
    seed: int
    size: int
    pools: Mapping[str, Any]
    at: dt.datetime
    by: str


def save_draw(c: Connection, extract: Extract, seed: int, size: int, pools: Mapping[str, Any], at: dt.datetime, by: str) -> bool:
    """Writes the draw down, once per extract and seed, with a row in the audit. True for the call that did."""
    row = {"extract_id": extract.id, "seed": seed, "size": size, "pools": dict(pools), "at": moment_text(at), "by": by}
    if not c.execute(insert_or_ignore(c, t.relook).values(**row)).rowcount:
        return False
    detail = {"source": extract.source, "as_of": str(extract.as_of), "revision": extract.revision, "seed": seed, "size": size}
    audit(c, at, EVENT, extract.id, "", {**detail, "pools": dict(pools)}, by=by)
    return True


def draw_of(c: Connection, extract_id: str, seed: int) -> Drawn | None:
    """The draw of this extract with this seed; None when there was none."""
    row = c.execute(_draws().where(t.relook.c.extract_id == extract_id, t.relook.c.seed == seed)).first()
    return _drawn(row) if row else None


def draws(c: Connection, source: str | None = None, as_of: dt.date | None = None) -> list[Drawn]:
    """Every draw, the last one first."""
    query = _draws().order_by(t.relook.c.at.desc(), t.relook.c.extract_id, t.relook.c.seed)
    if source:
        query = query.where(t.extract.c.source == source)
    if as_of:
        query = query.where(t.extract.c.as_of == str(as_of))
    return [_drawn(row) for row in c.execute(query)]


def _draws() -> Any:
    e = t.extract.c
    return select(t.relook, e.source, e.as_of, e.revision).join(t.extract, e.id == t.relook.c.extract_id)


def _drawn(row: Any) -> Drawn:
    as_of = dt.date.fromisoformat(row.as_of)
    return Drawn(row.extract_id, row.source, as_of, row.revision, row.seed, row.size, row.pools, moment_of(row.at), row.by)
