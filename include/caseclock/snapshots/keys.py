"""Is this the row of an earlier extract? Answered without keeping its key where people look."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from caseclock.snapshots.tables import Table

if TYPE_CHECKING:  # pandas costs half a second, and the ledger's room reads this module for its names
    import pandas as pd

DIGEST = 16  # bytes; 32 hex digits


def row_hashes(table: Table, rows: pd.DataFrame) -> list[str]:
    """One hash per row: of its key, and where it has none of its other canonical cells. Empty where there is nothing to go by.

    A hash of a key can be guessed by whoever can guess keys: it is a pseudonym, to be kept as carefully as the snapshots are.
    """
    found = key_hashes(table, rows[table.key])
    return [known or _content_hash(table, rows.iloc[n]) for n, known in enumerate(found)]


def key_hashes(table: Table, keys: pd.Series[str]) -> list[str]:
    """One hash per key, empty for a missing one."""
    return [_hash(table.name, "key", key) if isinstance(key, str) else "" for key in keys]


def _content_hash(table: Table, row: pd.Series) -> str:
    filled = row.notna()
    cells = [f"{name}={row[name]}" for name in table.names if name in row and filled[name]]
    return _hash(table.name, "content", *cells) if cells else ""


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=DIGEST).hexdigest()
