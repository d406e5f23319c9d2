"""Which column of which supplementary file is which canonical column, and what nobody can see without the file.

No standard export of a case system (SSD, Annex A, CIN census) holds these things, so a council makes the files itself. Columns that are not
named here are never kept, and neither are `set_by` and `source_code`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from caseclock.extracts.bundle import PARQUET

Use = Literal["text", "worker", "code", "key"]
"""What is done with a cell: `worker` ids follow those of the main extract, a `code` is brought into one spelling, and what is only a part
of the row's `key` is no column of its own."""

SUFFIXES = (".csv", *PARQUET)


@dataclass(frozen=True)
class Field:
    """A column of the file: its canonical name and what is done with its cells."""

    to: str
    use: Use = "text"


@dataclass(frozen=True)
class SupplementaryFile:
    """One of the six. `key`: columns that make a row's key together. `needed`: of each group the file must have one column.

    `one_of`: of these cells one must be filled, or the row says nothing.
    """

    name: str
    table: str
    shows: str
    fields: dict[str, Field]
    key: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    dropped: frozenset[str] = frozenset()
    one_of: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def key_column(self) -> str:
        """The canonical column that holds the key."""
        return KEYS[self.table]

    def is_known(self, header: str) -> bool:
        return header_of(header) in self.fields or header_of(header) in self.dropped


KEYS = {
    "supervision": "supervision_id",
    "staff": "staff_id",
    "post": "post_id",
    "contact_decision": "decision_id",
    "meeting": "event_id",
    "priority": "priority_id",
}


def _file(name: str, table: str, shows: str, key: str, columns: str, dropped: str = "", one_of: str = "") -> SupplementaryFile:
    """`columns`: `header=canonical`, `!` behind it when the file is no use without it, `@` for a worker's id, `#` for a code,
    `+` for a part of the key.
    """
    fields: dict[str, Field] = {}
    needed: list[tuple[str, ...]] = []
    for word in columns.split():
        header, _, to = word.partition("=")
        use: Use = "worker" if "@" in to else "code" if "#" in to else "key" if "+" in to else "text"
        fields[header] = Field(to.rstrip("!@#+"), use)
        if "!" in to:
            needed.append((header,))
    if one_of:
        needed.append(tuple(one_of.split()))
    return SupplementaryFile(
        name, table, shows, fields, tuple(key.split()), tuple(needed), frozenset(dropped.split()), tuple(one_of.split())
    )


FILES: tuple[SupplementaryFile, ...] = (
    _file(
        "supervision",
        "supervision",
        "supervision",
        "supervision_id",
        "supervision_id=supervision_id! person_id=child_id! worker_id=worker_id!@ supervisor_id=supervisor_id!@ "
        "supervision_date=supervised_on! supervision_type=kind!# recorded_at=recorded_on decision_recorded=decision_recorded "
        "next_due_date=next_due_on",
        dropped="source_code",
    ),
    _file(
        "staff",
        "staff",
        "caseload per full-time equivalent, agency share, who has left",
        "worker_id",
        "worker_id=worker_id!@ team_id=team_id! role=role!# fte=fte! agency=agency! manager_id=manager_id@ start_date=started_on "
        "end_date=ended_on absent_from=absent_from absent_to=absent_to is_person=is_person",
    ),
    _file(
        "posts",
        "post",
        "vacancies and agency posts",
        "team_id role as_of",
        "team_id=team_id! role=role!# established_fte=established! filled_fte=filled! agency_fte=agency! as_of=counted_on!",
    ),
    _file(
        "contact_decisions",
        "contact_decision",
        "time to decide on a contact",
        "contact_id",
        "contact_id=contact_id! received_at=received_on! decision_at=decided_on! decision=decision!#",
    ),
    _file(
        "meetings",
        "meeting",
        "core groups, child in need reviews, return interviews, visits to privately fostered children",
        "meeting_id person_id meeting_type",
        "meeting_id=meeting_id!+ person_id=child_id! meeting_type=kind!# held_date=held_on! due_date=due_on linked_plan_id=plan_id "
        "episode_end_at=since_on arrangement_from=begun_on arrangement_to=ended_on",
    ),
    _file(
        "priority",
        "priority",
        "priority of cases that wait",
        "person_id referral_id set_on priority",
        "person_id=child_id referral_id=referral_id priority=priority!# set_on=set_on!",
        dropped="set_by",
        one_of="person_id referral_id",
    ),
)

MOMENTS = {"meeting": {"held_on": "held_at", "since_on": "since_at"}}
"""Dates whose time of day is kept too, where there is one, and the column for it: a return interview is due within so many hours."""

BY_TABLE = {f.table: f for f in FILES}


def why_absent(table: str) -> str:
    """Why nothing of this table can be seen, in the words of every report."""
    return f"no export of a case system holds it; add {BY_TABLE[table].file}"


_DATE_AT_END = re.compile(r"[-_. ]*\d{4}[-_.]?\d{2}[-_.]?\d{2}$")


def file_of(base: str) -> SupplementaryFile | None:
    """The supplementary file that a name says it is: `Contact-Decisions_2026-11-20.csv` is contact_decisions."""
    stem, dot, suffix = base.rpartition(".")
    if not dot or f".{suffix.lower()}" not in SUFFIXES:
        return None
    name = _DATE_AT_END.sub("", header_of(stem)).strip("_")
    return next((f for f in FILES if f.name == name), None)


def header_of(text: str) -> str:
    """`Supervision Date` and `supervision-date` are supervision_date."""
    return re.sub(r"[-_\s\ufeff]+", "_", text.strip(' \t\xa0\ufeff"').lower())
