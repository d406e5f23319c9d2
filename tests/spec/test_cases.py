"""The case frame: one row per open case, with who holds it, how grave it is and what marks it."""

import pandas as pd
import pytest

from caseclock.clocks.cases import CASE_COLUMNS, blind_spots, case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.standing import standing

from .conftest import cell, lines

AS_OF = "2026-03-20"
ROLES = ("CW",)
R1 = "referral_id child_id referral_date team_id\nR1 C1 2026-03-02 DOOR\n"
HELD = "allocation_id child_id referral_id worker_id team_id role started_on ended_on\nA1 C1 R1 W1 NORTH CW 2026-03-03 -\n"


@pytest.fixture
def check(extract):
    """The case frame has exactly the rows of `expected`, whose first line says which columns are looked at."""

    def checked(expected: str, as_of: str = AS_OF, roles=ROLES, **tables: str) -> None:
        wanted = lines(expected)
        frame = case_frame(extract(as_of, **tables), roles)
        assert [wanted[0], *([cell(frame[name].iloc[i]) for name in wanted[0]] for i in range(len(frame)))] == wanted

    return checked


def test_it_has_one_row_per_open_referral_in_the_order_that_the_measures_count_them(extract):
    snapshot = extract(
        AS_OF,
        child="child_id died_on\nC6 2026-03-01",
        referral="""
        referral_id child_id referral_date nfa closed_on
        R1          C1       2026-03-02    no  -
        R2          C2       2026-03-02    yes -
        R3          C3       2026-03-02    no  2026-03-20
        R4          C4       2026-03-02    no  2026-03-23
        R5          C5       2026-03-23    no  -
        R6          C6       2026-03-02    no  -
        R7          C1       2026-03-09    no  -
        """,
    )
    frame = case_frame(snapshot, ROLES)
    assert list(frame.columns) == list(CASE_COLUMNS)
    assert list(frame["item_ref"]) == ["R1", "R4", "R7"]
    columns = Columns(snapshot)
    rows = standing(columns, ROLES).referral_row
    assert list(pd.Series(columns.raw("referral", "referral_id")).iloc[rows]) == list(frame["item_ref"])


def test_an_extract_without_any_open_case_gives_an_empty_frame_with_all_columns(extract):
    frame = case_frame(extract(AS_OF), ROLES)
    assert (len(frame), list(frame.columns)) == (0, list(CASE_COLUMNS))


# --- who holds it --------------------------------------------------------------------------------------------------
def test_a_case_that_nobody_took_waits_since_the_day_of_its_referral_and_one_that_is_held_does_not(check):
    check(
        "item_ref team worker opened_on held waiting_since\nR1 NORTH W1 2026-03-02 True -\nR2 DOOR - 2026-03-04 False 2026-03-04",
        referral=R1 + "R2 C2 2026-03-04 DOOR",
        allocation=HELD,
    )


def test_when_the_worker_has_left_it_waits_since_that_day(check):
    check(
        "worker held waiting_since\n- False 2026-03-17",
        referral=R1,
        allocation=HELD.replace("2026-03-03 -", "2026-03-03 2026-03-11") + "A2 C1 R1 W2 NORTH CW 2026-03-05 2026-03-17\n",
    )


def test_a_pool_a_manager_and_a_leaver_hold_nothing(check):
    check(
        "worker held waiting_since\n- False 2026-03-12",
        referral=R1,
        worker="worker_id is_person\nPOOL no",
        staff="staff_id worker_id ended_on\nW3 W3 2026-03-12",
        allocation="""
        allocation_id child_id referral_id worker_id role started_on
        A1            C1       R1          POOL      CW   2026-03-03
        A2            C1       R1          W2        TM   2026-03-03
        A3            C1       R1          W3        CW   2026-03-03
        """,
    )


def test_a_worker_who_left_before_the_referral_came_does_not_shorten_the_wait(check):
    check(
        "held waiting_since\nFalse 2026-03-02",
        referral=R1 + "\n",
        allocation="allocation_id child_id worker_id role started_on ended_on\nA1 C1 W1 CW 2026-01-05 2026-02-20",
    )


def test_of_two_referrals_of_a_child_the_worker_of_one_does_not_hold_the_other(check):
    check(
        "item_ref worker held\nR1 W1 True\nR2 - False",
        referral=R1 + "R2 C1 2026-03-09 DOOR",
        allocation=HELD,
    )


