"""The rules of every canonical table, as data.

Four kinds hold for every table and come from `TABLES`: key and required columns, code sets, links, believable dates. The rest is written
out below, table by table. Sources: the CIN census rules of DfE named by number (8841, 8863Q, 8867), and defects seen in SSD extracts.

Why a date after the extract's own date is two things. A *start* in the future has not begun: its row is put aside, and nothing that waits
today is hidden by that (an allocation from next week leaves the case unallocated today; a visit next week leaves it unvisited). An *end* in
the future has not happened: the row is kept, the end is read as open (`gate.set_aside`), and data engineers are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from caseclock.quality.config import QualityConfig
from caseclock.quality.model import Severity
from caseclock.quality.rule import (
    Rule,
    in_codes,
    in_order,
    known,
    not_after_extract,
    not_before,
    not_before_parent,
    not_open_for_long,
    one_open_at_once,
    one_row_per_key,
    points_to,
    same_child,
)
from caseclock.quality.scene import Mask, Scene
from caseclock.snapshots.tables import TABLES, Column, Table

CLOSING: Final[Mapping[str, str]] = {
    "referral": "closed_on",
    "assessment": "authorised_on",
    "s47": "ended_on",
    "plan": "ended_on",
    "allocation": "ended_on",
}
"""Tables of work that is open until this date is filled."""

ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "child": ("died_on",),
    **{table: (column,) for table, column in CLOSING.items()},
    "conference": ("held_on",),
    "review": ("held_on",),
}
"""Dates that only a finished thing has: after the extract's date they have not happened yet."""

LINKED: Final[Mapping[str, str]] = {t.key: t.name for t in TABLES.values()}
"""A column with the name of another table's key points to that table."""

# A worker who is not in the worker table is common (external professionals) and only matters where work is allocated to them.
LINK_SEVERITY: Final[Mapping[str, Severity]] = {"worker_id": "info"}
LINK_EXCEPTIONS: Final[Mapping[tuple[str, str], Severity]] = {("allocation", "worker_id"): "warning"}


def _started_before_referral(column: str) -> Rule:
    return not_before_parent(column, "referral_id", "referral", "referral_date", f"{column} lies before the referral that it belongs to")


def _closed_before_assessment(s: Scene) -> Mask:
    """DfE 8867: the episode was closed while an assessment of it was open, or before the last one was authorised."""
    closed = s.dates("closed_on")
    authorised = s.links.tables["assessment"]["authorised_on"].to_numpy(dtype="datetime64[s]")
    places = s.links.places("assessment", "referral_id", "referral")
    closed_then = closed[places] if len(closed) else np.full(len(places), np.datetime64("NaT"), dtype="datetime64[s]")
    late = ~np.isnat(closed_then) & (np.isnat(authorised) | (authorised > closed_then))
    return s.marked_by("assessment", "referral_id", late)


def _ended_without_conference(s: Scene) -> Mask:
    conferences = s.links.places("conference", "s47_id", "s47")
    has_one = s.marked_by("conference", "s47_id", np.ones(len(conferences), dtype=bool))
    return ~s.missing("ended_on") & s.is_true("icpc_required") & ~has_one


def _held_by_nobody(s: Scene) -> Mask:
    """Open, and the worker is a team inbox, a duty pool or the like: such a case counts as unallocated."""
    places = s.places("worker_id", "worker")
    is_person = s.links.tables["worker"]["is_person"].fillna(True).to_numpy(dtype=bool)
    made = np.zeros(len(s.frame), dtype=bool)
    made[places >= 0] = ~is_person[places[places >= 0]]
    return made & s.missing("ended_on")


def _weekend(s: Scene) -> Mask:
    days = s.dates("due_on").astype("datetime64[D]").astype(np.int64)
    return ~np.isnat(s.dates("due_on")) & np.isin((days + 3) % 7, (5, 6))  # 1970-01-01 was a Thursday


