"""Whoever reads one digest, knows the rules by which it was made and can add, cannot work out a count of 1 to 5."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product

import pytest

from caseclock.digest import Figure, OpenAlerts, build, shown, withheld

HIGH, LOW, NONE = (f"unallocated_priority.{name}" for name in ("high", "low", "no_priority"))
Truth = Mapping[str, float]


def read(truth: Truth) -> tuple[tuple[str, str], ...]:
    """What the digest shows of these counts."""
    hidden = withheld(truth)
    return tuple((name, "withheld" if name in hidden else shown(value, 100, "cases")) for name, value in truth.items())


def worked_out(truths: Iterable[Truth], secrets: Mapping[str, tuple[str, ...]]) -> list[tuple[str, float]]:
    """Small counts that an attacker knows for sure: in every truth that gives the same digest they are the same.

    `secrets`: name of a count to what it is made of: the first less the others.
    """
    by_digest: dict[object, list[Truth]] = defaultdict(list)
    for truth in truths:
        by_digest[read(truth)].append(truth)
    known = []
    for same in by_digest.values():
        for name, (first, *others) in secrets.items():
            values = {truth[first] - sum(truth[o] for o in others) for truth in same}
            if len(values) == 1 and 0 < (only := values.pop()) <= 5:
                known.append((name, only))
    return known


def test_a_part_and_its_rest_stay_unknown_whatever_they_are() -> None:
    truths = [{"open": float(whole), "unallocated": float(part)} for whole in range(30) for part in range(whole + 1)]
    secrets = {"open": ("open",), "unallocated": ("unallocated",), "with a worker": ("open", "unallocated")}
    assert worked_out(truths, secrets) == []


def test_a_total_with_its_parts_and_a_part_of_several_tells_no_small_count() -> None:
    """Every way to divide a total of up to 26 among three priorities, with the sum of two of them beside it."""
    truths = [
        {"unallocated": high + low + none, "unallocated_low": low + none, HIGH: high, LOW: low, NONE: none}
        for high, low, none in product(range(27), repeat=3)
        if high + low + none <= 26
    ]
    secrets = {name: (name,) for name in truths[0]} | {"not low": ("unallocated", "unallocated_low")}
    assert worked_out(truths, secrets) == []


def test_the_attack_works_where_only_the_small_count_itself_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: without secondary suppression it finds what is to be found."""
    monkeypatch.setattr(f"{__name__}.withheld", lambda truth: frozenset())
    truths = [{"unallocated": float(a + b), HIGH: float(a), LOW: float(b)} for a, b in product(range(14), repeat=2)]
    assert (HIGH, 3.0) in worked_out(truths, {HIGH: (HIGH,)})


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"unallocated": 30, HIGH: 3, LOW: 27}, {HIGH, LOW}),
        ({"unallocated": 30, HIGH: 13, LOW: 17}, set()),
        ({"unallocated": 30, HIGH: 0, LOW: 30}, set()),
        ({HIGH: 3, LOW: 27}, set()),  # no total: nothing to take it from
        ({"overdue.cp_visit": 3, "overdue.rcpc_next": 27}, set()),
        ({"open": 100, "unallocated": 97, HIGH: 50, LOW: 47}, {"unallocated", HIGH, LOW}),
        ({"unallocated": 8, "unallocated_cp": 2}, {"unallocated_cp"}),
        ({"unallocated": 30, "unallocated_cp": 2}, set()),  # said as `1 to 5`
    ],
)
def test_what_is_withheld(counts: dict[str, float], hidden: set[str]) -> None:
    assert withheld(counts) == hidden


def test_what_is_withheld_this_week_or_last_is_in_no_line() -> None:
    figure = Figure("waiting", "cases", 27, 30, 26, 30, withheld=True, before_withheld=True)
    lines = build("2026-W47", dt.date(2026, 11, 20), None, [figure], [], []).lines
    assert lines[0] == "Waiting: withheld; the week before withheld."


@pytest.mark.parametrize(
    ("of", "where"), [("team", "in some teams"), ("service", "in some services"), ("council", "in all teams together")]
)
def test_small_limits_are_passed_somewhere(of: str, where: str) -> None:
    made = build("2026-W47", dt.date(2026, 11, 20), None, [], [OpenAlerts("children", 1, 2, of, small=True)], [])  # type: ignore[arg-type]
    assert f"Over the limit: children {where}." in made.lines
    assert made.headline == "Week 2026-W47: limits for small numbers are passed (data of Friday 20 November 2026)."


def test_the_headline_counts_the_other_limits_only() -> None:
    alerts = [OpenAlerts("children", 1, 2, small=True), OpenAlerts("cases", 0, 1)]
    headline = build("2026-W47", dt.date(2026, 11, 20), None, [], alerts, []).headline
    assert headline.startswith("Week 2026-W47: 1 limit is passed, 0 of them red, and limits for small numbers too (")


@pytest.mark.parametrize(("value", "n", "said"), [(50, 5, "too few to show"), (50, 6, "50 per cent"), (None, 0, "none")])
def test_a_share_of_few_is_not_shown(value: float | None, n: int, said: str) -> None:
    assert shown(value, n, "per cent") == said
