"""A CSV file as columns of text, every row of it accounted for. Columns nobody asked for are never kept.

The fast way is Arrow's parser. A file whose quotes do not pair up, that holds NUL bytes, or that Arrow cannot split goes the careful
way, record by record: there a broken line costs that one line, not the rest of the file.

Rows are numbered as a spreadsheet shows them: the header is row 1, and a record with a line break inside quotes is one row.

A file may be large, so there is one copy of its bytes and no second one as text: they are checked, split and parsed where they lie. Only
a file that is no UTF-8 is written anew, once.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from caseclock.errors import BadExtract
from caseclock.extracts.cells import Text, series_of, text_of
from caseclock.extracts.records import records, wrong_width

DELIMITERS = (",", ";", "\t", "|")
BLOCK = 4 * 2**20  # bytes looked at together
MAX_HEADER = 2**20  # bytes; the widest table of the SSD has 24 columns
_LF, _CR, _QUOTE = b'\n\r"'
_MARK = codecs.BOM_UTF8

Numbers = np.ndarray


@dataclass(frozen=True)
class Columns:
    """What was read of one file. `frame` has the wanted columns as `str` and the row number; `bad` is (row, reason) of lines left out.

    `encoding` is empty for a file that is not made of text.
    """

    header: list[str]
    frame: pd.DataFrame
    bad: list[tuple[int, str]] = field(default_factory=list)
    encoding: str = "utf-8-sig"


def fold(name: str) -> str:
    """A column's name for comparing: no case, no space or NBSP or byte order mark around it, no quotes."""
    return " ".join(name.replace("\ufeff", "").replace("\xa0", " ").strip().strip('"').split()).lower()


def read_columns(
    raw: bytes, where: str, encodings: Sequence[str], is_known: Callable[[str], bool], wanted: Callable[[str], bool], row_column: str
) -> Columns:
    """Reads the columns whose folded header is `wanted`. `is_known` helps to find the delimiter. Raises BadExtract."""
    raw, encoding = _as_utf8(raw, where, encodings)
    header, body = _split_header(raw, where, is_known)
    keep = wanted_once(header, wanted, where)
    columns, numbers, bad = _rows(raw, body, len(header), list(keep))
    del raw
    return Columns(header, framed({name: columns.pop(i) for i, name in keep.items()}, numbers, row_column), sorted(bad), encoding)


def wanted_once(header: list[str], wanted: Callable[[str], bool], where: str) -> dict[int, str]:
    """Position -> folded name of the wanted columns. Raises BadExtract when one of them is there twice."""
    keep = {i: name for i, name in enumerate(header) if wanted(name)}
    doubled = sorted({n for n in keep.values() if list(keep.values()).count(n) > 1})
    if doubled:
        raise BadExtract(f"{', '.join(doubled)} is there more than once", where=where, todo="Export each column once")
    return keep


def framed(columns: dict[str, pa.Array], numbers: Numbers, row_column: str) -> pd.DataFrame:
    """Takes the columns out of `columns`, each in one piece, so that nothing that looks at them later has to put it together."""
    whole = {name: series_of(text_of(columns.pop(name))) for name in list(columns)}
    frame = pd.DataFrame(whole, index=range(len(numbers)), copy=False)
    frame[row_column] = numbers
    return frame


# --- text and header -----------------------------------------------------------------------------------------------
def _as_utf8(raw: bytes, where: str, encodings: Sequence[str]) -> tuple[bytes, str]:
    """The bytes in UTF-8, and the encoding that they were in."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadExtract("it is written in UTF-16", where=where, allowed="UTF-8 or Windows-1252 text", todo="Export it as CSV UTF-8")
    packed = next((kind for mark, kind in PACKED.items() if raw.startswith(mark)), None)
    if packed:
        raise BadExtract(f"it is named .csv but is a packed file: {packed}", where=where, todo="Export it as plain CSV")
    for encoding in encodings:
        try:
            if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
                return _decoded(raw, encoding), encoding
            _check_utf8(raw)
        except UnicodeError:
            continue
        return raw, encoding
    raise BadExtract("its text cannot be decoded", where=where, allowed=" or ".join(encodings), todo="Export it as CSV UTF-8")


PACKED = {
    b"PK\x03\x04": "a zip or a workbook",
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"\xd0\xcf\x11\xe0": "an old or locked workbook",
    b"7z\xbc\xaf": "7z",
    b"SQLite format 3": "a database",
    b"%PDF": "a PDF",
}
"""How files begin that are no text, whatever their name says."""


def _check_utf8(raw: bytes) -> None:
    """Raises UnicodeError."""
    if not raw.isascii():
        _decode(raw, "utf-8", lambda _: None)


def _decoded(raw: bytes, encoding: str) -> bytes:
    made = io.BytesIO()
    _decode(raw, encoding, lambda text: made.write(text.encode("utf-8", errors="replace")))
    return made.getvalue()


def _decode(raw: bytes, encoding: str, take: Callable[[str], object]) -> None:
    """Block by block, so that a large file is never there as text in whole. Raises UnicodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(raw)
    for start in range(0, len(raw), BLOCK):
        take(decoder.decode(view[start : start + BLOCK], False))
    take(decoder.decode(b"", True))


