"""`caseclock alerts ack | silence | unsilence`: what a person does about an alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, MOMENT, F, home_option, json_option, print_json, settings_of


class UntilType(click.ParamType[dt.date]):
    """A day, which is then meant to the end of its working hours, or a moment."""

    name = "day or moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        kind = DATE if isinstance(value, str) and len(value) == len("2026-11-20") else MOMENT
        return kind.convert(value, param, ctx)


def _who_and_how(f: F) -> F:
    """The options that all three share."""
    options = (
        click.option("--by", required=True, help="Who does it: a role or a name. It is kept and shown to those who are told."),
        click.option("--source", help="Whose alert it is, where RULE/TEAM is given and there are several sources."),
        click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one)."),
        click.option("--deliver/--no-deliver", default=True, help="Send what is due, or leave it in the outbox."),
        home_option,
        json_option,
    )
    for option in reversed(options):
        f = option(f)
    return f


@click.command()
@click.argument("target", metavar="ALERT_ID")
@click.option("--until", type=UntilType(), help="Day or moment (default and longest: 5 working days).")
@click.option("--reason", default="", help="Why, or what is being done. It is kept; write nothing about a child.")
@_who_and_how
def ack(target: str, until: dt.date | None, reason: str, **rest: Any) -> None:
    """Somebody deals with it: no reminders and no escalation until then. A rise to red, and the end, are told all the same.

    ALERT_ID is that of `caseclock alerts list`; RULE/TEAM means the alert that is open there now.
    """
    from caseclock import pipeline
    from caseclock.alerts.handling import ACK_CAP_WD

    def act(house: pipeline.House, now: dt.datetime) -> dict[str, Any]:
        alert = pipeline.open_alert_named(house, target, rest["source"])
        return pipeline.acknowledge(house, alert, rest["by"], now, _end(house, until, now, ACK_CAP_WD), reason)

    _run(act, **rest)


@click.command()
@click.argument("target", metavar="RULE/TEAM|ALERT_ID")
@click.option("--until", type=UntilType(), required=True, help="Day or moment, at most 20 working days on.")
@click.option("--reason", required=True, help="Why. It is kept and shown when the silence ends; write nothing about a child.")
@_who_and_how
def silence(target: str, until: dt.date, reason: str, **rest: Any) -> None:
    """Nobody is called about this rule in this team until then, not even when it gets worse. The end of an alert is told all the same.

    It may be set before there is an alert. TEAM is an id or a name, `council`, `no-team`, or `service:` with an id.
    """
    from caseclock import pipeline
    from caseclock.alerts.handling import SILENCE_CAP_WD

    def act(house: pipeline.House, now: dt.datetime) -> dict[str, Any]:
        instance = pipeline.instance_named(house, target, rest["source"])
        return pipeline.silence(house, instance, rest["by"], now, _end(house, until, now, SILENCE_CAP_WD), reason)

    _run(act, **rest)


@click.command()
@click.argument("target", metavar="RULE/TEAM|ALERT_ID")
@_who_and_how
def unsilence(target: str, **rest: Any) -> None:
    """Ends a silence now. Whoever was told of an alert that is still open hears that the silence has ended, and whose it was."""
    from caseclock import pipeline

    def act(house: pipeline.House, now: dt.datetime) -> dict[str, Any]:
        return pipeline.unsilence(house, pipeline.instance_named(house, target, rest["source"]), rest["by"], now)

    _run(act, **rest)


def _end(house: Any, until: dt.date | None, now: dt.datetime, most_wd: int) -> dt.datetime | None:
    from caseclock import pipeline

    return until if until is None or isinstance(until, dt.datetime) else pipeline.end_of_day(house, until, now, most_wd)


def _run(
    act: Callable[[Any, dt.datetime], dict[str, Any]],
    at: dt.datetime | None,
    deliver: bool,
    home: Path | None,
    as_json: bool,
    **_: Any,
) -> None:
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        moment = at or clock.now()
        report = act(house, moment)
        sent = pipeline.notify(house, moment)["counts"] if deliver else {}
    if as_json:
        print_json({**report, "deliveries": sent})
        return
    click.echo(f"{report['instance']}: {report['said']}")
    click.echo(f"messages: {report['messages']}" + "".join(f", {n} {outcome}" for outcome, n in sorted(sent.items())))
