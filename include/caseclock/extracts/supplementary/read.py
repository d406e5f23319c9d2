"""One supplementary file to canonical columns of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pandas as pd

from caseclock.errors import BadExtract
from caseclock.extracts import columnar, delimited
from caseclock.extracts.bundle import PARQUET, Bundle, Member
from caseclock.extracts.delimited import Columns
from caseclock.extracts.model import FILE, ROW, Reject
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.supplementary.codes import OTHER, Spelling
from caseclock.extracts.supplementary.files import MOMENTS, SupplementaryFile, header_of
from caseclock.extracts.supplementary.ids import arrangement_id_of, filled, plan_id_of

WORDS = {"priority": "none"}
"""A word that means an empty cell everywhere else, and something in this column."""

Cells = list[str | None]
Made = dict[str, Cells]


@dataclass(frozen=True)
class Part:
    """One file: `frame` as in RawTable. `why_left_out`: the reason that none of it is used."""

    spec: SupplementaryFile
    file: str
    frame: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    why_left_out: str = ""

    def left_out(self, why: str, column: str = "") -> Part:
        """Without its rows; each of them is in quarantine with the reason."""
        if self.why_left_out:
            return self
        reason, rule = f"the whole file is left out: {why}", "file_left_out"
        rows = [Reject(self.spec.table, self.file, int(n), column, reason, rule) for n in self.frame[ROW]]
        return replace(self, frame=_nothing(), rejects=[*self.rejects, *rows], why_left_out=why)


def read_file(spec: SupplementaryFile, member: Member, bundle: Bundle, source: SourceConfig, worker_id: Callable[[str], str]) -> Part:
    """The rows of one file. Nothing is raised: what cannot be read is left out with its reason."""
    try:
        found = _columns(spec, member, bundle.read(member), source)
    except BadExtract as error:
        at = Reject(spec.table, member.base, 1, "", f"the whole file is left out: {error.what}", "file_left_out")
        return Part(spec, member.base, _nothing(), [at], why_left_out=error.what)
    by_header = {header_of(h): h for h in reversed(found.header) if h in found.frame.columns}
    rejects = [Reject(spec.table, member.base, row, "", why, "malformed") for row, why in found.bad]
    cells = {name: filled(found.frame[by_header[name]].tolist(), WORDS.get(name)) for name in spec.fields if name in by_header}
    holds = _holding(found.frame, cells)
    numbers = found.frame[ROW].to_numpy()[holds]
    part = Part(spec, member.base, pd.DataFrame({ROW: numbers}), rejects, _notes(spec, member.base, found))
    for group in spec.needed:
        if not any(name in cells for name in group):
            said = " or ".join(group)
            return part.left_out(f"it has no column {said}", said)
    return _canonical(part, {name: [v for v, use in zip(c, holds, strict=True) if use] for name, c in cells.items()}, source, worker_id)


def _columns(spec: SupplementaryFile, member: Member, raw: bytes, source: SourceConfig) -> Columns:
    def wanting(wanted: Callable[[str], bool]) -> Columns:
        if member.suffix in PARQUET:
            return columnar.read_columns(raw, member.base, wanted, ROW)
        return delimited.read_columns(raw, member.base, source.encodings, spec.is_known, wanted, ROW)

    try:
        return wanting(bool)
    except BadExtract:  # a column that nobody needs may stand there twice, or hold what is no text
        return wanting(spec.is_known)


def _holding(frame: pd.DataFrame, cells: Made) -> list[bool]:
    """Which rows hold anything, in a column that we know or in another one: a row of nothing but delimiters is none."""
    holds = [any(row) for row in zip(*cells.values(), strict=True)] if cells else [False] * len(frame)
    if all(holds):
        return holds
    every = [filled(frame[name].tolist()) for name in frame.columns if name != ROW]
    return [any(row) for row in zip(*every, strict=True)] if every else holds


def _notes(spec: SupplementaryFile, file: str, found: Columns) -> list[str]:
    known = [h for h in found.header if h and spec.is_known(h)]
    if not known:
        return []  # the first line may be data, which must not be shown
    unknown = [h[:60] for h in found.header if h and not spec.is_known(h)]
    return [f"{file}: not used, no column of this file: {', '.join(unknown[:20])}"] if unknown else []


# --- canonical columns ---------------------------------------------------------------------------------------------
def _canonical(part: Part, cells: Made, source: SourceConfig, worker_id: Callable[[str], str]) -> Part:
    spec, numbers = part.spec, [int(n) for n in part.frame[ROW]]
    made: Made = {}
    others = 0
    for header, column in cells.items():
        target = spec.fields[header]
        if target.use == "worker":
            made[target.to] = [worker_id(v) if v else None for v in column]
        elif target.use == "code":
            spelled = Spelling(header, source)
            made[target.to] = [spelled(v) if v else None for v in column]
            others += made[target.to].count(OTHER)
        else:
            made[target.to] = column
    if "plan_id" in made:
        made["plan_id"] = [plan_id_of(p, kind) if p else None for p, kind in zip(made["plan_id"], made["kind"], strict=True)]
    made |= {to: made[of] for of, to in MOMENTS.get(spec.table, {}).items() if of in made}
    if "begun_on" in made:
        made["arrangement_id"] = [arrangement_id_of(c, d) for c, d in zip(made["child_id"], made["begun_on"], strict=True)]
    made[spec.key_column] = list(_keys(spec, made, numbers))
    made = {to: column for to, column in made.items() if to not in {f.to for f in spec.fields.values() if f.use == "key"}}
    frame = pd.DataFrame(made, index=range(len(numbers)), dtype="str")
    frame[ROW], frame[FILE] = part.frame[ROW].to_numpy(), part.file
    notes = [f"{part.file}: {others} cells hold no code that is known; they are read as '{OTHER}'"] if others else []
    return _without_subject(replace(part, frame=frame, notes=[*part.notes, *notes]))


def _keys(spec: SupplementaryFile, made: Made, numbers: list[int]) -> Iterator[str]:
    """The row's key. Where a part of it is missing the row's number stands in: what is missing is said of the column that lacks it."""
    parts = [made[spec.fields[header].to] for header in spec.key if spec.fields[header].to in made]
    whole = [header for header in spec.key if header not in spec.one_of]
    needed = [made[spec.fields[header].to] for header in whole]
    for i, number in enumerate(numbers):
        if all(column[i] for column in needed):
            yield "|".join(column[i] or "" for column in parts)
        else:
            yield f"row {number}"


def _without_subject(part: Part) -> Part:
    """Rows with none of the cells of `one_of` say nothing about anybody."""
    columns = [part.spec.fields[h].to for h in part.spec.one_of if part.spec.fields[h].to in part.frame.columns]
    if not columns:
        return part
    nobody = part.frame[columns].isna().all(axis=1)
    named = " or ".join(part.spec.one_of)
    reason = f"neither {' nor '.join(part.spec.one_of)} is given, and a row cannot be used without one of them"
    rows = [Reject(part.spec.table, part.file, int(n), named, reason, "missing") for n in part.frame.loc[nobody, ROW]]
    return replace(part, frame=part.frame[~nobody].reset_index(drop=True), rejects=[*part.rejects, *rows])


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({ROW: pd.Series([], dtype="int64"), FILE: pd.Series([], dtype="str")})
