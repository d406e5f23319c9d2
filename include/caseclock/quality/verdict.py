"""From what was noticed to one verdict with its reasons, worst first.

| level of a trip | verdict |
|---|---|
| hold | hold: the path goes on, the numbers do not speak until a person has looked |
| warn | warn: the numbers speak, somebody is told |
| info | none of its own; it is in the findings |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from caseclock.quality.model import Finding, QualityReport, RuleCount, Severity, Verdict
from caseclock.quality.trip import Level, Trip

RANK: Final[Mapping[Level, int]] = {"hold": 0, "warn": 1, "info": 2}
GRAVITY: Final[Mapping[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}
VERDICTS: Final[Sequence[Verdict]] = ("hold", "warn", "pass")  # by rank


def verdict_of(trips: Iterable[Trip]) -> Verdict:
    return VERDICTS[min((RANK[t.level] for t in trips), default=2)]


def reasons_of(trips: Iterable[Trip]) -> list[str]:
    told = [t for t in trips if t.level != "info"]
    return [t.sentence for t in sorted(told, key=lambda t: (RANK[t.level], GRAVITY[t.finding.severity], -t.size))]


def findings_of(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: GRAVITY[f.severity])


def with_trips(report: QualityReport, trips: Iterable[Trip]) -> QualityReport:
    """The report with what was noticed after it was made. A verdict only gets worse, holds are told first; a second call with the same
    trips changes nothing.
    """
    new = [t for t in trips if t.finding not in report.findings]
    if not new:
        return report
    holds, warns = reasons_of(t for t in new if t.level == "hold"), reasons_of(t for t in new if t.level == "warn")
    named = {(c.table, c.rule) for c in report.counts}
    counts = [RuleCount(f.table, f.rule, f.severity, f.failing, f.of) for f in (t.finding for t in new) if (f.table, f.rule) not in named]
    return replace(
        report,
        verdict=min(report.verdict, verdict_of(new), key=VERDICTS.index),
        reasons=[*holds, *report.reasons, *warns],
        findings=findings_of([*report.findings, *(t.finding for t in new)]),
        counts=[*report.counts, *counts],
    )
