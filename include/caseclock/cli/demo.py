"""`caseclock demo generate` and `caseclock demo run`."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, on_terminal
from caseclock.errors import WrongUse

if TYPE_CHECKING:
    from caseclock.demo.council_write import Form


@click.group()
def demo() -> None:
    """A made-up council, to try caseclock on."""


FORMS = ["zip", "folder", "csv", "parquet", "annex-a", "cin-census", "sql"]


@demo.command()
@click.option("--out", required=True, help="Folder for the extracts; for sql the path of a SQLite file, or a SQLAlchemy URL.")
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
@click.option("--format", "form", type=click.Choice(FORMS), default="zip", show_default=True, help="csv is the same as folder.")
@click.option("--supplier", type=click.Choice(["systemc", "mosaic", "eclipse"]), default="systemc", show_default=True)
@click.option("--with-looked-after", "looked_after", is_flag=True, help="Children in care in full: placements, legal status, care leavers.")
@click.option("--with-supplementary", "supplementary", is_flag=True, help="That, and the six files that no case system exports.")
@click.option("--db-schema", help="With --format sql: the schema to put the tables into.")
@click.option("--source", default="demo", show_default=True)
def generate(
    out: str, weeks: int, days: int, as_of: dt.date | None, form: str, supplementary: bool, db_schema: str | None, source: str, **how: Any
) -> None:
    """Writes a made-up council's extracts, SSD-shaped (or the Annex A workbook, or the CIN census), oldest first.

    With --format sql one database is filled, as of the last date alone.
    """
    from caseclock.demo import council

    today = as_of or clock.now().astimezone(clock.LONDON).date()
    if form == "sql":
        if supplementary:
            raise WrongUse("no case system holds the supplementary files", where="--with-supplementary", todo="Leave it out with sql.")
        rows = council.generate_database(out, as_of=today, schema=db_schema, **how)
        click.echo(f"{sum(rows.values())} rows in {len(rows)} tables, as of {today}", err=not on_terminal())
        return
    made = council.generate(
        Path(out), weeks=weeks, as_of=today, days=days, form=cast("Form", form), source=source, supplementary=supplementary, **how
    )
    click.echo(f"{len(made)} extracts in {out}, the newest is {made[-1].name}", err=not on_terminal())


@demo.command("run")
@click.option("--once", is_flag=True, help="End by itself: exit 0 only if the run succeeded and the expected messages arrived.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--scale", type=click.FloatRange(min=0.05, max=10), default=0.5, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--weeks", type=click.IntRange(min=1, max=260), default=61, show_default=True, help="Weekly extracts of its history.")
def run(once: bool, folder: Path, scale: float, seed: int, weeks: int) -> None:
    """The main job on a made-up council with its history: real Airflow, a fake Slack and a mail catcher to look at.

    Ports: CASECLOCK_AIRFLOW_PORT (8080), CASECLOCK_POSTBOX_PORT (8090), and those that are named when one is taken.
    """
    from caseclock.demo.show import run_demo

    sys.exit(run_demo(folder.resolve(), once=once, scale=scale, seed=seed, weeks=weeks))
