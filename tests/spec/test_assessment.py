"""assessment_45_wt counts from the referral, assessment_45_dfe from the start of the assessment; both to the day it is authorised."""

REFERRALS = """
referral_id child_id referral_date closed_on team_id
R1          C1       2026-02-02    -         DOOR
R2          C2       2026-02-02    2026-03-06 DOOR
"""


def test_both_clocks_of_one_assessment(spec):
    """2026-02-02 plus 45 working days is 2026-04-08: Good Friday and Easter Monday lie between."""
    tables = {"referral": REFERRALS, "assessment": "assessment_id referral_id child_id started_on authorised_on\nA1 R1 C1 2026-02-05 -"}
    for as_of, elapsed, state in (("2026-03-20", 34, "running"), ("2026-03-23", 35, "due_soon"), ("2026-04-08", 45, "due_soon")):
        spec.check(
            "assessment_45_wt", as_of, f"started_on due_on elapsed limit state\n2026-02-02 2026-04-08 {elapsed} 45 {state}", **tables
        )
    spec.check("assessment_45_wt", "2026-04-09", "due_on elapsed state\n2026-04-08 46 overdue", **tables)
    spec.check("assessment_45_dfe", "2026-04-09", "started_on due_on elapsed state\n2026-02-05 2026-04-13 43 due_soon", **tables)


def test_in_time_exactly_when_authorised_by_the_due_date(spec):
    spec.check(
        "assessment_45_dfe",
        "2026-06-01",
        assessment="""
        assessment_id child_id started_on authorised_on
        SAMEDAY       C1       2026-02-02 2026-02-02
        DAY45         C2       2026-02-02 2026-04-08
        DAY46         C3       2026-02-02 2026-04-09
        WEEKEND       C4       2026-02-07 2026-02-08
        """,
        expected="""
        item_ref elapsed state
        DAY45    45      done_in_time
        DAY46    46      done_late
        SAMEDAY  0       done_in_time
        WEEKEND  0       done_in_time
        """,
    )


def test_no_working_day_has_passed_on_a_weekend_right_after_the_due_date(spec):
    """Due Wednesday 24 December 2025; the next working day is Monday 29th, so Saturday 27th is still in time."""
    spec.check(
        "assessment_45_dfe",
        "2025-12-27",
        assessment="""
        assessment_id child_id started_on authorised_on
        A1            C1       2025-10-22 2025-12-24
        A2            C2       2025-10-22 2025-12-27
        A3            C3       2025-10-22 -
        """,
        expected="due_on elapsed limit state\n2025-12-24 45 45 done_in_time\n2025-12-24 45 45 done_in_time\n2025-12-24 45 45 due_soon",
    )


def test_an_authorisation_after_the_extract_date_has_not_happened_yet(spec):
    table = "assessment_id child_id started_on authorised_on\nA1 C1 2026-02-02 2026-02-20"
    spec.check("assessment_45_dfe", "2026-02-19", "stopped_on elapsed state\n- 13 running", assessment=table)
    spec.check("assessment_45_dfe", "2026-02-20", "stopped_on elapsed state\n2026-02-20 14 done_in_time", assessment=table)


def test_an_open_assessment_is_aged_to_the_extract_date_over_weekend_and_holiday(spec):
    """Good Friday 2026 is 3 April, Easter Monday 6 April."""
    table = "assessment_id child_id started_on\nA1 C1 2026-04-02"
    for as_of, elapsed in (("2026-04-02", 0), ("2026-04-03", 0), ("2026-04-05", 0), ("2026-04-06", 0), ("2026-04-07", 1)):
        spec.check("assessment_45_dfe", as_of, f"elapsed state\n{elapsed} running", assessment=table)


def test_a_closed_referral_ends_the_clock_unless_the_work_was_done_before(spec):
    tables = {
        "referral": REFERRALS,
        "assessment": """
        assessment_id referral_id child_id started_on authorised_on
        OPEN          R2          C2       2026-02-05 -
        BEFORE        R2          C2       2026-02-06 2026-03-06
        AFTER         R2          C2       2026-02-09 2026-03-09
        """,
    }
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref state\nBEFORE done_in_time", **tables)
    assert spec.left_out("assessment_45_dfe", "2026-03-20", **tables) == {"the case ended before the work was done": 2}


