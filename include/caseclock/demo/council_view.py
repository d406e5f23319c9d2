"""The world as a case system shows it on one day: what is not known yet is empty or absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.demo.council_draw import NEVER, Ints

Texts = Any  # a pyarrow string array; pyarrow has no types of its own


@dataclass(frozen=True)
class Shown:
    """One column. Dates (`values` are day numbers) show once they have come, or always (`ahead`); texts from `known_from` on."""

    values: Ints | Texts
    known_from: Ints | None = None
    ahead: bool = False


@dataclass(frozen=True)
class Ledger:
    """All that ever happens in one SSD table. `born`: the day on which the row is first there."""

    born: Ints
    columns: Mapping[str, Shown] = field(default_factory=dict)

    def on(self, day: int) -> Any:
        """The rows and cells that are known on a day, as a pyarrow table of text."""
        rows = np.flatnonzero(self.born <= day)
        return pa.table({name: _cells(shown, rows, day) for name, shown in self.columns.items()})


def _cells(shown: Shown, rows: Ints, day: int) -> Any:
    known = None if shown.known_from is None else shown.known_from[rows] <= day
    if not isinstance(shown.values, np.ndarray):
        cells = shown.values.take(pa.array(rows))
        return cells if known is None else pc.if_else(pa.array(known), cells, pa.scalar(None, pa.string()))
    days = shown.values[rows]
    hidden = days >= NEVER - 1 if shown.ahead else days > day
    if known is not None:
        hidden |= ~known
    return pa.array(days.astype(np.int32), pa.int32(), mask=hidden).cast(pa.date32()).cast(pa.string())


def words_of(ledger: Ledger, column: str) -> list[str]:
    """All that ever stands in a column of texts."""
    words: list[str] = pa.array(ledger.columns[column].values).to_pylist()
    return words


def texts(values: Any) -> Texts:
    """Strings from a list or an array of str."""
    return pa.array(values, pa.string())


def numbers(values: Ints) -> Texts:
    """Whole numbers as text, for ids."""
    return pa.array(values).cast(pa.string())


def coded(codes: Ints, words: list[str | None]) -> Texts:
    """`words` by number."""
    return pa.array(words, pa.string()).take(pa.array(codes))


def flags(values: Any) -> Texts:
    """Y or N."""
    return coded(np.asarray(values).astype(np.int64), ["N", "Y"])
