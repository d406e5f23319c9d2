"""Demand and flow: what came, what went, what the two say of the work that is open, and what the events explain of it."""

TEAMS = """
team_id service_id service
NORTH   N          North
EAST    N          North
SOUTH   S          South
LONE    -          -
"""
REFERRALS = """
referral_id child_id referral_date nfa closed_on  team_id
NEW         C1       2026-03-16    no  -          NORTH
OLD         C2       2026-03-02    no  -          NORTH
EDGE        C3       2026-03-13    no  -          NORTH
SHUT        C4       2026-02-02    no  2026-03-17 SOUTH
NFA         C5       2026-03-18    yes -          SOUTH
BOTH        C6       2026-03-16    no  2026-03-18 EAST
DIED        C7       2026-02-02    no  -          SOUTH
LATER       C8       2026-02-02    no  2026-03-23 -
"""
CHILDREN = "child_id died_on\nC7 2026-03-19"
AS_OF = "2026-03-20"


def of(spec, measure, **changed):
    """The places where the measure is not nothing."""
    made = spec.measures(AS_OF, **{"team": TEAMS, "referral": REFERRALS, "child": CHILDREN, **changed})
    return {place: found for place, found in made.get(measure, {}).items() if found not in (("0", 0), ("-", 0))}


# --- arrivals, departures, net change --------------------------------------------------------------------------------
def test_arrivals_are_the_referrals_of_the_last_seven_days_whatever_became_of_them(spec):
    """The 13th is the eighth day before the 20th. A service is the sum of its teams."""
    assert of(spec, "arrivals") == {
        "NORTH": ("1", 1), "EAST": ("1", 1), "SOUTH": ("1", 1), "service:N": ("2", 2), "service:S": ("1", 1), "*": ("3", 3),
    }  # fmt: skip


def test_departures_are_closed_or_ended_with_no_further_action_or_the_child_has_died(spec):
    """SHUT, NFA and DIED in the south, BOTH in the east; a day of closing that lies ahead has not come."""
    assert of(spec, "departures") == {
        "EAST": ("1", 1), "SOUTH": ("3", 3), "service:N": ("1", 1), "service:S": ("3", 3), "*": ("4", 4),
    }  # fmt: skip


def test_net_change_is_arrivals_less_departures_and_below_zero_when_work_shrinks(spec):
    assert of(spec, "net_change") == {
        "NORTH": ("1", 1), "EAST": ("0", 2), "SOUTH": ("-2", 4), "service:N": ("1", 3), "service:S": ("-2", 4), "*": ("-1", 7),
    }  # fmt: skip


def test_an_extract_that_never_shows_an_end_shows_no_departures(spec):
    """None seen is not none. Arrivals are still there."""
    made = spec.measures(AS_OF, team=TEAMS, referral="referral_id child_id referral_date team_id\nR1 C1 2026-03-16 NORTH")
    assert made["arrivals"]["*"] == ("1", 1)
    assert not {"departures", "net_change", "load", "weeks_of_work"} & set(made)


def test_a_referral_that_was_closed_before_it_came_ended_on_the_day_it_came(spec):
    referral = "referral_id child_id referral_date closed_on\nR1 C1 2026-03-16 2026-03-02\nR2 C2 2026-01-05 2026-01-06"
    assert of(spec, "departures", referral=referral) == {"?": ("1", 1), "*": ("1", 1)}
    assert of(spec, "open", referral=referral) == {}


# --- load and weeks of work ------------------------------------------------------------------------------------------
def test_load_is_arrivals_by_departures_over_13_weeks(spec):
    """From 20 December on: NORTH received three and closed none, so nothing can be divided; the service has its own sum."""
    assert of(spec, "load") == {
        "EAST": ("1", 1), "SOUTH": ("1", 3), "service:N": ("4", 1), "service:S": ("1", 3), "*": ("2", 4),
    }  # fmt: skip


def test_weeks_of_work_is_what_is_open_by_what_ends_in_a_week(spec):
    """4 cases are open and 4 have ended in 13 weeks: 13 weeks of work. EAST has closed one and has none left."""
    assert of(spec, "open")["*"] == ("4", 4)
    assert of(spec, "weeks_of_work") == {
        "EAST": ("0", 1), "SOUTH": ("0", 3), "service:N": ("39", 1), "service:S": ("0", 3), "*": ("13", 4),
    }  # fmt: skip


# --- the queue for allocation ----------------------------------------------------------------------------------------
def waiting(many, team="NORTH"):
    return [f"R{team}{n} C{team}{n} 2026-03-16 {team}" for n in range(many)]


