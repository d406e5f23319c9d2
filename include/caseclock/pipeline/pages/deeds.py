"""What a person does about an alert on its page. It ends where the command line and the buttons in Slack end: `pipeline.handling`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import moment_words
from caseclock.dashboard.model import At, Done, NotThere, Viewer
from caseclock.errors import WrongUse
from caseclock.pipeline import handling
from caseclock.pipeline.house import Report
from caseclock.pipeline.pages.alert import NO_SUCH, found_alert
from caseclock.pipeline.pages.desk import Desk
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_text, one_writer
from caseclock.storage.handling import Where
from caseclock.storage.outbox import audit

if TYPE_CHECKING:
    from caseclock.alerts import Instance

SAYS_SO = "Messages in Slack say so within 10 minutes."
NOT_ALLOWED: Final = "not_allowed"
A_WHILE: Final = dt.timedelta(minutes=1)


def check(desk: Desk, at: At, alert: str) -> None:
    """Raises NotThere alike for an alert that is not there, not for this viewer, or not one that anybody acts on."""
    _which(desk, at, alert)


def refused(desk: Desk, viewer: Viewer, what: str, now: dt.datetime) -> None:
    """Who has tried `what` without the right to it: the first time in A_WHILE. Further tries take no lock and leave nothing."""
    with desk.reading() as c:
        if _lately(c, viewer, now):
            return
    with desk.house.engine.begin() as c:
        one_writer(c, NOT_ALLOWED)
        if not _lately(c, viewer, now):
            said = "refused: this role may not act on alerts (further tries within a minute are not listed)"
            audit(c, now, NOT_ALLOWED, what, said, {"way": "page", "name": viewer.name}, by=viewer.id)


def _lately(c: Connection, viewer: Viewer, now: dt.datetime) -> bool:
    a = t.audit.c
    mine = (a.event == NOT_ALLOWED, a.by == viewer.id, a.at > moment_text(now - A_WHILE))
    return c.execute(select(a.id).where(*mine).limit(1)).first() is not None


def acknowledge(desk: Desk, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done:
    """Raises WrongUse where it is refused, with the reason; the refusal is in the audit."""
    from caseclock.alerts.handling import ACK_CAP_WD

    _, id_ = _which(desk, at, alert)
    end = handling.end_of_day(desk.house, until, at.now, ACK_CAP_WD) if until else None
    where = _where(at, "acknowledge", alert, once)
    return _done(lambda: handling.acknowledge(desk.house, id_, _by(at), at.now, end, reason, where))


def silence(desk: Desk, at: At, alert: str, reason: str, until: dt.date | None, once: str) -> Done:
    from caseclock.alerts.handling import SILENCE_CAP_WD

    instance, _ = _which(desk, at, alert)
    end = handling.end_of_day(desk.house, until, at.now, SILENCE_CAP_WD) if until else None
    where = _where(at, "silence", alert, once)
    return _done(lambda: handling.silence(desk.house, instance, _by(at), at.now, end, reason, where))


def unsilence(desk: Desk, at: At, alert: str, once: str) -> Done:
    """A silence that somebody has ended a moment before is not a refusal: what was wanted is so."""
    instance, _ = _which(desk, at, alert)
    if said := _ended_already(desk, instance, at.now):
        return Done(said, changed=False)
    where = _where(at, "unsilence", alert, once)
    return _done(lambda: handling.unsilence(desk.house, instance, _by(at), at.now, where))


def _which(desk: Desk, at: At, alert: str) -> tuple[Instance, str]:
    """What it is about, and the id under which it stands now."""
    with desk.reading() as c:
        found = found_alert(c, at, alert)
    if found is None:
        raise NotThere(NO_SUCH)
    return found.instance, found.row["id"]


def _by(at: At) -> str:
    return at.viewer.name.strip() or at.viewer.id


def _where(at: At, verb: str, alert: str, once: str) -> Where:
    """The viewer is part of the name of a deed: nobody can use it up for another. Names are not unique, so the audit has the id too."""
    way = "page" if at.viewer.id == _by(at) else f"page, signed in as {at.viewer.id}"
    return Where(way=way, once="|".join(("page", at.viewer.id, verb, alert, once)))


def _done(do: Callable[[], Report]) -> Done:
    try:
        report = do()
    except handling.Refused as error:
        raise WrongUse(f"Not done: {error.what}") from None
    if not report["changed"]:
        return Done("This was written down before; nothing is done twice.", changed=False)
    said = str(report["said"])
    return Done(f"{said[:1].upper()}{said[1:]}. {SAYS_SO}")


def _ended_already(desk: Desk, instance: Instance, now: dt.datetime) -> str:
    """Who has ended the last silence, where none is in force any more; empty where that is not how it is."""
    h, a = t.handling.c, t.audit.c
    mine = (h.kind == "silence", h.source == instance.source, h.rule == instance.rule, h.team == instance.team)
    with desk.reading() as c:
        if c.execute(select(h.id).where(*mine, h.until > moment_text(now), h.ended_at.is_(None)).limit(1)).first():
            return ""
        ended = (a.subject == str(instance), a.event == "unsilence")
        rows = c.execute(select(a.by, a.at, a.detail).where(*ended).order_by(a.id.desc()).limit(20)).all()
        last = next((row for row in rows if row.detail.get("source") == instance.source), None)
        newest = c.execute(select(h.ended_at).where(*mine).order_by(h.at.desc()).limit(1)).scalar()
    if last is None or newest != last.at:
        return ""
    return f"The silence has ended already: {last.by} ended it on {moment_words(last.at)}."
