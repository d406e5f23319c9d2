"""The figures of one week, read from the store, for the digest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from sqlalchemy import Connection, or_, select

from caseclock.digest import SMALL, Digest, Figure, OpenAlerts, build, withheld
from caseclock.extracts import Extract
from caseclock.measures.model import COUNCIL, SERVICE, MeasureId
from caseclock.pipeline.house import House
from caseclock.pipeline.people import RELEASED
from caseclock.storage import ledger
from caseclock.storage import schema as t
from caseclock.storage.decisions import decision_of
from caseclock.storage.engine import reading
from caseclock.thresholds import ThresholdRule

IN_DIGEST: frozenset[MeasureId] = frozenset({
    "open", "unallocated", "unallocated_cp", "overdue", "in_time", "reviewed_in_time", "stale_open", "arrivals", "re_referral",
    "unallocated_low", "unallocated_priority", "supervision_held", "supervision_recorded", "caseload", "caseload_fte", "caseload_high",
    "agency_share", "vacancy_rate", "agency_rate", "rhi_held",
})  # fmt: skip
"""What the week is told by. The others are working figures of teams, or would undo the disclosure rule: from a net change, a load or an
age band beside what is shown here a small count could be worked out."""

PlaceKind = Literal["team", "service", "council"]
Values = dict[str, tuple[float | None, int]]


def digests(house: House, week: str, last_day: dt.date) -> Iterator[tuple[str, Digest]]:
    """One digest per source that has ever sent an extract, from what was known of the days up to the end of the week."""
    with reading(house.engine) as c:
        for source in ledger.sources(c):
            yield source, _digest(house, c, source, week, last_day)


def _digest(house: House, c: Connection, source: str, week: str, last_day: dt.date) -> Digest:
    upto = last_day + dt.timedelta(days=1)
    accepted = [e for e, _ in ledger.accepted_before(c, source, upto)]
    newest = [e for e in ledger.extracts(c, source, superseded=False) if e.as_of <= last_day][-1:]
    now_ = accepted[0] if accepted else None
    first_day = last_day - dt.timedelta(days=6)
    before = next((e for e in accepted if e.as_of < first_day), None)
    said = decision_of(c, newest[0].id) if newest else None
    released = bool(said and said.released)
    held = None
    if newest and not released and (found := ledger.quality_of(c, newest[0].id)) and found.verdict == "hold":
        held = found.reasons[0] if found.reasons else "it did not pass the quality gate."
    quality = ledger.quality_of(c, now_.id) if now_ else None
    return build(
        week,
        now_.as_of if now_ else None,
        held,
        _figures(house, _values(c, now_), _values(c, before)),
        _open_alerts(house, c, source, last_day),
        quality.absences if quality else [],
        notes=[f"{RELEASED}."] if released else [],
    )


def _values(c: Connection, extract: Extract | None) -> Values:
    if extract is None:
        return {}
    found = ledger.measures_of(c, extract.id)
    whole = found[found["team"] == COUNCIL]
    return {m: (None if v != v else float(v), int(n)) for m, v, n in whole[["measure", "value", "n"]].itertuples(index=False)}


def _figures(house: House, now_: Values, before: Values) -> list[Figure]:
    titles = {rule.id: rule.title for rule in house.config.timescales}
    hidden, hidden_before = withheld(_counts(house, now_)), withheld(_counts(house, before))
    made = []
    for entry in house.config.measures:
        if entry.id not in IN_DIGEST:
            continue
        for measure, (value, n) in now_.items():
            kind, _, rule = measure.partition(".")
            if kind != entry.id or (entry.id == "open" and rule):
                continue
            title = f"{entry.title}: {titles.get(rule, rule.replace('_', ' '))}" if rule else entry.title
            old, old_n = before.get(measure, (None, 0))
            made.append(Figure(title, entry.unit, value, n, old, old_n, measure in hidden, measure in hidden_before))
    return made


def _counts(house: House, values: Values) -> dict[str, float]:
    """What is counted, of what the digest shows."""
    counts = {entry.id for entry in house.config.measures if entry.id in IN_DIGEST and entry.unit != "per cent"}
    return {
        measure: value
        for measure, (value, _) in values.items()
        if value is not None and measure.partition(".")[0] in counts and not measure.startswith("open.")  # of those only the total is shown
    }


def _open_alerts(house: House, c: Connection, source: str, last_day: dt.date) -> list[OpenAlerts]:
    """Alerts that were open at the end of the week, by rule."""
    a = t.alert
    rows = c.execute(
        select(a).where(a.c.source == source, a.c.since <= str(last_day), or_(a.c.closed_on.is_(None), a.c.closed_on > str(last_day)))
    )
    counted: dict[tuple[str, PlaceKind], list[str]] = {}
    for row in rows:
        counted.setdefault((row.rule, _kind_of(row.team)), []).append(row.severity or "amber")
    rules = {rule.id: rule for rule in house.config.thresholds}
    return [
        OpenAlerts(rules[rule].title if rule in rules else rule, found.count("red"), found.count("amber"), kind, _is_small(rules.get(rule)))
        for (rule, kind), found in sorted(counted.items())
    ]


def _is_small(rule: ThresholdRule | None) -> bool:
    """Whether an alert of this rule may be about 1 to 5 cases. Of a rule that is gone nobody knows, so it counts as such."""
    return rule is None or (rule.unit != "per cent" and min(rule.amber, rule.red) <= SMALL)


def _kind_of(place: str) -> PlaceKind:
    """A service and the council are no teams: counted among them they would count the same work twice."""
    if place == COUNCIL:
        return "council"
    return "service" if place.startswith(SERVICE) else "team"
