"""Spellings of coded values: what a source's file names itself, and the code files beside it."""

from __future__ import annotations

from pathlib import Path

from caseclock.config.between import nearest
from caseclock.config.lines import Document, Problem
from caseclock.extracts.code_rules import COLUMNS
from caseclock.extracts.codes import CodeFile, UnknownCode, code_named, column_named, merged, read_code_file
from caseclock.extracts.source import SourceConfig
from caseclock.extracts.supplementary.codes import SPELLED

MAX_SHOWN = 20  # problems of one code file; a file in another form has one per line
MAX_BYTES = 16 * 2**20


def with_spellings(source: SourceConfig, document: Document) -> tuple[SourceConfig, list[Problem]]:
    """The source with every spelling in `codes`, and what is wrong with them. A code file's name is relative to the source's file."""
    own, problems = _own(source, document)
    files: dict[str, CodeFile] = {}
    for n, name in enumerate(source.code_files):
        at = document.file.parent / name
        try:
            raw = at.read_bytes() if at.stat().st_size <= MAX_BYTES else b""
            files[name] = read_code_file(raw.decode("utf-8-sig"))
        except (OSError, ValueError):
            problems.append(
                document.problem(("code_files", n), "there is no such CSV file in UTF-8 here", "a path from this file's folder")
            )
            continue
        problems += [Problem(at, line, "", what) for line, what in files[name].problems[:MAX_SHOWN]]
    return source.model_copy(update={"codes": merged(files, own)}), problems


def code_files_of(sources: list[SourceConfig], folder: Path) -> set[Path]:
    return {folder / name for source in sources for name in source.code_files}


def _own(source: SourceConfig, document: Document) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    made: dict[str, dict[str, str]] = {}
    problems = []
    for name, spellings in source.codes.items():
        column = column_named(name)
        if column is None and name in SPELLED:
            made[name] = dict(spellings)  # a column of a supplementary file, checked against its code set when it is read
            continue
        if column is None:
            problems.append(document.problem(("codes", name), "this is no coded column that is read", nearest(name, (*COLUMNS, *SPELLED))))
            continue
        for alias, said in spellings.items():
            try:
                made.setdefault(column, {})[alias] = code_named(column, said)
            except UnknownCode as error:
                problems.append(document.problem(("codes", name, alias), error.what, error.allowed))
    return made, problems
