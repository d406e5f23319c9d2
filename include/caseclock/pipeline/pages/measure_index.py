"""The list of all figures that are on, with their newest values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from caseclock.dashboard.model import At
from caseclock.dashboard.pages.measure import FigureLine, Group, MeasuresPage
from caseclock.extracts import Absence
from caseclock.measures import MeasureConfig
from caseclock.measures.model import COUNCIL, GROUPS, rule_of
from caseclock.pipeline.house import House
from caseclock.pipeline.pages import measure_words as words
from caseclock.pipeline.pages.desk import Desk
from caseclock.storage import ledger

Found = Mapping[str, tuple[float | None, int]]


def measures(desk: Desk, at: At) -> MeasuresPage:
    """For somebody who does not see the council: the figures of their only team; with several no values, since they cannot be summed."""
    house = desk.house
    rules = [rule.id for rule in house.config.timescales]
    with desk.reading() as c:
        standing = desk.standing(c, at.source)
        mine = [team for team in standing.teams if at.scope.sees(team)]
        place = COUNCIL if at.scope.whole else mine[0] if len(mine) == 1 else None
        asked = [figure for entry in house.config.measures for figure in entry.figures(rules)]
        values = desk.values(c, standing.extract.id, asked, [place]) if standing.extract and place else {}
        quality = ledger.quality_of(c, standing.extract.id) if standing.extract else None
    found = {figure: of[place] for figure, of in values.items() if place in of}
    absent = _not_watched(quality.absences if quality else [])
    entries = {entry.id: entry for entry in house.config.measures}
    groups = []
    for heading, ids in GROUPS.items():
        named = [(entries[id_].title, tuple(_lines(house, entries[id_], rules, found, absent, place))) for id_ in ids if id_ in entries]
        single = tuple(line for _, lines in named if len(lines) == 1 for line in lines)
        several = tuple((title[:1].upper() + title[1:], lines) for title, lines in named if len(lines) > 1)
        if named:
            groups.append(Group(heading[:1].upper() + heading[1:], single, several))
    where = standing.name(place) if place else "your teams"
    lead = f"{len(asked)} figures are worked out. The values are those of: {where}." if place else "Choose a figure to see your teams."
    return MeasuresPage("All figures", lead, place, tuple(groups))


def _lines(
    house: House, entry: MeasureConfig, rules: list[str], found: Found, absent: Mapping[str, str], place: str | None
) -> Iterator[FigureLine]:
    title, worse = words.titles(house), words.worse_words(entry)
    for figure in entry.figures(rules):
        value = found.get(figure, (None, 0))[0]
        why = ""
        if value is None and place is not None:
            why = absent.get(rule_of(figure) or "", "nothing to make it from" if figure in found else "the extract cannot show it")
        said = words.value_words(entry, value)
        yield FigureLine(figure, title(figure), said, words.unit_words(house, entry, figure), worse, why)


def _not_watched(absences: Iterable[Absence]) -> dict[str, str]:
    from caseclock.extracts.supplementary import ids_not_watched

    return {id_: a.because for a in absences for id_ in ids_not_watched(a)}
