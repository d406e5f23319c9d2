"""Which figures of one digest are withheld because a count of 1 to 5 could be worked out from them.

From a total and all of its parts but one the missing part follows; from a whole and a part of it, the rest. So a part whose rest is
small is withheld like a small part, and where one part of a total is small all of them are (secondary suppression).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

SMALL = 5  # DfE children in need: counts of 1 to 5 inclusive are suppressed

WITHIN: Mapping[str, str] = {
    "unallocated": "open",
    "stale_open": "open",
    "unallocated_cp": "unallocated",
    "unallocated_low": "unallocated",
}
"""Measure to the one that counts it too; a whole stands before its parts."""

TOTALS: Mapping[str, str] = {"unallocated_priority": "unallocated"}
"""Measure with a figure for each part, to the measure that is their sum, where that is not the one of the same name."""


def is_small(count: float) -> bool:
    """Whether it is a count that may not be shown."""
    return 0 < abs(count) <= SMALL


def withheld(counts: Mapping[str, float]) -> frozenset[str]:
    """Measures of one extract that may not be shown at all. Small counts that are not among them may still be called `1 to 5`.

    `counts`: measure to its count in all teams together; shares and averages are left out.
    """
    found: set[str] = set()
    for part, whole in WITHIN.items():
        if part in counts and whole in counts and _tells(counts[part], counts[whole]):
            found.add(part)
    parts: dict[str, list[str]] = defaultdict(list)
    for measure in counts:
        kind, dot, _ = measure.partition(".")
        if dot:
            parts[TOTALS.get(kind, kind)].append(measure)
    for total, measures in parts.items():
        if total in counts and any(is_small(counts[m]) or m in found for m in (total, *measures)):
            found |= set(measures)
    return frozenset(found)


def _tells(part: float, whole: float) -> bool:
    """Whether `part` must be withheld, beside `whole`.

    A whole of 6 to 10 is so small that even whether the part or its rest is the small one would tell how much it is.
    """
    rest = whole - part
    if SMALL < whole <= 2 * SMALL:
        return is_small(part) or is_small(rest)
    return is_small(rest) and not is_small(part) and part != 0
