"""Conditions on columns, as timescales.yaml writes them: `true`, `"cp"`, `{not: true}`, `{in: [V3, V4]}`, `{known: true}`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, Tag

from caseclock.snapshots.tables import TABLES, Column, Table

Scalar = StrictBool | str


class Entry(BaseModel):
    """A part of timescales.yaml: frozen, and a name that it does not know is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Not(Entry):
    """The column holds something else, or nothing."""

    value: Scalar = Field(alias="not")


class OneOf(Entry):
    """The column holds one of these."""

    values: list[Scalar] = Field(alias="in", min_length=1)


class Known(Entry):
    """The column is filled (true) or empty (false)."""

    known: StrictBool


_CONDITION_KINDS = {"not": "not", "value": "not", "in": "in", "values": "in", "known": "known"}


def _condition_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((_CONDITION_KINDS[key] for key in value if key in _CONDITION_KINDS), None)
    return {bool: "flag", str: "text", Not: "not", OneOf: "in", Known: "known"}.get(type(value))


Condition = Annotated[
    Annotated[StrictBool, Tag("flag")]
    | Annotated[str, Tag("text")]
    | Annotated[Not, Tag("not")]
    | Annotated[OneOf, Tag("in")]
    | Annotated[Known, Tag("known")],
    Discriminator(
        _condition_kind,
        custom_error_type="condition",
        custom_error_message="expected true, false, text, {not: value}, {in: [values]} or {known: true}",
    ),
]
Where = dict[str, Condition]


LINKS = {"staff": "worker_id", "contact_decision": "contact_id"}
"""Tables that a row of another table leads to by something else than their key, which holds the same value."""


def link_of(table: str) -> str:
    """The column whose value leads to a row of this table."""
    return LINKS.get(table, TABLES[table].key)


def check_table(name: str) -> Table:
    """The canonical table of this name. Raises ValueError that lists the tables."""
    if name not in TABLES:
        raise ValueError(f"there is no table {name}; tables: {', '.join(TABLES)}")
    return TABLES[name]


def column_of(table: str, path: str) -> Column:
    """The column that `path` names, seen from a row of `table`. Raises ValueError that says what there is."""
    here = check_table(table)
    target, _, name = path.rpartition(".")
    if target:
        there = check_table(target)
        if link_of(target) not in here.names:
            raise ValueError(f"{path}: a row of {table} has no {link_of(target)} that would lead to {target}")
        here = there
    if name not in here.names:
        raise ValueError(f"{path}: {here.name} has no column {name}; columns: {', '.join(here.names)}")
    return here.column(name)


def check_kind(table: str, path: str, kind: str) -> None:
    """Raises ValueError unless `path` names a column of this kind."""
    if column_of(table, path).kind != kind:
        raise ValueError(f"{path} is no {kind}")


def check_where(table: str, where: Where) -> None:
    """`check_condition` of each."""
    for path, condition in where.items():
        check_condition(table, path, condition)


def check_condition(table: str, path: str, condition: Condition) -> None:
    """Raises ValueError when the condition can never be met: a flag compared with text, a code that does not exist."""
    column = column_of(table, path)
    for value in values_of(condition):
        if column.kind == "flag" and not isinstance(value, bool):
            raise ValueError(f"{path} is a flag; expected true or false")
        if column.kind in ("code", "id") and not isinstance(value, str):
            raise ValueError(f"{path} holds codes; expected text in quotes")
        if column.kind in ("date", "moment", "number"):
            raise ValueError(f"{path} is a {column.kind}; a condition may only say whether it is known")
        if column.codes and value not in column.codes:
            raise ValueError(f"{path} is never {value}; expected one of {', '.join(column.codes)}")


def values_of(condition: Condition) -> list[bool | str]:
    """The values that a condition compares with."""
    if isinstance(condition, Known):
        return []
    if isinstance(condition, OneOf):
        return list(condition.values)
    return [condition.value if isinstance(condition, Not) else condition]
