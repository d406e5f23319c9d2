"""What comes due, what of it is likely to be late, what came of it, and how old the open work is.

Friday 20 March 2026; conferences have 15 working days from the strategy discussion.
"""

AS_OF = "2026-03-20"
TEAMS = "team_id service_id\nNORTH N\nEAST N\nSOUTH -"


def enquiries(*rows):
    """`item child start team held`: an enquiry, and the conference that answered it."""
    s47, conference = ["s47_id child_id strategy_on team_id"], ["conference_id s47_id child_id kind held_on"]
    for row in rows:
        item, start, team, held = row.split()
        s47.append(f"{item} C{item} {start} {team}")
        conference.append(f"K{item} {item} C{item} initial {held}")
    return {"team": TEAMS, "s47": "\n".join(s47), "conference": "\n".join(conference)}


DUE = enquiries(
    "LATE   2026-02-26 NORTH -",  # was due yesterday
    "TODAY  2026-02-27 NORTH -",
    "FIVE   2026-03-06 EAST  -",  # due on Friday next, the 5th working day
    "SIX    2026-03-09 EAST  -",  # due on the Monday after
    "TEN    2026-03-13 SOUTH -",
    "ELEVEN 2026-03-16 SOUTH -",
    "DONE   2026-02-27 SOUTH 2026-03-20",
)


def of(spec, measure, tables=DUE, as_of=AS_OF):
    made = spec.measures(as_of, **tables)[measure]
    return {place: found for place, found in made.items() if place != "?"}


# --- what comes due --------------------------------------------------------------------------------------------------
def test_due_5_is_open_work_whose_limit_is_reached_within_five_working_days_today_among_them(spec):
    """What is late already is not due any more, and what was done today is done."""
    assert of(spec, "due_5.s47_to_icpc") == {
        "NORTH": ("1", 2), "EAST": ("1", 2), "SOUTH": ("0", 2), "service:N": ("2", 4), "*": ("2", 6),
    }  # fmt: skip


def test_due_10_has_what_due_5_has_and_more(spec):
    assert of(spec, "due_10.s47_to_icpc") == {
        "NORTH": ("1", 2), "EAST": ("2", 2), "SOUTH": ("1", 2), "service:N": ("3", 4), "*": ("4", 6),
    }  # fmt: skip


PACE = (
    "A 2026-01-05 NORTH 2026-01-21",  # 12 working days
    "B 2026-01-06 NORTH 2026-01-22",  # 12
    "C 2026-01-07 NORTH 2026-02-02",  # 18
    "D 2026-01-08 NORTH 2026-02-03",  # 18
)


def test_expected_is_how_many_of_those_due_are_likely_to_be_late_at_the_pace_of_all(spec):
    """Of what is open after 11 working days half was held on the 12th and half on the 18th, past the limit: 0.5 of each is expected late.

    OPEN and ALSO are 11 working days old and due in 4.
    """
    tables = enquiries(*PACE, "OPEN 2026-03-05 NORTH -", "ALSO 2026-03-05 NORTH -")
    assert of(spec, "expected_5.s47_to_icpc", tables)["*"] == ("1", 2)
    assert of(spec, "expected_5.s47_to_icpc", tables)["service:N"] == ("1", 2)
    assert of(spec, "expected_5.s47_to_icpc", tables)["SOUTH"] == ("0", 0)
    assert of(spec, "expected_10.s47_to_icpc", tables)["NORTH"] == ("1", 2)


def test_where_all_was_done_in_time_nothing_is_expected_to_be_late(spec):
    tables = enquiries(*PACE[:2], "OPEN 2026-03-05 NORTH -", "LATER 2026-03-13 NORTH -")
    assert of(spec, "expected_5.s47_to_icpc", tables)["*"] == ("0", 1)
    assert of(spec, "expected_10.s47_to_icpc", tables)["*"] == ("0", 2)


def test_what_fell_due_in_the_last_five_working_days_and_was_not_done_by_its_limit(spec):
    """Counted from the end of Thursday 12 March: open and in time then, due since, late now or done late."""
    tables = enquiries(
        "OPEN   2026-02-26 NORTH -",  # due on Thursday 19 March, open still
        "LATE   2026-02-24 EAST  2026-03-18",  # due on Tuesday 17 March, held the day after
        "KEPT   2026-02-24 EAST  2026-03-17",
        "BEFORE 2026-02-18 SOUTH -",  # due on Wednesday 11 March: late already on the 12th
        "TODAY  2026-02-27 SOUTH -",  # due today: it is not over
    )
    assert of(spec, "fell_due_5.s47_to_icpc", tables) == {
        "NORTH": ("1", 1), "EAST": ("1", 1), "SOUTH": ("0", 0), "service:N": ("2", 2), "*": ("2", 2),
    }  # fmt: skip


