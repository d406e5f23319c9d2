"""A letter: a message that is read, not answered (the weekly digest), as blocks that every channel can draw in its own way.

The words are final: a channel escapes them and adds none. A letter is kept in the outbox as JSON, so that each try sends the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Tone = Literal["", "red", "amber", "green", "quiet"]
"""What a cell or line says in colour as well; its words say it already."""


@dataclass(frozen=True)
class Paragraph:
    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class Bullets:
    """`tones`: one per item, or none at all."""

    items: tuple[str, ...]
    tones: tuple[Tone, ...] = ()


@dataclass(frozen=True)
class Cell:
    """`text`: what it says, the colour's name included (`21 red`). `line`: the last weeks as block elements (U+2581..U+2588), a middle dot
    for a week without a figure; `line_words`: the same in words, for those who do not see it. `small`: a second line, in smaller letters.
    """

    text: str
    tone: Tone = ""
    small: str = ""
    line: str = ""
    line_words: str = ""


@dataclass(frozen=True)
class Table:
    """The first cell of each row is its heading."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Picture:
    """`svg`: the whole picture as SVG text. `alt`: its finding in a sentence. `width`, `height`: in pixels of the layout."""

    svg: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Series:
    """A chart that a channel draws itself. `labels`: one per point; `lines`: name to one value per point, without gaps."""

    title: str
    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[float, ...]], ...]
    words: str


Block = Paragraph | Bullets | Table | Picture | Series


@dataclass(frozen=True)
class Section:
    """`brief`: what a channel with little room (Slack, Teams, Notify) says in its place, as whole sentences; empty: it leaves it out."""

    heading: str
    blocks: tuple[Block, ...]
    brief: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """`headline`: one sentence, for whom nothing else is read. `currency`: of which day the figures are, and whether they can be trusted.

    `link`: where it can be read as a page and printed; None where there is no page. `unsubscribe`: address (https or mailto) to which a
    reader says that he wants no more of it; None where none is configured. `foot`: method and contact.
    """

    subject: str
    headline: str
    currency: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...] = ()
    link: str | None = None
    unsubscribe: str | None = None
    kept: str = ""
    """Name of the archived copy, for the record: `demo/2026-W47/council`."""


KINDS: Mapping[str, type[Block]] = {
    "paragraph": Paragraph,
    "bullets": Bullets,
    "table": Table,
    "picture": Picture,
    "series": Series,
}


def to_json(letter: Letter) -> dict[str, Any]:
    """As the outbox and the archive keep it; `from_json` gives the same letter back."""
    made = asdict(letter)
    names = {kind: name for name, kind in KINDS.items()}
    for section, kept in zip(letter.sections, made["sections"], strict=True):
        kept["blocks"] = [{"block": names[type(b)]} | asdict(b) for b in section.blocks]
    return made


def from_json(kept: Mapping[str, Any]) -> Letter:
    """Raises TypeError, KeyError or ValueError when the store holds something that is no letter."""
    sections = tuple(Section(s["heading"], tuple(_block(b) for b in s["blocks"]), tuple(s["brief"])) for s in kept["sections"])
    return Letter(**{**kept, "sections": sections, "foot": tuple(kept["foot"])})


def _block(kept: Mapping[str, Any]) -> Block:
    given = {name: value for name, value in kept.items() if name != "block"}
    kind = kept["block"]
    if kind == "bullets":
        return Bullets(tuple(given["items"]), tuple(given["tones"]))
    if kind == "table":
        rows = tuple(tuple(Cell(**cell) for cell in row) for row in given["rows"])
        return Table(given["caption"], tuple(given["head"]), rows)
    if kind == "series":
        lines = tuple((name, tuple(values)) for name, values in given["lines"])
        return Series(given["title"], tuple(given["labels"]), lines, given["words"])
    return KINDS[kind](**given)
