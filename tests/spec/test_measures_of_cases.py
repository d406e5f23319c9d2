"""Cases in which nothing happens, cases to be looked at again, plans reviewed in time, and how many workers a child has had."""

AS_OF = "2026-03-20"
TEAMS = "team_id service_id\nNORTH N\nEAST N\nSOUTH -"


def places(made):
    """Without those where it is nothing."""
    return {place: found for place, found in made.items() if found not in (("0", 0), ("-", 0))}


# --- stale open ------------------------------------------------------------------------------------------------------
QUIET = {
    "team": TEAMS,
    "referral": """
    referral_id child_id referral_date closed_on  team_id
    FORGOTTEN   C1       2025-06-02    -          NORTH
    SEEN        C2       2025-06-02    -          NORTH
    PLANNED     C3       2025-06-02    -          NORTH
    NEW         C4       2025-12-22    -          EAST
    EDGE        C5       2025-12-20    -          EAST
    OVER        C6       2025-12-19    -          SOUTH
    SHUT        C7       2025-06-02    2026-01-05 SOUTH
    """,
    "allocation": """
    allocation_id child_id referral_id worker_id role started_on
    A1            C1       FORGOTTEN   W1        CW   2025-06-03
    """,
    "visit": "visit_id child_id kind visit_on seen\nV1 C2 cin 2026-01-05 yes\nV2 C1 cin 2025-09-01 yes",
    "plan": "plan_id child_id kind started_on\nP1 C3 cin 2025-06-30",
}


def test_stale_open_is_an_open_case_in_no_plan_in_which_nothing_has_happened_for_more_than_90_days(spec):
    """EDGE came 90 days ago, OVER 91. SEEN had a visit since, PLANNED is in a plan, SHUT is closed."""
    assert places(spec.measures(AS_OF, **QUIET)["stale_open"]) == {
        "NORTH": ("1", 3), "EAST": ("0", 2), "SOUTH": ("1", 1), "service:N": ("1", 5), "*": ("2", 6),
    }  # fmt: skip


def test_a_change_of_worker_is_something_that_happened(spec):
    handed_over = QUIET["allocation"] + "A2 C1 FORGOTTEN W2 CW 2026-03-02\n"
    assert spec.measures(AS_OF, **{**QUIET, "allocation": handed_over})["stale_open"]["NORTH"] == ("0", 3)


def test_an_extract_without_visits_or_allocations_cannot_show_that_nothing_has_happened(spec):
    for lacking in ("visit", "allocation"):
        assert "stale_open" not in spec.measures(AS_OF, **{**QUIET, lacking: ""})


# --- the re-look pool ------------------------------------------------------------------------------------------------
def test_the_re_look_pool_is_low_priority_no_further_action_and_unallocated_for_long_each_case_once(spec):
    """LOW is labelled low, and has been unallocated for 28 days as well: one case. HIGH waits for four days; OLD ended too long ago."""
    made = spec.measures(
        AS_OF,
        team=TEAMS,
        referral="""
        referral_id child_id referral_date nfa team_id
        LOW         C1       2026-02-20    no  NORTH
        HIGH        C2       2026-03-16    no  NORTH
        LONG        C3       2026-02-20    no  EAST
        NFA         C4       2026-01-05    yes SOUTH
        OLD         C5       2025-12-19    yes SOUTH
        HELD        C6       2025-12-19    no  EAST
        """,
        allocation="""
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C6       HELD        W1        EAST    CW   2025-12-22
        """,
        priority="""
        priority_id referral_id priority set_on
        P1          LOW         low      2026-02-20
        P2          HIGH        high     2026-03-16
        P3          LONG        high     2026-02-20
        P4          HELD        medium   2026-01-05
        """,
    )
    assert places(made["relook_pool"]) == {"NORTH": ("1", 1), "EAST": ("1", 1), "SOUTH": ("1", 1), "service:N": ("2", 2), "*": ("3", 3)}


def test_without_a_priority_file_the_pool_is_what_is_left(spec):
    made = spec.measures(AS_OF, team=TEAMS, referral="referral_id child_id referral_date nfa team_id\nNFA C4 2026-01-05 yes SOUTH")
    assert places(made["relook_pool"]) == {"SOUTH": ("1", 1), "*": ("1", 1)}


