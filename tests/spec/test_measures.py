"""The measures on one small council: three open referrals, two teams, one child on a child protection plan."""

COUNCIL = {
    "team": "team_id\nNORTH\nSOUTH\nEMPTY",
    "referral": """
    referral_id child_id referral_date nfa closed_on  team_id
    R1          C1       2026-03-02    no  -          NORTH
    R2          C2       2026-03-02    no  -          NORTH
    R3          C3       2026-03-02    no  -          SOUTH
    SHUT        C4       2026-01-05    no  2026-03-20 SOUTH
    NFA         C5       2026-03-02    yes -          SOUTH
    """,
    "allocation": """
    allocation_id child_id referral_id worker_id team_id role started_on ended_on
    A1            C1       R1          W1        NORTH   CW   2026-03-03 -
    A2            C2       R2          W2        NORTH   CW   2026-03-02 2026-03-19
    A4            C4       SHUT        W4        SOUTH   CW   2026-01-12 2026-03-20
    """,
    "assessment": """
    assessment_id referral_id child_id started_on authorised_on team_id
    S1            R1          C1       2025-11-03 -             NORTH
    S2            R2          C2       2026-03-02 2026-03-20    NORTH
    S3            R3          C3       2025-12-01 2026-03-06    SOUTH
    S4            SHUT        C4       2025-09-01 2025-12-19    SOUTH
    S5            SHUT        C4       2025-09-01 2025-12-18    SOUTH
    """,
    "plan": """
    plan_id child_id referral_id kind started_on ended_on   other_la
    P1      C1       R1          cp   2026-03-09 -          no
    P2      C2       R2          cp   2026-03-09 -          no
    P2B     C2       R2          cp   2026-03-10 -          no
    P3      C3       R3          cp   2025-03-09 2026-03-20 no
    P4      C6       -           cp   2026-03-09 -          yes
    P5      C3       R3          cin  2026-03-09 -          no
    """,
}
AS_OF = "2026-03-20"


def of_team(spec, measure, **changed):
    return spec.measures(AS_OF, **{**COUNCIL, **changed})[measure]


def test_open_counts_referrals_that_are_neither_closed_nor_ended_with_no_further_action(spec):
    assert of_team(spec, "open") == {"NORTH": ("2", 2), "SOUTH": ("1", 1), "EMPTY": ("0", 0), "?": ("0", 0), "*": ("3", 3)}


def test_unallocated_counts_cases_that_never_had_a_worker_and_those_whose_worker_left(spec):
    assert of_team(spec, "unallocated") == {"NORTH": ("1", 2), "SOUTH": ("1", 1), "EMPTY": ("0", 0), "?": ("0", 0), "*": ("2", 3)}


def test_unallocated_cp_counts_children_not_plans_and_leaves_other_councils_plans_to_them(spec):
    assert of_team(spec, "unallocated_cp") == {"NORTH": ("1", 2), "SOUTH": ("0", 0), "EMPTY": ("0", 0), "?": ("0", 0), "*": ("1", 2)}


def test_a_child_on_a_plan_who_has_died_is_not_called_unallocated(spec):
    assert of_team(spec, "unallocated_cp", child="child_id died_on\nC2 2026-03-15")["*"] == ("0", 1)
    assert of_team(spec, "unallocated", child="child_id died_on\nC2 2026-03-15")["*"] == ("1", 2)


OTHER_CASES = """
    allocation_id child_id referral_id worker_id team_id role started_on
    A1            C1       R1          W1        NORTH   CW   2026-03-03
    A5            C2       %s W5        SOUTH   CW   2026-03-03
"""


def test_a_worker_of_another_case_or_of_a_closed_one_does_not_hold_a_plan_whose_own_case_is_open(spec):
    """C2 has a plan in case R2, which nobody holds. One who is tied to no case holds the child for whatever there is."""
    referral = COUNCIL["referral"] + "    LATER C2 2026-03-09 no - SOUTH\n    OLD C2 2025-03-09 no 2025-09-01 SOUTH\n"
    for case, unallocated in (("LATER", "1"), ("OLD", "1"), ("R2", "0"), ("-", "0"), ("GONE", "0")):
        made = of_team(spec, "unallocated_cp", referral=referral, allocation=OTHER_CASES % case)
        assert (case, made["*"]) == (case, (unallocated, 2))


def test_where_the_plan_s_own_case_is_not_open_any_open_case_of_the_child_may_have_the_worker(spec):
    """The plan of C2 names R2, which is closed, or no case at all; the child came back as LATER."""
    closed = COUNCIL["referral"].replace(
        "R2          C2       2026-03-02    no  -    ", "R2          C2       2026-03-02    no  2026-03-13"
    )
    referral = closed + "    LATER C2 2026-03-09 no - SOUTH\n"
    for plan in (COUNCIL["plan"], COUNCIL["plan"].replace("C2       R2", "C2       - ")):
        for case, unallocated in (("LATER", "0"), ("R2", "1")):
            made = of_team(spec, "unallocated_cp", referral=referral, plan=plan, allocation=OTHER_CASES % case)
            assert (case, made["*"]) == (case, (unallocated, 2))


