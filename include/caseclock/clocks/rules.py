"""One entry of timescales.yaml: a promise, when it starts, what stops it, and how long it may take.

A *column* is named as the row's own (`started_on`) or as one of the row that its key leads to (`referral.closed_on`: through
`referral_id`). Names are checked against the canonical tables when the file is read, so a slip of the pen is no silent zero.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, Tag, field_validator, model_validator

from caseclock.clocks.calendar import Unit
from caseclock.snapshots.tables import TABLES, Column, Table

Scalar = StrictBool | str

INTERVALS: dict[str, tuple[int, int | None]] = {
    "once": (1, 1),
    "first": (1, 1),
    "second": (2, 2),
    "third_on": (3, None),
    "next": (2, None),
    "every": (1, None),
}
"""Which stretches of a repeating clock are watched. Stretch 1 runs from the start to the first event, 2 from the first to the second ..."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Not(_Entry):
    """The column holds something else, or nothing."""

    value: Scalar = Field(alias="not")


class OneOf(_Entry):
    """The column holds one of these."""

    values: list[Scalar] = Field(alias="in", min_length=1)


class Known(_Entry):
    """The column is filled (true) or empty (false)."""

    known: StrictBool


_CONDITION_KINDS = {"not": "not", "value": "not", "in": "in", "values": "in", "known": "known"}


def _condition_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((_CONDITION_KINDS[key] for key in value if key in _CONDITION_KINDS), None)
    return {bool: "flag", str: "text", Not: "not", OneOf: "in", Known: "known"}.get(type(value))


Condition = Annotated[
    Annotated[StrictBool, Tag("flag")]
    | Annotated[str, Tag("text")]
    | Annotated[Not, Tag("not")]
    | Annotated[OneOf, Tag("in")]
    | Annotated[Known, Tag("known")],
    Discriminator(
        _condition_kind,
        custom_error_type="condition",
        custom_error_message="expected true, false, text, {not: value}, {in: [values]} or {known: true}",
    ),
]
Where = dict[str, Condition]


class Events(_Entry):
    """The clock stops with rows of another table.

    `by`: key columns that both tables have, tried in turn: a row that names its item by the first key counts for that item only;
    one that names none (or one that is not in the extract) counts for every item with the same second key, by its date.
    `take`: *first* stops the clock for good, *each* stops one stretch and starts the next.
    `same_day`: an event on the day of the start counts. Events before the start or after the end never do.
    """

    table: str
    date: str
    by: list[str] = Field(min_length=1)
    where: Where = {}
    take: Literal["first", "each"] = "first"
    same_day: bool = True


class Held(_Entry):
    """The clock runs while no real person in an allocated role holds the item; it runs again when the last of them has left."""

    held_by: Literal["allocated_worker"]


def _stop_kind(value: Any) -> str:
    if isinstance(value, str):
        return "column"
    if isinstance(value, Held) or (isinstance(value, dict) and "held_by" in value):
        return "held"
    return "events"


Stop = Annotated[Annotated[str, Tag("column")] | Annotated[Events, Tag("events")] | Annotated[Held, Tag("held")], Discriminator(_stop_kind)]


LINKS = {"staff": "worker_id", "contact_decision": "contact_id"}
"""Tables that a row of another table leads to by something else than their key, which holds the same value."""


def link_of(table: str) -> str:
    """The column whose value leads to a row of this table."""
    return LINKS.get(table, TABLES[table].key)


class Limit(_Entry):
    """How long it may take, from this date on. A clock has the limit that was in force on the day it started."""

    effective_from: dt.date
    limit: int = Field(ge=0)


class Answers(_Entry):
    """The row's own columns that give team and worker when nobody holds the case. None: the row does not say."""

    team: str | None = "team_id"
    worker: str | None = "worker_id"


