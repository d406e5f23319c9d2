"""contact_decision, core_group_*, cin_review, return interviews and priorities: what three of the supplementary files switch on."""

# --- contact_decisions.csv -----------------------------------------------------------------------------------------
DECISIONS = """
decision_id contact_id received_on decided_on decision
SAME        SAME       2026-01-05  2026-01-05 nfa
NEXT        NEXT       2026-01-05  2026-01-06 referral
LATE        LATE       2026-01-05  2026-01-07 nfa
WEEKEND     WEEKEND    2026-01-10  2026-01-12 nfa
FRIDAY      FRIDAY     2026-01-09  -          -
TODAY       TODAY      2026-01-12  -          -
OPEN        OPEN       2026-01-08  -          -
AHEAD       AHEAD      2026-01-08  2026-01-13 nfa
"""


def test_a_contact_is_decided_by_the_end_of_the_next_working_day(spec):
    spec.check(
        "contact_decision",
        "2026-01-12",
        contact_decision=DECISIONS,
        expected="""
        item_ref due_on     stopped_on elapsed state
        LATE     2026-01-06 2026-01-07 2       done_late
        NEXT     2026-01-06 2026-01-06 1       done_in_time
        SAME     2026-01-06 2026-01-05 0       done_in_time
        AHEAD    2026-01-09 -          2       overdue
        OPEN     2026-01-09 -          2       overdue
        FRIDAY   2026-01-12 -          1       due_soon
        WEEKEND  2026-01-12 2026-01-12 1       done_in_time
        TODAY    2026-01-13 -          0       running
        """,
    )


def test_a_decision_is_the_team_s_that_holds_the_child_else_nobody_s(spec):
    spec.check(
        "contact_decision",
        "2026-01-12",
        contact_decision=DECISIONS.split("\nLATE")[0],
        contact="contact_id child_id contact_on\nSAME C1 2026-01-05\nNEXT C2 2026-01-05",
        allocation="allocation_id child_id worker_id team_id role started_on\nA1 C1 W1 NORTH CW 2025-06-02",
        expected="item_ref child_ref team worker\nNEXT C2 ? -\nSAME C1 NORTH W1",
    )


def test_a_decision_before_the_contact_is_no_clock(spec):
    table = "decision_id contact_id received_on decided_on\nK1 K1 2026-01-05 2026-01-02\nK2 K2 2026-01-05 2026-01-05"
    spec.check("contact_decision", "2026-01-12", contact_decision=table, expected="item_ref\nK2")
    assert spec.left_out("contact_decision", "2026-01-12", contact_decision=table) == {"it stops before it starts": 1}


def test_without_the_file_the_rule_says_which_file_to_add(spec):
    assert spec.not_watched("2026-01-12", "contact_decision") == [
        "decision on a contact within one working day (contact_decision) is not watched: "
        "no export of a case system holds it; add contact_decisions.csv"
    ]


# --- meetings.csv --------------------------------------------------------------------------------------------------
PLANS = """
plan_id child_id conference_id kind started_on ended_on   other_la
cp:P1   C1       K1            cp   2026-01-06 -          no
cp:P2   C2       -             cp   2026-01-05 -          no
cp:P3   C3       -             cp   2026-01-05 2026-01-12 no
cp:P4   C4       -             cp   2026-01-05 -          yes
cin:N1  C5       -             cin  2026-01-05 -          no
"""
CONFERENCES = "conference_id child_id kind held_on\nK1 C1 initial 2026-01-05"


