"""The few shapes that pictures are made of, as SVG text with fixed places after the point.

Every shape has its colour as an attribute, so that it can be drawn anywhere, and a class, so that a page may give another (dark ground).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from caseclock.charts import fonts

# Contrast on white: 3:1 for marks, 4.5:1 for text (WCAG 2.2, 1.4.11 and 1.4.3). Amber and red are those of the mails.
COLOURS: Final = {
    "ground": "#ffffff",
    "ink": "#1b2430",
    "quiet": "#505a5f",
    "grid": "#d9dfe7",
    "band": "#e3e7ec",
    "series": "#3d4a5c",
    "common": "#5b6770",
    "amber": "#8a5300",
    "red": "#b10e1e",
    "better": "#005eb8",
    "worse": "#c4570a",
}
Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


def clean(text: str) -> str:
    """One line of visible characters: nothing that XML forbids, that turns the direction, or that cannot be seen."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # the most of them, and much faster
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Zs"} else c for c in text)
    return " ".join("".join(c for c in seen if unicodedata.category(c)[0] != "C").split())


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def n(value: float) -> str:
    """A coordinate with one place after the point at most."""
    said = f"{value:.1f}".removesuffix(".0")
    return "0" if said == "-0" else said


def line(start: Point, end: Point, kind: str, *, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line class="{kind}" x1="{n(start[0])}" y1="{n(start[1])}" x2="{n(end[0])}" y2="{n(end[1])}" '
        f'stroke="{COLOURS[kind]}" stroke-width="{n(width)}"{dashed}/>'
    )


def path(points: Sequence[Point], kind: str, *, width: float = 1.8) -> str:
    at = " ".join(f"{n(x)},{n(y)}" for x, y in points)
    return (
        f'<polyline class="{kind}" points="{at}" fill="none" stroke="{COLOURS[kind]}" stroke-width="{n(width)}" stroke-linejoin="round"/>'
    )


def area(points: Sequence[Point], kind: str) -> str:
    """A filled shape with these corners."""
    at = " ".join(f"{n(x)},{n(y)}" for x, y in points)
    return f'<polygon class="{kind}" points="{at}" fill="{COLOURS[kind]}"/>'


def box(left: float, top: float, right: float, bottom: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{n(left)}" y="{n(top)}" width="{n(right - left)}" height="{n(bottom - top)}" fill="{COLOURS[kind]}"/>'


def mark(at: Point, shape: str, kind: str, *, size: float = 3, hollow: bool = False) -> str:
    """`circle`, `square`, `triangle` or `diamond`: told apart by their form, in colour second."""
    x, y, r = at[0], at[1], size
    colour = COLOURS[kind]
    fill = f'fill="{COLOURS["ground"]}" stroke="{colour}" stroke-width="1.5"' if hollow else f'fill="{colour}"'
    if shape == "circle":
        return f'<circle class="{kind}{" hollow" if hollow else ""}" cx="{n(x)}" cy="{n(y)}" r="{n(r)}" {fill}/>'
    corners: dict[str, list[Point]] = {
        "square": [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        "triangle": [(x, y - 1.3 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r)],
        "diamond": [(x, y - 1.4 * r), (x + 1.4 * r, y), (x, y + 1.4 * r), (x - 1.4 * r, y)],
    }
    around = " ".join(f"{n(a)},{n(b)}" for a, b in corners[shape])
    return f'<polygon class="{kind}{" hollow" if hollow else ""}" points="{around}" {fill}/>'


def text(
    at: Point, said: str, kind: str = "quiet", *, size: float = 11, bold: bool = False, anchor: Anchor = "start", halo: bool = False
) -> str:
    """One line with its foot at `at`. `halo`: a rim of the ground around the letters, where they lie on lines."""
    more = ' font-weight="bold"' if bold else ""
    more += "" if anchor == "start" else f' text-anchor="{anchor}"'
    more += f' paint-order="stroke" stroke="{COLOURS["ground"]}" stroke-width="3" stroke-linejoin="round"' if halo else ""
    head = f'<text class="{kind}" x="{n(at[0])}" y="{n(at[1])}" font-size="{n(size)}" fill="{COLOURS[kind]}"{more}>'
    return f"{head}{escape(clean(said))}</text>"


def kept_inside(x: float, said: str, size: float, left: float, right: float) -> float:
    """Where the middle of a text may stand, as near to `x` as the two edges allow."""
    half = fonts.width(said, size) / 2
    return max(left + half, min(right - half, x))


def sheet(width: float, height: float, says: str, parts: Iterable[str]) -> str:
    """The whole picture. `says`: what it shows, in a sentence, for those who do not see it."""
    said = clean(says)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{n(width)}" height="{n(height)}" viewBox="0 0 {n(width)} {n(height)}" '
        f'role="img" aria-label={quoteattr(said)} font-family="{fonts.FAMILY}"><desc>{escape(said)}</desc>'
        f"{box(0, 0, width, height, 'ground')}{''.join(parts)}</svg>\n"
    )
