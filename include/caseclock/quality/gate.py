"""The gate: one verdict on one snapshot, with its reasons.

*hold* when the extract as a whole cannot be believed: its shape, too many unusable rows, ids that lead nowhere, row counts, continuity,
events that stop, columns that clocks need and that are empty, or nothing new for weeks. *warn* when single rows cannot, or a number drifts.
A hold does not stop the path: it stops the numbers from speaking until a person has looked.

| severity of a row rule | its rows | verdict |
|---|---|---|
| critical | put aside | warn; hold when they are more than the share that the configuration allows |
| warning | used, and named in `flagged` | warn |
| info | used | none |

Exact copies are put aside, and count towards no share: nothing is lost with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from caseclock.extracts.model import Reject
from caseclock.quality.breaker import Breaker, check_continuity, check_flow, check_volume
from caseclock.quality.check import TableCheck, checks_of
from caseclock.quality.codes import check_codes
from caseclock.quality.config import QualityConfig
from caseclock.quality.content import Compared, compare
from caseclock.quality.drift import check_drift, past_of
from caseclock.quality.freshness import check_freshness
from caseclock.quality.history import Accepted, History
from caseclock.quality.left_out import leave_out
from caseclock.quality.model import Finding, QualityReport, RuleCount, Stat
from caseclock.quality.quarantine import set_aside
from caseclock.quality.rules import CLOSING, LINKED
from caseclock.quality.stats import stats_of
from caseclock.quality.suites import evaluate
from caseclock.quality.teams import check_team_quarantine, check_team_stocks, usual_rows
from caseclock.quality.trip import HELD, Level, Trip
from caseclock.quality.verdict import findings_of, reasons_of, verdict_of
from caseclock.snapshots import TABLES
from caseclock.snapshots.model import Snapshot

OF_THE_TABLE: Final = ("columns", "rows", "quarantine_share")
"""Expectations on a table as a whole: not met and critical, they hold. A critical row rule puts rows aside and warns."""


def check(snapshot: Snapshot, history: History, config: QualityConfig | None = None) -> QualityReport:
    """Judge one snapshot. Nothing is written; `quarantine.set_aside` then takes the bad rows out of it."""
    config = config or QualityConfig()
    checks = checks_of(snapshot, config)
    if broken := [c for c in checks.values() if c.bad_columns]:
        return _bad_shape(checks, broken)
    evaluation = evaluate(checks.values())
    rejects = [r for c in checks.values() for r in _rejects(c)]
    accepted = set_aside(snapshot, QualityReport("pass", rejects=rejects))
    stats = stats_of(accepted)
    breaker, compared = _breaker(snapshot, accepted, stats, checks, history, config)
    trips = [
        *(_trip_of(finding) for finding in evaluation.unmet),
        *_open_in_quarantine(checks.values()),
        *_unreadable(checks.values()),
        *_broken_links(checks.values(), config),
        *breaker.trips,
    ]
    trips, rejects = leave_out(trips, checks, rejects)
    return QualityReport(
        verdict=verdict_of(trips),
        reasons=reasons_of(trips),
        findings=findings_of(t.finding for t in trips),
        rejects=rejects,
        expectations=evaluation.expectations,
        flagged=[r for c in checks.values() for r in _flagged(c, config.listed_per_rule)],
        blocked_teams=breaker.blocked_teams,
        not_evaluated=[f"{c.table}.{rule}: {why}" for c in checks.values() if len(c.frame) for rule, why in c.not_evaluated.items()],
        counts=[count for c in checks.values() for count in _counts(c)],
        stats=stats,
        changes=[c.change for c in compared.values()],
    )


# --- what holds and what warns ---------------------------------------------------------------------------------------
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
        is_open = c.frame[CLOSING[c.table]].isna().to_numpy() & c.critical & ~_same_elsewhere(c)
        if n := int(np.count_nonzero(is_open)):
            what = "1 row put aside is open work" if n == 1 else f"{n:,} rows put aside are open work"
            sentence = f"{c.table}: {what}: no clock runs on it until the source is corrected"
            trips.append(Trip("warn", 1.0, sentence, Finding(c.table, "open_in_quarantine", "critical", n, c.read, "open work put aside")))
    return trips


def _same_elsewhere(c: TableCheck) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows that are aside only because another row with their key is used."""
    made: np.ndarray[tuple[int], np.dtype[np.bool_]] = c.flags[[c.rules[0].id, c.rules[1].id]].any(axis=1).to_numpy()
    return made