def test_the_first_core_group_within_10_working_days_of_the_conference_and_the_next_within_6_weeks(spec):
    tables = {
        "plan": PLANS,
        "conference": CONFERENCES,
        "meeting": """
        event_id child_id plan_id kind       held_on    due_on
        M0       C9       -       core_group 2026-01-02 -
        M1       C1       cp:P1   core_group 2026-01-19 -
        M2       C1       cp:P1   core_group 2026-01-19 -
        M3       C1       -       core_group 2026-03-02 -
        M4       C1       cp:P1   cin_review 2026-03-04 -
        M5       C2       cp:P2   core_group -          2026-01-16
        """,
    }
    spec.check(
        "core_group_first",
        "2026-03-06",
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        cp:P1    2026-01-05 2026-01-19 2026-01-19 10      done_in_time
        cp:P2    2026-01-05 2026-01-19 -          44      overdue
        """,
        **tables,
    )
    spec.check(
        "core_group_next",
        "2026-03-06",
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        cp:P1    2026-01-19 2026-03-02 2026-03-02 42      done_in_time
        cp:P1    2026-03-02 2026-04-13 -          4       running
        """,
        **tables,
    )


def test_one_core_group_about_siblings_counts_for_each_child(spec):
    spec.check(
        "core_group_first",
        "2026-01-30",
        plan="plan_id child_id kind started_on\ncp:P1 C1 cp 2026-01-05\ncp:P2 C2 cp 2026-01-05",
        meeting="""
        event_id child_id kind       held_on
        M0       C9       core_group 2026-01-02
        M1|C1    C1       core_group 2026-01-12
        M1|C2    C2       core_group 2026-01-12
        """,
        expected="item_ref stopped_on\ncp:P1 2026-01-12\ncp:P2 2026-01-12",
    )


def test_a_plan_that_is_older_than_the_file_has_no_first_core_group_to_judge(spec):
    tables = {
        "plan": "plan_id child_id kind started_on\ncp:OLD C1 cp 2024-01-08",
        "meeting": "event_id child_id kind held_on\nM1 C1 core_group 2026-01-12",
    }
    assert spec.clocks("core_group_first", "2026-01-30", **tables).frame.empty
    spec.check("core_group_next", "2026-01-30", expected="item_ref started_on state\ncp:OLD 2026-01-12 running", **tables)


def test_a_child_in_need_review_every_12_weeks_and_not_on_the_first_day(spec):
    spec.check(
        "cin_review",
        "2026-05-01",
        plan=PLANS,
        meeting="""
        event_id child_id plan_id kind       held_on
        M0       C9       -       cin_review 2026-01-02
        M1       C5       cin:N1  cin_review 2026-01-05
        M2       C5       cin:N1  cin_review 2026-03-31
        """,
        expected="item_ref started_on due_on stopped_on state\n"
        "cin:N1 2026-01-05 2026-03-30 2026-03-31 done_late\ncin:N1 2026-03-31 2026-06-23 - running",
    )


def test_without_core_groups_in_the_file_only_the_other_rule_is_watched(spec):
    tables = {"plan": PLANS, "meeting": "event_id child_id plan_id kind held_on\nM1 C5 cin:N1 cin_review 2026-01-30"}
    said = spec.not_watched("2026-03-06", "core_group_first", "core_group_next", "cin_review", **tables)
    assert len(said) == 1
    assert said[0].endswith("are not watched: the extract has no rows of meeting with kind core_group")


def test_return_interviews_are_counted_not_timed(spec):
    """Of four who came back within 91 days, two were seen: the interview must not lie before, nor answer another episode."""
    made = spec.measures(
        "2026-03-20",
        missing="""
        missing_id child_id started_on found_on
        X1         C1       2026-03-01 2026-03-02
        X2         C2       2026-03-01 2026-03-02
        X3         C3       2026-03-01 2026-03-02
        X4         C4       2026-03-01 2026-03-02
        OPEN       C5       2026-03-19 -
        LONG       C6       2025-11-01 2025-11-02
        """,
        meeting="""
        event_id child_id kind held_on    since_on
        I1       C1       rhi  2026-03-04 2026-03-02
        I2       C2       rhi  2026-03-20 -
        I3       C3       rhi  2026-03-01 -
        I4       C4       rhi  2026-03-10 2026-03-08
        I5       C5       rhi  -          -
        """,
    )
    assert made["rhi_held"]["*"] == ("50", 4)
    assert "rhi_held" not in spec.measures("2026-03-20", missing="missing_id child_id started_on found_on\nX1 C1 2026-03-01 2026-03-02")


