"""What cannot be worked out from the newest extract, and why; and what is watched, with the source of each rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.shell import Shell


@dataclass(frozen=True)
class Lack:
    """Things that share a reason. `rules`, `measures`: their titles. `files`: what would bring them, with the guide that says how."""

    because: str
    rules: tuple[str, ...]
    measures: tuple[str, ...]
    files: tuple[str, ...]
    guide: str


@dataclass(frozen=True)
class Watched:
    """A time limit. `limit`: the one in force for what starts now, from `since`. `watched`: False when this extract cannot feed it.

    `figure`: where its late work is shown; None when that measure is off. `alerts`: how many limits look at it.
    """

    id: str
    title: str
    limit: str
    since: dt.date
    earlier: tuple[str, ...]
    basis: str
    source: str
    note: str
    watched: bool
    figure: str | None
    alerts: int


@dataclass(frozen=True)
class NotWatchedPage:
    """`unseen`: what else the extract cannot show, and why. `off`: measures that are turned off. `not_configured`: titles of time limits
    that caseclock ships and this council has taken out. `gone`: teams without rows."""

    title: str
    finding: str
    lacks: tuple[Lack, ...]
    unseen: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]
    off: tuple[tuple[str, str], ...]
    not_configured: tuple[str, ...]
    watched: tuple[Watched, ...]


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/not-watched")
    async def not_watched(request: Request, source: str | None = None) -> Response:
        return await shell.page(request, "not_watched.html.j2", "not-watched", shell.backlog.not_watched, source=source)

    return made
