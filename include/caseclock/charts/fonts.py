"""How wide a text is, by the advance widths of the font that pictures are drawn with.

DejaVu Sans is wider than Arial and its like, so what fits here fits where a browser takes another font. The files in `fonts/` hold Latin
letters and a few signs, without kerning; their licence lies beside them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent / "fonts"
FILES: Final = {False: FOLDER / "DejaVuSans.ttf", True: FOLDER / "DejaVuSans-Bold.ttf"}
"""Bold or not -> file."""
FAMILY: Final = "DejaVu Sans,Verdana,Arial,Helvetica,sans-serif"
FOREIGN: Final = 1.4  # em: a character that the font does not have is drawn by some other font, or not at all
MORE: Final = "…"


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels from the first to the last character at a font size in pixels."""
    known = _advances(bold)
    return sum(known.get(ord(c), FOREIGN) for c in text) * size


def fit(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as leaves room for "…" within `most` pixels; empty where not even that has room."""
    if width(text, size, bold=bold) <= most:
        return text
    room, kept = most - width(MORE, size, bold=bold), 0
    for c in text:
        room -= width(c, size, bold=bold)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + MORE if width(MORE, size, bold=bold) <= most else ""


@cache
def _advances(bold: bool) -> dict[int, float]:
    """Code point -> advance width in em, from the tables `cmap` and `hmtx` of the file (OpenType specification)."""
    data = FILES[bold].read_bytes()
    count = _read(data, ">H", 4)
    tables = {data[at : at + 4]: _read(data, ">I", at + 8) for at in range(12, 12 + 16 * count, 16)}
    em, own = _read(data, ">H", tables[b"head"] + 18), _read(data, ">H", tables[b"hhea"] + 34)
    widths = [_read(data, ">H", tables[b"hmtx"] + 4 * glyph) / em for glyph in range(own)]
    return {code: widths[min(glyph, own - 1)] for code, glyph in _glyphs(data, tables[b"cmap"])}


def _glyphs(data: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """Code point and glyph of every character, from the subtable for Unicode (platform 3, encoding 1, format 4)."""
    records = range(cmap + 4, cmap + 4 + 8 * _read(data, ">H", cmap + 2), 8)
    at = next(cmap + _read(data, ">I", r + 4) for r in records if struct.unpack_from(">HH", data, r) == (3, 1))
    segments = _read(data, ">H", at + 6) // 2
    ends = struct.unpack_from(f">{segments}H", data, at + 14)
    starts = struct.unpack_from(f">{segments}H", data, at + 16 + 2 * segments)
    deltas = struct.unpack_from(f">{segments}H", data, at + 16 + 4 * segments)
    ranges = at + 16 + 6 * segments
    for n, (first, last, delta) in enumerate(zip(starts, ends, deltas, strict=True)):
        offset = _read(data, ">H", ranges + 2 * n)
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code if offset == 0 else _read(data, ">H", ranges + 2 * n + offset + 2 * (code - first))
            if offset == 0 or glyph:
                yield code, (glyph + delta) & 0xFFFF


def _read(data: bytes, form: str, at: int) -> Any:
    return struct.unpack_from(form, data, at)[0]
