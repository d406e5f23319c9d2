"""The circuit breaker: does this extract hold about as many rows, and the same cases, as the accepted ones before it?

An extract that was cut off looks like good news: fewer cases wait. So the numbers are held until a person has looked.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.quality.config import ContinuityLimits, FlowLimits, VolumeLimits
from caseclock.quality.history import Accepted, Coverage
from caseclock.quality.model import Finding
from caseclock.quality.rules import CLOSING
from caseclock.quality.scene import text_of
from caseclock.quality.trip import HELD, SEVERITY, Level, Trip, root
from caseclock.snapshots import TABLES, Snapshot


@dataclass(frozen=True)
class Breaker:
    """`blocked_teams`: teams whose figures must not speak."""

    trips: list[Trip] = field(default_factory=list)
    blocked_teams: list[str] = field(default_factory=list)

    def __add__(self, other: Breaker) -> Breaker:
        return Breaker([*self.trips, *other.trips], sorted({*self.blocked_teams, *other.blocked_teams}))


# --- row counts ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Volume:
    """A row count beside its history: `usual` is the median, `last` the latest accepted count, `z` the distance on a scale of noise."""

    rows: int
    usual: float
    last: int
    z: float

    @property
    def change(self) -> float:
        """The smaller of the distances from the usual and from the last count, as a share."""
        return min(_change(self.rows, self.usual), _change(self.rows, self.last))


def volume_of(rows: int, usual_of: Sequence[int], last: int, limits: VolumeLimits) -> Volume:
    """The rule v2g: z = |2*sqrt(x + 3/8) - 2*sqrt(m + 3/8)| / max(1, robust spread). Counts become evenly noisy under the square root."""
    usual = float(median(usual_of)) or float(last)
    if len(usual_of) < limits.few:
        spread = limits.spread_of_few
    else:
        scale = [root(n) for n in usual_of]
        spread = max(1.0, 1.4826 * median(abs(value - median(scale)) for value in scale))
    return Volume(rows, usual, last, abs(root(rows) - root(usual)) / spread)


def level_of(volume: Volume, limits: VolumeLimits) -> Level | None:
    if volume.usual == 0:  # delivered for the first time: what it shows is new, not changed
        return "warn" if volume.rows >= limits.empty_from else None
    if volume.rows == 0 and volume.last > 0 and volume.usual >= limits.empty_from:
        return "hold"
    if volume.z > limits.hold_z and volume.change > limits.hold_change:
        return "hold"
    return "warn" if volume.z > limits.warn_z and volume.change > limits.warn_change else None


def check_volume(kept: Mapping[str, int], before: Sequence[Accepted], as_of: dt.date, limits: VolumeLimits) -> list[Trip]:
    """Row counts per table against at most eight accepted extracts of the same class of weekday. No history, no trip."""
    if not before:
        return []
    like = [a for a in before if _is_weekend(a.as_of) == _is_weekend(as_of)] or list(before)
    trips = []
    for table in TABLES:
        usual_of = [a.kept.get(table, 0) for a in like[-limits.extracts :]]
        volume = volume_of(kept.get(table, 0), usual_of, before[-1].kept.get(table, 0), limits)
        level = level_of(volume, limits)
        if level == "hold" and table in limits.only_warn:
            level = "warn"
        if level is not None:
            trips.append(_volume_trip(table, volume, level, before[-1].as_of))
    return trips


def _volume_trip(table: str, volume: Volume, level: Level, last_on: dt.date) -> Trip:
    then = f"the last accepted extract of {last_on} ({volume.last:,})"
    if volume.usual == 0:
        text = f"{volume.rows:,} rows, and none in the accepted extracts before: the table is new in this extract"
    elif volume.rows == 0:
        text = f"no rows, and {volume.last:,} in the last accepted extract of {last_on}"
    else:
        text = f"{volume.rows:,} rows, {_by_how_much(volume.rows, volume.last)} than {then}"
    sentence = f"{table}: {text}" + (f": {HELD}" if level == "hold" else "")
    reason = f"row count against accepted extracts (usual {volume.usual:,.0f}, z {volume.z:.1f})"
    finding = Finding(table, "volume", SEVERITY[level], abs(volume.rows - volume.last), volume.last, reason)
    return Trip(level, min(1.0, volume.change), sentence, finding)


def _by_how_much(rows: int, last: int) -> str:
    if last == 0:
        return "more"
    return f"{_change(rows, last) * 100:.0f} % {'fewer' if rows < last else 'more'}"


# --- the same cases? -------------------------------------------------------------------------------------------------
Rekeyed = Mapping[str, npt.NDArray[np.object_]]
NO_NEW_KEYS: Rekeyed = {}


def check_continuity(
    now: Mapping[str, pd.DataFrame],
    last: Snapshot,
    as_of: dt.date,
    coverage: Coverage,
    limits: ContinuityLimits,
    rekeyed: Rekeyed = NO_NEW_KEYS,
) -> Breaker:
    """Are the cases of the last accepted extract still there? `now` holds the tables as read, before quality puts rows aside.

    `rekeyed`: ids of the last extract whose rows are in this one under another id, by table: they have not gone.
    """
    if coverage == "window":
        return Breaker()
    before = last.extract.as_of
    least = _least_share(as_of, before, coverage, limits)
    there = {table: pa.concat_arrays([_ids_of(now[table], table), _as_ids(rekeyed.get(table))]) for table in {*limits.tables, *CLOSING}}
    trips = [t for table in limits.tables if (t := _continuity_trip(table, there[table], last, least, limits))]
    trips += [t for table, ids in rekeyed.items() if (t := _rekeyed_trip(table, len(ids), len(last.tables[table]), before, limits))]
    if coverage == "full":
        trips += [t for table in CLOSING if (t := _vanished_trip(table, there[table], last))]
    teams = {table: _teams_gone(now[table], last.tables[table], CLOSING[table], limits.team_from) for table in ("referral", "allocation")}
    trips += [_teams_trip(table, gone, before) for table, gone in teams.items() if gone]
    return Breaker(trips, sorted({team for gone in teams.values() for team in gone}))


def _least_share(as_of: dt.date, before: dt.date, coverage: Coverage, limits: ContinuityLimits) -> float:
    if coverage == "open_only":
        return limits.open_only
    left_by_age = max(0, (as_of - before).days - limits.free_gap_days) / limits.window_days
    return max(0.0, limits.full - left_by_age)


def _continuity_trip(table: str, there: pa.Array, last: Snapshot, least: float, limits: ContinuityLimits) -> Trip | None:
    ids = _ids_of(last.tables[table], table)
    if not len(ids):
        return None
    missing = _missing(ids, there)
    share = 1 - missing / len(ids)
    if share >= least or missing < limits.missing_from:
        return None
    told = f"only {_percent(share)} of the {len(ids):,} ids of the last accepted extract of {last.extract.as_of} are in this one"
    sentence = f"{table}: {told}, at least {_percent(least)} are expected: {HELD}"
    finding = Finding(table, "continuity", "critical", missing, len(ids), "ids of the last accepted extract that are not in this one")
    return Trip("hold", missing / len(ids), sentence, finding)


def _rekeyed_trip(table: str, rows: int, of: int, before: dt.date, limits: ContinuityLimits) -> Trip | None:
    """Numbered anew: nothing is lost, and whatever is kept by id elsewhere no longer finds it."""
    if rows < limits.missing_from or rows <= limits.rekeyed * of:
        return None
    sentence = f"{table}: {rows:,} of the {of:,} rows of the extract of {before} are in this one under other ids: ids changed form"
    return Trip("warn", rows / of, sentence, Finding(table, "rekeyed", "warning", rows, of, "rows with the same content under another id"))


def _vanished_trip(table: str, there: pa.Array, last: Snapshot) -> Trip | None:
    """Open work that is simply not there any more: neither closed nor present."""
    frame = last.tables[table]
    ids = _ids_of(frame[frame[CLOSING[table]].isna()], table)
    if not len(ids):
        return None
    gone = _missing(ids, there)
    if gone == 0:
        return None
    rows = "1 row that was" if gone == 1 else f"{gone:,} rows that were"
    sentence = f"{table}: {rows} open in the extract of {last.extract.as_of} vanished from this one without being closed"
    finding = Finding(table, "vanished_open", "warning", gone, len(ids), "open in the last accepted extract, and not in this one")
    return Trip("warn", gone / len(ids), sentence, finding)


def _teams_gone(now: pd.DataFrame, before: pd.DataFrame, closing: str, least: int) -> list[str]:
    had = before.loc[before[closing].isna(), "team_id"].value_counts()
    has = set(now["team_id"].dropna())
    return sorted(str(team) for team in had[had >= least].index if team not in has)


def _teams_trip(table: str, gone: list[str], before: dt.date) -> Trip:
    teams = "1 team that had" if len(gone) == 1 else f"{len(gone)} teams that had"
    sentence = f"{table}: {teams} open work in the extract of {before} and no row at all in this one: blocked until somebody has looked"
    return Trip(
        "warn", 1.0, sentence, Finding(table, "team_without_rows", "warning", len(gone), len(gone), "teams that lost all their rows")
    )


def _ids_of(frame: pd.DataFrame, table: str) -> pa.Array:
    made = pc.drop_null(pc.unique(text_of(frame[TABLES[table].key])))
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _as_ids(ids: npt.NDArray[np.object_] | None) -> pa.Array:
    return pa.array([] if ids is None else ids, type=pa.large_string(), from_pandas=True)


def _missing(ids: pa.Array, there: pa.Array) -> int:
    """How many of the ids are not there now."""
    return len(ids) - int(pc.sum(pc.is_in(ids, value_set=there)).as_py() or 0)


# --- do events still come? -------------------------------------------------------------------------------------------
FLOWS: Mapping[str, str] = {
    "contact": "contact_on",
    "referral": "referral_date",
    "assessment": "started_on",
    "s47": "strategy_on",
    "conference": "held_on",
    "review": "held_on",
    "visit": "visit_on",
    "allocation": "started_on",
    "missing": "started_on",
    "supervision": "supervised_on",
    "contact_decision": "received_on",
    "meeting": "held_on",
}
SUPPLEMENTARY = frozenset({"supervision", "contact_decision", "meeting"})
"""Their own measures alone suffer, and `surge` looks at those: an end of the file's rows warns."""


