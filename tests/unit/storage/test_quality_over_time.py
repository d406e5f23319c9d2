"""Counts, numbers and lives of quarantined rows in the store, in SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import Connection

from caseclock.extracts import Extract
from caseclock.quality import Finding, QualityReport
from caseclock.quality.life import Entry
from caseclock.quality.model import RuleCount, Stat, TableChange
from caseclock.storage import ledger, quality, quarantine
from caseclock.storage.decisions import Decision, save_decision

AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
REPORT = QualityReport(
    "warn",
    ["why"],
    [Finding("referral", "order", "critical", 2, 10, "closed before it began")],
    expectations=3,
    counts=[RuleCount("referral", "order", "critical", 2, 10), RuleCount("child", "rows", "warning", 0, 1)],
    stats=[Stat("rows", "referral", 10.0), Stat("median_days", "", 41.5)],
    changes=[TableChange("referral", 1, 2, 3, 7, 0)],
)


def claim(c: Connection, id_: str, day: dt.date = DAY) -> Extract:
    return ledger.claim(c, id_, "north", day, id_, f"north__{day}.zip", f"claimed/{id_}", AT)[0]


def judge(c: Connection, id_: str, day: dt.date = DAY, report: QualityReport = REPORT) -> Extract:
    extract = claim(c, id_, day)
    ledger.save_quality(c, id_, report, [], AT, "before")
    return extract


def entry(hashed: str = "a" * 32, day: dt.date = DAY, **more: object) -> Entry:
    made = Entry("referral", hashed, "order", "closed_on", "closed before it began", "cin.csv", 3, "e1", day, day)
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_report_is_kept_whole_and_saving_it_again_changes_nothing(c: Connection) -> None:
    for _ in range(2):
        judge(c, "e1")
    found = ledger.quality_of(c, "e1")
    assert found is not None
    assert (found.verdict, found.findings, found.expectations) == ("warn", REPORT.findings, 3)
    assert set(quality.rule_counts(c, ["e1", "other"])["e1"]) == set(REPORT.counts)
    assert set(quality.stats_of(c, ["e1"])["e1"]) == set(REPORT.stats)
    assert quality.changes_of(c, "e1") == ("before", REPORT.changes)
    assert quality.rule_counts(c, ["other"]) == {"other": []}


def test_what_other_steps_wrote_stays_when_a_report_is_saved_and_is_not_compared(c: Connection) -> None:
    judge(c, "e1")
    quality.save_coverage(c, "e1", "window")
    standing = {"cp_visit": quality.Clocks(40, 6, 11), "s47": quality.Clocks(0, 0, 0)}
    quality.save_standing(c, "e1", standing)
    judge(c, "e1")
    assert quality.coverage_of(c, "e1") == "window"
    assert quality.standing_of(c, "e1") == standing
    assert set(quality.stats_of(c, ["e1"])["e1"]) == set(REPORT.stats)


def test_an_extract_that_nobody_wrote_of_has_no_coverage_and_no_clocks(c: Connection) -> None:
    claim(c, "e1")
    assert quality.coverage_of(c, "e1") is None
    assert quality.standing_of(c, "e1") == {}
    assert quality.changes_of(c, "e1") == ("", [])


def test_a_later_step_may_make_the_verdict_worse(c: Connection) -> None:
    judge(c, "e1")
    surge = RuleCount("clock", "cp_visit_surge", "critical", 30, 40)
    quality.save_verdict(c, "e1", replace(REPORT, verdict="hold", reasons=["surge", "why"], counts=[*REPORT.counts, surge]))
    found = ledger.quality_of(c, "e1")
    assert found is not None
    assert (found.verdict, found.reasons) == ("hold", ["surge", "why"])
    assert surge in quality.rule_counts(c, ["e1"])["e1"]
    assert quality.changes_of(c, "e1")[1] == REPORT.changes


def test_two_checks_of_one_rule_are_one_count(c: Connection) -> None:
    judge(c, "e1", report=replace(REPORT, counts=[REPORT.counts[0], replace(REPORT.counts[0], failing=5)]))
    assert [n.failing for n in quality.rule_counts(c, ["e1"])["e1"]] == [5]


def test_lives_are_kept_as_they_are_and_only_what_differs_is_written(c: Connection) -> None:
    claim(c, "e1")
    first = {e.key: e for e in (entry("a" * 32), entry("b" * 32))}
    assert quarantine.save(c, "north", {}, first) == 2
    assert quarantine.entries(c, "north") == first
    assert quarantine.save(c, "north", first, dict(first)) == 0
    left = entry("a" * 32, left_on=DAY, left_because="corrected")
    later = {left.key: left, entry("c" * 32).key: entry("c" * 32)}
    quarantine.save(c, "north", first, later)
    assert quarantine.entries(c, "north") == later
    assert quarantine.entries(c, "south") == {}


def test_rows_are_found_by_source_table_rule_and_date(c: Connection) -> None:
    claim(c, "e1")
    week = dt.timedelta(7)
    gone = entry("a" * 32, DAY - 2 * week, left_on=DAY - week, left_because="gone")
    quarantine.save(c, "north", {}, {e.key: e for e in (gone, entry("b" * 32))})
    assert [e.row_hash[0] for _, e in quarantine.listed(c)] == ["b"]
    assert [e.row_hash[0] for _, e in quarantine.listed(c, left_too=True)] == ["a", "b"]
    assert [e.row_hash[0] for _, e in quarantine.listed(c, as_of=DAY - 2 * week)] == ["a"]
    assert quarantine.listed(c, as_of=DAY - week) == []  # it had left by then
    assert quarantine.listed(c, table="plan") == quarantine.listed(c, rule="x") == quarantine.listed(c, source="south") == []
    assert quarantine.summary(c) == [
        {"source": "north", "table": "referral", "rule": "order", "open": 1, "oldest": str(DAY), "corrected": 0, "gone": 1}
    ]
    assert quarantine.changed_on(c, "north", DAY - week) == {"open": 0, "new": 0, "corrected": 0, "gone": 1}
    assert quarantine.changed_on(c, "north", DAY) == {"open": 1, "new": 1, "corrected": 0, "gone": 0}


def test_only_rows_that_left_are_forgotten(c: Connection) -> None:
    claim(c, "e1")
    old = entry("a" * 32, DAY - dt.timedelta(900), left_on=DAY - dt.timedelta(500), left_because="gone")
    still = entry("b" * 32, DAY - dt.timedelta(900))
    quarantine.save(c, "north", {}, {e.key: e for e in (old, still)})
    before = DAY - dt.timedelta(400)
    assert quarantine.forget(c, before, dry_run=True) == 1
    assert len(quarantine.entries(c, "north")) == 2
    assert quarantine.forget(c, before) == 1
    assert quarantine.entries(c, "north") == {still.key: still}


def test_held_refused_and_superseded_extracts_say_nothing_of_rows_until_a_person_releases_them(c: Connection) -> None:
    hold = QualityReport("hold", ["cut short"])
    made = [
        judge(c, f"e{n}", DAY - dt.timedelta(n), report) for n, report in enumerate((REPORT, hold, hold, QualityReport("pass"), REPORT))
    ]
    ledger.refuse(c, "e4", "cut short")
    save_decision(c, made[2], Decision("e2", "approve", "Data lead", "checked", AT))
    save_decision(c, made[1], Decision("e1", "reject", "Data lead", "cut short", AT))
    assert [e.id for e in quarantine.spoken(c, "north")] == ["e3", "e2", "e0"]


def test_which_extracts_were_taken_into_account_is_remembered(c: Connection) -> None:
    for n in range(3):
        judge(c, f"e{n}", DAY - dt.timedelta(n))
    quarantine.set_tracked(c, set(), {"e0", "e1"})
    quarantine.set_tracked(c, {"e0", "e1"}, {"e1", "e2"})
    assert quarantine.tracked(c, "north") == {"e1", "e2"}
    assert quarantine.tracked(c, "south") == set()