# --- how old it is ---------------------------------------------------------------------------------------------------
def test_age_bands_are_shares_of_the_limit_that_have_passed(spec):
    """After 3, 4, 15, 16, 22 and 23 of 15 working days: the limit itself is in time, and one and a half times it is 22.5."""
    tables = enquiries(
        "A3 2026-03-17 NORTH -", "A4 2026-03-16 NORTH -", "A15 2026-02-27 NORTH -", "A16 2026-02-26 EAST -",
        "A22 2026-02-18 EAST -", "A23 2026-02-17 SOUTH -", "DONE 2026-02-17 SOUTH 2026-03-20",
    )  # fmt: skip
    made = spec.measures(AS_OF, **tables)
    bands = {name.rpartition(".")[2]: made[name] for name in made if name.startswith("age_band.s47_to_icpc")}
    assert {band: found["*"] for band, found in bands.items()} == {
        "to_25": ("1", 6), "to_50": ("1", 6), "to_75": ("0", 6), "to_100": ("1", 6), "to_150": ("2", 6), "over_150": ("1", 6),
    }  # fmt: skip
    assert bands["to_150"]["service:N"] == ("2", 5)
    assert bands["over_150"]["SOUTH"] == ("1", 1)


def test_age_bands_are_worked_out_for_the_timescales_that_measures_yaml_names(spec):
    """One figure for each of six bands: of every timescale they would be more than all else."""
    visits = "visit_id child_id plan_id kind visit_on seen\nV1 C1 P1 cp 2026-03-16 yes"
    plans = "plan_id child_id kind started_on\nP1 C1 cp 2026-03-09"
    reviews = "review_id child_id plan_id kind held_on\nW1 C1 P1 cp 2026-03-10"
    made = spec.measures(AS_OF, plan=plans, visit=visits, review=reviews)
    assert made["age_band.cp_visit.to_50"]["*"] == ("1", 1)
    assert "open.rcpc_next" in made
    assert "age_band.rcpc_next.to_25" not in made


def test_the_median_age_is_the_middle_one_of_what_is_open(spec):
    """A service's is that of all its clocks, not a mean of its teams': of 1, 2, 3 and 10 working days it lies between 2 and 3."""
    tables = enquiries(
        "A1 2026-03-19 NORTH -", "A2 2026-03-18 NORTH -", "A3 2026-03-17 NORTH -", "A10 2026-03-06 EAST -",
        "DONE 2026-02-17 SOUTH 2026-03-20",
    )  # fmt: skip
    assert of(spec, "median_age.s47_to_icpc", tables) == {
        "NORTH": ("2", 3), "EAST": ("10", 1), "SOUTH": ("-", 0), "service:N": ("2.5", 4), "*": ("2.5", 4),
    }  # fmt: skip


def test_the_oldest_is_that_of_the_oldest_clock_in_the_unit_of_its_limit(spec):
    """Reviews are counted in months: two whole ones since 15 January."""
    assert of(spec, "oldest.s47_to_icpc") == {
        "NORTH": ("16", 2), "EAST": ("10", 2), "SOUTH": ("5", 2), "service:N": ("16", 4), "*": ("16", 6),
    }  # fmt: skip
    plans = "plan_id child_id kind started_on\nP1 C1 cp 2026-01-15"
    reviews = "review_id child_id plan_id kind held_on\nW1 C9 P9 cp 2026-03-10"
    assert spec.measures(AS_OF, plan=plans, review=reviews)["oldest.rcpc_first"]["*"] == ("2", 1)


# --- what was done ---------------------------------------------------------------------------------------------------
def test_completed_is_what_was_done_in_the_last_seven_days_in_time_or_late(spec):
    """A week: Friday 13 March is out. `in_time` speaks of 13 weeks, and `overdue` of what is open and late: read the three together."""
    tables = enquiries(
        "TODAY  2026-03-02 NORTH 2026-03-20",
        "LATE   2026-02-02 EAST  2026-03-16",
        "BEFORE 2026-03-02 EAST  2026-03-13",
        "OPEN   2026-02-02 SOUTH -",
    )
    assert of(spec, "completed.s47_to_icpc", tables) == {
        "NORTH": ("1", 1), "EAST": ("1", 1), "SOUTH": ("0", 0), "service:N": ("2", 2), "*": ("2", 2),
    }  # fmt: skip
    assert of(spec, "in_time.s47_to_icpc", tables)["*"] == ("66.6667", 3)
    assert of(spec, "overdue.s47_to_icpc", tables)["SOUTH"] == ("1", 1)
