"""What waits in the inbox, and how it is claimed so that nothing is lost or taken twice, wherever the process is killed.

Claiming one thing takes four steps, in this order:

1. `content_hash` (bundle.py) and `identify` (naming.py) say what it is; this changes nothing.
2. The ledger row is written, insert-or-ignore by extract id, with `claim_target(...)` as its path. One transaction, in the store.
3. `put_away(waiting.path, <the path in the ledger row>, sha256)` moves it there with one atomic rename.
4. Runs are started from the ledger, never from the inbox.

| killed | what is there | what the next claim does |
|---|---|---|
| before 2 | the file in the inbox, no row | starts again from 1 |
| between 2 and 3 | the file in the inbox, a row | 1 finds the same id, 2 changes nothing, 3 moves it: `moved` |
| after 3 | the file at the row's path | nothing waits; step 4 works from the row |

The same content sent again meets a row and a file that is already there. The first copy is hashed again before the second one leaves the
inbox, for `claimed/duplicates/`; were the first one damaged, the second takes its place. Nothing is ever deleted here.

`waiting` is called each second by an Airflow trigger: it only looks at names, sizes and times, and imports nothing heavy.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from caseclock.errors import CaseclockError
from caseclock.extracts.bundle import MARKERS, content_hash

STILL_WRITTEN = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
FOLDER_PATIENCE = 3.0  # files of a folder come one after another: a pause between two of them must not look like the end

Moved = Literal["moved", "already", "duplicate", "repaired"]


@dataclass(frozen=True)
class Waiting:
    """One thing in the inbox that is complete. `signature` changes when it is replaced; `source`: the inbox folder it lies in, if any."""

    path: Path
    source: str | None
    size: int
    changed: float

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def signature(self) -> str:
        return f"{self.source or ''}\0{self.name}\0{self.size}\0{self.changed}"


def waiting(inbox: Path, settle_seconds: float, now_ts: float, sources: Collection[str] = ()) -> list[Waiting]:
    """What in the inbox is complete, in order of name. Empty when there is no inbox yet.

    A file is complete when nothing about it changed for `settle_seconds`. Its change time counts: a copying tool can set the time of
    writing back, not this one. A folder is complete when that is true of all in it; without a marker (manifest.json or _SUCCESS) it must
    have rested FOLDER_PATIENCE times as long. A folder that holds neither CSV nor marker and has no date in its name, or is named as one
    of `sources`, is a source's own part of the inbox: what lies in it waits, one by one.
    """
    return sorted(_waiting(inbox, settle_seconds, now_ts, frozenset(sources)), key=lambda w: (w.name, str(w.path)))


def _waiting(inbox: Path, settle: float, now: float, sources: frozenset[str]) -> Iterator[Waiting]:
    for entry in _entries(inbox):
        if entry.is_dir(follow_symlinks=False) and _is_source_folder(entry, sources):
            for inner in _entries(Path(entry.path)):
                yield from _ready(inner, entry.name, settle, now)
        else:
            yield from _ready(entry, None, settle, now)


def _ready(entry: os.DirEntry[str], source: str | None, settle: float, now: float) -> Iterator[Waiting]:
    try:
        seen = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(seen.st_mode):
            size, changed, complete = _folder(entry.path, seen)
            rest = settle if complete else settle * FOLDER_PATIENCE
        elif stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
            size, changed, rest = seen.st_size, seen.st_ctime, settle
        else:
            return
    except FileNotFoundError:  # claimed or renamed between two lines
        return
    if now - changed >= rest:
        yield Waiting(Path(entry.path), source, size, changed)


def _folder(path: str, seen: os.stat_result) -> tuple[int, float, bool]:
    """(bytes, last change, has a marker) of a folder. A file in it that is still being written makes the change endless."""
    size, changed, complete = 0, seen.st_ctime, False
    for at, folders, files in os.walk(path):
        for name in files + folders:
            one = (Path(at) / name).lstat()
            changed = max(changed, one.st_ctime)
            size += 0 if stat.S_ISDIR(one.st_mode) else one.st_size
            if name.lower().endswith(STILL_WRITTEN):
                changed = float("inf")
        complete = complete or any(marker in files for marker in MARKERS)
    return size, changed, complete


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [e for e in found if not e.name.startswith(".") and not e.name.lower().endswith(STILL_WRITTEN)]
    except FileNotFoundError:
        return []


def _is_source_folder(entry: os.DirEntry[str], sources: frozenset[str]) -> bool:
    if entry.name in sources:
        return True
    if _looks_dated(entry.name):
        return False
    names = [e.name.lower() for e in _entries(Path(entry.path))]
    return not any(n.endswith(".csv") or n in _MARKERS_LOW for n in names)


_MARKERS_LOW = tuple(m.lower() for m in MARKERS)


def _looks_dated(name: str) -> bool:
    digits = "".join(ch if ch.isdigit() else " " if ch not in "-_." else "" for ch in name)
    return any(len(run) >= 8 for run in digits.split())


def claim_target(claimed: Path, key: str, name: str) -> Path:
    """Where a claimed thing goes: `<claimed>/<first 12 of key>__<name>`. Use the extract's id as key (the content hash for a refusal)."""
    end = os.fsdecode(os.fsencode(name)[-200:].lstrip(b"\x80\xbf"))  # a name on disk has at most 255 bytes
    return claimed / f"{key[:12]}__{end}"


def put_away(source: Path, target: Path, sha256: str) -> Moved:
    """Moves an arrived thing to its place. May be run again after a kill at any line; tells what it found.

    *moved*; *already*: it had been moved before; *duplicate*: the same content is there already, this copy went to `duplicates/`;
    *repaired*: what was there was not what the ledger says, so it went to `damaged/` and this copy took its place.
    Raises CaseclockError when there is neither, or when claimed folder and inbox are on different disks (a move must be one step).
    """
    if not os.path.lexists(source):
        if os.path.lexists(target):
            return "already"
        raise CaseclockError("it is neither in the inbox nor where it was claimed to", where=source.name, todo="Send it again")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(target):
        _rename(source, target)
        return "moved"
    if content_hash(target) == sha256:
        _rename(source, _free(target.parent / "duplicates" / target.name))
        return "duplicate"
    _rename(target, _free(target.parent / "damaged" / target.name))
    _rename(source, target)
    return "repaired"


def _free(wanted: Path) -> Path:
    """The path itself, or with .2, .3, ... behind it when it is taken."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    path, n = wanted, 1
    while os.path.lexists(path):
        n += 1
        path = wanted.with_name(f"{wanted.name}.{n}")
    return path


def _rename(source: Path, target: Path) -> None:
    try:
        Path(source).rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise CaseclockError(
            "the inbox and the folder for claimed extracts are on different disks",
            where=target.parent.name,
            todo="Put both on one disk, so that an extract is moved in one step",
        ) from error
