"""What became of an extract, in a word: the gate's verdict and a person's decision together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from caseclock.dashboard.model import Tone
from caseclock.storage import schema as t

WORDS: Final[dict[str, tuple[str, Tone]]] = {
    "pass": ("Pass", "green"),
    "warn": ("Warn", "amber"),
    "hold": ("Held", "red"),
    "released": ("Held, then released", "amber"),
    "refused": ("Could not be read", "red"),
    "": ("Not judged yet", "quiet"),
}


@dataclass(frozen=True)
class Came:
    """One extract as the ledger has it. `word`: a key of WORDS."""

    id: str
    as_of: dt.date
    revision: int
    word: str
    refused: str | None
    superseded: str | None

    @property
    def said(self) -> str:
        return WORDS[self.word][0]

    @property
    def tone(self) -> Tone:
        return WORDS[self.word][1]


def came(c: Connection, ids: Collection[str]) -> dict[str, Came]:
    """By id, in no order."""
    e, q, d = t.extract, t.quality_report, t.decision
    query = (
        select(e.c.id, e.c.as_of, e.c.revision, e.c.refused, e.c.superseded, q.c.verdict, d.c.decision)
        .outerjoin(q, q.c.extract_id == e.c.id)
        .outerjoin(d, d.c.extract_id == e.c.id)
        .where(e.c.id.in_(list(ids)))
    )
    return {
        row.id: Came(row.id, dt.date.fromisoformat(row.as_of), row.revision, word_of(row), row.refused, row.superseded)
        for row in c.execute(query)
    }


def word_of(row: object) -> str:
    """Of a row with `refused`, `verdict` and `decision`."""
    found = row._mapping  # type: ignore[attr-defined]
    if found["refused"]:
        return "refused"
    return "released" if found["verdict"] == "hold" and found["decision"] == "approve" else found["verdict"] or ""


def counting(c: Connection, source: str, upto: dt.date, most: int) -> list[str]:
    """Ids of the newest extracts up to a date, one per date (the revision that counts), oldest first; whatever they are worth."""
    e = t.extract
    days = (
        select(e.c.as_of, func.max(e.c.revision).label("revision"))
        .where(e.c.source == source, e.c.superseded.is_(None), e.c.as_of <= str(upto))
        .group_by(e.c.as_of)
        .order_by(e.c.as_of.desc())
        .limit(most)
    ).subquery()
    query = select(e.c.id).join(days, (days.c.as_of == e.c.as_of) & (days.c.revision == e.c.revision)).where(e.c.source == source)
    return list(c.execute(query.order_by(e.c.as_of)).scalars())


def in_order(found: dict[str, Came], ids: Sequence[str]) -> list[Came]:
    return [found[id_] for id_ in ids if id_ in found]
