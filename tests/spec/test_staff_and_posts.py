"""What staff.csv and posts.csv say of unallocated cases, caseloads, agency and vacancies."""

REFERRALS = """
referral_id child_id referral_date team_id
R1          C1       2026-01-05    DOOR
R2          C2       2026-01-05    DOOR
R3          C3       2026-01-05    DOOR
R4          C4       2026-01-05    DOOR
"""
HELD = """
allocation_id child_id referral_id worker_id team_id role started_on ended_on
A1            C1       R1          W1        NORTH   CW   2026-01-06 -
A2            C2       R2          W2        NORTH   CW   2026-01-06 -
A3            C3       R3          W2        NORTH   CW   2026-01-06 -
A4            C4       R4          W3        SOUTH   CW   2026-01-06 -
"""
TEAMS = "team_id\nNORTH\nSOUTH"
AS_OF = "2026-03-20"


def unallocated(spec, staff, **more):
    made = spec.measures(AS_OF, referral=REFERRALS, allocation=HELD, team=TEAMS, staff=staff, **more)["unallocated"]
    return {team: value for team, (value, _) in made.items() if value != "0"}


# --- who holds a case ----------------------------------------------------------------------------------------------
def test_a_case_whose_worker_has_left_is_unallocated_though_the_involvement_is_open(spec):
    assert unallocated(spec, "staff_id worker_id ended_on\nW2 W2 2026-03-16") == {"NORTH": "2", "*": "2"}
    assert unallocated(spec, "staff_id worker_id ended_on\nW2 W2 2026-03-20") == {"NORTH": "2", "*": "2"}
    assert unallocated(spec, "staff_id worker_id ended_on\nW2 W2 2026-03-23") == {}


def test_the_wait_runs_from_the_day_the_worker_left(spec):
    spec.check(
        "allocation",
        AS_OF,
        referral=REFERRALS,
        allocation=HELD,
        staff="staff_id worker_id ended_on\nW3 W3 2026-03-16",
        expected="""
        item_ref started_on stopped_on elapsed team  worker
        R1       2026-01-05 2026-01-06 1       NORTH W1
        R2       2026-01-05 2026-01-06 1       NORTH W2
        R3       2026-01-05 2026-01-06 1       NORTH W2
        R4       2026-01-05 2026-01-06 1       SOUTH W3
        R4       2026-03-16 -          4       SOUTH -
        """,
    )


def test_a_case_that_was_given_to_somebody_who_had_left_waits_from_that_day(spec):
    spec.check(
        "allocation",
        AS_OF,
        referral="referral_id child_id referral_date\nR1 C1 2026-03-02",
        allocation="allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 CW 2026-03-10",
        staff="staff_id worker_id ended_on\nW1 W1 2026-02-27",
        expected="item_ref started_on stopped_on state\nR1 2026-03-02 2026-03-10 done_late\nR1 2026-03-10 - overdue",
    )


def test_an_absence_counts_from_28_days_on_and_ends_with_the_return(spec):
    for absent, waits in (
        ("2026-02-20 -", True),  # away for 28 days
        ("2026-02-21 -", False),  # for 27
        ("2026-03-18 2026-04-15", True),  # away since two days, and known to be away for 28
        ("2026-03-18 2026-03-27", False),  # a week's leave
        ("2026-01-05 2026-03-19", False),  # back at work
        ("2026-03-23 2026-06-30", False),  # not yet away
        ("2026-01-05 2026-03-20", True),  # the last day of it
    ):
        staff = f"staff_id worker_id absent_from absent_to\nW3 W3 {absent}"
        assert unallocated(spec, staff) == ({"SOUTH": "1", "*": "1"} if waits else {}), absent


def test_staff_csv_goes_before_what_was_guessed_from_names(spec):
    guessed = "worker_id is_person\nW1 no\nW2 yes\nW3 yes"
    assert unallocated(spec, "", worker=guessed) == {"NORTH": "1", "*": "1"}
    for said, waiting in (
        ("staff_id worker_id is_person role\nW1 W1 yes -", {}),
        ("staff_id worker_id is_person role\nW1 W1 - sw", {}),
        ("staff_id worker_id is_person role\nW1 W1 - -", {"NORTH": "1", "*": "1"}),
        ("staff_id worker_id is_person role\nW1 W1 yes inbox", {"NORTH": "1", "*": "1"}),
        ("staff_id worker_id is_person role\nW3 W3 no sw\nW1 W1 yes -", {"SOUTH": "1", "*": "1"}),
        ("staff_id worker_id is_person role\nW3 W3 - duty_pool\nW1 W1 yes -", {"SOUTH": "1", "*": "1"}),
    ):
        assert unallocated(spec, said, worker=guessed) == waiting, said


