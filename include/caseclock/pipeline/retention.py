"""What goes after its keeping time: folders, single events and forecasts of old extracts, and quarantined rows that left long ago."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from caseclock import now as clock
from caseclock.pipeline.house import House
from caseclock.pipeline.trends import FORETOLD_IN
from caseclock.storage import events, forecasts, ledger, quarantine
from caseclock.storage import schema as t
from caseclock.storage.engine import reading
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    from caseclock.extracts import Extract

KEEP_LEFT_DAYS = 400  # a year and the weeks in which somebody asks about it: as long as the folders by default
FOLDERS = ("snapshots", "accepted", "clocks", "reports")
"""What is made from an extract, below the home folder as <folder>/<source>/<as_of>/<extract id>. Its figures and the audit are not
touched."""

ASIDE = ("claimed/duplicates", "claimed/damaged", "refused")
"""Copies and files that never became an extract."""


def old_folders(house: House, now: dt.datetime) -> list[Path]:
    """What was made from extracts whose date lies more than `keep_days` back, except those that are still needed.

    Needed are the newest accepted extract of each source, which the next one is compared with, and those that an open alert speaks of.
    """
    last_kept = _last_kept(house, now)
    with reading(house.engine) as c:
        needed = _needed(c)
    found = []
    for folder in FOLDERS:
        for day in sorted((house.settings.home / folder).glob("*/*")):
            if _date_of(day) is not None and str(day.name) < str(last_kept):
                found += [path for path in sorted(day.iterdir()) if not path.name.startswith(".") and path.name.split(".")[0] not in needed]
    samples = sorted((house.settings.home / "relook").glob("*/*.csv"))  # their draws stay in the store
    return found + [path for path in samples if path.name[:10] < str(last_kept)]


def old_raw(house: House, now: dt.datetime) -> list[Path]:
    """Extracts as they came, with everything personal in them, whose path was finished and whose date lies more than `keep_raw_days` back.

    Nothing is read of them again. The newest of each source stays, and so does one that a person still has to decide on.
    """
    from caseclock.pipeline.release import waits_for_decision

    days = dt.timedelta(days=house.settings.keep_raw_days)
    last_kept = now.astimezone(clock.LONDON).date() - days
    with reading(house.engine) as c:
        all_of = ledger.extracts(c)
        open_ = {e.id for e in ledger.unfinished(c)} | {max(one, key=_age).id for one in _by_source(all_of)}
    over = [e for e in all_of if e.as_of < last_kept and e.id not in open_]
    aside = [path for folder in ASIDE for path in sorted((house.settings.home / folder).glob("*"))]
    return [
        *(Path(e.path) for e in over if Path(e.path).exists() and not waits_for_decision(house, e.id)),
        *(path for path in aside if now.timestamp() - path.lstat().st_ctime > days.total_seconds()),
    ]


def _age(extract: Extract) -> tuple[dt.date, int]:
    return extract.as_of, extract.revision


def _by_source(extracts: list[Extract]) -> list[list[Extract]]:
    return [[e for e in extracts if e.source == source] for source in sorted({e.source for e in extracts})]


def remove(paths: list[Path]) -> None:
    """Removes files and folders, and the folder of their date when nothing is left in it."""
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()


def forget_events(house: House, now: dt.datetime, dry_run: bool) -> int:
    """Single events of the extracts whose folders go; how many there were in each place stays, as other figures do. Returns how many."""
    with house.engine.begin() as c:
        return events.forget_old(c, _last_kept(house, now), _needed(c), dry_run)


def forget_forecasts(house: House, now: dt.datetime, dry_run: bool) -> int:
    """What was foretold as of the extracts whose folders go; returns how many rows.

    Never of the last `FORETOLD_IN` weeks of a source that have an extract: how often its forecasts came true is counted from these.
    """
    from caseclock.trends.weeks import last_of_weeks

    with house.engine.begin() as c:
        counted: set[str] = set()
        for source in ledger.sources(c):
            speaks = speaking(c, source, dt.date.max)
            counted |= {speaks[day] for day in last_of_weeks(list(speaks))[-FORETOLD_IN:]}
        return forecasts.forget_old(c, _last_kept(house, now), counted, dry_run)


def forget_left(house: House, now: dt.datetime, dry_run: bool) -> int:
    """Quarantined rows that left more than `KEEP_LEFT_DAYS` ago; returns how many."""
    before = now.astimezone(clock.LONDON).date() - dt.timedelta(days=KEEP_LEFT_DAYS)
    with house.engine.begin() as c:
        return quarantine.forget(c, before, dry_run)


def _last_kept(house: House, now: dt.datetime) -> dt.date:
    return now.astimezone(clock.LONDON).date() - dt.timedelta(days=house.settings.keep_days)


def _needed(c: Connection) -> set[str]:
    ids = set(c.execute(select(t.alert.c.extract_id).where(t.alert.c.closed_on.is_(None), t.alert.c.extract_id.is_not(None))).scalars())
    for source in ledger.sources(c):
        ids |= {e.id for e in quarantine.spoken(c, source)[-1:]}
    return {str(i) for i in ids}


def _date_of(day: Path) -> dt.date | None:
    try:
        return dt.date.fromisoformat(day.name)
    except ValueError:
        return None
