"""By schedule: sources that are a database. What is drawn lands in the inbox, and from there it is a drop like any other."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from caseclock import now as clock
from caseclock.errors import CaseclockError, ExtractRefused, WrongUse
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import DAYS
from caseclock.pipeline.rounds import report_fault
from caseclock.storage import ledger
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts.source import Database, SourceConfig

log = logging.getLogger(__name__)

LAST_LOOK = dt.time(23, 45)  # of a day, by the schedule of dags/pull_databases.py: what is due later is drawn then
LAG = {"today": dt.timedelta(0), "yesterday": dt.timedelta(days=1)}


class NotDrawn(ExtractRefused):
    """A database could not be read. It is written down and data engineers are told; the next look tries again."""


def pull_due(house: House, now: dt.datetime) -> list[Report]:
    """Draws the extract of every source whose database is due and whose extract of that date has not come yet.

    May be run at any time, again and again: what has been drawn, dropped or claimed is not drawn again. A database that fails stops no
    other one; data engineers are told of it once a day, and its report says `failed` instead of what was drawn.
    """
    made = []
    for source in house.config.sources.values():
        if source.database and why_not_now(house, source, now) is None:
            made.append(_tried(house, source, as_of_on(source.database, now), now))
    return made


def check_pulled(reports: list[Report]) -> None:
    """Raises NotDrawn when a database failed."""
    failed = [f"{r['source']}: {r['failed']}" for r in reports if "failed" in r]
    if failed:
        raise NotDrawn("; ".join(failed), todo="Data engineers have been told; the next look tries again")


def pull_now(house: House, source_id: str | None, as_of: dt.date | None, now: dt.datetime) -> list[Report]:
    """Draws by hand, due or not: one source, or every one that has a database. Raises what goes wrong.

    The database shows its present state, so `as_of` is for a date that was drawn too early or with a mistake: content that has changed
    arrives as its next revision, and the same content as nothing new.
    """
    with_database = {s.id: s for s in house.config.sources.values() if s.database}
    chosen = [with_database[source_id]] if source_id in with_database else [] if source_id else list(with_database.values())
    if not chosen:
        raise WrongUse(
            f"source {source_id} has no database" if source_id else "no source has a database",
            allowed=", ".join(sorted(with_database)),
            todo="Add `database` to its file in monitoring/sources/",
        )
    if as_of and as_of > now.astimezone(clock.LONDON).date():
        raise WrongUse(f"{as_of} lies in the future", where="--as-of", allowed="a day that the data can be true for")
    return [_drawn(house, source, as_of or as_of_on(_database(source), now), now) for source in chosen]


def as_of_on(database: Database, now: dt.datetime) -> dt.date:
    """The date that a draw made now is true for."""
    return now.astimezone(clock.LONDON).date() - LAG[database.as_of]


def why_not_now(house: House, source: SourceConfig, now: dt.datetime) -> str | None:
    """Why nothing is to be drawn of a source at this moment; None when it is due."""
    local, database = now.astimezone(clock.LONDON), _database(source)
    if not house.calendar.is_working_day(local.date()):
        return "it is no working day"
    at = min(dt.time.fromisoformat(database.at), LAST_LOOK)
    if local.time() < at:
        return f"it is not {at:%H:%M} yet"
    as_of = as_of_on(database, now)
    if any(house.settings.inbox.glob(f"{source.id}__{as_of}*")):  # before the ledger is asked: a claim writes there first, then moves
        return f"the extract of {as_of} waits in the inbox"
    with reading(house.engine) as c:
        dates = {e.as_of for e in ledger.extracts(c, source.id)}
    if as_of in dates:
        return f"the extract of {as_of} has come"
    if not _cadence_has_come(house, source, max(dates, default=None), local.date()):
        return f"it comes {source.cadence.replace('_', ' ')}"
    return None


def _cadence_has_come(house: House, source: SourceConfig, newest: dt.date | None, today: dt.date) -> bool:
    """The first working day that lies the days of the cadence behind the last draw, or any later one."""
    if newest is None:
        return True
    last_draw = newest + LAG[_database(source).as_of]
    return today >= house.calendar.next_working_day(last_draw + dt.timedelta(days=DAYS[source.cadence]))


def _database(source: SourceConfig) -> Database:
    assert source.database is not None, "only sources with a database come here"
    return source.database


def _tried(house: House, source: SourceConfig, as_of: dt.date, now: dt.datetime) -> Report:
    try:
        return _drawn(house, source, as_of, now)
    except CaseclockError as error:
        failed = str(error)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one database, the next one is still drawn
        failed = f"{type(error).__name__}; `caseclock pull --source {source.id}` with CASECLOCK_DEBUG=1 shows where"
    log.error("the extract of %s as of %s could not be drawn: %s", source.id, as_of, failed)
    report_fault(house, now, f"the draw from the database of {source.id}", failed, "database_failed")
    return {"source": source.id, "as_of": str(as_of), "failed": failed}


def _drawn(house: House, source: SourceConfig, as_of: dt.date, now: dt.datetime) -> Report:
    from caseclock.extracts.database import draw

    made = draw(source, house.connections(_database(source).connection), as_of, house.settings.inbox, now)
    return {
        "source": source.id,
        "as_of": str(as_of),
        "name": made.path.name,
        "rows": made.rows,
        "left_out": list(made.left_out),
        "one_moment": made.one_moment,
    }
