"""Questions about digests: which there are, what one says, and what that of this week would say now. Nothing is changed by asking."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from caseclock.alerts.hours import in_words, local_day
from caseclock.digest.week import Week, week_named, week_of
from caseclock.errors import WrongUse
from caseclock.notifications.letter import Letter, from_json
from caseclock.pipeline.digests import OF_THE_STORE, WHOLE, Facts, sent_to
from caseclock.pipeline.house import House, chosen_source
from caseclock.storage import digests
from caseclock.storage.engine import moment_text, reading


@dataclass(frozen=True)
class Shown:
    """One digest and its name in the archive; a preview has none."""

    letter: Letter
    audience: str
    name: str = ""


def digest_list(house: House) -> list[dict[str, Any]]:
    """Every digest, the newest week first: when it was made, who has it, what its headline is."""
    with reading(house.engine) as c:
        found = sorted(digests.kept(c), key=lambda k: (k.source, k.audience != WHOLE, k.audience, k.revision))
        return [_listed(house, c, one) for one in sorted(found, key=lambda k: k.week, reverse=True)]


def _listed(house: House, c: Connection, one: digests.Kept) -> dict[str, Any]:
    return {
        "source": one.source,
        "week": one.week,
        "audience": one.audience,
        "revision": one.revision,
        "made": moment_text(one.created_at),
        "sent_to": sent_to(house, c, one),
        "headline": one.letter["headline"],
        "sha256": one.sha256,
    }


def digest_show(house: House, source: str, week: str, audience: str = WHOLE, revision: int | None = None) -> Shown:
    """The newest revision of a digest, or one of them. Raises WrongUse where there is none."""
    _checked(week)
    with reading(house.engine) as c:
        found = [k for k in digests.kept(c, source, week, audience) if revision in (None, k.revision)]
        there = sorted({"/".join(name[:3]) for name in digests.names(c)})
    if not found:
        what = digests.name_of(source, week, audience, revision or 1)
        raise WrongUse("there is no such digest", where=what, allowed=_last(there), todo="`caseclock digest list` prints them all.")
    return Shown(from_json(found[-1].letter), audience, found[-1].name)


def digest_preview(house: House, now: dt.datetime, source: str | None = None, audience: str = WHOLE, facts: Facts = OF_THE_STORE) -> Shown:
    """What the digest of this week would say now, marked as such. It is neither kept nor sent: the transaction is rolled back."""
    week = week_of(local_day(now))
    with house.engine.connect() as c, c.begin() as transaction:
        of = chosen_source(c, source)
        facts.keep_record(house, c, of, week)
        contents = facts.contents(house, c, of, week, now, 1)
        transaction.rollback()
    if audience not in contents:
        raise WrongUse("nobody has a digest of that", where=audience, allowed=_last(sorted(contents)), todo="Check --audience.")
    return Shown(_marked(facts.letter(contents[audience]), week, now), audience)


def _marked(letter: Letter, week: Week, now: dt.datetime) -> Letter:
    said = f"Preview of {week.id}, which is not over: as things stood on {in_words(now)}. It was sent to nobody."
    return replace(letter, subject=f"PREVIEW: {letter.subject}", currency=f"{said} {letter.currency}", kept="")


def _checked(week: str) -> None:
    try:
        week_named(week)
    except ValueError as error:
        raise WrongUse(str(error), where="week", todo="`caseclock digest list` prints them all.") from error


def _last(there: list[str]) -> str:
    return f"one of {', '.join(there[-12:])}" if there else "none has been made yet"
