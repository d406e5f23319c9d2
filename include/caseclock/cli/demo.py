"""`caseclock demo generate` and `caseclock demo run`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Literal

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, on_terminal


@click.group()
def demo() -> None:
    """A made-up council, to try caseclock on."""


@demo.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the extracts.")
@click.option(
    "--scale", type=click.FloatRange(min=0.01, max=100), default=1.0, show_default=True, help="1 is a council of about median size."
)
@click.option("--weeks", type=click.IntRange(min=1, max=520), default=8, show_default=True, help="Weekly extracts.")
@click.option(
    "--days", type=click.IntRange(min=0, max=60), default=0, show_default=True, help="Daily extracts at the end, on working days."
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--as-of", type=DATE, help="Date of the last extract (default: today).")
@click.option("--incident", is_flag=True, help="A team loses workers and unallocated cases build up.")
@click.option("--format", "form", type=click.Choice(["zip", "folder", "annex-a"]), default="zip", show_default=True)
@click.option("--source", default="demo", show_default=True)
def generate(
    out: Path,
    scale: float,
    weeks: int,
    days: int,
    seed: int,
    as_of: dt.date | None,
    incident: bool,
    form: Literal["zip", "folder", "annex-a"],
    source: str,
) -> None:
    """Writes a made-up council's extracts, SSD-shaped (or the Annex A workbook), oldest first."""
    from caseclock.demo.council import generate as make

    today = as_of or clock.now().astimezone(clock.LONDON).date()
    made = make(out, scale=scale, weeks=weeks, seed=seed, as_of=today, incident=incident, days=days, form=form, source=source)
    click.echo(f"{len(made)} extracts in {out}, the newest is {made[-1].name}", err=not on_terminal())


@demo.command("run")
@click.option("--once", is_flag=True, help="End by itself: exit 0 only if the run succeeded and the expected messages arrived.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--scale", type=click.FloatRange(min=0.05, max=10), default=0.5, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def run(once: bool, folder: Path, scale: float, seed: int) -> None:
    """The main job on a made-up council with its history: real Airflow, a fake Slack and a mail catcher to look at.

    Ports: CASECLOCK_AIRFLOW_PORT (8080), CASECLOCK_POSTBOX_PORT (8090), and those that are named when one is taken.
    """
    from caseclock.demo.show import run_demo

    sys.exit(run_demo(folder.resolve(), once=once, scale=scale, seed=seed))
