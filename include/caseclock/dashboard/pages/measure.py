"""One figure: where it stands, how it came there, its limits, its teams, and what it means; and the list of all figures."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import At, NotThere, Tone, place_of
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

SHOWN: Final = {"26": "26 weeks", "52": "52 weeks", "104": "104 weeks", "daily": "each extract of 13 weeks"}
"""How much of the past of a count is shown."""
USUAL: Final = "52"
NAMES: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,2}")


@dataclass(frozen=True)
class Change:
    """Against an earlier extract. `day` None: there is none of that time, or it has no such figure."""

    words: str
    day: dt.date | None
    value: str
    change: str


@dataclass(frozen=True)
class Picture:
    """A chart of caseclock.charts, and its numbers."""

    svg: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class LimitLine:
    """A limit that looks at this figure here. `since`: since when it is what it is, in words."""

    rule: str
    title: str
    amber: str
    red: str
    ends: str
    told: str
    since: str


@dataclass(frozen=True)
class AlertLine:
    id: str
    state: str
    tone: Tone
    title: str
    place: str
    value: str
    since: str | None


@dataclass(frozen=True)
class PlaceLine:
    """The newest figure of a team or service. `state`: red, amber or within, by the limits there; empty where none speaks."""

    place: str
    name: str
    value: str
    n: str
    state: str
    tone: Tone
    here: bool


@dataclass(frozen=True)
class Rule:
    """The timescale that a figure is about. `limits`: since when, and how long it may take."""

    id: str
    title: str
    limits: tuple[tuple[dt.date, str], ...]
    basis: str
    source: str
    note: str


@dataclass(frozen=True)
class MeasurePage:
    """`value` is `–` where there is no figure; `why_none` says why then. `why_no_chart`: of a count of what stands.

    `pictures`: none before there is a figure. `showing`: the entry of SHOWN that is chosen; None where the chart has a time of its own.
    `rest`: how many teams there are beyond those listed.
    """

    title: str
    finding: str
    figure: str
    place: str
    place_name: str
    as_of: dt.date | None
    value: str
    made_from: str
    state: str
    tone: Tone
    why_none: str
    changes: tuple[Change, ...]
    showing: str | None
    pictures: tuple[Picture, ...]
    chart_says: tuple[str, ...]
    why_no_chart: str
    gaps: tuple[str, ...]
    limits: tuple[LimitLine, ...]
    alerts: tuple[AlertLine, ...]
    teams: tuple[PlaceLine, ...]
    services: tuple[PlaceLine, ...]
    order: str
    rest: int
    unknown: tuple[str, ...]
    definition: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    rule: Rule | None
    beside: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FigureLine:
    """`why`: in place of a value, why there is none."""

    figure: str
    title: str
    value: str
    unit: str
    worse: str
    why: str


@dataclass(frozen=True)
class Group:
    """`several`: measures with more than one figure, each with its title and its figures."""

    heading: str
    single: tuple[FigureLine, ...]
    several: tuple[tuple[str, tuple[FigureLine, ...]], ...]


@dataclass(frozen=True)
class MeasuresPage:
    """`place`: whose values are shown; None where a viewer has several teams."""

    title: str
    lead: str
    place: str | None
    groups: tuple[Group, ...]


def router(shell: Shell) -> APIRouter:
    made, backlog = APIRouter(), shell.backlog

    @made.get("/measure")
    async def measure(
        request: Request, figure: str = "", team: str | None = None, show: str = USUAL, source: str | None = None
    ) -> Response:
        def read(at: At) -> MeasurePage:
            if not NAMES.fullmatch(figure):
                raise NotThere("there is no such figure", where="figure", todo="All figures are listed at `measures`.")
            if show not in SHOWN:
                raise WrongUse("that is no length of the past", where="show", allowed=f"one of {', '.join(SHOWN)}")
            return backlog.measure(at, figure, place_of(team) if team else None, show)

        return await shell.page(request, "measure.html.j2", "", read, source=source, shown=SHOWN, usual=USUAL)

    @made.get("/measures")
    async def measures(request: Request, source: str | None = None) -> Response:
        return await shell.page(request, "measures.html.j2", "", backlog.measures, source=source)

    return made
