"""Great Expectations evaluates our rules: once per table, quietly, and a fault of a rule is not taken for consent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from quality_tables import snapshot

from caseclock.quality.check import Count, TableCheck, checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.suites import NotEvaluated, evaluate, suite_of

CONFIG = QualityConfig()
MADE = snapshot(assessment=[{"authorised_on": "2026-09-01"}, {}, {}], s47=[{}], visit=[{"visit_on": "2027-01-01"}])


def test_every_expectation_is_evaluated_and_matched_with_its_own_result() -> None:
    checks = checks_of(MADE, CONFIG)
    evaluation = evaluate(checks.values())
    assert evaluation.expectations == sum(len(c.expected) for c in checks.values())
    found = {(f.table, f.rule): (f.failing, f.of) for f in evaluation.unmet}
    expected = {
        (c.table, rule): (count.failing, count.of)
        for c in checks.values()
        for rule, count in c.counts.items()
        if count.failing and rule not in ("rows", "quarantine_share")
    }
    assert found == expected


def test_the_suite_of_a_table_carries_rules_and_severities() -> None:
    check = checks_of(MADE, CONFIG)["assessment"]
    expectations = suite_of(check).expectations
    assert {(e.rule, str(e.severity.value)) for e in expectations} == {(e.rule, e.severity) for e in check.expected}
    assert {"columns", "quarantine_share", "assessment_id_repeated", "started_on_missing", "two_open"} <= {e.rule for e in expectations}


class CountingCheck(TableCheck):
    asked = 0

    @property
    def counts(self) -> dict[str, Count]:  # type: ignore[override]
        self.asked += 1
        return super().counts


def test_a_table_is_scanned_once_however_many_rules_it_has() -> None:
    plain = checks_of(MADE, CONFIG)["assessment"]
    counting = CountingCheck("assessment", plain.links, MADE, CONFIG)
    evaluate([counting])
    assert counting.asked == 1


class BrokenCheck(TableCheck):
    @property
    def counts(self) -> dict[str, Count]:  # type: ignore[override]
        raise KeyError("a fault of ours")


class SilentCheck(TableCheck):
    @property
    def counts(self) -> dict[str, Count]:  # type: ignore[override]
        made = dict(super().counts)
        del made["two_open"]
        return made


def test_a_fault_in_a_rule_is_raised_and_not_taken_for_bad_data() -> None:
    links = checks_of(MADE, CONFIG)["assessment"].links
    with pytest.raises(KeyError, match="a fault of ours"):
        evaluate([BrokenCheck("assessment", links, MADE, CONFIG)])
    with pytest.raises(NotEvaluated, match="two_open gave no answer"):
        evaluate([SilentCheck("assessment", links, MADE, CONFIG)])


QUIET = """
import sys
sys.path[:0] = {paths!r}
from quality_tables import snapshot
from caseclock.quality.gate import check
from caseclock.quality import History
assert "great_expectations" not in sys.modules
report = check(snapshot(), History())
assert "great_expectations" in sys.modules
print(report.verdict)
"""


def test_great_expectations_is_loaded_late_and_says_and_writes_nothing(tmp_path: Path) -> None:
    here = Path(__file__).resolve()
    script = QUIET.format(paths=[str(here.parent), str(here.parents[3] / "include")])
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("pass\n", "", 0)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