# --- reviewed in time ------------------------------------------------------------------------------------------------
PLANS = """
plan_id child_id kind started_on ended_on   other_la team_id
KEPT    C1       cp   2025-06-02 -          no       NORTH
LATE    C2       cp   2025-06-02 -          no       NORTH
NEVER   C3       cp   2025-11-03 -          no       EAST
YOUNG   C4       cp   2026-01-05 -          no       EAST
ENDED   C5       cp   2025-01-06 2026-02-02 no       SOUTH
OTHER   C6       cp   2025-01-06 -          yes      SOUTH
"""
REVIEWS = """
review_id child_id plan_id kind held_on    cancelled
V0        C5       ENDED   cp   2025-04-01 no
V1        C1       KEPT    cp   2025-09-02 no
V2        C1       KEPT    cp   2026-03-02 no
V3        C2       LATE    cp   2025-09-03 no
V4        C2       LATE    cp   2026-02-02 no
V5        C3       NEVER   cp   2026-01-05 yes
V6        C3       NEVER   cla  2026-01-05 no
"""


def test_a_plan_is_reviewed_in_time_when_no_review_was_late_or_is_late_now(spec):
    """KEPT on the last day each time; LATE by one day at first; NEVER at all: a cancelled review is none. YOUNG has not been open for 3
    months, OTHER is another council's."""
    made = spec.measures(AS_OF, team=TEAMS, plan=PLANS, review=REVIEWS)["reviewed_in_time"]
    assert places(made) == {"NORTH": ("50", 2), "EAST": ("0", 1), "service:N": ("33.3333", 3), "*": ("33.3333", 3)}


def test_on_the_day_on_which_it_is_three_months_old_a_plan_is_not_late_yet(spec):
    plan = "plan_id child_id kind started_on team_id\nP1 C1 cp 2025-12-20 NORTH"
    tables = {"plan": plan, "review": "review_id child_id plan_id kind held_on\nV0 C9 P9 cp 2025-04-01"}
    assert spec.measures("2026-03-19", **tables)["reviewed_in_time"]["*"] == ("-", 0)
    assert spec.measures("2026-03-20", **tables)["reviewed_in_time"]["*"] == ("100", 1)
    assert spec.measures("2026-03-21", **tables)["reviewed_in_time"]["*"] == ("0", 1)


def test_the_first_review_is_counted_from_the_initial_conference(spec):
    plan = "plan_id child_id conference_id kind started_on\nP1 C1 K1 cp 2025-11-10"
    conference = "conference_id child_id kind held_on\nK1 C1 initial 2025-11-03"
    for held, share in (("2026-02-03", "100"), ("2026-02-04", "0")):
        review = f"review_id child_id plan_id kind held_on\nV0 C9 P9 cp 2025-04-01\nV1 C1 P1 cp {held}"
        assert spec.measures(AS_OF, plan=plan, conference=conference, review=review)["reviewed_in_time"]["*"] == (share, 1)


def test_a_plan_older_than_the_first_review_in_the_extract_is_judged_from_its_own_first_one_there(spec):
    """A census holds the reviews of one year: the one in June is not the first that this child has had."""
    plan = "plan_id child_id kind started_on\nP1 C1 cp 2024-01-08"
    review = "review_id child_id plan_id kind held_on\nV1 C1 P1 cp 2025-06-02\nV2 C1 P1 cp 2025-12-01"
    assert spec.measures("2026-03-31", plan=plan, review=review)["reviewed_in_time"]["*"] == ("100", 1)


def test_a_workbook_that_holds_only_the_latest_review_cannot_show_it(spec):
    """Annex A: 'date of latest review conference' is a column of the plan's own line."""
    plan = "plan_id child_id kind started_on _file\nP1 C1 cp 2025-01-06 book.xlsx[7]"
    review = "review_id child_id plan_id kind held_on _file\nV1 C1 P1 cp 2025-12-15 book.xlsx[7]"
    assert "reviewed_in_time" not in spec.measures(AS_OF, plan=plan, review=review)


# --- workers per child -----------------------------------------------------------------------------------------------
HANDS = {
    "team": TEAMS,
    "referral": """
    referral_id child_id referral_date closed_on  team_id
    R1          C1       2024-01-08    -          NORTH
    R2          C2       2026-03-02    -          NORTH
    R3          C3       2026-03-02    -          NORTH
    R4          C4       2024-01-08    2026-02-02 SOUTH
    """,
    "worker": "worker_id is_person\nPOOL no",
    "allocation": """
    allocation_id child_id referral_id worker_id team_id role started_on ended_on
    A1            C1       R1          W0        NORTH   CW   2024-01-09 2025-03-19
    A2            C1       R1          W1        NORTH   CW   2024-01-09 2025-03-21
    A3            C1       R1          W2        NORTH   CW   2025-03-21 2025-09-01
    A4            C1       R1          W1        EAST    CW   2025-09-01 -
    A5            C1       R1          POOL      EAST    CW   2025-09-01 2025-09-08
    A6            C1       R1          CHAIR     EAST    IRO  2025-09-01 -
    A7            C2       R2          W3        NORTH   CW   2026-03-03 -
    A8            C4       R4          W4        SOUTH   CW   2025-09-01 2026-02-02
    """,
}


