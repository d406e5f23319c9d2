"""`caseclock backtest`: what other limits would have told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caseclock.cli.common import home_option, json_option, print_json, print_table, settings_of

if TYPE_CHECKING:
    from caseclock.alerts.backtest import Trial
    from caseclock.pipeline.backtest import Backtest

KINDS = ("fire", "worsened", "reminder", "escalated", "resolved")


@click.command()
@click.option("--rule", "rules", multiple=True, help="A rule of thresholds.yaml (default: all). May be given more than once.")
@click.option("--amber", type=float, help="Another amber limit; red and clear_below go with it in proportion unless given.")
@click.option("--red", type=float, help="Another red limit.")
@click.option("--clear-below", type=float, help="Where an alert may begin to end.")
@click.option("--for-n", type=click.IntRange(min=1), help="Extracts in a row before it fires.")
@click.option("--clear-n", type=click.IntRange(min=1), help="Extracts in a row before it is over.")
@click.option("--worsen-pct", type=float, help="Per cent by which it must be worse to call again.")
@click.option("--repeat-wd", type=click.IntRange(min=1), help="Working days to a reminder.")
@click.option("--escalate-wd", type=click.IntRange(min=1), help="Working days to the head.")
@click.option(
    "--per-week", type=click.FloatRange(min=0), help="Suggest the limit that raises about so many alerts a week, all teams together."
)
@click.option("--weeks", type=click.IntRange(min=1, max=520), default=52, show_default=True, help="How far back alerts are counted.")
@click.option("--source", help="Needed when there is more than one.")
@home_option
@json_option
def backtest(
    rules: tuple[str, ...], per_week: float | None, weeks: int, source: str | None, home: Path | None, as_json: bool, **limits: Any
) -> None:
    """What the stored history would have told under other limits, beside the limits of now.

    Counts alerts, who would have heard of them, how long they stood, how often they came and went, and what the other limit would have
    missed. Nothing is sent and nothing is changed. An alert is one that somebody is told of, by the same table that sends: what ends before
    people are at work, waits because it comes and goes, or is for the digest only is counted apart. What is left out is printed below.
    """
    from caseclock import pipeline
    from caseclock.alerts.rehearsal import SIMPLER_THAN_LIFE
    from caseclock.pipeline.backtest import as_json as json_of
    from caseclock.pipeline.backtest import backtest as found_of

    changes = {name: value for name, value in limits.items() if value is not None}
    with pipeline.open_house(settings_of(home)) as house:
        found = found_of(house, source, rules, changes, weeks, per_week)
    if as_json:
        for one in found:
            print_json(json_of(one))
        return
    if not found:
        click.echo("No figure of the store speaks to it.")
    for n, one in enumerate(found):
        _print(one, first=n == 0, wished=per_week)
    if found:
        click.echo("\nSimpler here than in life:")
        for said in SIMPLER_THAN_LIFE:
            click.echo(f"- {said}")


def _print(one: Backtest, *, first: bool, wished: float | None) -> None:
    rule, period = one.present.rule, one.present.period
    click.echo(f"{'' if first else chr(10)}{rule.id}: {rule.title}")
    places = f"{one.present.places} place{'' if one.present.places == 1 else 's'}"
    click.echo(f"{one.source}, {period.weeks:.0f} weeks to {period.end}, {places}")
    head, columns = ["", "now"], [_column(one.present)]
    if one.other is not None:
        head.append("suggested" if one.suggested else "other")
        columns.append(_column(one.other))
    elif wished is not None:
        click.echo("No other limit can be suggested.")
    names = list(dict.fromkeys(name for column in columns for name in column))
    print_table([[name, *(column.get(name, 0) for column in columns)] for name in names], head)
    if one.missed and one.other:
        click.echo(_missed(one))
    for warning in one.warnings:
        click.echo(f"Beware: {warning}.")


def _column(trial: Trial) -> dict[str, Any]:
    rule, weeks = trial.rule, trial.period.weeks
    column: dict[str, Any] = {
        "amber": rule.amber,
        "red": rule.red,
        "clear below" if rule.direction != "below" else "clear above": rule.clear_below,
        "extracts before it fires": rule.for_n,
        "extracts before it is over": rule.clear_n,
        "alerts": len(trial.alerts),
        "alerts a week": f"{trial.per_week:.2f}",
    }
    column |= {f"  {name}": f"{count / weeks:.2f}" for name, count in trial.heard.items()}
    column |= {
        "told to nobody": len(trial.unsaid),
        "came back within 20 extracts": trial.flaps,
        "still open": sum(stay.end is None for stay in trial.alerts),
        "working days open, median": trial.open_wd_median,
        "working days open, longest": max(trial.open_wd, default=None),
        "working hours open, all": trial.open_hours,
        "messages": sum(trial.messages.values()),
    }
    kinds = [*KINDS, *(kind for kind in trial.messages if kind not in KINDS)]
    column |= {f"  {kind}": trial.messages.get(kind, 0) for kind in kinds}  # type: ignore[call-overload]
    return column | {"dates past amber": trial.dates_over}


def _missed(one: Backtest) -> str:
    assert one.missed is not None
    lost, all_ = one.missed, len(one.present.alerts)
    said = f"Of the {all_} alerts of now it never tells {lost.alerts}; {lost.dates} of the dates that they told past amber go untold."
    if lost.later_wd:
        said += f" Where it tells, it is {lost.later_wd:g} working days later (median)."
    return said
