"""Events as they are handed on: what they look like, how they are counted, and the hash under which each is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import pandas as pd

from caseclock.clocks.columns import NONE, Codes
from caseclock.clocks.places import Places
from caseclock.snapshots.keys import DIGEST

CASE: Final = "case"
"""Stands where the id of a timescale stands, for what happened to a case."""

OF_CLOCKS: Final = ("opened", "due_soon", "breached", "completed", "completed_late", "reopened", "corrected")
OF_CASES: Final = ("opened", "allocated", "deallocated", "completed", "reopened", "corrected", "vanished", "moved")
MOVED_OUT: Final = "moved_out"
"""Counted for the team that a case moved away from; `moved` is counted where it came to."""

EVENT_TYPES: Final = tuple(dict.fromkeys((*OF_CASES, *OF_CLOCKS)))
EVENT_COLUMNS: Final = {
    "type": "one of " + ", ".join(EVENT_TYPES),
    "rule": "id of the timescale, or `case`",
    "item_ref": "as in the clock frame; the referral of a case",
    "child_ref": "the child's id in the extract; None where the clock is about no child",
    "started_on": "the day the clock started, or the day of the referral",
    "team": "the team that answers; of a case that was closed or has vanished the one that last did",
    "before_team": "the team that answered in the extract before, where that was another one; else None",
    "occurred_on": "the day it happened, as the extract says; NaT where it does not",
}


@dataclass(frozen=True)
class Happened:
    """`frame`: EVENT_COLUMNS, one row per event. `known`: (type, rule) of everything that could be told, also where nothing happened.

    `open_before`: the team of each case that was open in the earlier extract.
    """

    frame: pd.DataFrame
    known: list[tuple[str, str]]
    open_before: pd.Series[str]

    def places(self, at: Places) -> Places:
        """`at`, with the teams that only the earlier extract has; they belong to no service."""
        teams = sorted({*at.teams, *self.frame["team"].unique(), *self.frame["before_team"].dropna().unique(), *self.open_before.unique()})
        service = dict(zip(at.teams, at.service_of, strict=True))
        return Places(teams, at.services, np.array([service.get(team, NONE) for team in teams], dtype=np.int64))

    def counts(self, at: Places) -> dict[tuple[str, str], Codes]:
        """How many there were in each place of `places(at)`, per (type, rule) of `known`; and MOVED_OUT, of cases."""
        wide, rules = self.places(at), sorted({rule for _, rule in self.known})
        kind = numbers_in(self.frame["type"], EVENT_TYPES) * len(rules) + numbers_in(self.frame["rule"], rules)
        many = np.bincount(
            kind * len(wide.teams) + numbers_in(self.frame["team"], wide.teams), minlength=len(EVENT_TYPES) * len(rules) * len(wide.teams)
        )
        table = wide.rolled_up(many.reshape(len(EVENT_TYPES), len(rules), len(wide.teams)))
        made = {(type_, rule): table[EVENT_TYPES.index(type_), rules.index(rule)] for type_, rule in self.known}
        left = numbers_in(self.frame.loc[self.frame["type"] == "moved", "before_team"], wide.teams)
        return made | {(MOVED_OUT, CASE): wide.counted(left).astype(np.int64)}

    def flows(self, at: Places) -> dict[str, Codes]:
        """What the cases of each place of `at` have come and gone by, and how many were open `before`.

        before + opened + reopened + moved_in - moved_out - closed - vanished is what is open now, wherever every change could be told.
        """
        counts, wide = self.counts(at), self.places(at)
        mine = numbers_in(pd.Series(at.names), wide.names)
        named = {
            **{name: name for name in ("opened", "reopened", "vanished", "corrected", MOVED_OUT)},
            "closed": "completed",
            "moved_in": "moved",
        }
        before = wide.counted(numbers_in(self.open_before, wide.teams)).astype(np.int64)
        none = np.zeros(len(wide), dtype=np.int64)  # of what nobody can tell
        return {name: counts.get((type_, CASE), none)[mine] for name, type_ in named.items()} | {"before": before[mine]}

    def hashes(self) -> list[str]:
        """What each event is about, as 32 hex digits: of the same extract and type no two are equal, and no case reference can be read off.

        It can be guessed by whoever can guess references: to be kept as carefully as the hashes of quarantined rows (snapshots/keys.py).
        """
        seen: dict[str, int] = {}
        made = []
        columns = (self.frame[name].astype("str") for name in ("rule", "item_ref", "child_ref", "started_on"))
        for type_, *parts in zip(self.frame["type"], *columns, strict=True):
            about = "\0".join(map(str, parts))
            nth = seen[f"{type_} {about}"] = seen.get(f"{type_} {about}", 0) + 1  # on its first day a clock may stop and start again
            made.append(
                blake2b(f"{about}\0{nth}".encode(errors="surrogateescape"), digest_size=DIGEST, key=b"caseclock event v1").hexdigest()
            )
        return made


def numbers_in(column: pd.Series[Any], names: Sequence[str]) -> Codes:
    """The place of each value in `names`, -1 for others and for none. A look-up per distinct value, not per row."""
    kept = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    at = {name: i for i, name in enumerate(names)}
    places: Codes = np.array([*(at.get(name, NONE) for name in kept.cat.categories), NONE], dtype=np.int64)[kept.cat.codes.to_numpy()]
    return places
