"""What quality says of an extract, one rule over time, and the rows that are set aside. Counts and places; never a value of a cell."""

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

IDS: Final = re.compile(r"[0-9a-f]{16}")  # of an extract
NAMES: Final = re.compile(r"[A-Za-z0-9_.:-]{1,96}")  # of a table or a rule
FARTHEST: Final = 1_000_000  # entries; a list that is longer cannot be paged through by hand
SEVERITIES: Final = {
    "critical": ("Critical", "the row is not used", "red"),
    "warning": ("Warning", "the row is used, and has to be corrected", "amber"),
    "info": ("Note", "the row is used", "quiet"),
}
"""How bad -> word, what becomes of the row, tone."""


@dataclass(frozen=True)
class Judged:
    """One extract and what became of it. `word`: pass, warn, hold, released, refused, or empty before it was judged."""

    id: str
    as_of: dt.date
    revision: int
    word: str
    said: str
    tone: Tone


@dataclass(frozen=True)
class Decided:
    """What a person said of a held extract. `why` is None for a viewer who is not to read it."""

    words: str
    why: str | None


@dataclass(frozen=True)
class RuleLine:
    """A rule that is not met. `since`: of the first extract in which it has failed without a break; None when it is new.

    `longer`: it has failed in every extract that was looked at, so it may have begun before.
    """

    table: str
    rule: str
    severity: str
    failing: int
    of: int
    reason: str
    since: dt.date | None
    longer: bool
    line: str


@dataclass(frozen=True)
class TableRows:
    """Rows of one table; the last four are None where there is nothing to compare with."""

    table: str
    read: int
    kept: int
    aside: int
    new: int | None = None
    changed: int | None = None
    gone: int | None = None
    rekeyed: int | None = None


@dataclass(frozen=True)
class QualityPage:
    """`waits`: a person is asked about it, in the run `release_run`. `past`: extracts came before it. `teams_gone`: places, names."""

    title: str
    of: Judged
    means: str
    newest: bool
    speaks: bool
    superseded: str | None
    reasons: tuple[str, ...]
    decided: Decided | None
    waits: bool
    release_run: str
    broken: tuple[RuleLine, ...]
    well_again: tuple[tuple[str, str], ...]
    holds: tuple[tuple[str, tuple[str, ...]], ...]
    expectations: int
    tables: tuple[TableRows, ...]
    compared_with: dt.date | None
    absences: tuple[str, ...]
    teams_gone: tuple[tuple[str, str], ...]
    aside: dict[str, int]
    others: tuple[Judged, ...]
    past: bool


@dataclass(frozen=True)
class RulePage:
    """One rule. `points`: of the last extracts, newest first: extract, failing, of; the latter two None where it was not asked."""

    title: str
    table: str
    rule: str
    says: str
    severity: str
    columns: tuple[str, ...]
    needs: tuple[str, ...]
    finding: str
    chart: str
    points: tuple[tuple[Judged, int | None, int | None], ...]
    since: dt.date | None
    aside: AsideLine | None


@dataclass(frozen=True)
class AsideLine:
    """Rows of one table and reason that are, or were, set aside."""

    table: str
    rule: str
    open: int
    oldest: dt.date | None
    corrected: int
    gone: int


@dataclass(frozen=True)
class AsideRow:
    """Where a row stood in the newest extract that had it."""

    table: str
    rule: str
    file: str
    row: int
    column: str
    reason: str
    first_seen: dt.date
    last_seen: dt.date


@dataclass(frozen=True)
class QuarantinePage:
    """`rows` is None for a viewer to whom files and rows are not shown."""

    title: str
    table: str | None
    rule: str | None
    lines: tuple[AsideLine, ...]
    rows: tuple[AsideRow, ...] | None
    start: int
    step: int
    total: int


def router(shell: Shell) -> APIRouter:
    made, backlog = APIRouter(), shell.backlog

    @made.get("/quality")
    async def quality(request: Request, extract: str | None = None, source: str | None = None) -> Response:
        def read(at: At) -> QualityPage:
            return backlog.quality(at, extract or None)

        def its_source() -> str:
            return backlog.source_of_extract(known_id(extract or ""))

        return await shell.page(
            request, "quality.html.j2", "quality", read, source=its_source if extract else source, severities=SEVERITIES
        )

    @made.get("/quality/rule")
    async def rule(request: Request, table: str = "", rule: str = "", source: str | None = None) -> Response:
        def read(at: At) -> RulePage:
            return backlog.quality_rule(at, named(table, "table"), named(rule, "rule"))

        return await shell.page(request, "quality_rule.html.j2", "quality", read, source=source, severities=SEVERITIES)

    @made.get("/quarantine")
    async def quarantine(
        request: Request, table: str | None = None, rule: str | None = None, start: str = "0", source: str | None = None
    ) -> Response:
        def read(at: At) -> QuarantinePage:
            return backlog.quarantine(at, named(table, "table") if table else None, named(rule, "rule") if rule else None, counted(start))

        return await shell.page(request, "quarantine.html.j2", "quality", read, source=source)

    return made


def known_id(word: str) -> str:
    if not IDS.fullmatch(word):
        raise NotThere("there is no such extract", where="extract", allowed="16 hexadecimal digits")
    return word


def named(word: str, what: str) -> str:
    if not NAMES.fullmatch(word):
        raise NotThere(f"there is no such {what}", where=what)
    return word


def counted(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 8 and int(word) <= FARTHEST):
        raise WrongUse("this is no place in the list", where="start", allowed=f"a whole number up to {FARTHEST:,}")
    return int(word)
