"""Coded values as councils spell them, turned into standard codes. What is not recognised becomes missing and is counted, never guessed.

In this order: the spellings that the source's configuration names (`codes`, and its `code_files`, which the configuration's loader merges
into `codes`), the standard code in the text (`q) 6: Police`, `GP [3A]`), then words of its label (`Police`). A standard code whose label
says something else (`7 - Police`) is a local numbering: it is not recognised.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from caseclock.errors import CaseclockError
from caseclock.extracts.code_columns import NOTHING, CodedColumn, folded, unlisted
from caseclock.extracts.code_rules import COLUMNS


class UnknownCode(CaseclockError):
    """A configured spelling leads to no code of its column."""


class Codes:
    """Reads coded values of one extract. `given`: column -> spelling -> code, as in `SourceConfig.codes`.

    A configured code that is a whole group (3: health) does not hide a finer standard code in the text itself (3B).
    """

    def __init__(self, given: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._given = {column: _lookup(column, spellings) for column, spellings in (given or {}).items() if column in COLUMNS}
        self._read: dict[tuple[str, str], str | None] = {}
        self.unknown: Counter[str] = Counter()

    def of(self, column: str, text: str | None, *, called: str = "") -> str | None:
        """The standard code of a text; None when it says that nothing is known, and when it is not recognised.

        `called`: what a note calls the column, for example `Contact Source of List 1`.
        """
        if text is None or not text.strip():
            return None
        key = (column, text)
        if key not in self._read:
            self._read[key] = self._find(column, text)
        found = self._read[key]
        if found is None:
            self.unknown[called or column] += 1
        return found or None

    def notes(self) -> list[str]:
        """How many cells per column were not recognised. The spellings stay out: a cell may hold anything."""
        todo = "their spellings can be named under `codes` of the source"
        return [f"{column}: {n} cells hold no known code and are read as missing; {todo}" for column, n in sorted(self.unknown.items())]

    def _find(self, column: str, text: str) -> str | None:
        """The code, "" for a known nothing, None when not recognised."""
        rule, exact = COLUMNS[column], self._given.get(column)
        own = by_rules(column, text)
        if exact is None:
            return own
        chosen = exact.exact.get(_spaced(text))
        if chosen is None:
            chosen = exact.folded.get(_spaced(text).casefold())
        if chosen is None:
            return own
        return own if own and chosen in rule.groups and rule.family(own) == rule.family(chosen) else chosen


@lru_cache(maxsize=65_536)
def by_rules(column: str, text: str) -> str | None:
    """The code by our rules alone; "" when the text says that nothing is known; None when it is not recognised."""
    rule = COLUMNS[column]
    words = folded(unlisted(text))
    if rule.nothing.fullmatch(words) or not words:
        return NOTHING
    standard, label = _standard(rule, text)
    if standard is None:
        return _by_words(rule, words)
    said = _by_words(rule, folded(label))
    if said and rule.family(said) != rule.family(standard):
        return None
    return standard


def _standard(rule: CodedColumn, text: str) -> tuple[str | None, str]:
    """(standard code, what stands beside it); None when there is none, or more than one."""
    plain = " ".join(text.replace("\xa0", " ").split())
    hits = [hit for pattern in rule.standard for hit in pattern.finditer(plain)]
    found = {hit[1].upper() for hit in hits} & rule.codes
    if len(found) != 1:
        return None, plain
    hit = next(h for h in hits if h[1].upper() in found)
    return found.pop(), plain[: hit.start()] + " " + plain[hit.end() :]


def _by_words(rule: CodedColumn, words: str) -> str | None:
    return next((code for pattern, code in rule.words if pattern.search(words)), None) or None  # blank: a label in doubt


# --- configured spellings ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Lookup:
    """Spellings as written, and with their case folded where that leaves no doubt."""

    exact: dict[str, str]
    folded: dict[str, str]


def _lookup(column: str, spellings: Mapping[str, str]) -> _Lookup:
    exact = {_spaced(alias): code_named(column, code) for alias, code in spellings.items()}
    groups: dict[str, set[str]] = {}
    for alias, code in exact.items():
        groups.setdefault(alias.casefold(), set()).add(code)
    return _Lookup(exact, {alias: next(iter(codes)) for alias, codes in groups.items() if len(codes) == 1})


def code_named(column: str, said: str) -> str:
    """The code that a configuration names, by itself (`3A`) or by a label that our rules know (`g) Police`). Raises UnknownCode.

    Blank means: this spelling stands for nothing."""
    rule = COLUMNS[column]
    by_name = {code.upper(): code for code in rule.codes | set(rule.groups)}
    found = by_name.get(said.strip().upper())
    found = by_rules(column, said) if found is None and said.strip() else found or NOTHING
    if found is None:
        raise UnknownCode("this code is not known", where=column, allowed=", ".join(sorted(rule.codes)))
    return found


@dataclass(frozen=True)
class Spelling:
    """One line of a code file."""

    line: int
    column: str
    code: str
    alias: str


@dataclass(frozen=True)
class CodeFile:
    """A CSV of spellings. `problems`: (line, what is wrong). Columns that no reader reads were skipped."""

    spellings: list[Spelling] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


HEADERS = {
    "column": ("column",),
    "code": ("code", "liia_canonical_code", "liia code"),
    "alias": ("alias", "alias_seen_in_la_returns", "alias seen"),
}
"""What the three columns of a code file may be called. The second names are those of the sector's catalogue (LIIA, Annex A), whose
codes are groups (`d) Health services`) with a group of its own for spellings that are in error: those stand for nothing."""


def read_code_file(text: str) -> CodeFile:
    """The spellings of a code file, each code a code of ours. The first of two lines for one spelling counts."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = {key: next((h for h in rows.fieldnames or () if h.strip().lower() in spelled), None) for key, spelled in HEADERS.items()}
    lacking = [key for key, name in names.items() if name is None]
    if lacking:
        return CodeFile(problems=[(1, f"it has no column {' and no column '.join(lacking)}")])
    theirs = names["code"] not in (None, "code")
    made = CodeFile()
    for line, column, said, alias in _lines(rows, names):
        if column is None:
            continue
        try:
            code = code_named(column, said)
        except UnknownCode:
            if not theirs:
                made.problems.append((line, f"its code is none of {column}: {', '.join(sorted(COLUMNS[column].codes))}"))
                continue
            code = NOTHING
        made.spellings.append(Spelling(line, column, code, alias))
    return made


