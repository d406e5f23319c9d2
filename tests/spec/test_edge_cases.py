"""Edge cases, one by one: which test covers each, and here those that have no better place."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
HERE = "spec/test_edge_cases"

COVERED = {
    "authorised on the day of the start: 0 days, in time": ["spec/test_assessment.in_time_exactly_when_authorised_by_the_due_date"],
    "start or end on a weekend or a bank holiday": [
        "spec/test_working_days.the_due_date_is_the_day_on_which_so_many_working_days_have_passed",
        "spec/test_assessment.no_working_day_has_passed_on_a_weekend_right_after_the_due_date",
    ],
    "an open item is aged to the extract's date": [
        "spec/test_assessment.an_open_assessment_is_aged_to_the_extract_date_over_weekend_and_holiday",
        "spec/test_assessment.an_authorisation_after_the_extract_date_has_not_happened_yet",
    ],
    "an open item past its limit is late today, apart from the share done in time": [
        "spec/test_measures.in_time_is_the_share_of_what_was_done_within_91_days_up_to_the_extract_date",
        f"{HERE}.what_is_open_and_late_counts_today_and_is_in_no_share_of_what_was_done",
    ],
    "authorised before the start": ["spec/test_assessment.impossible_dates_make_no_clock_and_are_counted"],
    "started before the referral": [
        f"{HERE}.an_assessment_that_began_before_its_referral_is_counted_from_the_referral",
        "spec/test_assessment_begins.an_assessment_that_names_the_referral_and_began_the_day_before_it_took_no_time",
    ],
    "closed before the referral": [
        f"{HERE}.a_referral_that_was_closed_before_it_came_waits_for_nobody",
        "unit/quality/test_rules.referral.closed_on_before_referral_date",
    ],
    "closed before the last open assessment": ["spec/test_assessment.a_closed_referral_ends_the_clock_unless_the_work_was_done_before"],
    "two assessments open at once": [f"{HERE}.two_assessments_that_are_open_at_once_have_a_clock_each"],
    "a review on or before the start of the plan": [f"{HERE}.a_review_on_or_before_the_first_day_of_the_plan_is_none"],
    "a conference before the enquiry": ["spec/test_s47_to_icpc.the_first_conference_on_or_after_the_strategy_discussion_stops_it"],
    "several strategy discussions": [f"{HERE}.of_several_strategy_discussions_the_one_that_led_to_the_enquiry_starts_the_clock"],
    "an enquiry without a conference and not marked as needing none": [
        "spec/test_s47_to_icpc.an_enquiry_whose_conference_is_not_required_has_no_clock_and_an_unknown_one_has"
    ],
    "a conference without an enquiry: the child moved here": [
        "spec/test_s47_open.a_child_who_moved_here_with_a_plan_has_a_conference_within_15_working_days_of_the_referral"
    ],
    "one conference about several siblings": [
        "spec/test_s47_to_icpc.siblings_at_one_meeting_are_counted_each",
        "spec/test_contacts_meetings_priorities.one_core_group_about_siblings_counts_for_each_child",
    ],
    "reopened: a new referral, or the same one again": [
        f"{HERE}.a_new_referral_of_a_child_starts_clocks_of_its_own",
        "spec/test_events.a_closed_referral_that_is_open_again_is_the_same_case_reopened",
        "spec/test_measures_of_flow.a_re_referral_comes_within_365_days_of_an_earlier_one_of_the_child",
    ],
    "a referral on an episode that is open": [
        "spec/test_allocation.an_involvement_that_names_a_referral_counts_for_that_one_only",
        "spec/test_allocation.a_worker_who_already_held_the_child_holds_the_new_referral_from_its_first_day",
    ],
    "unborn children": [f"{HERE}.an_unborn_child_has_the_same_clocks_as_any_other"],
    "turned 18": [f"{HERE}.who_turns_18_leaves_care_and_what_is_open_by_then_stays_in_sight"],
    "died": ["spec/test_allocation.a_child_who_has_died_waits_for_nobody", f"{HERE}.no_clock_of_a_child_who_has_died_runs_on"],
    "a plan of another council": ["spec/test_cp_visit.plans_of_other_kinds_and_of_other_councils_are_not_watched_here"],
    "a review that was cancelled": [
        "spec/test_child_protection_reviews.cancelled_reviews_reviews_of_looked_after_children_and_the_conference_itself_stop_nothing",
        "spec/test_looked_after.reviews_within_20_working_days_then_3_months_then_every_6_months",
    ],
    "a visit at which the child was not seen": ["spec/test_cp_visit.a_visit_at_which_the_child_was_not_seen_stops_nothing"],
    "two visits on one day": ["spec/test_cp_visit.two_visits_on_one_day_are_one_and_a_visit_on_the_first_day_counts"],
    "a visit that was entered late": [
        f"{HERE}.a_visit_that_was_entered_late_counts_on_its_own_day_from_the_extract_on_that_shows_it",
        "spec/test_events.work_that_was_entered_late_is_done_with_the_extract_that_shows_it_on_its_own_day",
    ],
    "null, -1, #N/A and NBSP in the place of a worker": [
        "spec/test_real_person.what_stands_for_nothing_in_the_place_of_a_worker_is_nobody",
        "unit/extracts/test_read_annex_a.nobody_is_nobody_however_it_is_written",
    ],
    "the worker has left and the involvement is open": [
        "spec/test_real_person.the_case_of_a_worker_who_has_left_is_unallocated_though_the_export_has_it_open",
        "spec/test_staff_and_posts.the_wait_runs_from_the_day_the_worker_left",
    ],
    "a manager or duty as worker": [
        "spec/test_real_person.a_manager_holds_no_case",
        "spec/test_real_person.a_pool_an_inbox_and_a_generic_user_hold_no_case",
    ],
    "a team that is renamed or merged": [
        f"{HERE}.a_team_that_is_renamed_is_the_same_and_the_open_work_of_one_that_is_merged_goes_to_the_other",
        "spec/test_events.a_team_that_is_no_more_is_counted_where_its_cases_went",
    ],
    "a child in two teams": [f"{HERE}.of_two_teams_that_hold_a_child_the_one_that_took_it_last_answers"],
    "two persons that become one": [
        "unit/quality/test_breaker.two_merged_records_in_a_small_council_hold_nothing",
        "spec/test_events.clocks_of_a_child_that_was_merged_with_another_are_the_same_clocks",
    ],
    "an extract that is cut short or stale": [
        "functional/test_path_of_an_extract.a_truncated_zip_is_held_and_data_engineers_are_told_once",
        "unit/quality/test_drift_and_stats.a_stale_extract_is_told_with_its_newest_date",
        "unit/alerts/test_hours_and_data.a_daily_extract_is_late_at_its_hour_and_too_old_after_two_working_days",
    ],
    "the first extract: nothing has just happened": [
        "functional/test_events_over_time.what_happened_is_counted_per_place_and_nothing_before_the_first_extract"
    ],
    "rows that leave Annex A by their age are not closed": [
        "functional/test_events_over_time.cases_that_leave_an_annex_a_workbook_by_their_age_have_not_vanished",
        "unit/quality/test_gate.ids_that_have_left_a_window_mean_nothing_and_are_counted",
    ],
    "29 February": ["spec/test_child_protection_reviews.the_end_of_the_month_is_kept_and_29_february_is_a_day"],
    "days on which the clocks change": [
        "spec/test_return_interviews.a_night_in_which_the_clocks_change_has_23_or_25_hours",
        "spec/test_return_interviews.the_day_of_the_change_itself_ends_at_its_own_midnight",
    ],
    "a key that stands twice": [
        "unit/snapshots/test_typing.the_first_row_of_a_key_stays_and_the_others_say_how_they_differ",
        "unit/snapshots/test_typing.of_two_referrals_with_one_key_the_open_one_is_used",
        "unit/snapshots/test_typing.of_two_involvements_with_one_key_the_ended_one_is_used",
    ],
}
"""Edge case to tests: the file without its suffix, a dot, and the name without `test_` (or a key of a table of cases in that file)."""


@cache
def said_in(file: str) -> frozenset[str]:
    """The names of the tests of a file, and every text in it."""
    tree = ast.walk(ast.parse((TESTS / f"{file}.py").read_text(encoding="utf-8")))
    nodes = list(tree)
    names = {node.name.removeprefix("test_") for node in nodes if isinstance(node, ast.FunctionDef)}
    return frozenset(names | {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)})


@pytest.mark.parametrize("case", COVERED)
def test_the_tests_that_are_said_to_cover_an_edge_case_are_there(case):
    for place in COVERED[case]:
        file, _, name = place.partition(".")
        assert name in said_in(file), place


# --- dates that do not fit together ------------------------------------------------------------------------------------
REFERRALS = "referral_id child_id referral_date closed_on\n"
VISITED = "visit_id child_id plan_id kind visit_on seen\n"


def test_what_is_open_and_late_counts_today_and_is_in_no_share_of_what_was_done(spec):
    """ChAT mixes the two: of four assessments one was done late and one is late now; in time is 50 per cent of the two that were done."""
    made = spec.measures(
        "2026-06-01",
        assessment="""
        assessment_id child_id started_on authorised_on
        DONE          C1       2026-03-02 2026-03-20
        DONE_LATE     C2       2026-03-02 2026-05-29
        LATE_NOW      C3       2026-03-02 -
        OPEN          C4       2026-05-26 -
        """,
    )
    assert made["in_time.assessment_45_dfe"]["*"] == ("50", 2)
    assert made["overdue.assessment_45_dfe"]["*"][0] == "1"


def test_an_assessment_that_began_before_its_referral_is_counted_from_the_referral(spec):
    """By DfE's counting it is not: that starts with the assessment. One that was authorised before the referral has no days at all."""
    tables = {
        "referral": REFERRALS + "R1 C1 2026-03-02 -\nR2 C2 2026-03-02 -",
        "assessment": """
        assessment_id referral_id child_id started_on authorised_on
        A1            R1          C1       2026-02-26 2026-03-20
        A2            R2          C2       2026-02-23 2026-02-27
        """,
    }
    spec.check("assessment_45_wt", "2026-03-20", "item_ref started_on elapsed\nA1 2026-03-02 14", **tables)
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref started_on elapsed\nA2 2026-02-23 4\nA1 2026-02-26 16", **tables)
    assert spec.left_out("assessment_45_wt", "2026-03-20", **tables) == {"it stops before it starts": 1}


