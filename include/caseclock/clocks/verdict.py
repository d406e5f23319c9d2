"""Due date, elapsed time and state of columns of clocks, by the unit of their rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseclock.clocks.calendar import Days, WorkingCalendar, add_months_many
from caseclock.clocks.hours import Moments, end_of, shown, whole_hours
from caseclock.clocks.model import STATES
from caseclock.clocks.rules import TimescaleRule

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
RUNNING, DUE_SOON, OVERDUE, IN_TIME, LATE = range(len(STATES))


@dataclass(frozen=True)
class Verdict:
    """`state` indexes STATES. `due` is a day, or in the unit of the hour a London time."""

    limit: Numbers
    due: Days
    elapsed: Numbers
    state: npt.NDArray[np.int8]


def verdict(rule: TimescaleRule, start: Days, stop: Days, as_of: np.datetime64, calendar: WorkingCalendar) -> Verdict:
    """In time exactly when elapsed <= limit. Open clocks are aged to `as_of`. Raises NotCovered outside the calendar's years.

    In working days what is due on Friday and done on Saturday is in time: no working day has passed between the two, and the bands
    of DfE tables C2 and C4 count it so ("same day", "1 to 10 days"). In calendar days and months the due date is the last day in time. In
    hours start and stop are moments; the last second of the limit is in time, and an open clock is aged to the midnight after `as_of`.
    """
    if rule.in_hours:
        return _in_hours(rule, start, stop, end_of(as_of))
    limit = limit_of(rule, start)
    until = np.where(np.isnat(stop), as_of, stop)
    zero = start - 1 if rule.count_start_day else start  # a council that calls the start day 1 counts from the day before
    due = _due(rule, zero, limit, calendar)
    elapsed = _elapsed(rule, zero, until, calendar)
    beyond = elapsed > limit if rule.unit == "working_day" else until > due
    return Verdict(limit, due, elapsed, _state(stop, beyond, _due_soon(rule, due, elapsed, as_of, calendar)))


def _in_hours(rule: TimescaleRule, start: Moments, stop: Moments, now: np.datetime64) -> Verdict:
    limit = limit_of(rule, shown(start).astype("datetime64[D]"))
    until = np.where(np.isnat(stop), now, stop)
    due = start + limit.astype("timedelta64[h]")
    elapsed = whole_hours(start, until)
    soon = np.zeros(len(due), dtype=bool) if rule.warn is None else due - now <= np.timedelta64(rule.warn, "h")
    if rule.warn_at is not None:
        soon = elapsed >= rule.warn_at
    return Verdict(limit, shown(due), elapsed, _state(stop, until > due, soon))


def _state(stop: Days, beyond: Mask, soon: Mask) -> npt.NDArray[np.int8]:
    open_ = np.isnat(stop)
    state = np.where(open_, np.where(beyond, OVERDUE, RUNNING), np.where(beyond, LATE, IN_TIME))
    return np.where((state == RUNNING) & soon, DUE_SOON, state).astype(np.int8)


def limit_of(rule: TimescaleRule, start: Days) -> Numbers:
    """The limit in force on each start. The first one also holds for what began earlier: an old clock must never be invisible."""
    since = np.array([entry.effective_from for entry in rule.limits], dtype="datetime64[D]")
    at = np.searchsorted(since, start, side="right") - 1
    return np.array([entry.limit for entry in rule.limits], dtype=np.int64)[np.maximum(at, 0)]


def _due(rule: TimescaleRule, zero: Days, limit: Numbers, calendar: WorkingCalendar) -> Days:
    if rule.unit == "working_day":
        return calendar.due_many(zero, limit)
    if rule.unit == "calendar_month":
        return add_months_many(zero, limit)
    days: Days = zero + limit.astype("timedelta64[D]")
    return days


def _elapsed(rule: TimescaleRule, zero: Days, until: Days, calendar: WorkingCalendar) -> Numbers:
    if rule.unit == "working_day":
        return calendar.elapsed_many(zero, until).astype(np.int64)
    if rule.unit == "calendar_month":
        months = (until.astype("datetime64[M]") - zero.astype("datetime64[M]")).astype(np.int64)
        whole: Numbers = months - (add_months_many(zero, months) > until)
        return whole
    return (until - zero).astype(np.int64)


def _due_soon(rule: TimescaleRule, due: Days, elapsed: Numbers, as_of: np.datetime64, calendar: WorkingCalendar) -> Mask:
    if rule.warn_at is not None:
        return elapsed >= rule.warn_at
    if rule.warn is None:
        return np.zeros(len(due), dtype=bool)
    ahead = np.maximum(due, as_of)
    if rule.unit == "working_day":
        left = calendar.elapsed_many(np.full(len(due), as_of), ahead).astype(np.int64)
    else:
        left = (ahead - as_of).astype(np.int64)
    return left <= rule.warn
