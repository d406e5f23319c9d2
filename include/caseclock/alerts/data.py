"""May the numbers speak? Held by quality, stale because no extract came, or fine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from caseclock.alerts.hours import at_local, local_day
from caseclock.clocks.calendar import WorkingCalendar


class Cadence(BaseModel):
    """When the next extract of a source is due: `every_days` after the last date, moved to a working day, `lag_wd` days on, `by` (London).

    `hold_after_wd`: working days after which figures are too old to speak for the present.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_days: int = Field(default=1, ge=1)
    lag_wd: int = Field(default=0, ge=0)
    by: str = Field(default="10:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    hold_after_wd: int = Field(default=2, ge=1)


@dataclass(frozen=True)
class Ruling:
    """What a person said of an extract that quality held. `by` and `reason` are for data engineers only.

    `taken_back`: it is a rejection of what had been released before, so people may have been told of figures that count no more.
    """

    approved: bool
    by: str
    reason: str
    at: dt.datetime
    taken_back: bool = False


@dataclass(frozen=True)
class ExtractDay:
    """What the newest revision of one extract date is worth. `held` says why it does not speak, None when it does.

    `figures`: fingerprint of what was measured in it.
    """

    as_of: dt.date
    extract_id: str
    held: str | None = None
    ruling: Ruling | None = None
    figures: str = ""


@dataclass(frozen=True)
class DataState:
    """The data axis of one source. `latest`: newest date that speaks.

    `held_since`: first date of the unbroken run of held dates that ends with the newest extract.
    `stale_since`: the date that was due and has not come. `released`: a person let the newest extract speak. `taken_back`: dates (ISO)
    that spoke because a person had released them, until a person rejected them.
    """

    latest: dt.date | None = None
    held_since: dt.date | None = None
    held_why: str = ""
    held_extract: str = ""
    stale_since: dt.date | None = None
    stale_holds: bool = False
    released: Ruling | None = None
    taken_back: frozenset[str] = frozenset()

    @property
    def silent_because(self) -> str | None:
        """Why nothing of this source may fire, resolve, remind or escalate; None when it may."""
        if self.held_since:
            return f"the figures are on hold since the extract of {self.held_since}: {self.held_why}"
        if self.stale_since and self.stale_holds:
            return f"the figures are too old: the extract of {self.stale_since} has not come"
        return None


def data_state(days: Sequence[ExtractDay], cadence: Cadence | None, calendar: WorkingCalendar, now: dt.datetime) -> DataState:
    """`days`: one per extract date that has arrived, any order. Without a cadence nothing is ever stale."""
    ordered = sorted(days, key=lambda d: d.as_of)
    if not ordered:
        return DataState()
    latest = max((d.as_of for d in ordered if d.held is None), default=None)
    held: ExtractDay | None = None
    for day in reversed(ordered):
        if day.held is None:
            break
        held = day
    due = _due(ordered[-1].as_of, cadence, calendar) if cadence else None
    stale = due is not None and cadence is not None and now >= at_local(due, dt.time.fromisoformat(cadence.by))
    return DataState(
        latest=latest,
        held_since=held.as_of if held else None,
        held_why=(held.held or "") if held else "",
        held_extract=held.extract_id if held else "",
        stale_since=due if stale else None,
        stale_holds=bool(stale and cadence and due and calendar.elapsed(due, max(due, local_day(now))) >= cadence.hold_after_wd),
        released=ordered[-1].ruling if held is None else None,
        taken_back=frozenset(d.as_of.isoformat() for d in ordered if d.held is not None and d.ruling and d.ruling.taken_back),
    )


def _due(last: dt.date, cadence: Cadence, calendar: WorkingCalendar) -> dt.date:
    expected = calendar.next_working_day(last + dt.timedelta(days=cadence.every_days))
    return calendar.due(expected, cadence.lag_wd)
