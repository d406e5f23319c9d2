"""assessment_started: from the referral to the first day of its assessment. assessment_checkpoint: the manager's look at it on the way."""

OLD = "OLD OLD C0 2025-01-07 2025-02-03\n"
"""An assessment of another child, by which the extract reaches back to February 2025."""


def assessments(rows: str = "") -> str:
    return f"assessment_id referral_id child_id started_on authorised_on\n{OLD}{rows}"


def referrals(rows: str) -> str:
    return f"referral_id child_id referral_date nfa closed_on\n{rows}"


def test_it_stops_on_the_day_the_first_assessment_of_the_referral_begins(spec):
    spec.check(
        "assessment_started",
        "2026-03-20",
        referral=referrals("R1 C1 2026-03-02 no -\nR2 C2 2026-03-02 no -\nR3 C3 2026-03-19 - -"),
        assessment=assessments("A1 R1 C1 2026-03-03 -\nA2 R1 C1 2026-03-09 -\nA3 R2 C2 2026-03-04 -"),
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        R1       2026-03-02 2026-03-03 2026-03-03 1       done_in_time
        R2       2026-03-02 2026-03-03 2026-03-04 2       done_late
        R3       2026-03-19 2026-03-20 -          1       running
        """,
    )


def test_what_ended_with_no_further_action_or_was_closed_awaits_no_assessment(spec):
    tables = {
        "referral": referrals("NFA C1 2026-03-02 yes -\nCLOSED C2 2026-03-02 no 2026-03-16\nOPEN C3 2026-03-02 no -"),
        "assessment": assessments(),
    }
    spec.check("assessment_started", "2026-03-20", "item_ref state\nOPEN overdue", **tables)
    assert spec.left_out("assessment_started", "2026-03-20", **tables) == {"the case ended before the work was done": 1}


def test_an_assessment_that_names_the_referral_and_began_the_day_before_it_took_no_time(spec):
    """One that names no referral and lies before it belongs to something else."""
    spec.check(
        "assessment_started",
        "2026-03-20",
        referral=referrals("R1 C1 2026-03-02 no -\nR2 C2 2026-03-02 no -\nR3 C3 2026-03-02 no -"),
        assessment=assessments("A1 R1 C1 2026-02-27 -\nA2 - C2 2026-02-27 -\nA3 - C3 2026-03-03 -"),
        expected="item_ref stopped_on elapsed state\nR1 2026-03-02 0 done_in_time\nR2 - 14 overdue\nR3 2026-03-03 1 done_in_time",
    )


def test_a_referral_from_before_the_first_assessment_of_the_extract_has_no_verdict_while_none_is_known(spec):
    """Annex A holds the assessments of six months: those of a child in need since years are not in it."""
    tables = {
        "referral": referrals("LONG C1 2024-11-04 no -\nKNOWN C2 2025-01-06 no -\nWAITS C3 2025-02-03 no -"),
        "assessment": assessments("A2 KNOWN C2 2025-01-07 -"),
    }
    spec.check("assessment_started", "2025-03-03", "item_ref state\nKNOWN done_in_time\nWAITS overdue", **tables)
    assert spec.left_out("assessment_started", "2025-03-03", **tables) == {"the source does not say since when, so it has no verdict": 1}


def test_one_slip_of_the_pen_among_a_hundred_dates_does_not_let_an_extract_reach_back_to_2002(spec):
    rows = "\n".join(f"S{n} S{n} X{n} 2025-02-03 2025-03-03" for n in range(150))
    tables = {
        "referral": referrals("LONG C1 2024-11-04 no -\nWAITS C2 2025-03-03 no -"),
        "assessment": assessments(f"SLIP SLIP C9 2002-02-04 2002-03-03\n{rows}"),
    }
    spec.check("assessment_started", "2025-03-20", "item_ref\nWAITS", **tables)


def test_without_assessments_nobody_is_said_to_await_one(spec):
    assert spec.not_watched("2026-03-20", "assessment_started", referral=referrals("R1 C1 2026-03-02 no -")) == [
        "start of the assessment within one working day of the referral (assessment_started) is not watched: "
        "the extract has no rows of assessment"
    ]


# --- the manager's look ----------------------------------------------------------------------------------------------
REVIEWED = """
assessment_id child_id started_on reviewed_on authorised_on
DAY10         C1       2026-02-02 2026-02-16  -
DAY12         C2       2026-02-02 2026-02-18  -
DAY21         C3       2026-02-02 2026-03-03  -
NEVER         C4       2026-02-02 -           -
QUICK         C5       2026-02-02 -           2026-02-06
LONG          C6       2026-02-02 -           2026-03-12
PLANNED       C7       2026-03-10 2026-03-24  -
"""


def test_an_assessment_is_reviewed_by_day_10_and_whoever_authorises_it_has_reviewed_it(spec):
    spec.check(
        "assessment_checkpoint",
        "2026-03-20",
        assessment=REVIEWED,
        expected="""
        item_ref due_on     stopped_on elapsed state
        DAY10    2026-02-16 2026-02-16 10      done_in_time
        DAY12    2026-02-16 2026-02-18 12      done_late
        DAY21    2026-02-16 2026-03-03 21      done_late
        LONG     2026-02-16 2026-03-12 28      done_late
        NEVER    2026-02-16 -          34      overdue
        QUICK    2026-02-16 2026-02-06 4       done_in_time
        PLANNED  2026-03-24 -          8       due_soon
        """,
    )


def test_and_by_day_20_at_the_latest(spec):
    spec.check(
        "assessment_checkpoint_20",
        "2026-03-20",
        assessment=REVIEWED,
        expected="""
        item_ref due_on     state
        DAY10    2026-03-02 done_in_time
        DAY12    2026-03-02 done_in_time
        DAY21    2026-03-02 done_late
        LONG     2026-03-02 done_late
        NEVER    2026-03-02 overdue
        QUICK    2026-03-02 done_in_time
        PLANNED  2026-04-09 running
        """,
    )


def test_only_the_census_says_when_an_assessment_was_reviewed_and_without_it_both_rules_say_so(spec):
    assert spec.not_watched("2026-03-20", "assessment_checkpoint", "assessment_checkpoint_20", assessment=assessments()) == [
        "internal review of an assessment within 10 working days of its start (assessment_checkpoint) and "
        "internal review of an assessment within 20 working days of its start (assessment_checkpoint_20) are not watched: "
        "assessment.reviewed_on is empty in the whole extract"
    ]
