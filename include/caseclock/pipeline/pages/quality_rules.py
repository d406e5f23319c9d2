"""Rules of one extract: which are not met, since when, how they went over the last extracts, and which hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, select, tuple_

from caseclock.charts import rule_line
from caseclock.dashboard.pages.quality import RuleLine
from caseclock.extracts.model import Extract
from caseclock.pipeline.pages.quality_words import counting
from caseclock.quality.model import Finding
from caseclock.quality.rules import rule_names
from caseclock.storage import schema as t

LINE_OF: Final = rule_line.PLACES  # extracts in the line of a rule, this one among them
MOST: Final = 200  # rules on the page
Failing = Mapping[str, int]
"""`table.rule` to rows that fail; a rule that was not asked is not in it."""


def before(c: Connection, extract: Extract) -> list[tuple[dt.date, str]]:
    """Date and id of the extracts before this one that could be read and were judged, one per date, oldest first."""
    ids = counting(c, extract.source, extract.as_of - dt.timedelta(days=1), LINE_OF - 1)
    e, q = t.extract.c, t.quality_report.c
    query = select(e.as_of, e.id).join(t.quality_report, q.extract_id == e.id).where(e.id.in_(ids), e.refused.is_(None)).order_by(e.as_of)
    return [(dt.date.fromisoformat(day), id_) for day, id_ in c.execute(query)]


def failing_of(c: Connection, ids: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """What some rules found in some extracts. A finding that is no row rule (row counts, continuity) may have no count of its own."""
    made: dict[str, dict[str, int]] = {id_: {} for id_ in ids}
    q, r = t.quality_report.c, t.rule_count.c
    for id_, findings in c.execute(select(q.extract_id, q.findings).where(q.extract_id.in_(list(ids)))):
        made[id_] = {f"{f['table']}.{f['rule']}": f["failing"] for f in findings}
    if pairs:
        query = select(r.extract_id, r.table_name, r.rule, r.failing).where(
            r.extract_id.in_(list(ids)), tuple_(r.table_name, r.rule).in_(list(pairs))
        )
        for id_, table, rule, failing in c.execute(query):
            made[id_][f"{table}.{rule}"] = failing
    return made


def broken(c: Connection, findings: Sequence[Finding], past: Sequence[tuple[dt.date, str]]) -> tuple[RuleLine, ...]:
    """Rules that are not met, worst first."""
    order = ("critical", "warning", "info")
    ranked = sorted(findings, key=lambda f: (order.index(f.severity), -(f.failing / f.of if f.of else 1), f.table, f.rule))[:MOST]
    found = failing_of(c, [id_ for _, id_ in past], [(f.table, f.rule) for f in ranked])
    return tuple(_line(f, [(day, found[id_]) for day, id_ in past]) for f in ranked)


def _line(f: Finding, past: Sequence[tuple[dt.date, Failing]]) -> RuleLine:
    name = f"{f.table}.{f.rule}"
    unasked = None if name in rule_names() else 0  # a row rule may not have been asked; row counts and the like always are
    drawn = rule_line.draw([*(failing.get(name, unasked) for _, failing in past), f.failing])
    first = since(name, past)
    longer = len(past) == LINE_OF - 1 and first == past[0][0]
    return RuleLine(f.table, f.rule, f.severity, f.failing, f.of, f.reason, first, longer, drawn)


def since(name: str, past: Sequence[tuple[dt.date, Failing]]) -> dt.date | None:
    """The first of the extracts before this one in which the rule has failed without a break; None when it is new."""
    found = None
    for day, failing in reversed(past):
        if not failing.get(name):
            break
        found = day
    return found


def holding(
    c: Connection, extract_id: str, last: str | None
) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, str], ...]]:
    """Tables with their rules that hold, and which of these did not in the extract before."""
    r = t.rule_count.c
    query = select(r.table_name, r.rule).where(r.extract_id == extract_id, r.failing == 0).order_by(r.table_name, r.rule)
    rows = [(table, rule) for table, rule in c.execute(query)]
    failed = set()
    if last:
        failed = {(table, rule) for table, rule in c.execute(select(r.table_name, r.rule).where(r.extract_id == last, r.failing > 0))}
    holds = tuple((table, tuple(rule for _, rule in group)) for table, group in groupby(rows, key=lambda row: row[0]))
    return holds, tuple(row for row in rows if row in failed)
