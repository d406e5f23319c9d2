"""Quality over time, in SQL: counts per rule, numbers per extract, rows against the extract before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple, cast

from sqlalchemy import Connection, Table, delete, insert, select, update

from caseclock.quality.history import Coverage
from caseclock.quality.model import QualityReport, RuleCount, Stat, TableChange
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks

COVERAGE, TRACKED, COMPARED = "coverage", "tracked", "compared"
CLOCKS = ("running", "overdue", "done")
LATER = (COVERAGE, TRACKED, COMPARED, *CLOCKS)
"""Numbers about an extract that other steps than check_quality find out: how much of the past it shows (scope), that its quarantine has
been taken into the life of the rows, which extract its events are against (scope), and how its clocks stand (scope: the rule)."""


class Clocks(NamedTuple):
    """Clocks of one rule: those that run (overdue ones among them), overdue ones, and those that were stopped in the last weeks."""

    running: int
    overdue: int
    done: int


# --- what check_quality found ----------------------------------------------------------------------------------------
def save_numbers(c: Connection, extract_id: str, report: QualityReport, compared_with: str = "") -> None:
    """Counts, stats and changes of one extract. A second call changes nothing."""
    _save_counts(c, extract_id, report.counts)
    c.execute(delete(t.table_change).where(t.table_change.c.extract_id == extract_id))
    c.execute(delete(t.extract_stat).where(t.extract_stat.c.extract_id == extract_id, t.extract_stat.c.name.not_in(LATER)))
    changes = [
        {"extract_id": extract_id, "table_name": d.pop("table"), "compared_with": compared_with, **d} for d in map(asdict, report.changes)
    ]
    stats = [{"extract_id": extract_id, **asdict(s)} for s in report.stats if s.name not in LATER]
    _insert(c, t.table_change, changes)
    _insert(c, t.extract_stat, stats)


def rule_counts(c: Connection, extract_ids: Sequence[str]) -> dict[str, list[RuleCount]]:
    """Every expectation of each extract, met or not, in order of table and rule."""
    made: dict[str, list[RuleCount]] = {i: [] for i in extract_ids}
    r = t.rule_count
    for ids in in_chunks(extract_ids):
        for row in c.execute(select(r).where(r.c.extract_id.in_(ids)).order_by(r.c.table_name, r.c.rule)):
            made[row.extract_id].append(RuleCount(row.table_name, row.rule, row.severity, row.failing, row.of))
    return made


def failing_of(c: Connection, extract_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many rows fail each expectation of each extract, by `table.rule`: no more than that, for a line over a dozen extracts."""
    made: dict[str, dict[str, int]] = {i: {} for i in extract_ids}
    r = t.rule_count.c
    for ids in in_chunks(extract_ids):
        for extract_id, table, rule, failing in c.execute(
            select(r.extract_id, r.table_name, r.rule, r.failing).where(r.extract_id.in_(ids))
        ).all():
            made[extract_id][f"{table}.{rule}"] = failing
    return made


def stats_of(c: Connection, extract_ids: Sequence[str]) -> dict[str, list[Stat]]:
    """The numbers that check_quality compares, per extract."""
    made: dict[str, list[Stat]] = {i: [] for i in extract_ids}
    s = t.extract_stat
    for ids in in_chunks(extract_ids):
        for row in c.execute(select(s).where(s.c.extract_id.in_(ids), s.c.name.not_in(LATER)).order_by(s.c.name, s.c.scope)):
            made[row.extract_id].append(Stat(row.name, row.scope, row.value))
    return made


def changes_of(c: Connection, extract_id: str) -> tuple[str, list[TableChange]]:
    """The id of the extract that it was compared with (empty: none), and the rows of each table against it."""
    h = t.table_change
    rows = c.execute(select(h).where(h.c.extract_id == extract_id).order_by(h.c.table_name)).all()
    made = [TableChange(r.table_name, r.new, r.changed, r.gone, r.same, r.rekeyed) for r in rows]
    return (rows[0].compared_with if rows else ""), made


# --- what other steps found ------------------------------------------------------------------------------------------
def save_coverage(c: Connection, extract_id: str, coverage: Coverage) -> None:
    _replace(c, extract_id, [Stat(COVERAGE, coverage, 1.0)])


def coverage_of(c: Connection, extract_id: str) -> Coverage | None:
    """How much of the past the extract shows, as its reader or its source said; None where nobody wrote it down."""
    s = t.extract_stat
    return cast("Coverage | None", c.execute(select(s.c.scope).where(s.c.extract_id == extract_id, s.c.name == COVERAGE)).scalar())


def save_standing(c: Connection, extract_id: str, standing: Mapping[str, Clocks]) -> None:
    """How the clocks of each rule stand, for the extract after this one."""
    rows = [Stat(name, rule, float(n)) for rule, clocks in standing.items() for name, n in zip(CLOCKS, clocks, strict=True)]
    _replace(c, extract_id, rows, CLOCKS)


def standing_of(c: Connection, extract_id: str) -> dict[str, Clocks]:
    """Empty when no clocks were made from the extract."""
    s = t.extract_stat
    found: dict[str, dict[str, int]] = {}
    for row in c.execute(select(s).where(s.c.extract_id == extract_id, s.c.name.in_(CLOCKS))):
        found.setdefault(row.scope, {})[row.name] = round(row.value)
    return {rule: Clocks(*(numbers.get(name, 0) for name in CLOCKS)) for rule, numbers in found.items()}


def save_verdict(c: Connection, extract_id: str, report: QualityReport) -> None:
    """What a later step has added to verdict, reasons, findings and counts."""
    values = {"verdict": report.verdict, "reasons": report.reasons, "findings": [asdict(f) for f in report.findings]}
    c.execute(update(t.quality_report).where(t.quality_report.c.extract_id == extract_id).values(**values))
    _save_counts(c, extract_id, report.counts)


# --- inside ----------------------------------------------------------------------------------------------------------
def _save_counts(c: Connection, extract_id: str, counts: Iterable[RuleCount]) -> None:
    c.execute(delete(t.rule_count).where(t.rule_count.c.extract_id == extract_id))
    by_name = {(n.table, n.rule): n for n in counts}  # what two checks say of one rule, the later one says
    _insert(c, t.rule_count, [{"extract_id": extract_id, "table_name": d.pop("table"), **d} for d in map(asdict, by_name.values())])


def _replace(c: Connection, extract_id: str, stats: Iterable[Stat], names: Sequence[str] = ()) -> None:
    rows = [{"extract_id": extract_id, **asdict(s)} for s in stats]
    s = t.extract_stat
    c.execute(delete(s).where(s.c.extract_id == extract_id, s.c.name.in_(names or {r["name"] for r in rows})))
    _insert(c, s, rows)


def _insert(c: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    if rows:
        c.execute(insert(table), rows)
