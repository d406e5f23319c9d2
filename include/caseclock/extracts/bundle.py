"""One arrived path as a set of files: a folder of tables, a .zip of them, a workbook or an XML file. Standard library only.

Nothing is unpacked to disk. A bundle that could do harm or was cut short is refused whole with a sentence that says why.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from caseclock.errors import BadExtract
from caseclock.extracts.archive import (
    LIMITS,
    MAX_BYTES,
    MAX_MEMBERS,
    SEND_AGAIN,
    Limits,
    blocks_of,
    copied,
    infos_of,
    too_large,
)
from caseclock.extracts.archive import damage_refused as _damage_refused
from caseclock.extracts.archive import parts as _parts
from caseclock.extracts.archive import refuse as _refuse
from caseclock.extracts.manifest import MANIFEST, MAX_MANIFEST, check, parse
from caseclock.extracts.workbook import check_names, check_start

Kind = Literal["folder", "zip", "workbook", "xml"]

SINGLE: tuple[Kind, ...] = ("workbook", "xml")
"""Kinds that are one file, so their one member is the file itself."""

MARKERS = (MANIFEST, "_SUCCESS")
"""Files beside the data that say "complete". They are no data, so they are not part of the content hash."""

WORKBOOKS = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")
DATA = (".csv", ".xml", *WORKBOOKS, *PARQUET)
JUNK = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Member:
    """One file of a bundle: its name below the bundle with `/`, and its size in bytes."""

    name: str
    size: int

    @property
    def base(self) -> str:
        return _parts(self.name)[-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.base).suffix.lower()


@dataclass(frozen=True)
class Bundle:
    """An opened extract. `members` are data files only, in order of name. `sha256` is the hash of the content, see `content_hash`."""

    path: Path
    kind: Kind
    members: tuple[Member, ...]
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, member: Member) -> bytes:
        """The bytes of one member. Raises BadExtract when they are damaged, OSError when the disk fails."""
        if self.kind in SINGLE:
            return self.path.read_bytes()
        if self.kind == "folder":
            return (self.path / member.name).read_bytes()
        return copied(_unpacked(self.path, member, LIMITS))


def open_bundle(path: Path, limits: Limits = LIMITS) -> Bundle:
    """Looks at an arrived path, reads it once through, and refuses what cannot be an extract. Raises BadExtract."""
    if path.is_symlink():
        _refuse(path, "it is a link, not a file", "Send the file itself")
    if path.is_dir():
        kind: Kind = "folder"
        members = _folder_members(path)
    elif not path.is_file():
        there = os.path.lexists(path)
        _refuse(path, "it is a device or a pipe" if there else "there is no such file or folder", "Check the path")
    elif path.stat().st_size == 0:
        _refuse(path, "it is empty (0 bytes)", SEND_AGAIN)
    elif path.suffix.lower() in WORKBOOKS:
        kind = "workbook"
        _check_workbook(path)
        members = (Member(path.name, path.stat().st_size),)
    elif path.suffix.lower() == ".xml":
        kind = "xml"
        members = (Member(path.name, path.stat().st_size),)
    elif path.suffix.lower() == ".zip":
        kind = "zip"
        members = _zip_members(path)
    else:
        _refuse(
            path,
            "this kind of file is not an extract",
            "Put single CSV files into one folder or zip",
            allowed="a folder of CSV files, a .zip of them, an .xlsx workbook, or an .xml file",
        )
    _check_members(path, members, limits)
    _check_manifest(path, kind, members)
    return Bundle(path, kind, members, _hash(path, kind, members, limits))


def content_hash(path: Path) -> str:
    """SHA-256 of what a path holds, for recognising it again. Never raises BadExtract: what cannot be opened is hashed as bytes.

    Folder and zip: over the members' names (below the one folder that may hold them all) and content hashes in order of name, so the
    same files are the same content however they were packed. Workbook, and what is no bundle: over the bytes.
    """
    try:
        return open_bundle(path).sha256
    except BadExtract:
        return _raw_hash(path)


def read_manifest(path: Path) -> bytes | None:
    """manifest.json at the top of a folder or zip (or of the one folder in it); None when there is none or it cannot be read."""
    if path.is_dir():
        at = path / MANIFEST
        if at.is_symlink() or not at.is_file():
            return None
        with at.open("rb") as file:
            return file.read(MAX_MANIFEST + 1)  # one byte too many is refused where it is parsed
    if path.suffix.lower() != ".zip" or not path.is_file():
        return None
    try:
        with _damage_refused(path, ""), zipfile.ZipFile(path) as archive:
            if (found := _manifest_of(archive)) is not None:
                with archive.open(found) as packed:
                    return packed.read(MAX_MANIFEST + 1)
    except BadExtract:  # said again, and better, when the bundle is opened
        pass
    return None


def _manifest_of(archive: zipfile.ZipFile) -> zipfile.ZipInfo | None:
    """The one at the top, else the only one in a folder at the top."""
    found = [i for i in archive.infolist() if _parts(i.filename)[-1:] == (MANIFEST,) and len(_parts(i.filename)) <= 2]
    top = [i for i in found if len(_parts(i.filename)) == 1] or found
    return top[0] if len(top) == 1 else None


def _check_manifest(path: Path, kind: Kind, members: tuple[Member, ...]) -> None:
    """Raises BadExtract when there is a manifest that cannot be used, or one that lists other files than there are."""
    raw = read_manifest(path)
    if raw is None:
        return
    at: tuple[str, ...] = ()
    if kind == "zip":
        with zipfile.ZipFile(path) as archive:
            found = _manifest_of(archive)
            at = _parts(found.filename)[:-1] if found else ()
    below = {_below(at, m.name): m for m in members}
    check(parse(raw, path.name), path.name, {name: m.size for name, m in below.items()}, lambda name: _member_hash(path, kind, below[name]))


def _below(folder: tuple[str, ...], name: str) -> str:
    parts = _parts(name)
    return "/".join(parts[len(folder) :] if parts[: len(folder)] == folder else parts)


# --- what is in it -------------------------------------------------------------------------------------------------
def _folder_members(path: Path) -> tuple[Member, ...]:
    made = []
    for at, folders, files in os.walk(path):
        for name in sorted(folders + files):
            one = Path(at) / name
            if one.is_symlink() or not (one.is_dir() or one.is_file()):
                _refuse(path, "it holds a link or a device, which could lead anywhere", "Send plain files")
            if not name.isprintable():
                _refuse(path, "it holds a file whose name has control characters", "Name the files as the tables")
            if one.is_file() and _is_data(inner := one.relative_to(path).as_posix()):
                made.append(Member(inner, one.stat().st_size))
        if len(made) > MAX_MEMBERS:
            break
    return tuple(sorted(made, key=lambda m: m.name))


def _zip_members(path: Path) -> tuple[Member, ...]:
    infos = infos_of(path)
    names = [i.filename for i in infos]
    if any(_leads_out(name) for name in names):
        _refuse(path, "it holds a file whose path leads out of the archive", "Zip the CSV files without paths")
    if len(set(names)) != len(names):
        _refuse(path, "it holds two files of the same name", SEND_AGAIN)
    if "[Content_Types].xml" in names:
        _refuse(path, "it is named .zip but is a workbook or another document", "Give a workbook its own ending, .xlsx")
    if names and all(name.lower().endswith(".zip") for name in names):
        _refuse(path, "it holds nothing but a zip inside the zip", "Zip the files themselves")
    return tuple(sorted((Member(i.filename, i.file_size) for i in infos if not i.is_dir() and _is_data(i.filename)), key=lambda m: m.name))


def _check_workbook(path: Path) -> None:
    name = "".join(ch if ch.isprintable() else "?" for ch in path.name)
    with path.open("rb") as file:
        check_start(file.read(2**16), name)
    infos = infos_of(path)
    check_names((i.filename for i in infos), name)
    if sum(i.file_size for i in infos) > MAX_BYTES:
        _refuse(path, "it is too large", "Ask your administrator", allowed=f"at most {MAX_BYTES // 2**30} GiB unpacked")


def _check_members(path: Path, members: tuple[Member, ...], limits: Limits) -> None:
    if not members:
        _refuse(path, "it holds no files", SEND_AGAIN, allowed="CSV files named as the SSD tables, or an Annex A workbook")
    if len(members) > MAX_MEMBERS:
        _refuse(path, "it holds too many files", "Send one extract at a time", allowed=f"at most {MAX_MEMBERS}")
    if sum(m.size for m in members) > limits.total:
        too_large(path, limits)
    empty = [m.base for m in members if m.suffix in DATA and m.size == 0]
    if empty:
        _refuse(path, f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes, not even a header)", SEND_AGAIN)


def _is_data(name: str) -> bool:
    parts = _parts(name)
    if not parts or any(p.startswith(".") or p == "__MACOSX" for p in parts):
        return False
    return parts[-1].lower() not in _NO_DATA


_NO_DATA = {n.lower() for n in (*MARKERS, *JUNK)}


def _leads_out(name: str) -> bool:
    parts = _parts(name)
    return ".." in parts or any(":" in p or "\0" in p or p == "/" for p in parts)


# --- its hash ------------------------------------------------------------------------------------------------------
def _hash(path: Path, kind: Kind, members: tuple[Member, ...], limits: Limits) -> str:
    if kind in SINGLE:
        return _raw_hash(path)
    folders = [_parts(m.name)[:-1] for m in members]
    shared = next((n for n in range(min(map(len, folders)), 0, -1) if len({f[:n] for f in folders}) == 1), 0)
    names = {m: "/".join(_parts(m.name)[shared:]) for m in members}
    made = hashlib.sha256()
    for member in sorted(members, key=names.__getitem__):
        made.update(f"{names[member]}\0{_member_hash(path, kind, member, limits)}\n".encode(errors="surrogateescape"))
    return made.hexdigest()


def _member_hash(path: Path, kind: Kind, member: Member, limits: Limits = LIMITS) -> str:
    made = hashlib.sha256()
    for block in (_plain if kind == "folder" else _unpacked)(path, member, limits):
        made.update(block)
    return made.hexdigest()


def _plain(path: Path, member: Member, limits: Limits) -> Iterator[bytes]:
    with (path / member.name).open("rb") as file:
        yield from blocks_of(file, path, member.size, limits.line if member.suffix == ".csv" else None)


def _unpacked(path: Path, member: Member, limits: Limits) -> Iterator[bytes]:
    with (
        _damage_refused(path, f"{member.base} in it is cut short or damaged"),
        zipfile.ZipFile(path) as archive,
        archive.open(member.name) as packed,
    ):
        yield from blocks_of(packed, path, member.size, limits.line if member.suffix == ".csv" else None)


def _raw_hash(path: Path) -> str:
    """Over bytes; of a folder over the names and bytes of all that is in it; of a link over where it leads."""
    made = hashlib.sha256()
    if path.is_symlink():
        made.update(os.fsencode(path.readlink()))
    elif path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    elif path.is_dir():
        for one in sorted(path.iterdir()):
            made.update(one.name.encode(errors="surrogateescape") + b"\0" + _raw_hash(one).encode() + b"\n")
    return made.hexdigest()