OWN: Final[Mapping[str, tuple[Rule, ...]]] = {
    "referral": (
        in_order("referral_date", "closed_on", "closed before it was received: the dates cannot both be right"),
        Rule(
            "closed_before_assessment",
            "warning",
            ("closed_on",),
            "closed before its last assessment was authorised (DfE 8867)",
            _closed_before_assessment,
            (("assessment", "authorised_on"), ("assessment", "referral_id")),
        ),
        one_open_at_once(["child_id"], "closed_on", "info", "the child has another open referral"),
        Rule(
            "nfa_but_open",
            "info",
            ("nfa", "closed_on"),
            "no further action was decided, but the referral is not closed",
            lambda s: s.is_true("nfa") & s.missing("closed_on"),
        ),
    ),
    "assessment": (
        in_order("started_on", "authorised_on", "authorised before it was started: the dates cannot both be right"),
        _started_before_referral("started_on"),
        not_before_parent(
            "authorised_on", "referral_id", "referral", "referral_date", "authorised before the referral that it answers", "critical"
        ),
        same_child("referral_id", "referral"),
        one_open_at_once(["child_id"], "authorised_on", "warning", "the child has another open assessment (DfE 8863Q)"),
        Rule(
            "referral_id_missing",
            "info",
            ("referral_id",),
            "no referral is named, so the clock from the referral cannot see this assessment",
            lambda s: s.missing("referral_id"),
            filled="referral_id",
        ),
    ),
    "s47": (
        in_order("strategy_on", "ended_on", "ended before its strategy discussion: the dates cannot both be right"),
        _started_before_referral("strategy_on"),
        same_child("referral_id", "referral"),
        Rule(
            "ended_without_conference",
            "info",
            ("ended_on", "icpc_required"),
            "ended with a conference required, and no conference names it",
            _ended_without_conference,
            (("conference", "s47_id"),),
        ),
    ),
    "conference": (
        not_before_parent(
            "held_on", "s47_id", "s47", "strategy_on", "held before the strategy discussion that it is said to follow", "critical"
        ),
        not_before_parent("due_on", "s47_id", "s47", "strategy_on", "due before the strategy discussion that it follows"),
        same_child("s47_id", "s47"),
        Rule(
            "s47_id_missing",
            "info",
            ("s47_id", "kind"),
            "an initial conference that names no section 47 enquiry",
            lambda s: s.missing("s47_id") & s.equals("kind", "initial"),
            filled="s47_id",
        ),
        Rule("due_on_weekend", "info", ("due_on",), "due on a Saturday or Sunday (DfE 8870Q)", _weekend),
        Rule(
            "no_date",
            "warning",
            ("due_on", "held_on"),
            "neither a date due nor a date held",
            lambda s: s.missing("due_on") & s.missing("held_on"),
        ),
    ),
    "plan": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        _started_before_referral("started_on"),
        not_before_parent("started_on", "conference_id", "conference", "held_on", "started before the conference that made it", "warning"),
        same_child("referral_id", "referral"),
        one_open_at_once(["child_id", "kind"], "ended_on", "warning", "the child has another open plan of this kind"),
        Rule(
            "conference_id_missing",
            "info",
            ("conference_id", "kind"),
            "a child protection plan that names no conference",
            lambda s: s.missing("conference_id") & s.equals("kind", "cp"),
            filled="conference_id",
        ),
    ),
    "review": (
        # Kept, it would be taken for the first review and push the next one back by months.
        not_before_parent(
            "held_on",
            "plan_id",
            "plan",
            "started_on",
            "held on or before the day the plan started, so it reviews nothing (DfE 8841)",
            "critical",
            same_day_fails=True,
        ),
        same_child("plan_id", "plan"),
        Rule(
            "no_date",
            "warning",
            ("due_on", "held_on"),
            "neither a date due nor a date held",
            lambda s: s.missing("due_on") & s.missing("held_on"),
        ),
        Rule(
            "cancelled_but_held",
            "warning",
            ("cancelled", "held_on"),
            "marked as cancelled, and has a date held",
            lambda s: s.is_true("cancelled") & ~s.missing("held_on"),
        ),
    ),
    "visit": (
        not_before_parent("visit_on", "plan_id", "plan", "started_on", "before the plan that it is counted for had started", "info"),
        same_child("plan_id", "plan"),
        Rule(
            "alone_but_not_seen",
            "warning",
            ("seen_alone", "seen"),
            "the child was seen alone and was not seen",
            lambda s: s.is_true("seen_alone") & s.is_false("seen"),
        ),
        Rule(
            "two_on_one_day",
            "info",
            ("child_id", "kind", "visit_on"),
            "another visit of this kind to the child on this day",
            lambda s: s.repeated(["child_id", "kind", "visit_on"]),
        ),
    ),
    "allocation": (
        in_order("started_on", "ended_on", "ended before it was started: the dates cannot both be right"),
        Rule(
            "started_on_missing",
            "warning",
            ("started_on", "ended_on"),
            "open, and nobody can say since when",
            lambda s: s.missing("started_on") & s.missing("ended_on"),
            filled="started_on",
        ),
        Rule(
            "worker_id_missing",
            "info",
            ("worker_id", "ended_on"),
            "open without a worker: the case counts as unallocated",
            lambda s: s.missing("worker_id") & s.missing("ended_on"),
        ),
        Rule(
            "held_by_nobody",
            "info",
            ("worker_id", "ended_on"),
            "open with an inbox, pool or team in the place of a worker: the case counts as unallocated",
            _held_by_nobody,
            (("worker", "is_person"), ("worker", "worker_id")),
        ),
    ),
    "worker": (
        Rule(
            "fte_not_believed",
            "warning",
            ("fte",),
            "full-time equivalent outside 0 to 1.5",
            lambda s: ~s.missing("fte") & ~s.frame["fte"].between(0, 1.5).fillna(False).to_numpy(dtype=bool),
        ),
    ),
}

