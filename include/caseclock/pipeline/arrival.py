"""From the inbox, or from a path that somebody hands over, into the ledger."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from caseclock import now as clock
from caseclock.errors import BadExtract, WrongUse
from caseclock.extracts.source import SOURCE_ID
from caseclock.pipeline.house import House, Report
from caseclock.pipeline.people import audit, tell
from caseclock.pipeline.turns import run_of
from caseclock.storage import ledger
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract
    from caseclock.extracts.inbox import Waiting

CLOCKS_DIFFER = dt.timedelta(days=1)  # a moment without its offset, or a clock that is set wrong, is no reason to refuse an extract


@dataclass(frozen=True)
class Arrival:
    """One path that somebody has handed over, and what its name or manifest says it is."""

    path: Path
    source: str
    as_of: dt.date
    exported_at: dt.datetime | None = None


def in_order(house: House, paths: tuple[Path, ...], source: str | None, as_of: dt.date | None) -> list[Arrival]:
    """The paths in order of their dates. Raises BadExtract for the first that does not tell its source or date, WrongUse for one that is
    not there and for a source that cannot be one."""
    if source is not None and not re.fullmatch(SOURCE_ID, source):
        raise WrongUse(
            "that can be no source",
            where="--source",
            allowed="small letters, digits, - and _, at most 64, the first a letter",
            todo="Give the id of its file in monitoring/sources/.",
        )
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


TAKEN_LATELY = dt.timedelta(hours=1)  # a name that a push lists may have been claimed before the push was read; later it is another one


def claim_inbox(house: House, now: dt.datetime, names: Sequence[str] = (), fetched: Sequence[Path] = ()) -> list[Report]:
    """Claims all that is complete in the inbox, once, and names every claimed extract whose path is not finished.

    `names`: what a push says is complete now, `<name>` or `<source>/<name>`; `fetched`: what has just been fetched whole. Neither has to
    rest. The order that makes this safe to kill at any line is told in `extracts/inbox.py`. A path that is no extract is moved to
    `refused/`, written down, and data engineers are told. Raises WrongUse, and claims nothing, when a pushed name is not there.
    """
    from caseclock.extracts import inbox

    settings = house.settings
    found = {w.path: w for w in inbox.waiting(settings.inbox, settings.settle_seconds, now.timestamp(), house.config.sources)}
    found |= {w.path: w for w in _pushed(house, names, now)}
    for path in fetched:
        at_once = inbox.lying_in(settings.inbox, path.relative_to(settings.inbox).as_posix())
        found |= {path: at_once} if at_once else {}
    for one in sorted(found.values(), key=lambda w: (w.name, str(w.path))):
        _claim(house, one, now)
    with reading(house.engine) as c:
        return [run_of(e) for e in ledger.unfinished(c)]


def _pushed(house: House, names: Sequence[str], now: dt.datetime) -> list[Waiting]:
    """What a push lists and has not been claimed meanwhile. An error repeats only names that the pusher has given."""
    from caseclock.extracts.inbox import lying_in

    there = {name: lying_in(house.settings.inbox, name) for name in dict.fromkeys(names)}
    with reading(house.engine) as c:
        missing = [n for n, w in there.items() if w is None and not ledger.taken_since(c, n.split("/")[-1], now - TAKEN_LATELY)]
    if missing:
        lie = [name for name, found in there.items() if found]
        said = f"; of the names given {', '.join(lie)} lie there" if lie else ""
        raise WrongUse(
            f"the inbox does not hold {', '.join(missing)}, nor has it been claimed in the last hour{said}",
            where="names",
            allowed="names of files or folders in the inbox, as <name> or <source>/<name>, put there before the push",
            todo="Put them there and push again, under another dag_run_id",
        )
    return [found for found in there.values() if found]


def _claim(house: House, found: Waiting, now: dt.datetime) -> None:
    from caseclock.extracts.inbox import put_away
    from caseclock.extracts.naming import identify, manifest_of

    path, sha256 = found.path, _content_of(found)
    if sha256 is None:
        return None
    try:
        known, walled = list(house.config.sources), house.config.routes.walls
        source, as_of = identify(path, inbox=house.settings.inbox, known=known, walled=walled)
        arrival = Arrival(path, source, as_of, manifest_of(path).exported_at)
        _check_dates(arrival, now)
    except BadExtract as error:
        return _refuse_arrival(house, path, sha256, error, now)
    with house.engine.begin() as c:
        extract, new = _enter(house, c, arrival, sha256, now)
        if not new and os.path.lexists(extract.path):  # else the first claim of it was killed before the move
            _tell_of_older_content(house, c, extract, now)
    moved = put_away(path, Path(extract.path), sha256)
    if not new or moved != "moved":
        with house.engine.begin() as c:
            audit(
                c, now, "extract_repeated", extract.id, f"{path.name} arrived again with the same content ({moved}); nothing is done twice"
            )
    return None


def _content_of(found: Waiting) -> str | None:
    """Its hash. None: its manifest's sizes are right and a hash is not, and it has not rested, so somebody may still be writing it."""
    from caseclock.extracts.bundle import content_hash, open_bundle

    if found.rested:
        return content_hash(found.path)
    try:
        return open_bundle(found.path).sha256
    except BadExtract:
        return None


