"""Options and printing that commands share."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from caseclock import now as clock
from caseclock.settings import Settings, from_environment

F = TypeVar("F", bound=Callable[..., Any])


class DateType(click.ParamType[dt.date]):
    """An ISO date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail("is no date; expected YYYY-MM-DD", param, ctx)


class MomentType(click.ParamType[dt.datetime]):
    """An ISO moment; London time when it has no offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        try:
            return clock.parse(value)
        except ValueError:
            self.fail("is no moment; expected YYYY-MM-DDTHH:MM, London time unless it has an offset", param, ctx)


DATE, MOMENT = DateType(), MomentType()


def home_option(f: F) -> F:
    return click.option("--home", type=click.Path(path_type=Path), help="Store, snapshots and configuration (default: $CASECLOCK_HOME).")(f)


def json_option(f: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")(f)


def settings_of(home: Path | None) -> Settings:
    return from_environment(home)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, default=str, ensure_ascii=False))


def print_table(rows: Iterable[Sequence[Any]], head: Sequence[str]) -> None:
    """Aligned on a terminal and in a pipe alike; nothing is cut."""
    body = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *body]) for i in range(len(head))]
    for row in [list(head), *body]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(cell: Any) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return "-" if cell != cell else f"{cell:g}"
    return str(cell)


def on_terminal() -> bool:
    return sys.stderr.isatty()
