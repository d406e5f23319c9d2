"""cp_visit_alone: seen alone at least at every second visit. cin_visit: each visit at which the child was seen starts the next stretch."""

PLAN = "plan_id child_id kind started_on\nP1 C1 cp 2026-01-05"


def test_a_visit_at_which_the_child_was_not_alone_stops_the_visit_clock_only(spec):
    """20 working days are twice the 10 of cp_visit: every second visit."""
    tables = {
        "plan": PLAN,
        "visit": """
        visit_id child_id plan_id kind visit_on   seen seen_alone
        V1       C1       P1      cp   2026-01-16 yes  yes
        V2       C1       P1      cp   2026-01-30 yes  no
        V3       C1       P1      cp   2026-02-13 yes  yes
        V4       C1       P1      cp   2026-02-27 yes  no
        V5       C1       P1      cp   2026-03-12 yes  -
        """,
    }
    spec.check(
        "cp_visit_alone",
        "2026-03-16",
        expected="""
        started_on due_on     stopped_on elapsed state
        2026-01-05 2026-02-02 2026-01-16 9       done_in_time
        2026-01-16 2026-02-13 2026-02-13 20      done_in_time
        2026-02-13 2026-03-13 -          21      overdue
        """,
        **tables,
    )
    spec.check("cp_visit", "2026-03-16", "started_on state\n2026-01-05 done_in_time\n2026-01-16 done_in_time\n2026-01-30 done_in_time\n"
               "2026-02-13 done_in_time\n2026-02-27 done_in_time\n2026-03-12 running", **tables)  # fmt: skip


def test_where_only_the_latest_visit_is_known_and_it_was_not_alone_nobody_can_say_when_the_last_such_visit_was(spec):
    """Annex A holds the last statutory visit and whether it was alone; what came before is not in it."""
    tables = {
        "plan": """
        plan_id child_id kind started_on _file
        P1      C1       cp   2025-01-06 book.xlsx[7]
        P2      C2       cp   2025-01-06 book.xlsx[7]
        P3      C3       cp   2026-01-05 book.xlsx[7]
        """,
        "visit": """
        visit_id child_id plan_id kind visit_on   seen seen_alone _file
        V1       C1       P1      cp   2026-01-06 yes  yes        book.xlsx[7]
        V2       C2       P2      cp   2026-01-06 yes  no         book.xlsx[7]
        """,
    }
    spec.check("cp_visit_alone", "2026-01-09", "item_ref started_on state\nP3 2026-01-05 running\nP1 2026-01-06 running", **tables)
    assert spec.left_out("cp_visit_alone", "2026-01-09", **tables) == {"the source does not say since when, so it has no verdict": 2}


def test_without_the_flag_nobody_is_said_not_to_have_been_alone(spec):
    visit = "visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-01-16 yes"
    assert spec.not_watched("2026-03-16", "cp_visit_alone", plan=PLAN, visit=visit) == [
        "child on a child protection plan seen alone within 20 working days (cp_visit_alone) is not watched: "
        "visit.seen_alone is empty in the whole extract"
    ]


def test_a_child_in_need_is_seen_every_20_working_days(spec):
    """Exports of System C name no plan on these visits, so they count for the child's plan of that time."""
    spec.check(
        "cin_visit",
        "2026-03-20",
        plan="plan_id child_id kind started_on ended_on\nN1 C1 cin 2026-01-05 -\nN2 C2 cin 2026-01-05 2026-02-06\nP3 C3 cp 2026-01-05 -",
        visit="""
        visit_id child_id plan_id kind visit_on   seen
        V1       C1       -       cin  2026-02-02 yes
        V2       C1       -       cin  2026-02-20 no
        V3       C1       -       cp   2026-02-23 yes
        V4       C1       N1      cin  2026-03-03 yes
        V5       C2       -       cin  2026-01-19 yes
        """,
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        N1       2026-01-05 2026-02-02 2026-02-02 20      done_in_time
        N2       2026-01-05 2026-02-02 2026-01-19 10      done_in_time
        N1       2026-02-02 2026-03-02 2026-03-03 21      done_late
        N1       2026-03-03 2026-03-31 -          13      running
        """,
    )


def test_it_is_due_soon_3_working_days_before(spec):
    tables = {
        "plan": "plan_id child_id kind started_on\nN1 C1 cin 2026-01-05",
        "visit": "visit_id child_id kind visit_on seen\nV9 C9 cin 2026-01-05 yes",
    }
    for as_of, state in (("2026-01-27", "running"), ("2026-01-28", "due_soon"), ("2026-02-02", "due_soon"), ("2026-02-03", "overdue")):
        spec.check("cin_visit", as_of, f"item_ref due_on state\nN1 2026-02-02 {state}", **tables)


def test_without_visits_to_children_in_need_the_rule_says_so(spec):
    visit = "visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-01-16 yes"
    assert spec.not_watched("2026-03-20", "cin_visit", plan="plan_id child_id kind started_on\nN1 C1 cin 2026-01-05", visit=visit) == [
        "visit to a child on a child in need plan (cin_visit) is not watched: the extract has no rows of visit with kind cin"
    ]
