"""Whatever rows arrive: every row is kept or has a reason, and Great Expectations counts what the flags say."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "quality"))

from quality_tables import frame, snapshot

from caseclock.extracts import Reject
from caseclock.quality import History
from caseclock.quality.check import checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.content import changes_of
from caseclock.quality.gate import check
from caseclock.quality.quarantine import set_aside
from caseclock.quality.suites import evaluate
from caseclock.snapshots import TABLES, Snapshot

IDS = st.sampled_from([None, "a", "b", "c", "child-2"])
DATES = st.sampled_from([None, "1980-05-05", "2026-08-01", "2026-09-01", "2026-09-02", "2026-11-20", "2026-11-21", "2090-01-01"])
FLAGS = st.sampled_from([None, True, False])
CODES = st.sampled_from([None, "cp", "cin", "cla", "initial", "odd"])
NUMBERS = st.sampled_from([None, 0.5, 37.0])
MOMENTS = st.sampled_from([None, "2026-08-01T09:30", "2026-11-20T23:30", "2090-01-01T00:00"])
OF_KIND = {"id": IDS, "moment": MOMENTS, "date": DATES, "flag": FLAGS, "code": CODES, "number": NUMBERS}


def rows_of(table: str) -> st.SearchStrategy[list[dict]]:
    return st.lists(st.fixed_dictionaries({c.name: OF_KIND[c.kind] for c in TABLES[table].columns}), max_size=5)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    filled = draw(st.sets(st.sampled_from(sorted(TABLES)), min_size=1, max_size=4))
    frames = {table: frame(table, draw(rows_of(table)) if table in filled else ()) for table in TABLES}
    unread = draw(st.lists(st.tuples(st.sampled_from(sorted(TABLES)), st.integers(100, 105)), max_size=4))
    return snapshot(rejects=[Reject(table, f"{table}.csv", row, "?", "unreadable") for table, row in unread], **frames)


SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@SLOW
@given(snapshots())
def test_every_row_is_kept_or_has_a_reason(made: Snapshot) -> None:
    report = check(made, History())
    done = set_aside(made, report)
    reasons = {(r.table, r.file, r.row) for r in done.rejects if r.reason}
    for table, read in made.tables.items():
        kept = done.tables[table]
        assert {(table, f, r) for f, r in zip(read["_file"], read["_row"], strict=True)} == {
            (table, f, r) for f, r in zip(kept["_file"], kept["_row"], strict=True)
        } | {place for place in reasons if place[0] == table and place[2] < 100}
        count = done.counts().get(table)
        if count:
            assert count.read == len(read) + len({p for p in reasons if p[0] == table and p[2] >= 100})
    assert done.counts().keys() == made.counts().keys()
    assert check(Snapshot(done.extract, done.tables), History()).rejects == []  # nothing that speaks is impossible


@SLOW
@given(snapshots())
def test_great_expectations_counts_what_the_flags_say(made: Snapshot) -> None:
    checks = checks_of(made, QualityConfig())
    counted = {(f.table, f.rule): f.failing for f in evaluate(checks.values()).unmet}
    for table, c in checks.items():
        for rule in c.flags:
            assert counted.get((table, str(rule)), 0) == int(c.flags[rule].sum())


@SLOW
@given(snapshots(), snapshots())
def test_every_row_of_two_extracts_is_accounted_for_by_content(before: Snapshot, now: Snapshot) -> None:
    before, now = (set_aside(s, check(s, History())) for s in (before, now))  # keys are unique in what quality accepts
    for c in changes_of(before, now):
        assert c.same + c.changed + c.rekeyed + c.new == len(now.tables[c.table])
        assert c.same + c.changed + c.rekeyed + c.gone == len(before.tables[c.table])
    assert all(c.same == len(now.tables[c.table]) for c in changes_of(now, now))


@SLOW
@given(snapshots())
def test_every_expectation_is_counted_and_the_gate_says_the_same_twice(made: Snapshot) -> None:
    report = check(made, History())
    counted = {(c.table, c.rule): c.failing for c in report.counts}
    assert len(counted) == len(report.counts) >= report.expectations
    for f in report.findings:
        assert counted.get((f.table, f.rule), f.failing) == f.failing
    assert check(made, History()) == report