# --- priority.csv --------------------------------------------------------------------------------------------------
WAITING = """
referral_id child_id referral_date team_id
R1          C1       2026-03-02    NORTH
R2          C2       2026-03-02    NORTH
R3          C3       2026-03-02    NORTH
R4          C4       2026-03-02    SOUTH
R5          C5       2026-03-02    SOUTH
R6          C6       2026-03-02    SOUTH
"""
HELD = "allocation_id child_id referral_id worker_id team_id role started_on\nA5 C5 R5 W1 SOUTH CW 2026-03-03"
PRIORITIES = """
priority_id child_id referral_id priority    set_on
A           -        R1          high        2026-03-02
B           C1       R1          low         2026-03-09
C           C2       -           urgent      2026-03-02
D           C3       -           urgent      2026-03-02
E           -        R3          no_priority 2026-03-01
F           -        R4          low         2026-03-23
G           C5       R5          low         2026-03-02
H           C6       OTHER       urgent      2026-03-02
"""


def test_waiting_cases_of_low_or_no_priority_are_counted_by_themselves(spec):
    """R1 was turned down to low; R3 has one of its own; R4's is of next week; R5 is held; R6's belongs to another referral."""
    made = spec.measures("2026-03-20", referral=WAITING, allocation=HELD, priority=PRIORITIES)
    assert made["unallocated"]["*"] == ("5", 6)
    assert made["unallocated_low"] == {"NORTH": ("2", 3), "SOUTH": ("2", 2), "?": ("0", 0), "*": ("4", 5)}


def test_the_priorities_together_are_all_who_wait(spec):
    made = spec.measures("2026-03-20", referral=WAITING, allocation=HELD, priority=PRIORITIES)
    found = {m.partition(".")[2]: made[m]["*"][0] for m in made if m.startswith("unallocated_priority.")}
    assert found == {"urgent": "1", "high": "0", "medium": "0", "low": "1", "no_priority": "3", "other": "0"}


def test_of_two_priorities_on_one_day_the_one_further_down_counts(spec):
    table = "priority_id child_id referral_id priority set_on\nZ - R1 urgent 2026-03-02\nA - R1 low 2026-03-02"
    made = spec.measures("2026-03-20", referral=WAITING, allocation=HELD, priority=table)
    assert made["unallocated_priority.urgent"]["*"] == ("0", 5)


def test_without_knowing_who_holds_a_case_priorities_say_nothing(spec):
    made = spec.measures("2026-03-20", referral=WAITING, priority=PRIORITIES)
    assert not [m for m in made if m.startswith("unallocated")]


# --- supervision in figures ----------------------------------------------------------------------------------------
def test_supervision_held_is_of_workers_with_cases_and_recorded_of_case_supervisions(spec):
    made = spec.measures(
        "2026-03-20",
        referral=WAITING,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C1       R1          W1        NORTH   CW   2026-03-03
        A2            C2       R2          W2        NORTH   CW   2026-03-03
        A4            C4       R4          W3        SOUTH   CW   2026-03-03
        """,
        supervision="""
        supervision_id child_id worker_id supervised_on kind     recorded_on decision_recorded
        S1             -        W1        2026-02-21    personal -           -
        S2             -        W2        2026-02-20    personal -           -
        S3             -        W9        2026-03-10    personal -           -
        S4             C1       W1        2026-03-10    case     2026-03-11  yes
        S5             C1       W1        2026-03-10    case     2026-03-11  no
        S6             C4       W3        2026-03-10    case     -           yes
        S7             C4       W3        2025-12-19    case     2025-12-19  yes
        """,
    )
    assert made["supervision_held"] == {"NORTH": ("50", 2), "SOUTH": ("0", 1), "?": ("-", 0), "*": ("33.3333", 3)}
    assert made["supervision_recorded"] == {"NORTH": ("50", 2), "SOUTH": ("0", 1), "?": ("-", 0), "*": ("33.3333", 3)}
