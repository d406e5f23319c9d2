"""YAML with line numbers: a value, and for every place in it the line that it stands on.

`on`, `off`, `yes`, `no` are words here, not flags (YAML 1.1 makes flags of them and a key `on:` becomes `True:`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]


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

    def line_of(self, place: Place) -> int:
        """The line of a place; of the nearest place around it when it is not there (a missing key)."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, what: str, allowed: str = "") -> Problem:
        return Problem(self.file, self.line_of(place), ".".join(str(p) for p in place), what, allowed)


class _Loader(yaml.SafeLoader):
    """true and false are flags, and nothing else is."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, regexp) for tag, regexp in found if tag != "tag:yaml.org,2002:bool"]
    for key, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _first, _word in (("t", "true"), ("T", "True"), ("f", "false"), ("F", "False")):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_word}$"), [_first])


def read(file: Path) -> Document:
    """Parses one file. What is wrong with it is in `problems`; this never raises for what an analyst has written."""
    document = Document(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        document.problems.append(Problem(file, 1, "", f"it cannot be read ({type(error).__name__})", "a text file in UTF-8"))
        return document
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), document)
            document.value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.problems.append(
            Problem(file, mark.line + 1 if mark else 1, "", f"this is no valid YAML: {error.problem}", "see the other entries")
        )
        document.value = None
    finally:
        loader.dispose()
    return document


def _walk(node: yaml.Node, place: Place, document: Document) -> None:
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
