"""Words of the team page: a figure, a change, a band, and the sentence at its head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseclock.dashboard.look import number
from caseclock.dashboard.model import Tone
from caseclock.dashboard.pages.team import Change, Figure
from caseclock.measures.model import Direction
from caseclock.thresholds import ThresholdRule
from caseclock.trends.model import EITHER_WAY

EVENTS: Final = {
    "opened": "Opened",
    "reopened": "Opened again",
    "allocated": "Allocated to somebody",
    "deallocated": "Left without a worker",
    "moved": "Came from another team",
    "moved_out": "Went to another team",
    "completed": "Closed",
    "corrected": "Corrected in the records",
    "vanished": "In the extract no more, neither open nor closed",
}
"""What befalls a case."""
CLOCKS: Final = ("opened", "due_soon", "breached", "completed", "completed_late")
"""What befalls a clock, in the order of the columns."""
NEITHER: Final = ("open", *EITHER_WAY)
"""Measures of which neither more nor less is better by itself."""


def change(now: float | None, before: float | None, unit: str, measure: str, direction: Direction) -> Change:
    if now is None or before is None:
        return Change("–")
    said = number(abs(now - before), unit)
    if said in ("0", "0%", "0.0", "0.0%"):
        return Change("no change")
    words = f"{'up' if now > before else 'down'} {said}{' points' if unit == 'per cent' else ''}".replace("% points", " points")
    if measure in NEITHER:
        return Change(words)
    bad = {"above": now > before, "below": now < before, "either": abs(now) > abs(before)}[direction]
    return Change(words, "worse" if bad else "better")


def limit_words(rules: Sequence[ThresholdRule]) -> str:
    mark = "%" if any(rule.unit == "per cent" for rule in rules) else ""
    return "; ".join(dict.fromkeys(f"amber {rule.amber:g}{mark}, red {rule.red:g}{mark}" for rule in rules))


def worst(bands: Sequence[Tone]) -> Tone:
    return next((band for band in ("red", "amber", "green") if band in bands), "")


def finding(name: str, figures: Sequence[Figure], as_of: str) -> str:
    """The one sentence: which of its limits it is past, and whether that is new."""
    if not figures:
        return f"{name}: no figure in the extract of {as_of}."
    limited = [f for f in figures if f.rag]
    past = sorted((f for f in limited if f.rag != "green"), key=lambda f: f.rag != "red")
    if not limited:
        opened = next((f for f in figures if f.figure == "open"), figures[0])
        return f"{name}: {_small(opened.title)} {opened.value}; no limit is set for its figures."
    if not past:
        return f"{name}: within {'its one limit' if len(limited) == 1 else f'all {len(limited)} of its limits'}."
    named = "; ".join(f"{_small(f.title)} {f.value} ({f.rag}{_since(f)})" for f in past[:3])
    more = f"; and {len(past) - 3} more" if len(past) > 3 else ""
    many = "its one limit" if len(limited) == 1 else f"{len(past)} of its {len(limited)} limits"
    return f"{name}: at or past {many}: {named}{more}."


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _since(figure: Figure) -> str:
    return f", {figure.week.words} in a week" if figure.week.turn else ""


def how_it_stands(rule: ThresholdRule | None, value: float | None) -> tuple[str, bool]:
    """In words, and whether the value is back within the limit: an alert ends when it is clear of it, not when it is just below."""
    if rule is None or value is None:
        return "", False
    if rule.severity_of(value):
        return "past its limit", False
    mark = "%" if rule.unit == "per cent" else ""
    clear = {"above": "below", "below": "above", "either": "nearer to 0 than"}[rule.direction]
    return f"back within its limit of {rule.amber:g}{mark}; it ends once it has stayed {clear} {rule.clear_below:g}{mark}", True
