"""Supervisions that are due now: late, or inside their warning lead, of workers and of cases together. Needs supervision.csv.

What is on the list, beside what was held (`supervision_held`) and what is on file with its decision (`supervision_recorded`). Every
timescale whose id begins with `supervision_` counts, except that of recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caseclock.clocks.tally import Counts, Tally


def values(tally: Tally) -> Iterator[tuple[str, Any, Counts]]:
    """Clocks; n: open supervision clocks. No value where no timescale of supervision is watched."""
    rules = [rule for rule in tally.rules if rule.startswith("supervision_") and rule != "supervision_recorded"]
    if rules:
        due = sum(tally.of[rule, state] for rule in rules for state in ("due_soon", "overdue"))
        yield "supervision_due", due, sum(tally.open(rule) for rule in rules)  # type: ignore[misc]
