"""`caseclock worklist` and `caseclock relook`: what to do first, and what to look at again."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caseclock.cli.common import DATE, MOMENT, home_option, json_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    import pandas as pd

    from caseclock.pipeline.worklist import Chosen

SHOWN = ("place", "item_ref", "child_ref", "team", "worker", "tier", "level", "due_on", "overdue", "reason")
HEADS = ("place", "case", "child", "team", "worker", "tier", "level", "due", "overdue", "because")


@click.command()
@click.option("--as-of", type=DATE, help="Default: the newest extract whose figures are in use.")
@click.option("--source")
@click.option("--team", help="A team id, `service:` and a service's id, or `?` for what no team answers for.")
@click.option("--top", type=click.IntRange(1), metavar="N", help="Only the first N.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@home_option
def worklist(as_of: dt.date | None, source: str | None, team: str | None, top: int | None, form: str, home: Path | None) -> None:
    """Open cases in the order in which they need somebody, with the reason. Ids only.

    It orders work by limits and by who holds it, and decides on no child. How: docs/how-to/decide-what-to-do-first.md.
    """
    from caseclock import pipeline
    from caseclock.clocks.worklist import ORDERS_ONLY
    from caseclock.pipeline.sheet import write_csv
    from caseclock.pipeline.worklist import work_list

    with pipeline.open_house(settings_of(home)) as house:
        made = work_list(house, source, as_of, team)
    shown = made.frame.head(top) if top else made.frame
    notes = [ORDERS_ONLY, *made.notes]
    if form == "json":
        for row in _records(shown):
            print_json({**_extract(made.chosen), "note": ORDERS_ONLY, **row})
    aside = form != "table"
    _say_which(made.chosen, notes, err=aside)
    if form == "csv":
        write_csv(sys.stdout, shown)
    elif form == "table":
        print_table([[row[name] for name in SHOWN] for row in _records(shown)], HEADS)
        click.echo(f"{len(shown)} of {len(made.frame)}")


@click.command()
@click.option("--as-of", type=DATE, help="Default: the newest extract whose figures are in use.")
@click.option("--source")
@click.option("--n", "size", type=click.IntRange(1, 1000), metavar="N", help="How many cases (default: worklist.yaml).")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="To draw a sample again (default: one that is drawn).")
@click.option("--by", default="not said", help="Who draws; for the audit.")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@click.option("--list", "only_list", is_flag=True, help="Which samples were drawn, and when; draws none.")
@home_option
@json_option
def relook(
    as_of: dt.date | None,
    source: str | None,
    size: int | None,
    seed: int | None,
    by: str,
    at: dt.datetime | None,
    only_list: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Draws cases to be read again by somebody else: of low priority, ended with no further action, or unallocated the longest.

    By chance, risk markers make it likelier. The sample goes into a file of the home folder, the draw with its seed into the store.
    """
    from caseclock import now as clock
    from caseclock import pipeline
    from caseclock.pipeline.worklist import draws
    from caseclock.pipeline.worklist import relook as drawn

    with pipeline.open_house(settings_of(home)) as house:
        if only_list:
            _print_draws(draws(house, source, as_of), as_json)
            return
        made = drawn(house, at or clock.now(), source, as_of, size, seed, by)
    if as_json:
        for row in _records(made.frame):
            print_json({**_extract(made.chosen), "seed": made.seed, **row})
        _say_which(made.chosen, made.notes, err=True)
        return
    _say_which(made.chosen, made.notes, err=False)
    again = "; drawn before" if made.again else ""
    click.echo(f"seed {made.seed}: {made.pools['drawn']} of {made.pools['cases']} cases ({_pools(made.pools)}){again}")
    if len(made.frame):
        print_table([list(row.values()) for row in _records(made.frame)], ["case", "child", "team", "pools", "markers"])
    click.echo(f"the sample is in {made.file}")


def _print_draws(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for one in found:
            print_json(one)
        return
    for one in found:
        click.echo(
            f"{one['at']:%Y-%m-%d %H:%M} UTC  {one['by']}: {one['source']} as of {one['as_of']}, revision {one['revision']}, "
            f"seed {one['seed']}, {one['pools']['drawn']} of {one['pools']['cases']} cases ({_pools(one['pools'])})  {one['file']}"
        )
    if not found:
        click.echo("no sample has been drawn")


def _pools(pools: Any) -> str:
    return ", ".join(f"{name} {n['drawn']} of {n['cases']}" for name, n in pools["pools"].items())


def _say_which(chosen: Chosen, notes: list[str], err: bool) -> None:
    extract = chosen.extract
    click.echo(f"{extract.source} as of {extract.as_of}, revision {extract.revision}; quality: {chosen.verdict}", err=err)
    if chosen.held:
        click.echo(
            f"HELD: quality holds the figures of this extract and nobody has released them. Why: caseclock quality --extract {extract.id}",
            err=err,
        )
    for note in notes:
        click.echo(note, err=err)


def _extract(chosen: Chosen) -> dict[str, Any]:
    extract = chosen.extract
    return {"source": extract.source, "as_of": str(extract.as_of), "verdict": chosen.verdict, "held": chosen.held}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows with None for what is missing and days as text."""
    import pandas as pd

    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else value

    return [{str(name): plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
