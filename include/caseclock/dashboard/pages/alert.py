"""Alerts: the list of them, one of them with everything behind it, and what a person may do about it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.backlog import Backlog
from caseclock.dashboard.model import At, Done, Tone, place_of
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

MOST: Final = 100_000  # the farthest that a list is paged
ID: Final = re.compile("[0-9a-f]{12}")
ONCE: Final = range(8, 81)  # characters of the name of a deed


# --- the list ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class AlertRow:
    """One alert. `state`: `Red`, `Amber`, or how it ended. `days`: how many working days it has been open, or was."""

    id: str
    state: str
    tone: Tone
    what: str
    place: str
    team: str
    value: str
    limit: str
    since: dt.date | None
    days: int | None
    ended: dt.date | None
    handling: str


@dataclass(frozen=True)
class Choice:
    """One filter: `key` is None for all."""

    key: str | None
    words: str
    chosen: bool


@dataclass(frozen=True)
class AlertsPage:
    """`start`: how many come before the first one. `teams`, `rules`: what there is to choose from; empty where there is no choice."""

    title: str
    lead: str
    closed: bool
    team: str | None
    rule: str | None
    rows: tuple[AlertRow, ...]
    teams: tuple[Choice, ...]
    rules: tuple[Choice, ...]
    start: int
    size: int
    more: bool


# --- one alert -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fact:
    name: str
    words: str
    tone: Tone = ""


@dataclass(frozen=True)
class Step:
    """A change of state. `day`: the date of the extract that showed it."""

    day: str | None
    change: str
    value: str
    why: str
    extract: str | None


@dataclass(frozen=True)
class Deed:
    """What somebody did about it. `at` and `end` are moments."""

    what: str
    by: str
    at: str
    end: str
    ended: bool
    reason: str


@dataclass(frozen=True)
class Letter:
    """One message. `tries`: each attempt in words."""

    at: str
    to: str
    channel: str
    kinds: str
    state: str
    tone: Tone
    why: str
    tries: tuple[str, ...]


@dataclass(frozen=True)
class Unsent:
    """Why somebody is told nothing at present, as the last round found it."""

    to: str
    channel: str
    why: str
    at: str


@dataclass(frozen=True)
class Link:
    """The figure behind it and the extract that it comes from."""

    day: str
    value: str
    n: int | None
    extract: str
    name: str
    revision: int
    sha256: str


@dataclass(frozen=True)
class Form:
    """What the viewer may do now. `once` names the deed, so that a second press changes nothing. `first`, `last`: days that are allowed."""

    verb: str
    once: str
    default: dt.date
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Chart:
    svg: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class AlertPage:
    """`lead`: what is wrong, where, by how much and since when. `about_data`: it is about an extract and nobody acts on it here; `guide`:
    the text of the runbook about it.

    `moved_from`: the id that was asked for, where a correction has moved the first day and it goes on under this one.
    """

    id: str
    title: str
    lead: str
    tone: Tone
    facts: tuple[Fact, ...]
    dealing: tuple[str, ...]
    next: tuple[str, ...]
    about_data: bool = False
    guide: str | None = None
    moved_from: str = ""
    open: bool = True
    forms: tuple[Form, ...] = ()
    why_no_form: str = ""
    tended: str = ""
    chart: Chart | None = None
    steps: tuple[Step, ...] = ()
    deeds: tuple[Deed, ...] = ()
    letters: tuple[Letter, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    hears: str = ""
    chain: tuple[Link, ...] = ()
    figure: str = ""
    team: str = ""
    place: str = ""
    timescale: str | None = None
    rows_listed: bool = False
    definition: str = ""


# --- addresses -----------------------------------------------------------------------------------------------------
def router(shell: Shell) -> APIRouter:
    routes, backlog = APIRouter(), shell.backlog

    @routes.get("/alerts")
    async def alerts(
        request: Request, source: str | None = None, closed: str = "", team: str | None = None, rule: str | None = None, start: str = "0"
    ) -> Response:
        def read(at: At) -> AlertsPage:
            where = place_of(team) if team else None
            return backlog.alerts(at, _yes(closed), where, rule or None, _number(start))

        return await shell.page(request, "alerts.html.j2", "alerts", read, source=source)

    @routes.get("/alerts/{alert}")
    async def alert(request: Request, alert: str) -> Response:
        found = lambda: backlog.source_of_alert(alert)  # noqa: E731
        return await shell.page(request, "alert.html.j2", "alerts", lambda at: backlog.alert(at, alert), source=found)

    for verb, do in DEEDS.items():
        routes.add_api_route(f"/alerts/{{alert}}/{verb}", _deed(shell, verb, do), methods=["POST"], include_in_schema=False)
    return routes


Do = Callable[[Backlog, At, str, dict[str, Any]], Done]
DEEDS: Final[dict[str, Do]] = {
    "acknowledge": lambda backlog, at, alert, body: backlog.acknowledge(at, alert, _reason(body), _until(body), _once(body)),
    "silence": lambda backlog, at, alert, body: backlog.silence(at, alert, _reason(body), _until(body), _once(body)),
    "unsilence": lambda backlog, at, alert, body: backlog.unsilence(at, alert, _once(body)),
}


def _deed(shell: Shell, verb: str, do: Do) -> Callable[..., Any]:
    async def deed(request: Request, alert: str) -> Response:
        def done(at: At, body: dict[str, Any]) -> Done:
            shell.backlog.check_alert(at, alert)  # first: what is wrong with the rest is for those who may see the alert
            return do(shell.backlog, at, alert, body)

        what = f"{verb} alert {alert}" if ID.fullmatch(alert) else f"{verb} an alert"
        return await shell.deed(request, done, what=what, source=lambda: shell.backlog.source_of_alert(alert))

    return deed


def _yes(word: str) -> bool:
    if word not in {"", "0", "1"}:
        raise WrongUse("the address makes no sense", where="closed", allowed="1, or left out")
    return word == "1"


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 7 and int(word) <= MOST):
        raise WrongUse("the address makes no sense", where="start", allowed=f"a number up to {MOST}")
    return int(word)


def _reason(body: dict[str, Any]) -> str:
    given = body.get("reason", "")
    if not isinstance(given, str):
        raise WrongUse("the reason is no text", where="reason")
    return given


def _until(body: dict[str, Any]) -> dt.date | None:
    given = body.get("until")
    if given in (None, ""):
        return None
    try:
        return dt.datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a day
    except (ValueError, TypeError):
        raise WrongUse("the last day is no date", where="until", allowed="YYYY-MM-DD") from None


def _once(body: dict[str, Any]) -> str:
    given = body.get("once")
    if not isinstance(given, str) or len(given) not in ONCE:
        raise WrongUse("the deed has no name of its own, so a second press could not be told from the first", where="once")
    return given
