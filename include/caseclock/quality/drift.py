"""Numbers about an extract against those of the accepted ones before it. Sentences name tables, columns and counts; never a team.

What is compared with the trailing median needs `DriftLimits.enough` extracts; what is compared with the last accepted one needs that one.
Counts are judged by the distance of their square roots, shares by that of their arcsines: on both scales noise is the same everywhere.
A team that truly loses its workers drifts as well: that warns and never holds, because it is what the monitor is for.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from caseclock.quality.config import DriftLimits
from caseclock.quality.model import Finding, Stat
from caseclock.quality.trip import HELD, SEVERITY, Level, Trip, root

Key = tuple[str, str]
"""Name and scope of a stat."""

NEEDED_BY_CLOCKS: Final = frozenset(
    {
        ("referral", "closed_on"),
        ("referral", "team_id"),
        ("assessment", "referral_id"),
        ("assessment", "authorised_on"),
        ("s47", "ended_on"),
        ("conference", "s47_id"),
        ("conference", "held_on"),
        ("plan", "ended_on"),
        ("review", "plan_id"),
        ("review", "held_on"),
        ("visit", "plan_id"),
        ("visit", "seen"),
        ("allocation", "worker_id"),
        ("allocation", "role"),
        ("allocation", "ended_on"),
        ("allocation", "team_id"),
        ("care", "care_id"),
        ("care", "entered_on"),
        ("care", "ended_on"),
        ("placement", "ended_on"),
        ("care_leaver", "contacted_on"),
        ("care_leaver", "reviewed_on"),
        ("missing", "found_on"),
        ("contact_decision", "decided_on"),
        ("meeting", "held_on"),
    }
)
"""Columns without which clocks stop, start or are answered for wrongly: emptied, they hold."""


@dataclass(frozen=True)
class Past:
    """The numbers of one accepted extract."""

    as_of: dt.date
    stats: Mapping[Key, float]


def past_of(as_of: dt.date, stats: Iterable[Stat]) -> Past:
    return Past(as_of, {(s.name, s.scope): s.value for s in stats})


def check_drift(now: Sequence[Stat], before: Sequence[Past], as_of: dt.date, limits: DriftLimits) -> list[Trip]:
    """What has drifted. `before`: accepted extracts that have numbers, oldest first; none, no trip."""
    if not before:
        return []
    scene = Drift(past_of(as_of, now), list(before)[-limits.extracts :], limits)
    return [trip for check in CHECKS for trip in check(scene)]


@dataclass(frozen=True)
class Drift:
    now: Past
    before: Sequence[Past]
    limits: DriftLimits

    @property
    def last(self) -> Past:
        return self.before[-1]

    def usual(self, key: Key) -> float | None:
        """The median of the earlier extracts that have this number; None when they are too few."""
        found = [past.stats[key] for past in self.before if key in past.stats]
        return float(median(found)) if len(found) >= self.limits.enough else None

    def named(self, name: str) -> list[Key]:
        """The numbers of this extract with that name, or with that first part of a name (`filled.`)."""
        return [key for key in self.now.stats if key[0] == name or (name.endswith(".") and key[0].startswith(name))]


def _trip(level: Level, size: float, table: str, rule: str, counts: tuple[float, float], sentence: str, reason: str) -> Trip:
    finding = Finding(table, rule, SEVERITY[level], round(counts[0]), round(counts[1]), reason)
    return Trip(level, min(1.0, size), sentence + (f": {HELD}" if level == "hold" else ""), finding)


def _share_z(now: float, usual: float, rows: float) -> float:
    """Distance of two shares on the scale on which the noise of a share of `rows` is 1."""
    return abs(2 * math.asin(math.sqrt(now)) - 2 * math.asin(math.sqrt(usual))) * math.sqrt(rows)


# --- one check per kind of number ------------------------------------------------------------------------------------
def _durations(d: Drift) -> list[Trip]:
    """Haringey's published median of 2 days between years of 38 and 36: a data fault that nobody caught."""
    key = ("assessment_days", "assessment")
    usual, value, of = d.usual(key), d.now.stats.get(key), d.now.stats.get(("assessment_days_of", "assessment"), 0)
    if usual is None or value is None or of < d.limits.duration_from:
        return []
    factor = d.limits.duration_factor
    if usual / factor <= value <= usual * factor or abs(value - usual) < 5:
        return []
    told = f"assessment: the median of those finished in the last 90 days is {value:,.0f} days, usually it is {usual:,.0f}"
    reason = "median duration against that of accepted extracts"
    return [_trip("warn", abs(value - usual) / max(value, usual), "assessment", "duration", (value, usual), told, reason)]


