"""An Annex A workbook as sheets of lists: which sheet is which list, where its header is, which column is which.

Sheets are matched by name, then by the set of their headers, then by position (domain brief 1.5: names and headers drift every year).
A cell is text from here on: a date is ISO, a number without fraction has none, and what stands for nothing is None.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from python_calamine import CalamineError, CalamineWorkbook

from caseclock.errors import BadExtract
from caseclock.extracts.blanks import BLANK, PLACEHOLDER, PLACEHOLDER_ID
from caseclock.extracts.bundle import SEND_AGAIN, WORKBOOKS, Bundle
from caseclock.extracts.readers.annex_a.lists import CHILD, LISTS, NAMES, OTHER_LISTS, AnnexList

HEADER_WITHIN = 15  # rows: councils put a title or a date above the header
EXCEL_DAY_0 = dt.date(1899, 12, 30)
EXCEL_FIRST, EXCEL_LAST = 61, 73_050  # 1 March 1900 (before it Excel counts a day that never was) to 31 December 2099
NOTHING = frozenset((*BLANK, *PLACEHOLDER, *PLACEHOLDER_ID))


@dataclass(frozen=True)
class Sheet:
    """One sheet. `cells` start at A1, so the n-th row is the spreadsheet's row n."""

    name: str
    cells: list[list[object]]


@dataclass(frozen=True)
class ListSheet:
    """A sheet that is a list. `columns`: our name of a column -> its position. `header_row` as the spreadsheet numbers it."""

    spec: AnnexList
    file: str
    header_row: int
    columns: dict[str, int]
    cells: list[list[object]]
    unknown: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, dict[str, str | None]]]:
        """(row number, our columns as text) of each row that holds anything."""
        for number, cells in enumerate(self.cells[self.header_row :], self.header_row + 1):
            if any(text_of(cell) is not None for cell in cells):
                yield number, {n: text_of(cells[at], date=n in self.spec.dates) for n, at in self.columns.items() if at < len(cells)}


def workbook_in(bundle: Bundle) -> str | None:
    """The name of the one workbook in a bundle; None when there is none. Raises BadExtract when there are several."""
    found = [m.name for m in bundle.members if m.suffix in WORKBOOKS]
    if len(found) > 1:
        raise BadExtract("it holds more than one workbook", where=bundle.name, todo="Send one Annex A workbook at a time")
    return found[0] if found else None


def sheets_of(bundle: Bundle) -> list[Sheet]:
    """Every sheet of the workbook. Raises BadExtract when it cannot be opened."""
    name = workbook_in(bundle)
    if name is None:
        raise BadExtract("it holds no workbook", where=bundle.name, allowed="one Annex A workbook (.xlsx)", todo=SEND_AGAIN)
    raw = bundle.read(next(m for m in bundle.members if m.name == name))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        return [Sheet(title, book.get_sheet_by_name(title).to_python(skip_empty_area=False)) for title in book.sheet_names]
    except (CalamineError, OSError, ValueError, KeyError) as error:
        raise BadExtract("the workbook is cut short or damaged: it cannot be opened", where=bundle.name, todo=SEND_AGAIN) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the parser's own crash on damaged bytes is no Exception
            raise
        raise BadExtract("the workbook is damaged: it cannot be opened", where=bundle.name, todo=SEND_AGAIN) from None


def match(sheets: list[Sheet], book: str) -> tuple[list[ListSheet], list[str]]:
    """The lists that can be used, in order of number, and notes on the sheets that are not. Raises BadExtract."""
    found: dict[int, ListSheet] = {}
    notes: list[str] = []
    left: list[tuple[int, Sheet]] = []
    for position, sheet in enumerate(sheets, 1):
        number = number_in(sheet.name)
        if number in OTHER_LISTS:
            notes.append(f"{sheet.name} is not used, no rule reads it yet: {_filled(sheet)} rows")
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


def number_in(name: str) -> int | None:
    """The number of the list that a sheet's name says: `List_4`, `List 4 - Assessments`, `Assessments`."""
    folded = fold_header(name)
    hit = re.search(r"\blist (\d{1,2})\b", re.sub(r"([a-z])(\d)", r"\1 \2", folded))
    if hit:
        return int(hit[1]) if int(hit[1]) in LISTS or int(hit[1]) in OTHER_LISTS else None
    return NAMES.get(folded)


def fold_header(text: object) -> str:
    """Case, spaces, NBSP, quotes of any kind, question marks and brackets do not tell two headers apart."""
    plain = re.sub(r"['‘’`´]", "", str(text)).lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def text_of(cell: object, *, date: bool = False) -> str | None:
    """A cell as text. In a date column a number is Excel's count of days."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, (int, float)):
        return _number(cell, date)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return cell.isoformat() if isinstance(cell, dt.date) else str(cell)
    text = " ".join(str(cell).replace("\xa0", " ").split())
    return None if text.lower() in NOTHING else text


def _number(cell: float, date: bool) -> str | None:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if date and EXCEL_FIRST <= cell <= EXCEL_LAST + 1:
        return (EXCEL_DAY_0 + dt.timedelta(days=int(cell))).isoformat()
    text = str(int(cell)) if cell == int(cell) else repr(cell)
    return None if text in NOTHING else text


# --- inside --------------------------------------------------------------------------------------------------------
def _take(found: dict[int, ListSheet], spec: AnnexList, sheet: Sheet, book: str) -> bool:
    """Takes the sheet for this list when its header fits. Raises BadExtract when another sheet has been taken for it."""
    header = _header_of(sheet, spec)
    if header is None:
        return False
    if spec.number in found:
        raise BadExtract(f"two sheets are List {spec.number}", where=book, todo="Leave only one of them in the workbook")
    row, columns = header
    found[spec.number] = ListSheet(spec, f"{book}[{sheet.name}]", row, columns, sheet.cells)
    return True


def _header_of(sheet: Sheet, spec: AnnexList) -> tuple[int, dict[str, int]] | None:
    """(row number, columns) of the first row that has every column the list cannot do without."""
    for number, cells in enumerate(sheet.cells[:HEADER_WITHIN], 1):
        columns = spec.columns_in([fold_header(c) for c in cells])
        if spec.required <= set(columns):
            return number, columns
    return None


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
