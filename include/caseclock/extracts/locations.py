"""What lies at a location, what of it is complete, and how it is brought here. Nothing is written or deleted there.

| at the location | complete when |
|---|---|
| a folder whose manifest.json lists `files` | all of them are there with their sizes |
| a folder with another manifest.json or with _SUCCESS | nothing in it has changed for the location's `settle_seconds` |
| a folder with a date in its name | nothing in it has changed for FOLDER_PATIENCE times as long |
| .zip, .xlsx, .xlsm | the end record is there and it has not changed for `settle_seconds` |
| .xml, .parquet | it has not changed for `settle_seconds` |

Anything else is passed over. The time of modification counts, as the location says it. A server's names are not trusted: one that could
lead out of the inbox is never used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from caseclock.errors import BadExtract, CaseclockError
from caseclock.extracts.archive import MAX_BYTES, MAX_MEMBERS
from caseclock.extracts.bundle import MARKERS
from caseclock.extracts.filesystems import LocationFault, faults_said
from caseclock.extracts.inbox import FOLDER_PATIENCE, STILL_WRITTEN, UNFINISHED, ZIP_TAIL, ZIPPED, ends_as_zip, looks_dated
from caseclock.extracts.manifest import MANIFEST, MAX_MANIFEST, Manifest, parse
from caseclock.extracts.naming import named_source
from caseclock.extracts.source import Location

FILES = (*ZIPPED, ".xml", ".parquet")
CLOCKS_DIFFER = 300.0  # seconds that another machine's clock may be ahead
MAX_DEPTH = 4  # folders within the folder of an extract
MAX_NAME = 200  # bytes; a name on our disk has at most 255
BLOCK = 2**20
AT_ONCE = 64  # requests of 32 KiB that are under way: paramiko keeps what it has asked for in memory
_CHANGED = ("LastModified", "last_modified", "mtime", "created")  # s3fs, adlfs, SFTP and local, memory
_TAG = ("ETag", "etag")


class Changed(LocationFault):
    """Something is not what the listing said: it is being replaced. The next look sees it as it is then."""

    def __init__(self, where: str) -> None:
        super().__init__("an entry changed while it was being fetched", permanent=False, where=where, todo="It is tried again")


@dataclass(frozen=True)
class Remote:
    """One file there. `path`: as its file system calls it; `below`: its name below the entry, empty when it is the entry itself."""

    path: str
    below: str
    size: int
    changed: float
    tag: str


@dataclass(frozen=True)
class Entry:
    """One thing there that may be an extract. `signature` changes when it is replaced."""

    name: str
    files: tuple[Remote, ...]

    @property
    def is_folder(self) -> bool:
        return any(f.below for f in self.files)

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    @property
    def signature(self) -> str:
        said = "\n".join(f"{f.below}\0{f.size}\0{f.changed}\0{f.tag}" for f in sorted(self.files, key=lambda f: f.below))
        return hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Look:
    """What lies there: complete and new, in order of name; how many are known, not complete yet, or no extract; and what is wrong."""

    new: tuple[Entry, ...] = ()
    known: int = 0
    unfinished: int = 0
    passed_over: int = 0
    wrong: tuple[str, ...] = ()


def look(fs: Any, location: Location, source: str, now_ts: float, known: Collection[tuple[str, str]] = ()) -> Look:
    """One look at a location. `known`: (name, signature) of what has been fetched. Raises LocationFault."""
    with faults_said(f"location of {source}"):
        return _look(fs, location, source, now_ts, known)


def _look(fs: Any, location: Location, source: str, now_ts: float, known: Collection[tuple[str, str]]) -> Look:
    new, wrong = [], []
    counts = dict.fromkeys(("known", "unfinished", "passed_over"), 0)
    root = str(fs._strip_protocol(location.url)).rstrip("/")
    for name, found in _listed(fs, root):
        if name is None:
            wrong.append("names that could lead out of the inbox or cannot be stored")
        elif not _is_wanted(name, found, location, source):
            counts["passed_over"] += 1
        else:
            try:
                entry = _entry(fs, name, found)
            except _Unusable as error:
                wrong.append(str(error))
                continue
            state = _state(fs, entry, location, now_ts, known)
            if state == "new":
                new.append(entry)
            elif state in counts:
                counts[state] += 1
            else:
                wrong.append(state)
    return Look(tuple(sorted(new, key=lambda e: e.name)), **counts, wrong=tuple(_counted(wrong)))


def fetch(fs: Any, entry: Entry, target: Path, where: str, out_of_time: Callable[[], bool] = lambda: False) -> None:
    """Copies an entry to `target`, which must not exist, block by block. Raises Changed, LocationFault; CaseclockError for our disk."""
    with faults_said(where):
        for file in entry.files:
            at = target / file.below if file.below else target
            with _our_disk():
                at.parent.mkdir(parents=True, exist_ok=True)
            _copy(fs, file, at, where, out_of_time)
        for file in entry.files:
            if not _same(fs.info(file.path), file):
                raise Changed(where)


# --- looking -------------------------------------------------------------------------------------------------------
class _Unusable(Exception):
    """An entry that is never fetched; says why, without its name."""


def _listed(fs: Any, folder: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """(name, what is said of it) of everything in a folder; None for a name that is not safe to use."""
    for found in fs.ls(folder or "/", detail=True):
        path = str(found["name"]).rstrip("/")
        if path == folder:  # the mark that object stores keep for a folder
            continue
        name = path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""
        yield (name if _is_safe(name) else None), found


def _is_safe(name: str) -> bool:
    if name in {"", ".", ".."} or any(ch in "/\\" or ord(ch) < 32 or ord(ch) == 127 for ch in name):
        return False
    try:
        return len(name.encode()) <= MAX_NAME
    except UnicodeEncodeError:
        return False


def _is_wanted(name: str, found: dict[str, Any], location: Location, source: str) -> bool:
    """A folder needs a date in its name, a file an ending; what is named as another source's is that one's."""
    low = name.lower()
    if low.startswith(".") or low.endswith(STILL_WRITTEN) or not fnmatchcase(name, location.pattern) or found.get("islink"):
        return False
    if named_source(name) not in (None, source):
        return False
    return looks_dated(name) if found["type"] == "directory" else found["type"] == "file" and low.endswith(FILES)


def _entry(fs: Any, name: str, found: dict[str, Any]) -> Entry:
    if found["type"] != "directory":
        entry = Entry(name, (_remote(found, ""),))
    else:
        entry = Entry(name, tuple(_below(fs, str(found["name"]).rstrip("/"), "", MAX_DEPTH)))
    if len(entry.files) > MAX_MEMBERS:
        raise _Unusable(f"folders of more than {MAX_MEMBERS} files")
    if entry.size > MAX_BYTES:
        raise _Unusable(f"extracts of more than {MAX_BYTES // 2**30} GiB")
    return entry


def _below(fs: Any, folder: str, at: str, depth: int) -> Iterator[Remote]:
    for count, (name, found) in enumerate(_listed(fs, folder)):
        if name is None:
            raise _Unusable("folders with names in them that could lead out of the inbox or cannot be stored")
        if depth == 0 or count > MAX_MEMBERS:
            raise _Unusable(f"folders deeper than {MAX_DEPTH} or of more than {MAX_MEMBERS} files")
        if name.startswith(".") or found.get("islink"):
            continue
        if found["type"] == "directory":
            yield from _below(fs, str(found["name"]).rstrip("/"), f"{at}{name}/", depth - 1)
        elif found["type"] == "file":
            yield _remote(found, f"{at}{name}")


def _remote(found: dict[str, Any], below: str) -> Remote:
    return Remote(str(found["name"]), below, int(found.get("size") or 0), _changed(found), _tag(found))


def _changed(found: dict[str, Any]) -> float:
    """Seconds since 1970; endless when nobody says: then it is never complete, and that is told."""
    said = next((found[key] for key in _CHANGED if found.get(key) is not None), None)
    return float("inf") if said is None else float(said) if isinstance(said, int | float) else said.timestamp()


def _tag(found: dict[str, Any]) -> str:
    return next((str(found[key]).strip('"') for key in _TAG if found.get(key)), "")


def _state(fs: Any, entry: Entry, location: Location, now_ts: float, known: Collection[tuple[str, str]]) -> str:
    """new, known, unfinished, or what is wrong with it."""
    if (entry.name, entry.signature) in known:
        return "known"
    changed = max((f.changed for f in entry.files), default=float("-inf"))
    if changed > now_ts + CLOCKS_DIFFER:
        return "entries whose time of modification lies in the future: a clock is wrong there or here"
    if not entry.is_folder:
        finished = now_ts - changed >= location.settle_seconds and not _is_cut_short(fs, entry, now_ts)
    else:
        finished = _is_whole(fs, entry, location.settle_seconds, now_ts - changed)
    return "new" if finished else "unfinished"


def _is_cut_short(fs: Any, entry: Entry, now_ts: float) -> bool:
    """A zip without its end record; after UNFINISHED seconds it is taken all the same, so that it is refused and people hear of it."""
    (file,) = entry.files
    if not entry.name.lower().endswith(ZIPPED) or now_ts - file.changed >= UNFINISHED:
        return False
    return not ends_as_zip(_bytes(fs, file, max(0, file.size - ZIP_TAIL), ZIP_TAIL))


def _is_whole(fs: Any, entry: Entry, settle: float, rested: float) -> bool:
    names = {f.below: f for f in entry.files}
    if not names or any(name.lower().endswith(STILL_WRITTEN) for name in names):
        return False
    manifest = Manifest()
    if MANIFEST in names and names[MANIFEST].size <= MAX_MANIFEST:
        with suppress(BadExtract):  # it may still be being written; when it stays so, the claim says what is wrong with it
            manifest = parse(_bytes(fs, names[MANIFEST], 0, MAX_MANIFEST), entry.name)
    if manifest.files is not None:
        return not manifest.lacking({name: f.size for name, f in names.items()}) or rested >= UNFINISHED
    return rested >= settle * (1 if any(m in names for m in MARKERS) else FOLDER_PATIENCE)


def _bytes(fs: Any, file: Remote, start: int, length: int) -> bytes:
    with fs.open(file.path, "rb") as opened:
        opened.seek(start)
        return bytes(opened.read(length))


def _counted(said: list[str]) -> Iterator[str]:
    for what in dict.fromkeys(said):
        yield f"{said.count(what)} {what}"


# --- fetching ------------------------------------------------------------------------------------------------------
def _copy(fs: Any, file: Remote, at: Path, where: str, out_of_time: Callable[[], bool]) -> None:
    written = 0
    with fs.open(file.path, "rb") as there, _our_disk(), at.open("xb") as here:
        _hurry(there, file.size, where)
        while block := _block(there, where):
            written += len(block)
            if written > file.size:
                raise Changed(where)
            if out_of_time():
                raise LocationFault(
                    "it is so slow that fetching was broken off",
                    permanent=False,
                    where=where,
                    todo="It is tried again; `caseclock fetch` has no limit of time",
                )
            here.write(block)
        here.flush()
        os.fsync(here.fileno())
    if written != file.size:
        raise Changed(where)


def _hurry(there: Any, size: int, where: str) -> None:
    """SFTP: one request after another would take a round trip for each 32 KiB."""
    if hasattr(there, "prefetch"):
        with faults_said(where):
            there.prefetch(size, AT_ONCE)


def _block(there: Any, where: str) -> bytes:
    with faults_said(where):
        return bytes(there.read(BLOCK))


@contextmanager
def _our_disk() -> Iterator[None]:
    """An error while writing is none of the location."""
    try:
        yield
    except OSError as error:
        raise CaseclockError(f"it cannot be written ({error.strerror})", where="the disk of the inbox", todo="Put that right") from error


def _same(said: dict[str, Any], file: Remote) -> bool:
    now = _remote(said, file.below)
    return (now.size, now.changed) == (file.size, file.changed) and (not now.tag or not file.tag or now.tag == file.tag)
