"""Reader of Ofsted's Annex A: Lists 1 and 3 to 9, as a workbook or as one CSV per list, each row with its own number in its own sheet.

Annex A has no ids, so keys are built from list, child and date. It names workers: a name is looked at for `is_person`, then only a keyed
hash of it is kept. Who is allocated is known as of the workbook's date only: one open involvement per child.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pandas as pd

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import Bundle
from caseclock.extracts.model import FILE, ROW, Absence, RawTable, ReadResult, Reject
from caseclock.extracts.readers.annex_a import sheets
from caseclock.extracts.readers.annex_a.lists import LISTS
from caseclock.extracts.readers.annex_a.rows import ListWork, Made
from caseclock.extracts.source import SourceConfig

NAME = "annex_a"
COVERAGE: Literal["full", "window"] = "window"

ABSENCES = (
    Absence("a backlog that is older than six months", "List 3 of Annex A holds only referrals received in the last six months", True),
    Absence(
        "children who are only the subject of a referral",
        "List 6 of Annex A leaves them out, so one who waits for long is on no list at all",
    ),
    Absence("that a case was closed", "a child who is not in a later workbook may only have left its six months"),
    Absence("since when a worker is allocated, or since when there has been none", "Annex A names the worker as of its date only, "
            "so the wait of a child without one is counted from the start of the referral or episode"),
    Absence("visits and reviews before the latest one", "Annex A holds only the latest of each"),
    Absence("which referral an assessment or enquiry follows", "Annex A has no ids that link them"),
    Absence("missing episodes and their return interviews", "List 8 of Annex A only counts them"),
    Absence("whether a looked-after child's latest review was the first, the second or a later one", "List 8 of Annex A has no others"),
)  # fmt: skip

FORMULA = "a formula without a saved result stands in it: open the workbook in Excel, save it and send it again"


def fits(bundle: Bundle) -> bool:
    return sheets.workbook_in(bundle) is not None or sheets.split_lists(bundle)


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date, *, salt: bytes = b"") -> ReadResult:
    """Canonical columns of text. `salt`: a secret of this installation, with which the ids of workers cannot be found out from a list of
    names. Raises BadExtract when a needed list is missing or a list has lost a column."""
    found, notes = sheets.sheets_of(bundle, source)
    lists, said = sheets.match(found, bundle.name)
    notes += said
    work = ListWork(source, as_of, salt)
    for one in lists:
        notes.append(f"List {one.spec.number} ({one.file}): {_take_all(work, one)} rows read")
    if lists:
        work.tables.setdefault("child", [])
    lacking = [t for t in source.needed_tables if t not in work.tables]
    if lacking:
        raise BadExtract(
            f"no list gives the {' and the '.join(lacking)} table, and nothing true can be said without",
            where=bundle.name,
            allowed="sheets List 1 to List 9 with the headers of the Annex A template (List 3 holds the referrals)",
            todo="Add the missing list and send it again",
        )
    work.finish()
    tables = [RawTable(name, _frame(rows)) for name, rows in work.tables.items()]
    return ReadResult(tables, work.rejects, [*ABSENCES, *_absent(lists), *work.absences()], notes + work.notes())


def _take_all(work: ListWork, one: sheets.ListSheet) -> int:
    """Every row of a list that holds anything; how many there were."""
    work.tables.setdefault(one.spec.table, [])
    work.rejects += [Reject(one.spec.table, one.file, row, "", why, "malformed") for row, why in one.sheet.bad]
    count = len(one.sheet.bad)
    for number, row in one.rows():
        count += 1
        unsolved = one.unsolved_in(number)
        if unsolved:
            work.rejects.append(Reject(one.spec.table, one.file, number, unsolved, FORMULA, "formula"))
        else:
            work.take(one, number, row)
    return count


def _absent(lists: list[sheets.ListSheet]) -> list[Absence]:
    there = {one.spec.number for one in lists}
    made = [Absence(spec.shows, f"the extract has no List {n}") for n, spec in LISTS.items() if n not in there]
    return made + [
        Absence(f"{column.title} of List {one.spec.number}", f"{one.file} has no such column")
        for one in lists
        for column in one.spec.columns
        if column.name not in one.columns
    ]


def _frame(rows: list[Made]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    text = [c for c in frame.columns if c != ROW]
    frame[text] = frame[text].astype("str")
    return frame if len(frame) else pd.DataFrame({ROW: pd.Series([], dtype="int64"), FILE: pd.Series([], dtype="str")})
