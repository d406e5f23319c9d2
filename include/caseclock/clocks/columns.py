"""The tables of one snapshot as arrays that rules can be worked out on: dates as days, keys as small whole numbers.

Keys are numbered once per extract, over all tables that have the column, so that a join is one look-up in an array.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.clocks.hours import end_of
from caseclock.clocks.ordering import in_days, lexsort
from caseclock.clocks.rules import Condition, Known, Not, Where, column_of, link_of, values_of
from caseclock.clocks.texts import Names, numbered, ranked, text
from caseclock.snapshots.tables import TABLES

if TYPE_CHECKING:
    from caseclock.clocks.calendar import Days
    from caseclock.snapshots import Snapshot

Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
T = TypeVar("T")
NONE = -1
"""The number of a key that is missing, and the row number of a row that is not there."""
NO_DAY = np.datetime64("NaT", "D")


class Columns:
    """Read access to a snapshot, column by column. What is worked out is kept, for the next rule needs it again."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._tables = snapshot.tables
        self.absences = snapshot.absences
        self.as_of = np.datetime64(snapshot.extract.as_of, "D")
        self._keys: dict[str, tuple[dict[str, Codes], Names | tuple[()]]] = {}
        self._rows: dict[str, Codes] = {}
        self._days: dict[tuple[str, str], Days] = {}
        self._made: dict[Any, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first time of asking."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def rows(self, table: str) -> int:
        """How many rows the table has."""
        return len(self._tables[table]) if table in self._tables else 0

    def has(self, table: str, name: str) -> bool:
        """Whether the table was read with this column."""
        return table in self._tables and name in self._tables[table].columns

    def raw(self, table: str, name: str) -> Any:
        """The column as pandas holds it; all missing when the table does not have it."""
        if not self.has(table, name):
            kind = TABLES[table].column(name).kind if name in TABLES[table].names else "code"
            dtype = {"date": "datetime64[s]", "moment": "datetime64[s]", "flag": "boolean"}.get(kind, "str")
            return pd.Series([None] * self.rows(table), dtype=dtype).array
        return self._tables[table][name].array

    def values(self, table: str, path: str) -> Any:
        """The column that `path` names, one value per row of `table`."""
        target, _, name = path.rpartition(".")
        if not target:
            return self.raw(table, name)
        return pd.api.extensions.take(self.raw(target, name), self.led_to(table, target), allow_fill=True)

    def days(self, table: str, path: str) -> Days:
        """A date column as datetime64[D]; one of moments as datetime64[s], in UTC."""
        if (table, path) not in self._days:
            made = np.asarray(self.values(table, path), dtype="datetime64[s]")
            self._days[table, path] = made if column_of(table, path).kind == "moment" else in_days(made)
        return self._days[table, path]

    def after(self, in_hours: bool) -> np.datetime64:
        """The day after the extract's date, or the moment at which it begins: what is dated then has not happened yet."""
        return end_of(self.as_of) if in_hours else self.as_of + np.timedelta64(1, "D")

    def texts(self, table: str, path: str) -> pa.Array:
        """A column of text as Arrow holds it."""
        return self.once(("texts", table, path), lambda: text(pd.Series(self.values(table, path), dtype="str", copy=False)))

    def filled(self, table: str, path: str) -> Mask:
        """Where the column holds anything."""
        return ~np.asarray(pd.isna(self.values(table, path)), dtype=bool)

    def meets(self, table: str, where: Where) -> Mask:
        """The rows that meet every condition."""
        met = np.ones(self.rows(table), dtype=bool)
        for path, condition in where.items():
            met &= self.once(("meets", table, path, repr(condition)), partial(self._meets, table, path, condition))
        return met

    def children(self, table: str) -> pa.Array:
        """The child that each row is about, by the row itself or by the row that its key leads to; missing where there is none."""
        via = _to_child(table)
        return self.texts(table, f"{via}.child_id" if via else "child_id")

    # --- keys ----------------------------------------------------------------------------------------------------
    def keys(self, table: str, column: str) -> Codes:
        """The key of each row as a number, -1 where it is missing or the table has no such column."""
        if column not in self._keys:
            self._keys[column] = self._numbered(column)
        found = self._keys[column][0].get(table)
        return np.full(self.rows(table), NONE, dtype=np.int64) if found is None else found

    def child_keys(self, table: str) -> Codes:
        """`children` as numbers."""
        via = _to_child(table)
        if via is None:
            return self.keys(table, "child_id")
        found: Codes = np.append(self.keys(via, "child_id"), NONE)[self.led_to(table, via)]
        return found

    def names(self, column: str) -> list[str]:
        """The keys by their number. Costly for long columns; `distinct` is not."""
        self.keys(next(iter(TABLES)), column)
        return self.once(("names", column), lambda: names.texts() if (names := self._keys[column][1]) else [])

    def distinct(self, column: str) -> int:
        """How many different keys there are: numbers lie below it."""
        self.keys(next(iter(TABLES)), column)
        return len(self._keys[column][1])

    def row_with(self, table: str) -> Codes:
        """Row number by number of the key that leads to the table, -1 for keys that the table does not have; one more place for -1."""
        if table not in self._rows:
            key = link_of(table)
            numbers = self.keys(table, key)
            at = np.full(self.distinct(key) + 1, NONE, dtype=np.int64)  # the last place is for -1
            at[numbers[::-1]] = np.arange(len(numbers))[::-1]
            at[NONE] = NONE
            self._rows[table] = at
        return self._rows[table]

    def led_to(self, table: str, target: str) -> Codes:
        """The row of `target` that the key in each row of `table` leads to, -1 for none."""
        return self.row_with(target)[self.keys(table, link_of(target))]

    def rank(self, table: str) -> Codes:
        """The place of each row when the table is in the order of its key."""
        return self.ranked(table, TABLES[table].key)

    def ranked(self, table: str, column: str) -> Codes:
        """Numbers that sort as the texts of the column do."""
        return self.once(("ranked", table, column), lambda: ranked(self.texts(table, column)))

    def by_key(self, table: str) -> Codes:
        """The rows in the order of the table's key."""
        return self.once(("by key", table), lambda: lexsort([self.rank(table)]))

    @cached_property
    def files(self) -> _Files:
        """The file that each row was read from, per table."""
        return _Files(self)

    def _numbered(self, column: str) -> tuple[dict[str, Codes], Names | tuple[()]]:
        having = [n for n, t in TABLES.items() if column in t.names and self.rows(n) and column in self._tables[n].columns]
        if not having:
            return {}, ()
        numbers, names = numbered([self.texts(n, column) for n in having])
        return dict(zip(having, numbers, strict=True)), names

    def _meets(self, table: str, path: str, condition: Condition) -> Mask:
        if isinstance(condition, Known):
            return self.filled(table, path) if condition.known else ~self.filled(table, path)
        column = pd.Series(self.values(table, path))
        equal = np.asarray(column.isin(values_of(condition)).fillna(False), dtype=bool)
        return ~equal if isinstance(condition, Not) else equal


class _Files:
    """Files as numbers, equal in all tables for one file."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._numbers: dict[str, int] = {}
        self._unknown = 0

    def get(self, table: str) -> Codes | None:
        """One number per row; None where the table does not say. An unknown file is no other's."""
        if not self._columns.has(table, "_file"):
            return None
        return self._columns.once(("files", table), lambda: self._numbered(table))

    def _numbered(self, table: str) -> Codes:
        found = pc.dictionary_encode(self._columns.texts(table, "_file"))
        numbers = [self._numbers.setdefault(name, len(self._numbers)) for name in found.dictionary.to_pylist()]
        made: Codes = np.array([*numbers, NONE], dtype=np.int64)[found.indices.fill_null(NONE).to_numpy(zero_copy_only=False)]
        unknown = np.flatnonzero(made == NONE)
        self._unknown += len(unknown)
        made[unknown] = np.arange(len(unknown)) - self._unknown
        return made


def columns_of(data: Snapshot | Columns) -> Columns:
    """The columns themselves, or those of a snapshot: whoever asks more than once makes them once."""
    return data if isinstance(data, Columns) else Columns(data)


def _to_child(table: str) -> str | None:
    """The table through which a row without a child of its own leads to one (a decision, by its contact)."""
    names = TABLES[table].names
    if "child_id" in names:
        return None
    return next((t.name for t in TABLES.values() if t.name != table and t.key in names and "child_id" in t.names), None)


def earliest(days: list[Days], rows: int) -> Days:
    """The earliest known day of each row, NaT where none is known."""
    made = np.full(rows, NO_DAY)
    for column in days:
        made = np.fmin(made, column)
    return made


def first_known(days: list[Days]) -> Days:
    """The first known day of each row, in the order of the columns."""
    made = days[0]
    for column in days[1:]:
        made = np.where(np.isnat(made), column, made)
    return made


def pairs(left: Codes, right: Codes, size: int) -> tuple[Codes, Codes]:
    """All pairs (row of left, row of right) with the same key; a missing key (-1) pairs with nothing. Keys lie below `size`."""
    known = np.flatnonzero(left != NONE)
    counts = np.bincount(left[known], minlength=size)
    if counts.max(initial=0) <= 1:  # each key leads to one row at most
        at = np.full(size + 1, NONE, dtype=np.int64)
        at[left[known]] = known
        found = at[right]
        rights = np.flatnonzero(found != NONE)
        return found[rights], rights
    order = known[lexsort([left[known]])]
    begins = np.concatenate(([0], np.cumsum(counts)))
    right_rows = np.flatnonzero(right != NONE)
    keys = right[right_rows]
    many = counts[keys]
    rights = np.repeat(right_rows, many)
    within = np.arange(len(rights)) - np.repeat(np.cumsum(many) - many, many)
    return order[np.repeat(begins[keys], many) + within], rights
