"""The work list: which case comes first, and why it stands there."""

import numpy as np
import pandas as pd
import pytest

from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.frame import clock_frame
from caseclock.clocks.worklist import WORK_COLUMNS, work_list
from caseclock.clocks.worklist_config import WorklistConfig

from .conftest import cell, lines

AS_OF = "2026-03-20"  # a Friday
ROLES = ("CW",)
RULES = (
    "allocation", "assessment_45_dfe", "s47_to_icpc", "cp_visit", "rcpc_first", "cin_review", "supervision_case_cp", "supervision_worker",
    "supervision_recorded",
)  # fmt: skip


@pytest.fixture
def listed(spec, extract):
    """The work list of small tables, with a few of the rules that ship."""

    def made(as_of: str = AS_OF, config: WorklistConfig | None = None, rules=None, **tables: str) -> pd.DataFrame:
        columns = Columns(extract(as_of, **tables))
        chosen = [spec.rules[id_] for id_ in RULES] if rules is None else rules
        clocks = clock_frame(columns, chosen, spec.calendar, ROLES)
        cases = case_frame(columns, ROLES)
        return work_list(cases, clocks, chosen, config or WorklistConfig(), spec.calendar, np.datetime64(as_of, "D"))

    return made


@pytest.fixture
def check(listed):
    """The rows are exactly those of `expected`, whose first line says which columns are looked at."""

    def checked(expected: str, **tables) -> None:
        wanted = lines(expected)
        frame = listed(**tables)
        assert [wanted[0], *([cell(frame[name].iloc[i]) for name in wanted[0]] for i in range(len(frame)))] == wanted

    return checked


def held(*numbers: int) -> str:
    rows = "".join(f"A{n} C{n} R{n} W{n} NORTH CW 2026-01-05\n" for n in numbers)
    return "allocation_id child_id referral_id worker_id team_id role started_on\n" + rows


def referrals(*numbers: int, on: str = "2026-01-05") -> str:
    return "referral_id child_id referral_date\n" + "".join(f"R{n} C{n} {on}\n" for n in numbers)


# --- tiers ---------------------------------------------------------------------------------------------------------
def test_the_tiers_from_a_child_in_danger_whom_nobody_holds_to_what_can_wait(check):
    check(
        "place item_ref tier rule\n"
        "1 R1 0 cp_visit\n2 R2 0 allocation\n3 R3 1 allocation\n4 R4 2 s47_to_icpc\n5 R5 3 cin_review\n6 R6 3 s47_to_icpc\n"
        "7 R7 4 s47_to_icpc\n8 R8 5 s47_to_icpc\n9 R9 5 -",
        referral=referrals(*range(1, 10)),
        allocation=held(1, 4, 5, 6, 7, 8, 9),
        plan="""
        plan_id child_id referral_id kind started_on
        P1      C1       R1          cp   2026-03-02
        P5      C5       R5          cin  2025-12-01
        """,
        visit="visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-03-03 yes",
        meeting="event_id child_id plan_id kind held_on\nM1 C9 - cin_review 2026-01-05\nM2 C5 P5 cin_review 2025-12-02",
        s47="""
        s47_id child_id strategy_on
        E2     C2       2026-03-19
        E4     C4       2026-02-20
        E6     C6       2026-03-02
        E7     C7       2026-03-10
        E8     C8       2026-03-16
        """,
        conference="conference_id child_id kind held_on\nK9 C99 initial 2026-01-05",
    )


def test_an_open_enquiry_or_a_child_protection_plan_that_nobody_holds_comes_before_other_work_that_nobody_holds(listed):
    frame = listed(
        referral=referrals(1, 2, 3, 4, 9),
        allocation=held(9),
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-03-19\nP3 C3 cp 2026-03-19",
        s47="s47_id child_id strategy_on\nE2 C2 2026-03-19\nE3 C3 2026-03-19",
    )
    assert list(zip(frame["item_ref"], frame["tier"], frame["reason"], strict=True))[:4] == [
        ("R1", 0, "child protection plan and nobody holds it (54 working days)"),
        ("R3", 0, "section 47 enquiry and child protection plan and nobody holds it (54 working days)"),
        ("R2", 0, "section 47 enquiry and nobody holds it (54 working days)"),
        ("R4", 1, "nobody holds it (54 working days)"),
    ]


