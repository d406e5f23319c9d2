"""Teams whose figures must not speak although the extract as a whole may: ids in `blocked_teams` only, never in a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from caseclock.quality.breaker import Breaker, volume_of
from caseclock.quality.config import TeamLimits, VolumeLimits
from caseclock.quality.drift import Past
from caseclock.quality.model import Finding
from caseclock.quality.trip import Trip

if TYPE_CHECKING:
    from caseclock.quality.check import TableCheck

STOCKS: Final = ("referral", "allocation")
BLOCKED: Final = "blocked until somebody has looked"


def check_team_stocks(
    now: Mapping[str, pd.DataFrame],
    last: Mapping[str, pd.DataFrame],
    last_on: dt.date,
    limits: TeamLimits,
    volume: VolumeLimits,
    usual: Mapping[tuple[str, str], list[int]] | None = None,
) -> Breaker:
    """Teams that lost more of their rows than chance or closing explains, while the others kept theirs. All rows count, closed ones too:
    in a full extract they stay. `usual`: earlier row counts by table and team, oldest first; without them the last extract is the usual.
    """
    trips, blocked = [], set()
    for table in STOCKS:
        had, has = (frames[table]["team_id"].value_counts() for frames in (last, now))
        past = {str(team): (usual or {}).get((table, str(team)), []) for team in had.index}
        fallen = [str(team) for team, n in had.items() if _fell(int(has.get(team, 0)), int(n), past[str(team)], limits, volume)]
        others = had[~had.index.isin(fallen)]
        kept = has[has.index.isin(list(others.index))].sum()
        if not fallen or others.empty or kept < others.sum() * (1 - limits.others_fall):
            continue
        blocked |= set(fallen)
        told = f"lost more than {limits.fall * 100:.0f} % of their rows since the extract of {last_on} while the others kept theirs"
        trips.append(_trip(table, "team_fell", len(fallen), len(had), told))
    return Breaker(trips, sorted(blocked))


def usual_rows(past: Iterable[Past]) -> dict[tuple[str, str], list[int]]:
    """Earlier row counts by table and team, oldest first, from the numbers of accepted extracts."""
    made: dict[tuple[str, str], list[int]] = {}
    for one in past:
        for (name, team), rows in one.stats.items():
            if name.startswith("team_rows."):
                made.setdefault((name.partition(".")[2], team), []).append(int(rows))
    return made


def _fell(rows: int, last: int, usual_of: list[int], limits: TeamLimits, volume: VolumeLimits) -> bool:
    """A team with no rows at all is told of by `breaker.check_continuity`."""
    seen = volume_of(rows, usual_of or [last], last, volume)
    return 0 < rows < last and rows < seen.usual and seen.z > limits.z and seen.change > limits.fall


def check_team_quarantine(checks: Iterable[TableCheck], limits: TeamLimits) -> Breaker:
    """Teams of whose rows in one table too many are put aside. Rows that could not be typed have no team and cannot be counted here."""
    trips, blocked = [], set()
    for c in checks:
        if "team_id" not in c.frame or not c.critical.any():
            continue
        rows = c.frame["team_id"].value_counts()
        aside = c.frame["team_id"][c.critical & ~c.are_copies].value_counts()
        of = rows.reindex(aside.index)
        bad = [str(team) for team in aside[(aside >= limits.quarantine_from) & (aside > limits.quarantine_share * of)].index]
        if bad:
            blocked |= set(bad)
            told = f"have more than {limits.quarantine_share * 100:.0f} % of their rows put aside"
            trips.append(_trip(c.table, "team_quarantine", len(bad), len(rows), told))
    return Breaker(trips, sorted(blocked))


def _trip(table: str, rule: str, teams: int, of: int, told: str) -> Trip:
    if teams == 1:
        told = told.replace("have ", "has ", 1).replace("of their", "of its", 1)
    named = "1 team" if teams == 1 else f"{teams} teams"
    finding = Finding(table, rule, "warning", teams, of, "teams whose figures do not speak")
    return Trip("warn", teams / of, f"{table}: {named} {told}: {BLOCKED}", finding)