@dataclass(frozen=True)
class _Body:
    """Where the rows begin: the first byte behind the header, and the number of the row there."""

    start: int
    first_row: int
    delimiter: str


def _split_header(raw: bytes, where: str, is_known: Callable[[str], bool]) -> tuple[list[str], _Body]:
    start, row = len(_MARK) if raw.startswith(_MARK) else 0, 1
    while start < len(raw) and raw[start] in b"\r\n":
        row += raw[start] == _LF or raw[start : start + 2] != b"\r\n"
        start += 1
    end = min((at for at in (raw.find(b"\n", start), raw.find(b"\r", start)) if at >= 0), default=len(raw))
    if end - start > MAX_HEADER:
        raise BadExtract("its first line is no header: it is far too long", where=where, todo="Export it again, with a header")
    line = raw[start:end].decode("utf-8", errors="replace")
    if not line.strip() and not raw[end:].strip():
        raise BadExtract("it holds no text, not even a header", where=where, todo="Export it again")
    spelled = {d: [fold(cell) for cell in _cells(line, d)] for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: (sum(map(is_known, spelled[d])), -DELIMITERS.index(d)))
    end += 2 if raw[end : end + 2] == b"\r\n" else 1
    return spelled[delimiter], _Body(min(end, len(raw)), row + 1, delimiter)


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


# --- rows ----------------------------------------------------------------------------------------------------------
_Parsed = tuple[dict[int, "pa.Array"], Numbers, list[tuple[int, str]]]


def _rows(raw: bytes, body: _Body, width: int, keep: list[int]) -> _Parsed:
    if body.start >= len(raw):
        return {i: pa.array([], Text) for i in keep}, np.zeros(0, np.int64), []
    quoted = raw.find(b'"', body.start) >= 0
    if raw.find(b"\0", body.start) < 0 and (not quoted or _quotes_pair_up(raw, body)):
        made = _fast(raw, body, width, keep, quoted=quoted)
        if made is not None:
            return made
    return _careful(raw, body, width, keep)


def _quotes_pair_up(raw: bytes, body: _Body) -> bool:
    """True when each opening quote starts a cell and each closing one ends it, so that no row can be swallowed by a stray quote."""
    cells = np.frombuffer(raw, dtype=np.uint8)[body.start :]
    edge = np.zeros(256, dtype=bool)
    edge[[ord(body.delimiter), _LF, _CR, _QUOTE]] = True
    seen = 0
    for start in range(0, len(cells), BLOCK):
        at = np.flatnonzero(cells[start : start + BLOCK] == _QUOTE) + start
        opens, closes = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        if not edge[cells[opens[opens > 0] - 1]].all() or not edge[cells[closes[closes + 1 < len(cells)] + 1]].all():
            return False
        seen += len(at)
    return seen % 2 == 0


def _fast(raw: bytes, body: _Body, width: int, keep: list[int], *, quoted: bool) -> _Parsed | None:
    """By Arrow. None when a broken record may hide more than one line, or Arrow gives up."""
    bad: list[tuple[int, str]] = []
    swallowed = False

    def put_aside(row: pa_csv.InvalidRow) -> str:
        nonlocal swallowed
        swallowed = swallowed or "\n" in row.text or "\r" in row.text
        bad.append((row.number - 1 + body.first_row, wrong_width(row.actual_columns, row.expected_columns)))
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(raw).slice(body.start)),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=4 * BLOCK),
            parse_options=pa_csv.ParseOptions(
                delimiter=body.delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=put_aside,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, Text),
                include_columns=[str(i) for i in keep] or names[:1],
                null_values=[],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if swallowed:
        return None
    numbers = np.arange(body.first_row, body.first_row + table.num_rows + len(bad), dtype=np.int64)
    if bad:
        numbers = np.delete(numbers, np.array([row for row, _ in bad]) - body.first_row)
    return {i: table.column(str(i)) for i in keep}, numbers, bad


def _careful(raw: bytes, body: _Body, width: int, keep: list[int]) -> _Parsed:
    made: dict[int, list[pa.Array]] = {i: [] for i in keep}
    cells: dict[int, list[str]] = {i: [] for i in keep}
    numbers: list[Numbers] = []
    here: list[int] = []
    bad: list[tuple[int, str]] = []

    def put_by() -> None:
        """From Python's texts, which are large, to Arrow's."""
        for i in keep:
            made[i].append(pa.array(cells[i], Text))
            cells[i].clear()
        numbers.append(np.array(here, dtype=np.int64))
        here.clear()

    for row, (record, why) in enumerate(records(raw, body.start, body.delimiter, width), body.first_row):
        if why:
            bad.append((row, why))
            continue
        here.append(row)
        for i in keep:
            cells[i].append(record[i])
        if len(here) == 50_000:
            put_by()
    put_by()
    return {i: pa.chunked_array(found, Text) for i, found in made.items()}, np.concatenate(numbers), bad