# Where a child protection plan alone is meant: children in need with a disability have a plan for many years.
OLD_OPEN: Final[Mapping[str, tuple[str, tuple[str, str] | None]]] = {
    "referral": ("referral_date", None),
    "assessment": ("started_on", None),
    "s47": ("strategy_on", None),
    "plan": ("started_on", ("kind", "cp")),
    "allocation": ("started_on", None),
}


def rules_of(table: str, config: QualityConfig) -> tuple[Rule, ...]:
    """Every row rule of a canonical table, severities as the configuration has them."""
    shape = TABLES[table]
    made = [one_row_per_key(shape.key, CLOSING.get(table)), *(rule for c in shape.columns for rule in _rules_of_column(shape, c, config))]
    made += OWN.get(table, ())
    if table in OLD_OPEN and table in config.old_open_days:
        opening, only = OLD_OPEN[table]
        made.append(not_open_for_long(opening, CLOSING[table], config.old_open_days[table], only))
    return tuple(_as_set(table, rule, config) for rule in made)


@lru_cache(maxsize=1)
def rule_names() -> frozenset[str]:
    """Every `table.rule` that a configuration may name."""
    config = QualityConfig()
    return frozenset(f"{table}.{rule.id}" for table in TABLES for rule in rules_of(table, config))


def _rules_of_column(table: Table, column: Column, config: QualityConfig) -> list[Rule]:
    made = []
    if column.required:
        made.append(known(column.name))
    if column.codes:
        made.append(in_codes(column.name, column.codes, "critical" if column.required else "warning"))
    if column.kind == "id" and column.name != table.key and column.name in LINKED:
        severity = LINK_EXCEPTIONS.get((table.name, column.name), LINK_SEVERITY.get(column.name, "warning"))
        made.append(points_to(column.name, LINKED[column.name], severity))
    if column.kind == "date" and column.name != "due_on":
        made.append(not_before(column.name, config.earliest))
        made.append(_future(table.name, column.name))
    return made


def _future(table: str, column: str) -> Rule:
    if column in ENDS.get(table, ()):
        return not_after_extract(column, "warning", f"{column} lies after the extract's date: read as not yet happened")
    return not_after_extract(column, "critical", f"{column} lies after the extract's date: it has not happened yet")


def _as_set(table: str, rule: Rule, config: QualityConfig) -> Rule:
    chosen = config.rules.get(f"{table}.{rule.id}")
    if chosen is None or chosen.severity is None or chosen.severity == rule.severity:
        return rule
    return replace(rule, severity=chosen.severity)
