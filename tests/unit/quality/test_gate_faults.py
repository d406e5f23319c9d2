"""Fault by fault: what the gate says of a sound extract into which one known defect was put."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from quality_tables import AS_OF, frame, snapshot

from caseclock.extracts import Reject
from caseclock.quality import Accepted, History
from caseclock.quality.config import QualityConfig, SurgeLimits
from caseclock.quality.gate import check
from caseclock.quality.model import QualityReport
from caseclock.quality.quarantine import set_aside
from caseclock.quality.stats import stats_of
from caseclock.quality.surge import check_surge
from caseclock.quality.verdict import with_trips
from caseclock.snapshots import Snapshot

WEEK = dt.timedelta(weeks=1)
CHILDREN = 120


def days(before: dt.date, n: int, step: int) -> list[str]:
    return [str(before - dt.timedelta(days=1 + k * step)) for k in range(n)]


def council(as_of: dt.date = AS_OF, cp_codes_until: dt.date | None = None, suffix: str = "") -> Snapshot:
    """A small sound council: 120 children in 4 teams, each on one plan with a visit every 9 days. `cp_codes_until`: visits to children on
    protection plans are not exported after that day, because their code was renamed. `suffix` is put behind every event's id.
    """
    ids = range(CHILDREN)
    referral = [
        {"referral_id": f"R{i}{suffix}", "child_id": f"C{i}", "team_id": f"T{i % 4}", "referral_date": "2026-02-01", "source": "6"}
        for i in ids
    ]
    plan = [{"plan_id": f"P{i}{suffix}", "child_id": f"C{i}", "kind": "cp" if i % 2 else "cin", "started_on": "2026-02-10"} for i in ids]
    visit = [
        {"visit_id": f"V{i}-{day}{suffix}", "child_id": f"C{i}", "plan_id": f"P{i}{suffix}", "kind": kind, "visit_on": day, "seen": True}
        for i in ids
        for kind in ["cp" if i % 2 else "cin"]
        for day in days(as_of - dt.timedelta(days=i % 9), 30, 9)
        if kind == "cin" or cp_codes_until is None or day <= str(cp_codes_until)
    ]
    allocation = [
        {"allocation_id": f"A{i}{suffix}", "child_id": f"C{i}", "team_id": f"T{i % 4}", "worker_id": f"W{i % 9}", "role": "CW"} for i in ids
    ]
    child = [{"child_id": f"C{i}"} for i in ids]
    worker = [{"worker_id": f"W{n}"} for n in range(9)]
    return snapshot(as_of, child=child, referral=referral, plan=plan, visit=visit, allocation=allocation, worker=worker)


PAST = {AS_OF - n * WEEK: council(AS_OF - n * WEEK) for n in range(4, 0, -1)}


def history(past: dict[dt.date, Snapshot] = PAST, **more: object) -> History:
    by_id = {str(day): made for day, made in past.items()}
    accepted = tuple(Accepted(id, made.extract.as_of, {t: len(f) for t, f in made.tables.items()}) for id, made in by_id.items())
    return History(accepted, load=by_id.__getitem__, stats={id: stats_of(made) for id, made in by_id.items()}, **more)  # type: ignore[arg-type]


SOUND = council()
Change = Callable[[Snapshot], Snapshot]


def with_rows(**rows: list[dict]) -> Change:
    """Rows of a table that the council has not, or more of one that it has."""

    def change(s: Snapshot) -> Snapshot:
        more = {t: pd.concat([s.tables[t], frame(t, r).assign(_file="more.csv")], ignore_index=True) for t, r in rows.items()}
        return replace(s, tables=s.tables | more)

    return change


def with_column(table: str, column: str, value: object, rows: slice = slice(None)) -> Change:
    def change(s: Snapshot) -> Snapshot:
        made = s.tables[table].copy()
        made.loc[made.index[rows], column] = value
        return replace(s, tables=s.tables | {table: made})

    return change


def only(table: str, keep: Callable[[pd.DataFrame], pd.Series]) -> Change:
    return lambda s: replace(s, tables=s.tables | {table: s.tables[table][keep(s.tables[table])].reset_index(drop=True)})


def and_then(*changes: Change) -> Change:
    def change(s: Snapshot) -> Snapshot:
        for one in changes:
            s = one(s)
        return s

    return change


A_LEAVER = {"child_id": "C1", "contacted_on": "2026-10-01", "reviewed_on": "2026-10-01"}
LEAVERS = [A_LEAVER | {"child_id": f"C{n}"} for n in range(5, 25)]
UNKNOWN_STAFF = [{"staff_id": f"x{n}", "worker_id": f"x{n}"} for n in range(9)]
IN_TEAM_3 = [{"allocation_id": f"bad{n}", "child_id": "C3", "team_id": "T3", "started_on": "2026-12-01"} for n in range(11)]

# fault: (what was changed, verdict, the rule that found it, how one of the reasons begins)
FAULTS: dict[str, tuple[Change, str, str, str]] = {
    "nothing": (lambda s: s, "pass", "", ""),
    # --- placeholders and cells that say nothing ---
    "-1 for nobody": (lambda s: replace(s, placeholders={("allocation", "worker_id"): 7}), "pass", "allocation.worker_id_placeholder", ""),
    "1900-01-01 for no date": (lambda s: replace(s, placeholders={("plan", "ended_on"): 3}), "pass", "plan.ended_on_placeholder", ""),
    "a new spelling of yes": (
        lambda s: replace(s, unreadable={("visit", "seen"): 900}),
        "warn",
        "visit.seen_unreadable",
        "visit: 900 of 3,600 rows: cells are no",
    ),
    "some outcome JSON malformed": (
        lambda s: replace(s, notes=["referral.csv: the outcome JSON of 6 rows is malformed; so"]),
        "pass",
        "",
        "",
    ),
    "outcome JSON malformed": (
        lambda s: replace(s, notes=["referral.csv: the outcome JSON of 7 rows is malformed; so"]),
        "warn",
        "referral.outcome_json_malformed",
        "referral: 7 of 120 rows: outcome JSON",
    ),
    # --- the same row more than once ---
    "a key twice": (
        with_rows(referral=[{"referral_id": "R1", "child_id": "C1", "nfa": True}]),
        "warn",
        "referral.referral_id_repeated",
        "referral: 1 of 121 rows put aside: another row has the same referral_id",
    ),
    "copies by the hundred": (
        lambda s: replace(
            s,
            tables=s.tables
            | {"referral": pd.concat([s.tables["referral"], s.tables["referral"].assign(_file="again.csv")], ignore_index=True)},
        ),
        "warn",
        "referral.copy",
        "referral: 120 of 240 rows put aside: an exact copy",
    ),
    "copies found on reading": (
        lambda s: replace(s, rejects=[Reject("referral", "r.csv", n, "referral_id", "exact copy", "copy") for n in range(200, 260)]),
        "warn",
        "referral.copy_on_reading",
        "referral: 60 rows of 180 are exact copies of others and are put aside",
    ),
    "a care leaver copied by a join": (
        with_rows(care_leaver=[*LEAVERS, A_LEAVER, A_LEAVER]),
        "warn",
        "care_leaver.copy",
        "care_leaver: 1 of 22 rows put aside: an exact copy",
    ),
    "a care leaver in two versions": (
        with_rows(care_leaver=[*LEAVERS, A_LEAVER, A_LEAVER | {"reviewed_on": "2026-11-01"}]),
        "warn",
        "care_leaver.child_twice",
        "care_leaver: 2 of 22 rows: another row is about the same care leaver",
    ),
    # --- people who are none ---
    "a test person": (
        with_rows(child=[{"child_id": "TEST 1"}]),
        "warn",
        "child.looks_like_test",
        "child: 1 of 121 rows: the id is that of a test",
    ),
    "an administration record": (
        with_rows(referral=[{"referral_id": f"x{n}", "child_id": "C1", "closed_on": "2026-09-02"} for n in range(21)]),
        "pass",
        "referral.many_of_one_child",
        "",
    ),
    "a duty pool": (
        and_then(
            with_rows(worker=[{"worker_id": "POOL", "is_person": False}]), with_column("allocation", "worker_id", "POOL", slice(0, 1))
        ),
        "pass",
        "allocation.held_by_nobody",
        "",
    ),
    "a worker who has left": (
        with_rows(staff=[{"staff_id": "W1", "worker_id": "W1", "ended_on": "2026-10-01"}]),
        "warn",
        "allocation.worker_left",
        "allocation: 14 of 120 rows: open with a worker who has left",
    ),
    # --- what happened in an order that cannot be ---
    "authorised before started": (
        with_rows(assessment=[{"child_id": "C1", "authorised_on": "2026-09-01"}]),
        "warn",
        "assessment.authorised_on_before_started_on",
        "assessment: 1 of 1 rows put aside",
    ),
    "two assessments open": (
        with_rows(assessment=[{"child_id": "C1"}, {"child_id": "C1"}]),
        "warn",
        "assessment.two_open",
        "assessment: 2 of 2 rows: the child has another open assessment",
    ),
    "a referral on an open episode": (
        with_rows(referral=[{"referral_id": "new", "child_id": "C1"}]),
        "pass",
        "referral.inside_open_episode",
        "",
    ),
    "a review on the day the plan started": (
        with_rows(review=[{"plan_id": "P1", "child_id": "C1", "held_on": "2026-02-10"}]),
        "warn",
        "review.held_on_before_plan",
        "review: 1 of 1 rows put aside",
    ),
    "an enquiry that ended in nothing": (
        with_rows(
            s47=[{"child_id": "C1", "ended_on": "2026-09-09"}, {"child_id": "C2", "icpc_required": False}], conference=[{"child_id": "C3"}]
        ),
        "pass",
        "s47.ended_without_decision",
        "",
    ),
    "a conference that was held before the strategy discussion": (
        with_rows(s47=[{"s47_id": "S", "child_id": "C1"}], conference=[{"s47_id": "S", "child_id": "C1", "held_on": "2026-09-01"}]),
        "warn",
        "conference.held_on_before_s47",
        "conference: 1 of 1 rows put aside",
    ),
    "a child who died": (with_column("child", "died_on", "2026-10-01", slice(1, 2)), "pass", "referral.open_after_death", ""),
    "an end in the future": (
        with_rows(care=[{"child_id": "C1", "ended_on": "2027-01-01"}]),
        "warn",
        "care.ended_on_in_future",
        "care: 1 of 1 rows: ended_on lies after the extract's date: read as not yet happened",
    ),
    "a start in the future": (
        with_rows(visit=[{"child_id": "C1", "visit_on": "2030-01-01"}]),
        "warn",
        "visit.visit_on_in_future",
        "visit: 1 of 3,601 rows put aside",
    ),
    # --- the extract as a whole ---
    "an old export under a new name": (
        lambda s: replace(PAST[AS_OF - WEEK], extract=s.extract),
        "warn",
        "extract.freshness",
        "the newest event of the whole extract is of 2026-11-12, 8 days before its date",
    ),
    "an export of last month": (lambda s: replace(PAST[AS_OF - 4 * WEEK], extract=s.extract), "hold", "extract.freshness", ""),
    "cut off in the middle": (only("referral", lambda f: f.index < 60), "hold", "referral.continuity", "referral: 60 rows, 50 % fewer"),
    "numbered anew overnight": (
        lambda s: council(suffix="-new"),
        "warn",
        "referral.rekeyed",
        "referral: 120 of the 120 rows of the extract of 2026-11-13 are in this one under other ids: ids changed form",
    ),
    "open cases that vanished": (
        only("referral", lambda f: f.index >= 2),
        "warn",
        "referral.vanished_open",
        "referral: 2 rows that were open",
    ),
    "a team without rows": (only("referral", lambda f: f["team_id"] != "T3"), "hold", "referral.team_without_rows", ""),
    "a team whose rows are put aside": (with_rows(allocation=IN_TEAM_3), "hold", "allocation.team_quarantine", ""),
    "workers no longer exported for a team": (
        lambda s: replace(
            s,
            tables=s.tables
            | {
                "allocation": s.tables["allocation"].assign(
                    worker_id=s.tables["allocation"]["worker_id"].mask(s.tables["allocation"]["team_id"] == "T2")
                )
            },
        ),
        "warn",
        "allocation.no_worker",
        "allocation: 1 team has far more open rows without a worker than usual",
    ),
    "a column that clocks need is empty": (
        with_column("visit", "seen", pd.NA),
        "hold",
        "visit.seen_filled",
        "visit: seen is empty in every row, and was filled in 100% of them in the extract of 2026-11-13",
    ),
    "a column that no clock needs is empty": (
        with_column("referral", "source", None),
        "warn",
        "referral.source_filled",
        "referral: source is empty in every row",
    ),
    "codes of another list": (
        with_column("referral", "source", "q) 6: Police"),
        "warn",
        "referral.source_codes",
        "referral: 100% of its source codes are in no list that is known, usually 0% are",
    ),
    "a role that was renamed": (
        with_column("allocation", "role", "KEYWORKER"),
        "warn",
        "allocation.role_new",
        "allocation: 120 of 120 rows have a role that the last accepted extract did not know",
    ),
    "staff numbered otherwise": (with_rows(staff=UNKNOWN_STAFF), "warn", "staff.worker_id_form", "staff: 9 of 9 worker_id lead nowhere"),
    "a window that was cut": (only("visit", lambda f: f["visit_on"] > "2026-07-15"), "hold", "visit.window_start", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(fault: str) -> None:
    change, verdict, rule, told = FAULTS[fault]
    made = change(SOUND)
    report = check(made, history())
    found = [f"{f.table}.{f.rule}" for f in report.findings]
    assert report.verdict == verdict, report.reasons
    assert (rule in found) if rule else (found == [])
    assert not told or any(reason.startswith(told) for reason in report.reasons), report.reasons
    counts = set_aside(made, report).counts()
    assert all(c.read == c.kept + c.quarantined for c in counts.values())


def test_a_duration_that_cannot_be() -> None:
    """Haringey's published year: a median of 2 days between 38 and 36."""

    def made(as_of: dt.date, took: int) -> Snapshot:
        done = [str(as_of - dt.timedelta(days=n)) for n in range(1, 41)]
        rows = [
            {"child_id": f"C{n}", "started_on": str(dt.date.fromisoformat(d) - dt.timedelta(days=took)), "authorised_on": d}
            for n, d in enumerate(done)
        ]
        return with_rows(assessment=rows)(council(as_of))

    past = {day: made(day, 37) for day in PAST}
    assert check(made(AS_OF, 36), history(past)).verdict == "pass"
    report = check(made(AS_OF, 2), history(past))
    assert report.verdict == "warn"
    assert "assessment: the median of those finished in the last 90 days is 2 days, usually it is 37" in report.reasons


