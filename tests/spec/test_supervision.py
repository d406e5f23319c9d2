"""supervision_worker, supervision_case_*, supervision_recorded: what supervision.csv switches on, with staff.csv beside it or without."""

import pytest
from pydantic import ValidationError

REFERRALS = """
referral_id child_id referral_date team_id
R1          C1       2026-01-05    DOOR
R2          C2       2026-01-05    DOOR
"""
HELD = """
allocation_id child_id referral_id worker_id team_id role started_on ended_on
A1            C1       R1          W1        NORTH   CW   2026-01-12 -
A2            C2       R2          W1        NORTH   CW   2026-01-06 -
A3            C2       R2          W2        SOUTH   CW   2026-01-06 2026-02-02
"""
PERSONAL = """
supervision_id worker_id supervised_on kind
S0             W8        2026-01-02    personal
S1             W1        2026-01-20    personal
S2             W1        2026-02-03    personal
S3             W1        2026-02-10    case
"""


# --- of a worker ---------------------------------------------------------------------------------------------------
def test_a_worker_who_holds_cases_is_due_20_working_days_after_the_last_personal_supervision(spec):
    """No child is meant: the item is the worker. W2 holds nothing now; a case supervision is not the worker's own."""
    spec.check(
        "supervision_worker",
        "2026-03-06",
        referral=REFERRALS,
        allocation=HELD,
        supervision=PERSONAL,
        expected="""
        item_ref child_ref worker team  started_on due_on     stopped_on elapsed state
        W1       -         W1     NORTH 2026-01-06 2026-02-03 2026-01-20 10      done_in_time
        W1       -         W1     NORTH 2026-01-20 2026-02-17 2026-02-03 10      done_in_time
        W1       -         W1     NORTH 2026-02-03 2026-03-03 -          23      overdue
        """,
    )


def test_the_clock_starts_with_the_worker_s_own_start_where_staff_csv_gives_it(spec):
    spec.check(
        "supervision_worker",
        "2026-02-20",
        referral=REFERRALS,
        allocation=HELD,
        staff="staff_id worker_id team_id started_on\nW1 W1 EAST 2026-01-26",
        supervision="supervision_id worker_id supervised_on kind\nS0 W2 2026-01-02 personal",
        expected="item_ref team started_on due_on state\nW1 EAST 2026-01-26 2026-02-23 due_soon",
    )


def test_a_worker_without_any_supervision_in_the_file_is_due_since_the_first_case(spec):
    spec.check(
        "supervision_worker",
        "2026-02-20",
        referral=REFERRALS,
        allocation=HELD,
        supervision="supervision_id worker_id supervised_on kind\nS0 W2 2026-01-02 personal",
        expected="item_ref started_on elapsed state\nW1 2026-01-06 33 overdue",
    )


def test_the_first_supervision_in_the_file_judges_nobody_who_was_there_before_the_file(spec):
    """The file begins on 20 January: what W1 had before, nobody knows; what comes after is watched."""
    tables = {
        "referral": REFERRALS,
        "allocation": HELD,
        "supervision": "supervision_id worker_id supervised_on kind\nS1 W1 2026-01-20 personal",
    }
    spec.check("supervision_worker", "2026-02-06", expected="item_ref started_on state\nW1 2026-01-20 running", **tables)
    assert spec.left_out("supervision_worker", "2026-02-06", **tables) == {"the source does not say since when, so it has no verdict": 1}


def test_nobody_supervises_a_pool_or_a_worker_who_has_left(spec):
    spec.check(
        "supervision_worker",
        "2026-02-20",
        referral=REFERRALS,
        allocation="""
        allocation_id child_id referral_id worker_id role started_on
        A1            C1       R1          POOL      CW   2026-01-06
        A2            C2       R2          GONE      CW   2026-01-06
        A3            C2       R2          W1        CW   2026-01-06
        """,
        staff="staff_id worker_id role ended_on\nPOOL POOL duty_pool -\nGONE GONE sw 2026-02-20\nW1 W1 sw -",
        supervision="supervision_id worker_id supervised_on kind\nS0 W1 2026-01-06 personal",
        expected="item_ref started_on\nW1 2026-01-06\nW1 2026-01-06",
    )


def test_a_supervision_after_the_extract_date_has_not_happened(spec):
    spec.check(
        "supervision_worker",
        "2026-02-06",
        referral=REFERRALS,
        allocation=HELD,
        supervision="supervision_id worker_id supervised_on kind\nS0 W2 2026-01-02 personal\nS1 W1 2026-02-09 personal",
        expected="item_ref stopped_on state\nW1 - overdue",
    )


def test_per_worker_is_for_allocations_stopped_by_events_of_the_worker(spec):
    with pytest.raises(ValidationError, match="per: worker needs table: allocation"):
        spec.rule("supervision_case_cp", per="worker")


# --- of a case -----------------------------------------------------------------------------------------------------
PLANS = """
plan_id child_id referral_id kind started_on ended_on   other_la
P1      C1       R1          cp   2026-01-12 -          no
P2      C2       R2          cin  2026-01-12 -          no
P3      C3       -           cp   2026-01-12 -          yes
P4      C4       -           cp   2026-01-12 2026-02-02 no
"""


