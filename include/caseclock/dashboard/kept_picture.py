"""A picture of a digest, as it lies in the store, made safe to stand in a page.

It stands in the page itself, and not as an `<img>`, so that it takes the colours of a dark ground and its words can be found and read.
The page's policy runs no script in it. This goes further: what is sent is written anew from the shapes that `caseclock.charts` draws, and a
picture that holds anything else is not shown at all, so that whoever could write into the store could still put nothing into a page.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

SPACE: Final = "{http://www.w3.org/2000/svg}"
LONGEST: Final = 300_000  # characters
NUMBER, WORD, COLOUR = r"-?\d{1,6}(\.\d{1,3})?", r"[a-z][a-z-]{0,19}( [a-z][a-z-]{0,19}){0,3}", r"#[0-9a-f]{6}|none"
PLACES: Final = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "stroke-width", "font-size")
ALLOWED: Final = {
    **dict.fromkeys(PLACES, re.compile(NUMBER)),
    **dict.fromkeys(("class", "role", "font-weight", "text-anchor", "paint-order", "stroke-linejoin"), re.compile(WORD)),
    **dict.fromkeys(("fill", "stroke"), re.compile(COLOUR)),
    "viewBox": re.compile(rf"{NUMBER}( {NUMBER}){{3}}"),
    "points": re.compile(rf"{NUMBER},{NUMBER}( {NUMBER},{NUMBER})*"),
    "stroke-dasharray": re.compile(rf"{NUMBER}([ ,]{NUMBER})*"),
    "font-family": re.compile(r"[A-Za-z ,'\"-]{1,100}"),
    "aria-label": re.compile(r".*", re.DOTALL),
}
"""Attribute to what it may say. None of these can name an address or hold a style or a deed."""
SHAPES: Final = frozenset({"svg", "desc", "line", "polyline", "polygon", "rect", "circle", "text"})


def checked(svg: str) -> str | None:
    """The same picture, written anew; None where it holds what no picture of ours does."""
    if len(svg) > LONGEST or "<!" in svg or "<?" in svg:  # no entities: a few lines of them could fill the memory
        return None
    try:
        root = ElementTree.fromstring(svg)  # without declarations there is nothing to expand or to fetch
        return _written(root) if root.tag == f"{SPACE}svg" else None
    except (ElementTree.ParseError, ValueError):
        return None


def _written(element: ElementTree.Element) -> str:
    """Raises ValueError for what is not allowed."""
    name = element.tag.removeprefix(SPACE)
    if name not in SHAPES or (name != "svg" and any(True for _ in element) and name != "text"):
        raise ValueError(name)
    said = "".join(_attribute(key, value) for key, value in element.attrib.items())
    inner = escape(element.text or "") + "".join(_written(child) + escape(child.tail or "") for child in element)
    return f"<{name}{said}>{inner}</{name}>"


def _attribute(name: str, value: str) -> str:
    if name not in ALLOWED or not ALLOWED[name].fullmatch(value):
        raise ValueError(name)
    return f" {name}={quoteattr(value)}"
