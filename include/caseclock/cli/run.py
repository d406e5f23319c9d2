"""`caseclock run`: the whole path without Airflow."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, MOMENT, home_option, json_option, on_terminal, print_json, print_table, settings_of
from caseclock.errors import BadExtract


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", help="Whose extracts they are (default: from name or manifest).")
@click.option("--as-of", type=DATE, help="The date that an extract is true for (default: from name or manifest).")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@click.option("--deliver/--no-deliver", default=True, help="Send what is due, or leave it in the outbox.")
@click.option("--strict", is_flag=True, help="Exit with 1 when an extract is held or refused.")
@home_option
@json_option
def run(
    paths: tuple[Path, ...],
    source: str | None,
    as_of: dt.date | None,
    at: dt.datetime | None,
    deliver: bool,
    strict: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Takes extracts through the whole path: snapshot, quality, clocks, measures, alerts, delivery.

    PATHS are folders or .zip files of SSD tables as CSV, or Annex A workbooks. Several are taken in order of their dates. The
    same extract given twice changes nothing.
    """
    from caseclock import pipeline

    bad = 0
    with pipeline.open_house(settings_of(home)) as house:
        arrivals = pipeline.in_order(house, paths, source, as_of)
        for arrival in _progress(arrivals):
            moment = at or clock.now()
            try:
                report = pipeline.run(house, arrival, moment, deliver=deliver)
            except BadExtract as error:
                bad += 1
                if len(arrivals) == 1:
                    raise
                click.echo(f"caseclock: {error}", err=True)
                continue
            if as_json:
                print_json(report)
            elif len(arrivals) <= SHOWN_WHOLE:
                _print(report)
            held = report["verdict"] == "hold" and (report["decision"] or {}).get("is") != "approve"
            bad += strict and held
    if bad:
        sys.exit(1)


SHOWN_WHOLE = 3  # more extracts than this are history being loaded: a progress bar is enough


def _progress(arrivals: list[Any]) -> Any:
    if len(arrivals) <= SHOWN_WHOLE or not on_terminal():
        return arrivals
    from rich.progress import track

    return track(arrivals, description="Extracts", console=_stderr())


def _stderr() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _print(report: dict[str, Any]) -> None:
    extract = report["extract"]
    click.echo(f"{extract['source']} as of {extract['as_of']}, revision {extract['revision']} ({extract['id']}): {report['verdict']}")
    if report["decision"]:
        click.echo(f"  {report['decision']['words']}")
    for reason in report["reasons"]:
        click.echo(f"  {reason}")
    for note in report["absences"]:
        click.echo(f"  absent: {note}")
    if report["tables"]:
        print_table(
            [[n, c["read"], c["kept"], c["quarantined"]] for n, c in report["tables"].items()], ["table", "read", "kept", "quarantined"]
        )
    for row in report["quarantine"][:10]:
        click.echo(f"  {row['file']} row {row['row']}, {row['column']}: {row['reason']}")
    if len(report["quarantine"]) > 10:
        click.echo(f"  and {len(report['quarantine']) - 10} more; --json lists them all")
    council = [m for m in report["measures"] if m["team"] == "*"]
    if council:
        click.echo("all teams together:")
        print_table([[m["measure"], m["value"], m["n"]] for m in council], ["measure", "value", "n"])
    firing = [a for a in report["alerts"] if a["condition"] in ("FIRING", "RECOVERING")]
    click.echo(f"alerts open: {len(firing)}")
    for a in firing:
        click.echo(f"  {a['id']}  {a['severity'] or '-':5}  {a['rule']} / {a['team']}: {a['reason']}")
    for d in report["deliveries"]:
        click.echo(f"{d['outcome']}: {d['kind']} to {d['recipient']} by {d['channel']}{': ' + d['reason'] if d.get('reason') else ''}")
    click.echo("seconds: " + "  ".join(f"{k} {v:.2f}" for k, v in report["seconds"].items()))
