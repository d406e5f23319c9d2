"""The protected record of each week, made from the measure values of its last extract that speaks, and kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from caseclock.digest.record import Record, corrected, kind_of, protect, record_from
from caseclock.digest.tree import Tree, tree_of
from caseclock.digest.week import A_WEEK, Week, week_of
from caseclock.measures.model import COUNCIL, SERVICE
from caseclock.pipeline.house import House
from caseclock.storage import digests, ledger
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks
from caseclock.storage.speaking import speaking

if TYPE_CHECKING:
    from caseclock.digest.record import Raw

WEEKS: Final = 52
"""So many are kept from the first digest on, so that its lines and charts have a past."""
ALWAYS: Final = ("open", "unallocated", "arrivals", "departures")
STAFFING: Final = ("supervision_held", "supervision_recorded", "caseload", "caseload_fte", "agency_share", "vacancy_rate", "agency_rate")


def keep_record(house: House, c: Connection, source: str, first_day: dt.date, last_day: dt.date) -> None:
    """Keeps the record of the week, and of those of the year before it that have none. What is there stays; a week that has been opened for
    a correction gets its next revision. A week without an extract that speaks has none."""
    last = week_of(first_day)
    taken = {week_of(day): (day, id) for day, id in speaking(c, source, last_day).items()}
    kept = digests.weeks(c, source, last.id, WEEKS + 1)
    wanted = [week for n in range(WEEKS - 1, -1, -1) if (week := Week(last.first_day - n * A_WEEK)) in taken and week.id not in kept]
    if not wanted:
        return
    figures, limits = figures_of(house), limits_of(house)
    raw = _raw(c, [taken[week][1] for week in wanted], figures)
    made: dict[str, Record] = {}
    for week in wanted:
        before = made.get(week.before.id) or (record_from(kept[week.before.id][1]) if week.before.id in kept else None)
        values = raw.get(taken[week][1], {})
        record = protect(tree(house, c, source, values), values, house.config.digest.small, before, limits)
        if earlier := digests.record_of(c, source, week.id):
            record = corrected(record_from(earlier.body), record)
        made[week.id] = record
        digests.save_week(c, source, week.id, taken[week][1], record.to_json())


def records(c: Connection, source: str, last: Week, count: int) -> list[Record | None]:
    """Of so many weeks up to one, oldest first; None for a week without one."""
    kept = digests.weeks(c, source, last.id, count)
    ids = [Week(last.first_day - n * A_WEEK).id for n in range(count - 1, -1, -1)]
    return [record_from(kept[id][1]) if id in kept else None for id in ids]


def figures_of(house: House) -> list[str]:
    """What a digest may speak of: the figures of digest.yaml, what alerts are about, demand, what falls due, staffing."""
    rules = [rule.id for rule in house.config.timescales]
    on = {figure for entry in house.config.measures for figure in entry.figures(rules)}
    named = [*house.config.digest.figures, *ALWAYS, *STAFFING, *(rule.measure for rule in house.config.thresholds)]
    named += [figure for figure in house.config.trends.charts if kind_of(figure)]
    named += [f"due_10.{rule}" for rule in coming_rules(house)]
    return [figure for figure in dict.fromkeys(named) if figure in on and kind_of(figure) and not figure.startswith("open.")]


def coming_rules(house: House) -> list[str]:
    """Timescales whose breaches to come are told: those of the heat table and of the limits. Not of `allocation`: what is due of it and
    what is overdue sum up to the cases without a worker."""
    named = [*house.config.digest.figures, *(rule.measure for rule in house.config.thresholds)]
    return list(
        dict.fromkeys(
            f.partition(".")[2]
            for f in named
            if f.partition(".")[0] in ("overdue", "in_time") and "." in f and not f.endswith(".allocation")
        )
    )


def limits_of(house: House) -> dict[str, list[float]]:
    """Figure to the limits on counts that its teams have."""
    made: dict[str, list[float]] = {}
    for rule in house.config.thresholds:
        if rule.direction == "above" and rule.unit == "cases":
            made.setdefault(rule.measure, []).extend([rule.amber, rule.red])
    return made


def tree(house: House, c: Connection, source: str, values: Raw) -> Tree:
    """The teams that have values, below the services of routes.yaml."""
    from caseclock.alerts import Instance
    from caseclock.notifications.routes import Subject

    names = ledger.place_names(c, source)
    teams = {place for places in values.values() for place in places if place != COUNCIL}
    of = {
        team: service
        for team in teams
        if (service := house.config.routes.service_of(Subject(Instance(source, "", team), "", names.get(team, ""))))
    }
    return tree_of(teams, of)


def _raw(c: Connection, extract_ids: Iterable[str], figures: list[str]) -> Mapping[str, Raw]:
    """By extract the values of teams and of the council; rows of services are sums of these."""
    m = t.measure_value.c
    made: dict[str, Any] = {}
    for ids in in_chunks(list(extract_ids)):
        query = select(m.extract_id, m.measure, m.team, m.value, m.n).where(m.extract_id.in_(ids), m.measure.in_(figures))
        for id, figure, team, value, n in c.execute(query):
            if not team.startswith(SERVICE):
                made.setdefault(id, {}).setdefault(figure, {})[team] = (value, n)
    return made