def test_a_referral_that_was_closed_before_it_came_waits_for_nobody(spec):
    tables = {
        "referral": REFERRALS + "SLIP C1 2026-03-02 2026-02-02\nOPEN C2 2026-03-02 -",
        "allocation": "allocation_id child_id worker_id role started_on\nA9 C9 W9 CW 2026-01-05",
    }
    spec.check("allocation", "2026-03-20", "item_ref state\nOPEN overdue", **tables)
    assert spec.left_out("allocation", "2026-03-20", **tables) == {"the case ended before the work was done": 1}


def test_two_assessments_that_are_open_at_once_have_a_clock_each(spec):
    """From the referral only the first one is counted."""
    tables = {
        "referral": REFERRALS + "R1 C1 2026-03-02 -",
        "assessment": "assessment_id referral_id child_id started_on\nA1 R1 C1 2026-03-03\nA2 R1 C1 2026-03-09",
    }
    spec.check("assessment_45_dfe", "2026-03-20", "item_ref elapsed\nA1 13\nA2 9", **tables)
    spec.check("assessment_45_wt", "2026-03-20", "item_ref elapsed\nA1 14", **tables)


def test_a_review_on_or_before_the_first_day_of_the_plan_is_none(spec):
    spec.check(
        "rcpc_first",
        "2026-02-02",
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-01-05",
        review="review_id child_id plan_id kind held_on\nV0 C1 P1 cp 2025-12-15\nV1 C1 P1 cp 2026-01-05\nV2 C1 P1 cp 2026-01-26",
        expected="item_ref started_on stopped_on\nP1 2026-01-05 2026-01-26",
    )


