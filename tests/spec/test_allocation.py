"""allocation: from the referral to the first real allocated worker; again from the day the last one left."""

R1 = """
referral_id child_id referral_date team_id
R1          C1       2026-03-02    DOOR
"""
OTHER = """
referral_id child_id referral_date team_id
R1          C1       2026-03-02    DOOR
R9          C9       2026-03-02    DOOR
"""
HELD = """
allocation_id child_id referral_id worker_id team_id role started_on ended_on
A9            C9       R9          W9        NORTH   CW   2026-03-02 -
"""


def test_a_referral_that_nobody_took_waits_and_is_overdue_after_one_working_day(spec):
    for as_of, elapsed, state in (("2026-03-02", 0, "running"), ("2026-03-03", 1, "due_soon"), ("2026-03-04", 2, "overdue")):
        spec.check(
            "allocation",
            as_of,
            referral=OTHER,
            allocation=HELD,
            expected=f"""
            item_ref started_on due_on     stopped_on elapsed limit state        team  worker
            R1       2026-03-02 2026-03-03 -          {elapsed}  1 {state}      DOOR  -
            R9       2026-03-02 2026-03-03 2026-03-02 0       1     done_in_time NORTH W9
            """,
        )


def test_it_stops_with_the_first_involvement_of_a_real_person_in_an_allocated_role(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        worker="""
        worker_id is_person
        POOL      no
        W1        yes
        """,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on ended_on
        A1            C1       R1          POOL      NORTH   CW   2026-03-02 2026-03-10
        A2            C1       R1          W3        NORTH   TM   2026-03-03 -
        A3            C1       R1          -         NORTH   CW   2026-03-04 -
        A4            C1       R1          W1        NORTH   CW   2026-03-10 -
        A5            C1       R1          W2        NORTH   CW   2026-03-16 -
        """,
        expected="""
        item_ref stopped_on elapsed state     team  worker
        R1       2026-03-10 6       done_late NORTH W1
        """,
    )


def test_a_worker_that_the_staff_table_does_not_list_counts_as_a_person(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        worker="worker_id is_person\nW8 no",
        allocation="allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 CW 2026-03-03",
        expected="item_ref stopped_on elapsed state\nR1 2026-03-03 1 done_in_time",
    )


def test_when_the_worker_has_left_a_new_clock_runs_from_that_day_and_the_team_that_was_left_answers(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on ended_on
        A1            C1       R1          W1        NORTH   CW   2026-03-03 2026-03-11
        A2            C1       R1          W2        NORTH   CW   2026-03-05 2026-03-17
        """,
        expected="""
        item_ref started_on stopped_on elapsed state        team  worker
        R1       2026-03-02 2026-03-03 1       done_in_time NORTH W1
        R1       2026-03-17 -          3       overdue      NORTH -
        """,
    )


def test_a_handover_leaves_no_clock_and_the_team_that_took_the_case_has_done_it(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on ended_on
        A1            C1       R1          W1        NORTH   CW   2026-03-03 2026-03-11
        A2            C1       R1          W2        SOUTH   CW   2026-03-16 -
        """,
        expected="item_ref started_on state team worker\nR1 2026-03-02 done_in_time NORTH W1",
    )


def test_an_involvement_that_ends_on_the_extract_date_has_ended_and_one_that_begins_tomorrow_has_not_begun(spec):
    spec.check(
        "allocation",
        "2026-03-11",
        referral=R1,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on ended_on
        A1            C1       R1          W1        NORTH   CW   2026-03-03 2026-03-11
        A2            C1       R1          W2        NORTH   CW   2026-03-12 -
        """,
        expected="item_ref started_on stopped_on elapsed state\nR1 2026-03-02 2026-03-03 1 done_in_time\nR1 2026-03-11 - 0 running",
    )


def test_referrals_that_are_closed_or_ended_with_no_further_action_do_not_wait(spec):
    tables = {
        "referral": """
        referral_id child_id referral_date nfa closed_on
        NFA         C1       2026-03-02    yes -
        TODAY       C2       2026-03-02    no  2026-03-20
        LATER       C3       2026-03-02    no  2026-03-23
        KEPT        C4       2026-03-02    no  2026-03-10
        """,
        "allocation": """
        allocation_id child_id referral_id worker_id role started_on ended_on
        A1            C4       KEPT        W1        CW   2026-03-03 2026-03-10
        """,
    }
    spec.check(
        "allocation",
        "2026-03-20",
        expected="item_ref stopped_on state\nKEPT 2026-03-03 done_in_time\nLATER - overdue",
        **tables,
    )
    assert spec.left_out("allocation", "2026-03-20", **tables) == {"the case ended before the work was done": 1}


