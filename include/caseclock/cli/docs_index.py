"""docs/generated/what-is-watched.md: every timescale, measure and limit that ships, with the way to its page, and what is not watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from caseclock.cli.docs_measures import worse
from caseclock.cli.docs_rules import basis_of, files_of, limit_of
from caseclock.clocks.rules import Events, TimescaleRule
from caseclock.extracts.supplementary import FILES
from caseclock.measures import needs
from caseclock.measures.model import GROUPS

if TYPE_CHECKING:
    from caseclock.config.load import Config

TOPICS = {
    "Contact and referral": ("contact", "contact_decision", "referral"),
    "Assessment": ("assessment",),
    "Child protection": ("s47", "conference", "plan cp"),
    "Children in need": ("plan cin",),
    "Children who are looked after": ("care", "placement", "legal"),
    "Care leavers": ("care_leaver",),
    "Missing children and private fostering": ("missing", "meeting"),
    "Supervision and staff": ("supervision", "allocation", "staff", "post"),
}
"""Headings, and the tables whose clocks stand under them."""

ABOUT = """# What is watched

Each timescale and each measure has a page: what starts it and what ends it, its limit with source, what is said where its data is absent,
and worked examples, which are tests. This is what ships; a council's own configuration may differ ([change a
limit](../how-to/change-a-limit.md)). **Local** limits are defaults of ours that no law sets: change them freely."""

NOT_WATCHED = """## What is not watched, and why

Absent data must not look like late work. So a timescale whose data an extract does not hold makes no clock at all, its measures have no
figure, and the quality report, the alerts and the digest name it with the reason. The reasons are:

| reason | what to do |
|---|---|
| *the extract has no rows of* a table, or of a part of it (visits of kind `cp`) | look at the export; a renamed code looks like this |
| a column is *empty in the whole extract* (`visit.seen`) | map the column: without it nobody knows which children were seen |
| *no row of* a table *leads to a date in* a column | the export has no key that links the two tables |
| *no row of* a table *has a time of day in* a column | hours can be counted only from moments: export the time with the date |
| *no row of allocation has one of the roles* that the source names | set `allocated_roles` of the source |
| *no export of a case system holds it; add* a file | see the table of files below |
| *no row of* a file *leads to any row of* a table | the file's ids are not those of the case system |

A clock whose verdict is unknown is left out singly, with a count and one of these reasons: the case ended before the work was done; it has
no start date; it stops before it starts; it starts after the extract's date; the source does not say since when (it knows the latest visit
or review only). Every page says what happens without its tables."""


def index(config: Config) -> Iterator[str]:
    """The lines of the page."""
    yield ABOUT
    yield "\n## Timescales"
    for topic, rules in by_topic(config.timescales).items():
        yield f"\n### {topic}\n\n| id | what | limit | basis | file to add |\n|---|---|---|---|---|"
        for rule in rules:
            files = ", ".join(f"`{file}`" for file in files_of(rule))
            yield f"| [`{rule.id}`](rules/{rule.id}.md) | {rule.title} | {limit_of(rule)} | {basis_of(rule)} | {files} |"
    yield "\n## Measures\n\nPer team, service and council."
    on = {measure.id: measure for measure in config.measures}
    for heading, ids in GROUPS.items():
        yield f"\n### {heading[0].upper()}{heading[1:]}\n\n| id | what | unit | worse is | file to add |\n|---|---|---|---|---|"
        for measure in (on[id_] for id_ in ids if id_ in on):
            file = needs(measure.id)
            yield (
                f"| [`{measure.id}`](measures/{measure.id}.md) | {measure.title} | {measure.unit} | {worse(measure)} | "
                f"{f'`{file}`' if file else ''} |"
            )
    yield from _limits(config)
    yield f"\n{NOT_WATCHED}"
    yield from _files(config)


def by_topic(rules: list[TimescaleRule]) -> dict[str, list[TimescaleRule]]:
    """The timescales under their headings. What is watched by supervision stands under supervision, whatever it is about."""
    made: dict[str, list[TimescaleRule]] = {topic: [] for topic in TOPICS}
    for rule in rules:
        made[_topic(rule)].append(rule)
    return {topic: found for topic, found in made.items() if found}


def _topic(rule: TimescaleRule) -> str:
    supervised = isinstance(rule.stop, Events) and rule.stop.table == "supervision"
    table = "supervision" if supervised else f"plan {rule.where.get('kind')}" if rule.table == "plan" else rule.table
    return next(topic for topic, tables in TOPICS.items() if table in tables)


def _limits(config: Config) -> Iterator[str]:
    yield "\n## Limits\n\nWhen somebody is told (`thresholds.yaml`).\n"
    yield "| id | measure | of | amber | red | clears | fires after | urgent |\n|---|---|---|---|---|---|---|---|"
    for limit in config.thresholds:
        side = {"above": "below", "below": "above", "either": "nearer to zero than"}[limit.direction]
        after = f"{limit.for_n} extract{'s' if limit.for_n > 1 else ''}"
        of = "each team" if limit.teams == ["*"] else ", ".join(limit.teams)
        yield (
            f"| `{limit.id}` | `{limit.measure}` | {of} | {limit.amber:g} | {limit.red:g} | {side} {limit.clear_below:g} | {after} | "
            f"{'no' if limit.quiet_hours else 'yes'} |"
        )


def _files(config: Config) -> Iterator[str]:
    yield "\n### Files to add\n\nWhat no export of a case system holds ([how to](../how-to/add-supervision-staff-and-other-files.md)):\n"
    yield "| file | shows | timescales | measures |\n|---|---|---|---|"
    for file in FILES:
        rules = ", ".join(f"`{rule.id}`" for rule in config.timescales if file.file in files_of(rule))
        measures = ", ".join(f"`{measure.id}`" for measure in config.measures if needs(measure.id) == file.file)
        yield f"| `{file.file}` | {file.shows} | {rules} | {measures} |"
