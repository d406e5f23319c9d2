"""The line in front of `monitor_extract`: which extracts wait, whose turn it is, whose is over (docs/decisions/0015-turns.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select, update

from caseclock.extracts import Extract
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import insert_or_ignore, moment_of, moment_text, one_writer


@dataclass(frozen=True)
class Turn:
    """One extract in line. `head_since`: since when it has been its source's next one."""

    extract: Extract
    size: int
    since: dt.datetime
    head_since: dt.datetime


def lock(c: Connection) -> None:
    """One process at a time gives turns: two must not both see the same room."""
    one_writer(c, "turns")


def line_up(c: Connection, size_of: Callable[[Extract], int]) -> None:
    """Every extract whose path is not finished stands in line, once, since it arrived."""
    known = set(c.execute(select(t.turn.c.extract_id)).scalars())
    for extract in ledger.unfinished(c):
        if extract.id not in known:
            since = moment_text(extract.received_at)
            c.execute(insert_or_ignore(c, t.turn).values(extract_id=extract.id, source=extract.source, size=size_of(extract), since=since))


def under_way(c: Connection) -> list[Extract]:
    """Those whose turn it is, in the order in which they were given it."""
    k = t.turn.c
    ids = c.execute(select(k.extract_id).where(_given()).order_by(k.given_at, k.extract_id)).scalars().all()
    return [ledger.extract_by_id(c, id_) for id_ in ids]


def given_by(c: Connection, extract_id: str) -> Extract | None:
    """Whose turn it is because the run of this extract has handed it on."""
    found = c.execute(select(t.turn.c.extract_id).where(_given(), t.turn.c.given_by == extract_id)).scalar()
    return ledger.extract_by_id(c, found) if found else None


def heads(c: Connection) -> list[Turn]:
    """The next extract of every source that waits and has none under way: the oldest by date and revision."""
    k = t.turn.c
    ended = {source: moment_of(at) for source, at in c.execute(select(k.source, func.max(k.ended_at)).group_by(k.source)) if at}
    busy = set(c.execute(select(k.source).where(_given())).scalars())
    rows = {r.extract_id: r for r in c.execute(select(t.turn).where(k.given_at.is_(None)))}
    first: dict[str, Turn] = {}
    for extract in ledger.unfinished(c) if rows else []:
        if extract.id in rows and extract.source not in busy and extract.source not in first:
            since = moment_of(rows[extract.id].since)
            first[extract.source] = Turn(extract, rows[extract.id].size, since, max(since, ended.get(extract.source, since)))
    return list(first.values())


def stopped(c: Connection) -> list[Extract]:
    """Those whose run is over and whose path is not finished: a person has to put something right, then clear the failed task."""
    over = set(c.execute(select(t.turn.c.extract_id).where(t.turn.c.ended_at.is_not(None))).scalars())
    return [extract for extract in ledger.unfinished(c) if extract.id in over] if over else []


def give(c: Connection, extract_id: str, at: dt.datetime, by: str | None = None) -> None:
    c.execute(update(t.turn).where(t.turn.c.extract_id == extract_id).values(given_at=moment_text(at), given_by=by, ended_at=None))


def end(c: Connection, extract_ids: Iterable[str], at: dt.datetime) -> None:
    """Their runs are over. One whose turn it is not stays as it is."""
    for extract_id in extract_ids:
        c.execute(update(t.turn).where(t.turn.c.extract_id == extract_id, _given()).values(ended_at=moment_text(at)))


def end_finished(c: Connection, at: dt.datetime) -> None:
    """A path whose last step is done is over, whether or not anybody could say so."""
    done = select(t.step_done.c.extract_id).where(t.step_done.c.step == ledger.STEPS[-1])
    c.execute(update(t.turn).where(_given(), t.turn.c.extract_id.in_(done)).values(ended_at=moment_text(at)))


def back_in_line(c: Connection, extract_ids: Iterable[str]) -> None:
    for extract_id in extract_ids:
        c.execute(update(t.turn).where(t.turn.c.extract_id == extract_id).values(given_at=None, given_by=None, ended_at=None))


def given_before(c: Connection, at: dt.datetime) -> set[str]:
    """Whose turn it has been since before then."""
    return set(c.execute(select(t.turn.c.extract_id).where(_given(), t.turn.c.given_at < moment_text(at))).scalars())


def _given() -> ColumnElement[bool]:
    return t.turn.c.given_at.is_not(None) & t.turn.c.ended_at.is_(None)
