"""`caseclock alerts health`: is the deliverer alive?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from caseclock.cli.common import home_option, json_option, print_json, settings_of


@click.command()
@click.option("--minutes", type=click.IntRange(min=1), help="Working minutes a message may be due (default: 30).")
@home_option
@json_option
def health(minutes: int | None, home: Path | None, as_json: bool) -> None:
    """Whether messages that are due are being sent. Exit code 1 when some are stuck.

    For a scheduler that is not Airflow: who has stopped cannot say so. It tells when the last round of the deliverer was finished, and what
    has been due for longer than some minutes of working hours.
    """
    from caseclock import now, pipeline
    from caseclock.pipeline.heartbeat import delivery_health, health_json

    with pipeline.open_house(settings_of(home)) as house:
        found = delivery_health(house, now.now(), minutes)
    if as_json:
        print_json(health_json(found))
    elif found.well:
        messages = "1 message waits" if found.open == 1 else f"{found.open} messages wait"
        click.echo(f"well: {messages}, none for too long. Last round finished: {found.last_words}.")
    else:
        click.echo(found.headline)
        for line in found.lines:
            click.echo(line)
    if not found.well:
        sys.exit(1)
