"""The rules of every canonical table, as data.

Five kinds hold for every table and come from `TABLES`: exact copies, key and required columns, code sets, links, believable dates. The rest
is written out in `case_rules`, `care_rules` and `extra_rules`.

Why a date after the extract's own date is two things. A *start* in the future has not begun: its row is put aside, and nothing that waits
today is hidden by that (an allocation from next week leaves the case unallocated today; a visit next week leaves it unvisited). An *end* in
the future has not happened: the row is kept, the end is read as open (`quarantine.set_aside`), and data engineers are told.

What no rule can see, and why. *Turned 18*: dates of birth are dropped on reading. *Test persons by name*: so are names; ids that say it and
children with implausibly many referrals are reported. *Entered late*: no export holds when a visit was entered. *A child in two teams* and
*the team that received a referral but does not hold it*: both are normal; the clocks go by the latest involvement. *Categories of abuse*
and *reasons for a change of worker*: no canonical table has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from caseclock.quality.care_rules import CARE
from caseclock.quality.case_rules import CASE
from caseclock.quality.config import QualityConfig
from caseclock.quality.extra_rules import EXTRA
from caseclock.quality.model import Severity
from caseclock.quality.rule import (
    Rule,
    in_codes,
    known,
    no_copy,
    not_after_extract,
    not_before,
    not_open_for_long,
    one_row_per_key,
    points_to,
)
from caseclock.snapshots.tables import TABLES, Column, Table

OWN: Final[Mapping[str, tuple[Rule, ...]]] = {**CASE, **CARE, **EXTRA}

CLOSING: Final[Mapping[str, str]] = {
    "referral": "closed_on",
    "assessment": "authorised_on",
    "s47": "ended_on",
    "plan": "ended_on",
    "allocation": "ended_on",
    "care": "ended_on",
    "placement": "ended_on",
    "contact_decision": "decided_on",
}
"""Tables of work that is open until this date is filled."""

ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "child": ("died_on",),
    **{table: (column,) for table, column in CLOSING.items()},
    "conference": ("held_on",),
    "assessment": ("reviewed_on", "authorised_on"),
    "review": ("held_on",),
    "care": ("ended_on", "entered_on", "left_on"),
    "legal": ("ended_on",),
    "care_leaver": ("contacted_on", "reviewed_on"),
    "missing": ("found_on",),
    "supervision": ("recorded_on",),
    "staff": ("ended_on", "absent_from", "absent_to"),
    "meeting": ("held_on", "ended_on"),
}
"""Dates that only a finished thing has: after the extract's date they have not happened yet. `care.entered_on` is here because the episode
has a start of its own, and a child in care must not be hidden by a wrong year in the other."""

PLANNED: Final = frozenset(
    {("assessment", "reviewed_on"), ("staff", "started_on"), ("staff", "ended_on"), ("staff", "absent_from"), ("staff", "absent_to")}
)
"""Known ahead in every staff file, and where a review is planned, so no fault. `staff.started_on` stays as it is: who has not begun has no
cases yet."""

DUE: Final = frozenset({"due_on", "next_due_on"})
"""Dates that may well lie ahead."""

KEEP: Final[Mapping[str, tuple[str, bool]]] = {
    **{table: (column, False) for table, column in CLOSING.items()},
    "conference": ("held_on", False),
    "review": ("held_on", False),
    "meeting": ("held_on", False),
    "allocation": ("ended_on", True),
    "missing": ("found_on", True),
}
"""Of rows with one key that with this date filled (True) or not (False) is used, as in `snapshots.typing`. An allocation that has ended
leaves the case unallocated, and a child who was found is owed an interview: those are the cautious ones."""

COPIED_UNDER_NEW_KEYS: Final = frozenset({"care_leaver"})

LINKED: Final[Mapping[str, str]] = {t.key: t.name for t in TABLES.values()} | {"care_id": "care"}
"""A column with the name of another table's key points to that table; `care_id` is what several episodes of care have in common."""

