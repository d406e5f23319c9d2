"""`caseclock check-config` and `caseclock working-days`."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path

import click

from caseclock.cli.common import DATE, home_option, json_option, print_json, settings_of
from caseclock.errors import WrongUse


@click.command("check-config")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@home_option
@json_option
def check_config(folder: Path | None, home: Path | None, as_json: bool) -> None:
    """Every error in the configuration at once, each with file, line and allowed values.

    A note is no error: it says what you will want to look at soon, such as school holidays that are not listed for the next year.

    FOLDER is the one with timescales.yaml, thresholds.yaml and the rest (default: that of --home, else the one that ships).
    """
    from caseclock import now
    from caseclock.config.load import check, notes
    from caseclock.settings import shipped_config

    at = folder or (settings_of(home).config if home else shipped_config())
    if not at.is_dir():
        raise WrongUse("is no folder", where=str(at), allowed="a folder with timescales.yaml, thresholds.yaml, routes.yaml")
    problems = check(at)
    aside = notes(at, now.now().astimezone(now.LONDON).date())
    for found, is_note in (*((p, False) for p in problems), *((p, True) for p in aside)):
        if as_json:
            print_json({**asdict(found), "file": str(found.file), "note": is_note})
        else:
            click.echo(f"{'note: ' if is_note else ''}{found}", err=True)
    if not as_json:
        click.echo(f"{at}: {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    if problems:
        sys.exit(1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would go, and keep it.")
@home_option
@json_option
def housekeeping(dry_run: bool, home: Path | None, as_json: bool) -> None:
    """Removes what is older than its keeping time: see docs/how-to/keep-and-remove.md."""
    from caseclock import now, pipeline

    with pipeline.open_house(settings_of(home)) as house:
        report = pipeline.housekeeping(house, now.now(), dry_run)
    if as_json:
        print_json(report)
    else:
        for name, count in report.items():
            click.echo(f"{HOUSEKEPT[name]}: {count}")


HOUSEKEPT = {
    "payloads": "contents of messages that arrived over 30 days ago",
    "scratch": "half-written by processes that were killed",
    "folders": "snapshots, clocks, cases and reports of old extracts",
    "raw": "old extracts as they came",
    "quarantine_left": "quarantined rows that were corrected or gone long ago",
    "events": "single events of old extracts; their counts stay",
    "forecasts": "weeks foretold as of old extracts",
}


@click.group("working-days")
def working_days() -> None:
    """Working days of England: the start day is day 0."""


def _calendar(home: Path | None):  # type: ignore[no-untyped-def]
    from caseclock.clocks.calendar import WorkingCalendar

    if home is None:
        return WorkingCalendar()
    from caseclock.config.load import load

    return WorkingCalendar(load(settings_of(home).config).calendar)


@working_days.command("due")
@click.argument("start", type=DATE)
@click.argument("days", type=click.IntRange(min=0))
@home_option
def due(start: dt.date, days: int, home: Path | None) -> None:
    """The date that lies DAYS working days after START."""
    click.echo(_calendar(home).due(start, days))


@working_days.command("elapsed")
@click.argument("start", type=DATE)
@click.argument("end", type=DATE)
@home_option
def elapsed(start: dt.date, end: dt.date, home: Path | None) -> None:
    """How many working days have passed from START to END."""
    if end < start:
        raise WrongUse(f"the end {end} is before the start {start}", where="working-days elapsed", todo="Give the earlier date first.")
    click.echo(_calendar(home).elapsed(start, end))
