"""The formats that can be read, one module each. A new format is its module, one line here, and its test.

A reader has a `NAME`, says by `fits` whether a bundle looks like its format, and `read` makes canonical columns of text from it. Its
`COVERAGE` says what a row that is gone means: in *window* formats rows leave by age, so nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, Protocol

from caseclock.errors import BadExtract
from caseclock.extracts import supplementary
from caseclock.extracts.bundle import Bundle
from caseclock.extracts.model import ReadResult
from caseclock.extracts.people import without_those_who_hold_nothing
from caseclock.extracts.readers import annex_a, cin_census, ssd
from caseclock.extracts.source import SourceConfig


class Reader(Protocol):
    """What a module in this folder offers."""

    NAME: str
    COVERAGE: Literal["full", "window"]

    def fits(self, bundle: Bundle) -> bool: ...

    def read(self, bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult: ...


READERS: tuple[Reader, ...] = (ssd, annex_a, cin_census)
"""In the order in which they are asked."""


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Reads an extract by the format that the source names, or by the first that fits what is in it, and the supplementary files beside it.

    Raises BadExtract: no format fits, a needed table is missing, or a file lacks a column that its table cannot do without.
    """
    for reader in READERS:
        if source.format == reader.NAME or (source.format == "auto" and reader.fits(bundle)):
            found = supplementary.add(reader.read(bundle, source, as_of), bundle, source)
            return without_those_who_hold_nothing(found, source)
    raise BadExtract(
        "it holds nothing that can be read",
        where=bundle.name,
        allowed="CSV files named as the SSD tables (ssd_person.csv, ...), one Annex A workbook or its lists as CSV, or a CIN census (XML)",
        todo="Look at what was exported and send it again",
    )
