"""The types of the room `extracts`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pandas costs half a second and this module is read where only names are needed
    import pandas as pd

ROW = "_row"
"""Column of every table: the row's number in its file as a person sees it (the header is row 1; Excel's own number)."""
FILE = "_file"
"""Column of every table: the name of the file (or `workbook.xlsx[List 4]`) that the row was read from."""


@dataclass(frozen=True)
class Extract:
    """One arrived export.

    `id` is the first 16 hex digits of SHA-256 over source, as_of and content hash: the same bytes sent twice for one
    date are one extract; the same bytes exported for another date are another one (nothing may have changed overnight).
    A date that is sent again with other content is revision n+1 of the same extract. `exported_at`: as its manifest says.
    `superseded`: why it does not count although it came last: it was exported before a revision that was there already.
    """

    id: str
    source: str
    as_of: dt.date
    revision: int
    sha256: str
    name: str
    path: str
    received_at: dt.datetime
    exported_at: dt.datetime | None = None
    superseded: str | None = None


@dataclass(frozen=True)
class Reject:
    """One row that is not used, and why. Never holds the value: it may be personal data.

    `key_hash` says whether it is the row of an earlier extract (`snapshots/keys.py`); empty where the row could not be split. It is no
    part of what a reject says: two that differ in it alone are equal.
    """

    table: str
    file: str
    row: int
    column: str
    reason: str
    rule: str = "unreadable"
    key_hash: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Absence:
    """Something that this extract cannot show. `everywhere`: so important that every single message made from it says so too."""

    what: str
    because: str
    everywhere: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.because}"


@dataclass(frozen=True)
class RawTable:
    """Rows of one canonical table as text, from one file.

    `frame`: one row per row of the file that holds anything; columns are canonical column names with str or None, plus
    `_row` (int) and `_file` (str). Columns with personal values that no rule needs were never read into it.
    """

    table: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class ReadResult:
    """What a reader makes of one extract. `rejects` are rows that could not even be split into columns."""

    tables: list[RawTable] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
