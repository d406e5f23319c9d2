"""What is not watched and why, and what is: read from the newest extract that speaks and from the configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, get_args

from caseclock.clocks.rules import Events, TimescaleRule
from caseclock.dashboard.model import At
from caseclock.dashboard.pages.not_watched import Lack, NotWatchedPage, Watched
from caseclock.extracts import Absence
from caseclock.extracts.supplementary import BY_TABLE, ids_not_watched
from caseclock.measures import definition, needs
from caseclock.measures.model import COUNCIL, MeasureId, rule_of
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Desk, Values
from caseclock.pipeline.pages.measure_words import BASES, amount, rule_named
from caseclock.pipeline.without import no_figure
from caseclock.pipeline.without import not_watched as rules_by_reason
from caseclock.storage import ledger

HOW: Final = "Add supervision, staff and other files"
"""The guide that says how a supplementary file is added, by its name."""
HOW_OWN: Final = "Use your own extract"


def not_watched(desk: Desk, at: At) -> NotWatchedPage:
    house = desk.house
    rules = [rule.id for rule in house.config.timescales]
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        quality = ledger.quality_of(c, standing.extract.id) if standing.extract else None
        asked = [figure for entry in house.config.measures for figure in entry.figures(rules)]
        values = desk.values(c, standing.extract.id, asked, [COUNCIL]) if standing.extract else {}
    absences = quality.absences if quality else []
    lacks = _lacks(house, values, absences) if quality else ()
    silent = {id_ for ids in rules_by_reason(absences).values() for id_ in ids}
    gone = tuple((standing.name(team), team) for team in (quality.blocked_teams if quality else []) if at.scope.sees(team))
    watched = tuple(_watched(house, rule, bool(quality) and rule.id not in silent) for rule in house.config.timescales)
    return NotWatchedPage(
        title="What is not watched, and what is",
        finding=_finding(bool(quality), watched, lacks, len(gone)),
        lacks=lacks,
        unseen=tuple((a.what[:1].upper() + a.what[1:], a.because) for a in absences if not ids_not_watched(a)),
        gone=gone,
        off=_off(house),
        not_configured=tuple(title for id_, title in _shipped() if id_ not in rules),
        watched=watched,
    )


def _finding(any_: bool, watched: Sequence[Watched], lacks: Sequence[Lack], gone: int) -> str:
    if not any_:
        return "No extract has passed its quality check yet, so nothing is watched."
    seen, measures = sum(one.watched for one in watched), sum(len(lack.measures) for lack in lacks)
    said = f"{seen} of {len(watched)} time limits are watched"
    said += (
        f"; {measures} {'measure has' if measures == 1 else 'measures have'} no figure"
        if measures
        else "; every measure that is on has a figure"
    )
    return said + (f"; the rows of {gone} {'team' if gone == 1 else 'teams'} are missing." if gone else ".")


def _lacks(house: House, values: Values, absences: Sequence[Absence]) -> tuple[Lack, ...]:
    """By reason, those that concern most first."""
    rows = [(figure, COUNCIL, math.nan if v is None else v, n) for figure, of in values.items() for v, n in of.values()]
    rules, measures = rules_by_reason(absences), no_figure(house.config.measures, rows, absences)
    titles: dict[str, str] = {m.id: m.title for m in house.config.measures}
    made = []
    for because in dict.fromkeys((*rules, *measures)):
        named = [rule for id_ in rules.get(because, []) if (rule := rule_named(house, id_))]
        files = [file for rule in named for file in files_of(rule)] + [file for id_ in measures.get(because, []) if (file := needs(id_))]
        made.append(
            Lack(
                _big(because) if because.startswith("no ") else f"Because {because}",  # it may begin with the name of a column
                tuple(_big(rule.title) for rule in named),
                tuple(_big(titles[id_]) for id_ in measures.get(because, [])),
                tuple(dict.fromkeys(files)),
                HOW if files else HOW_OWN,
            )
        )
    return tuple(sorted(made, key=lambda lack: -len(lack.rules) - len(lack.measures)))


def files_of(rule: TimescaleRule) -> list[str]:
    """The supplementary files without which nothing of the rule can be seen."""
    tables = (rule.table, *([rule.stop.table] if isinstance(rule.stop, Events) else []))
    return list(dict.fromkeys(BY_TABLE[table].file for table in tables if table in BY_TABLE))


def _off(house: House) -> tuple[tuple[str, str], ...]:
    """Measures that measures.yaml does not list: the id, and the first paragraph of what it means."""
    on = {entry.id for entry in house.config.measures}
    return tuple((id_, _first(definition(id_))) for id_ in get_args(MeasureId) if id_ not in on)


def _first(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split()).replace("`", "")


@cache
def _shipped() -> tuple[tuple[str, str], ...]:
    """Id and title of every time limit that comes with caseclock."""
    import yaml

    from caseclock.settings import shipped_config

    found: list[Mapping[str, str]] = yaml.safe_load((shipped_config() / "timescales.yaml").read_text("utf-8"))
    return tuple((entry["id"], _big(entry["title"])) for entry in found)


def _watched(house: House, rule: TimescaleRule, watched: bool) -> Watched:
    now, overdue = rule.limits[-1], f"overdue.{rule.id}"
    on = any(overdue in entry.figures([rule.id]) for entry in house.config.measures)
    return Watched(
        rule.id,
        _big(rule.title),
        amount(now.limit, rule.unit),
        now.effective_from,
        tuple(f"{amount(limit.limit, rule.unit)} from {limit.effective_from}" for limit in rule.limits[:-1]),
        BASES[rule.basis].partition(":")[0],
        rule.source,
        rule.note,
        watched,
        overdue if on else None,
        sum(rule_of(limit.measure) == rule.id for limit in house.config.thresholds),
    )


def _big(words: str) -> str:
    return words[:1].upper() + words[1:]
