"""When caseclock's DAGs run: on the working days of England, at London wall-clock times.

A time of day is taken in London and then turned into UTC, day by day, so 08:00 stays 08:00 when the clocks change.
The calendar is the library's (`caseclock.clocks.calendar` with the configured calendar.yaml), loaded when it is first
needed: scheduler and DAG processor load this file again and again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.exceptions import AirflowTimetableInvalid
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

if TYPE_CHECKING:
    from pendulum import DateTime

    from caseclock.clocks.calendar import WorkingCalendar

LONDON = ZoneInfo("Europe/London")
LONGEST_REST = 40  # days without a working day that we look across: far more than Christmas and a week of closure together
GRACE = dt.timedelta(minutes=5)  # a tick just past still counts for a new DAG: it may be parsed again before the scheduler looked

log = logging.getLogger(__name__)


class WorkingDayTimetable(Timetable):
    """`times`: London times ("08:00") on each working day. Or `every`: a tick each so many minutes within the working hours
    of calendar.yaml, both ends included; `night`: and each so many minutes outside them, on every day of the week, from midnight on.
    `first_of_week`: only on the first working day of each week.

    A run that was missed while Airflow was down is made up once, the latest one only. A new DAG begins with the next tick.
    """

    def __init__(self, times: Sequence[str] = (), *, every: int = 0, night: int = 0, first_of_week: bool = False) -> None:
        self.times, self.every, self.night, self.first_of_week = tuple(times), every, night, first_of_week
        self.description = self.summary

    # --- what Airflow stores -------------------------------------------------------------------------------------
    def serialize(self) -> dict[str, Any]:
        return {"times": list(self.times), "every": self.every, "night": self.night, "first_of_week": self.first_of_week}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WorkingDayTimetable:
        return cls(data["times"], every=data["every"], night=data.get("night", 0), first_of_week=data["first_of_week"])

    @property
    def summary(self) -> str:
        days = "First working day of the week" if self.first_of_week else "Working days"
        if not self.every:
            return f"{days} {', '.join(self.times)}"
        else_when = f"; else every {self.night} min, day and night" if self.night else ""
        return f"{days}, every {self.every} min in working hours{else_when}"

    def validate(self) -> None:
        if bool(self.times) == bool(self.every):
            raise AirflowTimetableInvalid("give either times, as in times=['08:00'], or every, the minutes between two ticks")
        if self.every and not 1 <= self.every <= 24 * 60:
            raise AirflowTimetableInvalid(f"every={self.every}: expected 1 to 1440 minutes")
        if self.night and not (1 <= self.night <= 24 * 60 and self.every and not self.first_of_week):
            raise AirflowTimetableInvalid(f"night={self.night}: expected 1 to 1440 minutes, together with every and without first_of_week")
        for time in self.times:
            try:
                parsed = dt.time.fromisoformat(time)
            except ValueError:
                raise AirflowTimetableInvalid(f"{time!r} is no time of day; expected HH:MM") from None
            if parsed.tzinfo or parsed.hour == 1:
                raise AirflowTimetableInvalid(
                    f"{time}: expected a London time outside 01:00-01:59, which the clock change skips or repeats"
                )

    # --- when ----------------------------------------------------------------------------------------------------
    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction) -> DagRunInfo | None:
        now = dt.datetime.now(dt.UTC)
        last = last_automated_data_interval.end if last_automated_data_interval else None
        at = self._due(_utc(last), _utc(restriction.earliest), now, catchup=restriction.catchup)
        if at is None or (restriction.latest is not None and at > restriction.latest):
            return None
        return DagRunInfo.exact(_pendulum(at))

    def _due(self, last: dt.datetime | None, earliest: dt.datetime | None, now: dt.datetime, *, catchup: bool) -> dt.datetime | None:
        """The tick to run next. `last` is the tick of the latest run; without catch-up only the newest missed tick is made up."""
        if last is None:
            begin = earliest if earliest and (catchup or earliest > now) else now - GRACE
            return self.next_tick(begin - dt.timedelta(microseconds=1))
        after = self.next_tick(max(last, earliest - dt.timedelta(microseconds=1)) if earliest else last)
        if catchup or after is None or after > now:
            return after
        return max(after, self.previous_tick(now) or after)

    def next_tick(self, after: dt.datetime) -> dt.datetime | None:
        """The first tick later than `after`; None when no working day comes within LONGEST_REST days."""
        day = after.astimezone(LONDON).date()
        ahead = (day + dt.timedelta(days=n) for n in range(LONGEST_REST + 1))
        return next((tick for d in ahead for tick in self.ticks(d) if tick > after), None)

    def previous_tick(self, at: dt.datetime) -> dt.datetime | None:
        """The latest tick that is not later than `at`."""
        day = at.astimezone(LONDON).date()
        back = (day - dt.timedelta(days=n) for n in range(LONGEST_REST + 1))
        return next((tick for d in back for tick in reversed(list(self.ticks(d))) if tick <= at), None)

    def ticks(self, day: dt.date) -> Iterator[dt.datetime]:
        """The moments (UTC, ascending) of one London day; none when it is no working day, unless there is something to do at night."""
        if self.night:
            yield from sorted({*self._night(day), *self._working_hours(day)})
        else:
            yield from self._working_hours(day)

    def _night(self, day: dt.date) -> Iterator[dt.datetime]:
        """From midnight to midnight, by steps of real time: a day on which the clocks change has 23 or 25 hours. Not in working hours."""
        opens, closes = self._hours(day) if _is_working_day(day) else (None, None)
        at, end = (dt.datetime.combine(d, dt.time(), LONDON).astimezone(dt.UTC) for d in (day, day + dt.timedelta(days=1)))
        while at < end:
            if opens is None or closes is None or not opens <= at <= closes:
                yield at
            at += dt.timedelta(minutes=self.night)

    def _hours(self, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        opens, closes = (dt.time.fromisoformat(t) for t in _calendar().config.working_hours)
        return (
            dt.datetime.combine(day, opens, LONDON).astimezone(dt.UTC),
            dt.datetime.combine(day, closes, LONDON).astimezone(dt.UTC),
        )

    def _working_hours(self, day: dt.date) -> Iterator[dt.datetime]:
        if not _is_working_day(day):
            return
        monday = day - dt.timedelta(days=day.weekday())
        if self.first_of_week and any(_is_working_day(monday + dt.timedelta(days=n)) for n in range(day.weekday())):
            return
        for time in sorted(dt.time.fromisoformat(t) for t in self.times) if self.times else self._within_hours():
            yield dt.datetime.combine(day, time, LONDON).astimezone(dt.UTC)

    def _within_hours(self) -> Iterator[dt.time]:
        opens, closes = (dt.time.fromisoformat(t) for t in _calendar().config.working_hours)
        first, last = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
        for minute in range(first, last + 1, self.every):
            yield dt.time(minute // 60, minute % 60)


def _is_working_day(day: dt.date) -> bool:
    from caseclock.clocks.calendar import NotCovered

    try:
        return _calendar().is_working_day(day)
    except NotCovered as error:
        # a timetable that raises stops the scheduler for every DAG. A run too many does no harm, and the run itself refuses such a year
        log.warning("%s Until then Monday to Friday are taken for working days by the schedule.", error)
        return day.weekday() < 5


def _calendar() -> WorkingCalendar:
    """The calendar of the configured calendar.yaml, read again when the file has changed."""
    from caseclock.errors import WrongUse
    from caseclock.settings import from_environment

    try:
        file = from_environment().config / "calendar.yaml"
        return _calendar_of(file, file.stat().st_mtime_ns)
    except (WrongUse, OSError):  # no home, no file: the bank holidays alone
        return _plain_calendar()


@lru_cache(maxsize=4)
def _calendar_of(file: Path, _changed: int) -> WorkingCalendar:
    import yaml

    from caseclock.clocks.calendar import CalendarConfig, WorkingCalendar

    try:
        return WorkingCalendar(CalendarConfig.model_validate(yaml.safe_load(file.read_text("utf-8")) or {}))
    except (ValueError, yaml.YAMLError) as error:  # `caseclock check-config` says what is wrong; the schedule goes on without it
        log.warning(
            "%s cannot be used (%s); the schedule knows only the bank holidays. Run caseclock check-config.", file, type(error).__name__
        )
        return _plain_calendar()


@lru_cache(maxsize=1)
def _plain_calendar() -> WorkingCalendar:
    from caseclock.clocks.calendar import WorkingCalendar

    return WorkingCalendar()


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.astimezone(dt.UTC) if moment else None


def _pendulum(moment: dt.datetime) -> DateTime:
    from pendulum import instance

    return instance(moment)


class CaseclockWorkdaysPlugin(AirflowPlugin):
    name = "caseclock_workdays"
    timetables = [WorkingDayTimetable]  # noqa: RUF012 - the form that Airflow asks for
