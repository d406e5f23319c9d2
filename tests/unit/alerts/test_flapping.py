"""When an alert counts as one that comes and goes, and how long its new posts wait."""

from __future__ import annotations

import datetime as dt

import pytest

from caseclock.alerts.flapping import unstable_since, unstable_words, waits
from caseclock.alerts.fold import Fold, fold
from caseclock.alerts.model import Instance, Observation
from caseclock.thresholds import ThresholdRule

RULE = ThresholdRule(id="r", title="t", measure="m", amber=10, red=20, clear_below=8, for_n=1, clear_n=1)
FIRST = dt.date(2026, 9, 7)


def folded(marks: str) -> Fold:
    """`#` is a day past the limit, `.` a day that is clear, ` ` a day without an extract."""
    values = {"#": 12.0, ".": 3.0}
    seen = [Observation(FIRST + dt.timedelta(days=n), values[mark], 50) for n, mark in enumerate(marks) if mark != " "]
    return fold(RULE, Instance("lab", "r", "north"), seen)


@pytest.mark.parametrize(
    ("marks", "times", "is_waiting", "since"),
    [
        ("", 0, False, None),
        ("#", 0, False, None),
        ("#.#", 0, False, None),
        ("#.#.#", 3, True, 4),
        ("# . # . #", 3, True, 8),  # extracts count, not days
        ("#.#.#.", 3, False, 4),  # nothing stands, so nothing waits
        ("#.#.####", 3, True, 4),
        ("#.#.#####", 3, False, 4),  # it has stood for five extracts
        ("#.#.#.#", 4, True, 4),
        ("#.#.................#", 0, False, None),  # the first of them was 20 extracts ago
        ("#.#................#", 3, True, 19),
        ("#.#.#..................#.#.#", 3, True, 27),  # a stretch of its own
    ],
)
def test_three_beginnings_within_twenty_extracts_are_unstable(marks: str, times: int, is_waiting: bool, since: int | None) -> None:
    found = folded(marks)
    assert unstable_words(found) == (f"unstable: it began {times} times in the last 20 extracts" if times else "")
    assert bool(waits(found)) is is_waiting
    assert unstable_since(found) == (None if since is None else (FIRST + dt.timedelta(days=since)).isoformat())


def test_only_what_was_known_by_then_counts() -> None:
    whole = folded("#.#.#")
    early = Fold(folded("#.#").condition, (), whole.episodes, whole.dates)
    assert unstable_words(early) == ""
