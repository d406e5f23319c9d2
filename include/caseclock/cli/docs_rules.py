"""A timescale in plain words: what its page in docs/generated/rules says above the worked examples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from caseclock.clocks.conditions import Condition, Known, Not, OneOf, Where, values_of
from caseclock.clocks.rules import INTERVALS, Beside, Events, Held, Limit, TimescaleRule, Unless
from caseclock.extracts.supplementary import BY_TABLE
from caseclock.measures.model import rule_of
from caseclock.snapshots.tables import DTYPES, TABLES, Column

if TYPE_CHECKING:
    from caseclock.config.load import Config
    from caseclock.snapshots import Snapshot

Row = tuple[str, str]

BASIS = {
    "statute": "statute: the law says so",
    "statutory_guidance": "statutory guidance: to be followed unless there is a good reason not to",
    "local": "**local**: this council's own choice; change it freely",
}

COUNTED = {
    "working_day": "in working days of England: Monday to Friday and no bank holiday",
    "calendar_day": "in calendar days",
    "calendar_month": "in calendar months; where the month has no such day, its last day",
    "clock_hour": "in hours by the clock, night and weekend included",
}

STRETCHES = {
    "first": "the stretch from the start to the first of these",
    "second": "the stretch from the first of these to the second",
    "third_on": "each stretch from the second of these on",
    "next": "each stretch from one of these to the next, not the one before the first",
    "every": "the stretch from the start to the first of these, and each from one to the next",
}


def rule_page(rule: TimescaleRule, config: Config) -> str:
    """The page as far as configuration and code can say it: title, a table of properties, and what the rule needs."""
    lines = [
        f"# {rule.title[0].upper()}{rule.title[1:]}",
        "",
        f"`{rule.id}` · {limit_of(rule)} · {basis_of(rule)} · [all that is watched](../what-is-watched.md)",
        "",
    ]
    if rule.note:
        lines += [rule.note, ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in _properties(rule, config)), ""]
    lines += ["## Without its data", "", *_needs(rule)]
    return "\n".join(lines)


def limit_of(rule: TimescaleRule) -> str:
    """The limit in force for what starts now."""
    return _amount(rule.limits[-1].limit, rule.unit)


def basis_of(rule: TimescaleRule) -> str:
    return "**local**" if rule.basis == "local" else rule.basis.replace("_", " ")


def files_of(rule: TimescaleRule) -> list[str]:
    """The supplementary files without which nothing of the rule can be seen."""
    tables = (rule.table, *([rule.stop.table] if isinstance(rule.stop, Events) else []))
    return list(dict.fromkeys(BY_TABLE[table].file for table in tables if table in BY_TABLE))


# --- the table of properties -----------------------------------------------------------------------------------------
def _properties(rule: TimescaleRule, config: Config) -> Iterator[Row]:
    yield "one clock for", _carrier(rule)
    yield "starts on", ", else ".join(_column(rule.table, path) for path in rule.start)
    yield "stops", _stop(rule)
    if rule.interval in STRETCHES and INTERVALS[rule.interval] != (1, 1):
        yield "watched", STRETCHES[rule.interval]
    elif rule.interval == "first":
        yield "watched", STRETCHES["first"]
    yield from _circumstances(rule)
    yield "ends without a verdict on", _ends(rule)
    yield "counted", COUNTED[rule.unit] + ("" if rule.in_hours else f"; the day of the start is day {'1' if rule.count_start_day else '0'}")
    yield "limit", "; ".join(_limits(rule))
    yield "due soon", _warning(rule)
    yield "basis", BASIS[rule.basis]
    yield "source", rule.source
    if rule.needs:
        yield "needs a value somewhere in", ", ".join(_column(rule.table, path) for path in rule.needs)
    if files_of(rule):
        yield "file to add", ", ".join(f"`{file}`" for file in files_of(rule))
    named = [entry.id for entry in config.measures if any(rule_of(name) == rule.id for name in entry.figures([rule.id]))]
    if named:
        yield f"figures (`open.{rule.id}` ...)", ", ".join(f"[{name}](../measures/{name}.md)" for name in named)
    told = [limit.id for limit in config.thresholds if rule_of(limit.measure) == rule.id]
    if told:
        yield "limits in thresholds.yaml", ", ".join(f"`{name}`" for name in told)


def _carrier(rule: TimescaleRule) -> str:
    if rule.per == "worker":
        return "each worker who holds a case now (`allocation`)"
    grain = TABLES[rule.table].grain.partition(";")[0].removeprefix("one row per ")
    first = f", the first by `{rule.start_of_row}` per `{rule.first_per}`" if rule.first_per else ""
    return f"each {grain} (table `{rule.table}`){first}{_where(rule.where)}"


def _stop(rule: TimescaleRule) -> str:
    if isinstance(rule.stop, Held):
        return "when a real person in an allocated role holds the case; it runs again from the day the last of them has left"
    also = f"; or on {' or '.join(_column(rule.table, path) for path in rule.stop_also)}, whichever comes first" if rule.stop_also else ""
    return (f"on {_column(rule.table, rule.stop)}" if isinstance(rule.stop, str) else _stop_events(rule.stop)) + also


def _stop_events(stop: Events) -> str:
    by = f"`{stop.by[0]}`" + "".join(f" (else of the same `{key}`)" for key in stop.by[1:])
    which = "each" if stop.take == "each" else "the first"
    day = "" if stop.same_day else "; one on the day of the start does not count"
    early = f"; one of the same `{stop.by[0]}` that is dated before the start stops it on its first day" if stop.early else ""
    reach = f"; what began before the earliest `{stop.table}.{stop.reach}` of the extract and has none is left out" if stop.reach else ""
    return f"on the `{stop.date}` of {which} row of `{stop.table}` of the same {by}{_where(stop.where)}{day}{early}{reach}"


def _circumstances(rule: TimescaleRule) -> Iterator[Row]:
    if rule.within_months:
        yield "only what starts", f"within {_amount(rule.within_months, 'calendar_month')} of {_column(rule.table, rule.start[0])}"
    if rule.after_months:
        yield "only what starts", f"{_amount(rule.after_months, 'calendar_month')} after {_column(rule.table, rule.start[0])}, or later"
    if rule.during:
        yield "only if, on its first day,", " and ".join(_beside(beside) for beside in rule.during)
    if rule.unless:
        yield "no clock where", "; nor where ".join(_unless(out) for out in rule.unless)


def _beside(beside: Beside) -> str:
    until = f" until the day before its `{beside.until}`" if beside.until else ""
    return f"the same `{beside.by}` has a row of `{beside.table}`{_where(beside.where)} that holds (from its `{beside.since}`{until})"


def _unless(out: Unless) -> str:
    own = " and ".join(f"`{path}` {_condition(condition)}" for path, condition in out.own.items())
    return " and ".join(part for part in (own, f"on the first day {_beside(out.beside)}" if out.beside else "") if part)


def _ends(rule: TimescaleRule) -> str:
    if not rule.ends:
        return "nothing: it runs until it is done"
    columns = ", ".join(_column(rule.table, path) for path in rule.ends)
    return columns if len(rule.ends) == 1 else f"the earliest of {columns}"


def _limits(rule: TimescaleRule) -> Iterator[str]:
    for i, entry in enumerate(rule.limits):
        yield f"{_amount(entry.limit, rule.unit)} for what starts {_in_force(i, entry, rule.limits)}"


def _in_force(i: int, entry: Limit, limits: list[Limit]) -> str:
    until = limits[i + 1].effective_from - dt.timedelta(days=1) if i + 1 < len(limits) else None
    if i == 0:
        return f"up to {until}" if until else f"from {entry.effective_from} on, and for anything older"
    return f"from {entry.effective_from} " + (f"to {until}" if until else "on")


def _warning(rule: TimescaleRule) -> str:
    if rule.warn_at is not None:
        return f"from {_amount(rule.warn_at, rule.unit)} after the start"
    if rule.warn is None:
        return "there is no such stage"
    if rule.warn == 0:
        return "on the due date itself"
    return f"from {_amount(rule.warn, 'calendar_day' if rule.unit == 'calendar_month' else rule.unit)} before the due date"


def _amount(number: int, unit: str) -> str:
    return f"{number} {unit.removeprefix('clock_').replace('_', ' ')}{'' if number == 1 else 's'}"


def _column(table: str, path: str) -> str:
    return f"`{path}`" if "." in path else f"`{table}.{path}`"


def _where(where: Where) -> str:
    return (" where " + " and ".join(f"`{path}` {_condition(condition)}" for path, condition in where.items())) if where else ""


def _condition(condition: Condition) -> str:
    if isinstance(condition, Known):
        return "is filled" if condition.known else "is empty"
    if isinstance(condition, Not):
        return f"is not {_value(condition.value)} (or empty)"
    if isinstance(condition, OneOf):
        return "is " + " or ".join(_value(value) for value in condition.values)
    return f"is {_value(condition)}"


def _value(value: bool | str) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"`{value}`"


# --- what it needs: asked of the code that says it ---------------------------------------------------------------------
def _needs(rule: TimescaleRule) -> Iterator[str]:
    """What is said of an extract that has everything the rule needs but one table."""
    whole = _tables_for(rule)
    assert _said(rule, whole) is None, f"{rule.id}: {_said(rule, whole)}"
    yield "Rather than call every child late, the rule is not watched, and the quality report and the digest say why.\n"
    yield "| without | it says |\n|---|---|"
    for table in _used(rule):
        said = _said(rule, {name: made for name, made in whole.items() if name != table})
        file = f" (`{BY_TABLE[table].file}`)" if table in BY_TABLE else ""
        yield f"| rows of `{table}`{file} | {said or 'it is watched all the same'} |"
    for table, column in _judged(rule):
        said = _said(rule, whole | {table: whole[table].assign(**{column: None}).astype(whole[table].dtypes)})
        if said:
            yield f"| a value in `{table}.{column}` | {said} |"


def _judged(rule: TimescaleRule) -> list[tuple[str, str]]:
    """(table, column) of the columns that are asked for and may be empty in a whole table."""
    asked = [(rule.table, path) for path in [*rule.needs, *rule.start, *rule.where]]
    if isinstance(rule.stop, str):
        asked.append((rule.table, rule.stop))
    if isinstance(rule.stop, Events):
        asked += [(rule.stop.table, path) for path in (rule.stop.date, *rule.stop.by, *rule.stop.where)]
    return [(table, path) for table, path in dict.fromkeys(asked) if "." not in path and not TABLES[table].column(path).required]


def _used(rule: TimescaleRule) -> list[str]:
    tables = [rule.table]
    if isinstance(rule.stop, Events):
        tables.append(rule.stop.table)
    if isinstance(rule.stop, Held):
        tables.append("allocation")
    tables += [path.partition(".")[0] for path in [*rule.start, *rule.where] if "." in path]
    tables += [beside.table for beside in (*rule.during, *(out.beside for out in rule.unless)) if beside]
    return list(dict.fromkeys(tables))


def _said(rule: TimescaleRule, tables: dict[str, Any]) -> str | None:
    from caseclock.clocks.watched import unwatched

    made = unwatched(_snapshot(tables), [rule])
    return made[0].because if made else None


def _snapshot(tables: dict[str, Any]) -> Snapshot:
    from caseclock.extracts import Extract
    from caseclock.snapshots import Snapshot

    day = dt.date(2026, 3, 20)
    return Snapshot(Extract("0" * 16, "docs", day, 1, "0" * 64, "docs", "docs", dt.datetime.combine(day, dt.time(7), dt.UTC)), tables)


def _tables_for(rule: TimescaleRule) -> dict[str, Any]:
    """A row in each table, all keys the same, that meets the conditions of the rule; one more for each other set of conditions."""
    met: dict[str, list[Where]] = {rule.table: [{path: said for path, said in rule.where.items() if "." not in path}]}
    for path, said in rule.where.items():
        table, _, name = path.rpartition(".")
        if table:
            met.setdefault(table, [{}])[0][name] = said
    others = [(beside.table, beside.where) for beside in (*rule.during, *(out.beside for out in rule.unless)) if beside]
    if isinstance(rule.stop, Events):
        others.append((rule.stop.table, rule.stop.where))
    for table, where in others:
        met.setdefault(table, []).append(where)
    return {table: _frame(table, met[table]) if table in met else _plain(table) for table in TABLES}


@cache
def _plain(table: str) -> Any:
    return _frame(table, [{}])


def _frame(name: str, met: list[Where]) -> Any:
    import pandas as pd

    dtypes: dict[str, Any] = {c.name: DTYPES[c.kind] for c in TABLES[name].columns}
    return pd.DataFrame([{c.name: _cell(c, where) for c in TABLES[name].columns} for where in met]).astype(dtypes)


def _cell(column: Column, where: Where) -> Any:
    """A value that meets the condition on the column; the same key everywhere, so that each row leads to each."""
    condition = where.get(column.name)
    if isinstance(condition, Known) and not condition.known:
        return None
    if isinstance(condition, Not):
        return (not condition.value) if isinstance(condition.value, bool) else next((c for c in column.codes if c != condition.value), "X")
    if condition is not None and not isinstance(condition, Known):
        return values_of(condition)[0]
    plain: dict[str, Any] = {"id": "K", "flag": True, "number": 1.0, "code": column.codes[0] if column.codes else "X"}
    return plain.get(column.kind, "2026-03-02")