def test_impossible_dates_make_no_clock_and_are_counted(spec):
    table = """
    assessment_id child_id started_on authorised_on
    GOOD          C1       2026-02-02 -
    BACKWARDS     C2       2026-02-02 2026-01-30
    FUTURE        C3       2026-05-01 -
    STONEAGE      C4       1900-01-01 -
    """
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref state\nGOOD running", assessment=table)
    assert spec.left_out("assessment_45_dfe", "2026-03-20", assessment=table) == {
        "it starts after the extract's date": 1,
        "it starts before the years that the calendar covers": 1,
        "it stops before it starts": 1,
    }


def test_a_later_assessment_of_the_same_case_is_not_measured_from_the_referral(spec):
    """Working Together counts from the referral that led to the assessment; a re-assessment a year on was led to by none."""
    tables = {
        "referral": "referral_id child_id referral_date\nR1 C1 2025-02-03\nR2 C2 2026-02-02",
        "assessment": """
        assessment_id referral_id child_id started_on authorised_on
        YEARON        R1          C1       2026-03-02 -
        FIRST         R1          C1       2025-02-04 2025-03-03
        OTHER         R2          C2       2026-02-03 -
        """,
    }
    spec.check("assessment_45_wt", "2026-03-20", "item_ref state\nFIRST done_in_time\nOTHER running", **tables)
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref state\nFIRST done_in_time\nOTHER running\nYEARON running", **tables)


def test_without_a_link_to_a_referral_only_the_dfe_clock_is_watched(spec):
    """Annex A has no ids that link an assessment to its referral."""
    tables = {"referral": REFERRALS, "assessment": "assessment_id child_id started_on\nA1 C1 2026-02-05"}
    assert spec.not_watched("2026-03-20", "assessment_45_wt", "assessment_45_dfe", **tables) == [
        "assessment within 45 working days of the referral (assessment_45_wt) is not watched: "
        "no row of assessment leads to a date in referral.referral_date"
    ]
    assert spec.clocks("assessment_45_wt", "2026-03-20", **tables).frame.empty
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref state\nA1 running", **tables)


def test_where_only_some_assessments_link_to_a_referral_the_others_are_counted_as_left_out(spec):
    tables = {
        "referral": REFERRALS,
        "assessment": "assessment_id referral_id child_id started_on\nA1 R1 C1 2026-02-05\nA2 LOST C3 2026-02-05\nA3 - C4 2026-02-05",
    }
    spec.check("assessment_45_wt", "2026-03-20", "item_ref\nA1", **tables)
    assert spec.left_out("assessment_45_wt", "2026-03-20", **tables) == {"it has no start date": 2}


def test_open_work_is_the_team_s_that_holds_the_case_now_and_finished_work_the_team_s_that_did_it(spec):
    spec.check(
        "assessment_45_dfe",
        "2026-03-20",
        referral=REFERRALS,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        H1            C1       R1          W1        NORTH   CW   2026-03-02
        """,
        assessment="""
        assessment_id referral_id child_id started_on authorised_on team_id worker_id
        DONE          R1          C1       2026-02-03 2026-02-20    ASSESS  W5
        OPEN          R1          C1       2026-03-03 -             ASSESS  W5
        NOROW         R1          C1       2026-02-04 2026-02-23    -       -
        LONELY        -           C8       2026-03-05 -             ASSESS  W6
        NOBODY        -           C9       2026-03-06 -             -       -
        """,
        expected="""
        item_ref team   worker
        DONE     ASSESS W5
        NOROW    NORTH  W1
        OPEN     NORTH  W1
        LONELY   ASSESS W6
        NOBODY   ?      -
        """,
    )


def test_a_limit_that_changes_holds_for_what_starts_from_then_on(spec):
    limits = [{"effective_from": "2026-01-01", "limit": 45}, {"effective_from": "2026-03-02", "limit": 30}]
    spec.check(
        spec.rule("assessment_45_dfe", limits=limits),
        "2026-03-20",
        assessment="assessment_id child_id started_on\nOLD C1 2025-12-15\nA1 C2 2026-02-27\nA2 C3 2026-03-02",
        expected="item_ref limit due_on\nOLD 45 2026-02-19\nA2 30 2026-04-15\nA1 45 2026-05-06",
    )
