"""What happened between two extracts: two small councils in, events out. Cases first, then clocks."""

import numpy as np
import pytest

from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.events import Seen, events_between, fingerprint
from caseclock.clocks.frame import clock_frame
from caseclock.clocks.happened import CASE, EVENT_COLUMNS
from caseclock.clocks.places import places
from caseclock.clocks.referrals import referral_frame
from caseclock.snapshots import TABLES
from caseclock.snapshots.keys import key_hashes

from .conftest import cell, lines

THEN, NOW = "2026-03-13", "2026-03-20"
TEAMS = "allocation_id child_id referral_id worker_id team_id role started_on ended_on"
ROLES = frozenset({"CW"})


@pytest.fixture
def seen(extract, spec, calendar):
    """One extract of small tables as the events see it, and its places. `rules`: ids of shipped rules, or rules; `aside`: table and key of
    rows in quarantine."""

    def made(as_of, rules=(), roles=ROLES, coverage="full", blocked=(), aside=(), **tables):
        columns = Columns(extract(as_of, **tables))
        chosen = [spec.rules[rule] if isinstance(rule, str) else rule for rule in rules]
        clocks = clock_frame(columns, chosen, calendar, roles)
        watched = [rule for rule in chosen if rule.id in clocks["rule"].cat.categories]
        prints, of = {rule.id: fingerprint(rule) for rule in watched}, {rule.id: rule.table for rule in watched}
        quarantine = frozenset(key_hashes(TABLES[table], [key])[0] for table, key in aside)
        referrals = referral_frame(columns, roles, case_frame(columns, roles))
        one = Seen(columns.as_of, clocks, referrals, prints, of, frozenset(roles), quarantine, coverage, frozenset(blocked))
        return one, places(columns)

    return made


@pytest.fixture
def check(seen):
    """The events are exactly those of `expected`, whose first line says which columns are looked at; in order of rule, type and item."""

    def checked(expected, before, now, rules=(), **more):
        options = {"then": THEN, "at": NOW, **more}
        (was, _), (is_, at) = (
            seen(options[day], **{"rules": rules, **tables, **options.get(extra, {})})
            for day, extra, tables in (("then", "was", before), ("at", "is_", now))
        )
        happened = events_between(was, is_)
        frame = happened.frame[happened.frame["rule"] == CASE] if not rules else happened.frame[happened.frame["rule"] != CASE]
        frame = frame.sort_values(["rule", "type", "item_ref", "started_on"])
        wanted = lines(expected)
        assert [wanted[0], *([cell(frame[name].iloc[i]) for name in wanted[0]] for i in range(len(frame)))] == wanted
        assert list(happened.frame.columns) == list(EVENT_COLUMNS)
        assert len(set(zip(happened.frame["type"], happened.frame["rule"], happened.hashes(), strict=True))) == len(happened.frame)
        return happened, at

    return checked


def referrals(*rows):
    return {"referral": "\n".join(("referral_id child_id referral_date nfa closed_on team_id", *rows))}


def held(*rows):
    return {"allocation": "\n".join((TEAMS, *rows))}


SOMEBODY = held("A9 C9 R9 W9 NORTH CW 2026-01-02 -")
"""Anybody who holds anything: without one, nobody can tell who holds a case."""


# --- cases: how they come ------------------------------------------------------------------------------------------
def test_a_case_that_is_there_for_the_first_time_was_opened_on_the_day_of_its_referral(check):
    check(
        """
        type      item_ref team  before_team occurred_on
        allocated R3       NORTH -           2026-03-18
        opened    R2       SOUTH -           2026-03-16
        opened    R3       NORTH -           2026-03-17
        """,
        referrals("R1 C1 2026-03-02 no - NORTH") | SOMEBODY,
        referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-16 no - SOUTH", "R3 C3 2026-03-17 no - SOUTH")
        | held("A9 C9 R9 W9 NORTH CW 2026-01-02 -", "A3 C3 R3 W3 NORTH CW 2026-03-18 -"),
    )


