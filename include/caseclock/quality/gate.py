"""The gate: one verdict on one snapshot, with its reasons.

*hold* when the extract as a whole cannot be believed: its shape, too many unusable rows, ids that changed form, row counts, continuity.
*warn* when single rows cannot. A hold does not stop the path: it stops the numbers from speaking until a person has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from caseclock.extracts.model import Reject
from caseclock.quality.breaker import HELD, Breaker, Level, Trip, check_continuity, check_flow, check_volume
from caseclock.quality.check import TableCheck, checks_of
from caseclock.quality.config import QualityConfig
from caseclock.quality.history import History
from caseclock.quality.model import Finding, QualityReport, Severity, Verdict
from caseclock.quality.rules import CLOSING, LINKED
from caseclock.quality.suites import evaluate
from caseclock.snapshots import TABLES
from caseclock.snapshots.model import Snapshot

RANK: Final[Mapping[Level, int]] = {"hold": 0, "warn": 1, "info": 2}
GRAVITY: Final[Mapping[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}
OF_THE_TABLE: Final = ("columns", "rows", "quarantine_share")
"""Expectations on a table as a whole: not met and critical, they hold. A critical row rule puts rows aside and warns."""


def check(snapshot: Snapshot, history: History, config: QualityConfig | None = None) -> QualityReport:
    """Judge one snapshot. Nothing is written; `quarantine.set_aside` then takes the bad rows out of it."""
    config = config or QualityConfig()
    checks = checks_of(snapshot, config)
    if broken := [c for c in checks.values() if c.bad_columns]:
        return _bad_shape(checks, broken)
    evaluation = evaluate(checks.values())
    breaker = _breaker(snapshot, checks, history, config)
    trips = [
        *(_trip_of(finding) for finding in evaluation.unmet),
        *_open_in_quarantine(checks.values()),
        *_unreadable(checks.values()),
        *_broken_links(checks.values(), config),
        *breaker.trips,
    ]
    return QualityReport(
        verdict=_verdict(trips),
        reasons=_reasons(trips),
        findings=sorted((t.finding for t in trips), key=lambda f: GRAVITY[f.severity]),
        rejects=[r for c in checks.values() for r in _rejects(c)],
        expectations=evaluation.expectations,
        flagged=[r for c in checks.values() for r in _flagged(c, config.listed_per_rule)],
        blocked_teams=breaker.blocked_teams,
        not_evaluated=[f"{c.table}.{rule}: {why}" for c in checks.values() if len(c.frame) for rule, why in c.not_evaluated.items()],
    )


# --- what holds and what warns ---------------------------------------------------------------------------------------
def _verdict(trips: Iterable[Trip]) -> Verdict:
    levels = {t.level for t in trips}
    return "hold" if "hold" in levels else "warn" if "warn" in levels else "pass"


def _reasons(trips: Iterable[Trip]) -> list[str]:
    told = [t for t in trips if t.level != "info"]
    return [t.sentence for t in sorted(told, key=lambda t: (RANK[t.level], GRAVITY[t.finding.severity], -t.size))]


def _bad_shape(checks: Mapping[str, TableCheck], broken: list[TableCheck]) -> QualityReport:
    """Typed tables always have their columns; where they have not, no rule can be trusted and none is asked."""
    findings = [
        Finding(c.table, "columns", "critical", len(c.bad_columns), len(TABLES[c.table].columns), "columns absent or of another type")
        for c in broken
    ]
    reasons = [f"{c.table}: columns {', '.join(c.bad_columns)} are absent or of another type: {HELD}" for c in broken]
    return QualityReport("hold", reasons, findings, not_evaluated=[f"{table}: the extract has no usable shape" for table in checks])


def _trip_of(finding: Finding) -> Trip:
    share = finding.failing / finding.of if finding.of else 1.0
    rows = f"{finding.failing:,} of {finding.of:,} rows"
    if finding.rule == "quarantine_share":
        return Trip("hold", share, f"{finding.table}: {rows} cannot be used ({share:.0%}): {HELD}".replace("%)", " %)"), finding)
    if finding.rule in OF_THE_TABLE:
        held = finding.severity == "critical"
        level: Level = "hold" if held else "warn" if finding.severity == "warning" else "info"
        return Trip(level, share, f"{finding.table}: {finding.reason}" + (f": {HELD}" if held else ""), finding)
    if finding.severity == "critical":
        return Trip("warn", share, f"{finding.table}: {rows} put aside: {finding.reason}", finding)
    return Trip("warn" if finding.severity == "warning" else "info", share, f"{finding.table}: {rows}: {finding.reason}", finding)


def _open_in_quarantine(checks: Iterable[TableCheck]) -> list[Trip]:
    """Open work that was put aside waits unseen until the source is corrected: that is said first among the warnings."""
    trips = []
    for c in checks:
        if c.table not in CLOSING or not c.critical.any():
            continue
        is_open = c.frame[CLOSING[c.table]].isna().to_numpy() & c.critical & ~_copies(c)
        if n := int(np.count_nonzero(is_open)):
            what = "1 row put aside is open work" if n == 1 else f"{n:,} rows put aside are open work"
            sentence = f"{c.table}: {what}: no clock runs on it until the source is corrected"
            trips.append(Trip("warn", 1.0, sentence, Finding(c.table, "open_in_quarantine", "critical", n, c.read, "open work put aside")))
    return trips


def _copies(c: TableCheck) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows that are aside only because another row with their key is used."""
    made: np.ndarray[tuple[int], np.dtype[np.bool_]] = c.flags[c.rules[0].id].to_numpy()
    return made


