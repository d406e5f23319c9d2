"""Weekly series from the dates within one extract: who came, who left, who was open, and whose case it was then."""

import datetime as dt

import numpy as np
import pytest

from caseclock.clocks.columns import Columns
from caseclock.clocks.frame import clock_frame
from caseclock.clocks.places import places
from caseclock.trends.from_dates import case_panels, clock_panels
from caseclock.trends.weeks import closing_days

AS_OF = "2026-03-20"  # a Friday
SHUT = "R0 C0 2025-01-06 no 2025-02-03 NORTH"  # so that the extract shows ends from then on
TEAMS = "team_id service_id\nNORTH N\nSOUTH S"


def weekly(extract, weeks=4, **tables):
    """figure -> place -> the figures of the last weeks, `-` for a gap."""
    columns = Columns(extract(AS_OF, **{"team": TEAMS, **tables}))
    made = case_panels(columns, {"CW"}, closing_days(dt.date.fromisoformat(AS_OF), weeks, weekly=False))
    return {figure: table_of(panel) for figure, panel in made.items()}


def table_of(panel):
    return {
        place: " ".join("-" if v != v else f"{v:g}" for v in row) for place, row in zip(panel.places, panel.values.tolist(), strict=True)
    }


def referrals(*rows):
    return "referral_id child_id referral_date nfa closed_on team_id\n" + "\n".join((SHUT, *rows))


def allocations(*rows):
    return "allocation_id child_id referral_id worker_id team_id role started_on ended_on\n" + "\n".join(rows)


def test_a_week_is_the_seven_days_up_to_its_friday(extract):
    made = weekly(extract, referral=referrals("R1 C1 2026-03-06 no - NORTH", "R2 C2 2026-03-07 no - NORTH", "R3 C3 2026-03-13 no - NORTH"))
    assert made["arrivals"]["NORTH"] == "0 1 2 0"
    assert made["open"]["NORTH"] == "0 1 3 3"


def test_what_closed_counts_as_gone_in_the_week_of_its_closing_and_is_not_open_on_that_day(extract):
    made = weekly(extract, referral=referrals("R1 C1 2026-02-20 no 2026-03-13 NORTH"))
    assert made["departures"]["NORTH"] == "0 0 1 0"
    assert made["open"]["NORTH"] == "1 1 0 0"
    assert made["net_change"]["*"] == "0 0 -1 0"


def test_a_referral_that_came_to_nothing_came_and_went_in_one_week(extract):
    made = weekly(extract, referral=referrals("R1 C1 2026-03-10 yes - NORTH"))
    assert (made["arrivals"]["NORTH"], made["departures"]["NORTH"], made["open"]["NORTH"]) == ("0 0 1 0", "0 0 1 0", "0 0 0 0")


def test_the_case_of_a_child_who_died_ends_on_that_day(extract):
    made = weekly(extract, referral=referrals("R1 C1 2026-02-20 no - NORTH"), child="child_id died_on\nC1 2026-03-11")
    assert made["departures"]["NORTH"] == "0 0 1 0"


def test_a_case_that_moved_on_is_counted_where_it_was_at_the_time(extract):
    made = weekly(
        extract,
        referral=referrals("R1 C1 2026-02-26 no - NORTH"),
        allocation=allocations("A1 C1 R1 W1 NORTH CW 2026-02-26 2026-03-10", "A2 C1 R1 W2 SOUTH CW 2026-03-10 -"),
    )
    assert (made["arrivals"]["NORTH"], made["arrivals"]["SOUTH"]) == ("1 0 0 0", "0 0 0 0")
    assert (made["open"]["NORTH"], made["open"]["SOUTH"]) == ("1 1 0 0", "0 0 1 1")
    assert made["open"]["*"] == "1 1 1 1"
    assert (made["open"]["service:N"], made["open"]["service:S"]) == ("1 1 0 0", "0 0 1 1")


def test_a_case_whose_worker_left_stays_with_the_team_that_had_it_last(extract):
    made = weekly(
        extract,
        referral=referrals("R1 C1 2026-02-20 no 2026-03-18 NORTH"),
        allocation=allocations("A1 C1 R1 W1 SOUTH CW 2026-02-23 2026-03-02"),
    )
    assert (made["open"]["NORTH"], made["open"]["SOUTH"]) == ("0 0 0 0", "1 1 1 0")
    assert made["departures"]["SOUTH"] == "0 0 0 1"


def test_an_involvement_that_holds_no_case_moves_none(extract):
    made = weekly(
        extract,
        referral=referrals("R1 C1 2026-02-20 no - NORTH"),
        allocation=allocations("A1 C1 R1 W1 NORTH CW 2026-02-23 -", "A2 C1 R1 W2 SOUTH CHAIR 2026-03-02 -"),
    )
    assert made["open"]["NORTH"] == "1 1 1 1"


