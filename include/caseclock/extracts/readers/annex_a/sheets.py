"""Annex A as sheets of lists: which sheet is which list, where its header is, which column is which.

Sheets are matched by name, then by the set of their headers, then by position: names and headers drift every year.
The split form, one CSV per list (`List_1.csv`, ...), is read as the same sheets.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from caseclock.errors import BadExtract
from caseclock.extracts.archive import SEND_AGAIN
from caseclock.extracts.bundle import WORKBOOKS, Bundle
from caseclock.extracts.delimited import read_columns
from caseclock.extracts.model import ROW
from caseclock.extracts.readers.annex_a.cells import text_of
from caseclock.extracts.readers.annex_a.lists import CHILD, LISTS, OTHER_LISTS, TELLS, AnnexList, fold_header, number_in
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.workbook import Cell, clean_copy

HEADER_WITHIN = 15  # rows: councils put a title or a date above the header


@dataclass(frozen=True)
class Sheet:
    """One sheet or one CSV. `cells` start at A1, so the n-th row is the spreadsheet's row n. `bad`: rows that could not be split, and why.

    `unsolved`: cells with a formula whose result was not saved. `file`: what its rows are said to come from.
    """

    name: str
    file: str
    cells: list[list[object]]
    unsolved: frozenset[Cell] = frozenset()
    bad: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ListSheet:
    """A sheet that is a list. `columns`: our name of a column -> its position. `header_row` as the spreadsheet numbers it."""

    spec: AnnexList
    sheet: Sheet
    header_row: int
    columns: dict[str, int]

    @property
    def file(self) -> str:
        return self.sheet.file

    def rows(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        """(row number, our columns as text) of each row that holds anything."""
        unsolved = {row for row, _ in self.sheet.unsolved}
        for number, cells in enumerate(self.sheet.cells[self.header_row :], self.header_row + 1):
            if number in unsolved or any(text_of(cell) is not None for cell in cells):
                yield number, {n: text_of(cells[at], date=n in self.spec.dates) for n, at in self.columns.items() if at < len(cells)}

    def unsolved_in(self, row: int) -> str | None:
        """The title of a column that we read in which this row has a formula without a result; None when there is none."""
        if not self.sheet.unsolved:
            return None
        return next((self.spec.title_of(name) for name, at in self.columns.items() if (row, at + 1) in self.sheet.unsolved), None)


def workbook_in(bundle: Bundle) -> str | None:
    """The name of the one workbook in a bundle; None when there is none. Raises BadExtract when there are several."""
    found = [m.name for m in bundle.members if m.suffix in WORKBOOKS]
    if len(found) > 1:
        raise BadExtract("it holds more than one workbook", where=bundle.name, todo="Send one Annex A workbook at a time")
    return found[0] if found else None


def split_lists(bundle: Bundle) -> bool:
    """True where CSV files are called as lists are in the split form (`List_1.csv`). A word alone (`Referrals.csv`) could be anything."""
    return any(m.suffix == ".csv" and "list" in fold_header(m.base) and number_in(m.base.rpartition(".")[0]) for m in bundle.members)


def sheets_of(bundle: Bundle, source: SourceConfig) -> tuple[list[Sheet], list[str]]:
    """Every sheet of the workbook, or every CSV that is a list, and notes. Raises BadExtract when they cannot be opened."""
    name = workbook_in(bundle)
    if name is not None and split_lists(bundle):
        todo = "Send one or the other"
        raise BadExtract("it holds a workbook and also single lists as CSV, and nobody can know which count", where=bundle.name, todo=todo)
    if name is None:
        return _from_csv(bundle, source), []
    clean = clean_copy(bundle.read(next(m for m in bundle.members if m.name == name)), bundle.name)
    links = "the workbook has links to other files: nothing is fetched, cells with such a link are as they were saved"
    return _from_workbook(clean.book, clean.unsolved, bundle.name), [links] if clean.links else []


def _from_workbook(raw: bytes, unsolved: dict[str, frozenset[Cell]], where: str) -> list[Sheet]:
    nothing: frozenset[Cell] = frozenset()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        titles = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        return [
            Sheet(t, f"{where}[{t}]", book.get_sheet_by_name(t).to_python(skip_empty_area=False), unsolved.get(t, nothing)) for t in titles
        ]
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise BadExtract("the workbook is cut short or damaged: it cannot be opened", where=where, todo=SEND_AGAIN) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the parser's own crash on damaged bytes is no Exception
            raise
        raise BadExtract("the workbook is damaged: it cannot be opened", where=where, todo=SEND_AGAIN) from None


def _from_csv(bundle: Bundle, source: SourceConfig) -> list[Sheet]:
    made = []
    for member in bundle.members:
        name = member.base.rpartition(".")[0]
        if member.suffix != ".csv" or number_in(name) is None:
            continue
        read = read_columns(bundle.read(member), member.base, source.encodings, lambda h: fold_header(h) in _TITLES, bool, ROW)
        last = max([1, *read.frame[ROW], *(row for row, _ in read.bad)])
        cells: list[list[object]] = [[] for _ in range(last)]
        columns = [list(read.frame[header]) if header else [None] * len(read.frame) for header in read.header]
        first = min([*read.frame[ROW], *(row for row, _ in read.bad), last + 1]) - 1
        cells[max(first, 1) - 1] = list(read.header)
        for at, number in enumerate(read.frame[ROW]):
            cells[number - 1] = [column[at] for column in columns]
        made.append(Sheet(name, member.base, cells, bad=read.bad))
    return made


_TITLES = {column.folded for spec in LISTS.values() for column in spec.columns}


def match(sheets: list[Sheet], book: str) -> tuple[list[ListSheet], list[str]]:
    """The lists that can be used, in order of number, and notes on the sheets that are not. Raises BadExtract."""
    found: dict[int, ListSheet] = {}
    notes: list[str] = []
    left: list[tuple[int, Sheet]] = []
    for position, sheet in enumerate(sheets, 1):
        number = number_in(sheet.name)
        other = number if number in OTHER_LISTS else _other_list(sheet)
        if other in OTHER_LISTS:
            notes.append(f"{sheet.name} ({OTHER_LISTS[other]}) is not used, no rule reads it: {_filled(sheet)} rows")
        elif number is None or not _take(found, LISTS[number], sheet, book):
            left.append((position, sheet))
    for position, sheet in left:
        by_header = [spec for n, spec in LISTS.items() if n not in found and _header_of(sheet, spec)]
        spec = by_header[0] if len(by_header) == 1 else None
        if spec is None and number_in(sheet.name) is None and position in LISTS and position not in found and _has_child(sheet):
            spec = LISTS[position]
        named = number_in(sheet.name)
        if spec is None and named is None:
            notes.append(f"the sheet {sheet.name} is not used, it is no list of Annex A: {max(_filled(sheet), 0)} rows")
        elif spec is None or not _take(found, spec, sheet, book):
            _refuse_headers(sheet, spec or LISTS[named or 0], book)
    return [found[n] for n in sorted(found)], notes


# --- inside --------------------------------------------------------------------------------------------------------
def _take(found: dict[int, ListSheet], spec: AnnexList, sheet: Sheet, book: str) -> bool:
    """Takes the sheet for this list when its header fits. Raises BadExtract when another sheet has been taken for it."""
    header = _header_of(sheet, spec)
    if header is None:
        return False
    if spec.number in found:
        raise BadExtract(f"two sheets are List {spec.number}", where=book, todo="Leave only one of them in the workbook")
    row, columns = header
    found[spec.number] = ListSheet(spec, sheet, row, columns)
    return True


def _header_of(sheet: Sheet, spec: AnnexList) -> tuple[int, dict[str, int]] | None:
    """(row number, columns) of the first row that has every column the list cannot do without."""
    for number, cells in enumerate(sheet.cells[:HEADER_WITHIN], 1):
        columns = spec.columns_in([fold_header(c) for c in cells])
        if spec.required <= set(columns):
            return number, columns
    return None


def _other_list(sheet: Sheet) -> int | None:
    """The list that is not read whose own column is in the header of a sheet."""
    headers = [fold_header(cell) for row in sheet.cells[:HEADER_WITHIN] for cell in row]
    return next((number for number, tell in TELLS.items() if any(tell in header for header in headers)), None)


def _has_child(sheet: Sheet) -> bool:
    return any(CHILD.fits(fold_header(c)) for row in sheet.cells[:HEADER_WITHIN] for c in row)


def _filled(sheet: Sheet) -> int:
    return max(sum(any(text_of(c) is not None for c in row) for row in sheet.cells) - 1, 0)


def _refuse_headers(sheet: Sheet, spec: AnnexList, book: str) -> None:
    best: dict[str, int] = {}
    for cells in sheet.cells[:HEADER_WITHIN]:
        best = max(best, spec.columns_in([fold_header(c) for c in cells]), key=len)
    missing = [column.title for column in spec.columns if column.required and column.name not in best]
    raise BadExtract(
        f"the sheet {sheet.name} (List {spec.number}) has no column {' and no column '.join(missing)}",
        where=book,
        todo="Compare its header with the Annex A template and send it again",
    )
