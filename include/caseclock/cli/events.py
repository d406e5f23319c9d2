"""`caseclock events`: what happened between one extract and the one before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from caseclock.cli.common import DATE, home_option, json_option, print_json, print_table, settings_of
from caseclock.errors import WrongUse

TYPES = (
    "opened", "allocated", "deallocated", "moved", "moved_out", "due_soon", "breached", "completed", "completed_late", "reopened",
    "corrected", "vanished",
)  # fmt: skip
FIELDS, HEADS = ("team", "team_name", "rule", "type", "n"), ("team", "name", "of", "type", "n")
NOTHING_BEFORE = "no extract with figures in use came before it, so nobody can tell what has happened"
HELD = "its figures are not in use, so it has no events: release it, or look at an earlier date"


@click.command()
@click.option("--as-of", type=DATE, help="Default: the newest extract whose figures are in use.")
@click.option("--source")
@click.option("--team", help="A team's id, service: and a service's id, or * for all teams together.")
@click.option("--type", "type_", type=click.Choice(TYPES), help="One kind of event.")
@home_option
@json_option
def events(as_of: dt.date | None, source: str | None, team: str | None, type_: str | None, home: Path | None, as_json: bool) -> None:
    """What happened since the extract before, as counts per team; with a daily extract, what happened that day.

    `of` is a timescale, or `case` for the cases themselves. Counts only, no id of a case or child. docs/how-to/see-what-happened.md.
    """
    from caseclock import pipeline
    from caseclock.pipeline.worklist import choose

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.events_of(house, choose(house, source, as_of).extract, team, type_)
    if as_json:
        for one in found["counts"]:
            print_json({"source": found["source"], "as_of": found["as_of"], "since": found["since"], **one})
        return
    where = f"{found['source']} as of {found['as_of']}"
    if found["since"] is None:
        click.echo(f"{where}: {HELD if found['held'] else NOTHING_BEFORE}")
        return
    shown = [one for one in found["counts"] if one["n"]]
    if team and not found["counts"]:
        raise WrongUse("nothing is known of this team", where=where, todo="`caseclock events` without --team lists all teams.")
    click.echo(f"{where}: what has happened since the extract of {found['since']}")
    if shown:
        print_table([[one[name] for name in FIELDS] for one in shown], HEADS)
    else:
        click.echo("nothing of this kind")