def test_of_several_strategy_discussions_the_one_that_led_to_the_enquiry_starts_the_clock(spec):
    """That is the date of the enquiry; discussions in meetings.csv start nothing, before it or after it."""
    spec.check(
        "s47_to_icpc",
        "2026-01-20",
        s47="s47_id child_id strategy_on\nS1 C1 2026-01-12",
        conference="conference_id child_id kind held_on\nK9 C9 initial 2026-01-16",
        meeting="event_id child_id kind held_on\nM1 C1 strategy 2026-01-05\nM2 C1 strategy 2026-01-12\nM3 C1 strategy 2026-01-19",
        expected="item_ref started_on elapsed\nS1 2026-01-12 6",
    )


# --- children ----------------------------------------------------------------------------------------------------------
def test_a_new_referral_of_a_child_starts_clocks_of_its_own(spec):
    """Within twelve months DfE counts a re-referral; the work of the first one is not that of the second."""
    spec.check(
        "allocation",
        "2026-03-20",
        referral=REFERRALS + "FIRST C1 2025-09-01 2025-11-03\nAGAIN C1 2026-03-02 -",
        allocation="allocation_id child_id referral_id worker_id role started_on ended_on\nA1 C1 FIRST W1 CW 2025-09-02 2025-11-03",
        expected="item_ref started_on stopped_on state\nFIRST 2025-09-01 2025-09-02 done_in_time\nAGAIN 2026-03-02 - overdue",
    )


