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

from caseclock.errors import BadExtract, CaseclockError
from caseclock.extracts.bundle import MARKERS, PARQUET, content_hash, read_manifest
from caseclock.extracts.manifest import MANIFEST, Manifest, parse

STILL_WRITTEN = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
FOLDER_PATIENCE = 3.0  # files of a folder come one after another: a pause between two of them must not look like the end
UNFINISHED = 600.0  # seconds without any change after which what is plainly unfinished is taken all the same, so that people hear of it
ZIPPED = (".zip", ".xlsx", ".xlsm")
_ZIP_START, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_ZIP_END_SIZE = 22  # and after it the comment, whose length is in the last two of them: PKZIP APPNOTE 4.3.16
ZIP_TAIL = _ZIP_END_SIZE + 2**16

Moved = Literal["moved", "already", "duplicate", "repaired"]


@dataclass(frozen=True)
class Waiting:
    """One thing in the inbox that is complete. `signature` changes when it is replaced; `source`: the inbox folder it lies in, if any.

    `rested`: it has also been left alone for as long as one without a manifest must be.
    """

    path: Path
    source: str | None
    size: int
    changed: float
    rested: bool = True

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def signature(self) -> str:
        return f"{self.source or ''}\0{self.name}\0{self.size}\0{self.changed}"


def waiting(inbox: Path, settle_seconds: float, now_ts: float, sources: Collection[str] = ()) -> list[Waiting]:
    """What in the inbox is complete, in order of name. Empty when there is no inbox yet.

    | it is | complete when |
    |---|---|
    | a folder whose manifest.json lists `files` | all of them are there with their sizes |
    | a folder with another manifest.json or with _SUCCESS | nothing in it has changed for `settle_seconds` |
    | any other folder | nothing in it has changed for FOLDER_PATIENCE times as long |
    | a .zip, .xlsx or .xlsm | its end record is there and nothing about it has changed for `settle_seconds` |
    | any other file | nothing about it has changed for `settle_seconds` |

    The time of change counts, not that of writing: a copying tool can set the second one back. What lacks a listed file or its end record
    waits after UNFINISHED seconds without a change: it is then refused by name, which nobody would hear of otherwise.

    A folder that holds neither CSV nor marker and has no date in its name, or is named as one of `sources`, is a source's own part of
    the inbox: what lies in it waits, one by one.
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
            size, changed, rest, needed = _folder(Path(entry.path), seen, settle)
        elif stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
            size, changed, rest, needed = seen.st_size, seen.st_ctime, settle, settle
            if now - changed >= settle and _is_cut_short(Path(entry.path), size):
                rest = needed = max(settle, UNFINISHED)
        else:
            return
    except FileNotFoundError:  # claimed or renamed between two lines
        return
    if now - changed >= needed:
        yield Waiting(Path(entry.path), source, size, changed, now - changed >= rest)


def _folder(path: Path, seen: os.stat_result, settle: float) -> tuple[int, float, float, float]:
    """(bytes, last change, seconds of rest that are usual, seconds that it needs before it is complete)."""
    changed, sizes, unfinished, marked = seen.st_ctime, {}, False, False
    for at, folders, files in os.walk(path):
        for name in files + folders:
            one = (Path(at) / name).lstat()
            changed = max(changed, one.st_ctime)
            if not stat.S_ISDIR(one.st_mode):
                sizes[(Path(at) / name).relative_to(path).as_posix()] = one.st_size
            unfinished = unfinished or name.lower().endswith(STILL_WRITTEN)
        marked = marked or any(marker in files for marker in MARKERS)
    size = sum(sizes.values())
    manifest = _manifest(path) if MANIFEST in sizes else Manifest()
    if manifest.files is not None:
        return size, changed, settle, max(settle, UNFINISHED) if manifest.lacking(sizes) else float("-inf")
    rest = settle if marked else settle * FOLDER_PATIENCE
    return size, changed, rest, float("inf") if unfinished else rest


def _manifest(path: Path) -> Manifest:
    """The manifest of a folder. One that cannot be read may still be being written; when it stays so, the claim says what is wrong."""
    try:
        return parse(read_manifest(path) or b"{}", path.name)
    except (BadExtract, OSError):
        return Manifest()


def _is_cut_short(path: Path, size: int) -> bool:
    """Whether a file begins as a zip and has no end record: then somebody is still writing it, or never finished."""
    if not path.name.lower().endswith(ZIPPED) or path.is_symlink():
        return False
    try:
        with path.open("rb") as file:
            if file.read(len(_ZIP_START)) != _ZIP_START:
                return False
            file.seek(max(0, size - ZIP_TAIL))
            return not ends_as_zip(file.read(ZIP_TAIL + 1))
    except FileNotFoundError:
        raise
    except OSError:  # a file that cannot be read must not hide the others; whoever claims it says what is wrong
        return False


def ends_as_zip(tail: bytes) -> bool:
    """Whether the last ZIP_TAIL bytes of a file, or all it has, hold the whole end record of a zip."""
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) - at < _ZIP_END_SIZE:
        return False
    return len(tail) - at >= _ZIP_END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little")


def lying_in(inbox: Path, name: str) -> Waiting | None:
    """The thing that the sender calls `name` (`<name>` or `<source>/<name>`), complete because the sender says so. None: not there.

    Raises CaseclockError for a name that is no plain name.
    """
    parts = name.split("/")
    if not name or len(parts) > 2 or any(p in ("", ".", "..") or p.startswith(".") or "\\" in p or "\0" in p for p in parts):
        raise CaseclockError("a name must be that of a file or folder in the inbox, or <source>/<name>", where="names")
    path = inbox.joinpath(*parts)
    try:
        seen = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Waiting(path, parts[0] if len(parts) == 2 else None, seen.st_size, seen.st_ctime)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [e for e in found if not e.name.startswith(".") and not e.name.lower().endswith(STILL_WRITTEN)]
    except FileNotFoundError:
        return []


def _is_source_folder(entry: os.DirEntry[str], sources: frozenset[str]) -> bool:
    if entry.name in sources:
        return True
    if looks_dated(entry.name):
        return False
    names = [e.name.lower() for e in _entries(Path(entry.path))]
    return not any(n.endswith((".csv", *PARQUET)) or n in _MARKERS_LOW for n in names)


_MARKERS_LOW = tuple(m.lower() for m in MARKERS)


def looks_dated(name: str) -> bool:
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
