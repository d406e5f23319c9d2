"""The overview: how the backlog stands and whether it gets worse, where, and whether anyone is on it; and the card of the home page."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.look import clean
from caseclock.dashboard.model import At, Tone
from caseclock.dashboard.pages.alert import AlertRow
from caseclock.dashboard.shell import Shell


@dataclass(frozen=True)
class Card:
    """One figure. `place`: where its measure page is about; None where several teams are added up, and the table of teams says more."""

    key: str
    value: str
    label: str
    note: str
    tone: Tone
    figure: str
    place: str | None


@dataclass(frozen=True)
class Picture:
    """`svg`, and its numbers as a table."""

    caption: str
    svg: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Section:
    """`said`: the answer in a sentence. `notes`: what there is to know beside it, and what cannot be shown."""

    said: str
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One measure that teams can be compared by: its id, its title, how many teams are at or past a limit of it."""

    figure: str
    words: str
    past: int
    chosen: bool


@dataclass(frozen=True)
class Column:
    """`key`: by which rows can be sorted."""

    key: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class Cell:
    """`past`: the limit that the figure is at or past."""

    words: str
    past: Tone = ""


@dataclass(frozen=True)
class TeamRow:
    place: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Teams:
    """`columns`: of the name and of each cell."""

    section: Section
    choices: tuple[Choice, ...]
    columns: tuple[Column, ...]
    rows: tuple[TeamRow, ...]


@dataclass(frozen=True)
class Raised:
    """Open alerts. `rows`: the worst and oldest of them."""

    said: str
    rows: tuple[AlertRow, ...]
    total: int


@dataclass(frozen=True)
class Aside:
    """Rows of a table of the extract, and how many of them are set aside."""

    table: str
    read: int
    aside: int


@dataclass(frozen=True)
class Data:
    said: str
    aside: tuple[Aside, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Method:
    """`terms`: a word and what it means; `limits`: those in force; `notes`: how sure charts and forecasts are."""

    terms: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class OverviewPage:
    """`as_of` is None where no extract speaks yet: then there are no figures, and `finding` says what will come."""

    title: str
    as_of: dt.date | None
    finding: str
    cards: tuple[Card, ...]
    demand: Section | None
    backlog: Section | None
    teams: Teams | None
    ageing: Section | None
    raised: Raised
    data: Data
    method: Method
    measure: str | None
    sort: str | None


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/")
    async def overview(request: Request, source: str | None = None, measure: str | None = None, sort: str | None = None) -> Response:
        def read(at: At) -> OverviewPage:
            return shell.backlog.overview(at, measure or None, sort or None)

        return await shell.page(request, "overview.html.j2", "overview", read, source=source)

    @made.get("/card.json")
    async def card(request: Request, source: str | None = None) -> Response:
        return await shell.answer(request, lambda at: _json(shell.backlog.card(at)), source=source)

    return made


def _json(card: dict[str, Any]) -> Response:
    return Response(clean(json.dumps(card, ensure_ascii=False)), media_type="application/json")