def merged(files: Mapping[str, CodeFile], own: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Column -> spelling -> code: what the source's own file names comes before its code files, and a file before the next one."""
    made: dict[str, dict[str, str]] = {column: dict(spellings) for column, spellings in own.items()}
    taken = {(column, _spaced(alias).casefold()) for column, spellings in own.items() for alias in spellings}
    for file in files.values():
        for one in file.spellings:
            if (one.column, _spaced(one.alias).casefold()) not in taken:
                made.setdefault(one.column, {}).setdefault(one.alias, one.code)
    return made


def column_named(name: str) -> str | None:
    """Our name of a coded column, by itself or by its title in Annex A (`Contact Source`)."""
    wanted = folded(name)
    return next((c for c, rule in COLUMNS.items() if wanted == folded(c) or wanted in map(folded, rule.titles)), None)


def _lines(rows: csv.DictReader[str], names: Mapping[str, str | None]) -> Iterator[tuple[int, str | None, str, str]]:
    columns: dict[str, str | None] = {}
    for row in rows:
        column, code, alias = (row.get(names[key] or "") or "" for key in ("column", "code", "alias"))
        if column not in columns:
            columns[column] = column_named(column)
        if alias.strip():
            yield rows.line_num, columns[column], code, alias


def _spaced(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())