def _unreadable(checks: Iterable[TableCheck]) -> list[Trip]:
    trips = []
    for c in checks:
        if n := len(c.unread):
            rows = "1 row" if n == 1 else f"{n:,} rows"
            finding = Finding(c.table, "unreadable", "warning", n, c.read, "rows that could not be read")
            trips.append(Trip("warn", n / c.read, f"{c.table}: {rows} of {c.read:,} could not be read and are put aside", finding))
    return trips


def _broken_links(checks: Iterable[TableCheck], config: QualityConfig) -> list[Trip]:
    """Most links of a column lead nowhere: not bad rows, but ids that changed form on one side."""
    trips = []
    for c in checks:
        for rule in (r for r in c.rules if r.is_link and LINKED[r.columns[0]] not in ("worker", "team")):
            filled, failing = int(c.frame[rule.columns[0]].notna().sum()), c.counts[rule.id].failing
            if failing >= config.quarantine_from and failing > config.broken_link_share * filled:
                finding = Finding(c.table, f"{rule.columns[0]}_form", "critical", failing, filled, "ids that lead nowhere")
                sentence = f"{c.table}: {failing:,} of {filled:,} {rule.columns[0]} lead nowhere, so ids may have changed form: {HELD}"
                trips.append(Trip("hold", failing / filled, sentence, finding))
    return trips


def _breaker(snapshot: Snapshot, checks: Mapping[str, TableCheck], history: History, config: QualityConfig) -> Breaker:
    as_of = snapshot.extract.as_of
    before = history.before(as_of)
    frames = {table: c.frame for table, c in checks.items()}
    trips = check_volume({table: c.kept for table, c in checks.items()}, before, as_of, config.volume)
    trips += check_flow(frames, as_of, config.flow)
    if not before or history.load is None or history.coverage == "window":
        return Breaker(trips)
    same = check_continuity(frames, history.load(before[-1].extract_id), as_of, history.coverage, config.continuity)
    return Breaker([*trips, *same.trips], same.blocked_teams)


# --- rows ------------------------------------------------------------------------------------------------------------
def _rejects(c: TableCheck) -> list[Reject]:
    """Every row put aside, with every reason for it."""
    return [reject for rule in c.rules if rule.severity == "critical" for reject in c.rows_failing(rule)]


def _flagged(c: TableCheck, limit: int) -> list[Reject]:
    return [reject for rule in c.rules if rule.severity == "warning" for reject in c.rows_failing(rule, limit)]
