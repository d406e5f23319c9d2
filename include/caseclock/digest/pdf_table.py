"""How wide the columns of a table are on paper, at which font size, and on which way of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from caseclock.charts import fonts, svg
from caseclock.digest.pdf_words import BREAK, LONG_IN_CELL, NAMELESS, breaking, printable
from caseclock.notifications.letter import Cell, Table

PORTRAIT, LANDSCAPE = 504.0, 750.0  # points between the margins
SIZES: Final = ((False, 8.5), (False, 7.5), (True, 8.5), (True, 7.5), (True, 6.5))
"""How a table is set, in the order of trial: on a page turned or not, at which font size."""
TURNED: Final = SIZES[2:]
INSET: Final = 3.0
EDGES: Final = 2 * INSET + 0.6
HEADING_LEAST: Final = 115.0  # points for the first column, where it has more to say
FIRST, MOST_SPARE = 0.3, 0.6
SMALLER: Final = 0.85  # second lines of cells, as in the template
BAR: Final = 0.475  # em: how wide one week of a line is, by its height in the template
LONG_CELL: Final = 600  # characters: of more, a row may break over pages


@dataclass(frozen=True)
class Column:
    """`least`: its longest word, `natural`: its longest text, in em."""

    least: float
    natural: float

    @classmethod
    def of(cls, table: Table, i: int) -> Column:
        words = [(table.head[i], 1.0, True)]
        for cell in (row[i] for row in table.rows):
            words += [(cell.text, 1.0, i == 0 or cell.tone in ("red", "amber")), (cell.small, SMALLER, False)]
        least = max((len(row[i].line) * BAR for row in table.rows), default=0.0)
        natural = least
        for text, size, bold in dict.fromkeys(words):
            said = breaking(text, LONG_IN_CELL)
            natural = max(natural, fonts.width(said.replace(BREAK, ""), size, bold=bold))
            least = max(least, *(fonts.width(word, size, bold=bold) for word in re.split(f"[ {BREAK}]", said)))
        return cls(least, natural)

    def at(self, size: float) -> tuple[float, float]:
        """Both in points, with the edges of a cell."""
        return self.least * size + EDGES, self.natural * size + EDGES


def tables_of(table: Table) -> list[dict[str, Any]]:
    """What the template reads: the table, or where it is too wide even for a turned page several, each with the first column."""
    columns = [Column.of(table, i) for i in range(len(table.head))]
    parts = _parts(columns)
    sizes = SIZES if len(parts) == 1 else TURNED
    named = [f" ({n} of {len(parts)})" if len(parts) > 1 else "" for n in range(1, len(parts) + 1)]
    return [_set(table, part, [columns[i] for i in part], sizes, name) for part, name in zip(parts, named, strict=True)]


def _parts(columns: Sequence[Column]) -> list[list[int]]:
    """The columns of each part: all, or as few parts of like width as fit."""
    others = len(columns) - 1
    whole = list(range(others + 1))
    if others <= 1 or any(_fits(columns, *how) for how in SIZES):
        return [whole]
    for count in range(2, others + 1):
        share = -(-others // count)
        parts = [[0, *whole[at : at + share]] for at in range(1, others + 1, share)]
        if all(_fits([columns[i] for i in part], *SIZES[-1]) for part in parts):
            return parts
    return [[0, i] for i in whole[1:]]


def _fits(columns: Sequence[Column], wide: bool, size: float) -> bool:
    least, natural = columns[0].at(size)
    return max(least, min(natural, HEADING_LEAST)) + sum(column.at(size)[0] for column in columns[1:]) <= _room(wide)


def _room(wide: bool) -> float:
    return LANDSCAPE if wide else PORTRAIT


def _set(table: Table, part: Sequence[int], columns: Sequence[Column], sizes: Sequence[tuple[bool, float]], name: str) -> dict[str, Any]:
    wide, size = next(how for how in sizes if _fits(columns, *how) or how == sizes[-1])
    return {
        "block": "table",
        "caption": breaking(table.caption + name),
        "head": [breaking(table.head[i], LONG_IN_CELL) for i in part],
        "rows": [[_cell(row[i]) for i in part] for row in table.rows],
        "wide": wide,
        "size": size,
        "inset": INSET,
        "widths": [round(width, 1) for width in _widths(columns, _room(wide), size)],
    }


def _widths(columns: Sequence[Column], room: float, size: float) -> list[float]:
    """Each column has its longest word; the headings of the rows then have what they need up to `FIRST` of the room, as far as `MOST_SPARE`
    of what is left gives it; of the rest short texts come first to stand on one line."""
    least, natural = zip(*(column.at(size) for column in columns), strict=True)
    if (spare := room - sum(least)) <= 0:
        return [width * room / sum(least) for width in least]
    widths = list(least)
    widths[0] += min(max(0.0, min(natural[0], FIRST * room) - least[0]), MOST_SPARE * spare)
    spare = room - sum(widths)
    wanted = sorted(range(len(widths)), key=lambda i: natural[i] - widths[i])
    for done, i in enumerate(wanted):
        given = min(natural[i] - widths[i], spare / (len(wanted) - done))
        widths[i] += given
        spare -= given
    return [width + spare / len(widths) for width in widths]


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "text": breaking(cell.text, LONG_IN_CELL),
        "tone": cell.tone,
        "small": breaking(cell.small, LONG_IN_CELL),
        "line": bars(cell.line) if cell.line else "",
        "line_words": printable(cell.line_words) or NAMELESS,
        "long": len(cell.text) + len(cell.small) > LONG_CELL,
    }


def bars(line: str) -> str:
    """Block elements (U+2581 to U+2588) as a picture, 4 wide and 8 high each; a dot for anything else."""
    parts = []
    for i, c in enumerate(line):
        level = ord(c) - 0x2580 if "\u2581" <= c <= "\u2588" else 0
        parts.append(svg.box(4 * i, 8 - level, 4 * i + 3, 8, "series") if level else svg.box(4 * i + 1, 6, 4 * i + 2, 7, "common"))
    width = 4 * max(1, len(line))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="8" viewBox="0 0 {width} 8">{"".join(parts)}</svg>'
