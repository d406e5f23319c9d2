"""Reviews and visits of looked-after children, and care leavers: one clock per period of care, per placement, per care leaver."""

CARE = """
episode_id care_id child_id started_on ended_on   entered_on left_on
E1         L1      C1       2025-12-05 2026-02-01 2025-12-05 -
E2         L1      C1       2026-02-01 -          2025-12-05 -
E3         L2      C2       2025-12-05 2025-12-20 2025-12-05 2025-12-20
"""


def test_reviews_within_20_working_days_then_3_months_then_every_6_months(spec):
    """Over Christmas the first is due on 7 January. A cancelled review stops nothing; a placement move starts no new period."""
    tables = {
        "care": CARE,
        "review": """
        review_id care_id child_id kind held_on    cancelled
        V0        L1      C1       cla  2025-12-19 yes
        V1        L1      C1       cla  2026-01-07 no
        V2        -       C1       cla  2026-04-08 no
        V3        L1      C1       cla  2026-10-08 -
        """,
    }
    for rule, expected in (
        ("cla_review_1", "E1 2025-12-05 2026-01-07 2026-01-07 20 done_in_time"),
        ("cla_review_2", "E1 2026-01-07 2026-04-07 2026-04-08 3 done_late"),
        ("cla_review_n", "E1 2026-04-08 2026-10-08 2026-10-08 6 done_in_time\nE1 2026-10-08 2027-04-08 - 1 running"),
    ):
        spec.check(rule, "2026-11-20", f"item_ref started_on due_on stopped_on elapsed state\n{expected}", **tables)


def test_a_child_who_left_care_before_the_review_is_owed_none(spec):
    tables = {"care": CARE, "review": "review_id care_id child_id kind held_on\nV1 L9 C9 cla 2026-01-07"}
    spec.check("cla_review_1", "2026-01-05", "item_ref elapsed state\nE1 18 due_soon", **tables)
    assert spec.left_out("cla_review_1", "2026-01-05", **tables) == {"the case ended before the work was done": 1}


def test_a_visit_within_a_week_of_each_placement_and_then_every_six_weeks(spec):
    """Not seen is not visited; a visit in one placement does not count for the next."""
    tables = {
        "placement": """
        placement_id child_id care_id started_on ended_on
        A            C1       L1      2026-01-05 2026-02-02
        B            C1       L1      2026-02-02 -
        """,
        "visit": """
        visit_id child_id care_id kind visit_on   seen
        V1       C1       L1      cla  2026-01-08 no
        V2       C1       L1      cla  2026-01-12 yes
        V3       C1       L1      cla  2026-02-10 yes
        V4       C1       L1      cla  2026-03-24 yes
        """,
    }
    spec.check(
        "cla_visit_first",
        "2026-04-10",
        "item_ref due_on stopped_on elapsed state\nA 2026-01-12 2026-01-12 7 done_in_time\nB 2026-02-09 2026-02-10 8 done_late",
        **tables,
    )
    spec.check(
        "cla_visit_year1",
        "2026-04-10",
        "item_ref started_on due_on stopped_on elapsed state\n"
        "B 2026-02-10 2026-03-24 2026-03-24 42 done_in_time\nB 2026-03-24 2026-05-05 - 17 running",
        **tables,
    )


def test_a_care_leaver_s_plan_every_6_months_and_contact_every_2_from_the_latest_that_is_known(spec):
    table = """
    leaver_id child_id contacted_on reviewed_on
    Y1        C1       2026-01-31   2025-08-31
    Y2        C2       -            2026-02-28
    """
    spec.check(
        "pathway_plan",
        "2026-03-30",
        "item_ref started_on due_on elapsed state\nY1 2025-08-31 2026-02-28 6 overdue\nY2 2026-02-28 2026-08-28 1 running",
        care_leaver=table,
    )
    spec.check("pa_contact", "2026-03-30", "item_ref due_on elapsed state\nY1 2026-03-31 1 due_soon", care_leaver=table)
    assert spec.left_out("pa_contact", "2026-03-30", care_leaver=table) == {"it has no start date": 1}


LATEST_ONLY = {  # a workbook that names the latest review and visit in the child's own line
    "care": "episode_id care_id child_id started_on entered_on _file\n"
    "E1 L1 C1 2019-03-04 2019-03-04 b[8]\nE2 L2 C2 2026-11-02 2026-11-02 b[8]",
    "placement": "placement_id child_id care_id started_on _file\nA C1 L1 2020-05-06 b[8]\nB C2 L2 2026-11-02 b[8]",
    "review": "review_id care_id child_id kind held_on _file\nV1 L1 C1 cla 2026-06-01 b[8]",
    "visit": "visit_id care_id child_id kind visit_on seen _file\nV2 L1 C1 cla 2026-10-30 yes b[8]",
}


def test_where_only_the_latest_review_is_known_it_is_taken_for_no_first_one(spec):
    """It may be the second or the tenth, so the next one is due after the longer limit: what is late by that is late for certain."""
    for rule, expected in (
        ("cla_review_1", "E2 2026-11-30 - running"),
        ("cla_review_2", ""),
        ("cla_review_n", "E1 2026-12-01 - due_soon"),
    ):
        spec.check(rule, "2026-11-20", f"item_ref due_on stopped_on state\n{expected}", **LATEST_ONLY)


def test_where_only_the_latest_visit_is_known_it_says_nothing_of_the_first_one(spec):
    spec.check("cla_visit_first", "2026-11-05", "item_ref due_on stopped_on state\nB 2026-11-09 - running", **LATEST_ONLY)
    spec.check("cla_visit_after", "2026-11-05", "item_ref due_on stopped_on state\nA 2026-12-11 - running", **LATEST_ONLY)
