"""The timetable: working days of England, London wall-clock times, across clock changes and bank holidays."""

from __future__ import annotations

import datetime as dt
import json
import os
from itertools import pairwise
from pathlib import Path

import pendulum
import pytest
from airflow.exceptions import AirflowTimetableInvalid
from airflow.timetables.base import DataInterval, TimeRestriction
from caseclock_workdays import LONDON, WorkingDayTimetable

DAILY = WorkingDayTimetable(times=["07:00"])
DIGEST = WorkingDayTimetable(times=["08:00"], first_of_week=True)
BY_DAY = WorkingDayTimetable(every=5)
TEND = WorkingDayTimetable(every=5, night=10)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("after", "expected", "why"),
    [
        ("2026-03-27 07:00", "2026-03-30 06:00", "Friday in winter time; Monday in summer time: 07:00 in London is 06:00 UTC"),
        ("2026-10-23 06:00", "2026-10-26 07:00", "and back"),
        ("2026-04-02 06:00", "2026-04-07 06:00", "Good Friday to Easter Monday"),
        ("2026-12-24 07:00", "2026-12-29 07:00", "25 December is a Friday; Boxing Day is made up for on Monday 28"),
        ("2026-11-20 06:59", "2026-11-20 07:00", "later the same day"),
        ("2026-11-20 07:00", "2026-11-23 07:00", "strictly later; over the weekend"),
    ],
)
def test_the_next_tick(after: str, expected: str, why: str) -> None:
    assert DAILY.next_tick(utc(after)) == utc(expected), why


@pytest.mark.parametrize(
    ("day", "is_first", "why"),
    [
        ("2026-11-16", True, "a Monday"),
        ("2026-11-17", False, "a Tuesday after it"),
        ("2026-04-06", False, "Easter Monday"),
        ("2026-04-07", True, "the Tuesday after Easter Monday"),
        ("2026-12-28", False, "the substitute for Boxing Day"),
        ("2026-12-29", True, "the Tuesday after it"),
        ("2026-11-21", False, "a Saturday"),
    ],
)
def test_the_digest_goes_out_on_the_first_working_day_of_the_week(day: str, is_first: bool, why: str) -> None:
    assert bool(list(DIGEST.ticks(dt.date.fromisoformat(day)))) is is_first, why


@pytest.mark.parametrize("day", ["2026-03-30", "2026-11-16"])
def test_tending_covers_the_working_hours_with_both_ends(day: str) -> None:
    local = [t.astimezone(LONDON) for t in BY_DAY.ticks(dt.date.fromisoformat(day))]
    assert [f"{t:%H:%M}" for t in (local[0], local[1], local[-1])] == ["08:00", "08:05", "18:00"]
    assert len(local) == 121
    assert {b - a for a, b in pairwise(local)} == {dt.timedelta(minutes=5)}


def test_nothing_on_a_bank_holiday() -> None:
    assert list(BY_DAY.ticks(dt.date(2026, 12, 25))) == []


@pytest.mark.parametrize(
    ("day", "hours", "at_work"),
    [
        ("2026-11-16", 24, 121),
        ("2026-11-21", 24, 0),
        ("2026-12-25", 24, 0),
        ("2026-03-29", 23, 0),
        ("2026-10-25", 25, 0),
    ],
    ids=["working day", "Saturday", "bank holiday", "clocks go forward", "clocks go back"],
)
def test_outside_working_hours_there_is_a_tick_every_ten_minutes_and_none_twice(day: str, hours: int, at_work: int) -> None:
    ticks = list(TEND.ticks(dt.date.fromisoformat(day)))
    assert ticks == sorted(set(ticks))
    assert ticks[0].astimezone(LONDON).time() == dt.time(0)
    gaps = {b - a for a, b in pairwise(ticks)}
    assert gaps <= {dt.timedelta(minutes=5), dt.timedelta(minutes=10)}
    outside = 6 * (hours - 10) - 1 if at_work else 6 * hours  # 08:00 to 18:00 have ticks of their own, both ends included
    assert len(ticks) == outside + at_work


def test_the_night_goes_on_over_midnight_and_the_clock_change() -> None:
    at = utc("2026-03-28 17:55")
    for _ in range(6 * 24):
        then = TEND.next_tick(at)
        assert then is not None
        assert dt.timedelta() < then - at <= dt.timedelta(minutes=10)
        at = then


def test_a_run_missed_at_night_is_made_up_once() -> None:
    last, now = utc("2026-11-20 18:00"), utc("2026-11-21 03:14")
    assert TEND._due(last, None, now, catchup=False) == utc("2026-11-21 03:10")


def test_what_an_earlier_version_has_stored_can_be_read() -> None:
    assert WorkingDayTimetable.deserialize({"times": [], "every": 5, "first_of_week": False}).night == 0


def test_the_councils_own_closure_days_and_hours_count(caseclock_home: Path) -> None:
    config = caseclock_home / "monitoring"
    config.mkdir()
    (config / "calendar.yaml").write_text("extra_closure_days: [2026-11-23]\nworking_hours: ['09:00', '17:00']\n")
    assert DAILY.next_tick(utc("2026-11-20 07:00")) == utc("2026-11-24 07:00")
    assert [f"{t:%H:%M}" for t in BY_DAY.ticks(dt.date(2026, 11, 24))][::96] == ["09:00", "17:00"]
    assert {b - a for a, b in pairwise(TEND.ticks(dt.date(2026, 11, 23)))} == {dt.timedelta(minutes=10)}, "closed: as at night"