def test_a_second_case_of_a_child_whom_somebody_holds_is_only_a_case_that_nobody_holds(listed):
    """The plan has its worker. The second referral still needs one, and it is said that the child is held."""
    tables = {
        "referral": referrals(1, 9) + "R2 C1 2026-03-02\n",
        "plan": "plan_id child_id kind started_on\nP1 C1 cp 2026-03-19",
    }
    frame = listed(**tables, allocation=held(1, 9)).set_index("item_ref")
    assert (frame.loc["R2", "tier"], frame.loc["R2", "reason"]) == (
        1,
        "nobody holds it (14 working days); somebody holds the child in another open case",
    )
    frame = listed(**tables, allocation=held(9)).set_index("item_ref")
    assert list(frame.loc[["R1", "R2"], "tier"]) == [0, 0]


def test_where_nobody_can_tell_who_holds_a_case_none_stands_there_for_want_of_a_worker(check):
    """A CIN census names no workers: tiers 0 and 1 are then for overdue safeguarding visits only."""
    check(
        "item_ref tier worker\nR1 5 -\nR2 5 -",
        referral=referrals(1, 2),
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-03-19",
    )


def test_which_rules_are_safeguarding_which_limits_are_statutory_and_how_near_is_near_can_be_set(listed, check):
    tables = {
        "referral": referrals(1, 2, 3),
        "allocation": held(1, 2, 3),
        "plan": "plan_id child_id kind started_on\nP1 C1 cp 2026-03-02",
        "visit": "visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-03-03 yes",
        "s47": "s47_id child_id strategy_on\nE2 C2 2026-02-20\nE3 C3 2026-03-10",
        "conference": "conference_id child_id kind held_on\nK9 C99 initial 2026-01-05",
    }
    check("item_ref tier\nR1 0\nR2 2\nR3 4", **tables)
    check(
        "item_ref tier\nR2 0\nR1 2\nR3 3", **tables, config=WorklistConfig(safeguarding=["s47_to_icpc"], past_limit=["local"], soon_wd=10)
    )
    check("item_ref tier\nR1 3\nR2 3\nR3 5", **tables, config=WorklistConfig(safeguarding=[], past_limit=[], soon_wd=2, next_wd=3))


def test_a_record_that_was_never_made_gives_no_place_but_counts_as_overdue(listed):
    """Otherwise every supervision of last year without its record would stand before work that can still be done."""
    tables = {
        "referral": referrals(1),
        "allocation": held(1),
        "supervision": """
        supervision_id child_id kind supervised_on recorded_on decision_recorded
        U1             C1       case 2025-11-03    -           -
        U2             C2       case 2025-11-03    -           -
        U3             C3       case 2025-11-03    2025-11-04  yes
        """,
    }
    frame = listed(**tables)
    assert frame[["item_ref", "rule", "overdue", "reason"]].fillna("-").values.tolist() == [["R1", "-", 1, "no clock runs on it"]]
    frame = listed(**tables, config=WorklistConfig(left_out=[]))
    assert frame[["child_ref", "rule"]].fillna("-").values.tolist() == [["C1", "supervision_recorded"], ["C2", "supervision_recorded"]]


# --- within a tier -------------------------------------------------------------------------------------------------
def test_within_a_tier_the_graver_level_comes_first_then_what_has_used_up_more_of_its_limit_then_the_older_then_the_id(check):
    check(
        "item_ref level share age_days\nR5 cp 1.4 29\nR4 care 1.4 29\nR3 cin 1.4 29\nR2 none 1.53333 31\nR1 none 1.4 29\nR6 none 1.4 29",
        referral=referrals(1, 2, 3, 4, 5, 6),
        allocation=held(1, 2, 3, 4, 5, 6),
        plan="plan_id child_id kind started_on\nP3 C3 cin 2026-03-19\nP5 C5 cp 2026-03-19",
        care="episode_id care_id child_id started_on entered_on\nE4 K4 C4 2026-03-19 2026-03-19",
        s47="""
        s47_id child_id strategy_on
        E1     C1       2026-02-19
        E2     C2       2026-02-17
        E3     C3       2026-02-19
        E4     C4       2026-02-19
        E5     C5       2026-02-19
        E6     C6       2026-02-19
        """,
        conference="conference_id child_id kind held_on\nK9 C99 initial 2026-01-05",
    )


