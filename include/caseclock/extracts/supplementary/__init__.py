"""The six supplementary files: what no standard export holds, laid beside it by the council, whatever the format of the rest.

A file that cannot be used is left out, and nothing else with it: its rows are in quarantine with the reason, and the extract says what
cannot be seen. A file that is not there is said, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from caseclock.extracts.bundle import Bundle
from caseclock.extracts.model import Absence, RawTable, ReadResult
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.supplementary.files import BY_TABLE, FILES, MOMENTS, SupplementaryFile, file_of, why_absent
from caseclock.extracts.supplementary.said import cannot_show, ids_not_watched, not_watched

if TYPE_CHECKING:  # pandas costs half a second and this room is read where only words are needed
    from caseclock.extracts.supplementary.read import Part

__all__ = ["BY_TABLE", "FILES", "MOMENTS", "add", "cannot_show", "ids_not_watched", "is_supplementary", "not_watched", "why_absent"]


def is_supplementary(base: str) -> bool:
    """Whether a file of this name is one of the six, so that no reader calls it unknown."""
    return file_of(base) is not None


def add(result: ReadResult, bundle: Bundle, source: SourceConfig) -> ReadResult:
    """What a reader made, with the rows of the supplementary files beside it and a word on each one that is not there. Raises nothing."""
    from caseclock.extracts.supplementary.ids import worker_id_of
    from caseclock.extracts.supplementary.read import read_file

    worker_id = worker_id_of(result.tables, source)
    tables, rejects, absences, notes = list(result.tables), list(result.rejects), list(result.absences), list(result.notes)
    for spec in FILES:
        parts = [read_file(spec, m, bundle, source, worker_id) for m in bundle.members if file_of(m.base) is spec]
        if len(parts) > 1:
            parts = [part.left_out(f"there is more than one file for {spec.file}") for part in parts]
        for part in parts:
            rejects += part.rejects
            notes += part.notes
        usable = [part for part in parts if not part.why_left_out]
        tables += [RawTable(spec.table, part.frame) for part in usable if len(part.frame)]
        absences += _absent(spec, parts)
        absences = [a for a in absences if not (usable and _has_rows(usable) and a.what in _ANSWERED.get(spec.name, ()))]
    if not any(raw.table == "staff" for raw in tables):
        absences = [_grave(a) for a in absences]
    return replace(result, tables=tables, rejects=rejects, absences=absences, notes=notes)


def _absent(spec: SupplementaryFile, parts: list[Part]) -> list[Absence]:
    if not parts:
        return [Absence(spec.shows, why_absent(spec.table))]
    for part in parts:
        if part.why_left_out:
            return [Absence(spec.shows, f"{part.file} is left out: {part.why_left_out}")]
    return [] if _has_rows(parts) else [Absence(spec.shows, f"{parts[0].file} holds no row that can be used")]


def _has_rows(parts: list[Part]) -> bool:
    return any(len(part.frame) for part in parts)


# --- what a staff.csv makes up for -----------------------------------------------------------------------------------
WORKER_IN_DOUBT = ("whether an allocated worker is a real person", "whether a worker is a duty pool or an inbox, by name")
"""What the SSD reader says of an export without professionals, or without their names (Mosaic)."""
_ANSWERED = {"staff": (*WORKER_IN_DOUBT, "agency workers", "fte of each worker", "agency of each worker")}
"""What a file shows after all although the main extract cannot."""


def _grave(absence: Absence) -> Absence:
    """Duty pools that nobody can tell from people make the number of unallocated cases too small: every message says so."""
    return replace(absence, everywhere=True) if absence.what in WORKER_IN_DOUBT else absence