def test_a_calendar_that_changed_is_read_again(caseclock_home: Path) -> None:
    file = caseclock_home / "monitoring" / "calendar.yaml"
    file.parent.mkdir()
    file.write_text("extra_closure_days: [2026-11-23]\n")
    assert list(DAILY.ticks(dt.date(2026, 11, 23))) == []
    file.write_text("extra_closure_days: []\n")
    later = file.stat().st_mtime + 1
    os.utime(file, (later, later))
    assert list(DAILY.ticks(dt.date(2026, 11, 23))) == [utc("2026-11-23 07:00")]


@pytest.mark.parametrize("broken", ["extra_closure_days: [yesterday]", "nonsense: 1", "a: [", "- a\n- list"])
def test_a_calendar_that_cannot_be_read_does_not_stop_the_schedule(
    caseclock_home: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    (caseclock_home / "monitoring").mkdir()
    (caseclock_home / "monitoring" / "calendar.yaml").write_text(broken)
    assert DAILY.next_tick(utc("2026-11-20 07:00")) == utc("2026-11-23 07:00")
    assert "check-config" in caplog.text


def test_a_year_that_the_calendar_does_not_cover_does_not_stop_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    assert DAILY.next_tick(utc("2099-12-24 07:00")) == utc("2099-12-25 07:00"), "a Friday; a run too many does no harm"
    assert "raise last_year" in caplog.text


# --- what the scheduler asks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "now", "expected", "why"),
    [
        (None, "2026-11-16 10:00", "2026-11-17 07:00", "a new DAG begins with the next tick, not with one of this morning"),
        (None, "2026-11-16 07:00", "2026-11-16 07:00", "parsed again in the very second of its first tick: that tick is not lost"),
        (None, "2026-11-16 07:01", "2026-11-16 07:00", "nor a minute later"),
        ("2026-11-16 07:00", "2026-11-16 07:00", "2026-11-17 07:00", "the ordinary day"),
        ("2026-11-16 07:00", "2026-11-17 09:00", "2026-11-17 07:00", "Airflow was down at 07:00: made up for"),
        ("2026-11-10 07:00", "2026-11-17 09:00", "2026-11-17 07:00", "down for a week: the latest one only"),
    ],
)
def test_when_a_run_is_due(last: str | None, now: str, expected: str, why: str) -> None:
    assert DAILY._due(utc(last) if last else None, None, utc(now), catchup=False) == utc(expected), why


def test_a_missed_digest_is_sent_late_rather_than_never() -> None:
    assert DIGEST._due(utc("2026-11-09 08:00"), None, utc("2026-11-18 12:00"), catchup=False) == utc("2026-11-16 08:00")


def test_catch_up_takes_every_tick_from_the_start() -> None:
    start = utc("2026-04-01 00:00")
    assert DAILY._due(None, start, utc("2026-11-16 10:00"), catchup=True) == utc("2026-04-01 06:00")
    assert DAILY._due(utc("2026-04-02 06:00"), start, utc("2026-11-16 10:00"), catchup=True) == utc("2026-04-07 06:00")


def test_airflow_gets_a_run_at_an_exact_moment() -> None:
    last = DataInterval.exact(pendulum.datetime(2026, 4, 2, 6))
    always = TimeRestriction(earliest=None, latest=None, catchup=True)
    info = DAILY.next_dagrun_info(last_automated_data_interval=last, restriction=always)
    assert info is not None
    assert info.run_after == info.logical_date == utc("2026-04-07 06:00")
    until = TimeRestriction(earliest=None, latest=pendulum.datetime(2026, 4, 6), catchup=True)
    assert DAILY.next_dagrun_info(last_automated_data_interval=last, restriction=until) is None


# --- what is stored ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timetable", "summary"),
    [
        (DAILY, "Working days 07:00"),
        (DIGEST, "First working day of the week 08:00"),
        (BY_DAY, "Working days, every 5 min in working hours"),
        (TEND, "Working days, every 5 min in working hours; else every 10 min, day and night"),
    ],
)
def test_it_comes_back_from_the_database_as_it_was(timetable: WorkingDayTimetable, summary: str) -> None:
    stored = json.loads(json.dumps(timetable.serialize()))
    again = WorkingDayTimetable.deserialize(stored)
    assert again.serialize() == timetable.serialize()
    assert again.summary == again.description == summary
    day = dt.date(2026, 11, 16)
    assert list(again.ticks(day)) == list(timetable.ticks(day))


def test_airflow_knows_it() -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    assert decode_timetable(encode_timetable(TEND)).summary == TEND.summary


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"times": ["08:00"], "every": 5},
        {"times": ["8 o'clock"]},
        {"times": ["01:30"]},
        {"every": -1},
        {"every": 2000},
        {"times": ["08:00"], "night": 10},
        {"every": 5, "night": -1},
        {"every": 5, "night": 10, "first_of_week": True},
    ],
    ids=[
        "nothing",
        "both",
        "no time",
        "in the hour that the clock change skips",
        "negative",
        "more than a day",
        "a night without a day",
        "negative night",
        "one night a week",
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(AirflowTimetableInvalid):
        WorkingDayTimetable(**wrong).validate()  # type: ignore[arg-type]
