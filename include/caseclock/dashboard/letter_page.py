"""A letter as parts of a page: its blocks with the names by which the template knows them, and its pictures checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caseclock.dashboard.kept_picture import checked
from caseclock.notifications.letter import KINDS, Block, Letter, Picture, Table
from caseclock.notifications.letter_mail import line_words

NAMES: Final = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Part:
    """`kind`: of `letter.KINDS`. `svg`: of a picture; None where the kept one cannot be shown. `label`: what the picture belongs to."""

    kind: str
    block: Block
    svg: str | None = None
    label: str = ""


@dataclass(frozen=True)
class PageSection:
    heading: str
    parts: tuple[Part, ...]


def sections_of(letter: Letter) -> tuple[PageSection, ...]:
    return tuple(PageSection(s.heading, tuple(_part(block, s.heading, n) for n, block in enumerate(s.blocks, 1))) for s in letter.sections)


def _part(block: Block, heading: str, place: int) -> Part:
    if isinstance(block, Picture):
        return Part("picture", block, checked(block.svg), f"{heading}: chart {place}")
    if isinstance(block, Table):
        return Part("table", block, label=block.caption or heading)
    return Part(NAMES[type(block)], block)


__all__ = ["PageSection", "Part", "line_words", "sections_of"]
