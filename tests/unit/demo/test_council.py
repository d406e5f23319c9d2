"""One world, and each extract a view of it: the same for the same seed, and true to what earlier extracts said."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.demo.council import World, extract_dates, extract_tables, generate, make_world, write_extract
from caseclock.errors import WrongUse

END = dt.date(2026, 11, 20)
Tables = dict[str, pd.DataFrame]

AHEAD = {"icpc_icpc_target_date", "cppr_cp_review_due", "clar_cla_review_due_date", "pers_expected_dob"}
"""Dates that are known before they come."""


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(seed=4, scale=0.1, end=END, weeks=12, incident=True)


@pytest.fixture(scope="module")
def weekly(world: World) -> list[Tables]:
    return [extract_tables(world, date) for date in extract_dates(END, weeks=6, days=3)]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (generate(tmp_path / name, scale=0.1, weeks=2, seed=7, as_of=END, incident=True) for name in "ab")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_another_seed_gives_another_council() -> None:
    one, two = (extract_tables(make_world(seed, 0.1, END, 1, False), END)["ssd_cin_episodes.csv"] for seed in (1, 2))
    assert not one.equals(two)


def test_an_event_that_was_shown_stays(weekly: list[Tables]) -> None:
    """Rows never vanish, and a filled cell never changes: only empty cells are filled in."""
    for before, after in pairwise(weekly):
        for file, earlier in before.items():
            key = earlier.columns[0]
            assert earlier[key].is_unique, file
            later = after[file].set_index(key)
            assert set(earlier[key]) <= set(later.index), file
            then, now = earlier.set_index(key), later.loc[earlier[key]]
            changed = then.notna() & (then != now)
            assert not changed.any(axis=None), f"{file}: {list(changed.columns[changed.any()])}"


def test_something_happens_from_week_to_week(weekly: list[Tables]) -> None:
    for file in ("ssd_cin_episodes.csv", "ssd_cin_visits.csv", "ssd_involvements.csv"):
        assert len(weekly[0][file]) < len(weekly[-1][file])


def test_nothing_comes_from_the_future(world: World) -> None:
    date = END - dt.timedelta(days=30)
    for file, frame in extract_tables(world, date).items():
        for column in frame.columns:
            text = frame[column].dropna()
            days = text[text.str.fullmatch(r"\d{4}-\d{2}-\d{2}")]
            if column not in AHEAD and len(days):
                assert days.max() <= date.isoformat(), f"{file} {column}"


def test_open_work_has_no_end_and_no_outcome(world: World) -> None:
    tables = extract_tables(world, END)
    referrals, assessments, enquiries = (tables[f"ssd_{n}.csv"] for n in ("cin_episodes", "cin_assessments", "s47_enquiry"))
    for frame, end, said in (
        (referrals, "cine_close_date", ["cine_close_reason"]),
        (
            assessments,
            "cina_assessment_auth_date",
            ["cina_assessment_outcome_json", "cina_assessment_outcome_nfa", "cina_assessment_child_seen"],
        ),
        (enquiries, "s47e_s47_end_date", ["s47e_s47_outcome_json", "s47e_s47_nfa"]),
    ):
        unfinished = frame[frame[end].isna()]
        assert len(unfinished)
        assert unfinished[said].isna().all(axis=None)
        assert frame[frame[end].notna()][said].notna().all(axis=None)


def test_steps_come_in_their_order(world: World) -> None:
    tables = extract_tables(world, END)
    for file, first, then in (
        ("ssd_cin_episodes.csv", "cine_referral_date", "cine_close_date"),
        ("ssd_cin_assessments.csv", "cina_assessment_start_date", "cina_assessment_auth_date"),
        ("ssd_s47_enquiry.csv", "s47e_s47_start_date", "s47e_s47_end_date"),
        ("ssd_cp_plans.csv", "cppl_cp_plan_start_date", "cppl_cp_plan_end_date"),
        ("ssd_cin_plans.csv", "cinp_cin_plan_start_date", "cinp_cin_plan_end_date"),
        ("ssd_cla_episodes.csv", "clae_cla_episode_start_date", "clae_cla_episode_ceased_date"),
        ("ssd_involvements.csv", "invo_involvement_start_date", "invo_involvement_end_date"),
    ):
        frame = tables[file].dropna(subset=[then])
        assert len(frame)
        assert (frame[first] <= frame[then]).all(), file


def test_every_link_leads_somewhere(world: World) -> None:
    tables = extract_tables(world, END)
    people, referrals = set(tables["ssd_person.csv"]["pers_person_id"]), set(tables["ssd_cin_episodes.csv"]["cine_referral_id"])
    workers, teams = set(tables["ssd_professionals.csv"]["prof_professional_id"]), set(tables["ssd_department.csv"]["dept_team_id"])
    for file, frame in tables.items():
        for column in frame.columns[1:]:
            target = people if column.endswith("_person_id") else referrals if column.endswith("_referral_id") else None
            target = workers if column.endswith(("_worker_id", "_professional_id")) else target
            target = teams if column.endswith(("_team", "_department")) else target
            if target is not None:
                assert set(frame[column].dropna()) <= target, f"{file} {column}"


def test_columns_are_those_of_the_ssd(world: World, shared: Path) -> None:
    listed = pd.read_csv(shared / "domain" / "data" / "ssd" / "ssd_columns_v1.4.5.csv")
    listed = listed[listed["in_systemc"].astype(str) == "True"]
    for file, frame in extract_tables(world, END).items():
        expected = listed[listed["table"] == file.removesuffix(".csv")].sort_values("position")["column"]
        assert list(frame.columns) == list(expected), file


def test_personal_columns_hold_marked_values_only(world: World) -> None:
    tables = extract_tables(world, END)
    for file, column in (
        ("ssd_person.csv", "pers_forename"),
        ("ssd_person.csv", "pers_surname"),
        ("ssd_person.csv", "pers_upn"),
        ("ssd_person.csv", "pers_single_unique_id"),
        ("ssd_professionals.csv", "prof_staff_id"),
    ):
        assert tables[file][column].str.startswith("CANARY-").all()
    names = tables["ssd_professionals.csv"]["prof_professional_name"]
    assert (names.str.startswith("CANARY-WORKER-") | names.str.startswith("Duty Pool ")).all()
    told = tables["ssd_s47_enquiry.csv"]["s47e_s47_outcome_json"].dropna()
    assert told.str.contains('"OUTCOME_COMMENTS": "CANARY-COMMENT-').all()


@pytest.mark.parametrize("days_off", [-90, 1])
def test_a_day_outside_the_world_is_refused(world: World, days_off: int) -> None:
    with pytest.raises(WrongUse, match="2026-08-28 to 2026-11-20"):
        extract_tables(world, END + dt.timedelta(days=days_off))


def test_weekly_dates_come_before_daily_ones_on_working_days() -> None:
    dates = extract_dates(dt.date(2026, 1, 5), weeks=3, days=4)
    daily = [dt.date(2025, 12, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 2), dt.date(2026, 1, 5)]
    assert dates == [dt.date(2025, 12, 9), dt.date(2025, 12, 16), dt.date(2025, 12, 23), *daily]
    assert all(WorkingCalendar().is_working_day(d) for d in daily)
    assert extract_dates(END, weeks=2, days=0) == [END - dt.timedelta(days=7), END]


def test_files_are_named_by_source_and_date_and_leave_nothing_half_done(world: World, tmp_path: Path) -> None:
    tables = extract_tables(world, END)
    made = [write_extract(tables, tmp_path, "north", END, form) for form in ("zip", "folder", "annex-a")]  # type: ignore[arg-type]
    assert [p.name for p in made] == ["north__2026-11-20.zip", "north__2026-11-20", "north__2026-11-20.xlsx"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in made)
    assert {p.name for p in made[1].iterdir()} == set(tables)


def test_an_extract_is_replaced_by_one_of_the_same_name(world: World, tmp_path: Path) -> None:
    tables = extract_tables(world, END)
    for form in ("folder", "zip"):
        first = write_extract(tables, tmp_path, "north", END, form)  # type: ignore[arg-type]
        assert write_extract(tables, tmp_path, "north", END, form) == first  # type: ignore[arg-type]


def test_somebody_hears_of_each_extract_as_it_is_made(tmp_path: Path) -> None:
    heard: list[Path] = []
    made = generate(tmp_path, scale=0.1, weeks=1, seed=1, as_of=END, days=2, on_made=heard.append)
    assert heard == made
    assert len(made) == 3
