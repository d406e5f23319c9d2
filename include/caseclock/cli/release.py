"""`caseclock release`: what is held, and a person's word on it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from caseclock import now as clock
from caseclock.cli.common import MOMENT, home_option, json_option, print_json, settings_of
from caseclock.errors import WrongUse


@click.command()
@click.argument("extract_id", metavar="[ID]", required=False)
@click.option("--approve", "choice", flag_value="approve", help="Its figures are right all the same: they count at once.")
@click.option("--reject", "choice", flag_value="reject", help="They are not: they stay silent, and a new extract is asked for.")
@click.option("--reason", help="Why. Kept in the audit and shown to data engineers; write nothing about a child.")
@click.option("--by", help="Who decides.")
@click.option("--overrule", is_flag=True, help="Change a decision that was taken before; both stay in the audit.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@click.option("--deliver/--no-deliver", default=True, help="Send what is due, or leave it in the outbox.")
@home_option
@json_option
def release(
    extract_id: str | None,
    choice: str | None,
    reason: str | None,
    by: str | None,
    overrule: bool,
    at: dt.datetime | None,
    deliver: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Approves or rejects an extract that the quality gate holds. Without ID: lists what is held.

    An extract that could not be read, or of which a newer revision has come, cannot be released.
    """
    from caseclock import pipeline

    if (extract_id is None) != (choice is None):
        raise WrongUse(
            "ID and a decision belong together", where="release", todo="Give ID with --approve or --reject, or neither for the list"
        )
    with pipeline.open_house(settings_of(home)) as house:
        if extract_id is None or choice is None:
            _print_held(pipeline.held_extracts(house), as_json)
            return
        moment = at or clock.now()
        report = pipeline.decide(house, extract_id, choice, by or "", reason or "", moment, overrule=overrule)
        sent = pipeline.notify(house, moment)["counts"] if deliver else {}
    if as_json:
        print_json({**report, "deliveries": sent})
        return
    done = {"approve": "released: its figures are in use", "reject": "rejected: its figures stay silent"}[choice]
    click.echo(f"{extract_id} is {done}" + ("" if report["changed"] else " (that was decided before; nothing has changed)"))
    click.echo(f"messages: {report['messages']}" + "".join(f", {n} {outcome}" for outcome, n in sorted(sent.items())))


def _print_held(found: list[dict[str, object]], as_json: bool) -> None:
    if not found and not as_json:
        click.echo("nothing is held")
    for one in found:
        if as_json:
            print_json(one)
            continue
        said = one["decision"] or "waits for a decision"
        click.echo(f"{one['id']}  {one['source']} as of {one['as_of']}, revision {one['revision']}: {said}")
        for reason in one["reasons"]:  # type: ignore[attr-defined]
            click.echo(f"  {reason}")
