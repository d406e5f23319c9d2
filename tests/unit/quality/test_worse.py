"""When data engineers are told that quality got worse, and when they are left in peace."""

from __future__ import annotations

import pytest

from caseclock.quality.model import RuleCount, Severity, Verdict
from caseclock.quality.worse import NAMED, Judged, what_is_worse


def judged(
    verdict: Verdict = "warn", absences: tuple[str, ...] = (), severity: Severity = "warning", of: int = 1000, **failing: int
) -> Judged:
    counts = [RuleCount("referral", rule, severity, n, of) for rule, n in failing.items()]
    return Judged(verdict, counts, frozenset(absences))


def test_of_the_first_extract_nothing_is_said() -> None:
    assert what_is_worse(judged(order=500), None, None) == []


def test_nothing_is_said_when_all_is_as_it_was_or_better() -> None:
    before = judged("warn", ("visits",), order=50)
    assert what_is_worse(before, before, before) == []
    assert what_is_worse(judged("pass", order=0), before, before) == []


def test_a_worse_verdict_is_said() -> None:
    assert what_is_worse(judged("warn"), judged("pass"), judged("pass")) == ["The verdict is warn, and it was pass"]


def test_after_a_hold_a_warning_is_not_worse() -> None:
    assert what_is_worse(judged("warn"), judged("hold"), judged("pass")) == []


@pytest.mark.parametrize(
    "severity, before, now, told",
    [
        ("critical", 0, 1, True),  # a critical row is not used at all
        ("warning", 0, 2, False),  # everyday entry errors
        ("warning", 0, 3, True),
        ("info", 0, 500, False),  # asks for nothing
        ("critical", 3, 4, False),  # noise
        ("critical", 3, 6, False),
        ("critical", 3, 16, True),
        ("warning", 400, 440, False),  # a tenth more is no change of level
        ("warning", 400, 520, True),
        ("warning", 400, 300, False),
    ],
)
def test_what_counts_as_clearly_more_failing_rows(severity: Severity, before: int, now: int, told: bool) -> None:
    past = judged(severity=severity, order=before)
    said = what_is_worse(judged(severity=severity, order=now), past, past)
    assert bool(said) is told
    assert all("referral.order" in line for line in said)


def test_the_share_counts_not_the_number() -> None:
    small, large = judged(order=30, of=1000), judged(order=90, of=3000)
    assert what_is_worse(large, small, small) == []


def test_the_whole_of_a_small_table_is_told_of() -> None:
    assert what_is_worse(judged(rows=1, of=1), judged(rows=0, of=1)) == ["referral.rows: 1 of 1 fail, and none did before"]


def test_worse_means_worse_than_both_the_last_and_the_last_accepted_extract() -> None:
    """A cut-off extract has few failing rows, and one that is held was told of with its reasons."""
    good, cut_off, known_bad = judged(order=60), judged("hold", order=5, of=200), judged("hold", order=300)
    assert what_is_worse(judged(order=62), cut_off, good) == []
    assert what_is_worse(judged(order=300), known_bad, judged(order=0)) == []
    assert what_is_worse(judged(order=300), cut_off, good) == ["referral.order: 300 of 1,000 fail, and 60 of 1,000 did before"]


def test_a_new_absence_is_told_of_and_an_old_one_is_not() -> None:
    before = judged(absences=("agency workers",))
    assert what_is_worse(judged(absences=("agency workers", "visits")), before, before) == ["No longer to be seen: visits"]


def test_rules_that_cannot_be_asked_any_more_are_one_line() -> None:
    past = judged(order=0, team=0)
    said = what_is_worse(judged(order=0), past, past)
    assert said == ["1 rule cannot be checked any more (referral): rows or a column are missing that were there before"]


def test_a_rule_that_was_never_asked_before_did_not_hold_before() -> None:
    assert what_is_worse(judged(order=0, new_rule=900), judged(order=0)) == []


def test_critical_ones_come_first_and_many_are_counted() -> None:
    before = Judged(
        "warn", [RuleCount("plan", f"r{n}", "warning", 0, 100) for n in range(20)] + [RuleCount("plan", "z", "critical", 0, 100)]
    )
    now = Judged("warn", [RuleCount(c.table, c.rule, c.severity, 10, 100) for c in before.counts])
    said = what_is_worse(now, before, before)
    assert len(said) == NAMED + 1
    assert said[0].startswith("plan.z: ")
    assert said[-1] == f"and {21 - NAMED} more rules"
