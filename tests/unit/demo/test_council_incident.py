"""North Assessment 2 loses 4 of 9 workers: a queue grows there, and nowhere else."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from caseclock.demo.council import World, extract_tables, make_world
from caseclock.demo.council_draw import day_of
from caseclock.demo.council_people import INCIDENT_TEAM

END = dt.date(2026, 11, 20)


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest) -> World:
    return make_world(seed=request.param, scale=1.0, end=END, weeks=12, incident=True)


def in_post(world: World, date: dt.date) -> int:
    team = next(i for i, t in enumerate(world.teams) if t.id == INCIDENT_TEAM)
    day = day_of(date)
    return sum(w.role == "holder" and w.team == team and w.start <= day < w.end for w in world.staff)


def unallocated(world: World, date: dt.date) -> pd.Series:
    """Open referrals that no person holds, by the team of the referral."""
    tables = extract_tables(world, date)
    r, links, staff = tables["ssd_cin_episodes.csv"], tables["ssd_involvements.csv"], tables["ssd_professionals.csv"]
    people = staff[staff["prof_professional_job_title"] != "Duty Pool"]["prof_professional_id"]
    held = links[
        (links["invo_professional_role_id"] == "CW")
        & links["invo_involvement_end_date"].isna()
        & links["invo_professional_id"].isin(people)
    ]
    waiting = r[r["cine_close_date"].isna() & (r["cine_referral_nfa"] == "N") & ~r["cine_referral_id"].isin(held["invo_referral_id"])]
    return waiting.groupby("cine_referral_team").size().sort_values(ascending=False)


def test_four_of_nine_leave_and_nobody_is_hired(world: World) -> None:
    assert in_post(world, END - dt.timedelta(days=77)) == 9
    assert in_post(world, END) == 5


def test_the_queue_passes_amber_then_red_over_the_weeks(world: World) -> None:
    counts = [int(unallocated(world, END - dt.timedelta(days=7 * k)).get(INCIDENT_TEAM, 0)) for k in range(11, -1, -1)]
    amber, red = (max(week for week, count in enumerate(counts) if count < limit) + 1 for limit in (10, 20))
    assert 1 <= amber < red <= 11, counts
    assert 25 <= counts[-1] <= 90


def test_no_other_team_is_in_trouble(world: World) -> None:
    now = unallocated(world, END)
    assert now.index[0] == INCIDENT_TEAM
    assert now.drop(INCIDENT_TEAM).max() < 12 if len(now) > 1 else True


def test_a_duty_pool_holds_waiting_cases_and_is_no_person(world: World) -> None:
    tables = extract_tables(world, END)
    links, staff = tables["ssd_involvements.csv"], tables["ssd_professionals.csv"]
    pools = staff[staff["prof_professional_job_title"] == "Duty Pool"]
    held = links[links["invo_professional_id"].isin(pools["prof_professional_id"]) & links["invo_involvement_end_date"].isna()]
    assert len(held) >= 10
    assert (held["invo_professional_role_id"] == "CW").all()
    assert pools["prof_professional_name"].str.startswith("Duty Pool ").all()


def test_one_protected_family_loses_its_worker_on_the_last_day(world: World) -> None:
    def without_worker(date: dt.date) -> set[str]:
        tables = extract_tables(world, date)
        plans, links = tables["ssd_cp_plans.csv"], tables["ssd_involvements.csv"]
        held = links[(links["invo_professional_role_id"] == "CW") & links["invo_involvement_end_date"].isna()]
        current = plans[plans["cppl_cp_plan_end_date"].isna()]
        return set(current[~current["cppl_referral_id"].isin(held["invo_referral_id"])]["cppl_person_id"])

    assert without_worker(END - dt.timedelta(days=1)) == set()
    assert 1 <= len(without_worker(END)) <= 4


def test_when_nobody_steps_in_the_queue_is_what_comes_in_less_what_five_of_nine_can_take() -> None:
    """Four of nine are gone, so in the end four of nine new children wait."""
    weeks = 61
    world = make_world(seed=6, scale=1.0, end=END, weeks=weeks + 1, incident=True, incident_weeks=weeks)
    later, before = unallocated(world, END), unallocated(world, END - dt.timedelta(days=7 * (weeks - 13)))
    came = extract_tables(world, END)["ssd_cin_episodes.csv"]
    since = str(END - dt.timedelta(days=7 * (weeks - 13)))
    new = ((came["cine_referral_team"] == INCIDENT_TEAM) & (came["cine_referral_date"] > since)).sum()
    assert 340 <= later[INCIDENT_TEAM] <= 440
    assert (later - before)[INCIDENT_TEAM] / new == pytest.approx(4 / 9, abs=0.05)
    assert later.drop(INCIDENT_TEAM, errors="ignore").max() < 12


def test_without_the_incident_the_team_is_like_the_others() -> None:
    quiet = make_world(seed=1, scale=1.0, end=END, weeks=1, incident=False)
    assert in_post(quiet, END) == 9
    assert unallocated(quiet, END).max() < 12