class TimescaleRule(_Entry):
    """One promise on one kind of work. `table` is the one with one clock (or one row of clocks) per row.

    `per: worker` (table: allocation): one clock per worker who holds a case now, from the first known start; it has no child, and its
    item is the worker.

    `start` and `ends` list columns: the first known one starts the clock; the earliest known one of `ends` ends it without verdict.
    `first_per`: only the first row per this column, by `start_of_row`, carries the clock.
    `warn` is the lead before the due date in the rule's unit (calendar days where the unit is the month), `warn_at` the elapsed time from
    which it is due soon; with neither there is no such stage. `count_start_day`: the council calls the day of the start day 1.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=3, description="plain words, as a message would say it")
    table: str  # not `on`: YAML reads that word as true
    per: Literal["row", "worker"] = "row"
    where: Where = {}
    start: list[str] = Field(min_length=1)
    stop: Stop
    ends: list[str] = []
    interval: Literal["once", "first", "second", "third_on", "next", "every"] = "once"
    first_per: str | None = None
    start_of_row: str | None = None
    unit: Unit
    limits: list[Limit] = Field(min_length=1)
    count_start_day: bool = False
    warn: int | None = Field(default=None, ge=0)
    warn_at: int | None = Field(default=None, ge=0)
    basis: Literal["statute", "statutory_guidance", "local"]
    source: str = Field(min_length=3)
    answers: Answers = Answers()
    headline: bool = False
    note: str = ""

    @field_validator("start", "ends", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_exist(self) -> TimescaleRule:
        check_table(self.table)
        for path in [*self.start, *self.ends]:
            check_kind(self.table, path, "date")
        for path, condition in self.where.items():
            check_condition(self.table, path, condition)
        if isinstance(self.stop, str):
            check_kind(self.table, self.stop, "date")
        elif isinstance(self.stop, Events):
            _check_events(self.table, self.stop)
        else:
            column_of(self.table, "child_id")
        if self.per == "worker" and (self.table != "allocation" or not isinstance(self.stop, Events) or self.stop.by != ["worker_id"]):
            raise ValueError("per: worker needs table: allocation and a stop by events with by: [worker_id]")
        if (self.first_per is None) != (self.start_of_row is None):
            raise ValueError("first_per and start_of_row belong together")
        if self.first_per is not None and self.start_of_row is not None:
            check_kind(self.table, self.first_per, "id")
            check_kind(self.table, self.start_of_row, "date")
        return self

    @model_validator(mode="after")
    def _numbers_fit(self) -> TimescaleRule:
        days = [entry.effective_from for entry in self.limits]
        if any(b <= a for a, b in pairwise(days)):
            raise ValueError("limits must be in the order of effective_from, each date once")
        if self.warn is not None and self.warn_at is not None:
            raise ValueError("give warn (lead before the due date) or warn_at (elapsed), not both")
        if self.count_start_day and (self.unit == "calendar_month" or min(entry.limit for entry in self.limits) < 1):
            raise ValueError("count_start_day needs a limit of at least 1, in days")
        repeating = isinstance(self.stop, Events) and self.stop.take == "each"
        if not repeating and INTERVALS[self.interval] != (1, 1):
            raise ValueError(f"interval {self.interval} needs a stop with take: each")
        return self

    @property
    def warns(self) -> bool:
        """True when there is a stage *due soon*."""
        return self.warn is not None or self.warn_at is not None


def check_table(name: str) -> Table:
    """The canonical table of this name. Raises ValueError that lists the tables."""
    if name not in TABLES:
        raise ValueError(f"there is no table {name}; tables: {', '.join(TABLES)}")
    return TABLES[name]


def column_of(table: str, path: str) -> Column:
    """The column that `path` names, seen from a row of `table`. Raises ValueError that says what there is."""
    here = check_table(table)
    target, _, name = path.rpartition(".")
    if target:
        there = check_table(target)
        if link_of(target) not in here.names:
            raise ValueError(f"{path}: a row of {table} has no {link_of(target)} that would lead to {target}")
        here = there
    if name not in here.names:
        raise ValueError(f"{path}: {here.name} has no column {name}; columns: {', '.join(here.names)}")
    return here.column(name)


def check_kind(table: str, path: str, kind: str) -> None:
    """Raises ValueError unless `path` names a column of this kind."""
    if column_of(table, path).kind != kind:
        raise ValueError(f"{path} is no {kind}")


def check_condition(table: str, path: str, condition: Condition) -> None:
    """Raises ValueError when the condition can never be met: a flag compared with text, a code that does not exist."""
    column = column_of(table, path)
    for value in values_of(condition):
        if column.kind == "flag" and not isinstance(value, bool):
            raise ValueError(f"{path} is a flag; expected true or false")
        if column.kind in ("code", "id") and not isinstance(value, str):
            raise ValueError(f"{path} holds codes; expected text in quotes")
        if column.kind in ("date", "number"):
            raise ValueError(f"{path} is a {column.kind}; a condition may only say whether it is known")
        if column.codes and value not in column.codes:
            raise ValueError(f"{path} is never {value}; expected one of {', '.join(column.codes)}")


def values_of(condition: Condition) -> list[bool | str]:
    """The values that a condition compares with."""
    if isinstance(condition, Known):
        return []
    if isinstance(condition, OneOf):
        return list(condition.values)
    return [condition.value if isinstance(condition, Not) else condition]


def _check_events(on: str, events: Events) -> None:
    check_kind(events.table, events.date, "date")
    for path, condition in events.where.items():
        check_condition(events.table, path, condition)
    for key in events.by:
        check_kind(on, key, "id")
        check_kind(events.table, key, "id")
