"""The digests that were made, as they were told, and what became of the alerts of a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, func, select

from caseclock.alerts.hours import local_day
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.digests import DigestPage, DigestsPage, Listed, WeekListed, YearRow
from caseclock.digest.week import week_named
from caseclock.digest.year import Group
from caseclock.notifications.letter import from_json
from caseclock.pipeline.digest_archive import path_of
from caseclock.pipeline.digest_year import year_in
from caseclock.pipeline.pages.desk import Desk
from caseclock.pipeline.pages.digests_sent import sent_words
from caseclock.pipeline.pages.drawn import made
from caseclock.storage import digests as archive
from caseclock.storage import schema as t

WHOLE: Final = "council"
A_PAGE: Final = 40  # digests on one page of the archive, then the week is filled up
Name = tuple[str, str, str, int]
"""Source, week, audience, revision."""


def digests(desk: Desk, at: At, year: int | None, before: str | None) -> DigestsPage:
    with desk.reading() as c:
        mine = _mine(c, at)
        days = desk.standing(c, at.source).taken
        years = {int(name[1][:4]) for name in mine} | {day.year for day in days}
        chosen = year or max((int(name[1][:4]) for name in mine), default=at.now.year)
        there = [name for name in mine if name[1][:4] == str(chosen) and (before is None or name[1] < before)]
        weeks, older = _page(there)
        alerts, small, upto = _year(desk, c, at, chosen)
        listed = _weeks(desk, c, at, weeks, there)
    years |= {chosen}
    return DigestsPage("Weekly digests", chosen, tuple(sorted(years, reverse=True)), listed, older, before is not None, alerts, upto, small)


def digest(desk: Desk, at: At, week: str, audience: str, revision: int | None) -> DigestPage:
    with desk.reading() as c:
        mine = _mine(c, at)
        revisions, chosen = _found(mine, week, audience, revision)
        one = archive.one_of(c, at.source, week, audience, chosen)
        sent = sent_words(desk.house, c, [one])[one.name]
    weeks = sorted({name[1] for name in mine if name[2] == audience})
    place = weeks.index(week)
    of, letter = week_named(week), from_json(one.letter)
    return DigestPage(
        title=f"Weekly digest {week}: {name_of(audience)}",
        week=week,
        audience=audience,
        name=name_of(audience),
        first_day=of.first_day,
        last_day=of.last_day,
        revision=chosen,
        revisions=revisions,
        made=one.created_at,
        cut_off=one.cut_off,
        sent=sent,
        previous=weeks[place - 1] if place else None,
        next=weeks[place + 1] if place + 1 < len(weeks) else None,
        others=tuple((a, name_of(a)) for a in _in_order({name[2] for name in mine if name[1] == week}) if a != audience),
        pdf=path_of(desk.house, at.source, week, audience, chosen, "pdf").is_file(),
        letter=letter,
    )


def pdf(desk: Desk, at: At, week: str, audience: str, revision: int | None) -> bytes:
    with desk.reading() as c:
        chosen = _found(_mine(c, at), week, audience, revision)[1]
    path = path_of(desk.house, at.source, week, audience, chosen, "pdf")
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotThere("this digest has not been filed as PDF", todo="Print its page instead.") from error


def name_of(audience: str) -> str:
    """`Front door` of `front-door`, as in the digests themselves."""
    return "the council" if audience == WHOLE else audience.replace("-", " ").replace("_", " ").capitalize()


# --- what is there -------------------------------------------------------------------------------------------------
def _mine(c: Connection, at: At) -> list[Name]:
    """The digests that this viewer may see: of a service only the teams of which they may see all."""
    return [name for name in archive.names(c, at.source) if at.scope.whole or name[2] in at.scope.services]


def _found(mine: list[Name], week: str, audience: str, revision: int | None) -> tuple[tuple[int, ...], int]:
    """All its revisions, and the one that is meant."""
    revisions = tuple(name[3] for name in mine if name[1:3] == (week, audience))
    if not revisions or revision not in (None, *revisions):
        raise NotThere("there is no such digest, or it is not among those that you may see")
    return revisions, revision or revisions[-1]


def _page(there: list[Name]) -> tuple[list[str], str | None]:
    """Whole weeks, newest first, and the one before which the next page begins."""
    taken: list[str] = []
    count, weeks = 0, sorted({name[1] for name in there}, reverse=True)
    for week in weeks:
        if count >= A_PAGE:
            return taken, taken[-1]
        taken.append(week)
        count += sum(name[1] == week for name in there)
    return taken, None


def _weeks(desk: Desk, c: Connection, at: At, weeks: list[str], there: list[Name]) -> tuple[WeekListed, ...]:
    """The newest revision of each."""
    audiences = _in_order({name[2] for name in there})
    newest = {(one.week, one.audience): one for one in archive.headlines(c, at.source, audiences, weeks)}
    sent = sent_words(desk.house, c, list(newest.values()))
    made = []
    for week in weeks:
        rows = [newest[week, a] for a in audiences if (week, a) in newest]
        listed = (Listed(r.audience, name_of(r.audience), r.headline, r.revision, r.created_at, sent[r.name]) for r in rows)
        made.append(WeekListed(week, week_named(week).first_day, week_named(week).last_day, tuple(listed)))
    return tuple(made)


def _in_order(audiences: Iterable[str]) -> list[str]:
    return sorted(audiences, key=lambda a: (a != WHOLE, a))


# --- the year ------------------------------------------------------------------------------------------------------
def _year(desk: Desk, c: Connection, at: At, year: int) -> tuple[tuple[YearRow, ...], int | None, dt.date]:
    day, known = local_day(at.now), (desk.standing(c, at.source), desk.house.config, _last_changes(c))
    found = made(desk, ("year", at.source, year, day), known, lambda: year_in(desk.house, c, at.source, year, day))
    groups = [group for group in found.groups if at.scope.whole or group.service in at.scope.services]
    return tuple(_row(group) for group in groups), found.left_out if at.scope.whole else None, found.upto


def _last_changes(c: Connection) -> tuple[int | None, int | None]:
    """Of alerts, and of what people did about them."""
    return c.execute(select(func.max(t.alert_event.c.id))).scalar(), c.execute(select(func.max(t.audit.c.id))).scalar()


def _row(group: Group) -> YearRow:
    of = group.whole
    counts = (of.opened, of.acknowledged, of.resolved, of.retracted, of.limit_changed, of.open)
    return YearRow(name_of(group.service or WHOLE), *counts, of.to_acknowledge, of.to_resolve)
