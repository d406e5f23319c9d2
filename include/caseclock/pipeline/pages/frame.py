"""The frame of every page: of which council and day the figures are, whether they can be trusted, and which teams this viewer may see."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import Frame, NotThere, Scope, Tone, Viewer
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.pipeline.people import cadence_of
from caseclock.storage import ledger
from caseclock.storage import schema as t


def begin(desk: Desk, viewer: Viewer, source: str | None, now: dt.datetime) -> tuple[Frame, Scope]:
    """The named source, else the first one that has sent an extract."""
    house = desk.house
    with desk.reading() as c:
        known = ledger.sources(c)
        if not known:
            raise NotThere("no extract has come yet", todo="Drop one into the inbox, or run `caseclock run PATH`; then there are figures.")
        known = visible_sources(desk, viewer, known)
        if source is not None and source not in known:
            raise NotThere("no source of that name has sent extracts", where="source", allowed=f"one of {', '.join(known)}")
        at = source or known[0]
        standing = desk.standing(c, at)
        shown = standing.extract or standing.newest
        rows = select(func.sum(t.table_count.c.read), func.sum(t.table_count.c.quarantined)).where(
            t.table_count.c.extract_id == (shown.id if shown else "")
        )
        read, aside = c.execute(rows).one()
        spoken = ledger.quality_of(c, standing.extract.id) if standing.extract else None
    late = _late(desk, standing, now)
    trust = _trust(standing, int(read or 0), int(aside or 0), spoken.verdict if spoken else "", late)
    tone: Tone = "amber" if standing.held or late or standing.extract is None else ""
    titles = tuple((one, house.source(one).title) for one in known)
    frame = Frame(at, house.source(at).title, titles, max(standing.taken, default=None), trust, tone)
    return frame, scope_of(desk, viewer, standing)


def scope_of(desk: Desk, viewer: Viewer, standing: Standing) -> Scope:
    """By routes.yaml (`Routes.services_of_person`)."""
    services = desk.house.config.routes.services_of_person(viewer.id, standing.source)
    if services is None:
        return Scope()
    return Scope(frozenset(team for team, service in standing.service_of.items() if service in services), tuple(services))


def visible_sources(desk: Desk, viewer: Viewer, known: list[str]) -> list[str]:
    """Those of which this viewer may see anything; between walls another one is not even named."""
    routes = desk.house.config.routes
    mine = [source for source in known if routes.services_of_person(viewer.id, source) != ()] if routes.walls else known
    if not mine:
        raise NotThere("there is nothing here that you may see", todo="Ask who keeps routes.yaml to list you under `pages` or `people`.")
    return mine


def _trust(standing: Standing, read: int, aside: int, verdict: str, late: str) -> str:
    if standing.extract is None:
        came = f"The newest, of {day_words(standing.newest.as_of)}, does not speak" if standing.newest else "None has come"
        return f"No extract has passed its quality check yet. {came}."
    words = {"pass": "accepted", "warn": "accepted with warnings", "hold": "held by its quality check, and released by a person"}
    said = f"Extract of {day_words(standing.extract.as_of)}, {read:,} rows, {words.get(verdict, 'accepted')}"
    said += f"; {aside:,} rows set aside." if aside else "; no row set aside."
    if standing.held and standing.newest and standing.newest.id != standing.extract.id:
        said += f" The newer one of {day_words(standing.newest.as_of)} did not pass its quality check: its figures do not speak."
    return f"{said} {late}".strip()


def _late(desk: Desk, standing: Standing, now: dt.datetime) -> str:
    """A sentence when the next extract is overdue, or what there is too old to speak."""
    from caseclock.alerts.data import ExtractDay, data_state

    if not standing.newest:
        return ""
    cadence = cadence_of(desk.house.source(standing.source))
    state = data_state([ExtractDay(standing.newest.as_of, standing.newest.id)], cadence, desk.house.calendar, now)
    if state.stale_since is None:
        return ""
    said = f"The extract of {day_words(state.stale_since)} has not come."
    return f"{said} These figures are too old to act on." if state.stale_holds else said
