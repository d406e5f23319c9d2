"""Reader of the DfE's children in need census (XML, 2022 to 2026): the yearly return, for history and for councils without anything else.

The file is streamed. A row's number is the line of its element, and its file says which kind of element it is; a file that is written on
few lines is numbered by element instead. There are no ids, so keys are the child and a date; a corrected date looks like another row. Names
are not in a census; of the date of birth only `unborn` is kept, and the UPN is never read.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import IO, Literal

import pandas as pd

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import Bundle, Member
from caseclock.extracts.codes import Codes
from caseclock.extracts.model import FILE, ROW, Absence, RawTable, ReadResult
from caseclock.extracts.readers.cin_census.elements import Census
from caseclock.extracts.readers.cin_census.rows import CensusWork, Made
from caseclock.extracts.safe_xml import parse
from caseclock.extracts.source import SourceConfig

NAME = "cin_census"
COVERAGE: Literal["full", "window"] = "window"
BLOCK = 2**18

ABSENCES = (
    Absence("who has a case, and that nobody has it", "the census names no worker and no team", True),
    Absence("anything after its reference date", "the census is drawn once a year", True),
    Absence("visits", "the census holds none"),
    Absence("contacts", "the census holds none"),
    Absence("looked-after children, care leavers and missing episodes", "the census holds none"),
    Absence("that a section 47 enquiry has ended", "the census has no such date: only its conference, or that none was required"),
    Absence("which visit, worker or team a delay belongs to", "all of it counts for the council as a whole"),
)


def fits(bundle: Bundle) -> bool:
    return bool(_members(bundle))


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Canonical columns of text. Raises BadExtract for what is no whole, plain XML, and for another return than this census."""
    members = _members(bundle)
    if len(members) != 1:
        raise BadExtract(
            "it holds more than one XML file" if members else "it holds no XML file",
            where=bundle.name,
            allowed="one children in need census",
            todo="Send one census at a time",
        )
    member = members[0]
    codes = Codes(source.codes)
    work = CensusWork(as_of, codes)
    census = Census(work.take, member.base)
    parse(_blocks(bundle, member), census, member.base)
    census.check_whole()
    lacking = [t for t in source.needed_tables if t not in work.tables]
    if lacking:
        raise BadExtract(
            f"it gives no rows of {' and '.join(lacking)}, and nothing true can be said without",
            where=member.base,
            todo="Look at what was exported and send it again",
        )
    tables = [RawTable(name, _frame(rows, member.base, by_line=work.one_per_line)) for name, rows in work.tables.items()]
    notes = [*census.notes(as_of), *codes.notes()]
    if not work.one_per_line:
        notes.append(f"{member.base} is written on few lines: row 5 of [Assessments] is its fifth Assessments element")
    return ReadResult(tables, [], list(ABSENCES), notes)


def _members(bundle: Bundle) -> list[Member]:
    return [m for m in bundle.members if m.suffix == ".xml"]


def _blocks(bundle: Bundle, member: Member) -> Iterator[bytes]:
    """The file a piece at a time; only one in a zip is unpacked whole."""
    file: IO[bytes] = bundle.path.open("rb") if bundle.kind == "xml" else io.BytesIO(bundle.read(member))
    with file:
        while block := file.read(BLOCK):
            yield block


def _frame(columns: Made, name: str, *, by_line: bool) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    frame[ROW] = frame.pop("line" if by_line else "nth").astype("int64")
    frame = frame.drop(columns="nth" if by_line else "line")
    frame[FILE] = name + "[" + frame.pop("element") + "]"
    text = [c for c in frame.columns if c != ROW]
    frame[text] = frame[text].astype("str")
    return frame
