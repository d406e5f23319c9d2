"""Words as the fonts of the PDF can print them."""

from __future__ import annotations

import unicodedata
from typing import Final

from caseclock.charts import fonts, svg

UNKNOWN: Final = "□"
NAMELESS: Final = "no words"  # what PDF/UA does not do without: a title, the words of a picture
LONG_WORD, LONG_IN_CELL = 60, 22  # characters: of more, a word may break
BREAK: Final = "\u200b"  # a sign to the template, which prints nothing for it


def printable(text: str) -> str:
    """One line of characters that the font has."""
    return known(svg.clean(unicodedata.normalize("NFC", text)))


def breaking(text: str, most: int = LONG_WORD) -> str:
    """The same, with `BREAK` where a word of more than so many characters may go on in the next line."""
    words = printable(text).split(" ")
    return " ".join(
        word if len(word) <= most else BREAK.join(word[i : i + most // 2] for i in range(0, len(word), most // 2)) for word in words
    )


def known(text: str) -> str:
    """The same, each character that the font lacks as a box; line ends stay."""
    lacking = [c for c in set(text) if c != "\n" and fonts.width(c, 1) == fonts.FOREIGN]
    return text.translate(dict.fromkeys(map(ord, lacking), UNKNOWN))
