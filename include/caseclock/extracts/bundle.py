"""One arrived path as a set of files: a folder of CSV, a .zip of CSV, or a workbook. Standard library only.

Nothing is unpacked to disk. A bundle that could do harm or was cut short is refused whole with a sentence that says why.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, NoReturn

from caseclock.errors import BadExtract

Kind = Literal["folder", "zip", "workbook", "xml"]

MANIFEST = "manifest.json"
MARKERS = (MANIFEST, "_SUCCESS")
"""Files beside the data that say "complete". They are no data, so they are not part of the content hash."""

WORKBOOKS = (".xlsx", ".xlsm")
JUNK = ("thumbs.db", "desktop.ini")
MAX_MEMBERS = 1_000
MAX_BYTES = 4 * 2**30  # unpacked, all members together; the largest council's six years as SSD CSV are below 1 GiB
MAX_RATIO = 400  # unpacked to packed; repetitive CSV reaches about 100, a zip bomb 1000 and more
RATIO_MATTERS = 64 * 2**20  # below this size a high ratio does no harm
MAX_MANIFEST = 64 * 2**10
SEND_AGAIN = "Export it again and send it under the same name"
_OLE = b"\xd0\xcf\x11\xe0"  # what a password makes of a workbook


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
        if self.kind == "workbook":
            return self.path.read_bytes()
        if self.kind == "folder":
            return (self.path / member.name).read_bytes()
        with _damage_refused(self.path, f"{member.base} in it is cut short or damaged"), zipfile.ZipFile(self.path) as archive:
            return archive.read(member.name)
        raise AssertionError("unreachable: the block above returns or raises")


def open_bundle(path: Path) -> Bundle:
    """Looks at an arrived path and refuses what cannot be an extract. Raises BadExtract."""
    if path.is_symlink():
        _refuse(path, "it is a link, not a file", "Send the file itself")
    if path.is_dir():
        kind: Kind = "folder"
        members = _folder_members(path)
    elif not path.is_file():
        _refuse(path, "there is no such file or folder", "Check the path")
    elif path.stat().st_size == 0:
        _refuse(path, "it is empty (0 bytes)", SEND_AGAIN)
    elif path.suffix.lower() in WORKBOOKS:
        kind = "workbook"
        _check_workbook(path)
        members = (Member(path.name, path.stat().st_size),)
    elif path.suffix.lower() == ".zip":
        kind = "zip"
        members = _zip_members(path)
    else:
        _refuse(
            path,
            "this kind of file is not an extract",
            "Put single CSV files into one folder or zip",
            allowed="a folder of CSV files, a .zip of them, or an .xlsx workbook",
        )
    _check_members(path, members)
    return Bundle(path, kind, members, _hash(path, kind, members))


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
        return at.read_bytes()[:MAX_MANIFEST] if at.is_file() and not at.is_symlink() else None
    if path.suffix.lower() != ".zip" or not path.is_file():
        return None
    try:
        with _damage_refused(path, ""), zipfile.ZipFile(path) as archive:
            found = [i for i in archive.infolist() if _parts(i.filename)[-1:] == (MANIFEST,) and len(_parts(i.filename)) <= 2]
            if len(found) == 1 and found[0].file_size <= MAX_MANIFEST:
                return archive.read(found[0])
    except BadExtract:  # said again, and better, when the bundle is opened
        pass
    return None


# --- what is in it -------------------------------------------------------------------------------------------------
def _folder_members(path: Path) -> tuple[Member, ...]:
    made = []
    for at, folders, files in os.walk(path):
        for name in sorted(folders + files):
            one = Path(at) / name
            if one.is_symlink() or not (one.is_dir() or one.is_file()):
                _refuse(path, "it holds a link or a device, which could lead anywhere", "Send plain files")
            if one.is_file() and _is_data(inner := one.relative_to(path).as_posix()):
                made.append(Member(inner, one.stat().st_size))
        if len(made) > MAX_MEMBERS:
            break
    return tuple(sorted(made, key=lambda m: m.name))


def _zip_members(path: Path) -> tuple[Member, ...]:
    infos = _zip_infos(path)
    names = [i.filename for i in infos]
    if any(_leads_out(name) for name in names):
        _refuse(path, "it holds a file whose path leads out of the archive", "Zip the CSV files without paths")
    if len(set(names)) != len(names):
        _refuse(path, "it holds two files of the same name", SEND_AGAIN)
    return tuple(sorted((Member(i.filename, i.file_size) for i in infos if not i.is_dir() and _is_data(i.filename)), key=lambda m: m.name))


def _zip_infos(path: Path) -> list[zipfile.ZipInfo]:
    """The directory of a zip (or of a workbook, which is one), after every check that needs no unpacking."""
    with _damage_refused(path, "the file was cut short or is damaged: it cannot be opened"), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    if any(i.flag_bits & 1 for i in infos):
        _refuse(path, "it is locked with a password", "Send it without one, by a safe way")
    total, packed = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    if total > RATIO_MATTERS and total > MAX_RATIO * max(packed, 1):
        _refuse(path, "it unpacks to far more than an extract does", SEND_AGAIN, allowed=f"at most {MAX_RATIO} times its packed size")
    return infos


def _check_workbook(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        _refuse(path, "it is locked with a password or is an old .xls", "Save it as .xlsx without a password")
    if sum(i.file_size for i in _zip_infos(path)) > MAX_BYTES:
        _refuse(path, "it is too large", "Ask your administrator", allowed=f"at most {MAX_BYTES // 2**30} GiB unpacked")


def _check_members(path: Path, members: tuple[Member, ...]) -> None:
    if not members:
        _refuse(path, "it holds no files", SEND_AGAIN, allowed="CSV files named as the SSD tables, or an Annex A workbook")
    if len(members) > MAX_MEMBERS:
        _refuse(path, "it holds too many files", "Send one extract at a time", allowed=f"at most {MAX_MEMBERS}")
    if sum(m.size for m in members) > MAX_BYTES:
        _refuse(path, "it is too large", "Ask your administrator", allowed=f"at most {MAX_BYTES // 2**30} GiB unpacked")
    if any(m.suffix in (".parquet", ".pq") for m in members):
        _refuse(path, "it holds Parquet files, which cannot be read yet", "Export the tables as CSV", allowed=".csv")
    empty = [m.base for m in members if m.suffix == ".csv" and m.size == 0]
    if empty:
        _refuse(path, f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes, not even a header)", SEND_AGAIN)


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts  # some Windows tools write zips with backslashes


def _is_data(name: str) -> bool:
    parts = _parts(name)
    if not parts or any(p.startswith(".") or p == "__MACOSX" for p in parts):
        return False
    return parts[-1].lower() not in _NO_DATA


_NO_DATA = {n.lower() for n in (*MARKERS, *JUNK)}


def _leads_out(name: str) -> bool:
    parts = _parts(name)
    return ".." in parts or any(":" in p or "\0" in p or p == "/" for p in parts)


_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    KeyError,
    ValueError,
    OverflowError,
)


@contextmanager
def _damage_refused(path: Path, what: str) -> Iterator[None]:
    """Turns what the zip module says of damaged bytes into BadExtract. A failing disk stays an OSError: it may work later."""
    try:
        yield
    except _ZIP_FAULTS as error:
        _refuse(path, what, SEND_AGAIN, error)
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a damaged zip made the module seek before the start
            raise
        _refuse(path, what, SEND_AGAIN, error)


# --- its hash ------------------------------------------------------------------------------------------------------
def _hash(path: Path, kind: Kind, members: tuple[Member, ...]) -> str:
    if kind == "workbook":
        return _raw_hash(path)
    folders = [_parts(m.name)[:-1] for m in members]
    shared = next((n for n in range(min(map(len, folders)), 0, -1) if len({f[:n] for f in folders}) == 1), 0)
    names = {m: "/".join(_parts(m.name)[shared:]) for m in members}
    made = hashlib.sha256()
    for member in sorted(members, key=names.__getitem__):
        made.update(f"{names[member]}\0{_member_hash(path, kind, member)}\n".encode(errors="surrogateescape"))
    return made.hexdigest()


def _member_hash(path: Path, kind: Kind, member: Member) -> str:
    if kind == "folder":
        return _raw_hash(path / member.name)
    made = hashlib.sha256()
    with (
        _damage_refused(path, f"{member.base} in it is cut short or damaged"),
        zipfile.ZipFile(path) as archive,
        archive.open(member.name) as packed,
    ):
        while block := packed.read(2**20):
            made.update(block)
    return made.hexdigest()


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


def _refuse(path: Path, what: str, todo: str, error: Exception | None = None, *, allowed: str = "") -> NoReturn:
    raise BadExtract(what, where=path.name, allowed=allowed, todo=todo) from error
