"""One entry of timescales.yaml: a promise, when it starts, what stops it, and how long it may take.

A *column* is named as the row's own (`started_on`) or as one of the row that its key leads to (`referral.closed_on`: through
`referral_id`). Names are checked against the canonical tables when the file is read, so a slip of the pen is no silent zero.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from caseclock.clocks.calendar import Unit
from caseclock.clocks.conditions import (
    Condition,
    Entry,
    Known,
    Not,
    OneOf,
    Where,
    check_kind,
    check_table,
    check_where,
    column_of,
    link_of,
    values_of,
)

__all__ = [
    "INTERVALS", "Answers", "Beside", "Condition", "Events", "Held", "Known", "Limit", "Not", "OneOf", "TimescaleRule", "Unless", "Where",
    "column_of", "link_of", "values_of",
]  # fmt: skip

INTERVALS: dict[str, tuple[int, int | None]] = {
    "once": (1, 1),
    "first": (1, 1),
    "second": (2, 2),
    "third_on": (3, None),
    "next": (2, None),
    "every": (1, None),
}
"""Which stretches of a repeating clock are watched. Stretch 1 runs from the start to the first event, 2 from the first to the second ..."""


class Events(Entry):
    """The clock stops with rows of another table.

    `by`: key columns that both tables have, tried in turn: a row that names its item by the first key counts for that item only;
    one that names none (or one that is not in the extract) counts for every item with the same second key, by its date.
    `take`: *first* stops the clock for good, *each* stops one stretch and starts the next.
    `same_day`: an event on the day of the start counts. Events before the start or after the end never do, except by `early`: one that
    names its item by the first key and is dated before the start stops the clock on the day of the start.
    `one_each`: an item has one such event at most; the one on its own line (Annex A) is then no latest one of several.
    `reach`: a date of the events' table by which rows leave sources that reach back only so far. Of an item that began before the earliest
    such date and has no event nobody can say that it has had none.
    """

    table: str
    date: str
    by: list[str] = Field(min_length=1)
    where: Where = Field(default={})
    take: Literal["first", "each"] = "first"
    same_day: bool = True
    early: bool = False
    one_each: bool = False
    reach: str | None = None


class Held(Entry):
    """The clock runs while no real person in an allocated role holds the item; it runs again when the last of them has left."""

    held_by: Literal["allocated_worker"]


def _stop_kind(value: Any) -> str:
    if isinstance(value, str):
        return "column"
    if isinstance(value, Held) or (isinstance(value, dict) and "held_by" in value):
        return "held"
    return "events"


Stop = Annotated[Annotated[str, Tag("column")] | Annotated[Events, Tag("events")] | Annotated[Held, Tag("held")], Discriminator(_stop_kind)]


class Beside(Entry):
    """A row of another table, with the same key `by`, that is true on the day on which a clock starts: from its day `since` until the day
    before `until` (without `until`: for good). `needed`: an extract without any such row cannot feed the rule (nor can one without those of
    `during`)."""

    table: str
    by: str
    since: str
    until: str | None = None
    where: Where = Field(default={})
    needed: bool = False


class Unless(Entry):
    """What takes a clock out: the item meets `own`, and the row `beside` is true when the clock starts; each may be left out."""

    own: Where = Field(default={})
    beside: Beside | None = None


class Limit(Entry):
    """How long it may take, from this date on. A clock has the limit that was in force on the day it started."""

    effective_from: dt.date
    limit: int = Field(ge=0)


class Answers(Entry):
    """The row's own columns that give team and worker when nobody holds the case. None: the row does not say."""

    team: str | None = "team_id"
    worker: str | None = "worker_id"


