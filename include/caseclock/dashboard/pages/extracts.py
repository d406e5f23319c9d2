"""What has arrived, how far it has come, and what each extract changed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from caseclock.dashboard.model import At, NotThere, Tone
from caseclock.dashboard.shell import Shell
from caseclock.errors import WrongUse

IDS: Final = re.compile(r"[0-9a-f]{16}")
STEPS: Final = {
    "take_snapshot": "Its rows are read",
    "check_quality": "Its quality is checked",
    "compute_measures": "Its figures are worked out",
    "update_alerts": "Alerts are brought up to date",
    "notify": "People are told",
}
"""The steps of an extract in their order, as Airflow names its tasks, in words."""


@dataclass(frozen=True)
class Entry:
    """One extract in the ledger. `word`: pass, warn, hold, released, refused, or empty before it was judged; `said` says it.

    `decided`: what a person said of it, without the reason. `refused` is None for an extract that could be read; its text is short for a
    viewer who is not to read of files. `done`: steps and their seconds, in order; `left`: the steps to come.
    """

    id: str
    as_of: dt.date
    revision: int
    arrived: str
    name: str
    sha: str
    rows: int
    aside: int
    word: str
    said: str
    tone: Tone
    decided: str | None
    superseded: str | None
    refused: str | None
    done: tuple[tuple[str, float], ...]
    left: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return sum(seconds for _, seconds in self.done)


@dataclass(frozen=True)
class Turned:
    """A file that never became an extract."""

    name: str
    sha: str
    reason: str
    at: str


@dataclass(frozen=True)
class LedgerPage:
    """`after`: what the next page is before; None on the last one. `turned` is None for a viewer who is not to read of files."""

    title: str
    entries: tuple[Entry, ...]
    before: dt.date | None
    after: dt.date | None
    turned: tuple[Turned, ...] | None


@dataclass(frozen=True)
class Change:
    """A figure at a place, against the extract before."""

    place: str
    called: str
    figure: str
    title: str
    unit: str
    before: float
    after: float


@dataclass(frozen=True)
class AlertChange:
    """What this extract did to one alert. `id` is None where it never opened."""

    id: str | None
    title: str
    place: str
    called: str
    what: str
    severity: str
    tone: Tone
    value: float | None
    reason: str


@dataclass(frozen=True)
class Told:
    """Messages on alerts that changed with this extract."""

    kind: str
    channel: str
    sent: int
    not_sent: int


@dataclass(frozen=True)
class ExtractPage:
    """`against`: date and id of the extract before, of those that speak. `by_team`: place, name, and how often each of `kinds` was.

    `happened`: of cases; `on_clocks`: timescale, and how many clocks came near, became late, were done in time or late.
    """

    title: str
    entry: Entry
    run: str
    speaks: bool
    silent: str
    reasons: tuple[str, ...]
    against: tuple[dt.date, str] | None
    changes: tuple[Change, ...]
    happened: tuple[tuple[str, int], ...]
    on_clocks: tuple[tuple[str, int, int, int, int], ...]
    kinds: tuple[str, ...]
    by_team: tuple[tuple[str, str, tuple[int, ...]], ...]
    alerts: tuple[AlertChange, ...]
    more_alerts: int
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Lately:
    """The last extracts, newest first, each with what it changed. `chart`, `finding`: their rows and verdicts as a picture."""

    title: str
    chart: str
    finding: str
    lines: tuple[LatelyLine, ...]


@dataclass(frozen=True)
class LatelyLine:
    """`changed`: figures with a limit that are others than before, of the council; None where this does not speak or is not to be seen."""

    entry: Entry
    changed: int | None
    opened: int


def router(shell: Shell) -> APIRouter:
    made, backlog = APIRouter(), shell.backlog

    @made.get("/extracts")
    async def ledger(request: Request, before: str | None = None, source: str | None = None) -> Response:
        def read(at: At) -> LedgerPage:
            return backlog.extracts(at, day(before) if before else None)

        return await shell.page(request, "extracts.html.j2", "extracts", read, source=source, steps=STEPS)

    @made.get("/extracts/{extract}")
    async def one(request: Request, extract: str) -> Response:
        def source() -> str:
            if not IDS.fullmatch(extract):
                raise NotThere("there is no such extract", where="extract", allowed="16 hexadecimal digits")
            return backlog.source_of_extract(extract)

        def read(at: At) -> ExtractPage:
            return backlog.extract(at, extract)

        return await shell.page(request, "extract.html.j2", "extracts", read, source=source, steps=STEPS)

    return made


def day(word: str) -> dt.date:
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        raise WrongUse("this is no date", where="before", allowed="YYYY-MM-DD") from None
