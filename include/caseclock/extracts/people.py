"""Who stands behind a worker's id: the id that stands for a name, and those who can hold no case."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from caseclock.extracts.model import RawTable, ReadResult
from caseclock.extracts.source import SourceConfig

if TYPE_CHECKING:  # pandas costs half a second and this module is read where only names are needed
    import pandas as pd

NAMED = "w:"
"""How the ids of workers begin that are known by name only (Annex A): a hash stands for the name."""


def id_of_name(name: str, source: SourceConfig, salt: bytes = b"") -> str:
    """The id of a worker, made from the name, which goes no further than this.

    A hash keyed with the salt and the source, so that two councils' workers of one name have two ids. Without a salt (of the caller, else
    of the source: `CASECLOCK_WORKER_SALT`) whoever has a list of the council's staff can try its names.
    """
    told = f"{source.id}\0{name.casefold()}".encode()
    return NAMED + hmac.new(salt or source.salt or source.id.encode(), told, hashlib.sha256).hexdigest()[:12]


def without_those_who_hold_nothing(result: ReadResult, source: SourceConfig) -> ReadResult:
    """Workers whom the source names in `not_allocated_workers`, or whose role in staff.csv is one of `not_allocated_roles`, are no people.

    A listed worker of whom neither the export's professionals nor staff.csv has a row is taken out of the allocation itself.
    """
    listed = _listed(source)
    roles = frozenset(role_of(role) for role in source.not_allocated_roles)
    known: set[str] = set()
    tables = []
    for raw in result.tables:
        if raw.table in ("worker", "staff") and "worker_id" in raw.frame:
            worker = raw.frame["worker_id"].str.strip().str.casefold()
            known |= set(worker.dropna()) if listed else set()
            nobody = worker.isin(list(listed))
            if raw.table == "staff" and "role" in raw.frame:
                nobody |= raw.frame["role"].isin(list(roles))
            raw = _as_nobody(raw, nobody)
        tables.append(raw)
    lonely = listed - known
    return replace(result, tables=[_unassigned(raw, lonely) if raw.table == "allocation" and lonely else raw for raw in tables])


def role_of(text: str) -> str:
    """A role in the spelling of staff.csv: `Team Manager` is team_manager."""
    from caseclock.extracts.supplementary.codes import slug

    return slug(text)


def _listed(source: SourceConfig) -> frozenset[str]:
    """Ids, lower-case; a name that a workbook of Annex A has in the place of an id counts by the id that is made of it."""
    said = [text.strip() for text in source.not_allocated_workers]
    return frozenset([*(text.casefold() for text in said), *(id_of_name(text, source) for text in said)])


def _as_nobody(raw: RawTable, nobody: pd.Series) -> RawTable:
    if not nobody.any():
        return raw
    import pandas as pd

    said = raw.frame["is_person"] if "is_person" in raw.frame else pd.Series([None] * len(raw.frame), index=raw.frame.index, dtype="str")
    return RawTable(raw.table, raw.frame.assign(is_person=said.mask(nobody, "N").astype("str")))


def _unassigned(raw: RawTable, lonely: Collection[str]) -> RawTable:
    if "worker_id" not in raw.frame:
        return raw
    worker = raw.frame["worker_id"]
    return RawTable(raw.table, raw.frame.assign(worker_id=worker.mask(worker.str.strip().str.casefold().isin(list(lonely)))))
