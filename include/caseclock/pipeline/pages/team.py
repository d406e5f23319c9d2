"""One place as the newest extract that speaks has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection, func, select

from caseclock.dashboard.look import day_words, number
from caseclock.dashboard.model import At, NotThere, Tone
from caseclock.dashboard.pages.team import Card, Due, Happened, OpenAlert, TeamPage, Work
from caseclock.measures.model import COUNCIL, NO_TEAM, SERVICE
from caseclock.pipeline.pages.desk import Desk, Standing, day_of
from caseclock.pipeline.pages.team_figures import DUE, Figures
from caseclock.pipeline.pages.team_words import CLOCKS, EVENTS, finding, how_it_stands, worst
from caseclock.pipeline.pages.work_list import first_of
from caseclock.storage import events
from caseclock.storage import schema as t
from caseclock.storage.quality import COMPARED

FIRST = 10  # cases of the work list on this page


def team(desk: Desk, at: At, place: str) -> TeamPage:
    at.check(place)
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        if place not in (COUNCIL, NO_TEAM, *standing.names):
            raise NotThere("there is no such team, or it is not among those that you may see", where="team")
        alerts = tuple(_alerts(desk, c, standing, place))
        below = _alerts_below(c, standing, place)
        page = _page(desk, at, c, standing, place, alerts, below)
    return replace(page, work=_work(desk, at, page.as_of, place))  # not in the same view: a list that is not there yet takes seconds


def _page(desk: Desk, at: At, c: Connection, standing: Standing, place: str, alerts: tuple[OpenAlert, ...], below: int) -> TeamPage:
    name, places = standing.name(place), tuple(_places(at, standing))
    kind = "council" if place == COUNCIL else "service" if place.startswith(SERVICE) else "team"
    if standing.extract is None:
        none = f"{name}: no extract has passed its quality check yet, so there is no figure."
        return TeamPage(name, place, kind, None, none, (), alerts, below, (), None, (), (), Happened(None, (), ()), "", places)
    figures = Figures(desk, at, c, standing, place)
    groups = tuple(figures.groups())
    rows = list({row.figure: row for group in groups for row in group.figures}.values())
    due = tuple(_due(desk, figures.now))
    said = finding("Work that no team answers for" if place == NO_TEAM else name, rows, day_words(figures.day))
    within = [alert for alert in alerts if alert.within]
    if within:
        said += f" {len(within)} open {'alert is' if len(within) == 1 else 'alerts are'} back within the limit, and not over yet."
    return TeamPage(
        title=name,
        place=place,
        kind=kind,
        as_of=figures.day,
        finding=said,
        cards=tuple(_cards(figures, due, alerts)),
        alerts=alerts,
        alerts_below=below,
        due=due,
        work=None,
        groups=groups,
        days=tuple(figures.weeks),
        happened=_happened(desk, c, standing, place),
        beside="the mean of all teams, or of all together" if at.scope.whole else "the mean of your teams",
        places=places,
    )


def _places(at: At, standing: Standing) -> Iterable[tuple[str, str]]:
    """The council and its services first, where the viewer may see them."""
    services = sorted((p for p in standing.names if p.startswith(SERVICE)), key=standing.name)
    for place in (COUNCIL, *services, *standing.teams, NO_TEAM):
        if at.scope.sees(place):
            yield place, standing.name(place)


# --- cards and what comes due ----------------------------------------------------------------------------------------------
def _cards(figures: Figures, due: tuple[Due, ...], alerts: tuple[OpenAlert, ...]) -> Iterable[Card]:
    for figure, label in (("open", "open cases"), ("unallocated", "cases that nobody holds")):
        if figure in figures.now:
            row = figures.row(figure)
            week = f"{row.week.words} in a week" if row.week.words != "–" else "no figure of a week before"
            yield Card(row.value, label, week, row.rag if row.rag != "green" else "", figure)
    late = [d.overdue for d in due if d.overdue is not None]
    bands = [figures.band(figure) for figure in figures.now if figure.startswith("overdue.")]
    if late:
        band: Tone = worst(bands)
        yield Card(number(sum(late)), "clocks past their limit", "each timescale counted", band if band != "green" else "")
    soon, likely = [d.due_10 for d in due if d.due_10 is not None], [d.expected_10 for d in due if d.expected_10 is not None]
    if soon:
        note = f"about {number(round(sum(likely)))} of them likely to be late" if likely else ""
        yield Card(number(sum(soon)), "clocks due in 10 working days", note)
    if "caseload" in figures.now and figures.now["caseload"][0] is not None:
        row = figures.row("caseload")
        yield Card(row.value, "children per worker", row.beside, row.rag if row.rag != "green" else "", "caseload")
    tones = [alert.severity for alert in alerts]
    yield Card(str(len(alerts)), "open alert" if len(alerts) == 1 else "open alerts", "", worst(tones))


def _due(desk: Desk, now: Mapping[str, tuple[float | None, int]]) -> Iterable[Due]:
    """Timescales of which anything is counted, those with most overdue first."""
    made = []
    for rule in desk.house.config.timescales:
        values = [now.get(f"{measure}.{rule.id}", (None, 0))[0] for measure in DUE]
        if any(values):
            made.append(Due(rule.id, rule.title[:1].upper() + rule.title[1:], *values))
    return sorted(made, key=lambda d: (-(d.overdue or 0), -(d.due_5 or 0), d.title))


# --- alerts ------------------------------------------------------------------------------------------------------------------
def _alerts(desk: Desk, c: Connection, standing: Standing, place: str) -> Iterable[OpenAlert]:
    a = t.alert.c
    rules = {rule.id: rule for rule in desk.house.config.thresholds}
    query = select(t.alert).where(a.source == standing.source, a.team == place, a.closed_on.is_(None)).order_by(a.since, a.rule)
    found = list(c.execute(query))
    for row in sorted(found, key=lambda row: row.severity != "red"):
        rule = rules.get(row.rule)
        unit = rule.unit if rule else ""
        title = rule.title if rule else row.rule
        tone: Tone = "red" if row.severity == "red" else "amber" if row.severity == "amber" else ""
        yield OpenAlert(row.id, _capital(title), tone, number(row.value, unit), row.since, *how_it_stands(rule, row.value))


def _alerts_below(c: Connection, standing: Standing, place: str) -> int:
    """Open alerts of teams, seen from the council."""
    if place != COUNCIL:
        return 0
    a = t.alert.c
    query = select(func.count()).where(a.source == standing.source, a.team != COUNCIL, a.closed_on.is_(None))
    return int(c.execute(query).scalar_one())


# --- the rest ------------------------------------------------------------------------------------------------------------------
def _work(desk: Desk, at: At, as_of: dt.date | None, place: str) -> Work | None:
    if as_of is None:
        return None
    try:
        total, rows = first_of(desk, at, place, FIRST)
    except NotThere:
        return None
    return Work(as_of, total, rows)


def _happened(desk: Desk, c: Connection, standing: Standing, place: str) -> Happened:
    assert standing.extract
    s = t.extract_stat.c
    compared = c.execute(select(s.scope).where(s.extract_id == standing.extract.id, s.name == COMPARED)).scalar()
    since = day_of(c, compared) if compared else None
    if since is None:
        return Happened(None, (), ())
    titles = {rule.id: rule.title for rule in desk.house.config.timescales}
    cases: dict[str, int] = {}
    clocks: dict[str, dict[str, int]] = {}
    for kind, rule, _, n in events.counts_of(c, standing.extract.id, None, place):
        if rule == "case":
            cases[kind] = n
        elif n:
            clocks.setdefault(rule, {})[kind] = n
    rows = [(_capital(titles.get(rule, rule)), *(str(of.get(kind, 0)) for kind in CLOCKS)) for rule, of in clocks.items()]
    return Happened(since, tuple((words, cases[kind]) for kind, words in EVENTS.items() if kind in cases), tuple(sorted(rows)))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
