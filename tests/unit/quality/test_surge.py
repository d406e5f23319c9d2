"""When every child looks overdue overnight, it is the data: clocks of two consecutive accepted extracts, and the verdict afterwards."""

from __future__ import annotations

import pytest

from caseclock.quality.config import SurgeLimits
from caseclock.quality.model import Finding, QualityReport
from caseclock.quality.surge import check_surge
from caseclock.quality.trip import Trip
from caseclock.quality.verdict import with_trips

LIMITS = SurgeLimits()


@pytest.mark.parametrize(
    ("before", "now", "gap_days", "expected", "why"),
    [
        ((300, 30), (305, 290), 7, "hold", "the visit code was renamed"),
        ((300, 30), (305, 290), 60, "warn", "two months later: much may have happened"),
        ((300, 30), (305, 290), 31, "hold", "a month later"),
        ((300, 30), (300, 75), 7, None, "a team lost its workers: true, and it must be told"),
        ((300, 290), (305, 30), 7, "warn", "nearly all of it was entered at once, or is gone"),
        ((300, 290), (305, 290), 7, None, "it was approved before"),
        ((12, 1), (12, 8), 7, None, "seven more overdue of twelve"),
        ((20, 2), (20, 14), 7, None, "a small rule: not beyond chance"),
        ((40, 2), (40, 36), 7, "hold", "a small rule, and nearly all of it"),
        ((0, 0), (300, 290), 7, None, "a rule that had no clocks"),
        ((300, 30), (0, 0), 7, None, "and one that has none any more"),
        ((300, 0), (300, 300), 7, "hold", "from none to all"),
        ((300, 300), (300, 300), 7, None, "all, as before"),
    ],
)
def test_levels(before: tuple[int, int], now: tuple[int, int], gap_days: int, expected: str | None, why: str) -> None:
    trips = check_surge({"cp_visit": now}, {"cp_visit": before}, LIMITS, gap_days=gap_days)
    assert [t.level for t in trips] == ([expected] if expected else []), why


def test_a_rule_that_is_new_says_nothing() -> None:
    assert check_surge({"cp_visit": (300, 290)}, {}, LIMITS) == []
    assert check_surge({}, {"cp_visit": (300, 290)}, LIMITS) == []


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({"cp_visit": 0}, {"cp_visit": 240}, "hold"),
        ({"cp_visit": 0}, {"cp_visit": 19}, None),
        ({"cp_visit": 1}, {"cp_visit": 240}, None),
        ({}, {"cp_visit": 240}, None),
    ],
)
def test_work_that_is_not_finished_any_more(now: dict[str, int], before: dict[str, int], expected: str | None) -> None:
    trips = check_surge({}, {}, LIMITS, done_now=now, done_before=before)
    assert [t.level for t in trips] == ([expected] if expected else [])


def test_the_sentences_say_what_to_look_at() -> None:
    surge, done = check_surge({"v": (305, 290)}, {"v": (300, 30)}, LIMITS, done_now={"v": 0}, done_before={"v": 240})
    assert surge.sentence == (
        "v: 290 of 305 clocks are overdue, 30 of 300 were in the last accepted extract: what stops them may no longer be exported: "
        "the numbers are held"
    )
    assert done.sentence == (
        "v: no clock was stopped in the last 28 days, and 240 were up to the last accepted extract: what stops them may no longer be "
        "exported: the numbers are held"
    )


# --- a report that trips join later ----------------------------------------------------------------------------------------
SURGE = Trip("hold", 0.8, "every child is overdue", Finding("clock", "cp_visit_surge", "critical", 290, 305, "overdue"))
FALL = Trip("warn", 0.5, "much was entered", Finding("clock", "cin_visit_surge", "warning", 30, 305, "overdue"))
WARNED = QualityReport("warn", ["a row is odd"], [Finding("visit", "two_on_one_day", "warning", 1, 2, "odd")])


@pytest.mark.parametrize(
    ("report", "trips", "verdict", "reasons"),
    [
        (QualityReport("pass"), [SURGE], "hold", ["every child is overdue"]),
        (QualityReport("pass"), [FALL], "warn", ["much was entered"]),
        (WARNED, [FALL, SURGE], "hold", ["every child is overdue", "a row is odd", "much was entered"]),
        (QualityReport("hold", ["cut off"]), [FALL], "hold", ["cut off", "much was entered"]),
        (WARNED, [], "warn", ["a row is odd"]),
    ],
)
def test_a_verdict_only_gets_worse(report: QualityReport, trips: list[Trip], verdict: str, reasons: list[str]) -> None:
    made = with_trips(report, trips)
    assert (made.verdict, made.reasons) == (verdict, reasons)
    assert [c.rule for c in made.counts] == [t.finding.rule for t in trips]
    assert with_trips(made, trips) == made


def test_findings_stay_worst_first() -> None:
    assert [f.severity for f in with_trips(WARNED, [FALL, SURGE]).findings] == ["critical", "warning", "warning"]
