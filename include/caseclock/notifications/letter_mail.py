"""A letter as mail: HTML that says everything without its pictures, and a plain-text form that is complete by itself.

A mail has little room, so a letter has shorter forms (`forms_of`): fewer pictures, then the longest tables cut.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from caseclock.notifications.letter import (
    KINDS,
    Block,
    Bullets,
    Cell,
    Letter,
    Paragraph,
    Picture,
    Section,
    Series,
    Table,
    Tone,
    from_json,
    to_json,
)
from caseclock.notifications.letter_brief import ask_of
from caseclock.notifications.wording import plain, safe_link

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
COLUMNS: Final = 78  # of a line of plain text: more is folded by mail programs (RFC 5322, 2.1.1)
LONGEST: Final = 1000  # characters of one text
NARROWEST: Final = 6  # columns of a table in plain text
GAP: Final = "  "
STACKED_FROM: Final = 4  # columns: a table with as many becomes rows below each other on a narrow screen
CELLS: Final = (400, 340, 290, 240, 200, 160, 120, 90, 60, 30, 12, 0)  # of one table; the longest list has a third as many items
MOST_ADDRESS: Final = 500  # characters of an address
FIGURE: Final = re.compile(r"-?[\d,.]+%?")
TONE_ORDER: Final[dict[str, int]] = {"red": 0, "amber": 1}
NAMES: Final = {kind: name for name, kind in KINDS.items()}
UNCHANGED: Final = frozenset({"svg", "link", "unsubscribe"})


# --- shorter forms -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Form:
    """A letter as far as it has room. `cut`: what it goes without beside pictures, in words for the audit."""

    letter: Letter
    cut: str = ""


def forms_of(letter: Letter, room: Callable[[Picture], int] = lambda picture: 0) -> Iterator[Form]:
    """The whole letter first, then ever shorter ones. What is left out is said in its place: a picture's finding, how much was cut.

    `room`: what a picture takes. The one that takes most goes first, of equals the last, so that most of them stay.
    """
    words = cleaned(letter)
    yield Form(words)
    while pictures := pictures_of_letter(words):
        words = _without_picture(words, max(range(len(pictures)), key=lambda place: (room(pictures[place]), place)))
        yield Form(words)
    last = words
    for shorter in (_cut(words, cells) for cells in CELLS):
        if shorter != last:
            yield Form(shorter, "its longest tables and lists are cut")
        last = shorter
    yield Form(_in_brief(cleaned(letter)), "only its short form had room")


def cleaned(letter: Letter) -> Letter:
    """Each text as one line of visible characters; addresses that are none are left out."""
    made = from_json(_cleaned(to_json(letter)))
    return replace(made, link=safe_link(letter.link), unsubscribe=unsubscribe_address(letter.unsubscribe))


def _cleaned(kept: Any) -> Any:
    if isinstance(kept, str):
        return plain(kept, LONGEST)
    if isinstance(kept, Mapping):
        return {name: value if name in UNCHANGED else _cleaned(value) for name, value in kept.items()}
    return [_cleaned(value) for value in kept] if isinstance(kept, list | tuple) else kept


def unsubscribe_address(given: str | None) -> str | None:
    """A mailto: or https: address that may stand in a header and in a link; else None (RFC 2369, 2 and 4)."""
    address = (given or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    place = parts.netloc if parts.scheme == "https" else parts.path if parts.scheme == "mailto" and "@" in parts.path else ""
    clean = address.isascii() and address.isprintable() and " " not in address and len(address) <= MOST_ADDRESS
    return quote(address, safe="%/:=&?~#+!$,;@-._") if place and clean else None


def pictures_of_letter(letter: Letter) -> list[Picture]:
    """In the order in which they stand."""
    return [block for section in letter.sections for block in section.blocks if isinstance(block, Picture)]


def _without_picture(letter: Letter, place: int) -> Letter:
    """Its finding stands in its place."""
    sections, seen = [], -1
    for section in letter.sections:
        blocks: list[Block] = []
        for block in section.blocks:
            seen += isinstance(block, Picture)
            blocks.append(Paragraph(block.alt) if isinstance(block, Picture) and seen == place else block)
        sections.append(replace(section, blocks=tuple(blocks)))
    return replace(letter, sections=tuple(sections))


def _cut(letter: Letter, cells: int) -> Letter:
    def shorter(section: Section) -> Section:
        blocks: list[Block] = []
        for block in section.blocks:
            blocks += _short_table(letter, block, cells) if isinstance(block, Table) else _short_list(block, cells // 3)
        return replace(section, blocks=tuple(blocks))

    return replace(letter, sections=tuple(shorter(section) for section in letter.sections))


def _short_table(letter: Letter, table: Table, cells: int) -> list[Block]:
    most = cells // max(1, len(table.head))
    if len(table.rows) <= most:
        return [table]
    worst = sorted(range(len(table.rows)), key=lambda i: (min([TONE_ORDER.get(c.tone, 2) for c in table.rows[i]], default=2), i))[:most]
    kept = tuple(table.rows[i] for i in sorted(worst))
    if not kept:
        return [Paragraph(f"{_sentence(table.caption)} This table has no room in a mail. {_elsewhere(letter)}".strip())]
    said = f"Cut for this mail: {len(kept)} of {len(table.rows)} rows, those with red and amber figures first. {_elsewhere(letter)}"
    return [replace(table, rows=kept), Paragraph(said.strip(), "quiet")]


def _short_list(block: Block, most: int) -> list[Block]:
    if not isinstance(block, Bullets) or len(block.items) <= most:
        return [block]
    kept = (*block.items[:most], f"And {len(block.items) - most} more.")
    return [Bullets(kept, (*block.tones[:most], "") if block.tones else ())]


def _elsewhere(letter: Letter) -> str:
    if letter.link:
        return f"The whole of it: {letter.link}"
    return ask_of(letter.kept)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _in_brief(letter: Letter) -> Letter:
    """The headline and what each section says where there is little room."""
    sections = tuple(replace(s, blocks=tuple(Paragraph(words) for words in s.brief)) for s in letter.sections if s.brief)
    where = (said,) if (said := _elsewhere(letter)) else ()
    return replace(letter, sections=sections, foot=("This mail holds the short form, because the whole has no room in it.", *where))


# --- plain text ----------------------------------------------------------------------------------------------------
def text_of_letter(letter: Letter, more: Sequence[str] = ()) -> str:
    """All of it in lines of at most 78 characters (an address may be longer). `more`: lines for the foot, such as to whom and when."""
    letter = cleaned(letter)
    parts = [_wrapped(letter.headline), _wrapped(letter.currency)]
    parts += [f"Read it as a page, or print it:\n{letter.link}"] if letter.link else []
    for section in letter.sections:
        parts += [
            f"{_wrapped(section.heading)}\n{'-' * min(COLUMNS, len(section.heading))}",
            *(_block_text(b, section.heading) for b in section.blocks),
        ]
    foot = [*(_wrapped(line) for line in letter.foot), _unsubscribe_text(letter), *(_wrapped(line) for line in more)]
    parts += ["-" * COLUMNS, *foot]
    return "\n\n".join(part for part in parts if part) + "\n"


def _unsubscribe_text(letter: Letter) -> str:
    if not letter.unsubscribe:
        return ""
    parts = urlsplit(letter.unsubscribe)
    if parts.scheme != "mailto":
        return f"To stop getting this digest:\n{letter.unsubscribe}"
    subject = plain(" ".join(parse_qs(parts.query).get("subject", [])))
    about = f' with the subject "{subject}"' if subject else ""
    return _wrapped(f"To stop getting this digest, write to {plain(unquote(parts.path))}{about}.")


def _wrapped(text: str, first: str = "", then: str | None = None) -> str:
    """In lines; an address is never broken, other words only where they are longer than a line."""
    folds = textwrap.TextWrapper(COLUMNS, initial_indent=first, subsequent_indent=first if then is None else then, break_on_hyphens=False)
    folds.break_long_words = "://" not in text
    return folds.fill(text)


def _block_text(block: Block, heading: str) -> str:
    if isinstance(block, Paragraph):
        return _wrapped(block.text)
    if isinstance(block, Bullets):
        return "\n".join(_wrapped(item, "- ", "  ") for item in block.items)
    if isinstance(block, Picture):
        return _wrapped(block.alt)
    if isinstance(block, Series):
        return _wrapped(block.words)
    caption = "" if block.caption == heading else _wrapped(block.caption)
    return f"{caption}\n\n{_aligned(block) or _listed(block)}".strip()


def _said(cell: Cell) -> str:
    return f"{cell.text} ({cell.small})" if cell.text and cell.small else cell.text or cell.small


def line_words(cell: Cell) -> str:
    """What the line shows, where the text of the cell does not say it."""
    return "" if cell.line_words.endswith(f": {cell.text}") else cell.line_words


def _aligned(table: Table) -> str:
    """Columns side by side, long cells on several lines; empty where they have no room, or where cells have more to say than a figure."""
    rows = [table.head, *(tuple(_said(cell) for cell in row) for row in table.rows)]
    if any(line_words(cell) for row in table.rows for cell in row) or len({len(row) for row in rows}) != 1 or not table.head:
        return ""
    widths = _widths([max(len(text) for text in column) for column in zip(*rows, strict=True)], COLUMNS)
    longest = [max(len(word) for text in column for word in [*text.split(), ""]) for column in zip(*rows, strict=True)]
    if not widths or any(word > width for word, width in zip(longest, widths, strict=True)):
        return ""
    figures = [all(FIGURE.fullmatch(text) or not text for text in column[1:]) for column in zip(*rows, strict=True)]
    rule = GAP.join("-" * width for width in widths)
    lines = [_row_text(row, widths, figures) for row in rows]
    return "\n".join([lines[0], rule, *lines[1:]])


def _widths(wanted: list[int], room: int) -> list[int]:
    """As wide as wanted, the widest made narrower until all have room; empty where they cannot."""
    widths, room = [max(1, width) for width in wanted], room - len(GAP) * (len(wanted) - 1)
    while sum(widths) > room:
        widest = max(widths)
        if widest <= NARROWEST:
            return []
        widths[widths.index(widest)] -= 1
    return widths


def _row_text(row: tuple[str, ...], widths: list[int], figures: list[bool]) -> str:
    cells = [textwrap.wrap(text, width, break_on_hyphens=False) or [""] for text, width in zip(row, widths, strict=True)]
    lines = []
    for n in range(max(len(cell) for cell in cells)):
        said = [cell[n] if n < len(cell) else "" for cell in cells]
        placed = (text.rjust(width) if right else text.ljust(width) for text, width, right in zip(said, widths, figures, strict=True))
        lines.append(GAP.join(placed).rstrip())
    return "\n".join(lines)


def _listed(table: Table) -> str:
    """Each row as a heading and a list: `North: 21 red; 12 weeks: from 8 to 21`."""
    parts = []
    for row in table.rows:
        lines = [_wrapped(_said(row[0]))] if row else []
        for name, cell in zip(table.head[1:], row[1:], strict=False):
            said = "; ".join(part for part in (_said(cell), line_words(cell)) if part)
            lines += [_wrapped(f"{name}: {said}" if name else said, "  ", "    ")] if said else []
        parts.append("\n".join(lines))
    return "\n\n".join(part for part in parts if part)


# --- HTML ----------------------------------------------------------------------------------------------------------
TONES: Final[dict[Tone, tuple[str, str, str]]] = {
    "red": ("#b3261e", "#fff", "#b3261e"),
    "amber": ("#fbe3bd", "#5c3700", "#8a5300"),
    "green": ("#e2f1e7", "#14532d", "#1b6e3c"),
    "quiet": ("", "#4a5768", "#d5dbe3"),
}
"""Ground and words of a cell, and the bar beside a line. Words reach 4.5:1 on their ground; red is the darkest, also in grey."""


def html_of_letter(letter: Letter, pictures: Mapping[int, str], more: Sequence[str] = ()) -> str:
    """Tables for the layout and inline styles, because classic Outlook draws with Word; nothing remote.

    `pictures`: place among the letter's pictures -> Content-ID; of the others the finding is said. `more`: lines for the foot, such as to
    whom and when.
    """
    letter = cleaned(letter)
    html: str = _template().render(
        letter=letter, sections=_sections(letter, pictures), tones=TONES, stacked_from=STACKED_FROM, line_words=line_words, more=more
    )
    return html.encode("ascii", "xmlcharrefreplace").decode()  # the block elements of the lines are shorter so


def _sections(letter: Letter, pictures: Mapping[int, str]) -> list[tuple[str, list[dict[str, Any]]]]:
    made, seen = [], -1
    for section in letter.sections:
        blocks: list[dict[str, Any]] = []
        for block in section.blocks:
            seen += isinstance(block, Picture)
            blocks.append({"kind": NAMES[type(block)], "is": block, "cid": pictures.get(seen) if isinstance(block, Picture) else None})
        made.append((section.heading, blocks))
    return made


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("letter.html.j2")
