"""What one extract changed: figures, events, alerts, and the messages that went out because of these."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from caseclock.alerts import Instance
from caseclock.dashboard.model import At, Tone
from caseclock.dashboard.pages.extracts import AlertChange, Change, Told
from caseclock.extracts.model import Extract
from caseclock.measures.model import COUNCIL, title_of
from caseclock.notifications.compose import alert_id
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.storage import schema as t
from caseclock.storage.engine import in_chunks

CHANGES: Final = 15  # figures
ALERTS: Final = 60
POINTS: Final = 5.0  # per cent, as much as the noise of a count
CASES: Final = {
    "opened": "opened",
    "reopened": "came back within a year",
    "allocated": "got a worker",
    "deallocated": "lost their worker",
    "moved": "went to another team",
    "completed": "closed",
    "corrected": "date or child corrected",
    "vanished": "no longer in the extract, and not closed",
}
CLOCKS: Final = ("due_soon", "breached", "completed", "completed_late")
WHAT: Final = {
    ("NORMAL", "PENDING"): "first time past its limit",
    ("NORMAL", "FIRING"): "opened",
    ("PENDING", "FIRING"): "opened",
    ("PENDING", "NORMAL"): "back within its limit before it opened",
    ("FIRING", "RECOVERING"): "begins to clear",
    ("RECOVERING", "FIRING"): "past its limit again",
    ("RECOVERING", "NORMAL"): "ended",
    ("FIRING", "NORMAL"): "ended",
    ("FIRING", "FIRING"): "changed",
}
ORDER: Final = {"opened": 0, "changed": 1, "past its limit again": 1, "begins to clear": 2, "ended": 3}
"""Of these first, then of all else."""
KINDS: Final = {
    "fire": "alert opened", "worsened": "got worse", "refresh": "brought up to date", "resolved": "ended", "retracted": "withdrawn",
    "limit_changed": "limit changed", "limit_stricter": "limit made stricter", "hold": "on hold", "unhold": "no longer on hold",
}  # fmt: skip
"""Kinds of message that come of an extract, not of time alone."""
CHANNELS: Final = {"slack": "Slack", "email": "Email", "teams": "Teams", "notify": "GOV.UK Notify"}
TONES: Final[Mapping[str, Tone]] = {"red": "red", "amber": "amber"}


# --- figures -----------------------------------------------------------------------------------------------------------
def changes(c: Connection, at: At, desk: Desk, standing: Standing, extract_id: str, before: str) -> tuple[Change, ...]:
    """Those that changed most for their size: of the council, or of the viewer's own teams."""
    config = desk.house.config
    rules = [rule.id for rule in config.timescales]
    units = {f: m.unit for m in config.measures if m.id != "age_band" for f in m.figures(rules)}
    places = [COUNCIL] if at.scope.teams is None else sorted(at.scope.teams)
    old, new = desk.values(c, before, units, places), desk.values(c, extract_id, units, places)
    measures: dict[str, str] = {m.id: m.title for m in config.measures}
    timescales = {rule.id: rule.title for rule in config.timescales}
    titles = {figure: title_of(figure, measures, timescales) for figure in new}
    names = {place: standing.name(place) for place in places}
    found = []
    for figure, at_places in new.items():
        past = old.get(figure, {})
        for place, (value, _) in at_places.items():
            was = past.get(place, (None, 0))[0]
            if value is not None and was is not None and value != was:
                found.append((-_size(units[figure], was, value), titles[figure], names[place], place, figure, was, value))
    largest = heapq.nsmallest(CHANGES, found)  # of a service thousands change each day
    return tuple(Change(place, called, figure, title, units[figure], was, value) for _, title, called, place, figure, was, value in largest)


def _size(unit: str, before: float, after: float) -> float:
    """A count on the scale on which its chance is alike at every size; what may lie below zero by its distance alone."""
    if unit == "per cent":
        return abs(after - before) / POINTS
    if min(before, after) < 0:
        return abs(after - before) / math.sqrt(1 + abs(before))
    return 2 * abs(math.sqrt(after + 0.375) - math.sqrt(before + 0.375))


# --- events ------------------------------------------------------------------------------------------------------------
def happened(c: Connection, at: At, extract_id: str) -> tuple[tuple[str, int], ...]:
    """What befell cases, of the council or of the viewer's own teams together; what nobody can tell is not in it."""
    counts: dict[str, int] = {}
    for type_, n in _counts(c, at, extract_id, ("type",), "case", list(CASES)):
        counts[type_] = counts.get(type_, 0) + n
    return tuple((words, counts[type_]) for type_, words in CASES.items() if type_ in counts)


def on_clocks(c: Connection, at: At, house: House, extract_id: str) -> tuple[tuple[str, int, int, int, int], ...]:
    counts: dict[str, dict[str, int]] = {}
    titles = {rule.id: rule.title for rule in house.config.timescales}
    for type_, rule, n in _counts(c, at, extract_id, ("type", "rule"), list(titles), list(CLOCKS)):
        mine = counts.setdefault(rule, {})
        mine[type_] = mine.get(type_, 0) + n
    rows = [(titles[rule], *(mine.get(type_, 0) for type_ in CLOCKS)) for rule, mine in counts.items() if any(mine.values())]
    return tuple(sorted(rows, key=lambda row: (-row[2], -row[4], row[0])))  # type: ignore[arg-type]