def test_of_several_who_hold_it_the_referral_s_own_and_then_the_latest_is_named(check):
    check(
        "worker\nW2",
        referral=R1,
        allocation=HELD + "A2 C1 R1 W2 NORTH CW 2026-03-05 -\nA3 C1 - W3 NORTH CW 2026-03-10 -\n",
    )


def test_a_worker_without_dates_holds_the_case(check):
    """Annex A names the worker of today and no dates."""
    check("worker held waiting_since\nW1 True -", referral=R1, allocation="allocation_id child_id worker_id\nA1 C1 W1")


def test_where_the_extract_cannot_show_who_holds_a_case_nobody_is_said_to_wait(check):
    """The CIN census has no workers; and roles that nobody has would make every case unallocated."""
    check("item_ref worker held waiting_since\nR1 - - -", referral=R1)
    check("item_ref worker held waiting_since\nR1 - - -", referral=R1, allocation=HELD, roles=("SOCIAL_WORKER",))


def test_the_wait_is_that_of_the_allocation_clock(spec, extract):
    tables = {
        "referral": R1 + "R2 C2 2026-03-04 DOOR\nR3 C3 2026-03-04 DOOR\nR4 C4 2026-03-04 DOOR\n",
        "allocation": HELD + "A2 C2 R2 W2 NORTH CW 2026-03-05 2026-03-16\nA3 C3 - W3 NORTH CW 2026-02-02 2026-03-10\n",
    }
    cases = case_frame(extract(AS_OF, **tables), ROLES).set_index("item_ref")["waiting_since"]
    clocks = spec.clocks("allocation", AS_OF, **tables).frame
    running = clocks[clocks["stopped_on"].isna()].set_index("item_ref")["started_on"]
    assert cases.dropna().to_dict() == running.to_dict()
    assert set(running.index) == {"R2", "R3", "R4"}


# --- how grave it is -----------------------------------------------------------------------------------------------
CHILDREN = "referral_id child_id referral_date\n" + "".join(f"R{n} C{n} 2026-01-05\n" for n in range(1, 10))


def test_the_level_is_the_gravest_thing_that_is_open_now(check):
    check(
        "item_ref level\nR1 cp\nR2 care\nR3 cin\nR4 none\nR5 care\nR6 none\nR7 none\nR8 cin\nR9 none",
        referral=CHILDREN,
        plan="""
        plan_id child_id kind started_on ended_on   other_la
        P1      C1       cp   2026-01-12 -          no
        P1N     C1       cin  2026-01-08 -          -
        P3      C3       cin  2026-01-12 -          -
        P4      C4       cp   2026-01-12 2026-03-20 -
        P5      C5       cp   2026-01-12 -          yes
        P6      C6       cp   2026-03-23 -          -
        P8      C8       cin  2026-01-12 2026-03-23 -
        """,
        care="""
        episode_id care_id child_id started_on entered_on left_on
        E1         K1      C1       2026-02-02 2026-02-02 -
        E2         K2      C2       2026-02-02 2026-02-02 -
        E5         K5      C5       2026-02-02 2026-02-02 -
        E7         K7      C7       2026-02-02 2026-02-02 2026-03-16
        """,
    )


def test_an_enquiry_is_open_until_it_ends_or_an_initial_conference_or_no_need_of_one_answers_it(check):
    check(
        "item_ref s47_open\nR1 True\nR2 False\nR3 False\nR4 False\nR5 True\nR6 True\nR7 False\nR8 True\nR9 False",
        referral=CHILDREN,
        s47="""
        s47_id child_id strategy_on ended_on   icpc_required
        E1     C1       2026-03-09  -          yes
        E2     C2       2026-03-09  2026-03-18 yes
        E3     C3       2026-03-09  -          no
        E4     C4       2026-03-09  -          -
        E5     C5       2026-03-09  -          -
        E6     C6       2026-03-09  2026-03-23 -
        E7     C7       2026-03-23  -          -
        E8     C8       2026-03-09  -          -
        """,
        conference="""
        conference_id child_id s47_id kind        held_on
        K4            C4       E4     initial     2026-03-16
        K5            C5       -      initial     2026-03-02
        K6            C6       -      transfer_in 2026-03-16
        K8            C8       E8     initial     2026-03-25
        """,
    )


