"""YAML with line numbers: a value, and for every place in it the line that it stands on.

The traps of YAML 1.1 are taken out: `on`, `off`, `yes`, `no` are words, not flags (a key `on:` would become `True:`); `18:00` is text,
not 1080; `010` is text, not 8; a date that does not exist is named with its line.
"""

from __future__ import annotations

import datetime as dt
import pickle
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
DEEPEST = 20


@dataclass(frozen=True)
class Problem:
    """One thing to put right. `path` is where in the file: `recipients.2.email`."""

    file: Path
    line: int
    path: str
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        if self.path:
            place += f": {self.path}"
        return f"{place}: {self.what}" + (f"; expected {self.allowed}" if self.allowed else "")


@dataclass
class Document:
    """One file: its value (None when it cannot be parsed), the line of every place in it, and what is wrong with its form."""

    file: Path
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    """Where the file is a list: the numbers of its sound entries."""

    @property
    def ids(self) -> list[str | None]:
        """Where the file is a list: the id of each entry as written, None where there is none."""
        entries = self.value if isinstance(self.value, list) else []
        return [str(e["id"]) if isinstance(e, dict) and "id" in e else None for e in entries]

    def line_of(self, place: Place) -> int:
        """The line of a place; of the nearest place around it when it is not there (a missing key)."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, what: str, allowed: str = "") -> Problem:
        return Problem(self.file, self.line_of(place), ".".join(str(p) for p in place), what, allowed)


class _Loader(yaml.SafeLoader):
    """true and false are flags, plain decimals are numbers, YYYY-MM-DD are dates; everything else is text."""


def _date(loader: _Loader, node: yaml.ScalarNode) -> dt.date:
    try:
        return dt.date.fromisoformat(node.value)
    except ValueError as error:
        raise yaml.constructor.ConstructorError(None, None, "there is no such date", node.start_mark) from error


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]+\.[0-9]*$", "-+0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)


def read(file: Path) -> Document:
    """Parses one file. What is wrong with it is in `problems`; this never raises for what an analyst has written."""
    document = Document(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        document.problems.append(Problem(file, 1, "", f"it cannot be read ({type(error).__name__})", "a text file in UTF-8"))
        return document
    if sound := _sound(text):
        document.value, document.lines = pickle.loads(sound)
    else:
        _parse(text, document)
    return document


@lru_cache(maxsize=64)
def _sound(text: str) -> bytes | None:
    """What a sound text says, as bytes: each reader gets a copy of its own. Parsing is nearly all of the time that reading a configuration
    takes, and a server, a worker and a test read the same text again and again. None where there is something to put right.
    """
    document = Document(Path())
    _parse(text, document)
    return None if document.problems else pickle.dumps((document.value, document.lines))


def _parse(text: str, document: Document) -> None:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), document)
            document.value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        document.problems.append(_no_yaml(document.file, error))
        document.value = None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        what = "there is a character in it that YAML does not allow"
        document.problems.append(Problem(document.file, line, "", what, "plain text in UTF-8"))


def _no_yaml(file: Path, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    if isinstance(error, yaml.constructor.ConstructorError):
        return Problem(file, line, "", str(error.problem), "a value such as 10, true, 2026-11-20 or text")
    if "\\t" in str(error.problem):
        return Problem(file, line, "", "a tab stands here", "spaces; YAML indents by spaces alone")
    return Problem(file, line, "", f"this is no valid YAML: {error.problem}", "`key: value`, or `- ` before each entry of a list")


def _walk(node: yaml.Node, place: Place, document: Document) -> None:
    if len(place) > DEEPEST:  # an alias inside its own anchor would never end
        raise yaml.composer.ComposerError(None, None, "it refers to itself", node.start_mark)
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            _walk(child, (*place, n), document)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, child in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if name in seen:
                here = ".".join(str(p) for p in (*place, name))
                document.problems.append(
                    Problem(document.file, line, here, f"this key stands here twice, first in line {seen[name]}", "one of them")
                )
            seen[name] = line
            document.lines[*place, name] = line
            _walk(child, (*place, name), document)