def test_an_unborn_child_has_the_same_clocks_as_any_other(spec):
    """Conference before birth: 15 working days from the strategy discussion, first review 3 months after it. Nobody can see the child."""
    tables = {
        "child": "child_id unborn\nC1 yes",
        "s47": "s47_id child_id strategy_on\nS1 C1 2026-01-05",
        "conference": "conference_id child_id s47_id kind held_on\nK1 C1 S1 initial 2026-01-19",
        "plan": "plan_id child_id conference_id kind started_on\nP1 C1 K1 cp 2026-01-19",
        "review": "review_id child_id plan_id kind held_on\nX C9 P9 cp 2025-06-02",
        "visit": VISITED + "V1 C1 P1 cp 2026-01-26 -\nX C9 P9 cp 2025-06-02 yes",
    }
    spec.check("s47_to_icpc", "2026-02-20", "item_ref elapsed state\nS1 10 done_in_time", **tables)
    spec.check("rcpc_first", "2026-02-20", "item_ref due_on state\nP1 2026-04-19 running", **tables)
    spec.check("cp_visit", "2026-02-20", "item_ref elapsed state\nP1 24 overdue", **tables)


def test_who_turns_18_leaves_care_and_what_is_open_by_then_stays_in_sight(spec):
    """No date of birth is kept. Care ends with its own date; a plan that nobody closed goes on, for somebody has to look at it."""
    care = "episode_id care_id child_id started_on entered_on left_on\nE1 L1 C1 2025-06-02 2025-06-02 2026-01-12"
    review = "review_id care_id child_id kind held_on\nV1 L1 C1 cla 2025-06-20\nV2 L1 C1 cla 2025-09-12"
    assert spec.clocks("cla_review_n", "2026-03-20", care=care, review=review).frame.empty
    spec.check(
        "cp_visit",
        "2026-03-20",
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-02-02",
        visit=VISITED + "X C9 P9 cp 2025-06-02 yes",
        expected="item_ref state\nP1 overdue",
    )


def test_no_clock_of_a_child_who_has_died_runs_on(spec):
    """What was done in the child's life keeps its verdict."""
    tables = {
        "child": "child_id died_on\nC1 2026-02-02",
        "plan": "plan_id child_id kind started_on\nP1 C1 cp 2026-01-05",
        "visit": VISITED + "V1 C1 P1 cp 2026-01-16 yes",
        "assessment": "assessment_id child_id started_on authorised_on\nA1 C1 2026-01-05 -",
    }
    spec.check("cp_visit", "2026-03-20", "started_on stopped_on state\n2026-01-05 2026-01-16 done_in_time", **tables)
    assert spec.clocks("assessment_45_dfe", "2026-03-20", **tables).frame.empty


