"""What a row says, apart from how it is numbered: a hash of its business content, equal overnight when nothing has happened to it.

An export may number its rows anew every night (System C: FACT_FORM_ID), in any order, with other load times: by id every case would be
gone and every case new. So a row is compared by what it says. Its own key does not count. A link counts as the business key of the row that
it leads to (`IDENTITY`: a referral is its child and its date), not as that row's whole content, for an assessment has not changed when its
referral is closed. Ids of people and teams are taken as they are: nothing else in the canonical tables says who they are.

The hash is ours to keep, for it is compared over months: 64 bits per cell from the column's name and the value (text: keyed BLAKE2b
of its UTF-8; a date: its day number; a flag: 1 or 0; a number: its IEEE bits), mixed by splitmix64,
added up over the columns. So neither the order of columns nor that of rows matters, and a column that is missing in every row is as if it
were not there. The vectors in the tests say what it must be on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.quality.model import TableChange
from caseclock.quality.rules import LINKED
from caseclock.quality.scene import Links, text_of
from caseclock.snapshots import TABLES, Snapshot
from caseclock.snapshots.tables import Column, Kind

Hashes = npt.NDArray[np.uint64]
KEY: Final = b"caseclock row v1"  # another key is another hash, so it never changes
NOWHERE: Final = np.uint64(0x6E6F7768657265)  # a link to a row that is not there

PEOPLE: Final = frozenset({"child_id", "worker_id", "supervisor_id", "manager_id", "team_id", "service_id", "staff_id"})
"""Ids that are taken as they are."""
IDENTITY: Final[Mapping[str, Sequence[str]]] = {
    "contact": ("child_id", "contact_on"),
    "referral": ("child_id", "referral_date"),
    "s47": ("child_id", "strategy_on"),
    "conference": ("child_id", "kind"),
    "plan": ("child_id", "kind", "started_on"),
    "placement": ("child_id", "started_on"),
    "care": ("child_id", "entered_on"),
}
"""What a row that others point to is known by. None of it changes while the work goes on, and none of it is a link to a numbered row."""


def content_hashes(table: str, links: Links) -> Hashes:
    """One hash per row of the table, in its order. About 0.1 s per million cells of text, less for dates."""
    frame = links.tables[table]
    made = np.zeros(len(frame), dtype=np.uint64)
    for column in _business_columns(table):
        if column.name in PEOPLE or column.kind != "id":
            made += _cells(column, frame[column.name])
        else:
            made += _linked(table, column.name, links)
    return _mixed(made)


def _business_columns(table: str) -> list[Column]:
    """Without the row's own number and ids of nothing that is in the tables (`meeting_id`)."""
    shape = TABLES[table]
    numbered = shape.key not in PEOPLE
    columns = [c for c in shape.columns if not (numbered and c.name == shape.key)]
    return [c for c in columns if c.kind != "id" or c.name in PEOPLE or LINKED.get(c.name, table) != table]


def _linked(table: str, link: str, links: Links) -> Hashes:
    """The business key of the row that each link leads to; 0 where there is no link."""
    parent = LINKED[link]
    places = links.places(table, link, parent)
    known = links.tables[parent]
    whole = np.zeros(len(known), dtype=np.uint64)
    for name in IDENTITY[parent]:
        whole += _cells(TABLES[parent].column(name), known[name])
    made = np.where(links.tables[table][link].isna().to_numpy(), np.uint64(0), NOWHERE)
    made[places >= 0] = whole[places[places >= 0]]
    return np.where(made == 0, made, _mixed(made + _seed(link)))


# --- cells -----------------------------------------------------------------------------------------------------------
def _cells(column: Column, values: pd.Series) -> Hashes:
    """One hash per cell; 0 for a missing one, whatever the column."""
    missing = values.isna().to_numpy(dtype=bool)
    if missing.all():
        return np.zeros(len(values), dtype=np.uint64)
    made = _mixed(OF_KIND[column.kind](values) + _seed(column.name))
    made[missing] = 0
    return made


def _text(values: pd.Series[str]) -> Hashes:
    """Each distinct text is hashed once."""
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(text_of(values)).combine_chunks(), null_encoding="mask")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    distinct = encoded.dictionary.to_pylist() or [""]
    hashed = np.frombuffer(b"".join(_digest(text) for text in distinct), dtype="<u8").astype(np.uint64)
    at = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    made: Hashes = hashed[at]
    return made