def test_blocked_teams_are_named_nowhere_else() -> None:
    cut = only("allocation", lambda f: (f["team_id"] != "T3") | (f.index % 8 == 3))(SOUND)
    many = {
        day: with_rows(
            allocation=[
                {"allocation_id": f"o{t}{n}", "child_id": "C1", "team_id": f"T{t}", "ended_on": "2026-09-09"}
                for t in range(4)
                for n in range(60)
            ]
        )(made)
        for day, made in PAST.items()
    }
    now = only("allocation", lambda f: (f["team_id"] != "T3") | (f.index % 3 == 0))(many[AS_OF - WEEK])
    report = check(replace(now, extract=SOUND.extract), history(many))
    assert report.blocked_teams == ["T3"]
    assert any("allocation: 1 team lost more than 40 % of its rows since the extract of 2026-11-13" in r for r in report.reasons)
    assert check(cut, history()).blocked_teams == []  # 30 rows to 15: chance could do that
    aside = check(with_rows(allocation=IN_TEAM_3)(SOUND), history())
    assert aside.blocked_teams == ["T3"]
    assert "allocation: 1 team has more than 25 % of its rows put aside: blocked until somebody has looked" in aside.reasons
    assert "T3" not in " ".join(report.reasons + aside.reasons) + repr(report.findings + aside.findings)


