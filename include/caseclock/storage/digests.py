"""Digests as they were made, and the figures of each week as they may be shown.

A row is written once. What a correction changes is a further revision beside it, so that it can always be said what was told and when.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, func, null, select, update

from caseclock.digest.week import week_named
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks, insert_or_ignore, moment_of, moment_text
from caseclock.storage.speaking import speaking

Body = Any
"""JSON: what the protected record of a week holds is known to those who make it."""


# --- the record of a week ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Record:
    """The figures of a week as they may be shown. `made_from`: the extracts of the week that spoke then, `id figures`."""

    source: str
    week: str
    revision: int
    extract_id: str | None
    body: Body
    made_from: frozenset[str]


def save_week(c: Connection, source: str, week: str, extract_id: str | None, body: Body) -> bool:
    """Writes the record down. One that is there stays as it is, but the one that `reopen_week` has opened is filled in. True if written."""
    made_from = sorted(_speak(c, source, week))
    w = t.digest_week
    opened = and_(w.c.source == source, w.c.week == week, w.c.body.is_(None))
    if c.execute(update(w).where(opened).values(extract_id=extract_id, body=body, made_from=made_from)).rowcount:
        return True
    if _revision(c, source, week):
        return False
    return _insert(c, source, week, 1, extract_id, body, made_from)


def replace_week(c: Connection, source: str, week: str, extract_id: str | None, body: Body, revision: int) -> bool:
    """The record of the week as a further revision; what was there stays beside it. True if written: a number is given once."""
    return _insert(c, source, week, revision, extract_id, body, sorted(_speak(c, source, week)))


def reopen_week(c: Connection, source: str, week: str, least: int = 1) -> int:
    """Lets `save_week` write the next revision, `least` or higher, within this transaction; until then `weeks` leaves the week out. Returns
    its number."""
    revision = max(_revision(c, source, week) + 1, least)
    _insert(c, source, week, revision, None, None, [])
    return revision


def take_back(c: Connection, source: str, week: str, revision: int) -> None:
    """The week made again is the same as before: it needs no such revision, and the extracts of now have been looked at."""
    w = t.digest_week.c
    mine = and_(w.source == source, w.week == week)
    c.execute(delete(t.digest_week).where(mine, w.revision == revision))
    made_from = sorted(_speak(c, source, week))
    c.execute(update(t.digest_week).where(mine, w.revision == _revision(c, source, week)).values(made_from=made_from))


def record_of(c: Connection, source: str, week: str, revision: int | None = None) -> Record | None:
    """The newest record of a week, or that of one revision; None where there is none."""
    w = t.digest_week.c
    query = select(t.digest_week).where(w.source == source, w.week == week, w.body.is_not(None)).order_by(w.revision.desc())
    row = c.execute(query if revision is None else query.where(w.revision == revision)).first()
    return Record(row.source, row.week, row.revision, row.extract_id, row.body, frozenset(row.made_from)) if row else None


def weeks(c: Connection, source: str, upto_week: str, n: int) -> dict[str, tuple[str | None, Body]]:
    """The newest records of the last `n` weeks that have one, up to a week and with it, oldest first: extract and body."""
    w = t.digest_week
    newest = select(w.c.week, func.max(w.c.revision).label("revision")).where(w.c.source == source, w.c.week <= upto_week)
    newest_of = newest.group_by(w.c.week).order_by(w.c.week.desc()).limit(n).subquery()
    query = select(w.c.week, w.c.extract_id, w.c.body).join(
        newest_of, and_(newest_of.c.week == w.c.week, newest_of.c.revision == w.c.revision)
    )
    found = c.execute(query.where(w.c.source == source, w.c.body.is_not(None)).order_by(w.c.week))
    return {row.week: (row.extract_id, row.body) for row in found}


def is_corrected(c: Connection, source: str, week: str) -> bool:
    """Whether an extract of the week speaks now that did not when its record was made, and its figures are of no earlier day.

    A correction that is held silences its day: what was told then stays until a person decides or another one comes. Of a week without a
    record nothing could be told, so whatever speaks corrects it.
    """
    record, now = record_of(c, source, week), _speak(c, source, week)
    if record is None or not now - record.made_from:
        return record is None and bool(now)
    was = c.execute(select(t.extract.c.as_of).where(t.extract.c.id == record.extract_id)).scalar()
    return was is None or str(max(speaking(c, source, week_named(week).last_day))) >= was


def _speak(c: Connection, source: str, week: str) -> frozenset[str]:
    """The extracts of the week whose figures speak, with the hash of these."""
    of = week_named(week)
    ids = [id for day, id in speaking(c, source, of.last_day).items() if day >= of.first_day]
    e = t.extract.c
    return frozenset(f"{row.id} {row.figures or ''}" for row in c.execute(select(e.id, e.figures).where(e.id.in_(ids))))


def _revision(c: Connection, source: str, week: str) -> int:
    w = t.digest_week.c
    found: int | None = c.execute(select(func.max(w.revision)).where(w.source == source, w.week == week)).scalar()
    return found or 0


def _insert(c: Connection, source: str, week: str, revision: int, extract_id: str | None, body: Body, made_from: Sequence[str]) -> bool:
    row = {"source": source, "week": week, "revision": revision, "extract_id": extract_id, "made_from": list(made_from)}
    return bool(c.execute(insert_or_ignore(c, t.digest_week).values(**row, body=null() if body is None else body)).rowcount)


# --- digests -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Kept:
    """One digest as it was made. `letter`: as `letter.to_json` gives it."""

    source: str
    week: str
    audience: str
    revision: int
    letter: Mapping[str, Any]
    sha256: str
    cut_off: dt.datetime
    created_at: dt.datetime

    @property
    def name(self) -> str:
        """`demo/2026-W47/council-rev2`."""
        return name_of(self.source, self.week, self.audience, self.revision)


def name_of(source: str, week: str, audience: str, revision: int) -> str:
    """Under which it is archived; a revision says so."""
    return f"{source}/{week}/{audience}" + (f"-rev{revision}" if revision > 1 else "")


def keep(
    c: Connection, source: str, week: str, audience: str, revision: int, letter: Mapping[str, Any], cut_off: dt.datetime, now: dt.datetime
) -> bool:
    """Writes a digest down, once. True for the call that did."""
    row = {"source": source, "week": week, "audience": audience, "revision": revision, "letter": dict(letter), "sha256": print_of(letter)}
    moments = {"cut_off": moment_text(cut_off), "created_at": moment_text(now)}
    return bool(c.execute(insert_or_ignore(c, t.digest).values(**row, **moments)).rowcount)


def print_of(letter: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(letter, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def kept(c: Connection, source: str | None = None, week: str | None = None, audience: str | None = None) -> list[Kept]:
    """In order of source, week, audience and revision."""
    d = t.digest.c
    query = select(t.digest).order_by(d.source, d.week, d.audience, d.revision)
    for column, given in ((d.source, source), (d.week, week), (d.audience, audience)):
        query = query if given is None else query.where(column == given)
    return [_kept_of(row) for row in c.execute(query)]


def newest(c: Connection, source: str, week: str) -> dict[str, Kept]:
    """Audience to the newest revision of its digest."""
    return {one.audience: one for one in kept(c, source, week)}


@dataclass(frozen=True)
class Named:
    """A digest without its words: what a list needs."""

    source: str
    week: str
    audience: str
    revision: int
    headline: str
    created_at: dt.datetime

    @property
    def name(self) -> str:
        return name_of(self.source, self.week, self.audience, self.revision)


def headlines(c: Connection, source: str, audiences: Sequence[str], weeks: Sequence[str]) -> list[Named]:
    """All revisions, in order of week, audience and revision."""
    d = t.digest.c
    query = select(d.source, d.week, d.audience, d.revision, d.letter["headline"].as_string().label("headline"), d.created_at)
    query = query.where(d.source == source, d.week.in_(list(weeks)), d.audience.in_(list(audiences)))
    found = c.execute(query.order_by(d.week, d.audience, d.revision))
    return [Named(r.source, r.week, r.audience, r.revision, r.headline, moment_of(r.created_at)) for r in found]


def names(c: Connection, source: str | None = None) -> list[tuple[str, str, str, int]]:
    """Source, week, audience and revision of every digest, or of those of one source, in order."""
    d = t.digest.c
    query = select(d.source, d.week, d.audience, d.revision).order_by(d.source, d.week, d.audience, d.revision)
    query = query if source is None else query.where(d.source == source)
    return [(row.source, row.week, row.audience, row.revision) for row in c.execute(query)]


def is_there(c: Connection, source: str, week: str, audience: str | None = None) -> bool:
    d = t.digest.c
    query = select(d.week).where(d.source == source, d.week == week)
    return c.execute(query if audience is None else query.where(d.audience == audience)).first() is not None


def one_of(c: Connection, source: str, week: str, audience: str, revision: int) -> Kept:
    """Raises LookupError."""
    found = [k for k in kept(c, source, week, audience) if k.revision == revision]
    if not found:
        raise LookupError(name_of(source, week, audience, revision))
    return found[0]


def _kept_of(row: Any) -> Kept:
    at = (moment_of(row.cut_off), moment_of(row.created_at))
    return Kept(row.source, row.week, row.audience, row.revision, row.letter, row.sha256, *at)


# --- who has it, and of whom ---------------------------------------------------------------------------------------
def states(c: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Key to state of the messages among these that were ever enqueued."""
    o = t.outbox.c
    return {row.key: row.state for some in in_chunks(keys) for row in c.execute(select(o.key, o.state).where(o.key.in_(some)))}


def sources_by(c: Connection, at: dt.datetime) -> list[str]:
    """Sources of which an extract had arrived by then, in order."""
    e = t.extract.c
    return list(c.execute(select(e.source).where(e.received_at <= moment_text(at)).distinct().order_by(e.source)).scalars())


def known_since(c: Connection, extract_ids: Sequence[str]) -> dt.datetime | None:
    """When the last of these had arrived, or was released by a person where it had to be; None without any."""
    e, d = t.extract.c, t.decision.c
    query = select(e.received_at, d.at).join_from(t.extract, t.decision, d.extract_id == e.id, isouter=True)
    found = [max(text for text in row if text) for row in c.execute(query.where(e.id.in_(list(extract_ids))))]
    return moment_of(max(found)) if found else None