def check_flow(now: Mapping[str, pd.DataFrame], as_of: dt.date, limits: FlowLimits) -> list[Trip]:
    """Events dated in the latest window against the windows before it, within this extract: needs no history.

    Where rows have a kind, each kind is looked at by itself: a visit code that was renamed hides among the visits of other kinds.
    """
    trips = []
    for table, column in FLOWS.items():
        frame = now[table]
        whole = _flow_trip(table, None, frame[column], as_of, limits)
        kinds = TABLES[table].column("kind").codes if "kind" in TABLES[table].names else ()
        of_kinds = [t for k in kinds if (t := _flow_trip(table, k, frame.loc[frame["kind"].eq(k), column], as_of, limits))]
        if whole and (whole.level == "hold" or not of_kinds):
            trips.append(whole)
        else:  # of all rows a kind that has stopped may be no more than a fall
            trips += of_kinds
    return trips


def _flow_trip(table: str, kind: str | None, dates: pd.Series, as_of: dt.date, limits: FlowLimits) -> Trip | None:
    if dates.empty:
        return None
    days = (np.datetime64(as_of, "D") - dates.dropna().to_numpy().astype("datetime64[D]")).astype(np.int64)
    window = days[(days >= 0) & (days < limits.days * (limits.windows + 1))] // limits.days
    latest, *earlier = (int(n) for n in np.bincount(window, minlength=limits.windows + 1))
    usual = float(median(earlier))
    z = (root(usual) - root(latest)) / VolumeLimits().spread_of_few
    has_stopped = latest == 0 and usual >= limits.empty_from
    if not has_stopped and not (z > limits.warn_z and latest < usual * (1 - limits.warn_fall)):
        return None
    holds = has_stopped and table not in SUPPLEMENTARY
    level: Level = "hold" if holds else "warn"
    rows = f"rows of kind {kind}" if kind else "rows"
    dated = f"{latest or 'no'} {rows} are dated in the last {limits.days} days, usually {usual:,.0f} are"
    sentence = f"{table}: {dated}: the source may have stopped sending them" + (f", {HELD}" if holds else "")
    rule = f"flow_{kind}" if kind else "flow"
    finding = Finding(table, rule, SEVERITY[level], round(usual) - latest, round(usual), "events in the latest days against usual")
    return Trip(level, 1 - latest / usual, sentence, finding)


def _change(rows: float, base: float) -> float:
    return abs(rows - base) / base if base else (0.0 if rows == 0 else math.inf)


def _percent(share: float) -> str:
    return f"{math.floor(round(share * 1000, 6)) / 10:g} %"


def _is_weekend(day: dt.date) -> bool:
    return day.weekday() >= 5