def test_a_child_protection_case_every_28_days_and_a_child_in_need_case_every_42(spec):
    tables = {
        "plan": PLANS,
        "supervision": """
        supervision_id child_id worker_id supervised_on kind
        S0             C9       W1        2026-01-05    case
        S1             C1       W1        2026-02-09    case
        S2             C1       W1        2026-02-12    group
        S3             C2       W1        2026-02-24    case
        """,
    }
    spec.check(
        "supervision_case_cp",
        "2026-03-09",
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        P1       2026-01-12 2026-02-09 2026-02-09 28      done_in_time
        P1       2026-02-09 2026-03-09 -          28      due_soon
        """,
        **tables,
    )
    spec.check(
        "supervision_case_cin",
        "2026-03-09",
        expected="item_ref due_on stopped_on elapsed state\nP2 2026-02-23 2026-02-24 43 done_late\nP2 2026-04-07 - 13 running",
        **tables,
    )


def test_an_assessment_asks_for_supervision_until_it_is_authorised(spec):
    spec.check(
        "supervision_case_assessment",
        "2026-02-16",
        referral=REFERRALS,
        assessment="assessment_id referral_id child_id started_on authorised_on\nA1 R1 C1 2026-01-12 -\nA2 R2 C2 2026-01-12 2026-02-02",
        supervision="supervision_id child_id supervised_on kind\nS0 C2 2026-01-05 case",
        expected="item_ref state\nA1 overdue",
    )


def test_a_looked_after_child_once_per_period_of_care(spec):
    spec.check(
        "supervision_case_cla",
        "2026-03-09",
        care="""
        episode_id care_id child_id started_on ended_on   entered_on left_on
        E1         L1      C1       2026-01-12 2026-02-01 2026-01-12 -
        E2         L1      C1       2026-02-01 -          2026-01-12 -
        """,
        supervision="supervision_id child_id supervised_on kind\nS0 C1 2026-01-05 case",
        expected="item_ref due_on state\nE1 2026-03-09 due_soon",
    )


# --- on file -------------------------------------------------------------------------------------------------------
def test_recorded_with_a_decision_within_five_working_days(spec):
    """A record without a decision, or one that nobody answered for, goes on running; a worker's own supervision has no case file."""
    spec.check(
        "supervision_recorded",
        "2026-02-13",
        referral=REFERRALS,
        allocation=HELD,
        supervision="""
        supervision_id child_id worker_id supervised_on kind     recorded_on decision_recorded
        SAME           C1       W1        2026-02-02    case     2026-02-02  yes
        FRIDAY         C1       W1        2026-02-06    case     2026-02-13  yes
        LATE           C1       W1        2026-02-02    case     2026-02-10  yes
        BARE           C1       W1        2026-02-05    case     2026-02-05  no
        BLANK          C1       W1        2026-02-05    case     2026-02-05  -
        NEVER          C1       W1        2026-02-11    case     -           -
        OWN            -        W1        2026-02-02    personal -           -
        """,
        expected="""
        item_ref elapsed state        team  worker
        LATE     6       done_late    NORTH W1
        SAME     0       done_in_time NORTH W1
        BARE     6       overdue      NORTH W1
        BLANK    6       overdue      NORTH W1
        FRIDAY   5       done_in_time NORTH W1
        NEVER    2       running      NORTH W1
        """,
    )


# --- not watched ---------------------------------------------------------------------------------------------------
def test_without_the_file_the_rules_share_one_reason(spec):
    rules = ("supervision_worker", "supervision_recorded")
    assert spec.not_watched("2026-02-13", *rules, referral=REFERRALS, allocation=HELD) == [
        "personal supervision of a worker who holds cases within 20 working days of the last (supervision_worker) and "
        "case supervision recorded with its decision within 5 working days (supervision_recorded) are not watched: "
        "no export of a case system holds it; add supervision.csv"
    ]


NOBODY = "no row of supervision.csv leads to any row of"


@pytest.mark.parametrize(
    ("rule", "supervision", "because"),
    [
        ("supervision_worker", "S1 C1 W1 2026-02-02 case -", "the extract has no rows of supervision with kind personal"),
        ("supervision_worker", "S1 C1 X7 2026-02-02 personal -", f"{NOBODY} allocation by worker_id"),
        ("supervision_case_cp", "S1 - W1 2026-02-02 case -", f"{NOBODY} plan by child_id"),
        ("supervision_recorded", "S1 C1 W1 2026-02-02 case -", "supervision.decision_recorded is empty in the whole extract"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_feed_a_rule_makes_nobody_late(rule, supervision, because, spec):
    tables = {
        "referral": REFERRALS,
        "allocation": HELD,
        "plan": PLANS,
        "supervision": f"supervision_id child_id worker_id supervised_on kind decision_recorded\n{supervision}",
    }
    assert spec.clocks(rule, "2026-03-06", **tables).frame.empty
    assert spec.not_watched("2026-03-06", rule, **tables)[0].endswith(f"is not watched: {because}")
