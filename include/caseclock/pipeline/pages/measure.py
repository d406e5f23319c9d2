"""The page of one figure at one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from caseclock.dashboard.model import At, NotThere
from caseclock.dashboard.pages.measure import Change, MeasurePage
from caseclock.measures import MeasureConfig
from caseclock.measures.model import COUNCIL, NO_TEAM, PER_RULE, rule_of
from caseclock.pipeline.house import House
from caseclock.pipeline.pages import measure_limits as limits
from caseclock.pipeline.pages import measure_words as words
from caseclock.pipeline.pages.desk import Desk, Standing
from caseclock.pipeline.pages.measure_now import AGO, Found, amounts, changes_of, lines_of
from caseclock.pipeline.pages.measure_past import About, Past, gaps, past_of
from caseclock.pipeline.pages.measure_why import why_none
from caseclock.storage import ledger
from caseclock.trends.model import WHY_NO_CHART, kind_of

if TYPE_CHECKING:
    from caseclock.storage.ledger import StoredQuality

STATE_WORDS: Final = {"red": "past the limit for red", "amber": "past the limit for amber", "within": "within its limit"}


def measure(desk: Desk, at: At, figure: str, place: str | None, show: str) -> MeasurePage:
    house = desk.house
    entry = words.entry_of(house, figure)
    if entry is None:
        raise NotThere("there is no such figure, or it is off", where="figure", todo="The page of all figures lists those that are on.")
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        place = _place(at, standing, place)
        about = About(house, standing, entry, figure, place, limits.rules_at(house, figure, place))
        found: Found = desk.values(c, standing.extract.id, [figure]).get(figure, {}) if standing.extract else {}
        quality = ledger.quality_of(c, standing.extract.id) if standing.extract else None
        return _page(c, at, about, found, quality, show)


def _place(at: At, standing: Standing, place: str | None) -> str:
    """Without one the council; for somebody who does not see that, the first of their teams."""
    if place is None and not at.scope.whole:
        place = next((team for team in standing.teams if at.scope.sees(team)), None)
        if place is None:
            raise NotThere("none of the teams in these extracts belongs to your services", where="team")
    place = COUNCIL if place is None else place
    at.check(place)
    if place not in (COUNCIL, NO_TEAM) and place not in standing.names:
        raise NotThere("there is no such team, or it is not among those that you may see", where="team")
    return place


def _page(c: Connection, at: At, about: About, found: Found, quality: StoredQuality | None, show: str) -> MeasurePage:
    house, standing, entry, figure, place = about.house, about.standing, about.entry, about.figure, about.place
    value, n = found.get(place, (None, 0))
    state, tone = limits.state_of(about.rules, value, n)
    past = past_of(c, about, show, value)
    changes = changes_of(c, about, value)
    stock = kind_of(figure) == "stock"
    teams, rest = lines_of(at, about, found, service=False)
    none = why_none(c, about.house, standing, quality, entry, figure, place) if value is None else ""
    return MeasurePage(
        title=words.title(house, figure),
        finding=_finding(about, value, state, past, none, changes),
        figure=figure,
        place=place,
        place_name=standing.name(place),
        as_of=standing.extract.as_of if standing.extract else None,
        value=words.value_words(entry, value, amounts(about.rules)),
        made_from=words.made_from(entry, value, n) if place in found else "",
        state=STATE_WORDS.get(state, ""),
        tone=tone,
        why_none=none,
        changes=changes,
        showing=show if stock else None,
        pictures=past.pictures,
        chart_says=past.says,
        why_no_chart=f"{WHY_NO_CHART[:1].upper()}{WHY_NO_CHART[1:]}." if stock else "",
        gaps=gaps(past),
        limits=limits.limit_lines(c, standing.source, entry, about.rules),
        alerts=limits.open_alerts(c, house, standing, at.scope, figure, place, whole=place == COUNCIL),
        teams=teams,
        services=lines_of(at, about, found, service=True)[0],
        order="the lowest first" if entry.direction == "below" else "the most first",
        rest=rest,
        unknown=tuple(
            standing.name(team) for team in (quality.blocked_teams if quality else []) if at.scope.sees(team) and team not in found
        ),
        definition=words.definition_words(house, entry),
        facts=words.facts(house, entry, figure),
        rule=words.rule_words(words.rule_named(house, rule_of(figure))),
        beside=_beside(house, entry, figure),
    )


# --- where it stands ---------------------------------------------------------------------------------------------------
def _finding(about: About, value: float | None, state: str, past: Past, none: str, changes: Sequence[Change]) -> str:
    """One sentence: the figure, its limit, and where it comes from."""
    name = about.standing.name(about.place)
    if value is None:
        return f"{name}: no figure in the newest extract. {none}" if none else f"{name}: no figure."
    at = STATE_WORDS.get(state, "")
    at = f", {at}" if at else ""
    stands = f"{name}: {words.value_words(about.entry, value, amounts(about.rules))}{at}"
    if kind_of(about.figure) == "stock":
        four = next((change for change in changes if change.words == AGO[1][1] and change.value != "–"), None)
        return (
            f"{stands}; {four.change} {'as' if four.change == 'the same' else 'on'} four weeks before ({four.value})."
            if four
            else f"{stands}."
        )
    return f"{stands}; the chart: {past.finding}." if past.finding else f"{stands}."


def _beside(house: House, entry: MeasureConfig, figure: str) -> tuple[tuple[str, str], ...]:
    """The other figures of this measure, and of this time limit: id and title."""
    rule = rule_of(figure)
    if rule:
        listed = [
            name for other in house.config.measures if other.id in PER_RULE for name in other.figures([rule]) if rule_of(name) == rule
        ]
    else:
        listed = entry.figures([each.id for each in house.config.timescales])
    title = words.titles(house)
    return tuple((name, title(name)) for name in dict.fromkeys(listed) if name != figure)
