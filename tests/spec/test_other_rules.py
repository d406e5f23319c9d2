"""Rules that are not shipped yet are configuration only: the same engine, other entries."""

from caseclock.clocks.rules import TimescaleRule

LOCAL = {"basis": "local", "source": "made for this page", "unit": "working_day", "limits": [{"effective_from": "2009-01-01", "limit": 5}]}


def rule(**fields):
    return TimescaleRule.model_validate({"id": "trial", "title": "a trial", **LOCAL, **fields})


def test_contact_to_referral_as_a_proxy_for_the_decision(spec):
    spec.check(
        rule(table="contact", start="contact_on", stop={"table": "referral", "date": "referral_date", "by": ["child_id"]}),
        "2026-01-30",
        contact="contact_id child_id contact_on\nT1 C1 2026-01-05\nT2 C2 2026-01-05",
        referral="referral_id child_id referral_date\nR0 C1 2025-12-01\nR1 C1 2026-01-07",
        expected="item_ref stopped_on state\nT1 2026-01-07 done_in_time\nT2 - overdue",
    )


def test_assessment_started_after_a_referral_with_children_who_go_elsewhere(spec):
    spec.check(
        rule(
            table="referral",
            where={"nfa": {"not": True}, "close_reason": {"not": "RC8"}, "source": {"in": ["6", "2A"]}, "closed_on": {"known": False}},
            start="referral_date",
            stop={"table": "assessment", "date": "started_on", "by": ["referral_id"]},
        ),
        "2026-01-30",
        referral="""
        referral_id child_id referral_date source nfa close_reason closed_on
        R1          C1       2026-01-05    6      no  -            -
        R2          C2       2026-01-05    2A     -   RC8          -
        R3          C3       2026-01-05    9      no  -            -
        R4          C4       2026-01-05    2A     no  -            2026-01-20
        """,
        assessment="assessment_id referral_id child_id started_on\nA1 R1 C1 2026-01-06",
        expected="item_ref stopped_on\nR1 2026-01-06",
    )


def test_looked_after_reviews_20_working_days_3_months_6_months_from_one_start(spec):
    """The stretches first, second and third_on share their events (here: on a plan, as the care period is not a table yet)."""
    stop = {"table": "review", "date": "held_on", "by": ["plan_id"], "where": {"kind": "cla"}, "take": "each"}
    tables = {
        "plan": "plan_id child_id kind started_on\nP1 C1 cin 2025-01-06",
        "review": "review_id child_id plan_id kind held_on\n"
        "V1 C1 P1 cla 2025-01-31\nV2 C1 P1 cla 2025-04-30\nV3 C1 P1 cla 2025-10-30\nV4 C1 P1 cla 2026-05-01",
    }
    for interval, unit, limit, expected in (
        ("first", "working_day", 20, "2025-01-06 2025-02-03 done_in_time"),
        ("second", "calendar_month", 3, "2025-01-31 2025-04-30 done_in_time"),
        (
            "third_on",
            "calendar_month",
            6,
            "2025-04-30 2025-10-30 done_in_time\n2025-10-30 2026-04-30 done_late\n2026-05-01 2026-11-01 running",
        ),
    ):
        entry = rule(
            table="plan",
            start="started_on",
            stop=stop,
            interval=interval,
            unit=unit,
            limits=[{"effective_from": "2011-04-01", "limit": limit}],
        )
        spec.check(entry, "2026-06-01", f"started_on due_on state\n{expected}", **tables)


def test_a_column_that_stops_a_clock_too_gives_a_verdict_where_the_event_cannot(spec):
    """The visit in the plan's own line is the latest of several, so it cannot tell; the end of the plan before it can."""
    spec.check(
        rule(
            table="plan",
            start="started_on",
            stop={"table": "visit", "date": "visit_on", "by": ["plan_id"], "where": {"seen": True}},
            stop_also="ended_on",
        ),
        "2026-01-30",
        plan="""
        plan_id child_id kind started_on ended_on   _file
        P1      C1       cin  2026-01-05 2026-01-07 book.xlsx[6]
        P2      C2       cin  2026-01-05 2026-01-20 book.xlsx[6]
        P3      C3       cin  2026-01-05 2026-01-20 book.xlsx[6]
        """,
        visit="""
        visit_id child_id plan_id kind visit_on   seen _file
        V1       C1       P1      cin  2026-01-09 yes  book.xlsx[6]
        V2       C2       P2      cin  2026-01-09 yes  book.xlsx[6]
        """,
        expected="item_ref stopped_on state\nP1 2026-01-07 done_in_time\nP3 2026-01-20 done_late",
    )


def test_calendar_days_and_a_lead_in_days(spec):
    entry = rule(
        table="plan",
        start="started_on",
        stop="ended_on",
        unit="calendar_day",
        limits=[{"effective_from": "2009-01-01", "limit": 42}],
        warn=7,
    )
    table = "plan_id child_id kind started_on\nP1 C1 cin 2026-01-05"
    for as_of, elapsed, state in (("2026-02-08", 34, "running"), ("2026-02-09", 35, "due_soon"), ("2026-02-17", 43, "overdue")):
        spec.check(entry, as_of, f"due_on elapsed state\n2026-02-16 {elapsed} {state}", plan=table)


def test_a_child_protection_plan_without_a_worker_is_an_allocation_clock_on_the_plan(spec):
    spec.check(
        rule(table="plan", where={"kind": "cp"}, start="started_on", stop={"held_by": "allocated_worker"}, ends="ended_on"),
        "2026-01-16",
        plan="plan_id child_id referral_id kind started_on\nP1 C1 R1 cp 2026-01-05\nP2 C2 - cp 2026-01-05\nP3 C3 R3 cp 2026-01-05",
        referral="referral_id child_id referral_date\nR1 C1 2026-01-02\nR2 C2 2026-01-02\nR3 C3 2026-01-02",
        allocation="""
        allocation_id child_id referral_id worker_id role started_on
        A1            C1       R1          W1        CW   2026-01-06
        A2            C2       R2          W2        CW   2026-01-07
        """,
        expected="item_ref stopped_on elapsed state\nP1 2026-01-06 1 done_in_time\nP2 2026-01-07 2 done_in_time\nP3 - 9 overdue",
    )
