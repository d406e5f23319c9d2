"""The formats that can be read, one module each. A new format is its module, one line here, and its test.

A reader has a `NAME`, says by `fits` whether a bundle looks like its format, and `read` makes canonical columns of text from it.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from caseclock.errors import BadExtract
from caseclock.extracts.bundle import Bundle
from caseclock.extracts.model import ReadResult
from caseclock.extracts.readers import annex_a, ssd
from caseclock.extracts.source import SourceConfig


class Reader(Protocol):
    """What a module in this folder offers."""

    NAME: str

    def fits(self, bundle: Bundle) -> bool: ...

    def read(self, bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult: ...


READERS: tuple[Reader, ...] = (ssd, annex_a)
"""In the order in which they are asked."""


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Reads an extract by the format that the source names, or by the first that fits what is in it.

    Raises BadExtract: no format fits, a needed table is missing, or a file lacks a column that its table cannot do without.
    """
    for reader in READERS:
        if source.format == reader.NAME or (source.format == "auto" and reader.fits(bundle)):
            return reader.read(bundle, source, as_of)
    raise BadExtract(
        "it holds nothing that can be read",
        where=bundle.name,
        allowed="CSV files named as the SSD tables (ssd_person.csv, ssd_cin_episodes.csv, ...), or one Annex A workbook",
        todo="Look at what was exported and send it again",
    )
