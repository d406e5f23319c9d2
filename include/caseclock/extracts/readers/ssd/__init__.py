"""Reader of a Standard Safeguarding Dataset export: a folder or zip with one CSV per SSD table.

Names, dates of birth, job titles and outcome JSON are looked at for flags (see flags.py) and dropped; no other personal column is read.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from caseclock.errors import BadExtract
from caseclock.extracts.blanks import Mask, is_nothing, nothing_in, trimmed
from caseclock.extracts.bundle import Bundle, Member
from caseclock.extracts.delimited import Columns, read_columns
from caseclock.extracts.model import FILE, ROW, Absence, RawTable, ReadResult, Reject
from caseclock.extracts.readers.ssd import flags
from caseclock.extracts.readers.ssd.files import FILES, NOT_IN_SOME_EXPORTS, OTHER_SSD_FILES, SsdFile, file_of, stem_of
from caseclock.extracts.source import SourceConfig

NAME = "ssd"

SHOWS = {
    "contact": "contacts",
    "assessment": "assessments and their time limits",
    "s47": "section 47 enquiries and the time to their conference",
    "conference": "initial child protection conferences",
    "plan": "plans, and the visits and reviews that they need",
    "review": "child protection reviews",
    "visit": "visits",
    "allocation": "who is allocated, so also who waits unallocated",
    "worker": "whether an allocated worker is a real person",
    "team": "names of teams",
}


def fits(bundle: Bundle) -> bool:
    return any(file_of(m.base) for m in bundle.members)


def read(bundle: Bundle, source: SourceConfig, as_of: dt.date) -> ReadResult:
    """Canonical columns of text, one table per file. Raises BadExtract for a missing table or column, all of them at once."""
    chosen = _choose(bundle)
    _check_needed(bundle, chosen, source)
    result = ReadResult(notes=_notes_on_files(bundle))
    parts: list[_Part] = []
    problems: list[str] = []
    for spec, member in chosen:
        part = _read_file(spec, member, bundle, source)
        _follow_to_child(part, parts)
        problems += _missing_columns(part)
        parts.append(part)
    if problems:
        raise BadExtract("; ".join(problems), where=bundle.name, todo="Export the files with these columns and send it again")
    _teams_of_workers(parts)
    for part in parts:
        result.tables.append(RawTable(part.spec.table, _canonical_frame(part, source)))
        result.rejects.extend(Reject(part.spec.table, part.file, row, "", why, "malformed") for row, why in part.read.bad)
        result.absences.extend(_absent_columns(part, source))
        result.notes.extend(part.notes)
    result.absences.extend(_absent_tables(chosen))
    return result


@dataclass
class _Part:
    """One file on its way: the columns as read, and the canonical ones made from them."""

    spec: SsdFile
    file: str
    read: Columns
    made: dict[str, pd.Series[str]]
    seen: dict[str, pd.Series[str]]
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.read.frame)


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
    others = [m.base for m in bundle.members if file_of(m.base) is None]
    later = sorted(b for b in others if b.lower().endswith(".csv") and stem_of(b) in OTHER_SSD_FILES)
    unknown = sorted(b for b in others if b not in later)
    notes = [f"not used, no rule reads it yet: {', '.join(later)}"] if later else []
    return notes + ([f"not used, no file of the SSD: {', '.join(unknown)}"] if unknown else [])


def _absent_tables(chosen: list[tuple[SsdFile, Member]]) -> list[Absence]:
    there = {spec.name for spec, _ in chosen}
    made = []
    for spec in FILES:
        if spec.name not in there:
            what = SHOWS.get(spec.table, spec.table)
            if spec.constants:
                what = f"{what} ({'child protection' if spec.constants['kind'] == 'cp' else 'child in need'})"
            made.append(Absence(what, f"the extract has no {spec.name}.csv"))
    return made


# --- one file ------------------------------------------------------------------------------------------------------
def _read_file(spec: SsdFile, member: Member, bundle: Bundle, source: SourceConfig) -> _Part:
    raw = bundle.read(member)
    read = read_columns(raw, member.base, source.encodings, spec.is_known, lambda h: spec.canonical(h) is not None, ROW)
    blank = _all_blank(read)
    if blank.any():  # perhaps rows of nothing but delimiters, perhaps rows that hold something elsewhere: look at every column
        every = read_columns(raw, member.base, source.encodings, spec.is_known, lambda h: bool(h), ROW) if _distinct(read) else read
        keep = ~(blank & _all_blank(every))
        read = Columns(read.header, read.frame[keep].reset_index(drop=True), read.bad, read.encoding)
    part = _Part(spec, member.base, read, {}, {})
    for header in read.frame.columns:
        name = spec.canonical(header)
        if name is not None:
            home = part.seen if name in spec.flags else part.made
            home.setdefault(name, read.frame[header])
    part.notes += _notes_on_columns(part, source)
    return part


def _distinct(read: Columns) -> bool:
    named = [h for h in read.header if h]
    return len(set(named)) == len(named)


def _all_blank(read: Columns) -> Mask:
    made = np.ones(len(read.frame), dtype=bool)
    for name in read.frame.columns:
        if name != ROW and made.any():
            text = trimmed(read.frame[name])
            made &= nothing_in(text, ids=False)[0]
    return made


def _notes_on_columns(part: _Part, source: SourceConfig) -> list[str]:
    notes = []
    if part.read.encoding != source.encodings[0]:
        notes.append(f"{part.file} is no {source.encodings[0]} text; it is read as {part.read.encoding}")
    unknown = [h for h in part.read.header if h and not part.spec.is_known(h)]
    if unknown and not _missing_columns(part):  # without its columns the first line may be data, which must not be shown
        notes.append(f"{part.file}: not used, no column of the SSD: {', '.join(h[:60] for h in unknown[:20])}")
    return notes


def _missing_columns(part: _Part) -> list[str]:
    missing = [part.spec.columns[c][0] for c in part.spec.columns if c in part.spec.required and c not in part.made]
    return [f"{part.file} has no column {', '.join(missing)}"] if missing else []


def _absent_columns(part: _Part, source: SourceConfig) -> list[Absence]:
    made = []
    for name, spellings in part.spec.columns.items():
        if name not in part.made and (part.spec.name, name) not in NOT_IN_SOME_EXPORTS:
            made.append(
                Absence(f"{name.replace('_', ' ')} of each {part.spec.table}", f"{part.file} ({source.supplier}) has no {spellings[0]}")
            )
    agency = part.made.get("agency")
    if part.spec.table == "worker" and agency is not None and part.rows and is_nothing(agency).all():
        made.append(Absence("agency workers", f"every row of {part.file} leaves prof_agency_worker_flag blank"))
    if part.spec.table == "worker" and "prof_professional_name" not in part.seen:
        made.append(Absence("whether a worker is a duty pool or an inbox, by name", f"{part.file} has no prof_professional_name"))
    return made


# --- canonical columns ---------------------------------------------------------------------------------------------
def _canonical_frame(part: _Part, source: SourceConfig) -> pd.DataFrame:
    spec = part.spec
    columns = {name: part.made[name] for name in spec.columns if name in part.made}
    for name, prefix in {spec.key: spec.prefix, **spec.links}.items():
        if prefix and name in columns:
            columns[name] = _prefixed(columns[name], prefix)
    made = pd.DataFrame({**columns, **_derived(part, source)}, index=part.read.frame.index).astype("str")
    for name, value in spec.constants.items():
        made[name] = value
    made[ROW] = part.read.frame[ROW]
    made[FILE] = part.file
    return made


def _prefixed(ids: pd.Series[str], prefix: str) -> pd.Series[str]:
    """`cp:12` for `12`, so that ids of two files cannot collide. A placeholder stays as it is, to be seen for one."""
    clean = pd.Series(trimmed(ids).to_pandas(), index=ids.index, dtype="str")
    return (prefix + clean).where(~is_nothing(ids), ids)


def _derived(part: _Part, source: SourceConfig) -> dict[str, list[str | None] | list[str]]:
    """Canonical columns that no single column of the file holds."""
    seen, made, rows = part.seen, part.made, part.rows
    malformed = 0
    found: dict[str, list[str | None] | list[str]] = {}
    if part.spec.table == "child":
        found["unborn"] = flags.unborn(seen.get("pers_dob"), seen.get("pers_expected_dob"), rows)
    elif part.spec.table == "referral":
        found["nfa"], malformed = flags.referral_nfa(made.get("nfa"), seen.get("cine_referral_outcome_json"), rows)
    elif part.spec.table == "s47":
        nfa, outcome = seen.get("s47e_s47_nfa"), seen.get("s47e_s47_outcome_json")
        found["icpc_required"], malformed = flags.icpc_required(nfa, outcome, made.get("ended_on"), rows)
    elif part.spec.table == "conference":
        moved_in = flags.is_yes(seen.get("icpc_icpc_transfer_in"), rows)
        found["kind"] = ["transfer_in" if yes else "initial" for yes in moved_in]
    elif part.spec.table == "worker":
        names, titles = seen.get("prof_professional_name"), seen.get("prof_professional_job_title")
        found["is_person"] = flags.are_people(source, made["worker_id"], names, titles)
    if malformed:
        part.notes.append(f"{part.file}: the outcome JSON of {malformed} rows is malformed; its flags were picked out one by one")
    return found


def _follow_to_child(part: _Part, before: list[_Part]) -> None:
    """Fills in the child where the file of this supplier has only the id of a plan or referral (domain brief 1.4, Mosaic)."""
    if "child_id" in part.made or part.spec.child_via is None or part.spec.child_via[1] not in part.made:
        return
    table, link = part.spec.child_via
    prefix = part.spec.links.get(link, "")
    homes = [p for p in before if p.spec.table == table and p.spec.prefix == prefix and "child_id" in p.made and p.spec.key in p.made]
    if homes:
        keys = pd.Series(trimmed(homes[0].made[homes[0].spec.key]).to_pandas(), dtype="str")
        child_of = pd.Series(homes[0].made["child_id"].to_numpy(), index=keys, dtype="str")
        child_of = child_of[child_of.index.notna() & ~child_of.index.duplicated()]
        ids = pd.Series(trimmed(part.made[link]).to_pandas(), dtype="str")
        part.made["child_id"] = ids.map(child_of).astype("str")
        part.notes.append(f"{part.file} has no {part.spec.columns['child_id'][0]}; the child is found by its {table}")


def _teams_of_workers(parts: list[_Part]) -> None:
    """The department of a worker is a name in most exports: it is turned into the team's id where one team has that name, else dropped."""
    workers = next((p for p in parts if p.spec.table == "worker" and "team_id" in p.made), None)
    if workers is None:
        return
    team = next((p for p in parts if p.spec.table == "team"), None)
    id_of: dict[str, str] = {}
    if team is not None:
        ids = team.made["team_id"].fillna("")
        names = team.made.get("name", ids).fillna("")
        unique = ~names.duplicated(keep=False)
        id_of = dict(zip(names[unique], ids[unique], strict=True)) | dict(zip(ids, ids, strict=True))
    workers.made["team_id"] = workers.made["team_id"].map(id_of).astype("str")
