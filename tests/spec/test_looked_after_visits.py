"""Visits to looked-after children by the first and later years of a placement and by legal order, and what short breaks are spared."""

WITH_PARENT = "placement_id child_id care_id started_on kind\nA C1 L1 2026-01-05 P1"
REVIEWS = "review_id care_id child_id kind held_on cancelled\nX L9 C9 cla 2025-06-02 no\n"


def visits(*days: str) -> str:
    rows = [f"V{n} C1 L1 cla {day} yes" for n, day in enumerate(days)]
    return "\n".join(["visit_id child_id care_id kind visit_on seen", *rows])


def legal(*rows: str) -> str:
    return "\n".join(["legal_id child_id status started_on ended_on", "X C9 V2 2025-01-06 -", *rows])


# --- years -----------------------------------------------------------------------------------------------------------
def test_a_stretch_belongs_to_the_first_year_of_a_placement_when_its_visit_does(spec):
    """Both years ask for 6 weeks as long as nobody can tell who is to stay until 18. A visit on the anniversary begins the second."""
    tables = {
        "placement": "placement_id child_id care_id started_on\nA C1 L1 2025-01-06",
        "visit": visits("2025-01-09", "2025-12-01", "2026-01-05", "2026-01-06", "2026-02-17"),
    }
    spec.check(
        "cla_visit_year1",
        "2026-03-20",
        expected="""
        started_on due_on     stopped_on elapsed state
        2025-01-09 2025-02-20 2025-12-01 326     done_late
        2025-12-01 2026-01-12 2026-01-05 35      done_in_time
        2026-01-05 2026-02-16 2026-01-06 1       done_in_time
        """,
        **tables,
    )
    spec.check(
        "cla_visit_after",
        "2026-03-20",
        expected="""
        started_on due_on     stopped_on elapsed state
        2026-01-06 2026-02-17 2026-02-17 42      done_in_time
        2026-02-17 2026-03-31 -          31      running
        """,
        **tables,
    )


def test_a_council_that_knows_who_is_to_stay_may_set_a_longer_limit_for_later_years(spec):
    rule = spec.rule("cla_visit_after", limits=[{"effective_from": "2011-04-01", "limit": 91}])
    placement = "placement_id child_id care_id started_on\nA C1 L1 2025-01-06"
    spec.check(
        rule, "2026-05-20", "started_on due_on state\n2026-02-17 2026-05-19 overdue", placement=placement, visit=visits("2026-02-17")
    )


# --- with a parent ---------------------------------------------------------------------------------------------------
def test_with_a_parent_under_an_interim_care_order_every_week_until_the_first_review_then_every_4_weeks(spec):
    """The six weeks of other placements do not hold beside it: one visit that is owed is counted once."""
    tables = {
        "placement": WITH_PARENT,
        "legal": legal("O1 C1 C1 2026-01-05 -"),
        "review": REVIEWS + "R0 L1 C1 cla 2026-01-16 yes\nR1 L1 C1 cla 2026-01-30 no",
        "visit": visits("2026-01-08", "2026-01-15", "2026-01-23", "2026-02-06", "2026-03-06"),
    }
    spec.check("cla_visit_first", "2026-03-20", "due_on stopped_on state\n2026-01-12 2026-01-08 done_in_time", **tables)
    spec.check(
        "cla_visit_parents",
        "2026-03-20",
        expected="""
        started_on due_on     stopped_on elapsed state
        2026-01-08 2026-01-15 2026-01-15 7       done_in_time
        2026-01-15 2026-01-22 2026-01-23 8       done_late
        2026-01-23 2026-01-30 2026-02-06 14      done_late
        """,
        **tables,
    )
    spec.check(
        "cla_visit_parents_after",
        "2026-03-20",
        expected="""
        started_on due_on     stopped_on elapsed state
        2026-02-06 2026-03-06 2026-03-06 28      done_in_time
        2026-03-06 2026-04-03 -          14      running
        """,
        **tables,
    )
    assert spec.clocks("cla_visit_year1", "2026-03-20", **tables).frame.empty


def test_the_order_that_is_in_force_on_the_day_of_the_visit_decides_on_the_next_one(spec):
    """From the day of the full care order on it is six weeks, and a visit within a week of the order."""
    tables = {
        "placement": WITH_PARENT,
        "legal": legal("O1 C1 C1 2026-01-05 2026-01-19", "O2 C1 C2 2026-01-19 -"),
        "review": REVIEWS,
        "visit": visits("2026-01-08", "2026-01-15", "2026-01-19", "2026-01-28"),
    }
    spec.check(
        "cla_visit_parents",
        "2026-03-02",
        "started_on due_on state\n2026-01-08 2026-01-15 done_in_time\n2026-01-15 2026-01-22 done_in_time",
        **tables,
    )
    spec.check(
        "cla_visit_year1",
        "2026-03-02",
        "started_on due_on state\n2026-01-19 2026-03-02 done_in_time\n2026-01-28 2026-03-11 running",
        **tables,
    )
    spec.check("cla_visit_order", "2026-03-02", "item_ref due_on stopped_on state\nO2 2026-01-26 2026-01-19 done_in_time", **tables)


