"""The order of the work list on towns that Hypothesis makes: what must never happen to a case, and a slow calculation beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from caseclock.clocks.calendar import WorkingCalendar, add_months
from caseclock.clocks.cases import LEVELS
from caseclock.clocks.model import STATES
from caseclock.clocks.rules import TimescaleRule
from caseclock.clocks.verdict import verdict
from caseclock.clocks.worklist import work_list
from caseclock.clocks.worklist_config import WorklistConfig

MONITORING = Path(__file__).resolve().parents[2] / "include" / "monitoring"
SHIPPED = {entry["id"]: TimescaleRule.model_validate(entry) for entry in yaml.safe_load((MONITORING / "timescales.yaml").read_text())}
NAMES = ("allocation", "cp_visit", "s47_to_icpc", "rcpc_next", "cin_review", "supervision_case_cla", "supervision_recorded")
RULES = [SHIPPED[name] for name in NAMES]
LEVEL_OF = {"cp_visit": "cp", "rcpc_next": "cp", "cin_review": "cin", "supervision_case_cla": "care"}
CALENDAR = WorkingCalendar()
AS_OF = dt.date(2026, 3, 20)
CONFIG = WorklistConfig()
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    item: str
    child: str
    opened: dt.date
    held: bool | None
    since: dt.date | None
    level: str
    s47: bool


@dataclass(frozen=True)
class Clock:
    rule: str
    child: str
    item: str
    started: dt.date
    worker: str | None


@dataclass(frozen=True)
class Town:
    cases: list[Case]
    clocks: list[Clock]


days = st.integers(0, 400).map(lambda n: AS_OF - dt.timedelta(n))
soon = st.integers(0, 25).map(lambda n: AS_OF - dt.timedelta(n))
CHILDREN = [f"C{n}" for n in range(1, 13)]
children = st.sampled_from(CHILDREN)


@st.composite
def towns(draw: st.DrawFn) -> Town:
    known = draw(st.integers(0, 4)) > 0
    levels = {child: draw(st.sampled_from(LEVELS)) for child in CHILDREN}
    s47 = {child: draw(st.integers(0, 3)) == 0 for child in CHILDREN}
    cases = []
    for n in range(draw(st.integers(0, 14))):
        child, opened, held = draw(children), draw(days | soon), draw(st.booleans()) if known else None
        since = draw(st.dates(opened, AS_OF)) if held is False else None
        cases.append(Case(f"R{n}", child, opened, held, since, levels[child], s47[child]))
    clocks = [
        Clock(draw(st.sampled_from(NAMES[1:])), draw(children), f"X{n}", draw(days | soon), draw(st.sampled_from([None, "W1"])))
        for n in range(draw(st.integers(0, 16)))
    ]
    return Town(cases, clocks + [Clock("allocation", c.child, c.item, c.since, None) for c in cases if c.since])


def case_rows(cases: list[Case]) -> pd.DataFrame:
    made = pd.DataFrame([vars(case) for case in cases], columns=list(Case.__dataclass_fields__))
    return pd.DataFrame(
        {
            "item_ref": made["item"].astype("str"),
            "child_ref": made["child"].astype("str"),
            "team": pd.Series(["T"] * len(made), dtype="str"),
            "worker": pd.Series(["W1" if held else None for held in made["held"]], dtype="str"),
            "opened_on": pd.to_datetime(made["opened"]).astype("datetime64[s]"),
            "held": pd.array(list(made["held"]), dtype="boolean"),
            "waiting_since": pd.to_datetime(made["since"]).astype("datetime64[s]"),
            "level": pd.Categorical(made["level"], categories=list(LEVELS)),
            "s47_open": made["s47"].astype(bool),
        }
    )


def clock_rows(clocks: list[Clock], as_of: dt.date) -> pd.DataFrame:
    """Open clocks, rule by rule: the order of the rows must change nothing."""
    parts = []
    for rule in RULES:
        theirs = [clock for clock in clocks if clock.rule == rule.id]
        start = np.array([clock.started for clock in theirs], dtype="datetime64[D]")
        open_ = np.full(len(theirs), np.datetime64("NaT", "D"))
        found = verdict(rule, start, open_, np.datetime64(as_of), CALENDAR)
        made = {"rule": rule.id, "child_ref": [c.child for c in theirs], "item_ref": [c.item for c in theirs], "team": "T"}
        made |= {"worker": [c.worker for c in theirs], "started_on": start, "due_on": found.due, "stopped_on": open_}
        made |= {"elapsed": found.elapsed, "limit": found.limit, "state": [STATES[n] for n in found.state]}
        parts.append(pd.DataFrame(made))
    whole = pd.concat(parts, ignore_index=True)
    return whole.astype(dict.fromkeys(("rule", "child_ref", "item_ref", "team", "worker", "state"), "str"))


def listed(town: Town, as_of: dt.date = AS_OF) -> pd.DataFrame:
    return work_list(case_rows(town.cases), clock_rows(town.clocks, as_of), RULES, CONFIG, CALENDAR, np.datetime64(as_of))


def keys_of(frame: pd.DataFrame, cases: list[Case]) -> dict[str, Key]:
    """What a row is ordered by, without the id, per case, and per child for those without one."""
    named = {case.item for case in cases}
    key = zip(frame["tier"], frame["level"].map(LEVELS.index), -frame["share"], -frame["age_days"], strict=True)
    who = [item if item in named else child for item, child in zip(frame["item_ref"], frame["child_ref"], strict=True)]
    return dict(zip(who, key, strict=True))


many = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# --- the slow calculation --------------------------------------------------------------------------------------------
def slow_keys(town: Town) -> dict[tuple[str, str], Key]:
    """(child, item) -> key with ids, worked out case by case and clock by clock."""
    made: dict[tuple[str, str], Key] = {}
    held = {case.child for case in town.cases if case.held}
    for case in town.cases:
        entries = [(5, 0.0, -(AS_OF - case.opened).days)]
        if case.held is False:
            grave = (case.level == "cp" or case.s47) and case.child not in held
            assert case.since
            entries.append((0 if grave else 1, -float(CALENDAR.elapsed(case.since, AS_OF)), -(AS_OF - case.since).days))
        entries += [slow_entry(clock) for clock in town.clocks if clock.rule != "supervision_recorded" and owner(clock, town) == case]
        best = min(entries)
        made[case.child, case.item] = (best[0], LEVELS.index(case.level), best[1], best[2], case.item, case.child)
    can_tell = any(case.held is not None for case in town.cases) or (not town.cases and any(clock.worker for clock in town.clocks))
    for child in {clock.child for clock in town.clocks if owner(clock, town) is None and clock.rule != "supervision_recorded"}:
        theirs = [clock for clock in town.clocks if clock.child == child]
        level = min(LEVELS.index(LEVEL_OF.get(clock.rule, "none")) for clock in theirs)
        entries_ = []
        for clock in theirs:
            tier, share, age = slow_entry(clock)
            alone = can_tell and clock.worker is None and LEVEL_OF.get(clock.rule) == "cp"
            if clock.rule != "supervision_recorded":
                entries_.append((0 if alone else tier, share, age, NAMES_IN_ORDER.index(clock.rule), clock.item))
        best_ = min(entries_)
        made[child, best_[4]] = (best_[0], level, best_[1], best_[2], best_[4], child)
    return made


NAMES_IN_ORDER = sorted(NAMES)


def owner(clock: Clock, town: Town) -> Case | None:
    theirs = sorted((case.opened, case.item, case) for case in town.cases if case.child == clock.child)
    if clock.rule == "allocation":
        return next(case for *_, case in theirs if case.item == clock.item)
    before = [case for opened, _, case in theirs if opened <= clock.started]
    return before[-1] if before else theirs[0][2] if theirs else None


def slow_entry(clock: Clock) -> tuple[int, float, int]:
    rule = SHIPPED[clock.rule]
    limit, age = rule.limits[-1].limit, (AS_OF - clock.started).days
    passed = CALENDAR.elapsed(clock.started, AS_OF)
    used = {"working_day": passed, "calendar_day": age, "calendar_month": age / (365.25 / 12)}[rule.unit]
    if rule.unit == "working_day":
        due, late = CALENDAR.due(clock.started, limit), passed > limit
    else:
        due = add_months(clock.started, limit) if rule.unit == "calendar_month" else clock.started + dt.timedelta(limit)
        late = due < AS_OF
    if late:
        tier = 0 if clock.rule == "cp_visit" else 2 if rule.basis != "local" else 3
    else:
        left = CALENDAR.elapsed(AS_OF, due) if due > AS_OF else 0
        tier = 3 if left <= 5 else 4 if left <= 10 else 5
    return tier, -used / limit, -age


@many
@given(towns())
def test_every_case_stands_where_a_slow_calculation_puts_it_and_none_is_lost_or_twice(town: Town) -> None:
    frame = listed(town)
    wanted = slow_keys(town)
    assert list(zip(frame["child_ref"], frame["item_ref"], strict=True)) == sorted(wanted, key=lambda who: wanted[who])
    assert list(frame["place"]) == list(range(1, len(wanted) + 1))
    assert {case.item for case in town.cases} <= set(frame["item_ref"])
    assert list(frame["tier"]) == sorted(frame["tier"])


# --- what must never happen ------------------------------------------------------------------------------------------
@many
@given(towns(), st.integers(1, 60))
def test_time_that_passes_never_lowers_a_case(town: Town, later: int) -> None:
    """Its own key never gets worse, so against a case that has not changed it never falls behind."""
    now, then = keys_of(listed(town), town.cases), keys_of(listed(town, AS_OF + dt.timedelta(later)), town.cases)
    assert set(now) == set(then)
    assert all(then[who] <= key for who, key in now.items())


@many
@given(towns(), st.data())
def test_taking_the_worker_away_never_lowers_a_case_and_leaves_other_children_alone(town: Town, data: st.DataObject) -> None:
    held = [n for n, case in enumerate(town.cases) if case.held]
    assume(held)
    n = data.draw(st.sampled_from(held))
    before = town.cases[n]
    gone = replace(before, held=False, since=data.draw(st.dates(before.opened, AS_OF)))
    after = Town(
        [*town.cases[:n], gone, *town.cases[n + 1 :]], [*town.clocks, Clock("allocation", gone.child, gone.item, gone.since, None)]
    )  # type: ignore[arg-type]
    was, is_ = keys_of(listed(town), town.cases), keys_of(listed(after), after.cases)
    assert is_[gone.item] <= was[gone.item]
    assert is_[gone.item][0] <= 1
    others = {case.item for case in town.cases if case.child != gone.child}
    assert {who: is_[who] for who in others} == {who: was[who] for who in others}


@many
@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(town: Town, chance: Any) -> None:
    cases, clocks = case_rows(town.cases), clock_rows(town.clocks, AS_OF)
    mixed = [frame.iloc[chance.sample(range(len(frame)), len(frame))] for frame in (cases, clocks)]
    made, again = (work_list(*frames, RULES, CONFIG, CALENDAR, np.datetime64(AS_OF)) for frames in ((cases, clocks), mixed))
    pd.testing.assert_frame_equal(made, again)


def test_of_two_cases_that_are_alike_the_lower_id_comes_first() -> None:
    case = Case("R1", "C1", AS_OF, held=False, since=AS_OF, level="none", s47=False)
    alike = [replace(case, item=item, child=child) for item, child in (("R10", "C3"), ("R2", "C2"), ("R1", "C1"))]
    assert list(listed(Town(alike, []))["item_ref"]) == ["R1", "R10", "R2"]


def test_frames_that_were_read_back_from_their_files_give_the_same_list(tmp_path: Path) -> None:
    day = AS_OF - dt.timedelta(30)
    town = Town(
        [Case("R1", "C1", day, False, day, "cp", True), Case("R2", "C2", day, True, None, "cin", False)],
        [Clock("cp_visit", "C1", "P1", day, None), Clock("cin_review", "C2", "P2", day, "W1"), Clock("cin_review", "C3", "P3", day, "W1")],
    )
    cases, clocks = (
        case_rows(town.cases),
        clock_rows(town.clocks, AS_OF).astype({"rule": "category", "state": "category", "team": "category"}),
    )
    cases.to_parquet(tmp_path / "cases", index=False)
    clocks.to_parquet(tmp_path / "clocks", index=False)
    read = pd.read_parquet(tmp_path / "cases"), pd.read_parquet(tmp_path / "clocks")
    whole = work_list(*read, RULES, CONFIG, CALENDAR, np.datetime64(AS_OF))
    pd.testing.assert_frame_equal(whole, listed(town))
    assert list(whole["child_ref"]) == ["C1", "C3", "C2"]
