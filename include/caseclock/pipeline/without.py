"""What has no figure in an extract, and why: measures and timescales by the reason that they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caseclock.extracts import Absence
from caseclock.extracts.supplementary import FILES, ids_not_watched
from caseclock.measures import MeasureConfig, needs, why_no_value
from caseclock.measures.model import COUNCIL, PER_RULE


def no_figure(
    measures: Iterable[MeasureConfig], values: Iterable[tuple[str, str, float, int]], absences: Sequence[Absence]
) -> dict[str, list[str]]:
    """By reason the measures that are on and have no figure of the whole council, in their order.

    `values`: rows of MEASURE_COLUMNS. A measure with a figure per timescale has one where any timescale is watched; `not_watched` says
    which are not.
    """
    known: dict[str, bool] = {}
    for figure, place, value, _ in values:
        if place == COUNCIL:
            id_ = figure.partition(".")[0]
            known[id_] = known.get(id_, False) or value == value
    made: dict[str, list[str]] = {}
    for entry in measures:
        if not known.get(entry.id) and not (entry.id in PER_RULE and entry.id in known):
            made.setdefault(_why(entry.id, entry.id in known, absences), []).append(entry.id)
    return made


def _why(id_: str, known: bool, absences: Sequence[Absence]) -> str:
    file = next((spec for spec in FILES if spec.file == needs(id_)), None)
    absent = next((a.because for a in absences if file and a.what == file.shows), None)
    return absent or f"no value {why_no_value(id_, known)}"


def not_watched(absences: Iterable[Absence]) -> dict[str, list[str]]:
    """By reason the timescales that the extract cannot feed: none of them has a figure."""
    made: dict[str, list[str]] = {}
    for absence in absences:
        if ids := ids_not_watched(absence):
            made.setdefault(absence.because, []).extend(ids)
    return made
