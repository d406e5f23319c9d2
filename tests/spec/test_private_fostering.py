"""pf_initial, pf_visit, pf_visit_after: visits to a child whom the parents gave to somebody else, from the day the council knew of it."""

VISITS = """
event_id child_id kind     arrangement_id begun_on   ended_on   held_on
A0       C9       pf_visit C9             2024-12-02 -          2024-12-04
M1       C1       pf_visit C1             2025-01-06 -          2025-01-15
M2       C1       pf_visit C1             2025-01-06 -          2025-02-26
M3       C1       pf_visit C1             2025-01-06 -          2025-12-01
M4       C1       pf_visit C1             2025-01-06 -          2026-01-12
M5       C2       pf_visit C2             2026-01-05 -          -
M6       C3       pf_visit C3a            2025-06-02 2025-08-01 2025-06-04
M7       C3       pf_visit C3b            2026-01-12 -          2026-01-14
X1       C1       rhi      -              -          -          2025-01-07
"""


def test_the_first_visit_is_due_7_working_days_after_the_council_was_told(spec):
    """An arrangement that nobody has visited yet is a row without a date. A second one of the same child starts a clock of its own."""
    spec.check(
        "pf_initial",
        "2026-01-20",
        meeting=VISITS,
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        M1       2025-01-06 2025-01-15 2025-01-15 7       done_in_time
        M6       2025-06-02 2025-06-11 2025-06-04 2       done_in_time
        M5       2026-01-05 2026-01-14 -          11      overdue
        M7       2026-01-12 2026-01-21 2026-01-14 2       done_in_time
        """,
    )


def test_in_the_first_year_every_6_weeks_and_then_every_12(spec):
    """What began before the first visit of the file (A0) has no first visit to judge; what ended is owed no more."""
    spec.check(
        "pf_visit",
        "2026-01-20",
        meeting=VISITS,
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        A0       2024-12-04 2025-01-15 -          412     overdue
        M1       2025-01-15 2025-02-26 2025-02-26 42      done_in_time
        M1       2025-02-26 2025-04-09 2025-12-01 278     done_late
        M1       2025-12-01 2026-01-12 2026-01-12 42      done_in_time
        M7       2026-01-14 2026-02-25 -          6       running
        """,
    )
    spec.check("pf_visit_after", "2026-01-20", "item_ref started_on due_on state\nM1 2026-01-12 2026-04-06 running", meeting=VISITS)
    assert spec.left_out("pf_initial", "2026-01-20", meeting=VISITS) == {"the source does not say since when, so it has no verdict": 1}


def test_a_file_that_does_not_say_since_when_the_council_knows_switches_none_of_them_on(spec):
    without = "event_id child_id kind held_on\nM1 C1 pf_visit 2026-01-05"
    said = spec.not_watched("2026-01-20", "pf_initial", "pf_visit", "pf_visit_after", meeting=without)
    assert len(said) == 1
    assert said[0].endswith("are not watched: no row of meeting leads to a date in arrangement_from of meetings.csv")
    other = "event_id child_id kind held_on\nM1 C1 core_group 2026-01-05"
    assert spec.not_watched("2026-01-20", "pf_initial", meeting=other)[0].endswith("the extract has no rows of meeting with kind pf_visit")