def test_a_case_that_was_entered_late_is_opened_with_the_extract_that_shows_it_on_the_day_in_the_data(check):
    check(
        """
        type   item_ref occurred_on
        opened R2       2026-03-03
        """,
        referrals("R1 C1 2026-03-02 no - NORTH"),
        referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-03 no - NORTH"),
    )


def test_a_case_that_came_and_went_between_two_extracts_was_opened_and_closed(check):
    """One that had ended before the earlier extract is a piece of history that somebody has entered; it never was in any count."""
    check(
        """
        type      item_ref team  occurred_on
        completed R2       NORTH 2026-03-19
        completed R5       NORTH 2026-03-17
        opened    R2       NORTH 2026-03-16
        opened    R5       NORTH 2026-03-17
        """,
        referrals("R1 C1 2026-03-02 no - NORTH"),
        referrals(
            "R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-16 no 2026-03-19 NORTH", "R3 C3 2026-03-03 no 2026-03-12 NORTH",
            f"R4 C4 2026-03-03 no {THEN} NORTH", "R5 C5 2026-03-17 no 2026-03-17 NORTH",
        ),
    )  # fmt: skip


def test_a_referral_that_ends_with_no_further_action_is_no_case(check):
    check(
        """
        type      item_ref occurred_on
        completed R1       2026-03-17
        reopened  R4       2026-03-03
        """,
        referrals("R1 C1 2026-03-02 no - NORTH", "R4 C4 2026-03-03 yes - NORTH"),
        referrals(
            "R1 C1 2026-03-02 yes 2026-03-17 NORTH", "R2 C2 2026-03-16 yes - NORTH", "R3 C3 2026-03-16 yes 2026-03-18 NORTH",
            "R4 C4 2026-03-03 no - NORTH",
        ),
    )  # fmt: skip


# --- cases: who comes back -----------------------------------------------------------------------------------------
def test_a_child_whose_last_referral_ended_within_365_days_has_come_back(check):
    """R1 ended 365 days before R2, R3 366 days before R4. R6 came while R5 was open. R8: the earlier one ended with no further action."""
    before = referrals(
        "R1 C1 2025-01-06 no 2025-03-18 NORTH", "R3 C3 2025-01-06 no 2025-03-17 NORTH", "R5 C5 2026-01-06 no - NORTH",
        "R7 C7 2026-01-06 yes - NORTH",
    )  # fmt: skip
    new = "\n".join(f"R{n} C{n - 1} 2026-03-18 no - NORTH" for n in (2, 4, 6, 8))
    check(
        """
        type     item_ref occurred_on
        opened   R4       2026-03-18
        opened   R6       2026-03-18
        reopened R2       2026-03-18
        reopened R8       2026-03-18
        """,
        before,
        {"referral": before["referral"] + "\n" + new},
    )


def test_a_closed_referral_that_is_open_again_is_the_same_case_reopened(check):
    check(
        """
        type     item_ref before_team occurred_on
        reopened R1       -           2026-03-02
        """,
        referrals("R1 C1 2026-03-02 no 2026-03-12 NORTH"),
        referrals("R1 C1 2026-03-02 no - NORTH"),
    )


def test_a_return_within_one_step_is_closed_and_reopened(check):
    check(
        """
        type      item_ref occurred_on
        completed R1       2026-03-16
        reopened  R2       2026-03-16
        """,
        referrals("R1 C1 2026-03-02 no - NORTH"),
        referrals("R1 C1 2026-03-02 no 2026-03-16 NORTH", "R2 C1 2026-03-16 no - NORTH"),
    )


