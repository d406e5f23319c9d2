"""What a quality report says, and the report as plain text for the terminal and the log.

Counts, rules, files, row numbers and columns; never a value.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from caseclock.extracts.model import Extract, Reject
from caseclock.quality.model import Finding, QualityReport, RuleCount, TableChange, Verdict
from caseclock.quality.quarantine import set_aside
from caseclock.snapshots.model import Snapshot, TableCount

WIDTH = 100  # a terminal beside a browser, and the Airflow log
VERDICTS: Mapping[Verdict, str] = {
    "pass": "PASS: the numbers speak",
    "warn": "WARN: the numbers speak, and something has to be corrected at the source",
    "hold": "HOLD: the numbers do not speak until a person has looked",
}
SIGNS = {"critical": "!!", "warning": " !", "info": "  "}


@dataclass(frozen=True)
class Past:
    """One earlier extract of the same source: date, verdict, and failing rows by `table.rule`. A rule that was not asked is absent."""

    as_of: dt.date
    verdict: Verdict
    failing: Mapping[str, int]


@dataclass(frozen=True)
class Facts:
    """Everything that a report says of one extract, with nothing in it that belongs to a child.

    `rejects`: rows put aside; `flagged`: rows that are used although they break a rule. `changes`: rows against the extract of
    `compared_with`. `past`: earlier extracts, oldest first. `quarantine`: how the quarantine changed with this extract (`open`, `new`,
    `corrected`, `gone`). `decision`: what a person said of a held extract. `numbers_speak`: the gate's verdict and the decision together.
    """

    extract: Extract
    verdict: Verdict
    reasons: Sequence[str] = ()
    tables: Mapping[str, TableCount] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    counts: Sequence[RuleCount] = ()
    expectations: int = 0
    rejects: Sequence[Reject] = ()
    flagged: Sequence[Reject] = ()
    absences: Sequence[str] = ()
    notes: Sequence[str] = ()
    not_evaluated: Sequence[str] = ()
    changes: Sequence[TableChange] = ()
    compared_with: dt.date | None = None
    past: Sequence[Past] = ()
    quarantine: Mapping[str, int] = field(default_factory=dict)
    decision: str = ""
    numbers_speak: bool = True


def facts_of(
    snapshot: Snapshot,
    report: QualityReport,
    past: Sequence[Past] = (),
    compared_with: dt.date | None = None,
) -> Facts:
    """What the gate has just said. `snapshot` may be the one that was judged or the one that `set_aside` made of it."""
    aside = set_aside(snapshot, report)
    return Facts(
        extract=snapshot.extract,
        verdict=report.verdict,
        reasons=report.reasons,
        tables=aside.counts(),
        findings=report.findings,
        counts=report.counts,
        expectations=report.expectations,
        rejects=aside.rejects,
        flagged=report.flagged,
        absences=[str(absence) for absence in snapshot.absences],
        notes=snapshot.notes,
        not_evaluated=report.not_evaluated,
        changes=report.changes,
        compared_with=compared_with,
        past=past,
        numbers_speak=report.verdict != "hold",
    )


def report_text(snapshot: Snapshot, report: QualityReport, rows: int = 20) -> str:
    """The report of one extract that was just judged; see `text_of`."""
    return text_of(facts_of(snapshot, report), rows)


def text_of(facts: Facts, rows: int = 20) -> str:
    """The report as text. `rows`: how many rows are named, in quarantine and among the others; the rest is counted."""
    extract = facts.extract
    head = f"Quality of {extract.source} as of {extract.as_of}, revision {extract.revision} (extract {extract.id})"
    parts = [
        [head, VERDICTS[facts.verdict], *([f"A person has decided: {facts.decision}"] if facts.decision else [])],
        _section("Why", [f"- {reason}" for reason in facts.reasons]),
        _section("Rows", _counts(facts)),
        _section(f"Rules not met ({facts.expectations} expectations evaluated)", [_finding(f, facts.past) for f in facts.findings]),
        _section("In quarantine", [*_change_of_quarantine(facts.quarantine), *_places(facts.rejects, rows)]),
        _section("Used, but to be corrected", _places(facts.flagged, rows)),
        _section("Not in this extract, so not seen", [f"- {absence}" for absence in facts.absences]),
        _section("Notes", [f"- {note}" for note in facts.notes]),
        _section("Not checked", not_checked(facts.not_evaluated)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *(_wrapped(line) for line in lines)] if lines else []


def _wrapped(line: str) -> str:
    """Within the width; a continued line hangs below the words of its first. A table is left alone."""
    if len(line) <= WIDTH - 2:
        return "  " + line
    hang = "     " if line[:2] in SIGNS.values() else "    "
    return "\n".join(
        textwrap.wrap(
            line, WIDTH, initial_indent="  ", subsequent_indent=hang, break_long_words=False, break_on_hyphens=False,
            drop_whitespace=True, replace_whitespace=False,
        )
    )  # fmt: skip


def _counts(facts: Facts) -> list[str]:
    if not facts.tables:
        return ["none"]
    wide = max(len(table) for table in facts.tables)
    changes = {c.table: c for c in facts.changes}
    head = f"{'':{wide}}  {'read':>10}  {'kept':>10}  {'quarantine':>10}"
    if changes:
        head += f"  {'new':>8}  {'changed':>8}  {'gone':>8}"
    lines = [head]
    for table, c in facts.tables.items():
        line = f"{table:{wide}}  {c.read:>10,}  {c.kept:>10,}  {c.quarantined:>10,}"
        if found := changes.get(table):
            line += f"  {found.new:>8,}  {found.changed:>8,}  {found.gone:>8,}"
        lines.append(line)
    if changes and facts.compared_with:
        lines.append(f"new, changed and gone: against the accepted extract of {facts.compared_with}, by content")
    return lines


def _finding(f: Finding, past: Sequence[Past]) -> str:
    since = failing_since(f"{f.table}.{f.rule}", past)
    told = f" (since {since})" if since else ""
    return f"{SIGNS[f.severity]} {f.table}.{f.rule}: {f.failing:,} of {f.of:,}: {f.reason}{told}"


def failing_since(name: str, past: Sequence[Past]) -> dt.date | None:
    """The first of the extracts before this one in which the rule has failed without a break; None when it is new."""
    since = None
    for one in reversed(past):
        if not one.failing.get(name):
            break
        since = one.as_of
    return since


def _change_of_quarantine(quarantine: Mapping[str, int]) -> list[str]:
    if not quarantine or not any(quarantine.values()):
        return []
    words = {"open": "in quarantine", "new": "new", "corrected": "corrected since", "gone": "no longer sent"}
    return [", ".join(f"{quarantine.get(name, 0):,} {word}" for name, word in words.items())]


def _places(rejects: Iterable[Reject], limit: int) -> list[str]:
    """One line per file, column and reason, with its row numbers; at most `limit` rows are named."""
    named = sorted(rejects, key=lambda r: (r.table, r.file, r.column, r.reason, r.row))
    lines = []
    for (_, file, column, reason), found in groupby(named[:limit], key=lambda r: (r.table, r.file, r.column, r.reason)):
        rows = [str(r.row) for r in found]
        lines.append(f"{file} {'row' if len(rows) == 1 else 'rows'} {', '.join(rows)}, {column}: {reason}")
    rest = len(named) - limit
    return [*lines, f"and {rest:,} more"] if rest > 0 else lines


def not_checked(rules: Iterable[str]) -> list[str]:
    """One line per reason, however many rules share it."""
    by_reason: dict[str, list[str]] = {}
    for entry in rules:
        rule, _, why = entry.partition(": ")
        by_reason.setdefault(why, []).append(rule)
    return [f"- {why}: {', '.join(names) if len(names) <= 4 else f'{len(names)} rules'}" for why, names in by_reason.items()]