def test_an_export_in_which_nothing_changed_says_so_and_passes() -> None:
    last = PAST[AS_OF - WEEK]
    report = check(replace(last, extract=replace(SOUND.extract, as_of=AS_OF - WEEK + dt.timedelta(days=1))), history())
    assert report.verdict == "pass"
    assert ("nothing_changed", "info", "nothing has changed since the extract of 2026-11-13") in [
        (f.rule, f.severity, f.reason) for f in report.findings
    ]
    assert all(c.new == c.changed == c.gone == c.rekeyed == 0 for c in report.changes)


def test_a_report_holds_every_expectation_met_or_not_the_numbers_and_the_changes() -> None:
    report = check(SOUND, history())
    assert len({(c.table, c.rule) for c in report.counts}) == len(report.counts) > report.expectations
    assert {(c.table, c.rule) for c in report.counts} >= {("visit", "seen_unreadable"), ("visit", "quarantine_share"), ("plan", "two_open")}
    assert report.stats == stats_of(set_aside(SOUND, report))
    assert {c.table for c in report.changes} == {"child", "referral", "plan", "visit", "allocation", "worker"}
    visits = next(c for c in report.changes if c.table == "visit")
    assert visits.new > 0 and visits.same + visits.new + visits.rekeyed + visits.changed == len(SOUND.tables["visit"])