# --- cases: how they go --------------------------------------------------------------------------------------------
def test_a_case_is_closed_by_its_date_by_a_death_and_not_by_a_date_to_come(check):
    """A closure that was entered late is dated before the earlier extract."""
    check(
        """
        type      item_ref team  occurred_on
        completed R1       NORTH 2026-03-18
        completed R2       NORTH 2026-03-10
        completed R3       NORTH 2026-03-19
        """,
        referrals(*(f"R{n} C{n} 2026-03-02 no - NORTH" for n in (1, 2, 3, 4))),
        {
            **referrals(
                "R1 C1 2026-03-02 no 2026-03-18 SOUTH", "R2 C2 2026-03-02 no 2026-03-10 NORTH", "R3 C3 2026-03-02 no - NORTH",
                "R4 C4 2026-03-02 no 2026-04-01 NORTH",
            ),
            "child": "child_id died_on\nC3 2026-03-19",
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("coverage", "event"),
    [
        pytest.param("full", "vanished R1 NORTH -", id="closed cases stay in the extract, so it was deleted"),
        pytest.param("open_only", "completed R1 NORTH -", id="only open cases are in the extract, so it was closed, nobody knows when"),
        pytest.param("window", "", id="cases leave by their age, so nobody knows"),
    ],
)
def test_a_case_that_is_there_no_more(check, coverage, event):
    check(
        f"""
        type      item_ref team  occurred_on
        {event}
        """,
        referrals("R1 C1 2025-09-15 no - NORTH", "R2 C2 2026-03-02 no - NORTH"),
        referrals("R2 C2 2026-03-02 no - NORTH"),
        is_={"coverage": coverage},
    )


def test_that_none_vanished_is_known_only_where_one_could_be_seen_to(check):
    same = referrals("R1 C1 2025-09-15 no - NORTH")
    for coverage, known in {"full": True, "open_only": False, "window": False}.items():
        happened, at = check("type item_ref", same, same, is_={"coverage": coverage})
        assert (("vanished", CASE) in happened.known) == known
        assert happened.flows(at)["vanished"].tolist() == [0, 0, 0]


# --- cases: whose they are -----------------------------------------------------------------------------------------
def test_allocated_is_that_somebody_holds_it_now_and_nobody_did(check):
    """R1 found somebody, R2 lost the last one, R3 changed hands, R4 was taken by a pool of duty workers."""
    check(
        """
        type        item_ref team  before_team occurred_on
        allocated   R1       SOUTH NORTH       2026-03-17
        deallocated R2       NORTH -           2026-03-18
        moved       R1       SOUTH NORTH       -
        moved       R4       DUTY  NORTH       -
        """,
        referrals(*(f"R{n} C{n} 2026-03-02 no - NORTH" for n in (1, 2, 3, 4)))
        | held("A2 C2 R2 W2 NORTH CW 2026-03-03 -", "A3 C3 R3 W3 NORTH CW 2026-03-03 -"),
        referrals(*(f"R{n} C{n} 2026-03-02 no - NORTH" for n in (1, 2, 3, 4)))
        | held(
            "A1 C1 R1 W1 SOUTH CW 2026-03-17 -", "A2 C2 R2 W2 NORTH CW 2026-03-03 2026-03-18", "A3 C3 R3 W3 NORTH CW 2026-03-03 2026-03-18",
            "A5 C3 R3 W5 NORTH CW 2026-03-18 -", "A4 C4 R4 POOL DUTY CW 2026-03-18 -",
        )
        | {"worker": "worker_id is_person\nPOOL no"},
    )  # fmt: skip


@pytest.mark.parametrize("lacks", ["was", "is_"])
def test_where_one_extract_cannot_show_who_holds_a_case_nobody_was_allocated_or_lost(check, lacks):
    same = referrals("R1 C1 2026-03-02 no - NORTH")
    happened, _ = check("type item_ref", same | SOMEBODY, same | SOMEBODY, **{lacks: {"allocation": ""}})
    assert ("allocated", CASE) not in happened.known
    assert ("opened", CASE) in happened.known


def test_other_roles_in_the_configuration_allocate_nobody(check):
    same = referrals("R1 C1 2026-03-02 no - NORTH") | held("A1 C1 R1 W1 NORTH SW 2026-03-03 -", "A9 C9 R9 W9 NORTH CW 2026-01-02 -")
    happened, _ = check("type item_ref", same, same, is_={"roles": ("CW", "SW")})
    assert ("allocated", CASE) not in happened.known


def test_a_team_that_is_no_more_is_counted_where_its_cases_went(check):
    """NORTH was merged into SOUTH; the council is the sum of both."""
    happened, at = check(
        """
        type      item_ref team  before_team
        completed R2       NORTH -
        moved     R1       SOUTH NORTH
        """,
        referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-02 no - NORTH"),
        referrals("R1 C1 2026-03-02 no - SOUTH", "R2 C2 2026-03-02 no 2026-03-17 SOUTH"),
    )
    assert (at.names, happened.places(at).names) == (["?", "SOUTH", "*"], ["?", "NORTH", "SOUTH", "*"])
    flows = {name: counts.tolist() for name, counts in happened.flows(at).items()}
    assert flows["before"] == [0, 0, 2]
    assert (flows["moved_in"], flows["moved_out"], flows["closed"]) == ([0, 1, 1], [0, 0, 1], [0, 0, 1])


# --- cases: the same one under another name ------------------------------------------------------------------------
def test_an_export_that_is_numbered_anew_shows_nothing_new(check):
    """R1 and R2 have changed their numbers with each other, R3 has a number that was never seen, and so have two of one child and day."""
    check(
        "type item_ref",
        referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-03 no - NORTH", "R3 C3 2026-03-04 no - NORTH",
                  "R4 C4 2026-03-04 no - NORTH", "R5 C4 2026-03-04 no - NORTH"),
        referrals("R2 C1 2026-03-02 no - NORTH", "R1 C2 2026-03-03 no - NORTH", "R9 C3 2026-03-04 no - NORTH",
                  "R7 C4 2026-03-04 no - NORTH", "R8 C4 2026-03-04 no - NORTH"),
    )  # fmt: skip


