"""The alerts of a year, read from the store: for the command line, and as pages beside the digests."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, func, select

from caseclock.alerts import Instance
from caseclock.alerts.hours import local_day
from caseclock.clocks.calendar import NotCovered
from caseclock.digest.week import Week
from caseclock.digest.year import Ended, Episode, Year, letter_of_year, year_of
from caseclock.measures.model import COUNCIL
from caseclock.notifications.routes import Subject
from caseclock.pipeline.digest_archive import folder_of, form_of
from caseclock.pipeline.house import House
from caseclock.pipeline.kept import in_one_step
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import moment_of, reading

log = logging.getLogger(__name__)

PAGES: Final = ("html", "txt")
ENDED: Final[dict[str, Ended]] = {"retracted": "retracted", "limit_changed": "limit_changed"}


def years(house: House, year: int, upto: dt.date, source: str | None = None) -> list[Year]:
    """The year of each source that has sent extracts, or of one."""
    with reading(house.engine) as c:
        return [year_in(house, c, one, year, upto) for one in ledger.sources(c) if source in (None, one)]


def year_json(found: Year) -> dict[str, Any]:
    """What `caseclock digest year --json` prints."""
    return asdict(found)


def write_years(house: House, week: Week) -> None:
    """The pages of the year, or of the two, in which a week lies, as it stood at its end. Never raises: what was sent is sent."""
    for year in sorted({week.first_day.year, week.last_day.year}):
        try:
            for found in years(house, year, week.last_day):
                _write(house, found)
        except Exception as error:
            log.exception("the alerts of %s could not be written down (%s)", year, type(error).__name__)


def _write(house: House, found: Year) -> None:
    letter = letter_of_year(found)
    for form in PAGES:
        with in_one_step(folder_of(house) / found.source / f"year-{found.year}.{form}") as half:
            half.write_bytes(form_of(letter, form))


def year_in(house: House, c: Connection, source: str, year: int, upto: dt.date) -> Year:
    return year_of(source, year, upto, _episodes(house, c, source, year), lambda start, end: _elapsed(house, start, end))


def _elapsed(house: House, start: dt.date, end: dt.date) -> int:
    try:
        return house.calendar.elapsed(start, end)
    except NotCovered:
        return sum((start + dt.timedelta(days=n)).weekday() < 5 for n in range(1, (end - start).days + 1))  # bank holidays not known


def _episodes(house: House, c: Connection, source: str, year: int) -> Iterable[Episode]:
    """One that only began on another date than was first thought goes on under that date, and is counted once."""
    a, h = t.alert.c, t.handling.c
    heard = select(h.rule, h.team, h.episode, func.min(h.at).label("at")).where(h.source == source, h.kind == "ack")
    acks = {(r.rule, r.team, r.episode): local_day(moment_of(r.at)) for r in c.execute(heard.group_by(h.rule, h.team, h.episode))}
    rules = {rule.id: rule for rule in house.config.thresholds}
    names = ledger.place_names(c, source)

    @cache
    def service_of(team: str) -> str | None:
        return None if team == COUNCIL else house.config.routes.service_of(Subject(Instance(source, "", team), "", names.get(team, "")))

    query = select(a.rule, a.team, a.episode, a.closed_on, a.close_kind).where(a.source == source, a.episode.like(f"{year}-%"))
    for row in c.execute(query.order_by(a.episode, a.rule, a.team)):
        if row.close_kind == "moved":
            continue
        rule = rules.get(row.rule)
        small = rule is None or (rule.unit != "per cent" and min(abs(rule.amber), abs(rule.red)) <= house.config.digest.small)
        closed = dt.date.fromisoformat(row.closed_on) if row.closed_on else None
        kind: Ended = ENDED.get(row.close_kind, "resolved") if closed else ""
        yield Episode(
            dt.date.fromisoformat(row.episode), service_of(row.team) or "", small, acks.get((row.rule, row.team, row.episode)), closed, kind
        )
