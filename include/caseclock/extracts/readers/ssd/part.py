"""One file of an SSD export on its way: read, checked against what the standard says of it, and made into canonical columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.extracts import columnar, delimited
from caseclock.extracts.blanks import is_nothing, nothing_in
from caseclock.extracts.bundle import PARQUET, Bundle, Member
from caseclock.extracts.cells import Mask, Text, formulas, series_of, trimmed
from caseclock.extracts.codes import Codes
from caseclock.extracts.delimited import Columns
from caseclock.extracts.model import FILE, ROW, Absence
from caseclock.extracts.readers.ssd import flags
from caseclock.extracts.readers.ssd.files import NOT_IN_SOME_EXPORTS, SsdFile
from caseclock.extracts.source import SourceConfig


@dataclass
class Part:
    """`made`: canonical columns as read; `seen`: columns that are looked at for a flag and dropped."""

    spec: SsdFile
    file: str
    read: Columns
    made: dict[str, pd.Series[str]] = field(default_factory=dict)
    seen: dict[str, pd.Series[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.read.frame)

    def missing(self) -> list[str]:
        """Canonical columns that are not there and without which the file is no use."""
        return [c for c in self.spec.columns if c in self.spec.required and c not in self.made]


def columns_of(
    bundle: Bundle, member: Member, source: SourceConfig, is_known: Callable[[str], bool], wanted: Callable[[str], bool]
) -> Columns:
    """The wanted columns of one file, whatever it is written in. Raises BadExtract."""
    if member.suffix in PARQUET:
        return columnar.read_columns(bundle.read(member), member.base, wanted, ROW)
    return delimited.read_columns(bundle.read(member), member.base, source.encodings, is_known, wanted, ROW)


def read_part(spec: SsdFile, member: Member, bundle: Bundle, source: SourceConfig) -> Part:
    read = columns_of(bundle, member, source, spec.is_known, lambda h: spec.canonical(h) is not None)
    if member.suffix not in PARQUET:
        read = _without_blank_rows(spec, read, lambda: columns_of(bundle, member, source, spec.is_known, bool))
    part = Part(spec, member.base, read)
    for header in read.frame.columns:
        name = spec.canonical(header)
        if name is not None:
            home = part.seen if name in spec.flags else part.made
            home.setdefault(name, read.frame[header])
    part.notes += _notes_on_columns(part, source)
    return part


def _without_blank_rows(spec: SsdFile, read: Columns, again: Callable[[], Columns]) -> Columns:
    """Rows of nothing but delimiters are no rows; one that holds something in a column that is not used is one."""
    blank = _all_blank(read)
    named = [h for h in read.header if h]
    if not blank.any() or not (read.frame.shape[1] - 1):
        return read
    keep = ~(blank & (_all_blank(again()) if len(set(named)) == len(named) else blank))
    return Columns(read.header, read.frame[keep].reset_index(drop=True), read.bad, read.encoding)


def _all_blank(read: Columns) -> Mask:
    made = np.ones(len(read.frame), dtype=bool)
    for name in read.frame.columns:
        if name != ROW and made.any():
            made &= nothing_in(trimmed(read.frame[name]), ids=False)[0]
    return made


def _notes_on_columns(part: Part, source: SourceConfig) -> list[str]:
    notes = []
    if part.read.encoding not in ("", source.encodings[0]):
        notes.append(f"{part.file} is no {source.encodings[0]} text; it is read as {part.read.encoding}")
    unknown = [h for h in part.read.header if h and not part.spec.is_known(h)]
    if unknown and not part.missing():  # without its columns the first line may be data, which must not be shown
        notes.append(f"{part.file}: not used, no column of the SSD: {', '.join(h[:60] for h in unknown[:20])}")
    return notes


def absences_of(part: Part, source: SourceConfig) -> list[Absence]:
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


CODED = {"legal": ("status", "legal_status"), "placement": ("kind", "placement_kind")}
"""Columns that rules go by and that suppliers write as a code, as a label or as both; and the name of their codes."""


# --- canonical columns ---------------------------------------------------------------------------------------------
def canonical_frame(part: Part, source: SourceConfig) -> pd.DataFrame:
    spec = part.spec
    columns = {name: part.made[name] for name in spec.columns if name in part.made}
    for name, prefix in {spec.key: spec.prefix, **spec.links}.items():
        if prefix and name in columns:
            columns[name] = _prefixed(columns[name], prefix)
    columns |= {name: series_of(text) for name, text in _derived(part, source).items()}
    same = {**spec.constants, FILE: part.file}
    columns |= {name: series_of(pa.repeat(pa.scalar(value, Text), part.rows)) for name, value in same.items()}
    made = pd.DataFrame(columns, copy=False)
    made.insert(len(made.columns) - 1, ROW, part.read.frame[ROW].to_numpy())
    return made


def _prefixed(ids: pd.Series[str], prefix: str) -> pd.Series[str]:
    """`cp:12` for `12`, so that ids of two files cannot collide. A placeholder or a formula stays as it is, to be seen for one."""
    clean = trimmed(ids)
    as_is = is_nothing(clean) | formulas(clean)
    return series_of(pc.if_else(pa.array(as_is), clean, pc.binary_join_element_wise(pa.scalar(prefix, Text), clean, pa.scalar("", Text))))


def _derived(part: Part, source: SourceConfig) -> dict[str, pa.Array]:
    """Canonical columns that no single column of the file holds."""
    seen, made, rows = part.seen, part.made, part.rows
    malformed = 0
    found: dict[str, pa.Array] = {}
    if part.spec.table == "child":
        found["unborn"] = flags.unborn(seen.get("pers_dob"), seen.get("pers_expected_dob"), rows)
    elif part.spec.table == "referral":
        found["nfa"], malformed = flags.referral_nfa(made.get("nfa"), seen.get("cine_referral_outcome_json"), rows)
    elif part.spec.table == "s47":
        nfa, outcome = seen.get("s47e_s47_nfa"), seen.get("s47e_s47_outcome_json")
        found["icpc_required"], malformed = flags.icpc_required(nfa, outcome, made.get("ended_on"), rows)
    elif part.spec.table == "conference":
        moved_in = flags.is_yes(seen.get("icpc_icpc_transfer_in"), rows)
        found["kind"] = flags.spelled(("transfer_in", moved_in), ("initial", True), rows=rows)
    elif part.spec.table == "worker":
        names, titles = seen.get("prof_professional_name"), seen.get("prof_professional_job_title")
        found["is_person"] = flags.are_people(source, made["worker_id"], names, titles)
    elif part.spec.table in CODED and CODED[part.spec.table][0] in made:
        name, codes = CODED[part.spec.table]
        found[name] = flags.standard_codes(made[name], codes, Codes(source.codes))
    if malformed:
        part.notes.append(f"{part.file}: the outcome JSON of {malformed} rows is malformed; its flags were picked out one by one")
    part.notes += _odd_rows(part)
    return found


def _odd_rows(part: Part) -> list[str]:
    """Known defects of SSD exports that only names and roles give away: counted, never dropped."""
    tests = flags.test_people(part.seen.get("pers_forename"), part.seen.get("pers_surname"))
    others = flags.key_agencies(part.made.get("role")) if part.spec.table == "allocation" else 0
    notes = [f"{part.file}: {tests} people are named as test records are; they are counted like everyone else"] if tests else []
    return notes + ([f"{part.file}: {others} involvements are of other organisations (Key Agency)"] if others else [])