class TimescaleRule(Entry):
    """One promise on one kind of work. `table` is the one with one clock (or one row of clocks) per row.

    `per: worker` (table: allocation): one clock per worker who holds a case now, from the first known start; it has no child, and its
    item is the worker.

    `start` and `ends` list columns: the first known one starts the clock; the earliest known one of `ends` ends it without verdict.
    `first_per`: only the first row per this column, by `start_of_row`, carries the clock.
    `stop_also`: columns of the row that stop a clock too, whichever comes first. `needs`: columns without any value in an extract that
    cannot feed the rule. `within_months`, `after_months`: only clocks that start in so many months from the item's own start, or later.
    `during`: only clocks on whose first day all of these are true; `unless`: none of these.
    `warn` is the lead before the due date in the rule's unit (calendar days where the unit is the month), `warn_at` the elapsed time from
    which it is due soon; with neither there is no such stage. `count_start_day`: the council calls the day of the start day 1.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=3, description="plain words, as a message would say it")
    table: str  # not `on`: YAML reads that word as true
    per: Literal["row", "worker"] = "row"
    where: Where = Field(default={})
    start: list[str] = Field(min_length=1)
    stop: Stop
    stop_also: list[str] = Field(default=[])
    ends: list[str] = Field(default=[])
    needs: list[str] = Field(default=[])
    within_months: int | None = Field(default=None, ge=1)
    after_months: int | None = Field(default=None, ge=1)
    during: list[Beside] = Field(default=[])
    unless: list[Unless] = Field(default=[])
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

    @field_validator("start", "stop_also", "ends", "needs", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_exist(self) -> TimescaleRule:
        check_table(self.table)
        kind = "moment" if self.in_hours else "date"
        for path in [*self.start, *self.stop_also]:
            check_kind(self.table, path, kind)
        for path in self.ends:
            check_kind(self.table, path, "date")
        for path in self.needs:
            column_of(self.table, path)
        check_where(self.table, self.where)
        if isinstance(self.stop, str):
            check_kind(self.table, self.stop, kind)
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
    def _circumstances_fit(self) -> TimescaleRule:
        for beside in [*self.during, *(out.beside for out in self.unless if out.beside)]:
            _check_beside(self.table, beside)
        for out in self.unless:
            check_where(self.table, out.own)
            if not out.own and out.beside is None:
                raise ValueError("unless needs own, beside, or both")
        if self.stop_also and (isinstance(self.stop, Held) or self.repeats):
            raise ValueError("stop_also needs a stop by a column, or by events with take: first")
        if self.in_hours and not isinstance(self.stop, str):
            raise ValueError("clock_hour needs a stop by a column of the row")
        if (self.within_months or self.after_months) and self.in_hours:
            raise ValueError("within_months and after_months count from a day, not from an hour")
        return self

    @model_validator(mode="after")
    def _numbers_fit(self) -> TimescaleRule:
        days = [entry.effective_from for entry in self.limits]
        if any(b <= a for a, b in pairwise(days)):
            raise ValueError("limits must be in the order of effective_from, each date once")
        if self.warn is not None and self.warn_at is not None:
            raise ValueError("give warn (lead before the due date) or warn_at (elapsed), not both")
        if self.count_start_day and (self.unit in ("calendar_month", "clock_hour") or min(entry.limit for entry in self.limits) < 1):
            raise ValueError("count_start_day needs a limit of at least 1, in days")
        if not self.repeats and INTERVALS[self.interval] != (1, 1):
            raise ValueError(f"interval {self.interval} needs a stop with take: each")
        return self

    @property
    def in_hours(self) -> bool:
        """True when the clock runs from moment to moment, not from day to day."""
        return self.unit == "clock_hour"

    @property
    def repeats(self) -> bool:
        """True when each event starts the next stretch."""
        return isinstance(self.stop, Events) and self.stop.take == "each"

    @property
    def warns(self) -> bool:
        """True when there is a stage *due soon*."""
        return self.warn is not None or self.warn_at is not None


def _check_events(on: str, events: Events) -> None:
    check_kind(events.table, events.date, "date")
    check_where(events.table, events.where)
    for key in events.by:
        check_kind(on, key, "id")
        check_kind(events.table, key, "id")
    if events.reach is not None:
        check_kind(events.table, events.reach, "date")
    if events.take == "each" and (events.reach or events.early or events.one_each):
        raise ValueError("reach, early and one_each need take: first")


def _check_beside(on: str, beside: Beside) -> None:
    check_kind(on, beside.by, "id")
    check_kind(beside.table, beside.by, "id")
    for path in (beside.since, beside.until):
        if path is not None:
            check_kind(beside.table, path, "date")
    check_where(beside.table, beside.where)
