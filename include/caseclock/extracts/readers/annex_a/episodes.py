"""Which episode of List 6 is which referral of List 3, and which one is a referral that List 3 no longer holds.

List 3 holds only referrals of the last six months, so most children of List 6 have none there; without a referral such a child could not
be seen as open or unallocated work. DfE counts a child in need from its referral, so an episode of List 6 without one becomes a referral
that was received on its CIN start date and is open until its closure date.

The two are one when they are of one child and the referral was received up to the episode's start, or within 30 days after it (a corrected
date), and not after its closure, and did not end without further action. Then the row of List 3 stays and gets the closure and the need
that only List 6 knows. Where two episodes claim one referral, the second one stays a referral of its own: counted twice is seen, closed by
mistake is not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from caseclock.extracts.model import FILE, ROW, Reject

CORRECTED = dt.timedelta(days=30)  # local choice, Annex A has no ids: a corrected date differs by less
Made = dict[str, object]


@dataclass(frozen=True)
class Referral:
    """A row of List 3. `on` is None where its date is not plain: such a row pairs with nothing."""

    child: str
    on: dt.date | None
    no_further_action: bool
    row: Made

    @property
    def is_open(self) -> bool:
        return not self.no_further_action and self.row.get("closed_on") is None


@dataclass(frozen=True)
class Episode:
    """A row of List 6. `row`: the referral that it would make; `plan`: the child in need plan that it made."""

    child: str
    start: dt.date | None
    end: dt.date | None
    row: Made
    plan: Made | None

    @property
    def is_open(self) -> bool:
        return self.row.get("closed_on") is None


@dataclass(frozen=True)
class Found:
    """`rows`: episodes that are referrals of their own. `paired`: episodes that are a referral of List 3."""

    rows: list[Made] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    paired: int = 0


def referrals_and_episodes(referrals: list[Referral], episodes: list[Episode]) -> Found:
    """Pairs them, writes what List 6 knows into the rows of List 3, and says which episodes stand alone. Open episodes choose first."""
    free: dict[str, list[Referral]] = {}
    for one in referrals:
        if one.on is not None and not one.no_further_action:
            free.setdefault(one.child, []).append(one)
    rows: list[Made] = []
    rejects: list[Reject] = []
    taken: dict[tuple[str, object], Made] = {}
    paired = 0
    for episode in sorted(episodes, key=lambda e: not e.is_open):
        again = (episode.child, episode.row["referral_date"])
        if again in taken:
            rejects.append(_copy(episode, taken[again]))
            continue
        taken[again] = episode.row
        same = _same(episode, free.get(episode.child, []))
        if same is None:
            rows.append(episode.row)
        else:
            paired += 1
            free[episode.child].remove(same)
            _tell(same.row, episode.row)
        if episode.plan is not None and (same is None or (same.on and episode.start and same.on <= episode.start)):
            episode.plan["referral_id"] = (same.row if same else episode.row)["referral_id"]
    rows.sort(key=lambda row: (str(row[FILE]), int(str(row[ROW]))))
    return Found(rows, rejects, paired)


def _same(episode: Episode, referrals: list[Referral]) -> Referral | None:
    """The latest referral up to the start of the episode, else the first one soon after it."""
    start = episode.start
    if start is None:
        return None
    dated = [(one.on, n) for n, one in enumerate(referrals) if one.on and not (episode.end and one.on > episode.end)]
    before = [found for found in dated if found[0] <= start]
    after = [found for found in dated if start < found[0] <= start + CORRECTED]
    chosen = max(before) if before else min(after) if after else None
    return referrals[chosen[1]] if chosen else None


def _tell(referral: Made, episode: Made) -> None:
    """What only List 6 knows; and its team, which is today's, where List 3 names none."""
    referral |= {name: episode[name] for name in ("closed_on", "close_reason", "primary_need")}
    referral["team_id"] = referral["team_id"] or episode["team_id"]


def _copy(episode: Episode, first: Made) -> Reject:
    row = episode.row
    reason = f"same child and CIN start as row {first[ROW]}, so it is no episode of its own"
    return Reject("referral", str(row[FILE]), int(str(row[ROW])), "CIN Start Date", reason, "duplicate")
