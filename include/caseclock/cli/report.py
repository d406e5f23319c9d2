"""`caseclock quality`, `caseclock clocks export`, `caseclock measures`: what the data says."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseclock.cli.common import DATE, home_option, json_option, print_json, settings_of
from caseclock.cli.figures import figure_rows, print_figures
from caseclock.errors import WrongUse

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from caseclock.extracts import Extract
    from caseclock.quality.report import Facts


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--extract", "extract_id", metavar="ID", help="The stored report of an extract that was taken in, instead of PATH.")
@click.option("--source", help="Whose extract it is (default: from its name or manifest).")
@click.option("--as-of", type=DATE, help="The date it is true for (default: from its name or manifest).")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as a page that stands alone to this file.")
@click.option("--strict", is_flag=True, help="Exit with 1 when the verdict is hold.")
@home_option
@json_option
def quality(
    path: Path | None,
    extract_id: str | None,
    source: str | None,
    as_of: dt.date | None,
    html: Path | None,
    strict: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """The quality report of one extract alone: nothing is kept and nobody is told.

    With --home it is compared with the extracts that were accepted before it. It names files, rows and columns, never a value.
    """
    from caseclock.quality.page import report_page
    from caseclock.quality.report import text_of

    if (path is None) == (extract_id is None):
        raise WrongUse("one extract is needed", where="quality", allowed="PATH, or --extract ID", todo="Give one of the two.")
    facts = _facts(path, extract_id, source, as_of, home)
    if html:
        html.write_text(report_page(facts), encoding="utf-8")
        click.echo(f"the report is in {html}", err=True)
    if as_json:
        from caseclock import pipeline

        print_json(pipeline.quality_json(facts))
    elif not html:
        click.echo(text_of(facts))
    if strict and facts.verdict == "hold":
        sys.exit(1)


def _facts(path: Path | None, extract_id: str | None, source: str | None, as_of: dt.date | None, home: Path | None) -> Facts:
    import tempfile

    from caseclock import pipeline
    from caseclock.settings import from_environment

    if path is None:
        with pipeline.open_house(settings_of(home)) as house:
            return pipeline.quality_of_extract(house, extract_id or "")
    with tempfile.TemporaryDirectory() as scratch, pipeline.open_house(settings_of(home) if home else from_environment(scratch)) as house:
        return pipeline.quality_facts(house, *pipeline.inspect(house, path, source, as_of))


@click.group()
def clocks() -> None:
    """The clock frame: one row per clock."""


@clocks.command("export")
@click.option("--as-of", type=DATE, required=True)
@click.option("--source", help="Needed when there is more than one.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: standard output; parquet needs a file).")
@home_option
def export(as_of: dt.date, source: str | None, form: str, out: Path | None, home: Path | None) -> None:
    """All clocks as of a date, from the newest revision of its extract. Ids only, no personal data.

    As CSV it is safe to open in a spreadsheet: text that begins like a formula has an apostrophe before it. Parquet has it as it came.
    """
    from caseclock import pipeline

    with pipeline.open_house(settings_of(home)) as house:
        frame = pipeline.clocks_of(house, _extract(house, source, as_of))
    if form == "parquet":
        if out is None:
            raise WrongUse("parquet cannot go to a terminal", where="clocks export", todo="Give --out FILE.")
        frame.to_parquet(out, index=False)
    else:
        from caseclock.clocks.hours import written
        from caseclock.pipeline.sheet import write_csv

        dates = {name: written(frame[name].to_numpy()) for name in ("started_on", "due_on", "stopped_on")}
        with click.open_file(str(out or "-"), "w", encoding="utf-8") as file:
            write_csv(file, frame.assign(**dates))
    if out:
        click.echo(f"{len(frame)} clocks to {out}", err=True)


@click.command()
@click.option("--as-of", type=DATE, help="Default: the newest extract.")
@click.option("--team", help="A team id; `service:` and an id is a service, `*` all teams together, `?` work that no team answers for.")
@click.option("--measure", help="One figure, or a measure with all its figures: overdue.cp_visit, or overdue.")
@click.option("--source")
@home_option
@json_option
def measures(as_of: dt.date | None, team: str | None, measure: str | None, source: str | None, home: Path | None, as_json: bool) -> None:
    """Measure values per team, service and council, with n: how many items each was made from.

    With --team one line per figure; without it each figure with all places, the council first.
    """
    from caseclock import pipeline
    from caseclock.storage import ledger
    from caseclock.storage.engine import reading

    with pipeline.open_house(settings_of(home)) as house:
        extract, config = _extract(house, source, as_of), house.config
        with reading(house.engine) as c:
            values, names = ledger.measures_of(c, extract.id), ledger.place_names(c, extract.source)
            held, said = _held(c, extract), _said(c, extract)
    if team:
        values = values[values["team"] == team]
    if measure:
        exact = values["measure"] == measure
        values = values[exact] if exact.any() else values[values["measure"].str.startswith(f"{measure}.")]
    if values.empty:
        raise WrongUse(
            "no value", where=f"{extract.source} as of {extract.as_of}", todo="`caseclock measures` without options lists all there are."
        )
    rows = figure_rows(values.itertuples(index=False), names, config)
    if as_json:
        for row in rows:
            print_json({"source": extract.source, "as_of": extract.as_of, "verdict": held[0], "decision": said, **row})
        return
    click.echo(f"{extract.source} as of {extract.as_of}, revision {extract.revision}; quality: {held[0]}" + (f", {said}" if said else ""))
    for note in held[1]:
        click.echo(f"absent: {note}")
    print_figures(rows, one_place=bool(team))


def _held(c: Connection, extract: Extract) -> tuple[str, list[str]]:
    from caseclock.storage import ledger

    found = ledger.quality_of(c, extract.id)
    return (found.verdict, [str(a) for a in found.absences]) if found else ("not checked", [])


def _said(c: Connection, extract: Extract) -> str | None:
    """`released by ... on ...`, when a person has decided on it."""
    from caseclock.storage.decisions import decision_of

    said = decision_of(c, extract.id)
    return str(said) if said else None


def _extract(house: object, source: str | None, as_of: dt.date | None) -> Extract:
    """The newest revision of the date (default: of the newest date). Raises WrongUse with what there is."""
    from caseclock.pipeline import House
    from caseclock.storage import ledger
    from caseclock.storage.engine import reading

    assert isinstance(house, House)
    with reading(house.engine) as c:
        found = [e for e in ledger.extracts(c, source, as_of, superseded=False) if ledger.is_done(c, e.id, "compute_measures")]
        known = ledger.extracts(c)
    sources = sorted({e.source for e in found})
    if len(sources) > 1:
        raise WrongUse("more than one source", allowed=", ".join(sources), todo="Give --source.")
    if not found:
        newest = max((str(e.as_of) for e in known), default="none")
        raise WrongUse(
            "no extract of that date and source", allowed=f"the newest is of {newest}", todo="`caseclock run PATH` takes one in."
        )
    return max(found, key=lambda e: (e.as_of, e.revision))
