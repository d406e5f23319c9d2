"""Limits that move: each date is held against the limits of then, and what ended by the limit alone is known."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.fold import Fold, fold
from caseclock.alerts.model import Instance, Observation
from caseclock.storage import schema as t
from caseclock.storage.engine import open_engine
from caseclock.storage.limits import versions as noted
from caseclock.thresholds import ThresholdRule
from caseclock.thresholds.versions import Version, Versions, change_words, limits_of, versions_of

ONE = Instance("lab", "unalloc", "north")
MONDAY = dt.date(2026, 9, 7)
SEEN = dt.datetime(2026, 9, 1, 8, tzinfo=dt.UTC)


def rule(**given: object) -> ThresholdRule:
    base = {"id": "unalloc", "title": "t", "measure": "m", "amber": 10, "red": 20, "clear_below": 8, "for_n": 1, "clear_n": 1}
    return ThresholdRule.model_validate(base | given)


def day(n: int) -> dt.date:
    return MONDAY + dt.timedelta(days=n)


def folded(values: tuple[float, ...], *changes: tuple[int, dict[str, object]]) -> Fold:
    """`changes`: the number of the day from which it holds, and what is other than at first."""
    kept = [Version(rule(), None, SEEN)]
    kept += [Version(rule(**given), day(n), SEEN + dt.timedelta(days=n + 6)) for n, given in changes]
    return fold(kept[-1].rule, ONE, [Observation(day(n), value, 50) for n, value in enumerate(values)], Versions(tuple(kept)))


@pytest.mark.parametrize(
    ("values", "changes", "state", "by_limit"),
    [
        ((12, 12), [], "FIRING", False),
        ((12, 12), [(1, {"amber": 15, "clear_below": 14})], "NORMAL", True),
        ((12, 3), [(1, {"amber": 15, "clear_below": 14})], "NORMAL", False),  # it would have ended by the earlier limit too
        ((12, 12, 3), [(1, {"amber": 15, "clear_below": 14})], "NORMAL", True),  # what comes later does not change why it ended
        ((12,), [(0, {"amber": 15, "clear_below": 14})], "NORMAL", True),  # of the same day
        ((12, 3, 12), [(2, {"amber": 15, "clear_below": 14})], "NORMAL", False),  # over before the change
        ((12, 12, 12), [(1, {"amber": 11, "clear_below": 9}), (2, {"amber": 15, "clear_below": 14})], "NORMAL", True),
        ((12, 12), [(1, {"amber": 11, "clear_below": 9})], "FIRING", False),
    ],
)
def test_an_end_by_the_limit_alone_is_told_from_an_end_by_the_data(values, changes, state, by_limit) -> None:  # type: ignore[no-untyped-def]
    found = folded(values, *changes)
    assert found.condition.state == state
    assert (found.ended_by_limit(MONDAY.isoformat()) is not None) is by_limit


def test_dates_before_a_change_keep_their_limits() -> None:
    found = folded((12, 3, 9), (2, {"amber": 5, "clear_below": 2}))
    assert found.episodes == {"2026-09-07": day(1), "2026-09-09": None}  # 3 on the second day was clear by the limits of then


def test_a_change_that_was_made_before_people_were_told_ended_nothing() -> None:
    found = folded((12, 12), (1, {"amber": 15, "clear_below": 14}))
    later = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    assert found.ended_by_limit(MONDAY.isoformat(), SEEN) is not None
    assert found.ended_by_limit(MONDAY.isoformat(), later) is None


def test_a_rule_that_watches_something_else_says_nothing_of_earlier_dates() -> None:
    kept = [(limits_of(rule(measure="other")), None, SEEN), (limits_of(rule()), day(1), SEEN)]
    found = fold(rule(), ONE, [Observation(day(n), 12, 50) for n in range(2)], versions_of(rule(), kept))
    assert found.episodes == {"2026-09-08": None}


def test_a_change_is_said_in_words() -> None:
    assert change_words(limits_of(rule()), limits_of(rule(amber=15, clear_below=12.5))) == "limit 10 to 15, limit for its end 8 to 12.5"


def test_limits_are_noted_when_they_are_new_and_hold_from_the_newest_extract() -> None:
    engine = open_engine("sqlite:///:memory:")
    t.metadata.create_all(engine)
    with engine.begin() as c:
        first = noted(c, "lab", [rule()], day(3), SEEN)
        again = noted(c, "lab", [rule(repeat_wd=9)], day(4), SEEN)  # a manner of telling is no limit
        moved = noted(c, "lab", [rule(amber=12)], day(5), SEEN)
        other = noted(c, "lab_2", [rule(amber=12)], day(6), SEEN)
    assert [v.since for v in first["unalloc"].listed] == [v.since for v in again["unalloc"].listed] == [None]
    assert [(v.since, v.rule.amber) for v in moved["unalloc"].listed] == [(None, 10), (day(5), 12)]
    assert [v.since for v in other["unalloc"].listed] == [None]