def _unreadable(checks: Iterable[TableCheck]) -> list[Trip]:
    trips = []
    for c in checks:
        if n := len(c.unread_copies):
            told = f"{c.table}: {'1 row' if n == 1 else f'{n:,} rows'} of {c.read:,} are exact copies of others and are put aside"
            finding = Finding(c.table, "copy_on_reading", "warning", n, c.read, "exact copies of other rows")
            trips.append(Trip("warn", n / c.read, told, finding))
        if n := len(c.unread) - len(c.unread_copies):
            rows = "1 row" if n == 1 else f"{n:,} rows"
            finding = Finding(c.table, "unreadable", "warning", n, c.read, "rows that could not be read")
            trips.append(Trip("warn", n / c.read, f"{c.table}: {rows} of {c.read:,} could not be read and are put aside", finding))
    return trips


PEOPLE: Final = ("worker", "team")
SUPPLEMENTARY: Final = ("supervision", "staff", "post")


def _broken_links(checks: Iterable[TableCheck], config: QualityConfig) -> list[Trip]:
    """Most links of a column lead nowhere: not bad rows, but ids that changed form on one side. Workers and teams that are in no table are
    common in a case system; in a file that somebody made by hand they mean that its measures cannot be worked out, and that warns.
    """
    trips = []
    for c in checks:
        for rule in (r for r in c.rules if r.is_link):
            of_people = LINKED[rule.columns[0]] in PEOPLE
            filled, failing = int(c.frame[rule.columns[0]].notna().sum()), c.counts[rule.id].failing
            if (
                failing < config.quarantine_from
                or failing <= config.broken_link_share * filled
                or (of_people and c.table not in SUPPLEMENTARY)
            ):
                continue
            finding = Finding(
                c.table, f"{rule.columns[0]}_form", "warning" if of_people else "critical", failing, filled, "ids that lead nowhere"
            )
            told = f"{c.table}: {failing:,} of {filled:,} {rule.columns[0]} lead nowhere, so ids may have changed form"
            trips.append(
                Trip("warn", failing / filled, told, finding) if of_people else Trip("hold", failing / filled, f"{told}: {HELD}", finding)
            )
    return trips


def _breaker(
    snapshot: Snapshot, accepted: Snapshot, stats: list[Stat], checks: Mapping[str, TableCheck], history: History, config: QualityConfig
) -> tuple[Breaker, Mapping[str, Compared]]:
    """Everything that looks at the extract as a whole. `accepted`: the snapshot without the rows that this check puts aside."""
    as_of = snapshot.extract.as_of
    before = history.before(as_of)
    frames = {table: c.frame for table, c in checks.items()}
    found = Breaker(check_volume({table: c.kept for table, c in checks.items()}, before, as_of, config.volume))
    found += Breaker(check_flow(frames, as_of, config.flow) + check_freshness(frames, as_of, config.freshness))
    found += check_team_quarantine(checks.values(), config.teams)
    past = [past_of(a.as_of, history.stats[a.extract_id]) for a in before if a.extract_id in history.stats]
    found += Breaker(check_drift(stats, past, as_of, config.drift))
    if not before or history.load is None:
        return found, {}
    last = history.load(before[-1].extract_id)
    compared = compare(last.tables, accepted.tables)
    found += Breaker([*check_codes(accepted.tables, last.tables, config.drift), *_nothing_new(compared, before[-1])])
    if history.coverage == "window":
        return found, compared
    rekeyed = {table: c.rekeyed for table, c in compared.items() if len(c.rekeyed)}
    found += check_continuity(frames, last, as_of, history.coverage, config.continuity, rekeyed)
    usual = usual_rows(past[-config.volume.extracts :])
    return found + check_team_stocks(frames, last.tables, before[-1].as_of, config.teams, config.volume, usual), compared


def _nothing_new(compared: Mapping[str, Compared], last: Accepted) -> list[Trip]:
    """Every row says what it said before. No fault by itself: nothing may have been entered since."""
    rows = sum(c.change.same + c.change.rekeyed for c in compared.values())
    if not rows or any(c.change.new or c.change.changed or c.change.gone for c in compared.values()):
        return []
    finding = Finding("extract", "nothing_changed", "info", rows, rows, f"nothing has changed since the extract of {last.as_of}")
    return [Trip("info", 1.0, f"nothing has changed since the extract of {last.as_of}", finding)]


# --- rows ------------------------------------------------------------------------------------------------------------
def _rejects(c: TableCheck) -> list[Reject]:
    """Every row put aside, with every reason for it."""
    return [reject for rule in c.rules if rule.severity == "critical" for reject in c.rows_failing(rule)]


def _flagged(c: TableCheck, limit: int) -> list[Reject]:
    return [reject for rule in c.rules if rule.severity == "warning" for reject in c.rows_failing(rule, limit)]


def _counts(c: TableCheck) -> list[RuleCount]:
    """Every expectation of the table, met or not, and what is counted of its cells."""
    made = [RuleCount(c.table, e.rule, e.severity, c.counts[e.rule].failing, c.counts[e.rule].of) for e in c.expected]
    return made + c.cells_without_fault
