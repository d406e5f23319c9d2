"""Rows that are set aside: how many for which reason, and where they stand."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import Connection, func, select

from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.quality import AsideLine, AsideRow, QuarantinePage
from caseclock.storage import quarantine as lives

STEP: Final = 50  # rows on a page
Q: Final = lives.Q.c


def quarantine(c: Connection, at: At, table: str | None, rule: str | None, start: int) -> QuarantinePage:
    """Of one table or reason, or all. Files and rows are shown only to those who see the whole council: no row tells its team."""
    lines = [line for line in map(line_of, lives.summary(c, at.source)) if table in (None, line.table) and rule in (None, line.rule)]
    if not lines and (table or rule):
        raise NotThere("no row of this kind is, or was, set aside", where="table, rule")
    worst_first = sorted(lines, key=lambda line: (-line.open, line.table, line.rule))
    total = sum(line.open for line in lines)
    rows = _rows(c, at.source, table, rule, start) if at.scope.whole else None
    title = "Rows set aside" + (f": {'.'.join(word for word in (table, rule) if word)}" if table or rule else "")
    return QuarantinePage(title, table, rule, tuple(worst_first), rows, start, STEP, total)


def line_of(row: dict[str, Any]) -> AsideLine:
    oldest = dt.date.fromisoformat(row["oldest"]) if row["oldest"] else None
    return AsideLine(row["table"], row["rule"], row["open"], oldest, row["corrected"], row["gone"])


def of_rule(c: Connection, source: str, table: str, rule: str) -> AsideLine | None:
    """None when no row was ever set aside for it."""
    is_open, why = Q.left_on.is_(None), Q.left_because
    query = select(
        func.count().filter(is_open).label("open"),
        func.min(Q.first_seen).filter(is_open).label("oldest"),
        func.count().filter(why == "corrected").label("corrected"),
        func.count().filter(why == "gone").label("gone"),
    ).where(Q.source == source, Q.table_name == table, Q.rule == rule)
    found = dict(c.execute(query).mappings().one())
    made = line_of({"table": table, "rule": rule} | found)
    return made if made.open or made.corrected or made.gone else None


def _rows(c: Connection, source: str, table: str | None, rule: str | None, start: int) -> tuple[AsideRow, ...]:
    query = select(Q.table_name, Q.rule, Q.file, Q.row, Q.column, Q.reason, Q.first_seen, Q.last_seen).where(
        Q.source == source, Q.left_on.is_(None)
    )
    for column, wanted in ((Q.table_name, table), (Q.rule, rule)):
        if wanted is not None:
            query = query.where(column == wanted)
    query = query.order_by(Q.table_name, Q.rule, Q.file, Q.row, Q.row_hash).limit(STEP).offset(start)
    day = dt.date.fromisoformat
    return tuple(AsideRow(*row[:6], day(row.first_seen), day(row.last_seen)) for row in c.execute(query))
