"""s47_open: an enquiry is over when it has ended or led to a conference. icpc_transfer_in: children who moved here with a plan."""

S47 = """
s47_id child_id strategy_on ended_on   icpc_required
ENDED  C1       2026-01-05  2026-01-16 no
HELD   C2       2026-01-05  -          yes
LATER  C3       2026-01-05  2026-02-02 yes
OPEN   C4       2026-01-05  -          yes
OVER   C5       2026-01-05  -          no
"""
HELD = """
conference_id child_id s47_id kind    held_on
K2            C2       HELD   initial 2026-01-19
K3            C3       LATER  initial 2026-01-27
"""


def test_an_enquiry_is_over_when_it_ends_or_when_its_conference_is_held_whichever_comes_first(spec):
    """Of the one that needs no conference and has no end nobody can say since when it has been over."""
    spec.check(
        "s47_open",
        "2026-02-02",
        s47=S47,
        conference=HELD,
        expected="""
        item_ref due_on     stopped_on elapsed state
        ENDED    2026-01-26 2026-01-16 9       done_in_time
        HELD     2026-01-26 2026-01-19 10      done_in_time
        LATER    2026-01-26 2026-01-27 16      done_late
        OPEN     2026-01-26 -          20      overdue
        """,
    )


def test_it_is_due_soon_from_day_12_and_overdue_from_day_16(spec):
    for as_of, elapsed, state in (
        ("2026-01-20", 11, "running"), ("2026-01-21", 12, "due_soon"), ("2026-01-26", 15, "due_soon"), ("2026-01-27", 16, "overdue"),
    ):  # fmt: skip
        table = "s47_id child_id strategy_on ended_on\nS1 C1 2026-01-05 -\nS0 C0 2025-12-01 2025-12-05"
        conference = "conference_id child_id s47_id kind held_on\nK9 C9 - initial 2025-12-19"
        expected = f"item_ref elapsed state\nS0 4 done_in_time\nS1 {elapsed} {state}"
        spec.check("s47_open", as_of, expected, s47=table, conference=conference)


def test_a_source_that_never_says_that_an_enquiry_ended_cannot_say_that_it_is_open(spec):
    table = "s47_id child_id strategy_on icpc_required\nS1 C1 2026-01-05 yes"
    conference = "conference_id child_id s47_id kind held_on\nK9 C9 - initial 2025-12-19"
    assert spec.not_watched("2026-02-02", "s47_open", s47=table, conference=conference) == [
        "end of a section 47 enquiry within 15 working days of the strategy discussion (s47_open) is not watched: "
        "s47.ended_on is empty in the whole extract"
    ]
    assert spec.not_watched("2026-02-02", "s47_to_icpc", s47=table, conference=conference) == []


def test_a_conference_in_the_enquiry_s_own_line_is_the_one_of_this_enquiry_and_no_latest_of_several(spec):
    """Annex A and the census name it there."""
    tables = {
        "s47": "s47_id child_id strategy_on _file\nS1 C1 2026-01-05 book.xlsx[5]",
        "conference": "conference_id child_id s47_id kind held_on _file\nK1 C1 S1 initial 2026-01-19 book.xlsx[5]",
    }
    spec.check("s47_to_icpc", "2026-02-02", "item_ref stopped_on state\nS1 2026-01-19 done_in_time", **tables)


# --- children who moved here -----------------------------------------------------------------------------------------
MOVED = {
    "referral": "referral_id child_id referral_date closed_on\nR1 C1 2026-01-05 -\nR2 C2 2026-01-05 -\nR3 C3 2026-01-05 2026-01-12",
    "conference": """
    conference_id child_id referral_id kind        held_on
    IN_TIME       C1       R1          transfer_in 2026-01-26
    WAITS         C2       R2          transfer_in -
    LEFT_AGAIN    C3       R3          transfer_in -
    LOST          C4       -           transfer_in -
    INITIAL       C1       R1          initial     2026-01-12
    """,
}


def test_a_child_who_moved_here_with_a_plan_has_a_conference_within_15_working_days_of_the_referral(spec):
    """No section 47 enquiry led to it, so it is apart from the others and stops none of their clocks."""
    spec.check(
        "icpc_transfer_in",
        "2026-01-27",
        expected="""
        item_ref started_on due_on     stopped_on elapsed state
        IN_TIME  2026-01-05 2026-01-26 2026-01-26 15      done_in_time
        WAITS    2026-01-05 2026-01-26 -          16      overdue
        """,
        **MOVED,
    )
    assert spec.left_out("icpc_transfer_in", "2026-01-27", **MOVED) == {
        "it has no start date": 1,
        "the case ended before the work was done": 1,
    }


def test_without_conferences_after_a_move_the_rule_says_so(spec):
    said = "conference for a child who moved here with a child protection plan, within 15 working days (icpc_transfer_in) is not watched: "
    only_initial = "conference_id child_id referral_id kind held_on\nK1 C1 R1 initial 2026-01-12"
    without_referral = only_initial + "\nK2 C2 - transfer_in 2026-01-12"
    assert spec.not_watched("2026-01-27", "icpc_transfer_in", conference=only_initial) == [
        said + "the extract has no rows of conference with kind transfer_in"
    ]
    assert spec.not_watched("2026-01-27", "icpc_transfer_in", conference=without_referral, referral=MOVED["referral"]) == [
        said + "no row of conference leads to a date in referral.referral_date"
    ]
