"""Series and forecasts in SQL: the values of extracts, and what was foretold as of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, Select, delete, insert, select

from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks
from caseclock.trends.records import Foretold, Value


def values_of(c: Connection, extracts: Mapping[dt.date, str], figures: Sequence[str], place: str | None = None) -> dict[str, list[Value]]:
    """By figure the values of these extracts, of every place or of one. A figure that nobody has worked out has none."""
    m = t.measure_value.c
    days = {id_: day for day, id_ in extracts.items()}
    made: dict[str, list[Value]] = {figure: [] for figure in figures}
    for ids in in_chunks(list(days)):
        query = select(m.extract_id, m.measure, m.team, m.value, m.n).where(m.extract_id.in_(ids), m.measure.in_(list(figures)))
        query = query if place is None else query.where(m.team == place)
        for id_, figure, team, value, n in c.execute(query):
            made[figure].append(Value(days[id_], team, value, n))
    return made


def save(c: Connection, extract_id: str, rows: Iterable[Foretold]) -> int:
    """What is foretold as of an extract, in place of what was. Returns how many rows there are."""
    f = t.forecast
    c.execute(delete(f).where(f.c.extract_id == extract_id))
    made = [
        {
            "extract_id": extract_id,
            "measure": r.figure,
            "team": r.place,
            "week": str(r.week),
            "value": r.value,
            "low": r.low,
            "high": r.high,
        }
        for r in rows
    ]
    if made:
        c.execute(insert(f), made)
    return len(made)


def foretold(c: Connection, extracts: Mapping[dt.date, str]) -> list[Foretold]:
    """What was foretold as of these extracts, in order of date, figure, place and week."""
    days = {id_: day for day, id_ in extracts.items()}
    found = [
        Foretold(days[r.extract_id], r.measure, r.team, dt.date.fromisoformat(r.week), r.value, r.low, r.high)
        for ids in in_chunks(list(days))
        for r in c.execute(_of(ids))
    ]
    return sorted(found)


def forget_old(c: Connection, before: dt.date, needed: Collection[str], dry_run: bool = False) -> int:
    """What was foretold as of extracts of earlier dates goes, except of those that are needed. Returns how many rows."""
    return ledger.forget_rows(c, t.forecast, before, needed, dry_run)


def _of(ids: Sequence[str]) -> Select[tuple[str, str, str, str, float, float, float]]:
    f = t.forecast
    query: Select[tuple[str, str, str, str, float, float, float]] = select(f).where(f.c.extract_id.in_(ids))
    return query
