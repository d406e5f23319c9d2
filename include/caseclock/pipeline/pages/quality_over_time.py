"""One rule over the last extracts: what it asks, how bad a row is that fails it, and how many did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from caseclock.charts import recent
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.quality import Judged, RulePage
from caseclock.pipeline.pages import quality_aside
from caseclock.pipeline.pages.quality_rules import since
from caseclock.pipeline.pages.quality_words import Came, came, counting, in_order
from caseclock.quality.config import QualityConfig
from caseclock.quality.rules import CELL_RULES, MALFORMED, rule_names, rules_of
from caseclock.snapshots.tables import TABLES
from caseclock.storage import schema as t

MOST: Final = 60  # extracts
WIDTH: Final = 720
HEIGHT: Final = 260


class Said(NamedTuple):
    """What is known of a rule without any extract."""

    reason: str
    severity: str
    columns: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Point(NamedTuple):
    failing: int
    of: int
    severity: str
    reason: str | None


def rule(c: Connection, at: At, config: QualityConfig, table: str, name: str) -> RulePage:
    """Raises NotThere for what is no rule and was found in none of the last extracts."""
    ids = counting(c, at.source, dt.date.max, MOST)
    extracts, points = in_order(came(c, ids), ids), _points(c, ids, table, name)
    said = _definition(config, table, name) or _from_findings(points, ids) or _from_rows(c, at.source, table, name)
    if said is None:
        raise NotThere("there is no such rule, or it was not asked in the last extracts", where="rule")
    series = [(one, _found(one, points.get(one.id), f"{table}.{name}")) for one in extracts]
    asked = [(one.as_of, failing) for one, (failing, _) in series if failing is not None]
    drawn = _chart(table, name, asked)
    return RulePage(
        title=f"Rule: {table}.{name}",
        table=table,
        rule=name,
        says=said.reason,
        severity=next((points[id_].severity for id_ in reversed(ids) if id_ in points), said.severity),
        columns=said.columns,
        needs=said.needs,
        finding=recent.finding(drawn),
        chart=recent.draw(drawn, width=WIDTH, height=HEIGHT),
        points=tuple(
            (Judged(one.id, one.as_of, one.revision, one.word, one.said, one.tone), failing, of) for one, (failing, of) in reversed(series)
        ),
        since=since("it", [(day, {"it": failing}) for day, failing in asked]),
        aside=quality_aside.of_rule(c, at.source, table, name),
    )


def _found(one: Came, point: Point | None, name: str) -> tuple[int | None, int | None]:
    """Failing rows, and of how many. A row rule may not have been asked; what compares whole tables always is, silent when met."""
    if point:
        return point.failing, point.of
    return (None if name in rule_names() or one.word in ("refused", "") else 0), None


def _points(c: Connection, ids: Sequence[str], table: str, name: str) -> dict[str, Point]:
    """Per extract what the rule found. A finding that is no row rule may have no count of its own."""
    q, r = t.quality_report.c, t.rule_count.c
    made: dict[str, Point] = {}
    counts = select(r.extract_id, r.failing, r.of, r.severity).where(r.extract_id.in_(list(ids)), r.table_name == table, r.rule == name)
    for id_, failing, of, severity in c.execute(counts):
        made[id_] = Point(failing, of, severity, None)
    for id_, findings in c.execute(select(q.extract_id, q.findings).where(q.extract_id.in_(list(ids)))):
        for f in findings:
            if (f["table"], f["rule"]) == (table, name):
                kept = made.get(id_) or Point(f["failing"], f["of"], f["severity"], None)
                made[id_] = kept._replace(reason=f["reason"])
    return made


def _definition(config: QualityConfig, table: str, name: str) -> Said | None:
    """Of a rule on rows or cells; what compares whole tables has no words until it finds something."""
    if table not in TABLES:
        return None
    for one in rules_of(table, config):
        if one.id == name:
            needs = tuple(f"{other}.{column}" for other, column in one.needs)
            return Said(one.reason, one.severity, one.columns, needs)
    for ending, (severity, words) in CELL_RULES.items():
        column = name.removesuffix(f"_{ending}")
        if name == MALFORMED == ending:
            return Said(words, severity)
        if column != name and column in TABLES[table].names:
            return Said(words, severity, (column,))
    return None


def _from_findings(points: dict[str, Point], ids: Sequence[str]) -> Said | None:
    known = [points[id_] for id_ in reversed(ids) if id_ in points]
    told = next((point.reason for point in known if point.reason), "A check of the whole table, which every extract so far has met")
    return Said(told, known[0].severity) if known else None


def _from_rows(c: Connection, source: str, table: str, name: str) -> Said | None:
    """What rows are, or were, set aside for."""
    q = t.quarantine_entry.c
    told = c.execute(select(q.reason).where(q.source == source, q.table_name == table, q.rule == name).limit(1)).scalar()
    return Said(told, "critical") if told else None


def _chart(table: str, name: str, points: Sequence[tuple[dt.date, int]]) -> recent.Recent:
    return recent.Recent(f"Rows failing {table}.{name}", tuple((day, float(failing)) for day, failing in points), unit="rows")