def test_a_date_or_a_child_that_was_put_right_is_a_correction(check):
    """R1 has another date, even one after the earlier extract; R2 is now of C4, with whom C2 was merged. R3 is closed: no case of today."""
    check(
        """
        type      item_ref started_on occurred_on
        corrected R1       2026-03-16 -
        corrected R2       2026-03-03 -
        """,
        referrals("R1 C1 2026-01-02 no - NORTH", "R2 C2 2026-03-03 no - NORTH", "R3 C3 2026-01-02 no 2026-02-02 NORTH"),
        referrals("R1 C1 2026-03-16 no - NORTH", "R2 C4 2026-03-03 no - NORTH", "R3 C3 2026-01-05 no 2026-02-02 NORTH"),
    )


@pytest.mark.parametrize(
    ("was", "now", "events"),
    [
        pytest.param("2026-02-10", "2026-03-12", "corrected C1|2026-03-12 -", id="30 days apart"),
        pytest.param("2026-02-09", "2026-03-12", "opened C1|2026-03-12 2026-03-12\nvanished C1|2026-02-09 -", id="31 days apart"),
        pytest.param("2026-03-12", "2026-03-13", "corrected C1|2026-03-13 -", id="the day of the earlier extract"),
        pytest.param(
            "2026-03-12", "2026-03-16", "opened C1|2026-03-16 2026-03-16\nvanished C1|2026-03-12 -", id="after the earlier extract"
        ),
    ],
)
def test_without_numbers_a_corrected_date_is_told_from_a_new_case_by_how_far_apart_they_are(check, was, now, events):
    """Annex A has no numbers: a referral is its child and its date."""
    check(
        "type item_ref occurred_on\n" + events,
        referrals(f"C1|{was} C1 {was} no - NORTH", "C2|2026-03-02 C2 2026-03-02 no - NORTH"),
        referrals(f"C1|{now} C1 {now} no - NORTH", "C2|2026-03-02 C2 2026-03-02 no - NORTH"),
    )


def test_a_corrected_case_that_was_closed_meanwhile_is_closed(check):
    check(
        """
        type      item_ref      occurred_on
        completed C1|2026-03-03 2026-03-18
        corrected C1|2026-03-03 -
        """,
        referrals("C1|2026-03-02 C1 2026-03-02 no - NORTH"),
        referrals("C1|2026-03-03 C1 2026-03-03 no 2026-03-18 NORTH"),
    )