def test_a_child_who_has_died_waits_for_nobody(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=OTHER,
        allocation=HELD,
        child="child_id died_on\nC1 2026-03-05",
        expected="item_ref state\nR9 done_in_time",
    )


def test_an_involvement_that_names_a_referral_counts_for_that_one_only(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral="""
        referral_id child_id referral_date
        R1          C1       2026-03-02
        R2          C1       2026-03-09
        """,
        allocation="allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 CW 2026-03-03",
        expected="item_ref state\nR1 done_in_time\nR2 overdue",
    )


def test_an_involvement_that_names_no_known_referral_counts_for_the_child_while_it_lasts(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral="""
        referral_id child_id referral_date closed_on
        OLD         C1       2025-03-03    2025-04-01
        NEW         C1       2026-03-02    -
        BETWEEN     C2       2026-03-02    -
        """,
        allocation="""
        allocation_id child_id referral_id worker_id role started_on ended_on
        A1            C1       -           W1        CW   2025-03-04 2025-04-01
        A2            C1       GONE        W2        CW   2026-03-03 -
        A3            C2       -           W3        CW   2026-02-02 2026-02-20
        """,
        expected="item_ref stopped_on state\nOLD 2025-03-04 done_in_time\nBETWEEN - overdue\nNEW 2026-03-03 done_in_time",
    )


def test_a_worker_who_already_held_the_child_holds_the_new_referral_from_its_first_day(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        allocation="allocation_id child_id worker_id role started_on\nA1 C1 W1 CW 2026-01-05",
        expected="item_ref stopped_on elapsed state worker\nR1 2026-03-02 0 done_in_time W1",
    )


def test_an_involvement_without_dates_holds_the_case_but_was_neither_in_time_nor_late(spec):
    """Annex A names the worker of today and no dates: the case is not unallocated, and a share in time would be invented."""
    tables = {"referral": OTHER, "allocation": "allocation_id child_id worker_id\nA1 C9 W1"}
    spec.check("allocation", "2026-03-20", expected="item_ref stopped_on elapsed state worker\nR1 - 14 overdue -", **tables)
    assert spec.left_out("allocation", "2026-03-20", **tables) == {"the source does not say since when, so it has no verdict": 1}
    assert spec.measures("2026-03-20", **tables)["unallocated"]["*"] == ("1", 2)


def test_the_case_of_a_role_code_does_not_matter(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        allocation="allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 cw 2026-03-03",
        expected="item_ref state\nR1 done_in_time",
    )


def test_without_any_role_in_the_extract_every_involvement_counts(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        allocation="allocation_id child_id referral_id worker_id started_on\nA1 C1 R1 W1 2026-03-03",
        expected="item_ref state\nR1 done_in_time",
    )


def test_the_team_is_that_of_the_allocation_then_of_the_worker_who_took_the_case(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=R1,
        worker="worker_id team_id is_person\nW2 SOUTH yes",
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on ended_on
        A1            C1       R1          IRO1      REVIEW  IRO  2026-03-02 -
        A2            C1       R1          W2        -       CW   2026-03-05 -
        A3            C1       R1          W1        NORTH   CW   2026-03-09 -
        """,
        expected="item_ref team worker\nR1 SOUTH W2",
    )


def test_an_unallocated_case_is_the_team_s_whose_pool_has_it_and_nobody_s_when_no_row_says(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral="referral_id child_id referral_date team_id\nR1 C1 2026-03-02 DOOR\nR2 C2 2026-03-02 -",
        worker="worker_id is_person\nPOOL no",
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C1       R1          POOL      NORTH   CW   2026-03-02
        """,
        expected="item_ref team worker state\nR1 NORTH - overdue\nR2 ? - overdue",
    )


def test_without_involvements_or_without_the_roles_the_rule_is_not_watched_and_says_so(spec):
    wrong_role = "allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 KEYWORKER 2026-03-03"
    assert spec.clocks("allocation", "2026-03-20", referral=R1).frame.empty
    assert spec.not_watched("2026-03-20", "allocation", referral=R1) == [
        "allocation to a worker (allocation) is not watched: the extract has no rows of allocation"
    ]
    assert spec.not_watched("2026-03-20", "allocation", referral=R1, allocation=wrong_role) == [
        "allocation to a worker (allocation) is not watched: "
        "no row of allocation has one of the roles that the source's allocated_roles name"
    ]


def test_a_conference_chair_s_team_does_not_answer_for_a_case_without_a_worker(spec):
    spec.check(
        "allocation",
        "2026-03-20",
        referral=OTHER,
        allocation=HELD + "A1 C1 R1 IRO1 REVIEW IRO 2026-03-09 -",
        expected="item_ref state team worker\nR1 overdue DOOR -\nR9 done_in_time NORTH W9",
    )
