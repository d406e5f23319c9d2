"""The protected record of one week of one source: every figure that a digest may speak of, at all places, in the form in which it may be
shown. It is made once, kept, and never made anew: charts and lines of later digests are drawn from it, so that no two of them disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from caseclock.digest.disclosure import Counts, Group, Judged, filled, is_small, judged, secrets
from caseclock.digest.shown import HIDDEN, Shown, exact
from caseclock.digest.tree import Tree
from caseclock.measures.model import COUNCIL

Kind = Literal["count", "share", "average"]
"""What is counted; a share of it, whose parts are children; an average or a share of posts, which only needs enough of them."""
ARRIVALS: Final = "arrivals"
DEPARTURES: Final = "departures"
SHARES: Final = ("in_time", "reviewed_in_time", "re_referral", "supervision_recorded", "rhi_held")
AVERAGES: Final = ("caseload", "caseload_fte", "agency_share", "vacancy_rate", "agency_rate", "supervision_held")
COUNTS: Final = (
    "open", "unallocated", "unallocated_cp", "unallocated_low", "stale_open", "overdue", "due_5", "due_10", "completed", "supervision_due",
    "caseload_high", ARRIVALS, DEPARTURES,
)  # fmt: skip
WITHIN: Final[Mapping[str, str]] = {
    "unallocated": "open",
    "stale_open": "open",
    "unallocated_cp": "unallocated",
    "unallocated_low": "unallocated",
    "overdue.allocation": "unallocated",
}
"""Figure to the one that counts it too; a whole stands before its parts."""


def whole_of(figure: str) -> str | None:
    """The figure that counts it too: `WITHIN`, and what falls due in 5 days falls due in 10."""
    measure, _, rule = figure.partition(".")
    return WITHIN.get(figure) or (f"due_10.{rule}" if measure == "due_5" else None)


FROM_ARRIVALS: Final = ("re_referral",)
"""Shares of all that came in over 13 weeks."""
FROM_OPEN: Final = ("caseload", "caseload_fte")
"""Averages from which, with the workers, the cases that somebody holds can be worked out, and so those that nobody holds."""

Raw = Mapping[str, Mapping[str, tuple[float | None, int]]]
"""Figure to team to its value and n; the council's row under COUNCIL."""


def kind_of(figure: str) -> Kind | None:
    """None: a digest does not speak of it (ages of single cases, what has no sum)."""
    measure = figure.partition(".")[0]
    return "count" if measure in COUNTS else "share" if measure in SHARES else "average" if measure in AVERAGES else None


@dataclass(frozen=True)
class Record:
    """`figures`: figure to place to what is shown; a place without data is left out. `tree`: the places of that week."""

    tree: Tree
    figures: Mapping[str, Mapping[str, Shown]]

    def at(self, figure: str, place: str) -> Shown | None:
        return self.figures.get(figure, {}).get(place)

    def to_json(self) -> dict[str, Any]:
        figures = {
            figure: {place: [s.low, s.high, *([s.n] if s.n is not None else [])] for place, s in places.items()}
            for figure, places in self.figures.items()
        }
        return {"places": dict(self.tree.parents), "figures": figures}


def record_from(kept: Mapping[str, Any]) -> Record:
    figures = {
        figure: {place: Shown(s[0], s[1], s[2] if len(s) > 2 else None) for place, s in places.items()}
        for figure, places in kept["figures"].items()
    }
    return Record(Tree(kept["places"]), figures)


def protect(tree: Tree, raw: Raw, small: int, before: Record | None = None, limits: Mapping[str, Iterable[float]] | None = None) -> Record:
    """`before`: the record of the week before. `limits`: figure to limits of which it is said that a withheld count has reached them, where
    that tells nothing else."""
    return _Protected(tree, raw, small, before, limits or {}).record()