def test_an_involvement_that_names_no_referral_counts_for_the_child(extract):
    made = weekly(
        extract,
        referral=referrals("R1 C1 2026-02-20 no - NORTH"),
        allocation=allocations("A1 C1 - W1 SOUTH CW 2026-03-02 -"),
    )
    assert (made["open"]["NORTH"], made["open"]["SOUTH"]) == ("1 0 0 0", "0 1 1 1")


def test_weeks_before_the_first_closed_case_are_gaps(extract):
    rows = "referral_id child_id referral_date nfa closed_on team_id\nR1 C1 2026-02-02 no - NORTH\nR2 C2 2026-02-02 no 2026-03-02 NORTH"
    made = weekly(extract, referral=rows)
    assert made["arrivals"]["NORTH"] == "- - 0 0"
    assert weekly(extract, referral="\n".join(rows.splitlines()[:2]))["arrivals"]["NORTH"] == "- - - -"


def test_a_team_whose_open_cases_are_told_otherwise_by_the_measure_is_left_out(extract):
    """A pool that took the cases over while their worker stays: the measure keeps to the worker, these series to who came last."""
    cases = [f"R{n} C{n} 2026-02-20 no - NORTH" for n in range(1, 6)]
    held = [f"A{n} C{n} R{n} W{n} NORTH CW 2026-02-23 -" for n in range(1, 6)]
    pool = [f"B{n} C{n} R{n} - SOUTH CW 2026-03-02 -" for n in range(1, 6)]
    made = weekly(extract, referral=referrals(*cases), allocation=allocations(*held, *pool))
    assert (made["open"]["NORTH"], made["open"]["SOUTH"]) == ("- - - -", "- - - -")
    assert made["open"]["*"] == "5 5 5 5"


def test_an_extract_without_a_case_gives_gaps(extract):
    assert weekly(extract)["open"]["*"] == "- - - -"


@pytest.mark.parametrize("figure", ["arrivals", "departures", "net_change"])
def test_the_newest_week_is_what_the_measure_of_seven_days_says(spec, extract, figure):
    tables = {
        "team": TEAMS,
        "referral": referrals(
            "R1 C1 2026-03-16 no - NORTH", "R2 C2 2026-03-14 no 2026-03-20 SOUTH", "R3 C3 2026-03-13 no 2026-03-19 NORTH",
            "R4 C4 2026-03-17 yes - NORTH", "R5 C5 2026-03-20 no - SOUTH",
        ),
        "allocation": allocations("A1 C1 R1 W1 SOUTH CW 2026-03-17 -", "A2 C2 R2 W2 SOUTH CW 2026-03-16 2026-03-20"),
    }  # fmt: skip
    period = next(entry.period_days for entry in spec.measure_config if entry.id == figure)
    assert period == 7
    made = {place: row.split()[-1] for place, row in weekly(extract, **tables)[figure].items()}
    assert made == {place: value for place, (value, _) in spec.measures(AS_OF, **tables)[figure].items()}


# --- clocks ----------------------------------------------------------------------------------------------------------
ASSESSMENTS = """
assessment_id referral_id child_id started_on authorised_on team_id
S1            R1          C1       2025-12-01 2026-03-04    NORTH
S2            R2          C2       2026-02-02 2026-03-05    NORTH
S3            R3          C3       2026-02-02 2026-03-12    SOUTH
S4            R4          C4       2026-02-02 -             SOUTH
"""


def test_the_share_in_time_of_a_week_is_that_of_the_work_done_in_it(spec, extract):
    snapshot = extract(AS_OF, team=TEAMS, assessment=ASSESSMENTS)
    columns = Columns(snapshot)
    frame = clock_frame(columns, list(spec.rules.values()), spec.calendar, {"CW"})
    wanted = ["completed.assessment_45_dfe", "in_time.assessment_45_dfe", "in_time.cp_visit", "overdue.assessment_45_dfe"]
    ends = closing_days(dt.date.fromisoformat(AS_OF), 4, weekly=False)
    made = {figure: table_of(panel) for figure, panel in clock_panels(frame, wanted, places(columns), ends).items()}
    assert made["completed.assessment_45_dfe"] == {
        "?": "0 0 0 0", "NORTH": "0 2 0 0", "SOUTH": "0 0 1 0", "service:N": "0 2 0 0", "service:S": "0 0 1 0", "*": "0 2 1 0",
    }  # fmt: skip
    assert made["in_time.assessment_45_dfe"]["*"] == "- 50 100 -"
    assert "overdue.assessment_45_dfe" not in made


def test_series_from_dates_end_on_the_last_friday(extract):
    columns = Columns(extract("2026-03-24", team=TEAMS, referral=referrals("R1 C1 2026-03-23 no - NORTH")))
    made = case_panels(columns, {"CW"}, closing_days(dt.date(2026, 3, 24), 2, weekly=False))["arrivals"]
    assert made.ends.tolist() == [dt.date(2026, 3, 13), dt.date(2026, 3, 20)]
    assert np.nansum(made.values) == 0
