"""The quality report as plain text, for the terminal and the log. Counts, rules, files, row numbers and columns; never a value."""

from __future__ import annotations

from collections.abc import Iterable

from caseclock.extracts.model import Reject
from caseclock.quality.model import Finding, QualityReport
from caseclock.quality.quarantine import set_aside
from caseclock.snapshots.model import Snapshot, TableCount

VERDICTS = {
    "pass": "PASS: the numbers speak",
    "warn": "WARN: the numbers speak, and something has to be corrected at the source",
    "hold": "HOLD: the numbers do not speak until a person has looked",
}
SIGNS = {"critical": "!!", "warning": " !", "info": "  "}


def report_text(snapshot: Snapshot, report: QualityReport, rows: int = 20) -> str:
    """The report of one extract. `rows`: how many rows are named, in quarantine and among the others; the rest is counted.

    `snapshot` may be the one that was judged or the one that `set_aside` made of it.
    """
    extract = snapshot.extract
    head = f"Quality of {extract.source} as of {extract.as_of}, revision {extract.revision} (extract {extract.id})"
    aside = set_aside(snapshot, report)
    parts = [
        [head, VERDICTS[report.verdict]],
        _section("Why", [f"- {reason}" for reason in report.reasons]),
        _section("Rows", _counts(aside.counts())),
        _section(f"Rules not met ({report.expectations} expectations evaluated)", [_finding(f) for f in report.findings]),
        _section("In quarantine", _places(aside.rejects, rows)),
        _section("Used, but to be corrected", _places(report.flagged, rows)),
        _section("Not in this extract, so not seen", [f"- {absence}" for absence in snapshot.absences]),
        _section("Notes", [f"- {note}" for note in snapshot.notes]),
        _section("Not checked", _not_checked(report.not_evaluated)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *("  " + line for line in lines)] if lines else []


def _counts(counts: dict[str, TableCount]) -> list[str]:
    if not counts:
        return ["none"]
    wide = max(len(table) for table in counts)
    lines = [f"{'':{wide}}  {'read':>10}  {'kept':>10}  {'quarantine':>10}"]
    return [*lines, *(f"{table:{wide}}  {c.read:>10,}  {c.kept:>10,}  {c.quarantined:>10,}" for table, c in counts.items())]


def _finding(f: Finding) -> str:
    return f"{SIGNS[f.severity]} {f.table}.{f.rule}: {f.failing:,} of {f.of:,}: {f.reason}"


def _places(rejects: Iterable[Reject], limit: int) -> list[str]:
    named = sorted(rejects, key=lambda r: (r.table, r.file, r.row))
    lines = [f"{r.file} row {r.row}, {r.column}: {r.reason}" for r in named[:limit]]
    rest = len(named) - len(lines)
    return [*lines, f"and {rest:,} more"] if rest else lines


def _not_checked(rules: list[str]) -> list[str]:
    """One line per reason, however many rules share it."""
    by_reason: dict[str, list[str]] = {}
    for entry in rules:
        rule, _, why = entry.partition(": ")
        by_reason.setdefault(why, []).append(rule)
    return [f"- {why}: {', '.join(names) if len(names) <= 4 else f'{len(names)} rules'}" for why, names in by_reason.items()]