# A worker who is not in the worker table is common (external professionals) and only matters where work is allocated to them.
LINK_SEVERITY: Final[Mapping[str, Severity]] = {"worker_id": "info"}
LINK_EXCEPTIONS: Final[Mapping[tuple[str, str], Severity]] = {("allocation", "worker_id"): "warning"}

# Where a child protection plan alone is meant: children in need with a disability have a plan for many years.
OLD_OPEN: Final[Mapping[str, tuple[str, tuple[str, str] | None]]] = {
    "referral": ("referral_date", None),
    "assessment": ("started_on", None),
    "s47": ("strategy_on", None),
    "plan": ("started_on", ("kind", "cp")),
    "allocation": ("started_on", None),
    "care": ("started_on", None),
    "placement": ("started_on", None),
    "contact_decision": ("received_on", None),
}


def rules_of(table: str, config: QualityConfig) -> tuple[Rule, ...]:
    """Every row rule of a canonical table, severities as the configuration has them."""
    shape = TABLES[table]
    made = [
        one_row_per_key(shape.key, *KEEP.get(table, (None, False))),
        no_copy(table, shape.key, table in COPIED_UNDER_NEW_KEYS),
        *(rule for c in shape.columns for rule in _rules_of_column(shape, c, config)),
        *OWN.get(table, ()),
    ]
    if table in OLD_OPEN and table in config.old_open_days:
        opening, only = OLD_OPEN[table]
        made.append(not_open_for_long(opening, CLOSING[table], config.old_open_days[table], only))
    return tuple(_as_set(table, rule, config) for rule in made)


@lru_cache(maxsize=1)
def rule_names() -> frozenset[str]:
    """Every `table.rule` that a configuration may name."""
    config = QualityConfig()
    of_rows = {f"{table}.{rule.id}" for table in TABLES for rule in rules_of(table, config)}
    of_cells = {f"{t.name}.{name}" for t in TABLES.values() for c in t.columns for name in (placeholder(c.name), unreadable(c.name))}
    return frozenset(of_rows | of_cells | {f"{table}.{MALFORMED}" for table in TABLES})


# --- what is counted of cells, because the rows do not show it any more ---------------------------------------------
MALFORMED: Final = "outcome_json_malformed"
CELL_RULES: Final[Mapping[str, tuple[Severity, str]]] = {
    "placeholder": ("info", "cells hold a placeholder (-1, 1900-01-01 and the like) and are read as missing"),
    "unreadable": ("warning", "cells are no flag or number that is known, and are read as missing"),
    MALFORMED: ("warning", "outcome JSON that is malformed; its flags were picked out one by one"),
}


def placeholder(column: str) -> str:
    return f"{column}_placeholder"


def unreadable(column: str) -> str:
    return f"{column}_unreadable"


# --- kinds of rules that every table has -----------------------------------------------------------------------------
def _rules_of_column(table: Table, column: Column, config: QualityConfig) -> list[Rule]:
    made = []
    if column.required:
        made.append(known(column.name))
    if column.codes:
        made.append(in_codes(column.name, column.codes, "critical" if column.required else "warning"))
    if column.kind == "id" and LINKED.get(column.name, table.name) != table.name:
        severity = LINK_EXCEPTIONS.get((table.name, column.name), LINK_SEVERITY.get(column.name, "warning"))
        made.append(points_to(column.name, LINKED[column.name], severity))
    if column.kind == "date" and column.name not in DUE:
        made.append(not_before(column.name, config.earliest))
        made.append(_future(table.name, column.name))
    return made


def _future(table: str, column: str) -> Rule:
    if (table, column) in PLANNED:
        return not_after_extract(column, "info", f"{column} lies after the extract's date: known ahead, it has not happened yet")
    if column in ENDS.get(table, ()):
        return not_after_extract(column, "warning", f"{column} lies after the extract's date: read as not yet happened")
    return not_after_extract(column, "critical", f"{column} lies after the extract's date: it has not happened yet")


def _as_set(table: str, rule: Rule, config: QualityConfig) -> Rule:
    chosen = config.rules.get(f"{table}.{rule.id}")
    if chosen is None or chosen.severity is None or chosen.severity == rule.severity:
        return rule
    return replace(rule, severity=chosen.severity)
