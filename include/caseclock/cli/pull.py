"""`caseclock pull`: extracts out of databases, by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, MOMENT, home_option, json_option, print_json, settings_of


@click.command()
@click.option("--source", help="Whose database (default: every source that has one).")
@click.option("--as-of", type=DATE, help="The date to draw for (default: as the source says, today or yesterday).")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def pull(source: str | None, as_of: dt.date | None, at: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """Draws extracts from the databases of monitoring/sources/ into the inbox, due or not.

    Only what caseclock reads is selected. A date that is drawn again with other content becomes its next revision.
    """
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        for made in pipeline.pull_now(house, source, as_of, at or clock.now()):
            if as_json:
                print_json(made)
                continue
            click.echo(f"{made['name']}: {sum(made['rows'].values())} rows of {len(made['rows'])} tables, in {house.settings.inbox}")
            if made["left_out"]:
                click.echo(f"  not in the database: {', '.join(made['left_out'])}")
            if not made["one_moment"]:
                click.echo("  not of one moment: this SQL Server database does not allow snapshot isolation")
