"""What an extract cannot show, said aloud: a rule whose data is not there is not watched, rather than late for every child."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from caseclock.clocks.columns import NONE, Columns, columns_of, first_known
from caseclock.clocks.holders import role_counts
from caseclock.clocks.rules import Beside, Condition, Events, Held, Known, Not, TimescaleRule, Where, column_of
from caseclock.extracts import Absence
from caseclock.extracts.supplementary import BY_TABLE, MOMENTS, not_watched, why_absent

if TYPE_CHECKING:
    from caseclock.snapshots import Snapshot


def unwatched(snapshot: Snapshot | Columns, rules: Sequence[TimescaleRule], allocated_roles: Collection[str] = ()) -> list[Absence]:
    """The rules that this extract cannot feed. Those that share a reason are one entry, so that a list of them can be read.

    A rule that needs a supplementary file gives the reason that the reader gave for the file.
    """
    columns = columns_of(snapshot)
    of_file = {a.what: a.because for a in columns.absences}
    found: dict[str, list[TimescaleRule]] = {}
    for rule in rules:
        because = why_not_watched(rule, columns, allocated_roles)
        if because:
            table = _file_lacking(rule, columns)
            found.setdefault(of_file.get(BY_TABLE[table].shows, because) if table else because, []).append(rule)
    return [Absence(not_watched([(rule.title, rule.id) for rule in group]), because) for because, group in found.items()]


def is_watched(rule: TimescaleRule, columns: Columns, allocated_roles: Collection[str]) -> bool:
    return why_not_watched(rule, columns, allocated_roles) is None


def why_not_watched(rule: TimescaleRule, columns: Columns, allocated_roles: Collection[str]) -> str | None:
    """The reason that the rule makes no clock on this extract; None when it is watched."""
    return (
        (why_absent(lacking) if (lacking := _file_lacking(rule, columns)) else None)
        or _no_rows(rule.table, rule.where, columns)
        or _never_filled(rule.table, rule.where, columns)
        or _no_value(rule, columns)
        or _no_start(rule, columns)
        or _no_stop(rule, columns, allocated_roles)
        or next((said for beside in _needed(rule) if (said := _no_rows(beside.table, beside.where, columns))), None)
    )


def _needed(rule: TimescaleRule) -> list[Beside]:
    return [*rule.during, *(out.beside for out in rule.unless if out.beside and out.beside.needed)]


def _no_stop(rule: TimescaleRule, columns: Columns, allocated_roles: Collection[str]) -> str | None:
    if isinstance(rule.stop, Held):
        return why_no_allocation(columns, allocated_roles)
    if isinstance(rule.stop, Events):
        return (
            _no_rows(rule.stop.table, rule.stop.where, columns)
            or _never_filled(rule.stop.table, rule.stop.where, columns)
            or _no_link(rule.table, rule.stop, columns)
        )
    return None


def _file_lacking(rule: TimescaleRule, columns: Columns) -> str | None:
    """The table of the supplementary file that the rule needs and of which there is no row."""
    needed = (rule.table, *([rule.stop.table] if isinstance(rule.stop, Events) else []))
    return next((table for table in needed if table in BY_TABLE and not columns.rows(table)), None)


def _no_link(table: str, stop: Events, columns: Columns) -> str | None:
    """A file that the council makes itself may name nobody whom the extract knows: then everything would look late."""
    if stop.table not in BY_TABLE:
        return None
    rows = columns.meets(stop.table, _part(stop.table, stop.where))
    for key in stop.by:
        known = np.unique(columns.keys(table, key))
        if np.isin(columns.keys(stop.table, key)[rows], known[known != NONE]).any():
            return None
    return f"no row of {BY_TABLE[stop.table].file} leads to any row of {table} by {' or '.join(stop.by)}"


def why_no_allocation(columns: Columns, allocated_roles: Collection[str]) -> str | None:
    """The reason that nobody could be found to hold any case, which would make all of them unallocated; None when all is well."""
    if not columns.rows("allocation"):
        return "the extract has no rows of allocation"
    if not role_counts(columns, allocated_roles).any():
        return "no row of allocation has one of the roles that the source's allocated_roles name"
    return None


def _no_rows(table: str, where: Where, columns: Columns) -> str | None:
    part = _part(table, where)
    if columns.meets(table, part).any():
        return None
    said = "".join(f" with {path} {_words(condition)}" for path, condition in part.items())
    return f"the extract has no rows of {table}{said}"


def _part(table: str, where: Where) -> Where:
    """Codes say which part of a table is meant (visits on a child protection plan); flags judge the row."""
    return {path: condition for path, condition in where.items() if column_of(table, path).kind == "code"}


def _never_filled(table: str, where: Where, columns: Columns) -> str | None:
    """A flag that must be true or false, but is empty in the whole extract, cannot be judged."""
    part = columns.meets(table, _part(table, where))
    for path, condition in where.items():
        if isinstance(condition, bool) and not (columns.filled(table, path) & part).any():
            return f"{table}.{path} is empty in the whole extract"
    return None


def _no_value(rule: TimescaleRule, columns: Columns) -> str | None:
    empty = [f"{rule.table}.{path}" for path in rule.needs if not columns.filled(rule.table, path).any()]
    return f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty in the whole extract" if empty else None


def _no_start(rule: TimescaleRule, columns: Columns) -> str | None:
    start = first_known([columns.days(rule.table, path) for path in rule.start])
    if (~np.isnat(start) & columns.meets(rule.table, _part(rule.table, rule.where))).any():
        return None
    told = "has a time of day" if rule.in_hours else "leads to a date"
    return f"no row of {rule.table} {told} in {' or '.join(_as_written(rule.table, path) for path in rule.start)}"


def _as_written(table: str, path: str) -> str:
    """The column as the council's own file calls it, where it comes from one."""
    of = {moment: date for date, moment in MOMENTS.get(table, {}).items()}.get(path, path)
    fields = BY_TABLE[table].fields if table in BY_TABLE else {}
    return next((f"{header} of {BY_TABLE[table].file}" for header, field in fields.items() if field.to == of), path)


def _words(condition: Condition) -> str:
    if isinstance(condition, Known):
        return "filled" if condition.known else "empty"
    if isinstance(condition, Not):
        return f"other than {condition.value}"
    return " or ".join(str(v) for v in getattr(condition, "values", [condition]))