# --- cases: rows that are not to be believed -----------------------------------------------------------------------
def test_the_rows_of_a_blocked_team_neither_vanish_nor_come_back_as_new(check):
    """Its rows are gone by a fault, and come back. A case that went to another team is there, so it has moved."""
    both = referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-02 no - NORTH", "R3 C3 2026-03-02 no - SOUTH") | SOMEBODY
    fewer = referrals("R2 C2 2026-03-02 no - SOUTH", "R3 C3 2026-03-02 no - SOUTH") | SOMEBODY
    moved = "type item_ref team before_team\nmoved R2 {} {}"
    check(moved.format("SOUTH", "NORTH"), both, fewer, is_={"blocked": ("NORTH",)})
    check(moved.format("NORTH", "SOUTH"), fewer, both, was={"blocked": ("NORTH",)})


def test_a_row_that_is_put_into_quarantine_has_not_vanished_and_is_not_new_when_it_is_corrected(check):
    """R1 and its assessment are aside in one of the two; R2 is not in the extract at all."""
    both = referrals("R1 C1 2026-03-02 no - NORTH", "R2 C2 2026-03-02 no - NORTH", "R3 C3 2026-03-02 no - NORTH")
    one, aside = referrals("R3 C3 2026-03-02 no - NORTH"), {"aside": [("referral", "R1"), ("assessment", "S1")]}
    check("type item_ref\nvanished R2", both, one, is_=aside)
    check("type item_ref\nopened R2", one, both, was=aside)
    late = assessments("S1 R1 C1 2026-01-02 2026-01-20 NORTH", "S2 R1 C2 2026-03-02 - NORTH")
    check("type item_ref\nopened S2", assessments("S9 R1 C9 2026-03-02 - NORTH"), late, rules=[DFE], was=aside)


def test_the_first_extract_after_an_empty_one_opens_every_case(check):
    check("type item_ref\nopened R1", {}, referrals("R1 C1 2026-03-02 no - NORTH"))


# --- clocks --------------------------------------------------------------------------------------------------------
DFE = "assessment_45_dfe"


def assessments(*rows):
    head = "assessment_id referral_id child_id started_on authorised_on team_id"
    return {"assessment": "\n".join((head, *rows)), **referrals("R1 C1 2026-01-02 no - NORTH")}


def test_a_clock_comes_within_its_warning_passes_its_limit_and_is_done(check):
    """45 working days; the warning begins at the 35th. S1 runs, S2 comes within the warning, S3 passes the limit, S4 is done late, S5 in
    time, S6 was in time when last seen and was done late since, S7 is new."""
    days = {"S1": "2026-03-02", "S2": "2026-01-28", "S3": "2026-01-14", "S4": "2026-01-02", "S5": "2026-02-02", "S6": "2026-01-13"}
    done = {"S4": "2026-03-18", "S5": "2026-03-19", "S6": "2026-03-19"}
    check(
        """
        type           item_ref team  occurred_on
        breached       S3       NORTH 2026-03-18
        breached       S6       NORTH 2026-03-17
        completed      S5       NORTH 2026-03-19
        completed_late S4       NORTH 2026-03-18
        completed_late S6       NORTH 2026-03-19
        due_soon       S2       NORTH -
        opened         S7       NORTH 2026-03-16
        """,
        assessments(*(f"{item} R1 C{item} {day} - NORTH" for item, day in days.items())),
        assessments(
            *(f"{item} R1 C{item} {day} {done.get(item, '-')} NORTH" for item, day in days.items()), "S7 R1 CS7 2026-03-16 - NORTH"
        ),
        rules=[DFE],
    )


