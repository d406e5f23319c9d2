"""The work list: open cases in the order in which they need somebody, with the reason; and the same as a file."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import At, Tone, place_of, word_of
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

PAGE: Final = 50  # cases on one page
FARTHEST: Final = 10_000_000  # no list is that long
TIERS: Final = 6
BOM: Final = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else


@dataclass(frozen=True)
class Choice:
    """One filter that can be chosen, and how many cases it leaves. `value` None: no filter."""

    words: str
    value: str | None
    count: int
    chosen: bool


@dataclass(frozen=True)
class Case:
    """One line of the list. `link`: where it can be read, empty where nobody knows; `over`, `left`: working days, one of them or none.

    `share`: age over limit, in per cent, None where no limit put it there; `others`: other clocks of it that are overdue; `next_on`: the
    nearest limit of the child that has not passed.
    """

    place: int
    item: str
    child: str
    link: str
    team: str
    team_name: str
    worker: str | None
    tier: int
    tier_words: str
    tone: Tone
    reason: str
    rule: str | None
    rule_title: str
    due_on: dt.date | None
    over: int | None
    left: int | None
    share: float | None
    others: int
    next_on: dt.date | None
    next_title: str


@dataclass(frozen=True)
class WorkPage:
    """`place`: the team that is shown, None for all that may be seen. `total`: cases of the choice; `rows`: those from `start` on."""

    title: str
    as_of: dt.date
    finding: str
    orders_only: str
    notes: tuple[str, ...]
    teams: tuple[Choice, ...]
    tiers: tuple[Choice, ...]
    rules: tuple[Choice, ...]
    place: str | None
    place_name: str
    tier: int | None
    rule: str | None
    start: int
    total: int
    rows: tuple[Case, ...]

    @property
    def before(self) -> int | None:
        return max(0, min(self.start, self.total) - PAGE) if self.start else None

    @property
    def after(self) -> int | None:
        return self.start + PAGE if self.start + PAGE < self.total else None


def router(shell: Shell) -> APIRouter:
    made = APIRouter()

    @made.get("/worklist")
    async def worklist(
        request: Request,
        source: str | None = None,
        team: str | None = None,
        tier: str | None = None,
        rule: str | None = None,
        start: str = "0",
    ) -> Response:
        def read(at: At) -> WorkPage:
            return shell.backlog.work_list(at, _place(team), _tier(tier), rule or None, _start(start))

        return await shell.page(request, "worklist.html.j2", "worklist", read, source=source)

    @made.get("/worklist.csv")
    async def as_file(
        request: Request, source: str | None = None, team: str | None = None, tier: str | None = None, rule: str | None = None
    ) -> Response:
        def made_of(at: At) -> Response:
            text = shell.backlog.work_list_csv(at, _place(team), _tier(tier), rule or None)
            headers = {"content-disposition": _attachment(at, _place(team))}
            return Response(BOM + text, media_type="text/csv; charset=utf-8", headers=headers)

        return await shell.answer(request, made_of, source=source, writes=True)

    return made


def _place(team: str | None) -> str | None:
    return place_of(team) if team else None


def _tier(text: str | None) -> int | None:
    if not text:
        return None
    if text not in {str(n) for n in range(TIERS)}:
        raise WrongUse("there is no such tier", where="tier", allowed=f"0 to {TIERS - 1}")
    return int(text)


def _start(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > FARTHEST:
        raise WrongUse("this is no place on the list", where="start", allowed="a whole number from 0")
    return int(text)


def _attachment(at: At, place: str | None) -> str:
    """Of whom and when the file is, in its name; of names of any letters the plain ones, and the whole name beside it (RFC 6266)."""
    day = f"{at.frame.as_of:%Y-%m-%d}" if at.frame.as_of else "held"
    whole = "_".join(["worklist", at.source, day, *([word_of(place)] if place else [])])
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", whole).strip("-.")
    return f"attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{quote(f'{whole}.csv', safe='')}"