def test_a_conference_that_names_no_enquiry_answers_the_one_before_it(check):
    check(
        "s47_open\nFalse",
        referral=R1,
        s47="s47_id child_id strategy_on\nE1 C1 2026-03-09",
        conference="conference_id child_id kind held_on\nK1 C1 initial 2026-03-16",
    )


# --- what marks it -------------------------------------------------------------------------------------------------
def test_referrals_of_the_365_days_count_whatever_became_of_them(check):
    check(
        "item_ref referrals_12m\nR1 3\nR9 0",
        referral="""
        referral_id child_id referral_date nfa closed_on
        R1          C1       2026-03-02    -   -
        R2          C1       2025-09-01    yes -
        R3          C1       2025-03-21    no  2025-04-01
        R4          C1       2025-03-20    no  2025-04-01
        R5          C1       2026-03-23    no  -
        R9          C9       2024-03-04    no  -
        """,
    )


def test_a_plan_that_has_ended_marks_the_child_wherever_it_was(check):
    check(
        "item_ref earlier_cp\nR1 True\nR2 True\nR3 False\nR4 False",
        referral="\n".join(CHILDREN.splitlines()[:5]),
        plan="""
        plan_id child_id kind started_on ended_on   other_la
        P1      C1       cp   2024-01-12 2024-06-03 -
        P2      C2       cp   2024-01-12 2024-06-03 yes
        P3      C3       cp   2026-01-12 -          -
        P4      C4       cin  2024-01-12 2024-06-03 -
        """,
    )


def test_a_child_that_is_known_to_be_unborn_is_marked(check):
    check(
        "item_ref unborn\nR1 True\nR2 False\nR3 False",
        referral="\n".join(CHILDREN.splitlines()[:4]),
        child="child_id unborn\nC1 yes\nC2 no",
    )


def test_the_priority_is_the_last_one_given_and_no_priority_where_the_file_names_none(check):
    tables = {"referral": "\n".join(CHILDREN.splitlines()[:4])}
    check("item_ref priority\nR1 -\nR2 -\nR3 -", **tables)
    check(
        "item_ref priority\nR1 low\nR2 urgent\nR3 no_priority",
        priority="""
        priority_id child_id referral_id priority set_on
        P1          C1       R1          high     2026-01-06
        P2          C1       R1          low      2026-02-02
        P3          C2       -           urgent   2026-02-02
        """,
        **tables,
    )


def test_the_last_event_is_the_latest_of_what_was_done_for_the_child_by_the_extract_s_date(check):
    nothing = {"referral": R1}
    check("last_event_on\n-", **nothing)
    for day, tables in (
        ("2026-03-05", {"visit": "visit_id child_id kind visit_on\nV1 C1 cin 2026-03-05\nV2 C1 cin 2026-03-23"}),
        ("2026-03-06", {"assessment": "assessment_id child_id started_on\nS1 C1 2026-03-06"}),
        ("2026-03-11", {"assessment": "assessment_id child_id started_on authorised_on\nS1 C1 2026-03-06 2026-03-11"}),
        ("2026-03-12", {"review": "review_id child_id kind held_on\nW1 C1 cp 2026-03-12"}),
        ("2026-03-13", {"conference": "conference_id child_id kind held_on\nK1 C1 initial 2026-03-13"}),
        ("2026-03-16", {"allocation": "allocation_id child_id worker_id started_on ended_on\nA1 C1 W1 2026-03-03 2026-03-16"}),
        ("2026-03-17", {"supervision": "supervision_id child_id kind supervised_on\nU1 C1 case 2026-03-17"}),
        ("2026-03-18", {"meeting": "event_id child_id kind held_on\nM1 C1 core_group 2026-03-18"}),
    ):
        check(f"last_event_on\n{day}", **nothing, **tables)


def test_what_cannot_be_seen_is_said(extract):
    bare = blind_spots(extract(AS_OF, referral=R1))
    assert set(bare) == {"priority", "earlier_cp", "unborn", "s47_open", "under_1", "domestic_abuse"}
    full = blind_spots(
        extract(
            AS_OF,
            referral=R1,
            child="child_id unborn\nC1 no",
            plan="plan_id child_id kind started_on\nP1 C1 cp 2026-03-09",
            s47="s47_id child_id strategy_on\nE1 C1 2026-03-09",
            priority="priority_id child_id priority set_on\nP1 C1 low 2026-03-09",
        )
    )
    assert set(full) == {"under_1", "domestic_abuse"}
