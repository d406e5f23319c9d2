"""From the inbox, or from a path that somebody hands over, into the ledger."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caseclock import now as clock
from caseclock.errors import BadExtract, WrongUse
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import audit, tell
from caseclock.storage import ledger
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract


@dataclass(frozen=True)
class Arrival:
    """One path that somebody has handed over, and what its name or manifest says it is."""

    path: Path
    source: str
    as_of: dt.date


def in_order(house: House, paths: tuple[Path, ...], source: str | None, as_of: dt.date | None) -> list[Arrival]:
    """The paths in order of their dates. Raises BadExtract for the first that does not tell its source or date."""
    only = next(iter(house.config.sources)) if len(house.config.sources) == 1 else None
    found = []
    for path in paths:
        if not path.exists():
            raise WrongUse("there is no such file or folder", where=str(path), todo="Check the path.")
        found.append(Arrival(path, *_identified(path, source, as_of, only)))
    return sorted(found, key=lambda a: (a.as_of, a.source))


def _identified(path: Path, source: str | None, as_of: dt.date | None, only: str | None) -> tuple[str, dt.date]:
    from caseclock.extracts.naming import identify

    try:
        return identify(path, source=source, as_of=as_of)
    except BadExtract:
        if source or not only:
            raise
        return identify(path, source=only, as_of=as_of)  # a single configured source need not be named


def claim_inbox(house: House, now: dt.datetime) -> list[Report]:
    """Claims all that is complete in the inbox, once, and names every claimed extract whose path is not finished.

    The order that makes this safe to kill at any line is told in `extracts/inbox.py`. A path that is no extract is moved to
    `refused/`, written down, and data engineers are told.
    """
    from caseclock.extracts import inbox

    settings = house.settings
    for found in inbox.waiting(settings.inbox, settings.settle_seconds, now.timestamp(), house.config.sources):
        _claim(house, found.path, found.source, now)
    with reading(house.engine) as c:
        return [_started(e) for e in ledger.unfinished(c)]


def _started(extract: Extract) -> Report:
    return {
        "extract_id": extract.id,
        "source": extract.source,
        "as_of": str(extract.as_of),
        "run_id": f"extract__{extract.as_of}__{extract.id}",
    }


def _claim(house: House, path: Path, folder: str | None, now: dt.datetime) -> None:
    from caseclock.extracts.bundle import content_hash
    from caseclock.extracts.inbox import claim_target, put_away
    from caseclock.extracts.naming import extract_id, identify

    sha256 = content_hash(path)
    try:
        source, as_of = identify(path, inbox=house.settings.inbox, known=list(house.config.sources))
        _check_date(path.name, as_of, now)
    except BadExtract as error:
        return _refuse_arrival(house, path, sha256, error, now)
    id_ = extract_id(source, as_of, sha256)
    target = claim_target(house.settings.claimed, id_, path.name)
    with house.engine.begin() as c:
        extract, new = ledger.claim(c, id_, source, as_of, sha256, path.name, str(target), now)
    moved = put_away(path, Path(extract.path), sha256)
    if not new or moved != "moved":
        with house.engine.begin() as c:
            audit(
                c, now, "extract_repeated", extract.id, f"{path.name} arrived again with the same content ({moved}); nothing is done twice"
            )
    return None


def _check_date(name: str, as_of: dt.date, now: dt.datetime) -> None:
    if as_of > now.astimezone(clock.LONDON).date():
        raise BadExtract(
            f"its date {as_of} lies in the future",
            where=name,
            allowed="the day that the data is true for",
            todo="Correct the name and send it again.",
        )


def _refuse_arrival(house: House, path: Path, sha256: str, error: BadExtract, now: dt.datetime) -> None:
    """Its name goes into the store and the log of this machine only: nobody knows what is in the name of a stray file."""
    from caseclock.extracts.inbox import claim_target, put_away

    target = claim_target(house.settings.home / "refused", sha256, path.name)
    with house.engine.begin() as c:
        if ledger.note_refusal(c, sha256, path.name, str(target), str(error), now):
            headline = f"A file in the inbox was refused. It now lies in refused/{sha256[:12]}__..."
            reason = str(BadExtract(error.what, allowed=error.allowed, todo=error.todo))
            tell(house, c, house.config.routes.data, f"refused|{sha256}|{path.name}", headline, (reason,), now)
    put_away(path, target, sha256)


def add(house: House, arrival: Arrival, now: dt.datetime) -> Extract:
    """Takes a path that somebody has handed over into the ledger. The path stays; its bytes are copied into `claimed/`."""
    from caseclock.extracts.bundle import content_hash
    from caseclock.extracts.inbox import claim_target
    from caseclock.extracts.naming import extract_id

    _check_date(arrival.path.name, arrival.as_of, now)
    sha256 = content_hash(arrival.path)
    id_ = extract_id(arrival.source, arrival.as_of, sha256)
    target = claim_target(house.settings.claimed, id_, arrival.path.name)
    with house.engine.begin() as c:
        extract, _ = ledger.claim(c, id_, arrival.source, arrival.as_of, sha256, arrival.path.name, str(target), now)
    _keep_copy(arrival.path, Path(extract.path))
    return extract


def _keep_copy(path: Path, target: Path) -> None:
    """Copies a file or folder to its place in one visible step; nothing to do when it is there."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    if path.is_dir():
        shutil.copytree(path, half, dirs_exist_ok=True)
    else:
        shutil.copyfile(path, half)
    try:
        half.rename(target)
    except OSError:  # another process has put the same copy there meanwhile
        if not target.exists():
            raise
        shutil.rmtree(half) if half.is_dir() else half.unlink()
