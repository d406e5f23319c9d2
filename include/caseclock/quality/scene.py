"""What a rule sees: one canonical table beside the tables that it points to, as of one date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from caseclock.snapshots.tables import TABLES

if TYPE_CHECKING:  # the pages say in words what the rules ask, and must not load these for it
    import pandas as pd
    import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Dates = npt.NDArray[np.datetime64]
Places = npt.NDArray[np.int64]


def key_of(link: str, parent: str) -> str:
    """The parent's column that `link` names: its key, but for a period of care, which several episodes make up."""
    return "care_id" if link == "care_id" else TABLES[parent].key


class Links:
    """Finds the row that an id of another table points to. Each look-up is made once: it is the dear part of a pass.

    pyarrow's index_in takes 0.5 s for a million ids in a million; get_indexer of pandas 0.7 to 1.0 s and isin 10 s.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.tables = tables
        self._places: dict[tuple[str, str, str], Places] = {}

    def places(self, table: str, link: str, parent: str) -> Places:
        """Per row of `table`: position of the parent's row that column `link` names (the first one of a repeated key), -1 for none."""
        import pyarrow.compute as pc

        asked = (table, link, parent)
        if asked not in self._places:
            ids, keys = text_of(self.tables[table][link]), text_of(self.tables[parent][key_of(link, parent)])
            found = pc.index_in(ids, value_set=keys, skip_nulls=True).fill_null(-1)
            self._places[asked] = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return self._places[asked]


class Scene:
    """One table as its rules see it. Columns come as numpy arrays, a row each, in the order of `frame`."""

    def __init__(self, table: str, links: Links, as_of: dt.date) -> None:
        self.table, self.links = table, links
        self.frame = links.tables[table]
        self.as_of = np.datetime64(as_of, "s")

    def dates(self, column: str) -> Dates:
        return self.frame[column].to_numpy(dtype="datetime64[s]")

    def missing(self, column: str) -> Mask:
        return self.frame[column].isna().to_numpy()

    def is_true(self, column: str) -> Mask:
        return self.frame[column].fillna(False).to_numpy(dtype=bool)

    def is_false(self, column: str) -> Mask:
        return (~self.frame[column].fillna(True).astype(bool)).to_numpy()

    def equals(self, column: str, value: str) -> Mask:
        return self.frame[column].eq(value).fillna(False).to_numpy(dtype=bool)

    def repeated(self, columns: list[str], within: Mask | None = None) -> Mask:
        """Rows that share the values of `columns` with another row, among the rows `within`."""
        among = np.ones(len(self.frame), dtype=bool) if within is None else within
        made = np.zeros(len(self.frame), dtype=bool)
        made[among] = self.frame.loc[among, columns].duplicated(keep=False).to_numpy()
        return made

    def places(self, link: str, parent: str) -> Places:
        return self.links.places(self.table, link, parent)

    def dates_of(self, link: str, parent: str, column: str) -> Dates:
        """The parent's date per row of this table; NaT where there is no parent."""
        places = self.places(link, parent)
        dates = self.links.tables[parent][column].to_numpy(dtype="datetime64[s]")
        made = np.full(len(places), np.datetime64("NaT"), dtype="datetime64[s]")
        made[places >= 0] = dates[places[places >= 0]]
        return made

    def marked_by(self, child: str, link: str, chosen: Mask) -> Mask:
        """Rows of this table that any `chosen` row of `child` points to."""
        places = self.links.places(child, link, self.table)
        made = np.zeros(len(self.frame), dtype=bool)
        made[places[chosen & (places >= 0)]] = True
        return made


def text_of(ids: pd.Series[str]) -> pa.ChunkedArray:
    """The ids as Arrow text, missing ones as null."""
    import pyarrow as pa

    made = pa.array(ids, type=pa.large_string(), from_pandas=True)
    return made if isinstance(made, pa.ChunkedArray) else pa.chunked_array([made])
