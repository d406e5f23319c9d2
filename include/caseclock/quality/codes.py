"""Code lists of DfE that canonical columns are expected to follow, and columns whose codes are each council's own.

A code outside its list is no fault of a row: exports hold local spellings (10,979 of them are catalogued for Annex A). That the share of
such codes rises from one extract to the next is: a list was renamed, or a mapping is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from caseclock.quality.config import DriftLimits
from caseclock.quality.model import Finding
from caseclock.quality.trip import Trip

LETTERS: Final[Mapping[int, str]] = {1: "ABCD", 2: "AB", 3: "ABCDEF", 5: "ABCD"}
SOURCES: Final = frozenset([*(f"{n}{letter}" for n, letters in LETTERS.items() for letter in letters), "4", "6", "7", "8", "9", "10"])
NEEDS: Final = frozenset(f"N{n}" for n in range(10))
CLOSURES: Final = frozenset(f"RC{n}" for n in range(1, 10))
LISTS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("contact", "source"): SOURCES,
    ("referral", "source"): SOURCES,
    ("referral", "primary_need"): NEEDS,
    ("referral", "close_reason"): CLOSURES,
}
"""CIN census guide, data items referral source, primary need code, reason for closure; the SSD has the same codes."""

LOCAL: Final[Sequence[tuple[str, str]]] = (
    ("allocation", "role"),
    ("care_leaver", "eligibility"),
    ("legal", "status"),
    ("placement", "kind"),
    ("priority", "priority"),
)
"""Codes without a list that all councils share. Clocks go by some of them (the role says who counts as allocated)."""


def unknown_share(values: pd.Series[str], known: frozenset[str]) -> float | None:
    """The share of filled cells whose code is not in the list, whatever its case; None where none is filled."""
    counts = values.value_counts()
    if counts.empty:
        return None
    is_known = [str(code).strip().upper() in known for code in counts.index]
    return float(counts[[not k for k in is_known]].sum() / counts.sum())


def check_codes(now: Mapping[str, pd.DataFrame], last: Mapping[str, pd.DataFrame], limits: DriftLimits) -> list[Trip]:
    """Codes of a council's own that the last accepted extract did not have, where many rows hold them."""
    trips = []
    for table, column in LOCAL:
        counts = now[table][column].value_counts()
        known = set(last[table][column].dropna())
        filled = int(counts.sum())
        new = int(counts[~counts.index.isin(list(known))].sum())
        if known and filled >= limits.share_from and new > limits.share_rise * filled:
            sentence = f"{table}: {new:,} of {filled:,} rows have a {column} that the last accepted extract did not know: was it renamed?"
            finding = Finding(table, f"{column}_new", "warning", new, filled, "codes that the last accepted extract did not have")
            trips.append(Trip("warn", new / filled, sentence, finding))
    return trips
