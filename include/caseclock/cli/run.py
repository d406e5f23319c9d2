"""`caseclock run`: the whole path without Airflow."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caseclock import now as clock
from caseclock.cli.common import DATE, MOMENT, home_option, json_option, on_terminal, print_json, print_table, settings_of
from caseclock.cli.figures import figure_rows, print_council, short
from caseclock.errors import BadExtract
from caseclock.measures.model import COUNCIL

if TYPE_CHECKING:
    from caseclock.config.load import Config

SHOWN_WHOLE = 3  # more extracts than this are history being loaded: a progress bar is enough
SHOWN_ROWS, SHOWN_ALERTS = 10, 20
NOBODY = ("unallocated", "unallocated_cp")
Figure = tuple[str, str, float | None, int]
"""A row of MEASURE_COLUMNS."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", help="Whose extracts they are (default: from name or manifest).")
@click.option("--as-of", type=DATE, help="The date that an extract is true for (default: from name or manifest).")
@click.option("--now", "at", type=MOMENT, help="Act as if it were this moment (default: the real one).")
@click.option("--deliver/--no-deliver", default=True, help="Send what is due, or leave it in the outbox.")
@click.option("--strict", is_flag=True, help="Exit with 1 when an extract is held or refused.")
@home_option
@json_option
def run(
    paths: tuple[Path, ...],
    source: str | None,
    as_of: dt.date | None,
    at: dt.datetime | None,
    deliver: bool,
    strict: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Takes extracts through the whole path: snapshot, quality, clocks, measures, alerts, delivery.

    PATHS are folders or .zip files of SSD tables as CSV, or Annex A workbooks. Several are taken in order of their dates. The
    same extract given twice changes nothing.

    Every figure of the whole council is printed, and what has none with the reason; what matters most stands at the end.
    """
    from caseclock import pipeline

    bad = 0
    with pipeline.open_house(settings_of(home)) as house:
        arrivals = pipeline.in_order(house, paths, source, as_of)
        for arrival in _progress(arrivals):
            moment = at or clock.now()
            try:
                report = pipeline.run(house, arrival, moment, deliver=deliver)
            except BadExtract as error:
                bad += 1
                if len(arrivals) == 1:
                    raise
                click.echo(f"caseclock: {error}", err=True)
                continue
            if as_json:
                print_json(report)
            elif len(arrivals) <= SHOWN_WHOLE:
                _print(report, house.config)
            held = report["verdict"] == "hold" and (report["decision"] or {}).get("is") != "approve"
            bad += strict and held
    if bad:
        sys.exit(1)


def _progress(arrivals: list[Any]) -> Any:
    if len(arrivals) <= SHOWN_WHOLE or not on_terminal():
        return arrivals
    from rich.progress import track

    return track(arrivals, description="Extracts", console=_stderr())


def _stderr() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _print(report: dict[str, Any], config: Config) -> None:
    """From the particulars to what matters: the end is what stands on the screen when it is done."""
    extract = report["extract"]
    click.echo(f"{_name(extract)}, revision {extract['revision']} ({extract['id']}): {report['verdict']}")
    if report["decision"]:
        click.echo(f"  {report['decision']['words']}")
    for reason in report["reasons"]:
        click.echo(f"  {reason}")
    _print_rows(report)
    council: list[Figure] = [(m["measure"], m["team"], m["value"], m["n"]) for m in report["measures"] if m["team"] == COUNCIL]
    if council:
        click.echo("\nAll teams together. `-` is a figure of nothing; a share is followed by the number that it is made from.")
        print_council(figure_rows(council, {}, config), config)
    _print_without(report)
    click.echo("\nseconds: " + "  ".join(f"{k} {v:.2f}" for k, v in report["seconds"].items()))
    for d in report["deliveries"]:
        click.echo(f"{d['outcome']}: {d['kind']} to {d['recipient']} by {d['channel']}{': ' + d['reason'] if d.get('reason') else ''}")
    _print_alerts(report)
    _print_end(report, council, config)


def _name(extract: dict[str, Any]) -> str:
    return f"{extract['source']} as of {extract['as_of']}"


def _print_rows(report: dict[str, Any]) -> None:
    if report["tables"]:
        click.echo()
        print_table(
            [[n, c["read"], c["kept"], c["quarantined"]] for n, c in report["tables"].items()], ["table", "read", "kept", "quarantined"]
        )
    for row in report["quarantine"][:SHOWN_ROWS]:
        click.echo(f"  {row['file']} row {row['row']}, {row['column']}: {row['reason']}")
    if len(report["quarantine"]) > SHOWN_ROWS:
        click.echo(f"  and {len(report['quarantine']) - SHOWN_ROWS} more; --json lists them all")


def _print_without(report: dict[str, Any]) -> None:
    """What the extract cannot show: each reason once, with the measures and timescales that it takes away."""
    reasons = dict.fromkeys(one["because"] for one in (*report["no_figure"], *report["not_watched"]))
    lost = {why: [id_ for one in report["no_figure"] if one["because"] == why for id_ in one["measures"]] for why in reasons}
    idle = {why: [id_ for one in report["not_watched"] if one["because"] == why for id_ in one["timescales"]] for why in reasons}
    alone = [absence for absence in report["absences"] if not any(absence.endswith(f": {why}") for why in reasons)]
    if reasons or alone:
        click.echo("\nWithout a figure, and why\n")
    for why in reasons:
        click.echo(f"  {why}")
        for kind, ids in (("measures", lost[why]), ("timescales", idle[why])):
            if ids:
                click.echo(f"    {kind}: {', '.join(ids)}")
    for absence in alone:
        click.echo(f"  {absence}")


def _print_alerts(report: dict[str, Any]) -> None:
    firing = sorted((a for a in report["alerts"] if a["condition"] in ("FIRING", "RECOVERING")), key=lambda a: a["severity"] != "red")
    red = sum(a["severity"] == "red" for a in firing)
    click.echo()
    for a in firing[:SHOWN_ALERTS]:
        click.echo(f"  {a['id']}  {a['severity'] or '-':5}  {a['rule']} / {a['team']}: {_value(a['value'])}{a['reason']}")
    if len(firing) > SHOWN_ALERTS:
        click.echo(f"  and {len(firing) - SHOWN_ALERTS} more: caseclock alerts list")
    click.echo(f"alerts open: {len(firing)}" + (f", {red} of them red" if red else ""))


def _value(value: float | None) -> str:
    return "" if value is None else f"{short(value)}, "


def _print_end(report: dict[str, Any], council: list[Figure], config: Config) -> None:
    """What matters most, in few lines: who has nobody, what is late by law or guidance, whether the figures are in use."""
    value = {figure: (value, n) for figure, _, value, n in council if value is not None}
    for name in NOBODY if council else ():
        why = next((one["because"] for one in report["no_figure"] if name in one["measures"]), None)
        if why or name in value:
            click.echo(f"{name}: {why or f'{short(value[name][0])} of {value[name][1]}'}")
    if council:
        click.echo(f"overdue (tiers 0 and 2 of the work list): {', '.join(_overdue(value, config)) or 'nothing'}")
    silent = report["verdict"] == "hold" and (report["decision"] or {}).get("is") != "approve"
    click.echo(f"{_name(report['extract'])}: {report['verdict']}" + ("; its figures are not in use: caseclock release" if silent else ""))
    click.echo("of one team: caseclock measures --team ID; case by case: caseclock worklist")


def _overdue(value: dict[str, tuple[float, int]], config: Config) -> list[str]:
    """`cp_visit 5`: what puts a case into tier 0 of the work list, then what puts it into tier 2, the most first."""
    first, bases = config.worklist.safeguarding, config.worklist.past_limit
    tier = {rule.id: rule.id not in first for rule in config.timescales if rule.id in first or rule.basis in bases}
    late = [(tier[id_], -value[f"overdue.{id_}"][0], id_) for id_ in tier if f"overdue.{id_}" in value]
    return [f"{id_} {short(-many)}" for _, many, id_ in sorted(late) if many]
