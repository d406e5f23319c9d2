"""What people said of held extracts: the newest word on each, and which extracts wait for one. Every word stays in the audit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, FromClause, and_, delete, exists, insert, select

from caseclock.alerts.data import Ruling
from caseclock.extracts import Extract
from caseclock.now import LONDON
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, moment_text
from caseclock.storage.outbox import audit

Choice = Literal["approve", "reject"]
CHOICES: Final = get_args(Choice)
DONE: Final[dict[Choice, str]] = {"approve": "released", "reject": "rejected"}
"""What an extract is after each choice; also the event in the audit."""


@dataclass(frozen=True)
class Decision:
    """One word of one person on one held extract. `reason` is free text typed by staff: for data engineers and the audit only."""

    extract_id: str
    choice: Choice
    by: str
    reason: str
    at: dt.datetime

    @property
    def released(self) -> bool:
        """The figures of the extract are in use by this word, where nothing newer counts."""
        return self.choice == "approve"

    def __str__(self) -> str:
        """`released by Data quality lead on 20 November 2026, 17:05`, without the reason."""
        at = self.at.astimezone(LONDON)
        return f"{DONE[self.choice]} by {self.by} on {at.day} {at:%B %Y, %H:%M}"


def decision_of(c: Connection, extract_id: str) -> Decision | None:
    """The word that stands; None when nobody has said anything."""
    row = c.execute(select(t.decision).where(t.decision.c.extract_id == extract_id)).first()
    return _decision(row) if row else None


def save_decision(c: Connection, extract: Extract, said: Decision) -> None:
    """The newest word stands; each one is in the audit, with what it replaced."""
    before = decision_of(c, extract.id)
    c.execute(delete(t.decision).where(t.decision.c.extract_id == extract.id))
    c.execute(
        insert(t.decision).values(
            extract_id=extract.id, decision=said.choice, by=said.by, reason=said.reason, at=moment_text(said.at)
        )
    )  # fmt: skip
    detail = {
        "source": extract.source,
        "as_of": str(extract.as_of),
        "revision": extract.revision,
        "before": DONE[before.choice] if before else None,
    }
    audit(c, said.at, DONE[said.choice], extract.id, said.reason, detail, by=said.by)


def approved(extract: FromClause) -> ColumnElement[bool]:
    """In SQL: a person has released this extract."""
    d = t.decision.alias()
    return exists().where(d.c.extract_id == extract.c.id, d.c.decision == "approve")


def rulings(c: Connection, source: str) -> dict[str, Ruling]:
    """The word that stands on each extract of a source, for the alerts."""
    mine = select(t.extract.c.id).where(t.extract.c.source == source)
    found = [_decision(row) for row in c.execute(select(t.decision).where(t.decision.c.extract_id.in_(mine)))]
    once = {d.extract_id for d in found if d.choice == "reject"}
    released = set(
        c.execute(select(t.audit.c.subject).where(t.audit.c.event == DONE["approve"], t.audit.c.subject.in_(sorted(once)))).scalars()
    )
    return {d.extract_id: Ruling(d.released, d.by, d.reason, d.at, d.extract_id in released) for d in found}


def newer_revision(c: Connection, extract: Extract) -> int | None:
    """The revision of the same date that counts instead of this one, or None when this one counts."""
    e = t.extract
    mine = c.execute(select(e.c.superseded).where(e.c.id == extract.id)).scalar()
    query = select(e.c.revision).where(
        e.c.source == extract.source, e.c.as_of == str(extract.as_of), e.c.id != extract.id, e.c.superseded.is_(None)
    )
    if not mine:
        query = query.where(e.c.revision > extract.revision)
    return c.execute(query.order_by(e.c.revision.desc()).limit(1)).scalar()


def held_ids(c: Connection) -> list[tuple[str, Decision | None]]:
    """Extracts that could be read, that quality held and that nobody has released, newest date first, with what was said of them."""
    e, q, d = t.extract, t.quality_report, t.decision
    measured = exists().where(t.step_done.c.extract_id == e.c.id, t.step_done.c.step == "compute_measures")
    query = (
        select(e.c.id, d)
        .join(q, and_(q.c.extract_id == e.c.id, q.c.verdict == "hold"))
        .outerjoin(d, d.c.extract_id == e.c.id)
        .where(e.c.refused.is_(None), e.c.superseded.is_(None), measured, ~approved(e))
        .order_by(e.c.as_of.desc(), e.c.source, e.c.revision.desc())
    )
    return [(row.id, _decision(row) if row.decision else None) for row in c.execute(query)]


def _decision(row: Any) -> Decision:
    return Decision(row.extract_id, row.decision, row.by, row.reason, moment_of(row.at))
