"""rhi_72h: from the moment a missing child is back to the interview, in hours that really pass. Times are London time."""

import numpy as np
import pytest

from caseclock.clocks.hours import end_of, written
from caseclock.snapshots.dates import moment_of


def interviews(*rows: str) -> str:
    """`held_at` and `since_at` with the days that the reader makes of the same cells."""
    made = ["event_id child_id kind since_on since_at held_on held_at"]
    for row in rows:
        event, child, since, held = row.split()
        days = ["-" if cell == "-" else cell.partition("T")[0] for cell in (since, held)]
        times = [cell if "T" in cell else "-" for cell in (since, held)]
        made.append(f"{event} {child} rhi {days[0]} {times[0]} {days[1]} {times[1]}")
    return "\n".join(made)


def test_an_interview_is_in_time_up_to_the_last_minute_of_the_72_hours(spec):
    spec.check(
        "rhi_72h",
        "2026-03-13",
        meeting=interviews(
            "SOON   C1 2026-03-09T14:30 2026-03-10T10:00",
            "LAST   C2 2026-03-09T14:30 2026-03-12T14:30",
            "LATE   C3 2026-03-09T14:30 2026-03-12T14:31",
            "NEVER  C4 2026-03-09T14:30 -",
        ),
        expected="""
        item_ref started_on       due_on           stopped_on       elapsed limit state
        LAST     2026-03-09T14:30 2026-03-12T14:30 2026-03-12T14:30 72      72    done_in_time
        LATE     2026-03-09T14:30 2026-03-12T14:30 2026-03-12T14:31 72      72    done_late
        NEVER    2026-03-09T14:30 2026-03-12T14:30 -                105     72    overdue
        SOON     2026-03-09T14:30 2026-03-12T14:30 2026-03-10T10:00 19      72    done_in_time
        """,
    )


def test_an_open_one_is_aged_to_the_end_of_the_extract_s_day_and_is_due_soon_from_48_hours_on(spec):
    table = interviews("A C1 2026-03-09T23:30 -", "B C2 2026-03-09T00:30 -")
    for as_of, a, b in (
        ("2026-03-09", "0 running", "23 running"),
        ("2026-03-10", "24 running", "47 running"),
        ("2026-03-11", "48 due_soon", "71 due_soon"),
        ("2026-03-12", "72 overdue", "95 overdue"),
    ):
        spec.check("rhi_72h", as_of, f"item_ref elapsed state\nB {b}\nA {a}", meeting=table)


def test_a_night_in_which_the_clocks_change_has_23_or_25_hours(spec):
    """On 29 March 2026 the clocks go from 01:00 to 02:00, on 25 October from 02:00 to 01:00: 72 hours end an hour later, or earlier."""
    spec.check(
        "rhi_72h",
        "2026-04-02",
        meeting=interviews(
            "PLAIN C1 2026-03-22T10:00 -", "SPRING C2 2026-03-27T10:00 2026-03-30T11:00", "LATE C3 2026-03-27T10:00 2026-03-30T11:01"
        ),
        expected="""
        item_ref due_on           elapsed state
        PLAIN    2026-03-25T10:00 277     overdue
        LATE     2026-03-30T11:00 72      done_late
        SPRING   2026-03-30T11:00 72      done_in_time
        """,
    )
    spec.check(
        "rhi_72h",
        "2026-10-26",
        meeting=interviews("AUTUMN C1 2026-10-24T10:00 2026-10-27T09:00", "LATE C2 2026-10-23T10:00 2026-10-26T09:01"),
        expected="item_ref due_on elapsed state\nLATE 2026-10-26T09:00 72 done_late\nAUTUMN 2026-10-27T09:00 63 due_soon",
    )


def test_the_day_of_the_change_itself_ends_at_its_own_midnight(spec):
    """A child who was back at 00:30 has waited for 22 whole hours by the end of the short day and for 24 by that of the long one."""
    for day, hours in (("2026-03-28", 23), ("2026-03-29", 22), ("2026-03-30", 23), ("2026-10-24", 23), ("2026-10-25", 24)):
        spec.check("rhi_72h", day, f"elapsed\n{hours}", meeting=interviews(f"A C1 {day}T00:30 -"))