def test_work_that_was_entered_late_is_done_with_the_extract_that_shows_it_on_its_own_day(check):
    check(
        """
        type      item_ref occurred_on
        completed S1       2026-03-10
        """,
        assessments("S1 R1 C1 2026-02-02 - NORTH"),
        assessments("S1 R1 C1 2026-02-02 2026-03-10 NORTH"),
        rules=[DFE],
    )


def test_an_authorisation_that_was_taken_back_reopens_the_clock_and_breaches_it_if_it_is_late_by_now(check):
    check(
        """
        type     item_ref occurred_on
        breached S1       2026-03-06
        reopened S1       -
        reopened S2       -
        """,
        assessments("S1 R1 C1 2026-01-02 2026-01-20 NORTH", "S2 R1 C2 2026-03-02 2026-03-10 NORTH"),
        assessments("S1 R1 C1 2026-01-02 - NORTH", "S2 R1 C2 2026-03-02 - NORTH"),
        rules=[DFE],
    )


def test_a_late_clock_that_is_not_late_after_its_start_was_put_right_has_not_come_within_its_warning(check):
    check(
        "type item_ref\ncorrected S1",
        assessments("S1 R1 C1 2026-01-02 - NORTH"),
        assessments("S1 R1 C1 2026-01-20 - NORTH"),
        rules=[DFE],
    )


def test_a_late_clock_is_no_news_when_it_is_late_still_or_its_case_has_ended(check):
    """A clock whose case ended before the work was done is nobody's promise any more."""
    late = assessments("S1 R1 C1 2026-01-02 - NORTH", "S2 R2 C2 2026-01-02 - NORTH")
    two = "R1 C1 2026-01-02 no - NORTH", "R2 C2 2026-01-02 no {} NORTH"
    check(
        "type item_ref",
        late | referrals(two[0], two[1].format("-")),
        late | referrals(two[0], two[1].format("2026-03-17")),
        rules=[DFE],
    )


PLANS = {"plan": "plan_id child_id kind started_on team_id\nP1 C1 cp 2026-02-02 NORTH"}


def visits(*days):
    rows = [f"V{n} C1 P1 cp {day} yes" for n, day in enumerate(days)]
    return PLANS | {"visit": "\n".join(("visit_id child_id plan_id kind visit_on seen", *rows))}


def test_a_visit_ends_one_clock_and_starts_the_next(check):
    """10 working days. The visit of 25 February was entered late and had been late by then: the clock had breached already."""
    check(
        """
        type           started_on occurred_on
        completed      2026-02-25 2026-03-09
        completed_late 2026-02-10 2026-02-25
        due_soon       2026-03-09 -
        opened         2026-02-25 2026-02-25
        opened         2026-03-09 2026-03-09
        """,
        visits("2026-02-10"),
        visits("2026-02-10", "2026-02-25", "2026-03-09"),
        rules=["cp_visit"],
    )


def test_a_visit_on_the_day_of_the_plan_ends_one_clock_and_starts_another_on_that_day(check):
    young = {"plan": "plan_id child_id kind started_on team_id\nP1 C1 cp 2026-03-12 NORTH"}
    check(
        """
        type      started_on occurred_on
        completed 2026-03-12 2026-03-12
        opened    2026-03-12 2026-03-12
        """,
        visits("2026-01-02") | young,
        visits("2026-01-02", "2026-03-12") | young,
        rules=["cp_visit"],
    )


def test_two_clocks_of_one_day_are_not_mistaken_for_each_other_when_the_rows_around_them_change(check):
    """Of P2 one clock ended on its first day and another began on it. P1 is new and P3 is gone, so both stand at another place."""
    plan, seen = "{} C{} cp 2026-03-12 NORTH", "V{0} C{0} P{0} cp 2026-03-12 yes"
    heads = {"plan": "plan_id child_id kind started_on team_id\n", "visit": "visit_id child_id plan_id kind visit_on seen\n"}
    plans, visited = {n: plan.format(f"P{n}", n) for n in (1, 2, 3)}, seen.format(2)
    check(
        "type item_ref\nopened P1",
        {"plan": heads["plan"] + "\n".join((plans[2], plans[3])), "visit": heads["visit"] + visited},
        {"plan": heads["plan"] + "\n".join((plans[1], plans[2])), "visit": heads["visit"] + visited},
        rules=["cp_visit"],
    )


