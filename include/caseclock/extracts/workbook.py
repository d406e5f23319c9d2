"""What may be in a workbook (.xlsx is a zip of XML): macros, passwords, XML bombs and sheets without end are refused before it is read.

The parser of the sheets never sees the file that arrived. It gets a copy, made in memory of the parts that a table needs, each of which
has been unpacked within a limit and parsed as plain XML; so the two cannot disagree about what the file holds.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from caseclock.errors import BadExtract
from caseclock.extracts import safe_xml
from caseclock.extracts.archive import SEND_AGAIN, ZIP_FAULTS

OLE = b"\xd0\xcf\x11\xe0"  # what a password makes of a workbook, and what workbooks were before 2007
LOCKED = "EncryptedPackage".encode("utf-16-le")
MAX_UNPACKED = 256 * 2**20  # bytes, all parts together; a council's Annex A is below 50 MiB
MAX_CELLS = 5_000_000  # of the rectangles that the sheets fill, together; 147,000 rows of the widest list
BLOCK = 2**20
SAVE_AGAIN = "Save it as a plain .xlsx and send it again"

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
NEEDED = ("[content_types].xml", "_rels/.rels", WORKBOOK, RELATIONS, "xl/sharedstrings.xml", "xl/styles.xml")

Cell = tuple[int, int]
"""(row, column), both from 1."""


@dataclass(frozen=True)
class Clean:
    """A workbook that may be read. `unsolved`: by sheet, the cells with a formula whose result was not saved. `links`: to other files."""

    book: bytes
    unsolved: dict[str, frozenset[Cell]] = field(default_factory=dict)
    links: bool = False


def check_start(start: bytes, where: str) -> None:
    """By its first kilobytes: a password or the old .xls form. Raises BadExtract."""
    if start[:4] != OLE:
        return
    if LOCKED in start:
        _refuse(where, "it is locked with a password", "Save it as .xlsx without a password")
    _refuse(where, "it is locked with a password or is an old .xls", "Save it as .xlsx without a password")


def check_names(names: Iterable[str], where: str) -> None:
    """By the names of its parts: macros, and what is no .xlsx. Raises BadExtract."""
    low = {name.lower().replace("\\", "/").lstrip("/") for name in names}
    if any("vbaproject" in name or "/macrosheets/" in name for name in low):
        _refuse(where, "it holds macros, which are never run here", "Save it as .xlsx without macros and send it again")
    if "xl/workbook.bin" in low:
        _refuse(where, "it is a binary workbook (.xlsb)")
    if WORKBOOK not in low:
        _refuse(where, "it is no Excel workbook", allowed=".xlsx")


def clean_copy(raw: bytes, where: str) -> Clean:
    """The workbook without all that a table does not need. Raises BadExtract."""
    check_start(raw[: 2**16], where)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _copy(archive, where)
    except _FAULTS as error:
        raise BadExtract("the workbook is cut short or damaged: it cannot be opened", where=where, todo=SEND_AGAIN) from error


_FAULTS = (*ZIP_FAULTS, OSError)  # OSError: of bytes in memory, a damaged zip made the module seek before the start


def _copy(archive: zipfile.ZipFile, where: str) -> Clean:
    parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in archive.infolist() if not info.is_dir()}
    check_names(parts, where)
    if len(parts) != sum(not info.is_dir() for info in archive.infolist()):
        _refuse(where, "it holds two parts of the same name", SEND_AGAIN)
    made, left = io.BytesIO(), [MAX_UNPACKED]
    sheets = _sheets(archive, parts, left, where)
    unsolved: dict[str, frozenset[Cell]] = {}
    cells = 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for name in [*NEEDED, *sheets]:
            if name not in parts:
                continue
            seen = _Seen()
            with copy.open(parts[name].filename.replace("\\", "/").lstrip("/"), "w") as out:
                safe_xml.parse(_tee(archive, parts[name], out, left, where), seen, f"{where}, part {name}")
            cells += seen.rows * seen.columns
            if cells > MAX_CELLS:
                said = f"the sheet {sheets.get(name, name)} reaches to row {seen.rows} and column {column_name(seen.columns)}"
                todo = "Delete what stands far below or right of its table, and send it again"
                _refuse(where, said, todo, allowed=f"at most {MAX_CELLS:,} cells in all sheets together")
            if name in sheets and seen.unsolved:
                unsolved[sheets[name]] = frozenset(seen.unsolved)
    return Clean(made.getvalue(), unsolved, any(name.startswith("xl/externallinks/") for name in parts))


def _sheets(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], left: list[int], where: str) -> dict[str, str]:
    """Part -> title of each sheet."""
    book, relations = _Named("sheet"), _Named("Relationship")
    for name, listener in ((WORKBOOK, book), (RELATIONS, relations)):
        if name in parts:
            safe_xml.parse(_blocks(archive, parts[name], list(left), where), listener, f"{where}, part {name}")
    targets = {one.get("Id"): one.get("Target", "") for one in relations.found}
    made = {}
    for one in book.found:
        told = next((value for key, value in one.items() if key.rpartition("}")[2] == "id"), None)
        target = targets.get(told, "").replace("\\", "/").lstrip("/")
        made[(target if target.startswith("xl/") else f"xl/{target}").lower()] = one.get("name", "")
    return made


def _tee(archive: zipfile.ZipFile, info: zipfile.ZipInfo, out: io.BufferedIOBase | object, left: list[int], where: str) -> Iterator[bytes]:
    for block in _blocks(archive, info, left, where):
        out.write(block)  # type: ignore[union-attr]
        yield block


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: list[int], where: str) -> Iterator[bytes]:
    """What a part holds. What is really unpacked counts, whatever its directory says."""
    with archive.open(info) as packed:
        while block := packed.read(BLOCK):
            left[0] -= len(block)
            if left[0] < 0:
                _refuse(where, "it unpacks to far more than a workbook does", allowed=f"at most {MAX_UNPACKED // 2**20} MiB")
            yield block


# --- what is heard while it is parsed ------------------------------------------------------------------------------
class _Named:
    """The attributes of every element of one name."""

    def __init__(self, name: str) -> None:
        self.name, self.found = name, list[dict[str, str]]()

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == self.name:
            self.found.append(attributes)

    def text(self, text: str) -> None:
        pass

    def end(self, name: str) -> None:
        pass


_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})$")


class _Seen:
    """How far a sheet reaches, by cells that hold anything, and which of its formulas have no saved result."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.unsolved: set[Cell] = set()
        self._row = self._column = 0
        self._is_text = self._formula = self._holds = self._in_value = False

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "c":
            self._place(attributes.get("r"))
            self._is_text = attributes.get("t") == "str"  # then an empty result is a result
            self._formula = self._holds = self._in_value = False
        elif name == "v":
            self._in_value = True
        elif name == "is":
            self._holds = True
        elif name == "f":
            self._formula = True
        elif name == "row":
            said = attributes.get("r", "")
            self._row = int(said) if said.isdecimal() and len(said) < 9 else self._row + 1
            self._column = 0

    def _place(self, reference: str | None) -> None:
        hit = _REFERENCE.match(reference or "")
        if hit:
            self._column, self._row = column_number(hit[1]), int(hit[2])
        else:
            self._column += 1

    def text(self, text: str) -> None:
        if self._in_value and not self._holds:
            self._holds = bool(text.strip())

    def end(self, name: str) -> None:
        if name == "v":
            self._in_value = False
        elif name == "c":
            if self._holds or self._formula:
                self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)
            if self._formula and not self._holds and not self._is_text:
                self.unsolved.add((self._row, self._column))


def column_number(letters: str) -> int:
    """28 for AB."""
    made = 0
    for letter in letters:
        made = made * 26 + ord(letter) - 64
    return made


def column_name(number: int) -> str:
    """AB for 28."""
    made = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        made = chr(65 + rest) + made
    return made


def _refuse(where: str, what: str, todo: str = SAVE_AGAIN, *, allowed: str = "") -> NoReturn:
    raise BadExtract(what, where=where, allowed=allowed, todo=todo)
