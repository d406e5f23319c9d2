"""Why a figure has no value at a place in the newest extract, in a sentence."""

from __future__ import annotations

import math

from sqlalchemy import Connection

from caseclock.extracts.supplementary import ids_not_watched
from caseclock.measures import MeasureConfig
from caseclock.measures.model import COUNCIL, rule_of
from caseclock.pipeline.house import House
from caseclock.pipeline.pages.desk import Standing
from caseclock.pipeline.without import no_figure
from caseclock.storage import forecasts
from caseclock.storage.ledger import StoredQuality


def why_none(
    c: Connection, house: House, standing: Standing, quality: StoredQuality | None, entry: MeasureConfig, figure: str, place: str
) -> str:
    if standing.extract is None or quality is None:
        return "No extract has passed its quality check yet."
    if place in quality.blocked_teams:
        return "The rows of this team are missing from the extract: it has no figures, which is not the same as figures of zero."
    absent = next((a.because for a in quality.absences if rule_of(figure) in ids_not_watched(a)), None)
    if absent:
        return f"The time limit is not watched: {absent}."
    figures = entry.figures([rule.id for rule in house.config.timescales])
    taken = {standing.extract.as_of: standing.extract.id}
    found = forecasts.values_of(c, taken, figures, COUNCIL)
    rows = [(name, COUNCIL, math.nan if v.value is None else v.value, v.n) for name, values in found.items() for v in values]
    reason = next(iter(no_figure([entry], rows, quality.absences)), None)
    if reason:
        return f"{reason[:1].upper()}{reason[1:]}."
    whole = found[figure]
    if place != COUNCIL and whole and whole[0].value is not None:
        return "There is nothing here to make it from."
    return "There is nothing in this extract to make it from."