def _counts(c: Connection, at: At, extract_id: str, names: Sequence[str], rules: str | list[str], types: list[str]) -> list[Any]:
    n = t.event_count.c
    asked = [rules] if isinstance(rules, str) else rules
    places = [COUNCIL] if at.scope.teams is None else sorted(at.scope.teams)
    query = select(*(n[name] for name in names), n.n).where(
        n.extract_id == extract_id, n.type.in_(types), n.rule.in_(asked), n.team.in_(places)
    )
    return list(c.execute(query))


def by_team(
    c: Connection, at: At, standing: Standing, extract_id: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str, tuple[int, ...]], ...]]:
    """Kinds of what befell cases, and of each team in scope how often; teams without any are left out."""
    n = t.event_count.c
    query = select(n.team, n.type, n.n).where(n.extract_id == extract_id, n.type.in_(list(CASES)), n.rule == "case", n.n > 0)
    counts: dict[str, dict[str, int]] = {}
    for place, type_, many in c.execute(query):
        if at.scope.sees(place) and (place in standing.names or place == "?") and not place.startswith("service:"):
            counts.setdefault(place, {})[type_] = many
    kinds = [type_ for type_ in CASES if any(type_ in mine for mine in counts.values())]
    rows = [(place, standing.name(place), tuple(mine.get(type_, 0) for type_ in kinds)) for place, mine in counts.items()]
    return tuple(CASES[type_] for type_ in kinds), tuple(sorted(rows, key=lambda row: (row[1].casefold(), row[0])))


# --- alerts ------------------------------------------------------------------------------------------------------------
def alerts(c: Connection, at: At, house: House, standing: Standing, extract_id: str) -> tuple[tuple[AlertChange, ...], int, list[str]]:
    """Changes of alerts in scope, how many more there are, and the ids of the alerts that are shown."""
    v = t.alert_event.c
    columns = (v.rule, v.team, v.episode, v.from_state, v.to_state, v.severity, v.value, v.reason)
    found = c.execute(select(*columns).where(v.extract_id == extract_id).order_by(v.id))
    titles = {rule.id: rule.title for rule in house.config.thresholds}
    mine = [row for row in found if at.scope.sees(row.team)]
    rows = sorted(
        mine, key=lambda row: (ORDER.get(_what(row), len(ORDER)), row.severity != "red", titles.get(row.rule, row.rule), row.team)
    )
    ids = [alert_id(Instance(at.source, row.rule, row.team), row.episode) if row.episode else None for row in rows[:ALERTS]]
    known = _there(c, [id_ for id_ in ids if id_])
    made = tuple(
        AlertChange(
            id_ if id_ in known else None, titles.get(row.rule, row.rule), row.team, standing.name(row.team), _what(row),
            row.severity or "", TONES.get(row.severity, ""), row.value, row.reason,
        )
        for row, id_ in zip(rows, ids, strict=False)
    )  # fmt: skip
    return made, max(0, len(rows) - ALERTS), sorted(known)


def _what(row: Any) -> str:
    return WHAT.get((row.from_state, row.to_state), "changed")


def _there(c: Connection, ids: Sequence[str]) -> set[str]:
    return {id_ for some in in_chunks(sorted(set(ids))) for id_ in c.execute(select(t.alert.c.id).where(t.alert.c.id.in_(some))).scalars()}


# --- messages ----------------------------------------------------------------------------------------------------------
def told(c: Connection, house: House, this: Extract, alerts: Sequence[str]) -> tuple[Told, ...]:
    """Messages about these alerts since the extract came and before the next one did: each once, by how its last try went."""
    lanes = [f"{r.id}/{channel}" for r in house.config.routes.recipients for channel in CHANNELS if r.address(channel)]
    until, a = _next_arrival(c, this), t.audit.c
    last: dict[tuple[str, str], tuple[str, str, str]] = {}
    for some in in_chunks([f"{alert} {lane}" for alert in alerts[:ALERTS] for lane in lanes]):
        query = select(a.event, a.subject, a.detail).where(a.subject.in_(some), a.at >= _text(this.received_at)).order_by(a.id)
        for event, subject, detail in c.execute(query.where(a.at < until) if until else query):
            if detail.get("kind") in KINDS and "key" in detail:
                last[detail["key"], subject] = (detail["kind"], detail["channel"], event)
    counts: dict[tuple[str, str], list[int]] = {}
    for kind, channel, event in last.values():
        counts.setdefault((kind, channel), [0, 0])[event not in ("sent", "adopted")] += 1
    order = list(KINDS)
    rows = sorted(counts.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
    return tuple(Told(KINDS[kind], CHANNELS.get(channel, channel), sent, rest) for (kind, channel), (sent, rest) in rows)


def _next_arrival(c: Connection, this: Extract) -> str | None:
    e = t.extract.c
    query = select(e.received_at).where(e.source == this.source, e.as_of > str(this.as_of), e.received_at > _text(this.received_at))
    return c.execute(query.order_by(e.as_of).limit(1)).scalar()


def _text(moment: Any) -> str:
    from caseclock.storage.engine import moment_text

    return moment_text(moment)
