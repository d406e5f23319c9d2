"""The life of a row in quarantine: from the extract that first had it to the one in which it was well, or gone.

Worked out by going through the accepted extracts of a source in their order, so the same extracts give the same lives however often and
in whatever order they were processed. A held extract says nothing here: neither that a row is bad nor that one has gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

from caseclock.extracts.model import Reject
from caseclock.quality.history import Coverage
from caseclock.snapshots.keys import DIGEST

Left = Literal["corrected", "gone"]
Key = tuple[str, str, str]
"""Table, hash of the row, rule."""


@dataclass(frozen=True)
class Entry:
    """One reason for which one row is put aside. Rows that share a key (copies of one row) are one entry.

    `file`, `row` and `extract_id`: where it stood in the newest extract that had it. `first_seen`, `last_seen` and `left_on` are dates of
    extracts. A row that comes back into quarantine is open again, with the date on which it was first seen.
    """

    table: str
    row_hash: str
    rule: str
    column: str
    reason: str
    file: str
    row: int
    extract_id: str
    first_seen: dt.date
    last_seen: dt.date
    left_on: dt.date | None = None
    left_because: Left | None = None

    @property
    def key(self) -> Key:
        return self.table, self.row_hash, self.rule


@dataclass(frozen=True)
class Seen:
    """What one accepted extract shows: the rows it has aside, and by `present`, for a table, the hashes of the keys that it can use."""

    extract_id: str
    as_of: dt.date
    coverage: Coverage
    aside: Sequence[Reject]
    present: Callable[[str], AbstractSet[str]]


def row_hash(reject: Reject) -> str:
    """Of the row's key, else of its content; as a last resort of its place, so a row that moved in its file counts as another one."""
    if reject.key_hash:
        return reject.key_hash
    return blake2b(f"{reject.table}\0place\0{reject.file}\0{reject.row}".encode(errors="surrogateescape"), digest_size=DIGEST).hexdigest()


def follow(entries: Mapping[Key, Entry], seen: Seen) -> dict[Key, Entry]:
    """The lives after one more extract, which is newer than all before it."""
    made = dict(entries)
    aside: set[tuple[str, str]] = set()
    sighted: set[Key] = set()
    for reject in sorted(seen.aside, key=lambda r: (r.file, r.row)):
        hashed = row_hash(reject)
        key = (reject.table, hashed, reject.rule)
        aside.add(key[:2])
        if key in sighted:
            continue  # of copies the first one gives the place
        sighted.add(key)
        first = made[key].first_seen if key in made else seen.as_of
        made[key] = Entry(*key, reject.column, reject.reason, reject.file, reject.row, seen.extract_id, first, seen.as_of)
    for key, entry in entries.items():
        if entry.left_on is None and key not in sighted and (why := _why_left(entry, seen, aside)):
            made[key] = replace(entry, left_on=seen.as_of, left_because=why)
    return made


def _why_left(entry: Entry, seen: Seen, aside: AbstractSet[tuple[str, str]]) -> Left | None:
    """None: it stays. Where rows leave an extract by age, a row that is not there has not been corrected, and nobody knows more."""
    if (entry.table, entry.row_hash) in aside or entry.row_hash in seen.present(entry.table):
        return "corrected"  # also when it is aside for another reason now: that one is another entry
    return None if seen.coverage == "window" else "gone"


def follow_all(entries: Mapping[Key, Entry], seen: Sequence[Seen]) -> dict[Key, Entry]:
    """`follow` for each extract, oldest first."""
    made = dict(entries)
    for one in seen:
        made = follow(made, one)
    return made


def before_window(entries: Mapping[Key, Entry], first: dt.date) -> dict[Key, Entry]:
    """What is known of the time before the oldest extract that is still kept (`first`): entries that began then, as they stood then."""
    made = {}
    for key, entry in entries.items():
        if entry.first_seen >= first:
            continue
        left_before = entry.left_on is not None and entry.left_on < first
        at_rest = replace(entry, last_seen=min(entry.last_seen, first))
        made[key] = entry if left_before else replace(at_rest, left_on=None, left_because=None)
    return made
