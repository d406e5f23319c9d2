"""The ledger of extracts, one extract with what it changed, and the last of them for the tab of their Dag."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, func, select

from caseclock.charts import extract_bars
from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.extracts import ExtractPage, Lately, LatelyLine, LedgerPage, Turned
from caseclock.extracts.model import Extract
from caseclock.measures.model import COUNCIL
from caseclock.pipeline.pages import extracts_effect as effect
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.pipeline.pages.extracts_entries import entries_of
from caseclock.pipeline.pages.quality_words import counting
from caseclock.storage import decisions, ledger
from caseclock.storage import schema as t

STEP: Final = 50  # dates on a page of the ledger
MOST: Final = 200  # extracts on a page, should dates have many revisions
TURNED: Final = 20  # files that never became an extract
LATELY: Final = 20  # extracts in the tab of the Dag
REASONS: Final = 3
UNMADE: Final = "Its path has not got so far yet, or was broken off."


def source_of(desk: Desk, extract: str) -> str:
    with desk.reading() as c:
        found = c.execute(select(t.extract.c.source).where(t.extract.c.id == extract)).scalar()
    if found is None:
        raise NotThere("there is no such extract", where="extract", todo="The ledger lists all that have come.")
    return str(found)


# --- the ledger --------------------------------------------------------------------------------------------------------
def extracts(desk: Desk, at: At, before: dt.date | None) -> LedgerPage:
    """Newest first, whole dates at a time."""
    e = t.extract.c
    mine = e.as_of < str(before) if before else e.as_of <= str(dt.date.max)
    with desk.reading() as c:
        days = select(e.as_of).where(e.source == at.source, mine).distinct().order_by(e.as_of.desc()).limit(STEP + 1)
        found = list(c.execute(days).scalars())
        shown = found[:STEP]
        query = select(e.id).where(e.source == at.source, e.as_of.in_(shown)).order_by(e.as_of.desc(), e.revision.desc()).limit(MOST)
        entries = entries_of(c, at, list(c.execute(query).scalars()))
        open_to_all = at.scope.whole and desk.house.config.routes.sees_every_source(at.viewer.id)
        turned = _turned(c) if open_to_all and not before else None
    after = dt.date.fromisoformat(shown[-1]) if len(found) > STEP else None
    return LedgerPage("Extracts", entries, before, after, turned)


def _turned(c: Connection) -> tuple[Turned, ...]:
    r = t.refusal.c
    query = select(r.name, r.sha256, r.reason, r.at).order_by(r.at.desc()).limit(TURNED)
    return tuple(Turned(row.name, row.sha256[:12], row.reason, row.at) for row in c.execute(query))


# --- one extract -------------------------------------------------------------------------------------------------------
def extract(desk: Desk, at: At, extract: str) -> ExtractPage:
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        found = entries_of(c, at, [extract])
        if not found or ledger.extract_by_id(c, extract).source != at.source:
            raise NotThere("there is no such extract", where="extract", todo="The ledger lists all that have come.")
        this = ledger.extract_by_id(c, extract)
        speaks = extract in standing.taken.values()
        against = _before(standing, this.as_of) if speaks else None
        report = ledger.quality_of(c, extract)
        kinds, by_team = effect.by_team(c, at, standing, extract) if speaks else ((), ())
        alerts, rest, touched = effect.alerts(c, at, desk.house, standing, extract)
        return ExtractPage(
            title=f"Extract of {day_words(this.as_of)}" + (f", revision {this.revision}" if this.revision > 1 else ""),
            entry=found[0],
            run=f"extract__{this.as_of}__{this.id}",
            speaks=speaks,
            silent="" if speaks else _silent(c, this),
            reasons=tuple(report.reasons[:REASONS]) if report and found[0].word != "refused" else (),
            against=against,
            changes=effect.changes(c, at, desk, standing, extract, against[1]) if against else (),
            happened=effect.happened(c, at, extract) if speaks else (),
            on_clocks=effect.on_clocks(c, at, desk.house, extract) if speaks else (),
            kinds=kinds,
            by_team=by_team,
            alerts=alerts,
            more_alerts=rest,
            told=effect.told(c, desk.house, this, touched),
        )


def _before(standing: Standing, day: dt.date) -> tuple[dt.date, str] | None:
    earlier = [one for one in standing.taken if one < day]
    return (max(earlier), standing.taken[max(earlier)]) if earlier else None


def _silent(c: Connection, this: Extract) -> str:
    """Why its figures are not in use."""
    if this.superseded:
        return "Another revision of its date counts instead, so its figures are not in use."
    if newer := decisions.newer_revision(c, this):
        return f"Revision {newer} of its date counts instead, so its figures are not in use."
    if ledger.refused_reason(c, this.id):
        return "It could not be read. Nothing fires and nothing ends by it; have the export made again, and send it."
    found, said = ledger.quality_of(c, this.id), decisions.decision_of(c, this.id)
    if found and found.verdict == "hold" and not (said and said.released):
        return "Quality holds it, so nothing speaks: no alert opens or ends by it, nobody is reminded, and its figures are not shown."
    return UNMADE


# --- the tab of the Dag ------------------------------------------------------------------------------------------------
def lately(desk: Desk, at: At) -> Lately:
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        ids = counting(c, at.source, dt.date.max, LATELY)
        entries = entries_of(c, at, ids[::-1])
        changed = _changed(c, desk, standing, ids) if at.scope.whole else {}
        opened = _opened(c, at, min((entry.as_of for entry in entries), default=dt.date.max))
    bars = [extract_bars.Bar(one.as_of, one.rows, one.word) for one in reversed(entries)]  # type: ignore[arg-type]
    lines = tuple(LatelyLine(one, changed.get(one.id), opened.get(str(one.as_of), 0)) for one in entries)
    return Lately("monitor_extract: the last extracts", extract_bars.draw(bars), extract_bars.finding(bars), lines)


def _changed(c: Connection, desk: Desk, standing: Standing, ids: list[str]) -> dict[str, int]:
    """How many of the council's figures that have a limit are others than in the extract before, of those that speak."""
    figures = {rule.measure for rule in desk.house.config.thresholds}
    speaking = [id_ for _, id_ in sorted(standing.taken.items()) if id_ in set(ids)]
    m = t.measure_value.c
    query = select(m.extract_id, m.measure, m.value).where(m.extract_id.in_(speaking), m.measure.in_(sorted(figures)), m.team == COUNCIL)
    values: dict[str, dict[str, float | None]] = {}
    for id_, figure, value in c.execute(query):
        values.setdefault(id_, {})[figure] = value
    made = {}
    for last, this in pairwise(speaking):
        old, new = values.get(last, {}), values.get(this, {})
        made[this] = sum(old[figure] != new[figure] for figure in old.keys() & new.keys())
    return made


def _opened(c: Connection, at: At, since: dt.date) -> dict[str, int]:
    """Alerts that this viewer may see, by the day on which they opened."""
    a = t.alert.c
    query = select(a.episode, a.team, func.count()).where(a.source == at.source, a.episode >= str(since)).group_by(a.episode, a.team)
    made: dict[str, int] = {}
    for day, team, n in c.execute(query):
        if at.scope.sees(team):
            made[day] = made.get(day, 0) + n
    return made
