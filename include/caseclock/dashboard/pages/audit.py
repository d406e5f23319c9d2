"""The audit: what was done, sent and not sent, by whom and why, newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import At
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

EVENT: Final = re.compile(r"[a-z_]{1,32}")
FARTHEST: Final = 2**31 - 1  # the largest id that a column of integers takes


@dataclass(frozen=True)
class Entry:
    """`alert` and `extract`: ids of pages that it is about. `way`: how somebody acted."""

    id: int
    at: str
    event: str
    what: str
    alert: str | None
    extract: str | None
    by: str
    way: str
    reason: str


@dataclass(frozen=True)
class AuditPage:
    """`before`: where the next page begins; None at the end. `cut`: the moment back to which entries were looked through, where that was
    cut short and there may be more. `events`: word and what it is called, those that people ask for first."""

    title: str
    event: str | None
    event_words: str
    entries: tuple[Entry, ...]
    events: tuple[tuple[str, str], ...]
    before: int | None
    cut: str | None
    first: bool


def router(shell: Shell) -> APIRouter:
    routes = APIRouter()

    @routes.get("/audit")
    async def audit(request: Request, source: str | None = None, event: str = "", before: str = "") -> Response:
        def read(at: At) -> AuditPage:
            return shell.backlog.audit(at, _event(event), _before(before))

        return await shell.page(request, "audit.html.j2", "audit", read, source=source)

    return routes


def _event(word: str) -> str | None:
    if word and not EVENT.fullmatch(word):
        raise WrongUse("the address makes no sense", where="event", allowed="a word of small letters")
    return word or None


def _before(word: str) -> int | None:
    if not word:
        return None
    if not (word.isascii() and word.isdigit() and 0 < len(word) <= 10 and int(word) <= FARTHEST):
        raise WrongUse("the address makes no sense", where="before", allowed="the number of an entry")
    return int(word)
