"""The archive of the weekly digests, and each of them as it was told."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.letter_page import PageSection, line_words, sections_of
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse
from caseclock.notifications.letter import Letter


@dataclass(frozen=True)
class Listed:
    """One digest in the archive. `sent`: whom it has reached, and whom not, as sentences."""

    audience: str
    name: str
    headline: str
    revision: int
    made: dt.datetime
    sent: str


@dataclass(frozen=True)
class WeekListed:
    week: str
    first_day: dt.date
    last_day: dt.date
    digests: tuple[Listed, ...]


@dataclass(frozen=True)
class YearRow:
    """What became of the alerts that were opened in the year; the medians are working days from the first day."""

    name: str
    opened: int
    acknowledged: int
    resolved: int
    retracted: int
    limit_changed: int
    open: int
    to_acknowledge: float | None
    to_resolve: float | None


@dataclass(frozen=True)
class DigestsPage:
    """`weeks`: newest first. `older`: the week before which the next page begins; `paged`: this is not the first one.
    `small`: alerts of limits for small numbers, which no service's row counts; None where that is not for this viewer."""

    title: str
    year: int
    years: tuple[int, ...]
    weeks: tuple[WeekListed, ...]
    older: str | None
    paged: bool
    alerts: tuple[YearRow, ...]
    upto: dt.date
    small: int | None


@dataclass(frozen=True)
class DigestPage:
    """`cut_off`: what had arrived by then is in it. `others`: audience and name of the week's other digests. `pdf`: a file is there."""

    title: str
    week: str
    audience: str
    name: str
    first_day: dt.date
    last_day: dt.date
    revision: int
    revisions: tuple[int, ...]
    made: dt.datetime
    cut_off: dt.datetime
    sent: str
    previous: str | None
    next: str | None
    others: tuple[tuple[str, str], ...]
    pdf: bool
    letter: Letter

    @property
    def newest(self) -> bool:
        return self.revision == self.revisions[-1]

    @property
    def sections(self) -> tuple[PageSection, ...]:
        return sections_of(self.letter)


def router(shell: Shell) -> APIRouter:
    routes = APIRouter()

    @routes.get("/digests")
    async def digests(request: Request, source: str | None = None, year: str | None = None, before: str | None = None) -> Response:
        def read(at: At) -> DigestsPage:
            return shell.backlog.digests(at, _year(year), _week(before) if before else None)

        return await shell.page(request, "digests.html.j2", "digests", read, source=source)

    @routes.get("/digests/{source}/{week}/{audience:path}.pdf")
    async def pdf(request: Request, source: str, week: str, audience: str, revision: str | None = None) -> Response:
        def made(at: At) -> Response:
            body = shell.backlog.digest_pdf(at, _week(week), _audience(audience), _revision(revision))
            return Response(body, media_type="application/pdf", headers={"content-disposition": "inline"})

        return await shell.answer(request, made, source=source)

    @routes.get("/digests/{source}/{week}/{audience:path}")
    async def digest(request: Request, source: str, week: str, audience: str, revision: str | None = None) -> Response:
        def read(at: At) -> DigestPage:
            return shell.backlog.digest(at, _week(week), _audience(audience), _revision(revision))

        return await shell.page(request, "digest.html.j2", "digests", read, source=source, line_words=line_words)

    return routes


def _year(said: str | None) -> int | None:
    if not said:
        return None
    if not re.fullmatch(r"20[0-9]{2}", said):
        raise WrongUse("that is no year", where="year", allowed="the form 2026")
    return int(said)


def _week(said: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-W[0-9]{2}", said):
        raise NotThere("there is no such week", where="week", allowed="the form 2026-W47")
    return said


def _audience(said: str) -> str:
    if not said.isprintable():
        raise NotThere("there is no such digest, or it is not for you")
    return said


def _revision(said: str | None) -> int | None:
    if not said:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", said):
        raise NotThere("there is no such revision", where="revision", allowed="a number from 1 on")
    return int(said)
