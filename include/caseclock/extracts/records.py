"""Delimited text record by record, for files that are broken somewhere: after a stray quotation mark reading goes on below it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

MAX_LINES_IN_FIELD = 200  # a quote that is not closed within so many lines is taken for a stray one
csv.field_size_limit(2**31 - 1)


def records(raw: bytes, start: int, delimiter: str, width: int) -> Iterator[tuple[list[str], str]]:
    """Each record of the UTF-8 bytes from `start` with the reason why it cannot be used, if so. Only a window of lines is there as text."""
    lines = _Window(raw, start)
    while lines.fill():
        taken, record = _record(lines.ahead, delimiter)
        inside = lines.ahead[1:taken]
        if record is None or (len(record) not in (0, width) and any(_is_row(line, delimiter, width) for line in inside)):
            yield [], "a quotation mark is not closed, or stands inside a cell"
            taken = 1
        elif any("\0" in line for line in lines.ahead[:taken]):
            yield [], "it holds NUL bytes"
        elif len(record) not in (0, width):
            yield [], wrong_width(len(record), width)
        else:
            yield record or [""] * width, ""
        lines.drop(taken)


def wrong_width(found: int, expected: int) -> str:
    return f"it has {found} cells where the header has {expected}"


class _Window:
    """The lines ahead: at least as many as one record may take, while there are any."""

    def __init__(self, raw: bytes, start: int) -> None:
        source = io.BytesIO(raw)  # shares the bytes until someone writes
        source.seek(start)
        self._lines = io.TextIOWrapper(source, encoding="utf-8", errors="replace", newline=None)
        self._all: list[str] = []

    @property
    def ahead(self) -> list[str]:
        return self._all

    def fill(self) -> bool:
        if len(self._all) < MAX_LINES_IN_FIELD:
            self._all.extend(islice(self._lines, MAX_LINES_IN_FIELD * 4))
        return bool(self._all)

    def drop(self, count: int) -> None:
        del self._all[:count]


def _is_row(line: str, delimiter: str, width: int) -> bool:
    """True for a whole row inside what looks like one cell: then the cell's first quotation mark is a stray one."""
    _, record = _record([line], delimiter)
    return record is not None and len(record) == width > 1


def _record(lines: list[str], delimiter: str) -> tuple[int, list[str] | None]:
    """(lines taken, cells) of the record that the first line starts; cells are None when its quotes are broken."""
    block = islice(lines, 1 if '"' not in lines[0] else MAX_LINES_IN_FIELD)
    reader = csv.reader(block, delimiter=delimiter, strict=True)
    try:
        record = next(reader)
    except (csv.Error, StopIteration):
        return 0, None
    return reader.line_num, record