def test_workers_per_child_counts_different_allocated_workers_within_a_year(spec):
    """C1 had W1, twice, and W2; W0 had left by 20 March 2025, a pool and a chair are no allocated worker. C3 has had none and does not
    count, C4 is closed."""
    made = spec.measures(AS_OF, **HANDS)["workers_per_child"]
    assert places(made) == {"EAST": ("2", 1), "NORTH": ("1", 1), "service:N": ("1.5", 2), "*": ("1.5", 2)}


def test_a_source_that_knows_only_the_worker_of_now_cannot_show_how_many_there_were(spec):
    """Annex A: the allocated worker of the day, and no dates."""
    allocation = "allocation_id child_id worker_id team_id\nA1 C1 W1 NORTH\nA2 C2 W3 NORTH"
    made = spec.measures(AS_OF, **{**HANDS, "allocation": allocation})
    assert "workers_per_child" not in made
    assert made["unallocated"]["*"] == ("1", 3)


# --- the share of the largest caseloads, and supervision that is due -------------------------------------------------
def test_the_tenth_of_workers_with_the_most_children_is_one_at_least_and_of_each_place_its_own(spec):
    """NORTH: W0 has 11 of 20 children, one of ten workers. EAST: 6 of 6, by its only worker. The service has eleven workers, so its tenth
    are two: W0 and E0, 17 of 26."""
    sizes = {"W0": 11, **{f"W{n}": 1 for n in range(1, 10)}, "E0": 6}
    team = {name: "EAST" if name.startswith("E") else "NORTH" for name in sizes}
    children = [f"{name}-{n}" for name, many in sizes.items() for n in range(many)]
    referral = "\n".join(["referral_id child_id referral_date", *(f"R{c} C{c} 2026-01-05" for c in children)])
    allocation = ["allocation_id child_id worker_id team_id role started_on"]
    allocation += [f"A{c} C{c} {c[:2]} {team[c[:2]]} CW 2026-01-06" for c in children]
    staff = "staff_id worker_id fte\n" + "\n".join(f"{name} {name} 1" for name in sizes)
    made = spec.measures(AS_OF, team=TEAMS, referral=referral, allocation="\n".join(allocation), staff=staff)["caseload_top"]
    assert places(made) == {
        "NORTH": ("55", 10), "EAST": ("100", 1), "service:N": ("65.3846", 11), "*": ("65.3846", 11),
    }  # fmt: skip


def test_supervision_due_is_what_is_late_or_inside_its_warning_lead_of_workers_and_of_cases(spec):
    """W1's own is due in three working days, the supervision of C1's plan is late by a week, that of C2's has time. A supervision that
    nobody has recorded is no supervision that is due."""
    tables = {
        "team": TEAMS,
        "referral": "referral_id child_id referral_date team_id\nR1 C1 2026-01-05 NORTH\nR2 C2 2026-01-05 NORTH",
        "plan": "plan_id child_id referral_id kind started_on team_id\nP1 C1 R1 cp 2026-01-12 NORTH\nP2 C2 R2 cp 2026-01-12 NORTH",
        "allocation": """
        allocation_id child_id referral_id worker_id team_id role started_on
        A1            C1       R1          W1        NORTH   CW   2026-01-06
        A2            C2       R2          W1        NORTH   CW   2026-01-06
        """,
        "supervision": """
        supervision_id worker_id child_id supervised_on kind     recorded_on decision_recorded
        S1             W1        -        2026-02-25    personal -           -
        S2             W1        C1       2026-02-13    case     -           no
        S3             W1        C2       2026-03-16    case     2026-03-16  yes
        """,
    }
    made = spec.measures(AS_OF, **tables)
    assert places(made["supervision_due"]) == {"NORTH": ("2", 3), "service:N": ("2", 3), "*": ("2", 3)}
    assert made["overdue.supervision_recorded"]["*"] == ("1", 1)
    assert "supervision_due" not in spec.measures(AS_OF, **{**tables, "supervision": ""})