# --- entries -----------------------------------------------------------------------------------------------------------
def test_a_visit_that_was_entered_late_counts_on_its_own_day_from_the_extract_on_that_shows_it(spec):
    """On 21 January nobody could know of the visit of the 16th: the child is overdue. On the 22nd the visit was in time after all."""
    plan = "plan_id child_id kind started_on\nP1 C1 cp 2026-01-05"
    other = VISITED + "X C9 P9 cp 2025-06-02 yes\n"
    spec.check("cp_visit", "2026-01-21", "started_on stopped_on state\n2026-01-05 - overdue", plan=plan, visit=other)
    spec.check(
        "cp_visit",
        "2026-01-22",
        "started_on stopped_on state\n2026-01-05 2026-01-16 done_in_time\n2026-01-16 - running",
        plan=plan,
        visit=other + "V1 C1 P1 cp 2026-01-16 yes",
    )


def test_a_team_that_is_renamed_is_the_same_and_the_open_work_of_one_that_is_merged_goes_to_the_other(spec):
    """Teams are known by their id. What NORTH has done stays with it when its cases go to SOUTH."""
    tables = {
        "referral": REFERRALS + "R1 C1 2026-03-02 -",
        "assessment": """
        assessment_id referral_id child_id started_on authorised_on team_id
        DONE          R1          C1       2026-03-02 2026-03-06    NORTH
        OPEN          R1          C1       2026-03-09 -             NORTH
        """,
    }
    held = "allocation_id child_id referral_id worker_id team_id role started_on ended_on\nA1 C1 R1 W1 NORTH CW 2026-03-02 "
    expected = "item_ref team\nDONE NORTH\nOPEN "
    for name in ("North", "North_One"):
        spec.check(
            "assessment_45_dfe", "2026-03-20", expected + "NORTH", team=f"team_id name\nNORTH {name}", allocation=held + "-", **tables
        )
    merged = held + "2026-03-16\nA2 C1 R1 W1 SOUTH CW 2026-03-16 -"
    spec.check("assessment_45_dfe", "2026-03-20", expected + "SOUTH", team="team_id\nSOUTH", allocation=merged, **tables)


def test_of_two_teams_that_hold_a_child_the_one_that_took_it_last_answers(spec):
    """Work that was done is the team's that did it, where the row says so."""
    spec.check(
        "assessment_45_dfe",
        "2026-03-20",
        allocation="""
        allocation_id child_id worker_id team_id role started_on
        A1            C1       W1        NORTH   CW   2026-03-02
        A2            C1       W2        SOUTH   CW   2026-03-09
        """,
        assessment="""
        assessment_id child_id started_on authorised_on team_id
        DONE          C1       2026-03-02 2026-03-13    NORTH
        OPEN          C1       2026-03-02 -             NORTH
        """,
        expected="item_ref team worker\nDONE NORTH W2\nOPEN SOUTH W2",
    )


def test_what_was_done_in_a_closed_case_does_not_move_to_the_team_that_holds_the_child_s_later_case(spec):
    """The later case's worker is only heard where the item has nobody of its own: S3 names no case, and R0's team is not known."""
    spec.check(
        "assessment_45_dfe",
        "2026-03-20",
        referral="""
        referral_id child_id referral_date closed_on  team_id
        R0          C1       2025-06-02    2025-09-01 -
        R1          C1       2025-11-03    2025-12-19 NORTH
        R2          C1       2026-03-02    -          SOUTH
        """,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C1       R2          W2        SOUTH   CW   2026-03-03
        """,
        assessment="""
        assessment_id child_id referral_id started_on authorised_on
        S0            C1       R0          2025-06-02 2025-07-01
        S1            C1       R1          2025-11-03 2025-12-01
        S2            C1       R2          2026-03-03 -
        S3            C1       -           2026-03-04 -
        """,
        expected="item_ref team worker\nS0 SOUTH -\nS1 NORTH -\nS2 SOUTH W2\nS3 SOUTH W2",
    )


def test_a_person_who_is_tied_to_no_case_speaks_before_a_pool_that_names_it(spec):
    spec.check(
        "assessment_45_dfe",
        "2026-03-20",
        referral="referral_id child_id referral_date team_id\nR1 C1 2026-03-02 FRONT",
        worker="worker_id is_person\nPOOL no",
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C1       R1          POOL      FRONT   CW   2026-03-09
        A2            C1       -           W1        NORTH   CW   2026-03-03
        """,
        assessment="assessment_id child_id referral_id started_on\nS1 C1 R1 2026-03-03",
        expected="item_ref team worker\nS1 NORTH W1",
    )
