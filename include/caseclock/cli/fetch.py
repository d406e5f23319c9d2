"""`caseclock fetch`: what lies at the locations of the sources, into the inbox."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from caseclock import now as clock
from caseclock.cli.common import MOMENT, home_option, json_option, print_json, settings_of


@click.command()
@click.option("--source", help="Only from the location of this source.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def fetch(source: str | None, at: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """Brings new extracts from S3, Azure, SFTP or another folder into the inbox.

    The locations are those of monitoring/sources/*.yaml. Nothing is written or deleted there, and what has been fetched is not fetched
    again unless it was replaced. Connections come from $CASECLOCK_CONN_<NAME>. Exits with 1 when a location could not be used.
    """
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        reports = pipeline.fetch_all(house, at or clock.now(), source, by_hand=True)
        inbox = house.settings.inbox
    for report in reports:
        if as_json:
            print_json(report)
            continue
        counts = {
            "known": "known already",
            "waiting": "waiting in the inbox",
            "unfinished": "not complete yet",
            "passed_over": "no extracts",
        }
        rest = [f"{report[key]} {words}" for key, words in counts.items() if report[key]]
        click.echo(f"{report['source']}: {len(report['fetched'])} fetched{''.join(f', {part}' for part in rest)}")
        for name in report["fetched"]:
            click.echo(f"  {inbox / report['source'] / name}")
        for what in [*report["wrong"], *([report["fault"]] if "fault" in report else [])]:
            click.echo(f"  {what}", err=True)
    if not reports and not as_json:
        click.echo("no source has a location")
    if any("fault" in r or r["wrong"] for r in reports):
        sys.exit(1)
