"""From a location elsewhere into the inbox. From there on it is a drop like any other.

For each entry that is complete and not known, in this order; nothing is written or deleted at the location:

1. It is copied to `inbox/.fetching/<source>/`, which nobody looks at.
2. One rename brings it to `inbox/<source>/<name>`.
3. Its name and signature are written down.

| killed | what the next fetch does |
|---|---|
| before 2 | clears `.fetching/<source>/` and starts again |
| between 2 and 3 | waits until the inbox has been claimed, fetches it again, and the claim knows it by its content |

A location that fails stops no other one. It then rests: for a minute, or for an hour when only a person can help, so that nobody's
account is locked by a wrong password that is tried each minute. `caseclock fetch` does not wait for that.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseclock import now as clock
from caseclock.errors import CaseclockError, WrongUse
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.rounds import report_fault
from caseclock.storage import fetched
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts.locations import Entry, Look
    from caseclock.extracts.source import Location, SourceConfig

log = logging.getLogger(__name__)

SECONDS = 600.0  # for all locations together; the task that fetches also claims, and is ended after 15 minutes
REST = {False: dt.timedelta(minutes=1), True: dt.timedelta(hours=1)}  # after a fault, by whether it is permanent
SPARE = 2**28  # bytes of disk that must be left


def fetch_all(house: House, now: dt.datetime, source_id: str | None = None, *, by_hand: bool = False) -> list[Report]:
    """Brings what is new and complete at the locations of the sources into the inbox; one report per location.

    Keys: `source`; `fetched`: names; `known`, `waiting` (in the inbox under the same name), `unfinished`, `passed_over`: counts; `wrong`:
    what was seen and cannot be used; `fault`: why the location could not be used, or not to its end. Data engineers are told of the last
    two, once a day. `by_hand`: without rest and without limit of time. Raises WrongUse when `source_id` has no location.
    """
    chosen = {s.id: s for s in house.config.sources.values() if s.location and source_id in (None, s.id)}
    if source_id and not chosen:
        with_one = ", ".join(sorted(s.id for s in house.config.sources.values() if s.location))
        raise WrongUse(
            f"source {source_id} has no location",
            allowed=with_one or "no source has one",
            todo="Add `location` to its file in monitoring/sources/",
        )
    until = None if by_hand else clock.seconds() + SECONDS
    return [_told(house, source, now, until) for source in chosen.values()]


def paths_of(house: House, reports: list[Report]) -> list[Path]:
    """Where the fetched things lie now: whole, so that they may be claimed at once."""
    return [house.settings.inbox / r["source"] / name for r in reports for name in r["fetched"]]


def waiting_afar(house: House, now: dt.datetime) -> frozenset[str]:
    """What `fetch_all` would bring now, each with its signature. A location that fails counts as empty; `fetch_all` tells of it."""
    found = []
    for source in house.config.sources.values():
        if source.location and not _resting(house, source.id, now):
            with suppress(CaseclockError), _faults_noted(house, source.id, now), _opened(house, source) as fs:
                found += [f"{source.id}\0{e.name}\0{e.signature}" for e in _look(house, fs, source, now).new]
    return frozenset(found)


# --- one location --------------------------------------------------------------------------------------------------
def _told(house: House, source: SourceConfig, now: dt.datetime, until: float | None) -> Report:
    report: Report = {"source": source.id, "fetched": [], "known": 0, "waiting": 0, "unfinished": 0, "passed_over": 0, "wrong": []}
    if until is not None and (why := _resting(house, source.id, now)):
        return {**report, "fault": why}
    try:
        with _alone(house, source.id) as scratch:
            _tried(house, source, scratch, now, until, report)
    except _Busy as error:
        return {**report, "fault": str(error)}
    except CaseclockError as error:
        report["fault"] = str(error)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one location, the next one is still looked at
        report["fault"] = f"{type(error).__name__}; `caseclock fetch --source {source.id}` with CASECLOCK_DEBUG=1 shows where"
    for what in [*([report["fault"]] if "fault" in report else []), *report["wrong"]]:
        log.warning("location of %s: %s", source.id, what)
        report_fault(house, now, f"fetching from the location of {source.id}", what, "location_failed")
    return report


def _tried(house: House, source: SourceConfig, scratch: Path, now: dt.datetime, until: float | None, report: Report) -> None:
    """Once more when a fault may pass by itself: a connection that has just been cut."""
    from caseclock.extracts.filesystems import LocationFault

    for last in (False, True):
        try:
            with _faults_noted(house, source.id, now):
                _fetch_new(house, source, _emptied(scratch), now, until, report)
            return
        except LocationFault as error:
            if last or error.permanent or (until is not None and clock.seconds() > until):
                raise


def _fetch_new(house: House, source: SourceConfig, scratch: Path, now: dt.datetime, until: float | None, report: Report) -> None:
    """Adds to the report as it goes, so that what was fetched before a fault is claimed."""
    from caseclock.extracts.locations import Changed, fetch

    target = house.settings.inbox / source.id
    with _opened(house, source) as fs:
        seen = _look(house, fs, source, now)
        counts = {"known": seen.known, "waiting": 0, "unfinished": seen.unfinished, "passed_over": seen.passed_over}
        report |= {**counts, "wrong": list(seen.wrong)}
        for entry in seen.new:
            if (target / entry.name).exists():  # not replaced: it has not been claimed yet
                report["waiting"] += 1
                continue
            _check_space(house.settings.inbox, entry)
            try:
                fetch(fs, entry, scratch / entry.name, _where(source), lambda: until is not None and clock.seconds() > until)
            except Changed:
                report["unfinished"] += 1
                _emptied(scratch)
                continue
            target.mkdir(exist_ok=True)
            (scratch / entry.name).rename(target / entry.name)
            with house.engine.begin() as c:
                fetched.note(c, source.id, entry.name, entry.signature, now)
            report["fetched"].append(entry.name)


def _look(house: House, fs: Any, source: SourceConfig, now: dt.datetime) -> Look:
    from caseclock.extracts.locations import look

    with reading(house.engine) as c:
        known = fetched.known(c, source.id)
    return look(fs, _location(source), source.id, now.timestamp(), known)


@contextmanager
def _opened(house: House, source: SourceConfig) -> Iterator[Any]:
    from caseclock.extracts.filesystems import opened

    name = _location(source).connection
    with opened(_location(source), house.connections(name) if name else None, _where(source)) as fs:
        yield fs


def _location(source: SourceConfig) -> Location:
    assert source.location is not None, "only sources with a location come here"
    return source.location


def _where(source: SourceConfig) -> str:
    return f"location of {source.id}"


def _check_space(inbox: Path, entry: Entry) -> None:
    if shutil.disk_usage(inbox).free < entry.size + SPARE:
        raise CaseclockError(
            "there is no room for what is to be fetched", where="the disk of the inbox", todo="Make room, or a larger disk"
        )


# --- alone, and with rests -----------------------------------------------------------------------------------------
@contextmanager
def _alone(house: House, source_id: str) -> Iterator[Path]:
    """The scratch folder of one source, on the disk of the inbox. Raises CaseclockError while another process fetches from it."""
    folder = house.settings.inbox / ".fetching"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{source_id}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _Busy(
                "another process is fetching from it", where=f"location of {source_id}", todo="Nothing: that one goes on"
            ) from error
        yield folder / source_id


class _Busy(CaseclockError):
    """Two at once would fetch everything twice."""


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _rest_file(house: House, source_id: str) -> Path:
    return house.settings.inbox / ".fetching" / f"{source_id}.rest"


@contextmanager
def _faults_noted(house: House, source_id: str, now: dt.datetime) -> Iterator[None]:
    """A fault of the location lets it rest, and success ends the rest. The inbox may be read-only for who only looks: then nobody rests."""
    from caseclock.extracts.filesystems import LocationFault

    file = _rest_file(house, source_id)
    try:
        yield
    except LocationFault as error:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"until": (now + REST[error.permanent]).isoformat(), "fault": str(error)}), encoding="utf-8")
        raise
    with suppress(OSError):
        file.unlink(missing_ok=True)


def _resting(house: House, source_id: str, now: dt.datetime) -> str | None:
    """The fault after which a location still rests; None when it may be tried."""
    try:
        said = json.loads(_rest_file(house, source_id).read_text(encoding="utf-8"))
        return str(said["fault"]) if now < dt.datetime.fromisoformat(said["until"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