def test_of_a_child_with_two_plans_the_one_that_began_last_says_whose_it_is(spec):
    plan = """
    plan_id child_id referral_id kind started_on team_id
    P1      C1       -           cp   2026-03-10 SOUTH
    P2      C1       -           cp   2026-03-09 NORTH
    """
    made = of_team(spec, "unallocated_cp", plan=plan, allocation="allocation_id child_id worker_id role started_on\nA1 C9 W1 CW 2026-03-03")
    assert (made["SOUTH"], made["NORTH"]) == (("1", 1), ("0", 0))


def test_overdue_has_the_open_clocks_as_n_and_a_zero_for_a_team_without_any(spec):
    assert of_team(spec, "overdue.assessment_45_dfe") == {
        "NORTH": ("1", 1), "SOUTH": ("0", 0), "EMPTY": ("0", 0), "?": ("0", 0), "*": ("1", 1),
    }  # fmt: skip
    assert of_team(spec, "overdue.allocation") == {
        "NORTH": ("0", 1), "SOUTH": ("1", 1), "EMPTY": ("0", 0), "?": ("0", 0), "*": ("1", 2),
    }  # fmt: skip


def test_due_soon_is_not_yet_late(spec):
    assert of_team(spec, "due_soon.allocation")["NORTH"] == ("1", 1)
    assert of_team(spec, "open.allocation")["*"] == ("2", 2)


def test_in_time_is_the_share_of_what_was_done_within_91_days_up_to_the_extract_date(spec):
    """S2 in time, S3 late; S4 was done on 19 December, 91 days before the extract: outside. S5 earlier still."""
    assert of_team(spec, "in_time.assessment_45_dfe") == {
        "NORTH": ("100", 1), "SOUTH": ("0", 1), "EMPTY": ("-", 0), "?": ("-", 0), "*": ("50", 2),
    }  # fmt: skip
    a_day_before = spec.measures("2026-03-19", **COUNCIL)["in_time.assessment_45_dfe"]
    assert a_day_before["SOUTH"] == ("0", 2)


def test_work_that_no_team_answers_for_is_shown_and_a_team_that_only_work_names_is_known(spec):
    made = of_team(spec, "open", team="", referral="referral_id child_id referral_date team_id\nU1 C8 2026-03-02 -\nU2 C9 2026-03-02 WEST")
    assert made == {"NORTH": ("0", 0), "SOUTH": ("0", 0), "WEST": ("1", 1), "?": ("1", 1), "*": ("2", 2)}


def test_what_the_extract_cannot_show_has_no_value(spec):
    made = spec.measures(AS_OF, **{**COUNCIL, "allocation": ""})
    assert "unallocated" not in made and "unallocated_cp" not in made and "overdue.allocation" not in made
    assert "overdue.cp_visit" not in made
    assert made["open"]["*"] == ("3", 3)


def test_a_watched_rule_without_a_clock_has_zeros(spec):
    conference = "conference_id child_id kind held_on\nK1 C9 initial 2026-01-16"
    s47 = "s47_id child_id strategy_on icpc_required\nS1 C1 2026-01-05 no"
    assert of_team(spec, "overdue.s47_to_icpc", s47=s47, conference=conference)["*"] == ("0", 0)


# --- services --------------------------------------------------------------------------------------------------------
SERVICES = "team_id service_id service\nNORTH N North\nSOUTH N North\nEMPTY E Empty"


def test_a_service_is_the_sum_of_its_teams_and_a_team_of_none_is_in_the_council_alone(spec):
    """WEST is named by a referral only: no service lists it."""
    more = (
        COUNCIL["referral"]
        + "    R6          C7       2026-03-02    no  -          WEST\n    R7          C8       2026-03-02    no  -   -\n"
    )
    assert of_team(spec, "open", team=SERVICES, referral=more) == {
        "NORTH": ("2", 2), "SOUTH": ("1", 1), "EMPTY": ("0", 0), "WEST": ("1", 1), "?": ("1", 1),
        "service:N": ("3", 3), "service:E": ("0", 0), "*": ("5", 5),
    }  # fmt: skip


def test_the_share_of_a_service_is_worked_out_from_its_clocks_not_from_the_shares_of_its_teams(spec):
    """NORTH did 3 of 3 in time, SOUTH 0 of 1: 3 of 4 are 75 per cent, where the mean of 100 and 0 would be 50."""
    more = COUNCIL["assessment"] + "    S6 R2 C2 2026-03-03 2026-03-19 NORTH\n    S7 R2 C2 2026-03-04 2026-03-18 NORTH\n"
    made = of_team(spec, "in_time.assessment_45_dfe", team=SERVICES, assessment=more)
    assert (made["NORTH"], made["SOUTH"], made["service:N"], made["service:E"]) == (("100", 3), ("0", 1), ("75", 4), ("-", 0))


def test_a_service_without_an_id_is_known_by_its_name(spec):
    made = of_team(spec, "open", team="team_id service\nNORTH North\nSOUTH -")
    assert {place for place in made if place.startswith("service:")} == {"service:North"}
    assert made["service:North"] == ("2", 2)


def test_a_team_that_only_an_allocation_names_has_its_figures(spec):
    held = COUNCIL["allocation"] + "    A9 C3 R3 W9 EAST CW 2026-03-03 -\n"
    made = of_team(spec, "open", allocation=held)
    assert (made["EAST"], made["SOUTH"]) == (("1", 1), ("0", 0))
