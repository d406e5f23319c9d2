"""The identity: cases open then, and what has happened, give the cases open now, in every team, exactly."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))

from made_tables import AS_OF, CASE_TABLES, ROLES, snapshot_of, whole
from slow_rules import SlowClocks

from caseclock.clocks.calendar import WorkingCalendar
from caseclock.clocks.cases import case_frame
from caseclock.clocks.columns import Columns
from caseclock.clocks.events import Seen, events_between, fingerprint
from caseclock.clocks.flows import residual
from caseclock.clocks.frame import clock_frame
from caseclock.clocks.happened import CASE, Happened, numbers_in
from caseclock.clocks.places import Places, places
from caseclock.clocks.referrals import REFERRAL_COLUMNS, referral_frame
from caseclock.clocks.rules import TimescaleRule

ONE_OF_EACH = ("allocation", "assessment_45_wt", "assessment_45_dfe", "s47_to_icpc", "cp_visit", "rcpc_first", "rcpc_next")
MONITORING = Path(__file__).resolve().parents[3] / "include" / "monitoring"
ENTRIES = [entry for entry in yaml.safe_load((MONITORING / "timescales.yaml").read_text()) if entry["id"] in ONE_OF_EACH]
RULES = [TimescaleRule.model_validate(entry) for entry in ENTRIES]
CALENDAR = WorkingCalendar()
LATE = ("overdue", "done_late")
FINGERPRINTS = {rule.id: fingerprint(rule) for rule in RULES}
slowly = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def seen(tables: dict[str, list[dict[str, Any]]], days_later: int = 0) -> tuple[Seen, Places]:
    made = snapshot_of(tables)
    columns = Columns(replace(made, extract=replace(made.extract, as_of=AS_OF + dt.timedelta(days_later))))
    frame = clock_frame(columns, RULES, CALENDAR, ROLES)
    rules = {rule: FINGERPRINTS[rule] for rule in frame["rule"].cat.categories}
    return Seen(columns.as_of, frame, referral_frame(columns, ROLES, case_frame(columns, ROLES)), rules), places(columns)


def open_cases(one: Seen, at: Places) -> np.ndarray:
    return at.counted(numbers_in(one.referrals.loc[one.referrals["open"], "team"], at.teams))


def check_identity(now: Seen, at: Places, happened: Happened) -> None:
    left = residual(open_cases(now, at), happened.flows(at))["residual"]
    assert not left.any(), dict(zip(at.names, left, strict=True))
    wide = happened.places(at)
    counts = {type_: n for (type_, rule), n in happened.counts(at).items() if rule == CASE}
    came = counts["opened"] + counts["reopened"] + counts["moved"]
    went = counts["completed"] + counts["vanished"] + counts["moved_out"]
    before = wide.counted(numbers_in(happened.open_before, wide.teams))
    assert (before + came - went == open_cases(now, wide)).all()  # of teams that are no more, too


# --- referrals that Hypothesis makes -------------------------------------------------------------------------------
def referrals(*rows: tuple[str, str, str, int, str], closed: str = "2026-03-12") -> pd.DataFrame:
    """item, child, team, day of the referral in March 2026, and how it stands: open, held, closed or nfa."""
    made = pd.DataFrame({name: [row[n] for row in rows] for n, name in enumerate(("item_ref", "child_ref", "team"))}, dtype="str")
    stands = pd.Series([row[4] for row in rows], dtype="str")
    made["began_on"] = pd.Series([np.datetime64("2026-02-28", "s") + np.timedelta64(row[3], "D") for row in rows], dtype="datetime64[s]")
    made["open"], made["nfa"] = stands.isin(["open", "held"]), stands.eq("nfa")
    made["held"] = stands.eq("held").astype("boolean")
    made["ended_on"] = pd.Series(np.datetime64(closed, "s"), index=made.index).where(~made["open"])
    made["since"] = made["began_on"]
    return made[list(REFERRAL_COLUMNS)]


def told(day: int, of: pd.DataFrame) -> Seen:
    return Seen(np.datetime64("2026-02-28", "D") + day, NO_CLOCKS, of, {})


NO_CLOCKS = clock_frame(Columns(snapshot_of({})), RULES, CALENDAR, ROLES)
AT = Places(["?", "N1", "N2", "S"], ["north"], np.array([-1, 0, 0, -1]))
one_referral = st.tuples(
    st.sampled_from(["R1", "R2", "R3", "R4"]), st.sampled_from(["C1", "C2"]), st.sampled_from(["N1", "N2", "S", "GONE"]), st.integers(1, 3),
    st.sampled_from(["open", "held", "closed", "nfa"]),
)  # fmt: skip
some = st.lists(one_referral, max_size=5, unique_by=lambda row: row[0])


@settings(max_examples=30, deadline=None)
@given(some, some)
def test_whatever_two_extracts_hold_nothing_is_left_unexplained(one, other):
    """They share ids, children and dates in every way: renumbered, corrected, merged, closed, deleted, handed over."""
    before, now = told(10, referrals(*one)), told(17, referrals(*(row for row in other if row[2] != "GONE")))
    check_identity(now, AT, events_between(before, now))


# --- whole extracts that Hypothesis makes --------------------------------------------------------------------------
@slowly
@given(CASE_TABLES, CASE_TABLES, st.integers(1, 40))
def test_of_two_whole_extracts_nothing_is_left_unexplained(one, other, days):
    (before, _), (now, at) = seen(whole(one)), seen(whole(other), days)
    happened = events_between(before, now)
    check_identity(now, at, happened)
    assert len(set(zip(happened.frame["type"], happened.frame["rule"], happened.hashes(), strict=True))) == len(happened.frame)


@slowly
@given(CASE_TABLES)
def test_nothing_has_happened_between_an_extract_and_itself_numbered_anew(made):
    tables = whole(made)
    keys = {"referral_id", "assessment_id", "s47_id", "plan_id", "conference_id"}
    anew = {
        table: [{name: f"N{value}" if name in keys and value else value for name, value in row.items()} for row in rows]
        for table, rows in tables.items()
    }
    (before, _), (now, at) = seen(tables), seen(anew)
    happened = events_between(before, now)
    assert happened.frame.empty
    assert not any(n.any() for n in happened.counts(at).values())


@slowly
@given(CASE_TABLES, st.integers(1, 40))
def test_when_only_time_passes_what_is_late_now_and_was_not_has_breached(made, days):
    """Who was late then is what a slow calculation of every clock says."""
    tables = whole(made)
    (before, _), (now, _) = seen(tables), seen(tables, days)
    frame = events_between(before, now).frame
    late = now.clocks[now.clocks["state"].isin(LATE)]
    is_late = Counter(zip(late["rule"], late["item_ref"], late["started_on"].dt.date, strict=True))
    slow = SlowClocks(tables, AS_OF, ROLES, ENTRIES).clocks()
    was_late = Counter({(rule, item, start): n for (rule, _, item, _, _, start, *_, state), n in slow.items() if state in LATE})
    assert int((frame["type"] == "breached").sum()) == (is_late - was_late).total()
    assert not set(frame.loc[frame["rule"] != CASE, "type"]) & {"corrected", "reopened"}


# --- by hand -------------------------------------------------------------------------------------------------------
STANDS = ("absent", "open", "held", "closed", "nfa")
FROM_TO = {  # how a case stood: what has happened when now it is absent, open, held, closed, or ended with no further action
    "absent": ("", "opened", "opened allocated", "opened completed", ""),
    "open": ("vanished", "", "allocated", "completed", "completed"),
    "held": ("vanished", "deallocated", "", "completed", "completed"),
    "closed": ("", "reopened", "reopened allocated", "", ""),
    "nfa": ("", "reopened", "reopened allocated", "", ""),
}


def test_every_way_from_how_a_case_stood_to_how_it_stands() -> None:
    cases = [(f"{was}-{is_}", was, is_, events) for was, row in FROM_TO.items() for is_, events in zip(STANDS, row, strict=True)]
    before = referrals(*((name, name, "S", 2, was) for name, was, *_ in cases if was != "absent"), closed="2026-03-05")
    now = referrals(*((name, name, "S", 2, is_) for name, _, is_, _ in cases if is_ != "absent"))
    frame = events_between(told(10, before), told(17, now)).frame
    found = {name: sorted(frame.loc[frame["item_ref"] == name, "type"]) for name, *_ in cases}
    assert found == {name: sorted(events.split()) for name, _, _, events in cases}


def test_a_service_and_the_council_are_the_sums_of_their_teams() -> None:
    then = [("R1", "C1", "N1", 2, "open"), ("R2", "C2", "N2", 2, "open"), ("R3", "C3", "S", 2, "open"), ("R4", "C4", "GONE", 2, "open")]
    today = [("R1", "C1", "N2", 2, "open"), ("R2", "C2", "N2", 2, "closed"), ("R3", "C3", "S", 2, "open"), ("R4", "C4", "S", 2, "open")]
    flows = events_between(told(10, referrals(*then)), told(17, referrals(*today))).flows(AT)
    table = pd.DataFrame(flows, index=pd.Index(AT.names)).T
    assert table["service:north"].to_dict() == {**dict.fromkeys(flows, 0), "before": 2, "closed": 1, "moved_in": 1, "moved_out": 1}
    assert table["*"].to_dict() == {**dict.fromkeys(flows, 0), "before": 4, "closed": 1, "moved_in": 2, "moved_out": 2}


def test_a_hash_tells_no_reference_and_is_the_same_on_every_machine() -> None:
    happened = events_between(told(10, referrals()), told(17, referrals(("R-1234", "C-99", "N1", 12, "open"))))
    assert happened.frame["type"].tolist() == ["opened"]
    assert happened.hashes() == ["d401bd3901a18061934c365d7b355801"]
