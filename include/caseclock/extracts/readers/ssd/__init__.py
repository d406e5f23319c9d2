"""Reader of a Standard Safeguarding Dataset export: a folder or zip with one CSV or Parquet file per SSD table.

Names, dates of birth, job titles and outcome JSON are looked at for flags (see flags.py) and dropped; no other personal column is read.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from caseclock.errors import BadExtract
from caseclock.extracts.blanks import is_nothing
from caseclock.extracts.bundle import Bundle, Member
from caseclock.extracts.model import Absence, RawTable, ReadResult, Reject
from caseclock.extracts.readers.ssd.files import FILES, OTHER_SSD_FILES, VERSION_LOG, SsdFile, file_of, is_table, stem_of
from caseclock.extracts.readers.ssd.flags import is_yes
from caseclock.extracts.readers.ssd.follow import follow_to_child, teams_of_workers
from caseclock.extracts.readers.ssd.part import Part, absences_of, canonical_frame, columns_of, read_part
from caseclock.extracts.readers.ssd.version import check_version, current_version, manifest_version
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.supplementary import is_supplementary

NAME = "ssd"
COVERAGE: Literal["full", "window"] = "full"

SHOWS = {
    "contact": "contacts",
    "assessment": "assessments and their time limits",
    "s47": "section 47 enquiries and the time to their conference",
    "conference": "initial child protection conferences",
    "plan": "plans, and the visits and reviews that they need",
    "review": "reviews",
    "visit": "visits",
    "allocation": "who is allocated, so also who waits unallocated",
    "worker": "whether an allocated worker is a real person",
    "team": "names of teams",
    "care": "children who are looked after, and the visits and reviews that they need",
    "placement": "placements, so also visits after a move",
    "legal": "legal statuses",
    "care_leaver": "care leavers",
    "missing": "missing episodes and return interviews",
}
KINDS = {"cp": "child protection", "cin": "child in need", "cla": "looked-after children"}


def fits(bundle: Bundle) -> bool:
    return any(file_of(m.base) for m in bundle.members)


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Canonical columns of text, one table per file. Raises BadExtract for a missing table or column, all of them at once."""
    chosen = _choose(bundle)
    _check_needed(bundle, chosen, source)
    result = ReadResult(notes=[*_version_notes(bundle, source), *_notes_on_files(bundle)])
    parts: list[Part] = []
    problems: list[str] = []
    for spec, member in chosen:
        part = read_part(spec, member, bundle, source)
        follow_to_child(part, parts)
        if _leads_to_no_child(part, source):
            result.absences.append(Absence(_shows(spec), f"{part.file} ({source.supplier}) has no column that leads to the child"))
            continue
        if missing := part.missing():
            problems.append(f"{part.file} has no column {', '.join(spec.columns[c][0] for c in missing)}")
        parts.append(part)
    if problems:
        raise BadExtract("; ".join(problems), where=bundle.name, todo="Export the files with these columns and send it again")
    teams_of_workers(parts)
    for part in parts:
        result.tables.append(RawTable(part.spec.table, canonical_frame(part, source)))
        result.rejects.extend(Reject(part.spec.table, part.file, row, "", why, "malformed") for row, why in part.read.bad)
        result.absences.extend(absences_of(part, source))
        result.notes.extend(part.notes)
    result.absences.extend(_absent_tables(chosen))
    return result


def _leads_to_no_child(part: Part, source: SourceConfig) -> bool:
    """True where a supplier's file has neither a child nor an id that leads to one: the rest of the extract is still worth reading."""
    return part.missing() == ["child_id"] and part.spec.child_via is not None and part.spec.table not in source.needed_tables


def _version_notes(bundle: Bundle, source: SourceConfig) -> list[str]:
    notes = check_version(manifest_version(bundle), "its manifest", bundle)
    for member in bundle.members:
        if stem_of(member.base) == VERSION_LOG and is_table(member.base):
            frame = columns_of(bundle, member, source, _of_log, _of_log).frame
            if "version_number" in frame:
                numbers = frame["version_number"]
                said = numbers.mask(is_nothing(numbers)).fillna("").tolist()
                current = is_yes(frame.get("is_current"), len(frame)).tolist()
                notes += check_version(current_version(said, current), member.base, bundle)
    return notes


def _of_log(header: str) -> bool:
    return header in ("version_number", "is_current")


# --- which files ---------------------------------------------------------------------------------------------------
def _choose(bundle: Bundle) -> list[tuple[SsdFile, Member]]:
    found: dict[str, list[Member]] = {}
    for member in bundle.members:
        spec = file_of(member.base)
        if spec:
            found.setdefault(spec.name, []).append(member)
    twice = [f"{name} ({', '.join(m.name for m in members)})" for name, members in found.items() if len(members) > 1]
    if twice:
        raise BadExtract(f"more than one file for {'; '.join(twice)}", where=bundle.name, todo="Send each table once")
    return [(spec, found[spec.name][0]) for spec in FILES if spec.name in found]


def _check_needed(bundle: Bundle, chosen: list[tuple[SsdFile, Member]], source: SourceConfig) -> None:
    there = {spec.table for spec, _ in chosen}
    lacking = [t for t in source.needed_tables if t not in there]
    if lacking:
        files = [" or ".join(f"{f.name}.csv" for f in FILES if f.table == t) or t for t in lacking]
        raise BadExtract(
            f"{' and '.join(files)} {'is' if len(files) == 1 else 'are'} missing, and nothing true can be said without",
            where=bundle.name,
            todo="Export the missing table and send it again",
        )


def _notes_on_files(bundle: Bundle) -> list[str]:
    others = [m.base for m in bundle.members if file_of(m.base) is None and not (is_table(m.base) and stem_of(m.base) == VERSION_LOG)]
    later = sorted(b for b in others if is_table(b) and stem_of(b) in OTHER_SSD_FILES)
    unknown = sorted(b for b in others if b not in later and not is_supplementary(b))
    notes = [f"not used, no rule reads it yet: {', '.join(later)}"] if later else []
    return notes + ([f"not used, no file of the SSD: {', '.join(unknown)}"] if unknown else [])


def _absent_tables(chosen: list[tuple[SsdFile, Member]]) -> list[Absence]:
    there = {spec.name for spec, _ in chosen}
    return [Absence(_shows(spec), f"the extract has no {spec.name}.csv") for spec in FILES if spec.name not in there]


def _shows(spec: SsdFile) -> str:
    what = SHOWS.get(spec.table, spec.table)
    return f"{what} ({KINDS[spec.constants['kind']]})" if spec.constants else what