# --- the story of the renamed visit code -------------------------------------------------------------------------------------
RENAMED_ON = AS_OF - WEEK - dt.timedelta(days=1)


def overdue_after_14_days(made: Snapshot) -> dict[str, tuple[int, int]]:
    """A clock per plan, as the room `clocks` would have it: overdue when the last visit of its kind is 14 days ago."""
    tally = {}
    for kind in ("cp", "cin"):
        plans = made.tables["plan"].query("kind == @kind")
        last = made.tables["visit"].query("kind == @kind").groupby("plan_id")["visit_on"].max().reindex(plans["plan_id"])
        late = (last < pd.Timestamp(made.extract.as_of) - pd.Timedelta(days=14)).sum()
        tally[f"{kind}_visit"] = (len(plans), int(late))
    return tally


def told(report: QualityReport) -> set[str]:
    return {f"{f.table}.{f.rule}" for f in report.findings if f.severity == "critical"}


def test_a_renamed_visit_code_is_held_from_its_first_week_on_by_one_breaker_after_the_other() -> None:
    """Visits to children in need go on as before, so no row is wrong, and the table is nearly as long as ever."""
    first = council(AS_OF, cp_codes_until=RENAMED_ON)
    report = check(first, history())
    assert report.verdict == "hold"
    assert told(report) == {"visit.week_cp"}
    assert report.reasons == [
        "visit: no visits of kind cp are dated in the last 7 days, usually 47 are: their code may have changed: the numbers are held"
    ]
    assert check_surge(overdue_after_14_days(first), overdue_after_14_days(PAST[AS_OF - WEEK]), SurgeLimits()) == []

    # Without numbers of earlier extracts nothing shows yet; two weeks on every child looks overdue, and the clocks' breaker holds.
    blind = replace(history(), stats={})
    third = council(AS_OF + 2 * WEEK, cp_codes_until=RENAMED_ON)
    report = check(third, blind)
    assert report.verdict == "warn" and "visit.flow_cp" in {f"{f.table}.{f.rule}" for f in report.findings}
    trips = check_surge(overdue_after_14_days(third), overdue_after_14_days(PAST[AS_OF - WEEK]), SurgeLimits(), gap_days=21)
    assert [t.finding.rule for t in trips] == ["cp_visit_surge"]
    assert with_trips(report, trips).verdict == "hold"

    # And a month on the flow of this kind alone says it, with no history at all.
    fourth = council(AS_OF + 3 * WEEK, cp_codes_until=RENAMED_ON)
    report = check(fourth, History())
    assert report.verdict == "hold"
    assert told(report) == {"visit.flow_cp"}


def test_limits_are_the_analysts_to_change() -> None:
    softer = QualityConfig.model_validate({"drift": {"visits_from": 1000, "visits_fall": 0.99, "z": 50}})
    assert check(council(AS_OF, cp_codes_until=RENAMED_ON), history(), softer).verdict == "pass"
