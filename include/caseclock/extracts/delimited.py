"""A CSV file as columns of text, every row of it accounted for. Columns nobody asked for are never kept.

The fast way is Arrow's parser. A file whose quotes do not pair up, that holds NUL bytes, or that Arrow cannot split goes the careful
way, record by record: there a broken line costs that one line, not the rest of the file.

Rows are numbered as a spreadsheet shows them: the header is row 1, and a record with a line break inside quotes is one row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from caseclock.errors import BadExtract

DELIMITERS = (",", ";", "\t", "|")
MAX_LINES_IN_FIELD = 200  # careful way only: a quote that is not closed within so many lines is taken for a stray one
_LF, _CR, _QUOTE = b'\n\r"'
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Columns:
    """What was read of one file. `frame` has the wanted columns as `str` and the row number; `bad` is (row, reason) of lines left out."""

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
    text, encoding = _decoded(raw, where, encodings)
    header, body, first_row = _split_header(text, where, is_known)
    keep = {i: name for i, name in enumerate(header) if wanted(name)}
    doubled = sorted({n for n in keep.values() if list(keep.values()).count(n) > 1})
    if doubled:
        raise BadExtract(f"{', '.join(doubled)} is there more than once", where=where, todo="Export each column once")
    table, numbers, bad = _body(body.text, body.delimiter, len(header), list(keep), first_row)
    frame = pd.DataFrame({name: table[i] for i, name in keep.items()}, index=range(len(numbers)), dtype="str")
    frame[row_column] = numbers
    return Columns(header, frame, sorted(bad), encoding)


# --- text and header -----------------------------------------------------------------------------------------------
def _decoded(raw: bytes, where: str, encodings: Sequence[str]) -> tuple[str, str]:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadExtract("it is written in UTF-16", where=where, allowed="UTF-8 or Windows-1252 text", todo="Export it as CSV UTF-8")
    if raw[:4] in (b"PK\x03\x04", b"PAR1") or raw[:2] == b"\x1f\x8b":
        raise BadExtract("it is named .csv but is a packed file", where=where, todo="Export it as plain CSV")
    for encoding in encodings:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise BadExtract("its text cannot be decoded", where=where, allowed=" or ".join(encodings), todo="Export it as CSV UTF-8")


@dataclass(frozen=True)
class _Body:
    text: str
    delimiter: str


def _split_header(text: str, where: str, is_known: Callable[[str], bool]) -> tuple[list[str], _Body, int]:
    """(folded header, what follows it, the number of the first row that follows)."""
    text = text.removeprefix("\ufeff")
    start, row = 0, 1
    while start < len(text) and text[start] in "\r\n":
        row += text[start] == "\n" or text[start : start + 2] != "\r\n"
        start += 1
    if not text[start:].strip():
        raise BadExtract("it holds no text, not even a header", where=where, todo="Export it again")
    end = start
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    line = text[start:end]
    spelled = {d: [fold(cell) for cell in next(csv.reader([line], delimiter=d), [])] for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: (sum(map(is_known, spelled[d])), -DELIMITERS.index(d)))
    end += 2 if text[end : end + 2] == "\r\n" else 1
    return spelled[delimiter], _Body(text[end:], delimiter), row + 1


# --- rows ----------------------------------------------------------------------------------------------------------
_Parsed = tuple[dict[int, "pa.Array"], np.ndarray, list[tuple[int, str]]]


def _body(text: str, delimiter: str, width: int, keep: list[int], first_row: int) -> _Parsed:
    if not text:
        return {i: pa.array([], pa.string()) for i in keep}, np.zeros(0, np.int64), []
    raw = text.encode("utf-8", errors="replace")
    if _quotes_pair_up(raw, ord(delimiter)) and b"\0" not in raw:
        made = _fast(raw, delimiter, width, keep, first_row)
        if made is not None:
            return made
    return _careful(text, delimiter, width, keep, first_row)


def _quotes_pair_up(raw: bytes, delimiter: int) -> bool:
    """True when each opening quote starts a cell and each closing one ends it, so that no row can be swallowed by a stray quote."""
    cells = np.frombuffer(raw, dtype=np.uint8)
    at = np.flatnonzero(cells == _QUOTE)
    if len(at) == 0:
        return True
    if len(at) % 2:
        return False
    edges = np.array([delimiter, _LF, _CR, _QUOTE], dtype=np.uint8)
    before, after = at[0::2] - 1, at[1::2] + 1
    opens = np.isin(cells[before[before >= 0]], edges).all()
    closes = np.isin(cells[after[after < len(cells)]], edges).all()
    return bool(opens and closes)


def _fast(raw: bytes, delimiter: str, width: int, keep: list[int], first_row: int) -> _Parsed | None:
    """By Arrow. None when a broken record may hide more than one line, or Arrow gives up."""
    bad: list[tuple[int, str]] = []
    swallowed = False

    def put_aside(row: pa_csv.InvalidRow) -> str:
        nonlocal swallowed
        swallowed = swallowed or "\n" in row.text or "\r" in row.text
        bad.append((row.number - 1 + first_row, _wrong_width(row.actual_columns, row.expected_columns)))
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(raw),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=16 * 2**20),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=put_aside
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
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
    numbers = np.arange(first_row, first_row + table.num_rows + len(bad), dtype=np.int64)
    if bad:
        numbers = np.delete(numbers, np.array([row for row, _ in bad]) - first_row)
    return {i: table.column(str(i)) for i in keep}, numbers, bad


def _careful(text: str, delimiter: str, width: int, keep: list[int], first_row: int) -> _Parsed:
    cells: dict[int, list[str]] = {i: [] for i in keep}
    numbers: list[int] = []
    bad: list[tuple[int, str]] = []
    for row, (record, why) in enumerate(_records(text, delimiter, width), first_row):
        if why:
            bad.append((row, why))
        else:
            numbers.append(row)
            for i in keep:
                cells[i].append(record[i])
    return {i: pa.array(found, pa.string()) for i, found in cells.items()}, np.array(numbers, dtype=np.int64), bad


def _records(text: str, delimiter: str, width: int) -> Iterator[tuple[list[str], str]]:
    """Each record with the reason why it cannot be used, if so. After a stray quotation mark reading goes on with the line below it."""
    lines = list(io.StringIO(text, newline=None))
    at = 0
    while at < len(lines):
        taken, record = _record(lines, at, delimiter)
        inside = lines[at + 1 : at + taken]
        if record is None or (len(record) not in (0, width) and any(_is_row(line, delimiter, width) for line in inside)):
            yield [], "a quotation mark is not closed, or stands inside a cell"
            taken = 1
        elif any("\0" in line for line in lines[at : at + taken]):
            yield [], "it holds NUL bytes"
        elif len(record) not in (0, width):
            yield [], _wrong_width(len(record), width)
        else:
            yield record or [""] * width, ""
        at += taken


def _is_row(line: str, delimiter: str, width: int) -> bool:
    """True for a whole row inside what looks like one cell: then the cell's first quotation mark is a stray one."""
    _, record = _record([line], 0, delimiter)
    return record is not None and len(record) == width > 1


def _record(lines: list[str], at: int, delimiter: str) -> tuple[int, list[str] | None]:
    """(lines taken, cells) of the record that starts here; cells are None when its quotes are broken."""
    block = lines[at : at + 1] if '"' not in lines[at] else lines[at : at + MAX_LINES_IN_FIELD]
    reader = csv.reader(iter(block), delimiter=delimiter, strict=True)
    try:
        record = next(reader)
    except (csv.Error, StopIteration):
        return 0, None
    return reader.line_num, record


def _wrong_width(found: int, expected: int) -> str:
    return f"it has {found} cells where the header has {expected}"
