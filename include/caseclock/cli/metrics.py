"""`caseclock metrics`: caseclock's figures about itself."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from caseclock.cli.common import MOMENT, home_option, settings_of


@click.command()
@click.option("--push", "pushed", is_flag=True, help="Send them to the collector that the environment names, and print nothing.")
@click.option("--openmetrics", is_flag=True, help="Print OpenMetrics text instead of Prometheus text.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a file, whole or not at all, instead of printing.")
@click.option("--now", "at", type=MOMENT, help="Work them out as at this moment (default: now).")
@home_option
def metrics(pushed: bool, openmetrics: bool, out: Path | None, at: dt.datetime | None, home: Path | None) -> None:
    """Prints figures about caseclock itself, for Prometheus: age of extracts, rows, verdicts, open alerts, outbox, delivery.

    --push sends them by OTLP (CASECLOCK_OTLP_ENDPOINT, CASECLOCK_OTLP_HEADERS) or StatsD (CASECLOCK_STATSD_HOST, CASECLOCK_STATSD_PORT);
    the DAG tend_alerts does so after each round. Exit code 1 when a collector could not be reached. --out is for the textfile collector of
    node_exporter. No figure names a team, a person or a case.
    """
    from caseclock import now, pipeline
    from caseclock.errors import WrongUse
    from caseclock.observe.exposition import text_of
    from caseclock.observe.push import targets_from
    from caseclock.pipeline.kept import in_one_step

    if pushed and (openmetrics or out):
        raise WrongUse("figures are either sent or printed", where="--push", todo="Leave out --openmetrics and --out.")
    if pushed and not targets_from():
        raise WrongUse("no collector is named", where="--push", todo="Set CASECLOCK_OTLP_ENDPOINT or CASECLOCK_STATSD_HOST.")
    with pipeline.open_house(settings_of(home)) as house:
        if pushed:
            sys.exit(0 if pipeline.push_figures(house, at or now.now()) else 1)
        text = text_of(pipeline.figures_now(house, at or now.now()), openmetrics=openmetrics)
    if out is None:
        click.echo(text, nl=False)
        return
    with in_one_step(out) as half:
        half.write_text(text, encoding="utf-8")