def test_of_the_hour_that_comes_twice_the_first_is_meant_and_one_that_is_skipped_is_an_hour_later(spec):
    spec.check(
        "rhi_72h",
        "2026-10-25",
        meeting=interviews("A C1 2026-10-25T01:30 -", "B C2 2026-10-25T02:30 -"),
        expected="item_ref started_on elapsed\nA 2026-10-25T01:30 23\nB 2026-10-25T02:30 21",
    )
    spec.check("rhi_72h", "2026-03-29", "started_on elapsed\n2026-03-29T02:30 21", meeting=interviews("A C1 2026-03-29T01:30 -"))


def test_a_time_with_an_offset_says_which_of_the_two_it_is():
    formats = ("YYYY-MM-DD",)
    assert moment_of("2026-10-25T01:30+01:00", formats) == moment_of("2026-10-25T01:30", formats)
    assert (moment_of("2026-10-25T01:30Z", formats) - moment_of("2026-10-25T01:30", formats)).seconds == 3600


@pytest.mark.parametrize(
    ("day", "midnight"), [("2026-01-15", "2026-01-16T00:00"), ("2026-03-29", "2026-03-29T23:00"), ("2026-10-25", "2026-10-26T00:00")]
)
def test_a_day_ends_at_midnight_in_london(day, midnight):
    assert end_of(np.datetime64(day, "D")) == np.datetime64(midnight, "s")


def test_a_column_is_written_with_the_time_where_there_is_one():
    moments = np.array(["2026-03-09", "2026-03-09T14:30:59", "NaT"], dtype="datetime64[s]")
    assert list(written(moments)) == ["2026-03-09", "2026-03-09T14:30", ""]
    assert list(written(moments[:0])) == []


def test_what_has_not_happened_by_the_end_of_the_day_has_not_happened_yet(spec):
    table = interviews(
        "TODAY C1 2026-03-09T10:00 2026-03-10T23:59", "TOMORROW C2 2026-03-09T10:00 2026-03-11T00:30", "NEW C3 2026-03-10T23:30 -"
    )
    spec.check("rhi_72h", "2026-03-10", "item_ref elapsed state\nTODAY 37 done_in_time\nTOMORROW 38 running\nNEW 0 running", meeting=table)
    spec.check("rhi_72h", "2026-03-09", "item_ref\nTODAY\nTOMORROW", meeting=table)


def test_an_interview_of_which_only_the_day_is_known_has_no_verdict_and_one_without_a_known_return_no_clock(spec):
    tables = {"meeting": interviews("A C1 2026-03-09T10:00 2026-03-10", "B C2 2026-03-09 2026-03-10T10:00", "C C3 2026-03-09T10:00 -")}
    spec.check("rhi_72h", "2026-03-10", "item_ref\nC", **tables)
    assert spec.left_out("rhi_72h", "2026-03-10", **tables) == {"it has no start date": 1}


def test_a_child_who_died_is_owed_no_interview_but_one_on_the_last_day_counts(spec):
    spec.check(
        "rhi_72h",
        "2026-03-13",
        child="child_id died_on\nC1 2026-03-10\nC2 2026-03-10",
        meeting=interviews("A C1 2026-03-09T10:00 2026-03-10T15:00", "B C2 2026-03-09T10:00 -"),
        expected="item_ref state\nA done_in_time",
    )


def test_a_file_with_days_only_cannot_be_timed_in_hours_and_says_where_the_times_belong(spec):
    said = "return interview within 72 hours of the end of a missing episode (rhi_72h) is not watched: "
    assert spec.not_watched("2026-03-13", "rhi_72h", meeting=interviews("A C1 2026-03-09 2026-03-10")) == [
        said + "no row of meeting has a time of day in episode_end_at of meetings.csv"
    ]
    assert spec.not_watched("2026-03-13", "rhi_72h", meeting="event_id child_id kind held_on\nM1 C1 core_group 2026-03-09") == [
        said + "the extract has no rows of meeting with kind rhi"
    ]
    assert spec.not_watched("2026-03-13", "rhi_72h") == [said + "no export of a case system holds it; add meetings.csv"]
