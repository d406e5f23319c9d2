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
    """Whether messages that are due are being sent. Exit code 1 when some are stuck, or when a weekly digest is missed.

    For a scheduler that is not Airflow: who has stopped cannot say so. It tells when the last round of the deliverer was finished, and what
    has been due for longer than some minutes of working hours.
    """
    from caseclock import now, pipeline
    from caseclock.pipeline.digests import missing_json
    from caseclock.pipeline.heartbeat import delivery_health, health_json

    with pipeline.open_house(settings_of(home)) as house:
        found = delivery_health(house, now.now(), minutes)
        missing = pipeline.missing_digests(house, now.now())
    if as_json:
        told = health_json(found)
        print_json({**told, "well": found.well and not missing, "digests_missing": missing_json(missing)})
    elif found.well:
        messages = "1 message waits" if found.open == 1 else f"{found.open} messages wait"
        click.echo(f"well: {messages}, none for too long. Last round finished: {found.last_words}.")
    else:
        click.echo(found.headline)
        for line in found.lines:
            click.echo(line)
    for one in [] if as_json else missing:
        click.echo(f"{one.headline}. {one.why}")
    if missing or not found.well:
        sys.exit(1)