@dataclass
class _Protected:
    tree: Tree
    raw: Raw
    small: int
    before: Record | None
    limits: Mapping[str, Iterable[float]]
    counts: dict[str, Counts] = field(default_factory=dict)
    hidden: dict[str, set[str]] = field(default_factory=dict)
    shown: dict[str, dict[str, Shown]] = field(default_factory=dict)

    def record(self) -> Record:
        known = [figure for figure in self.raw if kind_of(figure)]
        for figure in known:
            if kind_of(figure) == "count":
                self.counts[figure] = filled(self.tree, {t: round(v) for t, (v, _) in self._teams(figure) if v is not None})
        for figure in sorted(self.counts, key=lambda f: (whole_of(f) is not None, whole_of(whole_of(f) or "") is not None, f)):
            if figure not in (ARRIVALS, DEPARTURES):
                self._count(figure)
        self._flows()
        for figure in known:
            if kind_of(figure) == "share":
                self._share(figure)
            elif kind_of(figure) == "average":
                self._average(figure)
        return Record(self.tree, self.shown)

    def _teams(self, figure: str) -> list[tuple[str, tuple[float | None, int]]]:
        """Teams of the tree; a value that is no number counts as none."""
        found = self.raw[figure]
        leaves = set(self.tree.leaves(COUNCIL))
        return [(t, (None if v is None or math.isnan(v) else v, n)) for t, (v, n) in found.items() if t in leaves]

    # --- counts ------------------------------------------------------------------------------------------------------
    def _count(self, figure: str) -> None:
        counts, whole = self.counts[figure], self.counts.get(whole_of(figure) or "", {})
        above = self.hidden.get(whole_of(figure) or "", set())
        secret = secrets(counts, self.small, whole) | {place for place in above if counts.get(place)}
        most = {place: max(count, whole.get(place, count)) for place, count in counts.items()} if whole else {}
        found = judged(self.tree, Group(counts, most=most), secret, self.small)
        bounds = self._bounds(figure, found)
        self.hidden[figure] = found.places
        self.shown[figure] = {
            place: self._of_hidden(place, count, found, bounds, self._tells_no_rest(found, whole, above))
            if place in found.places
            else exact(count)
            for place, count in counts.items()
        }

    def _of_hidden(self, place: str, count: int, found: Judged, bounds: Mapping[str, int], range_: bool) -> Shown:
        """Of the council a small count is said to be one: nothing above it is shown from which more would follow."""
        if place in bounds:
            return Shown(bounds[place], None)
        leaves = [leaf for leaf in self.tree.leaves(place) if leaf in found.places]
        if range_ and place == COUNCIL and is_small(count, self.small) and len(leaves) < self.small:
            return Shown(1, self.small)
        return HIDDEN

    def _tells_no_rest(self, found: Judged, whole: Counts, above: set[str]) -> bool:
        """Whether it may be said of the council's count that it is small, or not said: of a whole of 6 to 10 it would tell what is left."""
        return not whole or all(place not in above and whole.get(place, 0) > 2 * self.small for place in found.places)

    def _bounds(self, figure: str, found: Judged) -> dict[str, int]:
        """By team the highest limit that it has surely reached and that may be said. A limit of 1 always may: a 0 would be shown."""
        made: dict[str, int] = {}
        limits = sorted({math.ceil(limit) for limit in self.limits.get(figure, ()) if limit > self.small or limit <= 1}, reverse=True)
        for team in sorted(set(self.tree.leaves(COUNCIL)) & found.places):
            for limit in limits:
                reached = found.group.counts[team] >= limit and (limit <= 1 or self._hides_behind(figure, found, team, limit))
                if reached and found.says_at_least(team, limit):
                    made[team] = limit
                    break
        return made

    def _hides_behind(self, figure: str, found: Judged, team: str, limit: int) -> bool:
        """Whether the other one that is withheld stays unknown when this one is said to have reached a limit.

        They must be the only two below what is shown above them, the limit must leave the other one all that is small, and neither may be
        so large a part of its whole that the rest is bounded too.
        """
        above: str | None = self.tree.parents[team]
        while above is not None and above in found.places:
            above = self.tree.parents[above]
        if above is None:
            return False
        pair = [leaf for leaf in self.tree.leaves(above) if leaf in found.places]
        both = sum(found.group.counts[leaf] for leaf in pair)
        whole = self.counts.get(whole_of(figure) or "", {})
        roomy = all(whole.get(leaf, 0) > both + self.small for leaf in pair) if whole else True
        return len(pair) == 2 and limit <= both - self.small and roomy

    def _flows(self) -> None:
        """What came in and what was closed, of the council alone: in most teams both are small each week. Their difference follows from the
        open cases of two weeks, so the two are withheld together, and wherever one of these is withheld."""
        found = {figure: self.counts[figure][COUNCIL] for figure in (ARRIVALS, DEPARTURES) if COUNCIL in self.counts.get(figure, {})}
        was = self.before.at("open", COUNCIL) if self.before else None
        hidden = any(is_small(count, self.small) for count in found.values()) or COUNCIL in self.hidden.get("open", ())
        hidden = hidden or (was is not None and was.value is None)
        for figure, count in found.items():
            self.shown[figure] = {COUNCIL: HIDDEN if hidden else exact(count)}

    # --- shares and averages -----------------------------------------------------------------------------------------
    def _enough(self, figure: str) -> tuple[Counts, set[str]]:
        """From how many it is made at each place, and where that is too few to say or could be used to work it out."""
        n = filled(self.tree, {team: count for team, (_, count) in self._teams(figure)})
        return n, judged(self.tree, Group(n), secrets(n, self.small), self.small).places

    def _share(self, figure: str) -> None:
        n, few = self._enough(figure)
        teams = {team: round((v or 0.0) * count / 100) for team, (v, count) in self._teams(figure)}
        part = filled(self.tree, teams)
        secret = {p for p in part if is_small(part[p], self.small) or is_small(n[p] - part[p], self.small)} | few
        may = frozenset(p for p in n if n[p])
        group = Group(part, dict.fromkeys(n, 0), dict(n), may)
        hidden = judged(self.tree, group, {p for p in secret if n[p]}, self.small).places
        self.shown[figure] = {
            place: self._share_at(figure, part[place], of, withheld=place in hidden, few=place in few) for place, of in n.items() if of
        }

    def _share_at(self, figure: str, part: int, of: int, *, withheld: bool, few: bool) -> Shown:
        """Of how many referrals it is made would tell, from week to week, those of a week in which they are withheld."""
        n = None if few or figure in FROM_ARRIVALS else of
        if withheld:
            return Shown(None, None, n)
        share = 100 * part / of
        return exact(float(round(share)) if figure in FROM_ARRIVALS else share, n)

    def _average(self, figure: str) -> None:
        teams = dict(self._teams(figure))
        n = filled(self.tree, {team: count for team, (_, count) in teams.items()})
        few = self._of_few(n)
        shown: dict[str, Shown] = {}
        for place, of in n.items():
            value = self._mean(figure, place, teams)
            if value is not None:
                tells = figure in FROM_OPEN and any(place in self.hidden.get(f, ()) for f in ("open", "unallocated"))
                shown[place] = HIDDEN if place in few or tells else exact(value, of)
        self.shown[figure] = shown

    def _of_few(self, n: Counts) -> set[str]:
        """Places with too few workers or posts; and beside a single one of them another, or it could be worked out."""
        few = {place for place, of in n.items() if is_small(of, self.small)}
        for whole in self.tree.wholes:
            parts = [p for p in self.tree.parts[whole] if n.get(p)]
            hidden = [p for p in parts if p in few]
            if len(hidden) == (0 if whole in few else 1):
                few |= set([p for p in parts if p not in hidden][:1])
        return few

    def _mean(self, figure: str, place: str, teams: Mapping[str, tuple[float | None, int]]) -> float | None:
        """The council's as it was worked out, others as the mean over their teams by n."""
        whole = self.raw[figure].get(COUNCIL, (None, 0))[0] if place == COUNCIL else None
        if whole is not None and not math.isnan(whole):
            return whole
        known = [(v, n) for t in self.tree.leaves(place) if (v := teams.get(t, (None, 0))[0]) is not None and (n := teams[t][1])]
        return sum(v * n for v, n in known) / sum(n for _, n in known) if known else None


def corrected(told: Record, now: Record) -> Record:
    """The record of a week made again after a correction, for readers who have the one that was told.

    What was withheld stays so. Where a figure is withheld that was shown, so is what it is a part of: the rest of that is known.
    A figure that is the same everywhere stays as it was told.
    """
    figures: dict[str, dict[str, Shown]] = {}
    for figure, places in now.figures.items():
        old = told.figures.get(figure, {})
        shown = {place: HIDDEN if (was := old.get(place)) and was.withheld else s for place, s in places.items()}
        for place, s in places.items():
            if s.value is None and (was := old.get(place)) and was.value is not None:
                above = now.tree.parents.get(place)
                while above is not None:
                    if above in shown:
                        shown[above] = HIDDEN
                    above = now.tree.parents.get(above)
        figures[figure] = dict(old) if shown == dict(old) else shown
    if (is_open := figures.get("open", {}).get(COUNCIL)) and is_open.value is None:
        figures |= {figure: dict.fromkeys(figures[figure], HIDDEN) for figure in (ARRIVALS, DEPARTURES) if figure in figures}
    return Record(now.tree, figures)
