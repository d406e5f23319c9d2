"""Whose extract a path is, and for which date. Neither is ever guessed.

In this order: what the caller says, `manifest.json` inside (`{"source": "north", "as_of": "2026-11-20"}`), the name
(`north__2026-11-20.zip`; any one date written YYYY-MM-DD or YYYYMMDD). Whose it is the inbox folder says that it lies in, where it lies in
one: who may write there is settled outside, and what a file says of itself anybody can write.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import read_manifest
from caseclock.extracts.manifest import Manifest, parse
from caseclock.extracts.source import SOURCE_ID

NAME_IT = "Name it <source>__YYYY-MM-DD (for example north__2026-11-20.zip) and send it again"
_DATE = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?:\d{4}|\d{6})?(?!\d)")
_SOURCE = re.compile(rf"^({SOURCE_ID}?)__", re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 2000, 2100


def extract_id(source: str, as_of: dt.date, sha256: str) -> str:
    """The first 16 hex digits of SHA-256 over source, date and content hash. Same arguments, same id, on every machine."""
    return hashlib.sha256(f"{source}|{as_of.isoformat()}|{sha256}".encode()).hexdigest()[:16]


def identify(
    path: Path,
    *,
    source: str | None = None,
    as_of: dt.date | None = None,
    inbox: Path | None = None,
    known: Collection[str] = (),
    walled: bool = False,
) -> tuple[str, dt.date]:
    """(source, as_of) of an arrived path.

    `inbox`: the folder that things land in; a folder between it and the path is the source's, and takes nothing that says it is another
    one's. `known`: configured sources; when given, another one is refused, and when there is only one it need not be named. `walled`: with
    several sources, only a folder may say whose it is. Raises BadExtract with what to do.
    """
    told = Manifest() if source and as_of else manifest_of(path)
    folder = None if source else folder_in(path, inbox)
    if folder:
        _check_folder(path, folder, told.source, known)
    elif walled and not source and len(known) > 1:
        raise BadExtract(
            "it lies at the top of the inbox, where everybody can say that they are another source (routes.yaml has `walls: true`)",
            where=path.name,
            allowed="the folder of its source in the inbox",
            todo="Have it put into inbox/<source>/",
        )
    day = as_of or told.as_of or date_in(path.name)
    whose = source or folder or told.source or _source_in(path, known)
    if known and whose not in known:
        raise BadExtract(
            "the source that this name or manifest gives is not configured",
            where=path.name,
            allowed=" or ".join(sorted(known)),
            todo="Correct the name, or add a file for the source to monitoring/sources/",
        )
    return whose, day


def folder_in(path: Path, inbox: Path | None) -> str | None:
    """The folder of the inbox in which a path lies, in small letters; None where it lies at the top, or elsewhere."""
    if inbox is None or path.parent == inbox or inbox not in path.parents:
        return None
    return path.relative_to(inbox).parts[0].lower()


def _check_folder(path: Path, folder: str, told: str | None, known: Collection[str]) -> None:
    """What other sources are called is said only of those that are configured: else it might be anything."""
    if known and folder not in known:
        raise BadExtract(
            "the folder of the inbox in which it lies is that of no source",
            where=path.name,
            allowed="inbox/<source>/, named as a file in monitoring/sources/",
            todo="Put it into the folder of its source, or add a file for the source to monitoring/sources/",
        )
    for what, said in (("manifest", told), ("name", named_source(path.name))):
        if said and said != folder:
            raise BadExtract(
                f"it lies in the inbox folder of {folder}, and its {what} says that it is of {said if said in known else 'another source'}",
                where=path.name,
                allowed=f"in that folder extracts of {folder} only; their name need not say whose they are",
                todo="Have it put into the folder of its own source, or its name corrected. It is kept, and nothing of it was used",
            )


def date_in(name: str) -> dt.date:
    """The date in a name: the one right after `<source>__`, else the only one. Raises BadExtract when there is none, or no telling."""
    named = _SOURCE.match(name)
    after_source = _DATE.match(name, named.end()) if named else None
    spelled = [after_source] if after_source else list(_DATE.finditer(name))
    found = {day for hit in spelled if (day := _date_of(hit)) is not None}
    if len(found) == 1:
        return found.pop()
    what = "its name holds more than one date" if found else "its name holds no date, so nobody can know for which day it is"
    if spelled and not found:
        what = "the date in its name does not exist"
    raise BadExtract(what, where=name, allowed="one date, YYYY-MM-DD or YYYYMMDD", todo=NAME_IT)


def _date_of(hit: re.Match[str]) -> dt.date | None:
    try:
        day = dt.date(int(hit[1]), int(hit[3]), int(hit[4]))
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year < LAST_YEAR else None


def named_source(name: str) -> str | None:
    """The source that a name gives (`<source>__...`), None when it gives none."""
    named = _SOURCE.match(name)
    return named.group(1).lower() if named else None


def _source_in(path: Path, known: Collection[str]) -> str:
    if named := named_source(path.name):
        return named
    if len(known) == 1:
        return next(iter(known))
    raise BadExtract("its name does not say which source it comes from", where=path.name, todo=NAME_IT)


def manifest_of(path: Path) -> Manifest:
    """What manifest.json inside says; an empty one when there is none. Raises BadExtract when it cannot be used."""
    raw = read_manifest(path)
    return Manifest() if raw is None else parse(raw, path.name)
