"""`caseclock alerts list | show | why | ack | silence | unsilence`: the alert life cycle by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from caseclock import now as clock
from caseclock.cli import hands
from caseclock.cli.common import MOMENT, home_option, json_option, print_json, print_table, settings_of
from caseclock.errors import WrongUse


@click.group()
def alerts() -> None:
    """Alerts: what is open, its history, why it was said or not said, and what somebody does about it."""


for deed in (hands.ack, hands.silence, hands.unsilence):
    alerts.add_command(deed)


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
    print_table([[_words(one[k]) if isinstance(one.get(k), str) else one.get(k) for k in keys] for one in found], keys)


@alerts.command()
@click.argument("alert_id", metavar="ID")
@home_option
@json_option
def show(alert_id: str, home: Path | None, as_json: bool) -> None:
    """One alert: its condition, what changed, who was told."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.alerts_show(house, pipeline.open_alert_named(house, alert_id))
    if found is None:
        raise WrongUse("no alert has this id", where=f"alerts show {alert_id}", todo="`caseclock alerts list --all` prints the ids.")
    print_json(found) if as_json else _print(found)


@alerts.command()
@click.argument("target", metavar="ID|RULE/TEAM")
@click.option("--clocks", "with_rows", is_flag=True, help="The ids of the clocks or cases behind the figure too. They are personal data.")
@click.option("--source", help="Whose alert it is, where RULE/TEAM is given and there are several sources.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def why(target: str, with_rows: bool, source: str | None, at: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """The chain from message back to the hash of the extract, and why nothing is sent now, to whom, and what happens next.

    RULE/TEAM means the alert that is open there now; where there is none, only the answer of now is printed. Nothing is sent by this. Rows
    come from the frames in the home folder; when these are gone, the count is left.
    """
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        instance = pipeline.asked_about(house, target, source)
        now = pipeline.why_now(house, instance, at or clock.now())
        alert = pipeline.alert_open_at(house, instance) if "/" in target else target
        found = {"now": now, **((pipeline.alerts_why(house, alert) if alert else None) or {})}
        if with_rows:
            found["rows"] = pipeline.rows_behind(house, found.get("alert") or pipeline.figure_of(now, instance))
    print_json(found) if as_json else _print(found)


LONGEST = 2000  # characters of one value; names and reasons are of others' making and must be only words on a terminal
NOT_PRINTED = {"detail", "handle", "source", "rule", "team"}
"""Of a row below an alert: what the alert says itself, and what is for machines."""


def _print(found: dict[str, Any], indent: str = "") -> None:
    for key, value in found.items():
        if isinstance(value, dict):
            click.echo(f"{indent}{key}:")
            _print(value, indent + "  ")
        elif isinstance(value, list):
            click.echo(f"{indent}{key}:{'' if value else ' none'}")
            for row in value:
                click.echo(f"{indent}  {_line(row)}")
        elif value is not None:
            click.echo(f"{indent}{key}: {_words(value) if isinstance(value, str) else value}")


def _line(row: Any) -> str:
    if not isinstance(row, dict):
        return _words(row)
    kept = {k: v for k, v in row.items() if k not in NOT_PRINTED and v not in (None, [], "")}
    return "  ".join(f"{k} {_words(v)}" for k, v in kept.items())


def _words(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_line(v) for v in value)
    if isinstance(value, float):
        return f"{value:g}"
    from caseclock.notifications.wording import plain

    return plain(str(value), LONGEST)