def test_the_team_of_staff_csv_answers_where_the_involvement_names_none(spec):
    spec.check(
        "allocation",
        AS_OF,
        referral="referral_id child_id referral_date\nR1 C1 2026-03-02",
        worker="worker_id team_id\nW1 OLD",
        staff="staff_id worker_id team_id\nW1 W1 EAST",
        allocation="allocation_id child_id referral_id worker_id role started_on\nA1 C1 R1 W1 CW 2026-03-03",
        expected="item_ref team\nR1 EAST",
    )


# --- caseload ------------------------------------------------------------------------------------------------------
STAFF = """
staff_id worker_id team_id role fte agency
W1       W1        NORTH   sw   0.5 yes
W2       W2        NORTH   sw   1   no
W3       W3        SOUTH   sw   -   -
TM       TM        NORTH   tm   1   no
"""


def of_team(spec, measure, **tables):
    made = spec.measures(AS_OF, **{"referral": REFERRALS, "allocation": HELD, "team": TEAMS, "staff": STAFF, **tables})
    return {team: found for team, found in made[measure].items() if team in ("NORTH", "SOUTH", "*")}


def test_caseload_is_children_per_worker_who_holds_any(spec):
    """The manager holds nothing and is not counted. Two involvements with one child are one child."""
    twice = HELD + "A5 C2 R2 W2 NORTH CW 2026-02-02 -\n"
    assert of_team(spec, "caseload", allocation=twice) == {"NORTH": ("1.5", 2), "SOUTH": ("1", 1), "*": ("1.33333", 3)}


def test_caseload_per_fte_leaves_out_those_whose_fte_is_not_known(spec):
    assert of_team(spec, "caseload_fte") == {"NORTH": ("2", 2), "SOUTH": ("-", 0), "*": ("2", 2)}


def test_agency_share_is_of_those_of_whom_the_file_says_it(spec):
    assert of_team(spec, "agency_share") == {"NORTH": ("50", 2), "SOUTH": ("-", 0), "*": ("50", 2)}


def test_a_caseload_is_high_above_20_per_fte_or_far_above_the_team_s_mean(spec):
    """EVEN: 20 and 20, and 21 is above 20. ODD: 17 against 9 and 5, more than 1.5 times the mean and above 16. SMALL: 9 against 1."""
    sizes = {"E1": 20, "E2": 20, "E3": 21, "O1": 17, "O2": 9, "O3": 5, "S1": 9, "S2": 1}
    teams = {"E": "EVEN", "O": "ODD", "S": "SMALL"}
    allocation = ["allocation_id child_id worker_id team_id role started_on"]
    referral = ["referral_id child_id referral_date"]
    for worker, many in sizes.items():
        for n in range(many):
            referral.append(f"R{worker}-{n} C{worker}-{n} 2026-01-05")
            allocation.append(f"A{worker}-{n} C{worker}-{n} {worker} {teams[worker[0]]} CW 2026-01-06")
    staff = "staff_id worker_id fte\n" + "\n".join(f"{w} {w} 1" for w in sizes)
    made = spec.measures(AS_OF, referral="\n".join(referral), allocation="\n".join(allocation), staff=staff)["caseload_high"]
    assert {team: found for team, found in made.items() if team in teams.values()} == {"EVEN": ("1", 3), "ODD": ("1", 3), "SMALL": ("0", 2)}


def test_without_staff_csv_there_is_no_caseload(spec):
    made = spec.measures(AS_OF, referral=REFERRALS, allocation=HELD, team=TEAMS)
    assert not [m for m in made if m.startswith(("caseload", "agency", "vacancy", "supervision", "unallocated_", "rhi"))]


# --- posts ---------------------------------------------------------------------------------------------------------
POSTS = """
post_id team_id role established filled agency counted_on
OLD     NORTH   sw   20          20     0      2026-02-01
P1      NORTH   sw   10          7.5    2      2026-03-01
P2      NORTH   tm   1           1      0      2026-03-01
P3      SOUTH   sw   8           9      0      2026-03-01
P4      SOUTH   sw   50          0      9      2026-04-01
"""


def test_vacancies_are_a_share_of_vacancies_and_staff_in_post_as_last_counted(spec):
    """Of the formula 2.5 / (2.5 + 8.5). A team with more staff than posts has none; a count of next month does not count."""
    assert of_team(spec, "vacancy_rate", post=POSTS) == {"NORTH": ("22.7273", 11), "SOUTH": ("0", 9), "*": ("12.5", 20)}


def test_agency_staff_are_a_share_of_agency_and_staff_in_post(spec):
    assert of_team(spec, "agency_rate", post=POSTS) == {"NORTH": ("19.0476", 10), "SOUTH": ("0", 9), "*": ("10.2564", 20)}
