"""Counting: working days of England with the start as day 0, months that keep their end, weeks as days."""

import pytest

DUE = {
    45: """
    2025-04-11 2025-06-19
    2025-04-18 2025-06-25
    2026-02-02 2026-04-08
    """,
    20: "2025-12-05 2026-01-07",
    15: """
    2022-05-30 2022-06-22
    2025-12-15 2026-01-08
    2026-02-02 2026-02-23
    """,
    10: "2022-09-12 2022-09-27",
    5: "2026-12-21 2026-12-30",
    1: """
    2023-05-05 2023-05-09
    2025-03-01 2025-03-03
    2025-04-17 2025-04-22
    """,
}
"""Start and due date over Easter and the May holidays, a start on Good Friday, a plain year; Christmas and New Year; the Jubilee of 2022;
the Queen's funeral; a substitute for Boxing Day; the Coronation, a weekend, Maundy Thursday."""


@pytest.mark.parametrize("limit", DUE)
def test_the_due_date_is_the_day_on_which_so_many_working_days_have_passed(spec, limit):
    rows = [line.split() for line in DUE[limit].strip().splitlines()]
    starts = "\n".join(f"A{n} C{n} {start}" for n, (start, _) in enumerate(rows))
    spec.check(
        spec.rule("assessment_45_dfe", limits=[{"effective_from": "2013-04-15", "limit": limit}]),
        "2026-12-31",
        assessment=f"assessment_id child_id started_on\n{starts}",
        expected="started_on due_on\n" + "\n".join(" ".join(row) for row in rows),
    )


def test_it_is_in_time_on_the_due_date_and_late_on_the_next_working_day(spec):
    """45 working days from 11 April 2025 end on Thursday 19 June; the Friday after is day 46."""
    spec.check(
        "assessment_45_dfe",
        "2025-07-01",
        assessment="""
        assessment_id child_id started_on authorised_on
        DAY45         C1       2025-04-11 2025-06-19
        DAY46         C2       2025-04-11 2025-06-20
        """,
        expected="item_ref elapsed state\nDAY45 45 done_in_time\nDAY46 46 done_late",
    )


def test_elapsed_counts_the_working_days_after_the_start_up_to_the_end(spec):
    spec.check(
        "assessment_45_dfe",
        "2025-06-01",
        assessment="""
        assessment_id                child_id started_on authorised_on
        1_SAME_DAY                   C1       2025-03-07 2025-03-07
        2_FRIDAY_TO_SATURDAY         C2       2025-03-07 2025-03-08
        3_FRIDAY_TO_MONDAY           C3       2025-03-07 2025-03-10
        4_SATURDAY_TO_MONDAY         C4       2025-03-08 2025-03-10
        5_SATURDAY_TO_SATURDAY       C5       2025-03-08 2025-03-08
        6_MAUNDY_THURSDAY_TO_TUESDAY C6       2025-04-17 2025-04-22
        """,
        expected="""
        item_ref                     elapsed state
        1_SAME_DAY                   0       done_in_time
        2_FRIDAY_TO_SATURDAY         0       done_in_time
        3_FRIDAY_TO_MONDAY           1       done_in_time
        4_SATURDAY_TO_MONDAY         1       done_in_time
        5_SATURDAY_TO_SATURDAY       0       done_in_time
        6_MAUNDY_THURSDAY_TO_TUESDAY 1       done_in_time
        """,
    )


def test_an_end_before_the_start_is_no_negative_wait(spec):
    table = "assessment_id child_id started_on authorised_on\nA1 C1 2025-03-10 2025-03-07"
    assert spec.clocks("assessment_45_dfe", "2025-04-01", assessment=table).frame.empty
    assert spec.left_out("assessment_45_dfe", "2025-04-01", assessment=table) == {"it stops before it starts": 1}


def test_three_and_six_months_keep_the_end_of_a_month(spec):
    """30 November and 3 months, 31 August and 6 months: the last day of February."""
    other = "review_id child_id plan_id kind held_on\nX C9 P9 cp 2025-01-06\n"
    plan = "plan_id child_id kind started_on\nP1 C1 cp "
    spec.check("rcpc_first", "2026-01-05", "due_on\n2026-02-28", plan=plan + "2025-11-30", review=other)
    spec.check(
        "rcpc_next",
        "2026-01-05",
        "started_on due_on\n2025-08-31 2026-02-28",
        plan=plan + "2025-06-02",
        review=other + "V C1 P1 cp 2025-08-31",
    )


def test_a_week_is_7_days_and_six_weeks_are_42_and_the_last_of_them_is_in_time(spec):
    tables = {
        "placement": "placement_id child_id care_id started_on\nA C1 L1 2026-01-05\nB C2 L2 2026-01-05",
        "visit": """
        visit_id child_id care_id kind visit_on   seen
        V1       C1       L1      cla  2026-01-12 yes
        V2       C1       L1      cla  2026-02-23 yes
        V3       C2       L2      cla  2026-01-13 yes
        V4       C2       L2      cla  2026-02-25 yes
        """,
    }
    for rule, expected in (
        ("cla_visit_first", "A 2026-01-12 7 done_in_time\nB 2026-01-12 8 done_late"),
        (
            "cla_visit_year1",
            "A 2026-02-23 42 done_in_time\nB 2026-02-24 43 done_late\nA 2026-04-06 2 running\nB 2026-04-08 0 running",
        ),
    ):
        spec.check(rule, "2026-02-25", f"item_ref due_on elapsed state\n{expected}", **tables)


def test_a_day_on_which_the_council_is_closed_is_counted_unless_it_says_so(spec):
    """27 December 2024 is a Friday between Boxing Day and the weekend."""
    spec.check(
        "assessment_45_dfe",
        "2025-01-03",
        assessment="assessment_id child_id started_on authorised_on\nA1 C1 2024-12-24 2024-12-30",
        expected="elapsed\n2",
    )