def _enter(house: House, c: Connection, arrival: Arrival, sha256: str, now: dt.datetime) -> tuple[Extract, bool]:
    """Its row in the ledger, and whether it is new. One that does not count although it came last is told of once."""
    from caseclock.extracts.inbox import claim_target
    from caseclock.extracts.naming import extract_id

    source, as_of, name = arrival.source, arrival.as_of, arrival.path.name
    id_ = extract_id(source, as_of, sha256)
    target = claim_target(house.settings.claimed, id_, name)
    extract, new = ledger.claim(c, id_, source, as_of, sha256, name, str(target), now, arrival.exported_at)
    if new and extract.superseded:
        audit(c, now, "extract_superseded", extract.id, extract.superseded)
        headline = f"An extract of {source} as of {as_of} came after a newer one. It is kept and not used"
        lines = (f"It is revision {extract.revision}: {extract.superseded}.", "Nothing needs to be done unless its exported_at is wrong.")
        tell(house, c, "after_a_newer", house.config.routes.engineers(source), f"superseded|{extract.id}", headline, lines, now)
    return extract, new


def _tell_of_older_content(house: House, c: Connection, extract: Extract, now: dt.datetime) -> None:
    counts = ledger.newest_of(c, extract.source, extract.as_of)
    if counts is None or counts.id == extract.id:
        return
    why = f"the content of revision {extract.revision} came again; revision {counts.revision} still counts and nothing has changed"
    audit(c, now, "older_revision_repeated", extract.id, why)
    headline = f"An older revision of {extract.source} as of {extract.as_of} came again. It stays replaced"
    lines = (f"That is, {why}.", "Should the older one be right after all, ask for a new export of that date.")
    engineers = house.config.routes.engineers(extract.source)
    tell(house, c, "older_again", engineers, f"older revision|{extract.id}|{counts.id}", headline, lines, now)


def _check_dates(arrival: Arrival, now: dt.datetime) -> None:
    if arrival.as_of > now.astimezone(clock.LONDON).date():
        raise BadExtract(
            f"its date {arrival.as_of} lies in the future",
            where=arrival.path.name,
            allowed="the day that the data is true for",
            todo="Correct the name and send it again.",
        )
    if arrival.exported_at and arrival.exported_at > now + CLOCKS_DIFFER:  # it would put every later revision of its date in the shade
        raise BadExtract(
            "the exported_at of its manifest lies in the future",
            where=arrival.path.name,
            allowed="the moment of the export, in London time or with its offset",
            todo="Correct the manifest, or the clock of the machine that writes it, and send it again.",
        )


def _refuse_arrival(house: House, path: Path, sha256: str, error: BadExtract, now: dt.datetime) -> None:
    """Its name goes into the store and the log of this machine only: nobody knows what is in the name of a stray file."""
    from caseclock.extracts.inbox import claim_target, put_away
    from caseclock.extracts.naming import folder_in

    folder = folder_in(path, house.settings.inbox)
    of = folder if folder in house.config.sources else ""  # the same bytes in another council's folder are news to other people
    target = claim_target(house.settings.refused, sha256, path.name)
    with house.engine.begin() as c:
        if ledger.note_refusal(c, sha256, path.name, str(target), str(error), now) or of:
            headline = f"A file in the inbox{f' folder of {of}' if of else ''} was refused. It now lies in refused/{sha256[:12]}__..."
            reason = str(BadExtract(error.what, allowed=error.allowed, todo=error.todo))
            name = f"refused|{sha256}|{path.name}" + (f"|{of}" if of else "")
            tell(house, c, "file_refused", house.config.routes.engineers(of), name, headline, (reason,), now)
    put_away(path, target, sha256)


def add(house: House, arrival: Arrival, now: dt.datetime) -> Extract:
    """Takes a path that somebody has handed over into the ledger. The path stays; its bytes are copied into `claimed/`."""
    from caseclock.extracts.bundle import content_hash
    from caseclock.extracts.naming import manifest_of

    arrival = replace(arrival, exported_at=manifest_of(arrival.path).exported_at)
    _check_dates(arrival, now)
    sha256 = content_hash(arrival.path)
    with house.engine.begin() as c:
        extract, _ = _enter(house, c, arrival, sha256, now)
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
