"""`caseclock route-test`: who would be told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from caseclock import now as clock
from caseclock.cli.common import MOMENT, home_option, json_option, print_json, settings_of


@click.command("route-test")
@click.argument("rule")
@click.argument("team")
@click.argument("severity", required=False, type=click.Choice(["amber", "red"]))
@click.option("--source", help="Whose team it is, where there are several sources.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def route_test(
    rule: str, team: str, severity: str | None, source: str | None, at: dt.datetime | None, home: Path | None, as_json: bool
) -> None:
    """Who would be told of an alert, by which channel, by which line of routes.yaml, and who next. Nobody is told.

    RULE is an entry of thresholds.yaml. TEAM is an id or a name that an extract has named, `council`, `no-team`, or `service:` with an id.
    Without SEVERITY both are shown.
    """
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.route_test(house, rule, team, severity, at or clock.now(), source)
    for one in found:
        print_json(one) if as_json else _print(one)


def _print(one: dict[str, Any]) -> None:
    from caseclock.notifications.wording import plain

    hours = "at any hour" if one["at_night"] else "in working hours"
    if one["told_from"]:
        hours += f" (found now, it would be told from {one['told_from']}, if it still stood)"
    click.echo(f"{one['rule']} in {plain(one['team_name'])} ({plain(one['team'])}), {one['severity']} at {one['limit']:g}, {hours}:")
    if not one["applies"]:
        click.echo("  this rule does not look at this team: see `teams` in thresholds.yaml")
    if one["digest_only"]:
        click.echo(f"  told: nobody; it is for the weekly digest only ({one['digest_only']})")
        return
    for who in one["tell"]:
        spare = f", else by {' or '.join(who['fallback'])}" if who["fallback"] else ""
        click.echo(f"  told: {_reached(who)}{spare}: {who['because']} ({who['line']})")
    if not one["next"]:
        click.echo("  next: nobody; those who are told first are the last")
    for after in one["next"]:
        click.echo(
            f"  next, if nobody acknowledges it within {_days(after['after_wd'])} (told now: on {after['on']}): "
            f"{_reached(after)} ({after['line']})"
        )
    click.echo(f"  reminder: every {_days(one['reminder_wd'])} while nobody does")


def _days(n: int) -> str:
    return f"{n} working day{'' if n == 1 else 's'}"


def _reached(who: dict[str, Any]) -> str:
    by = ", ".join(f"{channel} {address}" for channel, address in who["channels"].items())
    return f"{who['recipient']} ({who['title']}) by {by}"
