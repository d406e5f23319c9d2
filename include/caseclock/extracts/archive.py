"""A zip that may be damaged or may wish us harm: every check that its directory allows, and reading that never believes its directory.

Nothing is unpacked to disk. Sizes in the directory are only used to refuse early; what is really unpacked is counted while it streams.
"""

from __future__ import annotations

import errno
import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

from caseclock.errors import BadExtract

SEND_AGAIN = "Export it again and send it under the same name"
MAX_MEMBERS = 1_000
MAX_BYTES = 4 * 2**30  # unpacked, all members together; the largest council's six years as SSD CSV are below 1 GiB
MAX_RATIO = 400  # unpacked to packed; repetitive CSV reaches about 100, a zip bomb 1000 and more
RATIO_MATTERS = 64 * 2**20  # below this size a high ratio does no harm
MAX_LINE = 8 * 2**20  # bytes; the longest cell of the SSD has 4,000 characters
MAX_DIRECTORY = 4 * 2**20  # bytes; 1,000 entries with long names need 0.3 MiB
BLOCK = 2**20

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others are not read: Python unpacks bzip2 and LZMA without a bound, so that one megabyte may become many gigabytes."""


@dataclass(frozen=True)
class Limits:
    """How much is read of an extract before it is refused, in bytes: all of it together, and one line of a CSV."""

    total: int = MAX_BYTES
    line: int = MAX_LINE


LIMITS = Limits()


def parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts  # some Windows tools write zips with backslashes


def infos_of(path: Path) -> list[zipfile.ZipInfo]:
    """The directory of a zip (or of a workbook, which is one), after every check that needs no unpacking. Raises BadExtract."""
    damaged = "the file was cut short or is damaged: it cannot be opened"
    with damage_refused(path, damaged if _begins_as_zip(path) else "it is no zip: it cannot be opened"):
        if _directory_size(path) > MAX_DIRECTORY:
            refuse(path, "it holds too many files", "Send one extract at a time", allowed=f"at most {MAX_MEMBERS}")
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    for bad, what, todo in _CHECKS:
        if any(bad(i) for i in infos):
            refuse(path, what, todo)
    _check_sizes(path, infos)
    return infos


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _has_odd_name(info: zipfile.ZipInfo) -> bool:
    """A line break or an escape in a name could forge a line of a log or write on a terminal."""
    return any(not ch.isprintable() for ch in info.filename)


_CHECKS = (
    (lambda i: i.flag_bits & 1, "it is locked with a password", "Send it without one, by a safe way"),
    (_is_link, "it holds a link or a device, which could lead anywhere", "Send plain files"),
    (_has_odd_name, "it holds a file whose name has control characters", "Name the files as the tables"),
    (
        lambda i: i.compress_type not in METHODS,
        "it is packed by a method that is not read",
        "Make an ordinary zip (Deflate) and send it again",
    ),
)


def _check_sizes(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    total, size = sum(i.file_size for i in infos), path.stat().st_size
    if total > RATIO_MATTERS and total > MAX_RATIO * max(min(sum(i.compress_size for i in infos), size), 1):
        refuse(path, "it unpacks to far more than an extract does", SEND_AGAIN, allowed=f"at most {MAX_RATIO} times its packed size")
    end = 0
    for one in sorted(infos, key=lambda i: i.header_offset):
        if one.header_offset < end:
            refuse(path, "its files lie over one another, as they do in a zip bomb", SEND_AGAIN)
        end = one.header_offset + zipfile.sizeFileHeader + one.compress_size  # type: ignore[attr-defined]
    if end > size:
        refuse(path, "the file was cut short or is damaged: it cannot be opened", SEND_AGAIN)


def _begins_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _directory_size(path: Path) -> int:
    """Bytes of the directory as the end of the zip states them: `zipfile` would load as many at once. 0 when nothing is stated there."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16 - 22))
        tail = file.read()
    at, at64 = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    stated = [struct.unpack_from("<I", tail, at + 12)[0]] if 0 <= at <= len(tail) - 16 else []
    if stated == [2**32 - 1] and 0 <= at64 <= len(tail) - 48:
        stated = [struct.unpack_from("<Q", tail, at64 + 40)[0]]
    return max(stated, default=0)


def blocks_of(file: IO[bytes], path: Path, stated: int, line: int | None) -> Iterator[bytes]:
    """What a file holds, a megabyte at a time. Raises BadExtract when it is not as long as stated, or has a line longer than `line`."""
    total = waiting = 0
    while block := file.read(BLOCK):
        total += len(block)
        if total > stated:
            break
        if line is not None:
            longest, waiting = _line_lengths(block, waiting)
            if max(longest, waiting) > line:
                allowed = f"lines of at most {line / 2**20:g} MiB"
                refuse(path, "a file in it has a line without end", "Export it with a line break behind each row", allowed=allowed)
        yield block
    if total != stated:
        refuse(path, "a file in it is damaged: it is not as long as its directory says", SEND_AGAIN)


def _line_lengths(block: bytes, waiting: int) -> tuple[int, int]:
    """(length of the line that ends first, length of the line that has not ended): all other lines lie within one block."""
    ends = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
    if not ends:
        return 0, waiting + len(block)
    return waiting + min(ends), len(block) - 1 - max(block.rfind(b"\n"), block.rfind(b"\r"))


def too_large(path: Path, limits: Limits = LIMITS) -> NoReturn:
    refuse(path, "it is too large", "Ask your administrator", allowed=f"at most {limits.total / 2**30:g} GiB unpacked")


def copied(blocks: Iterable[bytes]) -> bytes:
    """The blocks as one, without a moment in which they are there twice."""
    made = io.BytesIO()
    for block in blocks:
        made.write(block)
    return made.getvalue()


ZIP_FAULTS = (
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
def damage_refused(path: Path, what: str) -> Iterator[None]:
    """Turns what the zip module says of damaged bytes into BadExtract. A failing disk stays an OSError: it may work later."""
    try:
        yield
    except ZIP_FAULTS as error:
        refuse(path, what, SEND_AGAIN, error)
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a damaged zip made the module seek before the start
            raise
        refuse(path, what, SEND_AGAIN, error)


def refuse(path: Path, what: str, todo: str, error: Exception | None = None, *, allowed: str = "") -> NoReturn:
    name = os.fsencode(path.name).decode("utf-8", errors="replace")
    raise BadExtract(what, where="".join(ch if ch.isprintable() else "?" for ch in name), allowed=allowed, todo=todo) from error
