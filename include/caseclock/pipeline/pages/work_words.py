"""Words of the work list: its tiers as they are set, and what a choice of it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from caseclock.clocks.worklist_config import WorklistConfig
from caseclock.dashboard.model import Tone

BASES: Final = {"statute": "statute", "statutory_guidance": "statutory guidance", "local": "a local rule"}
PAST: Final = 2  # the tier of what is past the limits that count most
TONES: Final[tuple[Tone, ...]] = ("red", "red", "amber", "", "", "quiet")
"""By tier."""


def tier_words(config: WorklistConfig) -> tuple[str, ...]:
    """What puts a case into each tier, as short as a tag (clocks/worklist.py has them whole)."""
    past, other = (_limit([basis for basis in BASES if (basis in config.past_limit) == is_past]) for is_past in (True, False))
    soon = f"due in {config.soon_wd} working days"
    return (
        "Child at risk: nobody holds it, or visit overdue",
        "Nobody holds it",
        f"Past {past}" if past else "Past a limit (none is set for this)",
        f"Past {other}, or {soon}" if other else soon[:1].upper() + soon[1:],
        f"Due in {config.next_wd} working days",
        "The rest",
    )


def _limit(bases: Sequence[str]) -> str:
    if bases == ["local"]:
        return "a local limit"
    return f"a limit of {' or '.join(BASES[basis] for basis in bases)}" if bases else ""


def finding(counts: Sequence[int], where: str, words: Sequence[str]) -> str:
    """`counts`: cases by tier; `words`: of each tier. `where`: the place, as it begins a sentence."""
    total = sum(counts)
    cases = f"{total:,} open {'case' if total == 1 else 'cases'}"
    if not total:
        return f"{where}: no open case."
    past = words[PAST][:1].lower() + words[PAST][1:]
    said = [
        (counts[0], "where nobody holds a child at risk, or a safeguarding visit is overdue"),
        (counts[1], "more that nobody holds" if counts[0] else "that nobody holds"),
        (counts[2], f"more {past}" if counts[0] or counts[1] else past),
    ]
    named = [f"{n:,} {words}" for n, words in said if n]
    if not named:
        return f"{where}: {cases}; none without somebody who holds it, and none {past}."
    return f"{where}: of {cases}, {', '.join(named)}."
