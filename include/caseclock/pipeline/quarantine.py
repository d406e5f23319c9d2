"""The lives of quarantined rows, brought up to date with the accepted extracts of a source, and questions about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from caseclock.pipeline.house import House, Report
from caseclock.storage import quality, quarantine
from caseclock.storage.engine import reading

if TYPE_CHECKING:
    from caseclock.extracts import Extract
    from caseclock.quality.life import Entry, Key, Seen


def follow_quarantine(house: House, c: Connection, source: str) -> int:
    """Brings the lives of a source up to date in the given transaction; returns how many entries changed.

    It compares the extracts that are accepted now with those that were taken into account. When only newer ones have come, it goes on
    from what is stored. When one came late, was released, or counts no longer, it goes through all that are kept again. So the result does
    not depend on the order in which extracts were processed.
    """
    from caseclock.quality.life import follow_all
    from caseclock.snapshots import store

    quarantine.lock(c, source)
    spoken = quarantine.spoken(c, source)
    known, wanted = quarantine.tracked(c, source), {e.id for e in spoken}
    if known == wanted:
        return 0
    before = quarantine.entries(c, source)
    kept = [e for e in spoken if store.is_saved(e, house.settings.accepted)]
    todo, start = _what_is_new(kept, known, wanted), before
    if todo is None:
        todo, start = kept, _start(before, kept)
    after = follow_all(start, [_seen(house, c, e) for e in todo])
    quarantine.set_tracked(c, known, wanted)
    return quarantine.save(c, source, before, after)


def _what_is_new(kept: list[Extract], known: set[str], wanted: set[str]) -> list[Extract] | None:
    """The extracts to go on with; None when one that is newer was taken into account already, or one counts no longer."""
    new = [e for e in kept if e.id not in known]
    return new if known <= wanted and kept[len(kept) - len(new) :] == new else None


def _start(before: dict[Key, Entry], kept: list[Extract]) -> dict[Key, Entry]:
    from caseclock.quality.life import before_window

    return before_window(before, kept[0].as_of) if kept else {}


def _seen(house: House, c: Connection, extract: Extract) -> Seen:
    from caseclock.quality.life import Seen
    from caseclock.snapshots import TABLES, store
    from caseclock.snapshots.keys import key_hashes

    root = house.settings.accepted

    @cache
    def present(table: str) -> AbstractSet[str]:
        shape = TABLES.get(table)
        return set(key_hashes(shape, store.keys_of(extract, root, shape))) - {""} if shape else frozenset()

    coverage = quality.coverage_of(c, extract.id) or "full"
    return Seen(extract.id, extract.as_of, coverage, store.quarantine_of(extract, root), present)


# --- questions -------------------------------------------------------------------------------------------------------
def quarantine_list(
    house: House, source: str | None, table: str | None, rule: str | None, as_of: dt.date | None, left_too: bool
) -> list[Report]:
    """Rows in quarantine, where they stood last, and since when. No value and no hash of one."""
    with reading(house.engine) as c:
        found = quarantine.listed(c, source=source, table=table, rule=rule, as_of=as_of, left_too=left_too)
    return [_entry_json(source_id, entry) for source_id, entry in found]


def quarantine_summary(house: House, source: str | None) -> list[dict[str, Any]]:
    """Per source, table and rule: open, oldest, corrected, gone."""
    with reading(house.engine) as c:
        return quarantine.summary(c, source)


def _entry_json(source: str, entry: Entry) -> Report:
    return {
        "source": source,
        "table": entry.table,
        "rule": entry.rule,
        "file": entry.file,
        "row": entry.row,
        "column": entry.column,
        "reason": entry.reason,
        "extract_id": entry.extract_id,
        "first_seen": str(entry.first_seen),
        "last_seen": str(entry.last_seen),
        "left_on": str(entry.left_on) if entry.left_on else None,
        "left_because": entry.left_because,
    }
