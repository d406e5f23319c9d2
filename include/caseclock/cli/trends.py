"""`caseclock spc` and `caseclock trends`: control charts, forecasts, and whether they came true."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from caseclock.cli.common import DATE, home_option, json_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    from caseclock.pipeline.trends import Trend, Trends
    from caseclock.trends.records import Kept


@click.command()
@click.argument("file", type=click.File("rb"))
def spc(file: BinaryIO) -> None:
    """The control chart of a series of your own, as JSON: XmR by the rules of NHS Making Data Count.

    FILE (or - for standard input) holds an object with the keys dates, y, and where you want other than the default
    improvement_direction (increase, decrease, neutral), target, rebase_dates, fix_after_n_points, screen_outliers; or a list of such
    objects, which gives a list. Points come back in order of date.
    """
    from caseclock.trends.given import charts_of

    made, unused = charts_of(file.read(), getattr(file, "name", "input"))
    for note in unused:
        click.echo(f"caseclock: {note}", err=True)
    click.echo(json.dumps(made, allow_nan=False))


@click.command()
@click.option("--source", help="Needed when there is more than one.")
@click.option("--measure", "measures", multiple=True, help="A measure, or one figure of it: in_time.cp_visit. May be given more than once.")
@click.option("--team", "teams", multiple=True, help="A team id, service: and its id, or * for the council. May be given more than once.")
@click.option("--as-of", type=DATE, help="As it would have been said on that date (default: the newest extract).")
@home_option
@json_option
def trends(
    source: str | None, measures: tuple[str, ...], teams: tuple[str, ...], as_of: dt.date | None, home: Path | None, as_json: bool
) -> None:
    """Week by week: is each figure within its usual range, and what may the next eight weeks bring?

    About 1 chart in 100 shows something new by chance. A count of what stands at one moment (open cases) has a forecast and no control
    chart.
    """
    from caseclock import pipeline
    from caseclock.pipeline.trends import as_json as json_of
    from caseclock.pipeline.trends import trends_of

    with pipeline.open_house(settings_of(home)) as house:
        found = trends_of(house, source, as_of, measures, teams)
    if as_json:
        for trend in found.trends:
            print_json({"source": found.source, "as_of": found.as_of, **json_of(trend)})
        for kept in [] if measures or teams else found.warnings:
            print_json({"source": found.source, "as_of": found.as_of, "early_warning": {**vars(kept), "ratio": kept.ratio}})
        return
    _print(found, early_warning=not (measures or teams))


def _print(found: Trends, *, early_warning: bool) -> None:
    click.echo(f"{found.source} as of {found.as_of}")
    for note in found.notes:
        click.echo(note)
    explained = False
    for figure in dict.fromkeys(trend.figure for trend in found.trends):
        of_figure = [trend for trend in found.trends if trend.figure == figure]
        why = of_figure[0].why_no_chart
        click.echo(f"\n{of_figure[0].title} ({figure})")
        if why:
            click.echo("No control chart, as above." if explained else f"No control chart: {why}.")
        explained = explained or bool(why)
        rows = [_row(trend) for trend in of_figure]
        head = [name for name in rows[0] if any(row[name] not in ("", "-") for row in rows)]
        print_table([[row[name] for name in head] for row in rows], head)
        if said := _came_true(of_figure):
            click.echo(said)
    if early_warning and found.warnings:
        click.echo("\nThe early warning, checked: breaches that came within 5 working days, against those that were expected")
        print_table([_warning(kept) for kept in found.warnings], ["timescale", "came", "expected", "ratio", "extracts"])


def _came_true(trends: list[Trend]) -> str | None:
    """How the forecasts of a figure did at all teams that are shown, else at the places that are."""
    from caseclock.measures.model import COUNCIL, SERVICE

    teams = [t for t in trends if t.place != COUNCIL and not t.place.startswith(SERVICE)] or trends
    covers = [t.cover for t in teams if t.cover and t.cover.of]
    whole = sum(cover.of for cover in covers)
    if not whole:
        return None
    share = 100 * sum(cover.inside for cover in covers) / whole
    return f"Of {whole:,} weeks that were foretold and have come, {share:.0f} per cent lay within the range (80 are meant to)."


def _row(trend: Trend) -> dict[str, str]:
    from caseclock.trends import wording

    chart, said = trend.chart, trend.forecast
    row = {"team": trend.place, "name": trend.place_name}
    if chart is None:
        row["now"] = wording.number(trend.value)
        row["in 8 weeks"] = wording.foretold(said[-1]) if said else "-"
    else:
        row["per"] = "week" if chart.weeks_per_point == 1 else f"{chart.weeks_per_point} weeks"
        row["now"] = wording.number(chart.values[-1] if chart.values else None)
        row["usual"] = wording.usual(chart) or "-"
        row["new"] = "*" if chart.news else ""
        row["finding"] = wording.finding(chart)
        row["next week"] = wording.foretold(said[0]) if said else "-"
    row["came true"] = f"{trend.cover.inside} of {trend.cover.of}" if trend.cover and trend.cover.of else "-"
    return row


def _warning(kept: Kept) -> list[Any]:
    ratio = "-" if kept.ratio is None else f"{kept.ratio:.2f}"
    return [kept.rule, f"{kept.came:.0f}", f"{kept.expected:.1f}", ratio, kept.extracts]
