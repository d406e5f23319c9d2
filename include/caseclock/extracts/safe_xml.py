"""XML of unknown origin, streamed: elements with their line, and nothing that an XML file could do to the reader.

A document type definition is refused, and with it every entity, so nothing can be expanded or fetched. A tag without end, and a nesting
without end, are refused before they fill the memory. Expat's own handlers are used, as defusedxml does, because lines are wanted too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NoReturn, Protocol
from xml.parsers import expat

from caseclock.errors import BadExtract
from caseclock.extracts.archive import SEND_AGAIN

MAX_TOKEN = 4 * 2**20  # bytes; the longest tag of a census or a workbook has some hundred
MAX_DEPTH = 60


class Listener(Protocol):
    """Who hears of each element. Names come without namespace."""

    def start(self, name: str, attributes: dict[str, str], line: int) -> None: ...

    def text(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...


def parse(blocks: Iterable[bytes], listener: Listener, where: str) -> None:
    """Tells the listener of every element, in order. Raises BadExtract for what is no whole, plain XML."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            _refuse(where, f"its elements are nested more than {MAX_DEPTH} deep")
        listener.start(_local(name), attributes, parser.CurrentLineNumber)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        listener.end(_local(name))

    def defined(*_: object) -> NoReturn:
        _refuse(where, "it holds a document type definition (DOCTYPE), which may hide entities and is never needed")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, listener.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = defined
    read = 0
    try:
        for block in blocks:
            parser.Parse(block, False)
            read += len(block)
            if read - max(parser.CurrentByteIndex, 0) > MAX_TOKEN:
                _refuse(where, f"it has a tag or a comment of more than {MAX_TOKEN // 2**20} MiB")
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # a ValueError or LookupError: an encoding that nobody knows
        line = getattr(error, "lineno", None)
        near = f" (line {line})" if line else ""
        _refuse(where, f"the XML is cut short or damaged{near}: it cannot be read", error)


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _refuse(where: str, what: str, error: Exception | None = None) -> NoReturn:
    raise BadExtract(what, where=where, todo=SEND_AGAIN) from error
