"""`caseclock alerts list | show | why`: the alert life cycle by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from caseclock.cli.common import home_option, json_option, print_json, print_table, settings_of
from caseclock.errors import WrongUse


@click.group()
def alerts() -> None:
    """Alerts: what is open, its history, and why it was said or not said."""


@alerts.command("list")
@click.option("--all", "closed_too", is_flag=True, help="Closed episodes too.")
@click.option("--source")
@home_option
@json_option
def list_(closed_too: bool, source: str | None, home: Path | None, as_json: bool) -> None:
    """Open alerts, worst first."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.alerts_list(house, source, closed_too)
    if as_json:
        for one in found:
            print_json(one)
        return
    keys = ["id", "severity", "condition", "rule", "team", "value", "since", "closed_on"]
    print_table([[one.get(k) for k in keys] for one in found], keys)


@alerts.command()
@click.argument("alert_id", metavar="ID")
@home_option
@json_option
def show(alert_id: str, home: Path | None, as_json: bool) -> None:
    """One alert: its condition, what changed, who was told."""
    _print_chain("show", alert_id, home, as_json)


@alerts.command()
@click.argument("alert_id", metavar="ID")
@home_option
@json_option
def why(alert_id: str, home: Path | None, as_json: bool) -> None:
    """The chain from message back to the hash of the extract; it explains a message that was not sent, too."""
    _print_chain("why", alert_id, home, as_json)


def _print_chain(verb: str, alert_id: str, home: Path | None, as_json: bool) -> None:
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found: dict[str, Any] | None = {"show": pipeline.alerts_show, "why": pipeline.alerts_why}[verb](house, alert_id)
    if found is None:
        raise WrongUse("no alert has this id", where=f"alerts {verb} {alert_id}", todo="`caseclock alerts list --all` prints the ids.")
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if isinstance(value, list):
            click.echo(f"{key}:")
            for row in value:
                click.echo("  " + ("  ".join(f"{k} {v}" for k, v in row.items() if v is not None) if isinstance(row, dict) else str(row)))
        else:
            click.echo(f"{key}: {value}")
