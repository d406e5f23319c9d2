"""One team, service, or the council: how its work stands, what comes due, and what to do first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import At, Tone, place_of
from caseclock.dashboard.pages.work_list import Case
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

Turn = Literal["", "better", "worse"]


@dataclass(frozen=True)
class Card:
    value: str
    label: str
    note: str = ""
    tone: Tone = ""
    figure: str | None = None
    """The measure whose page it leads to."""


@dataclass(frozen=True)
class Change:
    """`up 3`, and whether that is better or worse."""

    words: str
    turn: Turn = ""


@dataclass(frozen=True)
class Figure:
    """One measure at this place. `limit`: its own limits in words, empty where none is set; `beside`: what it is compared with.

    `spark`: its line of the last weeks as SVG; `weeks`: the same as words.
    """

    figure: str
    title: str
    value: str
    n: int
    rag: Tone
    limit: str
    week: Change
    month: Change
    beside: str
    spark: str
    weeks: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """`open`: it is shown at once, and others when they are asked for. `unknown`: measures of it without a figure here, as a sentence."""

    title: str
    figures: tuple[Figure, ...]
    unknown: str = ""
    open: bool = False


@dataclass(frozen=True)
class Due:
    """Of one timescale: clocks that are overdue, reach their limit, and are likely to be late then. None where there is no figure."""

    rule: str
    title: str
    overdue: float | None
    due_5: float | None
    expected_5: float | None
    due_10: float | None
    expected_10: float | None
    fell_due_5: float | None


@dataclass(frozen=True)
class OpenAlert:
    """`within`: its value is back within the limit, and the alert is not over yet."""

    id: str
    title: str
    severity: Tone
    value: str
    since: str | None
    doing: str
    within: bool = False


@dataclass(frozen=True)
class Work:
    """The first cases of its work list. `total`: all of them."""

    as_of: dt.date
    total: int
    rows: tuple[Case, ...]


@dataclass(frozen=True)
class Happened:
    """`cases`: what befell cases, and how often; `clocks`: per timescale its title and how often each thing befell its clocks.

    `since`: the day of the extract that this one is compared with, None where nobody can tell.
    """

    since: dt.date | None
    cases: tuple[tuple[str, int], ...]
    clocks: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TeamPage:
    title: str
    place: str
    kind: str
    as_of: dt.date | None
    finding: str
    cards: tuple[Card, ...]
    alerts: tuple[OpenAlert, ...]
    alerts_below: int
    due: tuple[Due, ...]
    work: Work | None
    groups: tuple[Group, ...]
    days: tuple[dt.date, ...]
    happened: Happened
    beside: str
    places: tuple[tuple[str, str], ...]
    """Other places that this viewer may look at: place and name."""


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/team")
    async def team(request: Request, source: str | None = None, team: str | None = None) -> Response:
        def read(at: At) -> TeamPage:
            if not team:
                raise WrongUse("no team is named", where="team", todo="Choose one on the overview, or add ?team= and its id.")
            return shell.backlog.team(at, place_of(team))

        return await shell.page(request, "team.html.j2", "overview", read, source=source)

    return made