def _visits(d: Drift) -> list[Trip]:
    trips = []
    for key in d.named("visits_per_week."):
        usual, value, kind = d.usual(key), d.now.stats[key], key[0].partition(".")[2]
        if usual is None:
            continue
        stopped = value == 0 and usual >= d.limits.visits_from
        if not stopped and not (root(usual) - root(value) > d.limits.z and value < usual * (1 - d.limits.visits_fall)):
            continue
        visits = f"{value:,.0f} visits" if value else "no visits"
        told = f"visit: {visits} of kind {kind} are dated in the last 7 days, usually {usual:,.0f} are: their code may have changed"
        reason = "visits of the latest week against accepted extracts"
        level: Level = "hold" if stopped else "warn"
        trips.append(_trip(level, 1 - value / usual, "visit", f"week_{kind}", (usual - value, usual), told, reason))
    return trips


def _without_worker(d: Drift) -> list[Trip]:
    keys = d.named("no_worker")
    drifted = [k for k in keys if _share_rose(d, k, d.now.stats.get(("no_worker_of", k[1]), 0))]
    if not drifted:
        return []
    teams = "1 team has" if len(drifted) == 1 else f"{len(drifted)} teams have"
    told = f"allocation: {teams} far more open rows without a worker than usual: true, or no longer exported"
    reason = "teams whose share of open rows without a worker rose"
    return [_trip("warn", len(drifted) / len(keys), "allocation", "no_worker", (len(drifted), len(keys)), told, reason)]


def _unknown(d: Drift) -> list[Trip]:
    trips = []
    for key in d.named("unknown."):
        name, table = key
        filled = f"filled.{name.partition('.')[2]}"
        rows = d.now.stats.get(("rows", table), 0) * d.now.stats.get((filled, table), 0)
        if _share_rose(d, key, rows):
            column, value, usual = name.partition(".")[2], d.now.stats[key], d.usual(key) or 0.0
            told = f"{table}: {value:.0%} of its {column} codes are in no list that is known, usually {usual:.0%} are"
            trips.append(
                _trip("warn", value - usual, table, f"{column}_codes", (value * rows, rows), told, "codes outside the list against usual")
            )
    return trips


def _share_rose(d: Drift, key: Key, rows: float) -> bool:
    usual, value = d.usual(key), d.now.stats[key]
    if usual is None or rows < d.limits.share_from:
        return False
    return value - usual > d.limits.share_rise and _share_z(value, usual, rows) > d.limits.z


def _emptied(d: Drift) -> list[Trip]:
    """Against the last accepted extract alone, so that a column that a person accepted as gone stays accepted."""
    trips = []
    for key in d.named("filled."):
        name, table = key
        column, value, last = name.partition(".")[2], d.now.stats[key], d.last.stats.get(key)
        rows, rows_then = d.now.stats.get(("rows", table), 0), d.last.stats.get(("rows", table), 0)
        if last is None or min(rows, rows_then) < d.limits.share_from:
            continue
        if value == 0 and last > d.limits.filled and _share_z(value, last, rows) > d.limits.z:
            level: Level = "hold" if (table, column) in NEEDED_BY_CLOCKS else "warn"
            told = f"{table}: {column} is empty in every row, and was filled in {last:.0%} of them in the extract of {d.last.as_of}"
        elif last - value > d.limits.filled_fall and _share_z(value, last, rows) > d.limits.z:
            level = "warn"
            told = f"{table}: {column} is filled in {value:.0%} of the rows, and was in {last:.0%} in the extract of {d.last.as_of}"
        else:
            continue
        trips.append(
            _trip(level, last - value, table, f"{column}_filled", ((1 - value) * rows, rows), told, "rows in which the column is empty")
        )
    return trips


def _window(d: Drift) -> list[Trip]:
    """A full extract's window moves by a day a day; by months only when the source was set up anew."""
    trips = []
    gap = max(0, (d.now.as_of - d.last.as_of).days)
    for key in d.named("window_start"):
        last = d.last.stats.get(key)
        if last is None or (moved := d.now.stats[key] - last - gap) <= d.limits.window_days:
            continue
        first, then = (dt.date.fromordinal(int(day)) for day in (d.now.stats[key], last))
        told = f"{key[1]}: its rows begin on about {first}, and on about {then} in the extract of {d.last.as_of}: its window has moved"
        reason = "days by which the earliest rows moved"
        trips.append(_trip("warn", moved / 365, key[1], "window_start", (moved, gap), told, reason))
    return trips


CHECKS: Final[Sequence[Callable[[Drift], list[Trip]]]] = (_durations, _visits, _without_worker, _unknown, _emptied, _window)
