"""The overview read from the store, and the card of the home page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from caseclock.dashboard.look import day_words
from caseclock.dashboard.model import At
from caseclock.dashboard.pages.overview import Card, OverviewPage, Raised
from caseclock.pipeline.pages import drawn as drawn
from caseclock.pipeline.pages import overview_flow as flow
from caseclock.pipeline.pages import overview_head as head
from caseclock.pipeline.pages import overview_rest as rest
from caseclock.pipeline.pages import overview_teams as by_team
from caseclock.pipeline.pages.desk import Desk, Standing, weekly
from caseclock.pipeline.pages.overview_facts import Facts
from caseclock.storage import schema as t

TITLE: Final = "Backlog overview"
SCORED: Final = 34  # weeks whose forecasts may have come: 26, and the 8 of the newest one


def overview(desk: Desk, at: At, measure: str | None = None, sort: str | None = None) -> OverviewPage:
    """`measure`: by which teams are compared; `sort`: by which column the table of teams is ordered. Raises WrongUse for others."""
    with desk.reading() as c:
        standing, open_now = desk.standing(c, at.source), rest.counted(c, at)
        state = (desk.house.config, standing, open_now, _prints(c, standing))
        common = drawn.made(desk, (at.source, at.scope.teams), state, lambda: _made(desk, c, at, standing, open_now))
        teams = None
        if common.facts:
            facts = common.facts.again(c)
            key = (at.source, at.scope.teams, measure, sort)
            teams = drawn.made(desk, key, state, lambda: by_team.teams(facts, _by_team(open_now), measure, sort))
    return replace(common.page, teams=teams, raised=rest.raised(desk, at, open_now), measure=measure, sort=sort)


def _prints(c: Connection, standing: Standing) -> tuple[object, ...]:
    """By which one sees that figures have been made again."""
    ids = list(weekly(standing.taken, flow.WEEKS).values())
    return tuple(c.execute(select(t.extract.c.id, t.extract.c.figures).where(t.extract.c.id.in_(ids)).order_by(t.extract.c.id)).tuples())


@dataclass(frozen=True)
class _Common:
    """What all filters have in common. `facts`: None where there are no figures."""

    page: OverviewPage
    facts: Facts | None


def _made(desk: Desk, c: Connection, at: At, standing: Standing, open_now: rest.Counted) -> _Common:
    """Without teams and their order; and with no list of alerts: what people do about these changes it, and nothing else of the page."""
    facts = Facts(desk, c, at, standing, standing.extract, open_now) if standing.extract else None
    if facts is None or not facts.whole:
        method = rest.method(desk.house, [], {}, rest.places_of_method(facts))
        nothing = _without(standing, facts)
        found, raised = rest.data(c, standing, facts), Raised("", (), 0)
        return _Common(OverviewPage(TITLE, None, nothing, (), None, None, None, None, raised, found, method, None, None), None)
    lines, coming = flow.lines_of(facts), flow.coming_of(facts)
    demand, charts = flow.demand(facts, lines, coming)
    page = OverviewPage(
        title=TITLE,
        as_of=facts.extract.as_of,
        finding=head.finding(facts),
        cards=head.cards(facts),
        demand=demand,
        backlog=flow.backlog(facts, lines, coming),
        teams=None,
        ageing=by_team.ageing(facts),
        raised=Raised("", (), 0),
        data=rest.data(c, standing, facts),
        method=rest.method(desk.house, charts, flow.covers(facts, lines, SCORED), rest.places_of_method(facts)),
        measure=None,
        sort=None,
    )
    return _Common(page, facts)


def card(desk: Desk, at: At) -> dict[str, Any]:
    """Counts and words only, for the card of the home page."""
    with desk.reading() as c:
        standing, open_now = desk.standing(c, at.source), rest.counted(c, at)
        state = (desk.house.config, standing, open_now, _prints(c, standing))
        said, cards = drawn.made(desk, ("card", at.source, at.scope.teams), state, lambda: _short(desk, c, at, standing, open_now))
    colours = {colour: sum(n for (_, _, severity), n in open_now.items() if severity == colour) for colour in ("red", "amber")}
    return {
        "as_of": at.frame.as_of.isoformat() if at.frame.as_of else None,
        "trust": at.frame.trust,
        "tone": at.frame.tone,
        "finding": said,
        "figures": [{"label": one.label, "value": one.value, "tone": one.tone} for one in cards],
        "alerts": colours,
    }


def _short(desk: Desk, c: Connection, at: At, standing: Standing, open_now: rest.Counted) -> tuple[str, tuple[Card, ...]]:
    facts = Facts(desk, c, at, standing, standing.extract, open_now) if standing.extract else None
    if facts is None or not facts.whole:
        return _without(standing, facts), ()
    return head.finding(facts), head.cards(facts)


def _without(standing: Standing, facts: Facts | None) -> str:
    return _nothing_yet(standing) if facts is None else "No team of any extract is among those that you may see."


def _by_team(open_now: rest.Counted) -> dict[str, int]:
    made: dict[str, int] = {}
    for (team, _, _), n in open_now.items():
        made[team] = made.get(team, 0) + n
    return made


def _nothing_yet(standing: Standing) -> str:
    if standing.newest is None:
        return "No extract has come yet. With the first that passes its quality check there are figures here."
    return (
        f"There is no figure yet: the extract of {day_words(standing.newest.as_of)} has not passed its quality check. "
        "When it is put right, or a person releases it, its figures stand here."
    )
