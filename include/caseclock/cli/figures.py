"""How figures are printed: under headings, with their titles, the council before its services and these before their teams.

`caseclock measures` has a table per figure, or a line for each of one place; `caseclock run` has the whole council on a page: what has a
figure per timescale stands in one table per heading, a line per timescale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from caseclock.cli.common import print_table
from caseclock.measures.model import COUNCIL, GROUPS, NO_TEAM, SERVICE, figures, part_of, rule_of, title_of

if TYPE_CHECKING:
    from caseclock.config.load import Config
    from caseclock.measures.model import MeasureConfig

Row = dict[str, Any]
GROUP_OF: dict[str, str] = {id_: group for group, ids in GROUPS.items() for id_ in ids}
NAMES = {COUNCIL: "all teams", NO_TEAM: "no team answers for it"}


def figure_rows(values: Iterable[tuple[str, str, float | None, int]], names: dict[str, str], config: Config) -> list[Row]:
    """One row per figure and place, in the order in which people read them: by heading, then as measures.yaml has them.

    `values`: rows of MEASURE_COLUMNS; `names`: place to name.
    """
    entries: dict[str, MeasureConfig] = {entry.id: entry for entry in config.measures}
    titles: dict[str, str] = {entry.id: entry.title for entry in config.measures}
    timescales = {rule.id: rule for rule in config.timescales}
    order = {name: n for n, name in enumerate(_in_order(list(entries), list(timescales)))}
    rows = []
    for m, place, v, n in values:
        entry, rule = entries.get(m.partition(".")[0]), timescales.get(rule_of(m) or "")
        by_limit = entry is not None and entry.unit == "as the limit" and rule is not None
        rows.append(
            {
                "measure": m,
                "team": place,
                "team_name": names.get(place, NAMES.get(place, place.removeprefix(SERVICE))),
                "value": None if v != v else v,
                "n": n,
                "title": title_of(m, titles, {id_: found.title for id_, found in timescales.items()}),
                "unit": f"{rule.unit.replace('_', ' ')}s" if by_limit and rule else entry.unit if entry else None,
                "group": GROUP_OF.get(m.partition(".")[0], "other"),
            }
        )
    return sorted(rows, key=lambda row: (order.get(row["measure"], len(order)), row["measure"], _rank(row["team"]), row["team"]))


def _in_order(on: list[str], timescales: list[str]) -> Iterator[str]:
    """Figure ids: under each heading first those of no timescale, then all of one timescale together; of measures, those that are on."""
    for group in GROUPS.values():
        ids = sorted(group, key=lambda id_: on.index(id_) if id_ in on else len(on))
        for rule in (None, *timescales):
            for id_ in ids:
                yield from (name for name in figures(id_, [rule or ""]) if rule_of(name) == rule)


def _rank(place: str) -> int:
    return 0 if place == COUNCIL else 1 if place.startswith(SERVICE) else 3 if place == NO_TEAM else 2


def print_figures(rows: list[Row], one_place: bool) -> None:
    """`rows` as `figure_rows` orders them. Of one place a line per figure, else a table of places per figure."""
    if one_place:
        click.echo(f"{rows[0]['team']}: {rows[0]['team_name']}")
    for group, of_group in groupby(rows, key=lambda row: row["group"]):
        click.echo(f"\n{group[:1].upper()}{group[1:]}\n")
        if one_place:
            print_table(
                [[r[k] for k in ("measure", "value", "n", "unit", "title")] for r in of_group], ["measure", "value", "n", "unit", "what"]
            )
            continue
        for figure, places in groupby(of_group, key=lambda row: row["measure"]):
            listed = list(places)
            click.echo(f"{figure}: {listed[0]['title']}" + (f" ({listed[0]['unit']})" if listed[0]["unit"] else ""))
            print_table([[f"  {r['team']}", r["team_name"], r["value"], r["n"]] for r in listed], ["  team", "name", "value", "n"])


# --- the council on a page -----------------------------------------------------------------------------------------------
def print_council(rows: list[Row], config: Config) -> None:
    """`rows` of one place, as `figure_rows` orders them. A figure of nothing is `-`."""
    titles = {rule.id: rule.title for rule in config.timescales}
    about = dict(titles)  # what a timescale is, and in what unit its ages are, stands beside it once
    for group, of_group in groupby(rows, key=lambda row: row["group"]):
        listed = list(of_group)
        click.echo(f"\n{group[:1].upper()}{group[1:]}\n")
        whole = [r for r in listed if rule_of(r["measure"]) is None and r["value"] is not None]
        if whole:
            print_table(
                [[r["measure"], short(r["value"]), r["n"], r["unit"], r["title"]] for r in whole], ["measure", "value", "n", "unit", "what"]
            )
        for heads, of_heads in _tables(listed).items():
            if whole or heads[0][1]:
                click.echo()
            _print_by_timescale(heads, of_heads, about)
            about = {}


Head = tuple[str, str | None]
"""A measure and, where it has several figures per timescale, its part."""


def _tables(rows: list[Row]) -> dict[tuple[Head, ...], dict[str, list[Row]]]:
    """The tables of a heading, by their columns: one for all measures with a figure per timescale, one for each that has parts."""
    made: dict[str, dict[str, list[Row]]] = {}
    heads: dict[str, dict[Head, None]] = {}
    for row in rows:
        if rule := rule_of(row["measure"]):
            head = row["measure"].partition(".")[0], part_of(row["measure"])
            table = head[0] if head[1] else ""
            heads.setdefault(table, {})[head] = None
            made.setdefault(table, {}).setdefault(rule, []).append(row)
    return {tuple(heads[table]): made[table] for table in sorted(made)}


def _print_by_timescale(heads: tuple[Head, ...], rows: dict[str, list[Row]], about: dict[str, str]) -> None:
    """One line per timescale. `about`: title of each timescale, shown behind it with the unit of its ages."""
    lines = []
    for rule, of_rule in rows.items():
        found = {(r["measure"].partition(".")[0], part_of(r["measure"])): r for r in of_rule}
        ages = next((r["unit"] for r in of_rule if r["measure"].startswith(("median_age.", "oldest."))), None)
        more = [ages, about.get(rule, rule)] if about else []
        lines.append([rule, *(_cell(found.get(head)) for head in heads), *more])
    names = [part or measure for measure, part in heads]
    print_table(lines, [heads[0][0] if heads[0][1] else "timescale", *names, *(["ages in", "what"] if about else [])])


def _cell(row: Row | None) -> str | None:
    if row is None or row["value"] is None:
        return None
    return f"{short(row['value'])} of {row['n']}" if row["unit"] == "per cent" else short(row["value"])


def short(value: float) -> str:
    """A count whole; anything else to three figures."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
