"""`caseclock quarantine`: rows that are put aside, and what became of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from caseclock.cli.common import DATE, home_option, json_option, print_json, print_table, settings_of

SHOWN = ("table", "rule", "file", "row", "column", "first_seen", "last_seen", "left_on", "left_because")
COUNTED = ("source", "table", "rule", "open", "oldest", "corrected", "gone")


@click.group()
def quarantine() -> None:
    """Rows that are put aside: where they stand, since when, and which were corrected."""


@quarantine.command("list")
@click.option("--source")
@click.option("--table", help="A canonical table, for example referral.")
@click.option("--rule", help="For example missing, duplicate, or a rule of the quality report without its table.")
@click.option("--as-of", type=DATE, help="Those that were in quarantine on that date.")
@click.option("--open/--all", "only_open", default=True, help="Only rows that are in quarantine now, or also those that left.")
@home_option
@json_option
def list_(
    source: str | None, table: str | None, rule: str | None, as_of: dt.date | None, only_open: bool, home: Path | None, as_json: bool
) -> None:
    """One line per row and reason: file, row number and column in the newest extract that had it. Never a value."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.quarantine_list(house, source, table, rule, as_of, not only_open)
    if as_json:
        for one in found:
            print_json(one)
    elif found:
        several = len({one["source"] for one in found}) > 1
        head = (*(("source",) if several else ()), *SHOWN[: None if not only_open or as_of else -2])
        print_table([[one[name] for name in head] for one in found], head)
    else:
        click.echo("no row is in quarantine")


@quarantine.command()
@click.option("--source")
@home_option
@json_option
def summary(source: str | None, home: Path | None, as_json: bool) -> None:
    """Per table and rule: rows in quarantine now, since when the oldest is there, and how many left, corrected or gone."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.quarantine_summary(house, source)
    if as_json:
        for one in found:
            print_json(one)
    elif found:
        print_table([[one[name] for name in COUNTED] for one in found], COUNTED)
    else:
        click.echo("no row has been in quarantine")
