"""rcpc_first: 3 months from the initial conference to the first review. rcpc_next: 6 months from each review to the next."""

OTHERS = "review_id child_id plan_id kind held_on\nX C9 P9 cp 2026-01-05"


def reviews(*rows: str) -> str:
    return "review_id child_id plan_id kind held_on cancelled\nX C9 P9 cp 2026-01-05 no\n" + "\n".join(rows)


def test_the_first_review_is_due_three_months_after_the_initial_conference_else_after_the_start_of_the_plan(spec):
    tables = {
        "conference": "conference_id child_id kind held_on\nK1 C1 initial 2025-11-28",
        "plan": "plan_id child_id conference_id kind started_on\nP1 C1 K1 cp 2025-12-01\nP2 C2 - cp 2025-11-30",
        "review": OTHERS,
    }
    expected = "item_ref started_on due_on state\n"
    spec.check("rcpc_first", "2026-02-13", expected + "P1 2025-11-28 2026-02-28 running\nP2 2025-11-30 2026-02-28 running", **tables)
    spec.check("rcpc_first", "2026-02-14", expected + "P1 2025-11-28 2026-02-28 due_soon\nP2 2025-11-30 2026-02-28 due_soon", **tables)
    spec.check("rcpc_first", "2026-03-01", expected + "P1 2025-11-28 2026-02-28 overdue\nP2 2025-11-30 2026-02-28 overdue", **tables)
    assert spec.clocks("rcpc_next", "2026-03-01", **tables).frame.empty


def test_the_end_of_the_month_is_kept_and_29_february_is_a_day(spec):
    spec.check(
        "rcpc_first",
        "2024-03-01",
        plan="plan_id child_id kind started_on\nP1 C1 cp 2023-11-30\nP2 C2 cp 2023-11-29",
        review=reviews("V1 C1 P1 cp 2024-02-29 no"),
        expected="item_ref due_on elapsed state\nP1 2024-02-29 3 done_in_time\nP2 2024-02-29 3 overdue",
    )


def test_each_review_stops_one_clock_and_starts_the_next(spec):
    tables = {
        "plan": "plan_id child_id kind started_on\nP1 C1 cp 2025-01-06",
        "review": reviews("V1 C1 P1 cp 2025-04-06 no", "V2 C1 P1 cp 2025-10-07 no"),
    }
    spec.check("rcpc_first", "2026-01-05", "started_on due_on stopped_on state\n2025-01-06 2025-04-06 2025-04-06 done_in_time", **tables)
    spec.check(
        "rcpc_next",
        "2026-01-05",
        expected="""
        started_on due_on     stopped_on elapsed limit state
        2025-04-06 2025-10-06 2025-10-07 6       6     done_late
        2025-10-07 2026-04-07 -          2       6     running
        """,
        **tables,
    )


def test_cancelled_reviews_reviews_of_looked_after_children_and_the_conference_itself_stop_nothing(spec):
    spec.check(
        "rcpc_first",
        "2026-02-02",
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-01-05",
        review=reviews(
            "V1 C1 P1 cp 2026-01-19 yes", "V2 C1 P1 cla 2026-01-20 no", "V3 C1 P1 cp 2026-01-05 no", "V4 C1 P1 cp 2026-02-03 no"
        ),
        expected="item_ref stopped_on state\nP1 - running",
    )


def test_a_review_whose_flag_is_empty_was_held(spec):
    spec.check(
        "rcpc_first",
        "2026-02-02",
        plan="plan_id child_id kind started_on\nP1 C1 cp 2026-01-05",
        review=reviews("V1 C1 P1 cp 2026-01-19 -"),
        expected="item_ref stopped_on state\nP1 2026-01-19 done_in_time",
    )


def test_with_the_latest_review_only_the_first_has_no_verdict_and_the_next_is_watched(spec):
    tables = {
        "plan": "plan_id child_id kind started_on _file\nP1 C1 cp 2025-01-06 book.xlsx[7]\nP2 C2 cp 2026-01-05 book.xlsx[7]",
        "review": "review_id child_id plan_id kind held_on _file\nV1 C1 P1 cp 2025-12-15 book.xlsx[7]",
    }
    spec.check("rcpc_first", "2026-01-09", "item_ref state\nP2 running", **tables)
    spec.check("rcpc_next", "2026-01-09", "item_ref started_on due_on state\nP1 2025-12-15 2026-06-15 running", **tables)