def test_a_care_order_on_a_child_in_foster_care_asks_for_no_visit_of_its_own(spec):
    tables = {
        "placement": "placement_id child_id care_id started_on kind\nA C1 L1 2026-01-05 U4\nB C2 L2 2026-01-05 P1",
        "legal": legal("O1 C1 C2 2026-01-12 -", "O2 C2 C2 2026-01-12 -"),
        "visit": visits("2026-01-08"),
    }
    spec.check("cla_visit_order", "2026-01-20", "item_ref due_on elapsed state\nO2 2026-01-19 8 overdue", **tables)


def test_without_placement_types_or_legal_statuses_the_closer_intervals_are_not_watched_and_say_so(spec):
    foster = {"placement": "placement_id child_id care_id started_on kind\nA C1 L1 2026-01-05 U4", "visit": visits("2026-01-08")}
    both = (
        "visit every week to a child who lives with a parent under an interim care order, until the first review (cla_visit_parents) and "
        "visit every 4 weeks to a child who lives with a parent under an interim care order, after the first review "
        "(cla_visit_parents_after) are not watched: "
    )
    assert spec.not_watched("2026-02-02", "cla_visit_parents", "cla_visit_parents_after", review=REVIEWS, **foster) == [
        both + "the extract has no rows of placement with kind P1"
    ]
    at_home = {"placement": WITH_PARENT, "visit": visits("2026-01-08"), "review": REVIEWS}
    assert spec.not_watched("2026-02-02", "cla_visit_parents", "cla_visit_parents_after", **at_home) == [
        both + "the extract has no rows of legal with status C1"
    ]
    assert spec.not_watched("2026-02-02", "cla_visit_order", **at_home) == [
        "visit to a child who lives with a parent within a week of the care order (cla_visit_order) is not watched: "
        "the extract has no rows of legal with status C2"
    ]


def test_without_reviews_nobody_can_say_which_of_the_two_intervals_holds(spec):
    tables = {"placement": WITH_PARENT, "visit": visits("2026-01-08"), "legal": legal("O1 C1 C1 2026-01-05 -")}
    said = spec.not_watched("2026-02-02", "cla_visit_parents", "cla_visit_parents_after", **tables)
    assert len(said) == 1 and said[0].endswith("are not watched: the extract has no rows of review with kind cla")


def test_where_only_the_latest_review_is_known_the_first_one_was_before_it_and_the_longer_interval_holds(spec):
    """What is late by the longer one is late for certain."""
    tables = {
        "placement": "placement_id child_id care_id started_on kind _file\nA C1 L1 2025-06-02 P1 b[8]\nB C2 L2 2026-01-05 P1 b[8]",
        "legal": legal("O1 C1 C1 2025-06-02 -", "O2 C2 C1 2026-01-05 -"),
        "review": "review_id care_id child_id kind held_on _file\nV1 L1 C1 cla 2026-01-16 b[8]",
        "visit": "visit_id care_id child_id kind visit_on seen _file\nV2 L1 C1 cla 2026-01-08 yes b[8]\nV3 L2 C2 cla 2026-01-08 yes b[8]",
    }
    spec.check("cla_visit_parents_after", "2026-01-20", "item_ref due_on state\nA 2026-02-05 running", **tables)
    spec.check("cla_visit_parents", "2026-01-20", "item_ref due_on state\nB 2026-01-15 overdue", **tables)


# --- short breaks ----------------------------------------------------------------------------------------------------
def test_a_series_of_short_breaks_has_none_of_these_intervals(spec):
    """V3 and V4 are short breaks; V2 is a single period, and so is care that began before the breaks did."""
    tables = {
        "care": """
        episode_id care_id child_id started_on entered_on
        E1         L1      C1       2026-01-05 2026-01-05
        E2         L2      C2       2026-01-05 2026-01-05
        E3         L3      C3       2026-01-05 2026-01-05
        E4         L4      C4       2026-01-05 2026-01-05
        """,
        "placement": """
        placement_id child_id care_id started_on
        A            C1       L1      2026-01-05
        B            C2       L2      2026-01-05
        D            C3       L3      2026-01-05
        E            C4       L4      2026-01-05
        """,
        "legal": legal("O1 C1 V2 2026-01-05 -", "O2 C2 V3 2026-01-05 2026-01-07", "O3 C3 V4 2025-06-02 -", "O4 C4 V4 2026-01-06 -"),
        "review": REVIEWS,
        "visit": "visit_id child_id care_id kind visit_on seen\nX C9 L9 cla 2025-06-02 yes",
    }
    spec.check("cla_review_1", "2026-01-20", "item_ref state\nE1 running\nE4 running", **tables)
    spec.check("cla_visit_first", "2026-01-20", "item_ref state\nA overdue\nE overdue", **tables)


def test_a_child_whose_breaks_became_a_single_period_is_watched_from_then_on(spec):
    tables = {
        "placement": "placement_id child_id care_id started_on\nA C1 L1 2026-01-05",
        "legal": legal("O1 C1 V4 2025-06-02 2026-02-02", "O2 C1 V2 2026-02-02 -"),
        "visit": visits("2026-01-08", "2026-02-02"),
    }
    spec.check("cla_visit_year1", "2026-02-20", "started_on state\n2026-02-02 running", **tables)


def test_without_legal_statuses_short_breaks_cannot_be_told_apart_and_are_watched(spec):
    care = "episode_id care_id child_id started_on entered_on\nE2 L2 C2 2026-01-05 2026-01-05"
    spec.check("cla_review_1", "2026-01-20", "item_ref state\nE2 running", care=care, review=REVIEWS)