def test_the_date_of_a_visit_that_was_put_right_is_no_second_breach(check):
    check(
        """
        type      started_on occurred_on
        corrected 2026-02-09 -
        """,
        visits("2026-02-10"),
        visits("2026-02-09"),
        rules=["cp_visit"],
    )


def test_a_start_that_was_put_right_is_the_same_clock_by_its_number_or_without_one_by_how_near_it_is(check):
    """S1 has kept its number. The others have none (Annex A: child and date): the second is 30 days off, the third 31."""
    check(
        """
        type      item_ref      started_on
        corrected C2|2026-02-11 2026-02-11
        corrected S1            2026-03-02
        opened    C3|2026-02-12 2026-02-12
        """,
        assessments("S1 R1 C1 2026-01-02 - NORTH", "C2|2026-01-12 R1 C2 2026-01-12 - NORTH", "C3|2026-01-12 R1 C3 2026-01-12 - NORTH"),
        assessments("S1 R1 C1 2026-03-02 - NORTH", "C2|2026-02-11 R1 C2 2026-02-11 - NORTH", "C3|2026-02-12 R1 C3 2026-02-12 - NORTH"),
        rules=[DFE],
    )


def test_clocks_of_an_export_that_is_numbered_anew_are_the_same_clocks(check):
    late = assessments("S1 R1 C1 2026-01-02 - NORTH", "S2 R1 C2 2026-02-02 2026-03-02 NORTH")
    other = assessments("X2 R1 C1 2026-01-02 - NORTH", "X1 R1 C2 2026-02-02 2026-03-02 NORTH")
    check("type item_ref", late, other, rules=[DFE])


def test_clocks_of_a_child_that_was_merged_with_another_are_the_same_clocks(check):
    check(
        "type item_ref\ncorrected S1\ncorrected S2",
        assessments("S1 R1 C1 2026-01-02 - NORTH", "S2 R1 C1 2026-02-02 2026-03-02 NORTH"),
        assessments("S1 R1 C7 2026-01-02 - NORTH", "S2 R1 C7 2026-02-02 2026-03-02 NORTH"),
        rules=[DFE],
    )


def test_a_rule_that_was_not_watched_or_was_another_one_before_has_no_events(check, spec):
    """Nobody has breached a limit because the council has changed it."""
    late = assessments("S1 R1 C1 2026-02-02 - NORTH")
    shorter = spec.rule(DFE, limits=[{"effective_from": "2013-04-01", "limit": 10}], warn_at=5)
    for was in ([], [spec.rule(DFE, limits=[{"effective_from": "2013-04-01", "limit": 40}])]):
        happened, _ = check("type item_ref", late, late, rules=[shorter], was={"rules": was})
        assert not any(rule == DFE for _, rule in happened.known)
    renamed = spec.rule(DFE, title="The assessment is to be finished", note="as they say here")
    happened, _ = check("type item_ref", late, late, rules=[DFE], is_={"rules": [renamed]})
    assert ("breached", DFE) in happened.known


def test_the_rows_of_a_blocked_team_start_no_clock_when_they_come_back(check):
    one, both = "S1 R1 C1 2026-01-02 - SOUTH", "S2 R1 C2 2026-01-02 - NORTH"
    check("type item_ref", assessments(one), assessments(one, both), rules=[DFE], was={"blocked": ("NORTH",)})


def test_without_an_event_every_count_is_zero_and_known(check):
    happened, at = check(
        "type item_ref", assessments("S1 R1 C1 2026-03-02 - NORTH"), assessments("S1 R1 C1 2026-03-02 - NORTH"), rules=[DFE]
    )
    counts = happened.counts(at)
    assert {"breached", "completed", "due_soon", "opened"} < {type_ for type_, rule in counts if rule == DFE}
    assert not any(np.any(n) for n in counts.values())
