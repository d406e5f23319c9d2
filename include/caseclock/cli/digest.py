"""`caseclock digest list | show | send | preview | year`: the weekly digest by hand."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseclock import now as clock
from caseclock.cli.common import MOMENT, home_option, json_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    from caseclock.pipeline.digest_ask import Shown

FORMS = {"text": "txt", "html": "html", "pdf": "pdf", "json": "json"}


@click.group()
def digest() -> None:
    """The weekly digest: which there are, what they say, and what became of the alerts of a year."""


@digest.command("list")
@home_option
@json_option
def list_(home: Path | None, as_json: bool) -> None:
    """Every digest that was made, the newest week first, and whom it has reached."""
    from caseclock import pipeline
    from caseclock.alerts.hours import in_words
    from caseclock.storage.engine import moment_of

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.digest_list(house)
    if as_json:
        for one in found:
            print_json(one)
        return
    if not found:
        click.echo("No digest has been made yet. `caseclock digest send` makes that of last week, `preview` shows this week so far.")
        return
    rows = [
        [d["source"], d["week"], d["audience"], d["revision"], in_words(moment_of(d["made"])), ", ".join(d["sent_to"]) or "nobody"]
        for d in found
    ]
    print_table(rows, ["source", "week", "audience", "revision", "made", "has reached"])


def _form_options(f: click.decorators.FC) -> click.decorators.FC:
    to = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file (needed for pdf).")
    form = click.option("--form", type=click.Choice(list(FORMS)), default="text", show_default=True)
    audience = click.option("--audience", default="council", show_default=True, help="council, or the id of a service in routes.yaml.")
    return audience(form(to(f)))


@digest.command()
@click.argument("source")
@click.argument("week")
@_form_options
@click.option("--revision", type=click.IntRange(min=1), help="As it was told then (default: the newest).")
@home_option
def show(source: str, week: str, audience: str, form: str, out: Path | None, revision: int | None, home: Path | None) -> None:
    """One digest, word for word as it was sent. WEEK is an ISO week: 2026-W47."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.digest_show(house, source, week, audience, revision)
    _put_out(found, form, out)


@digest.command()
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def send(at: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """Make and send the digest of the week before, as the DAG does. Who has had it does not get it twice. Exit code 1 where one failed."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        report = pipeline.send_digest(house, at or clock.now())
    if as_json:
        print_json(report)
    elif "not_before" in report:
        click.echo(f"The digest of {report['week']} is made from {_words(report['not_before'])} on: what arrives by then still counts.")
    else:
        said = ", ".join(f"{count} {what}" for what, count in sorted(report["counts"].items())) or "nothing to send"
        click.echo(f"{report['week']}: {report['made']} made, {report['revised']} revised, {report['messages']} messages enqueued; {said}.")
        for fault in report["faults"]:
            click.echo(f"not made: {fault}", err=True)
    if report["faults"]:
        sys.exit(1)


@digest.command()
@click.option("--source", help="Needed when there is more than one.")
@_form_options
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
def preview(source: str | None, audience: str, form: str, out: Path | None, at: dt.datetime | None, home: Path | None) -> None:
    """What the digest of this week would say now. It is marked as a preview, and neither kept nor sent."""
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        found = pipeline.digest_preview(house, at or clock.now(), source, audience)
    _put_out(found, form, out)


@digest.command()
@click.option("--source", help="One source only.")
@click.option("--year", "chosen", type=click.IntRange(2000, 2100), help="Default: this year.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@home_option
@json_option
def year(source: str | None, chosen: int | None, at: dt.datetime | None, home: Path | None, as_json: bool) -> None:
    """Alerts of a year: opened, acknowledged, resolved, and the median working days to each, by service and by month.

    Alerts of limits for small numbers are counted for the whole council only.
    """
    from caseclock import pipeline
    from caseclock.alerts.hours import local_day
    from caseclock.digest.year import letter_of_year
    from caseclock.pipeline.digest_archive import form_of
    from caseclock.pipeline.digest_year import year_json
    from caseclock.pipeline.house import chosen_source
    from caseclock.storage.engine import reading

    today = local_day(at or clock.now())
    with pipeline.open_house(settings_of(home)) as house:
        if source:
            with reading(house.engine) as c:
                chosen_source(c, source)
        found = pipeline.years(house, chosen or today.year, today, source)
    for one in found:
        if as_json:
            print_json(year_json(one))
        else:
            click.echo(f"{one.source}\n\n{form_of(letter_of_year(one), 'txt').decode()}".rstrip() + "\n")


def _put_out(found: Shown, form: str, out: Path | None) -> None:
    from caseclock.errors import WrongUse
    from caseclock.pipeline.digest_archive import form_of
    from caseclock.pipeline.kept import in_one_step

    if form == "pdf" and out is None:
        raise WrongUse("a PDF is not printed to the terminal", where="--form pdf", todo="Give --out FILE.")
    body = form_of(found.letter, FORMS[form], found.audience)
    if out is None:
        click.echo(body.decode(), nl=False)
        return
    with in_one_step(out) as half:
        half.write_bytes(body)
    click.echo(str(out))


def _words(moment: str) -> str:
    from caseclock.alerts.hours import in_words

    return in_words(dt.datetime.fromisoformat(moment))