def test_the_target_queue_is_what_comes_in_during_a_quarter_of_the_limit(spec):
    """26 cases in 13 weeks are 2 a week; the limit is one working day, a fifth of a week: 2 x 0.2 / 4."""
    referral = "\n".join(["referral_id child_id referral_date team_id", *waiting(26)])
    allocation = "allocation_id child_id referral_id worker_id role started_on\nA1 CNORTH0 RNORTH0 W1 CW 2026-03-16"
    made = of(spec, "target_queue", referral=referral, allocation=allocation, child="")
    assert made == {"NORTH": ("0.1", 26), "service:N": ("0.1", 26), "*": ("0.1", 26)}


def test_relief_is_called_for_where_the_queue_is_more_than_twice_its_target(spec):
    """25 wait, 2 a week come: 2 + (25 - 0.1) / 26 allocations a week clear them within half a year. SOUTH has no queue: no value."""
    referral = "\n".join(["referral_id child_id referral_date team_id", *waiting(26), *waiting(1, "SOUTH")])
    allocation = """
    allocation_id child_id referral_id worker_id team_id role started_on
    A1            CNORTH0  RNORTH0     W1        NORTH   CW   2026-03-16
    A2            CSOUTH0  RSOUTH0     W2        SOUTH   CW   2026-03-16
    """
    made = of(spec, "relief_capacity", referral=referral, allocation=allocation, child="")
    assert made == {"NORTH": ("2.95769", 25), "service:N": ("2.95769", 25), "*": ("3.03447", 25)}


def test_no_other_timescale_has_a_target_queue(spec):
    """Assessments are paced to their deadline, which the formula does not fit. Without allocations there is no queue to speak of."""
    made = spec.measures(AS_OF, referral=REFERRALS, assessment="assessment_id referral_id child_id started_on\nS1 OLD C2 2026-03-02")
    assert "open.assessment_45_wt" in made
    assert not [name for name in made if name.startswith(("target_queue", "relief_capacity"))]


# --- what the events explain -----------------------------------------------------------------------------------------
def test_the_residual_is_the_change_that_no_event_explains(spec):
    """NORTH had 2 and has 3: one opened, so 0. LONE had 1 and has none, and no event says why: -1. A case that moved is explained."""
    events = {
        "before": {"NORTH": 2, "SOUTH": 1, "LONE": 1, "?": 1, "service:N": 2, "service:S": 1, "*": 5},
        "opened": {"NORTH": 1, "EAST": 1, "service:N": 2, "*": 2},
        "reopened": {},
        "closed": {"SOUTH": 1, "service:S": 1, "*": 1},
        "vanished": {},
        "corrected": {"NORTH": 5, "service:N": 5, "*": 5},
        "moved_in": {"SOUTH": 1, "service:S": 1},
        "moved_out": {"EAST": 1, "service:N": 1},
    }
    made = spec.measures(AS_OF, team=TEAMS, referral=REFERRALS, child=CHILDREN, events=events)["residual"]
    assert {place: value for place, (value, _) in made.items()} == {
        "NORTH": "0", "EAST": "0", "SOUTH": "-1", "LONE": "-1", "?": "0", "service:N": "0", "service:S": "-1", "*": "-2",
    }  # fmt: skip
    assert made["*"] == ("-2", 5)


def test_the_first_extract_has_no_residual(spec):
    assert "residual" not in spec.measures(AS_OF, team=TEAMS, referral=REFERRALS)


# --- re-referrals ----------------------------------------------------------------------------------------------------
BACK = """
referral_id child_id referral_date nfa closed_on  team_id
FAR         C9       2023-01-02    no  2023-03-01 NORTH
FIRST       C1       2025-03-03    no  2025-04-01 NORTH
AGAIN       C1       2026-03-03    no  -          NORTH
YEAR        C2       2025-03-02    no  2025-04-01 NORTH
OVER        C2       2026-03-03    no  -          NORTH
NFA         C3       2026-02-02    yes -          SOUTH
SOON        C3       2026-02-09    no  -          SOUTH
TWIN        C3       2026-02-09    no  -          SOUTH
ONLY        C4       2026-03-03    no  -          EAST
"""


def test_a_re_referral_comes_within_365_days_of_an_earlier_one_of_the_child(spec):
    """AGAIN after 365 days, OVER after 366. SOON and TWIN follow NFA; that they came on one day makes neither the other's return."""
    assert of(spec, "re_referral", referral=BACK) == {
        "NORTH": ("50", 2), "EAST": ("0", 1), "SOUTH": ("66.6667", 3), "service:N": ("33.3333", 3), "service:S": ("66.6667", 3),
        "*": ("50", 6),
    }  # fmt: skip


def test_an_extract_that_does_not_reach_back_for_a_year_shows_no_re_referrals(spec):
    """Annex A holds the referrals of six months: whoever came before them would look new."""
    recent = "\n".join(line for line in BACK.splitlines() if not line.startswith(("FAR", "FIRST", "YEAR")))
    assert "re_referral" not in spec.measures(AS_OF, team=TEAMS, referral=recent)
