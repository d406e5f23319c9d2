"""s47_to_icpc: from the strategy discussion to the initial child protection conference, 15 working days."""

S47 = """
s47_id child_id strategy_on icpc_required
S1     C1       2025-12-15  yes
S2     C2       2025-12-15  yes
"""


def test_fifteen_working_days_over_christmas(spec):
    """2025-12-15 plus 15 working days is 2026-01-08."""
    held = "conference_id child_id s47_id kind held_on\nK2 C2 S2 initial 2026-01-08"
    spec.check("s47_to_icpc", "2025-12-31", "item_ref due_on elapsed state\nS1 2026-01-08 10 due_soon\nS2 2026-01-08 10 due_soon",
               s47=S47, conference=held)  # fmt: skip
    spec.check("s47_to_icpc", "2026-01-09", "item_ref elapsed state\nS1 16 overdue\nS2 15 done_in_time", s47=S47, conference=held)


def test_the_first_conference_on_or_after_the_strategy_discussion_stops_it(spec):
    spec.check(
        "s47_to_icpc",
        "2026-02-16",
        s47="s47_id child_id strategy_on\nS1 C1 2026-01-05\nS2 C2 2026-01-05",
        conference="""
        conference_id child_id s47_id kind        held_on
        EARLY         C1       S1     initial     2025-12-19
        MOVED         C1       S1     transfer_in 2026-01-12
        FIRST         C1       S1     initial     2026-01-19
        SECOND        C1       S1     initial     2026-01-26
        NOTYET        C2       S2     initial     -
        TOMORROW      C2       S2     initial     2026-02-17
        """,
        expected="item_ref stopped_on elapsed state\nS1 2026-01-19 10 done_in_time\nS2 - 30 overdue",
    )


def test_a_conference_of_another_enquiry_does_not_stop_it_but_one_that_names_no_enquiry_does(spec):
    spec.check(
        "s47_to_icpc",
        "2026-02-02",
        s47="s47_id child_id strategy_on\nA1 C1 2026-01-05\nA2 C1 2026-01-12\nB1 C2 2026-01-05",
        conference="conference_id child_id s47_id kind held_on\nK1 C1 A2 initial 2026-01-16\nK2 C2 - initial 2026-01-16",
        expected="item_ref stopped_on\nA1 -\nB1 2026-01-16\nA2 2026-01-16",
    )


def test_an_enquiry_whose_conference_is_not_required_has_no_clock_and_an_unknown_one_has(spec):
    spec.check(
        "s47_to_icpc",
        "2026-01-19",
        s47="s47_id child_id strategy_on icpc_required\nNO C1 2026-01-05 no\nYES C2 2026-01-05 yes\nUNKNOWN C3 2026-01-05 -",
        conference="conference_id child_id s47_id kind held_on\nK1 C9 S9 initial 2026-01-16",
        expected="item_ref state\nUNKNOWN due_soon\nYES due_soon",
    )


def test_siblings_at_one_meeting_are_counted_each(spec):
    spec.check(
        "s47_to_icpc",
        "2026-02-02",
        s47="s47_id child_id strategy_on\nS1 C1 2026-01-05\nS2 C2 2026-01-05",
        conference="conference_id meeting_id child_id s47_id kind held_on\nK1 M C1 S1 initial 2026-01-16\nK2 M C2 S2 initial 2026-01-16",
        expected="item_ref child_ref state\nS1 C1 done_in_time\nS2 C2 done_in_time",
    )


def test_a_closed_case_awaits_no_conference(spec):
    spec.check(
        "s47_to_icpc",
        "2026-02-02",
        referral="referral_id child_id referral_date closed_on\nR1 C1 2026-01-02 2026-01-20",
        s47="s47_id referral_id child_id strategy_on\nS1 R1 C1 2026-01-05\nS2 - C2 2026-01-05",
        conference="conference_id child_id s47_id kind held_on\nK1 C9 S9 initial 2026-01-16",
        expected="item_ref state\nS2 overdue",
    )


def test_an_extract_without_any_initial_conference_cannot_show_that_one_was_held(spec):
    only_moved = "conference_id child_id kind held_on\nK1 C9 transfer_in 2026-01-16"
    assert spec.not_watched("2026-02-02", "s47_to_icpc", s47=S47, conference=only_moved) == [
        "initial child protection conference within 15 working days of the strategy discussion (s47_to_icpc) is not watched: "
        "the extract has no rows of conference with kind initial"
    ]


def test_a_conference_in_the_enquiry_s_own_line_is_no_latest_one_of_several(spec):
    """As Annex A and the CIN census hold it: an enquiry has one initial conference, so its date is not in doubt."""
    spec.check(
        "s47_to_icpc",
        "2026-02-02",
        s47="s47_id child_id strategy_on icpc_required _file\nS1 C1 2026-01-05 yes list_5",
        conference="conference_id child_id s47_id kind held_on _file\nK1 C1 S1 initial 2026-01-16 list_5",
        expected="item_ref stopped_on elapsed state\nS1 2026-01-16 9 done_in_time",
    )