def test_of_one_share_the_older_comes_first(check):
    """Sunday's and Saturday's referral have waited as many working days as Friday's; calendar days tell them apart."""
    check(
        "item_ref share age_days\nR2 5 7\nR3 5 6\nR1 5 5",
        referral="referral_id child_id referral_date\nR1 C1 2026-03-15\nR2 C2 2026-03-13\nR3 C3 2026-03-14\n",
        allocation="allocation_id child_id worker_id role started_on\nA9 C9 W9 CW 2026-03-13",
    )


def test_a_limit_in_months_is_told_in_days_so_that_each_day_counts(listed):
    """Otherwise two reviews, one of them late by a day and one by four weeks, would have used up the same."""
    frame = listed(
        referral=referrals(1, 2, on="2025-06-02"),
        allocation=held(1, 2),
        plan="plan_id child_id kind started_on\nP1 C1 cp 2025-12-18\nP2 C2 cp 2025-12-01",
        review="review_id child_id kind held_on\nW9 C9 cp 2026-01-05",
    )
    assert list(frame["item_ref"]) == ["R2", "R1"]
    assert [round(share, 3) for share in frame["share"]] == [1.194, 1.008]


# --- which case a clock belongs to ---------------------------------------------------------------------------------
def test_each_open_case_stands_there_once_under_the_worst_of_its_clocks(listed):
    frame = listed(
        referral=referrals(1, 2),
        allocation=held(1, 2),
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-01-12",
        visit="visit_id child_id kind visit_on seen\nV9 C9 cp 2026-01-05 yes",
        s47="s47_id child_id strategy_on\nE1 C1 2026-02-20",
        conference="conference_id child_id kind held_on\nK9 C99 initial 2026-01-05",
    )
    assert frame[["item_ref", "rule", "overdue"]].fillna("-").values.tolist() == [["R1", "cp_visit", 2], ["R2", "-", 0]]


def test_of_two_open_cases_of_a_child_a_clock_belongs_to_the_one_that_was_opened_last_before_it_began(check):
    """The enquiry of December is older than both cases, and belongs to the first of them."""
    check(
        "item_ref rule overdue\nR1 s47_to_icpc 2\nR2 s47_to_icpc 1",
        referral="referral_id child_id referral_date\nR1 C1 2026-01-05\nR2 C1 2026-02-09\n",
        allocation=held(1) + "A2 C1 R2 W1 NORTH CW 2026-02-09\n",
        s47="s47_id child_id strategy_on\nE1 C1 2025-12-19\nE2 C1 2026-01-05\nE3 C1 2026-02-09",
        conference="conference_id child_id kind held_on\nK9 C99 initial 2026-01-05",
    )


def test_a_child_on_whom_clocks_run_without_an_open_referral_is_not_lost(listed):
    """A child protection plan whose referral was closed by mistake: nobody would look for it under its case."""
    tables = {
        "referral": referrals(9) + "R1 C1 2026-01-05\n",
        "plan": "plan_id child_id kind started_on\nP1 C1 cp 2026-03-16",
        "visit": "visit_id child_id kind visit_on seen\nV9 C9 cp 2026-01-05 yes",
    }
    closed = tables | {"referral": "referral_id child_id referral_date closed_on\nR9 C9 2026-01-05 -\nR1 C1 2026-01-05 2026-03-17\n"}
    frame = listed(**closed, allocation=held(9))
    assert frame[["item_ref", "child_ref", "level", "tier", "reason"]].fillna("-").values.tolist()[0] == [
        "P1", "C1", "cp", 0, "child protection plan and nobody holds it; the extract has no open referral of the child",
    ]  # fmt: skip
    frame = listed(**closed, allocation=held(9) + "A1 C1 - W1 NORTH CW 2026-01-05\n")
    first = frame.iloc[0]
    assert (first["tier"], first["worker"], first["rule"]) == (4, "W1", "cp_visit")
    assert first["reason"] == (
        "visit to a child on a child protection plan: 6 working days left; the extract has no open referral of the child"
    )


