"""cp_visit: each visit at which the child was seen stops one clock and starts the next; 10 working days by local default."""

PLAN = "plan_id child_id kind started_on ended_on\nP1 C1 cp 2026-01-05 -"


def test_each_visit_stops_one_clock_and_starts_the_next(spec):
    spec.check(
        "cp_visit",
        "2026-02-20",
        plan=PLAN,
        visit="visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-01-16 yes\nV2 C1 P1 cp 2026-02-06 yes",
        expected="""
        started_on due_on     stopped_on elapsed state
        2026-01-05 2026-01-19 2026-01-16 9       done_in_time
        2026-01-16 2026-01-30 2026-02-06 15      done_late
        2026-02-06 2026-02-20 -          10      due_soon
        """,
    )


def test_a_visit_at_which_the_child_was_not_seen_stops_nothing(spec):
    spec.check(
        "cp_visit",
        "2026-01-20",
        plan=PLAN,
        visit="""
        visit_id child_id plan_id kind visit_on   seen
        V1       C1       P1      cp   2026-01-16 no
        V2       C1       P1      cp   2026-01-19 -
        V9       C9       P9      cp   2026-01-16 yes
        """,
        expected="started_on stopped_on elapsed state\n2026-01-05 - 11 overdue",
    )


def test_two_visits_on_one_day_are_one_and_a_visit_on_the_first_day_counts(spec):
    spec.check(
        "cp_visit",
        "2026-01-09",
        plan=PLAN,
        visit="""
        visit_id child_id plan_id kind visit_on   seen
        V1       C1       P1      cp   2026-01-05 yes
        V2       C1       P1      cp   2026-01-08 yes
        V3       C1       P1      cp   2026-01-08 yes
        BEFORE   C1       P1      cp   2026-01-02 yes
        LATER    C1       P1      cp   2026-01-12 yes
        """,
        expected="""
        started_on stopped_on elapsed state
        2026-01-05 2026-01-05 0       done_in_time
        2026-01-05 2026-01-08 3       done_in_time
        2026-01-08 -          1       running
        """,
    )


def test_a_plan_that_has_ended_runs_no_clock_but_keeps_what_was_done(spec):
    tables = {
        "plan": "plan_id child_id kind started_on ended_on\nP1 C1 cp 2026-01-05 2026-01-30",
        "visit": "visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-01-16 yes\nV2 C1 P1 cp 2026-02-02 yes",
    }
    spec.check("cp_visit", "2026-02-20", "started_on stopped_on state\n2026-01-05 2026-01-16 done_in_time", **tables)
    spec.check("cp_visit", "2026-01-29", "started_on state\n2026-01-05 done_in_time\n2026-01-16 due_soon", **tables)


def test_visits_that_name_no_plan_belong_to_the_plan_of_the_child_that_ran_then(spec):
    spec.check(
        "cp_visit",
        "2026-02-10",
        plan="plan_id child_id kind started_on ended_on\nOLD C1 cp 2025-06-02 2025-06-20\nNEW C1 cp 2026-02-02 -",
        visit="visit_id child_id kind visit_on seen\nV1 C1 cp 2025-06-10 yes\nV2 C1 cp 2026-02-05 yes\nV3 C1 cin 2026-02-09 yes",
        expected="item_ref started_on stopped_on\nOLD 2025-06-02 2025-06-10\nNEW 2026-02-02 2026-02-05\nNEW 2026-02-05 -",
    )


def test_plans_of_other_kinds_and_of_other_councils_are_not_watched_here(spec):
    spec.check(
        "cp_visit",
        "2026-01-09",
        plan="plan_id child_id kind started_on other_la\nCIN C1 cin 2026-01-05 no\nAWAY C2 cp 2026-01-05 yes\nOURS C3 cp 2026-01-05 no",
        visit="visit_id child_id plan_id kind visit_on seen\nV9 C9 P9 cp 2026-01-05 yes",
        expected="item_ref state\nOURS running",
    )


def test_a_council_that_calls_the_visit_day_day_1(spec):
    """ "Every 10 working days from and including the day of the visit": the visit of Monday 5th is due again on Friday 16th."""
    rule = spec.rule("cp_visit", count_start_day=True)
    visits = "visit_id child_id plan_id kind visit_on seen\nV9 C9 P9 cp 2026-01-05 yes"
    spec.check(rule, "2026-01-16", "due_on elapsed state\n2026-01-16 10 due_soon", plan=PLAN, visit=visits)
    spec.check(rule, "2026-01-19", "due_on elapsed state\n2026-01-16 11 overdue", plan=PLAN, visit=visits)
    weekend = "plan_id child_id kind started_on\nP1 C1 cp 2026-01-03"
    spec.check(rule, "2026-01-05", "due_on elapsed state\n2026-01-16 1 running", plan=weekend, visit=visits)


def test_a_source_that_holds_the_latest_visit_only_gives_no_verdict_on_those_before(spec):
    """Annex A: the visit is a column of the plan's own line, so when the stretch before it began is unknown."""
    tables = {
        "plan": "plan_id child_id kind started_on _file\nP1 C1 cp 2025-01-06 book.xlsx[7]\nP2 C2 cp 2026-01-05 book.xlsx[7]",
        "visit": "visit_id child_id plan_id kind visit_on seen _file\nV1 C1 P1 cp 2026-01-02 yes book.xlsx[7]",
    }
    spec.check("cp_visit", "2026-01-09", "item_ref started_on stopped_on state\nP1 2026-01-02 - running\nP2 2026-01-05 - running", **tables)
    assert spec.left_out("cp_visit", "2026-01-09", **tables) == {"the source does not say since when, so it has no verdict": 1}


def test_without_visits_or_without_the_flag_no_child_is_called_unseen(spec):
    said = "visit to a child on a child protection plan (cp_visit) is not watched: "
    other = "visit_id child_id kind visit_on seen\nV1 C1 cin 2026-01-06 yes"
    blank = "visit_id child_id kind visit_on seen\nV1 C1 cp 2026-01-06 -"
    assert spec.not_watched("2026-01-20", "cp_visit", plan=PLAN, visit=other) == [said + "the extract has no rows of visit with kind cp"]
    assert spec.not_watched("2026-01-20", "cp_visit", plan=PLAN, visit=blank) == [said + "visit.seen is empty in the whole extract"]
    assert spec.not_watched("2026-01-20", "cp_visit", visit=other) == [said + "the extract has no rows of plan with kind cp"]