def _date(values: pd.Series) -> Hashes:
    return values.to_numpy(dtype="datetime64[s]").astype("datetime64[D]").astype(np.int64).view(np.uint64)


def _moment(values: pd.Series) -> Hashes:
    return values.to_numpy(dtype="datetime64[s]").astype(np.int64).view(np.uint64)


def _flag(values: pd.Series) -> Hashes:
    return values.fillna(False).to_numpy(dtype=bool).astype(np.uint64)


def _number(values: pd.Series) -> Hashes:
    return (values.to_numpy(dtype=np.float64) + 0.0).view(np.uint64)  # + 0.0: there is no -0


OF_KIND: Final[Mapping[Kind, Callable[[Any], Hashes]]] = {
    "id": _text,
    "code": _text,
    "date": _date,
    "moment": _moment,
    "flag": _flag,
    "number": _number,
}


@cache
def _seed(column: str) -> np.uint64:
    return np.uint64(int.from_bytes(_digest(column), "little"))


@lru_cache(maxsize=2**18)
def _digest(text: str) -> bytes:
    """Remembered: a child's id stands in a dozen tables of two extracts."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8, key=KEY).digest()


def _mixed(values: Hashes) -> Hashes:
    """splitmix64: every bit of the value moves every bit of the result (Steele, Lea and Flood 2014)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


# --- one extract against another ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Compared:
    """One table in two extracts. `rekeyed`: keys of the earlier one whose rows are in the later one under another id."""

    change: TableChange
    rekeyed: npt.NDArray[np.object_]


def changes_of(before: Snapshot, now: Snapshot) -> list[TableChange]:
    """Rows per table against an earlier extract, by business content. Tables that neither has rows of are left out."""
    return [compared.change for compared in compare(before.tables, now.tables).values()]


def compare(before: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]) -> dict[str, Compared]:
    """As `changes_of`, with the ids that changed form."""
    then, today = Links(before), Links(now)
    return {table: _compared(table, then, today) for table in TABLES if len(before[table]) or len(now[table])}


def _compared(table: str, then: Links, today: Links) -> Compared:
    """First what is the same under the same id; of the rest, what is the same under another id; of the rest, what is another under the
    same id. Equal rows (two visits on a day) are paired off one by one.
    """
    key = TABLES[table].key
    old, new = then.tables[table][key], today.tables[table][key]
    old_hash, new_hash = content_hashes(table, then), content_hashes(table, today)
    place = pc.index_in(text_of(new), value_set=text_of(old), skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    same = np.zeros(len(new), dtype=bool)
    same[place >= 0] = old_hash[place[place >= 0]] == new_hash[place >= 0]
    old_left = np.ones(len(old), dtype=bool)
    old_left[place[same]] = False
    old_rest, new_rest = np.flatnonzero(old_left), np.flatnonzero(~same)
    old_paired, new_paired = _pairs(old_hash[old_rest], new_hash[new_rest])
    rekeyed = old.iloc[old_rest[old_paired]].to_numpy(dtype=object)
    old_left[old_rest[old_paired]] = False
    others = new_rest[~new_paired]
    was_there = place[others] >= 0
    was_there[was_there] = old_left[place[others][was_there]]
    old_left[place[others][was_there]] = False
    counts = {"same": int(same.sum()), "rekeyed": int(new_paired.sum()), "changed": int(was_there.sum()), "gone": int(old_left.sum())}
    return Compared(TableChange(table, new=len(new) - counts["same"] - counts["rekeyed"] - counts["changed"], **counts), rekeyed)


def _pairs(old: Hashes, new: Hashes) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of the old and of the new hashes have a partner on the other side, each used once."""
    if not (len(old) and len(new)):
        return np.zeros(len(old), dtype=bool), np.zeros(len(new), dtype=bool)
    old_nth, new_nth = (_mixed(h + pd.Series(h).groupby(h).cumcount().to_numpy().astype(np.uint64)) for h in (old, new))
    return np.isin(old_nth, new_nth), np.isin(new_nth, old_nth)
