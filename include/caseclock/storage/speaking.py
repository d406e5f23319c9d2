"""Which extracts' figures speak, in SQL: the one place that says so for trends, events, quality, work list and digest."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from caseclock.storage import schema as t
from caseclock.storage.decisions import approved


def accepted() -> ColumnElement[bool]:
    """Of `extract` joined with its `quality_report`: it could be read and counts, and it passed the gate or a person released it.

    Older revisions of a date are accepted too; only the newest one speaks.
    """
    e, q = t.extract, t.quality_report
    return and_(e.c.refused.is_(None), e.c.superseded.is_(None), or_(q.c.verdict != "hold", approved(e)))


def newest_accepted(source: str) -> Select[Any]:
    """Rows of `extract`: of each date of a source its newest revision, if that one is accepted. A held one silences its date."""
    e, q = t.extract, t.quality_report
    newest = (
        select(e.c.as_of, func.max(e.c.revision).label("revision"))
        .where(e.c.source == source, e.c.superseded.is_(None))
        .group_by(e.c.as_of)
    ).subquery()
    return (
        select(e)
        .join(newest, and_(newest.c.as_of == e.c.as_of, newest.c.revision == e.c.revision))
        .join(q, q.c.extract_id == e.c.id)
        .where(e.c.source == source, accepted())
    )


def speaking(c: Connection, source: str, upto: dt.date) -> dict[dt.date, str]:
    """Date to id of the extracts up to a date whose figures speak: of each date the newest revision, if it is accepted and has been
    measured. Oldest first."""
    e = t.extract
    measured = exists().where(t.measure_value.c.extract_id == e.c.id)
    query = newest_accepted(source).where(e.c.as_of <= str(upto), measured).order_by(e.c.as_of)
    return {dt.date.fromisoformat(row.as_of): row.id for row in c.execute(query.with_only_columns(e.c.as_of, e.c.id))}