def test_a_worker_s_own_supervision_is_no_case(listed):
    frame = listed(
        referral=referrals(1),
        allocation=held(1),
        supervision="supervision_id worker_id kind supervised_on\nU1 W1 personal 2026-01-06",
    )
    assert frame["rule"].fillna("-").tolist() == ["-"]


# --- in words ------------------------------------------------------------------------------------------------------
def test_the_reason_says_how_far_the_limit_is(listed):
    """Days that are no working days count for nothing, so a limit that passed on Saturday is just over on Sunday."""
    for as_of, words in (
        ("2026-03-10", "supervision of a child protection case within 28 days of the last: 3 working days left"),
        ("2026-03-12", "supervision of a child protection case within 28 days of the last: 1 working day left"),
        ("2026-03-13", "supervision of a child protection case within 28 days of the last: due before the next working day"),
        ("2026-03-14", "supervision of a child protection case within 28 days of the last: due today"),
        ("2026-03-15", "supervision of a child protection case within 28 days of the last: just over the limit"),
        ("2026-03-16", "supervision of a child protection case within 28 days of the last: 1 working day over the limit"),
    ):
        frame = listed(
            as_of,
            referral=referrals(1),
            allocation=held(1),
            plan="plan_id child_id kind started_on\nP1 C1 cp 2026-02-14",
            supervision="supervision_id child_id kind supervised_on\nU1 C1 case 2026-02-14",
        )
        assert frame["reason"].tolist()[0] == words, as_of


def test_it_holds_ids_and_nothing_else_of_a_person(listed):
    frame = listed(referral=referrals(1), allocation=held(1))
    assert list(frame.columns) == list(WORK_COLUMNS)
    assert frame[["place", "item_ref", "child_ref", "team", "worker"]].fillna("-").values.tolist() == [[1, "R1", "C1", "NORTH", "W1"]]


def test_without_any_open_case_there_is_no_row(listed):
    assert len(listed(referral="referral_id child_id referral_date closed_on\nR1 C1 2026-01-05 2026-02-02")) == 0
    assert len(listed()) == 0


def test_a_clock_of_a_rule_that_is_no_longer_configured_is_not_lost(spec, extract):
    """The frame was made when the rule was there; the list is asked for after somebody took it out."""
    columns = Columns(
        extract(AS_OF, referral=referrals(1), allocation=held(1), assessment="assessment_id child_id started_on\nS1 C1 2026-01-05")
    )
    rules = [spec.rules["assessment_45_dfe"], spec.rules["allocation"]]
    clocks, cases = clock_frame(columns, rules, spec.calendar, ROLES), case_frame(columns, ROLES)
    frame = work_list(cases, clocks, rules[1:], WorklistConfig(), spec.calendar, np.datetime64(AS_OF, "D"))
    assert frame[["tier", "rule", "reason"]].fillna("-").values.tolist() == [
        [3, "assessment_45_dfe", "assessment_45_dfe: 9 working days over the limit"]
    ]


def test_without_an_allocation_rule_a_case_that_nobody_holds_still_comes_first(spec, listed):
    rules = [spec.rules[id_] for id_ in RULES if id_ != "allocation"]
    frame = listed(referral=referrals(1, 2), allocation=held(2), rules=rules)
    assert frame[["item_ref", "tier", "rule", "reason"]].fillna("-").values.tolist() == [
        ["R1", 1, "-", "nobody holds it (54 working days)"],
        ["R2", 5, "-", "no clock runs on it"],
    ]
