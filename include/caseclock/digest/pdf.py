"""A letter as a PDF to print and to keep: A4, tagged for screen readers (PDF/UA-1), fit to be kept (PDF/A-2a), the same bytes each time.

Typst sets it from `templates/letter.typ`, which never changes: the letter comes to it as JSON, so that no word of it is read as Typst. Only
the fonts of `charts` are used. What they do not have is printed as a box; the block elements of a 12-week line are drawn as bars.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from caseclock.charts import fonts
from caseclock.digest.pdf_table import tables_of
from caseclock.digest.pdf_words import NAMELESS, breaking, known, printable
from caseclock.errors import CaseclockError
from caseclock.notifications.letter import Block, Bullets, Letter, Paragraph, Picture, Section, Series

TEMPLATE: Final = Path(__file__).parent / "templates" / "letter.typ"
STANDARDS: Final = ("a-2a", "ua-1")
POINTS: Final = 0.75  # of print for each pixel of a picture's layout: 640 pixels are 169 mm
UNDATED: Final = dt.date(2000, 1, 1)
WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")


class NoPdf(CaseclockError):
    """The PDF could not be made. Its letter is whole without it."""


def pdf_of(letter: Letter, made_for: str) -> bytes:
    """The PDF. `made_for`: its audience, for the head of each page where the subject does not name it. Raises NoPdf.

    Its date is the last day of the week that `letter.kept` names.
    """
    import typst  # 80 MB of compiled code that no other task needs

    try:
        made: bytes = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"letter": json.dumps(as_data(letter, made_for))},
            pdf_standards=list(STANDARDS),
            timestamp=_date_of(letter.kept),
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the compiled library is no Exception
        raise NoPdf(f"{type(error).__name__}: the digest could not be set for print", where=letter.kept) from error
    return made


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.FOLDER)])


def _date_of(kept: str) -> int:
    """Seconds since 1970 at the beginning of that day."""
    found = WEEK.search(kept)
    try:
        day = dt.date.fromisocalendar(int(found[1]), int(found[2]), 7) if found else UNDATED
    except ValueError:
        day = UNDATED
    return (day - dt.date(1970, 1, 1)).days * 86400


# --- what the template reads ---------------------------------------------------------------------------------------
def as_data(letter: Letter, made_for: str) -> dict[str, Any]:
    """What the template reads: `runs` are sections that follow each other on pages of one kind, upright or turned."""
    subject, audience = printable(letter.subject) or NAMELESS, printable(made_for)
    sections = [_section(section) for section in letter.sections]
    runs = [{"wide": wide, "sections": list(own)} for wide, own in groupby(sections, key=lambda s: s["wide"])]
    return {
        "subject": subject,
        "made_for": "" if audience in subject else audience,
        "headline": breaking(letter.headline),
        "currency": breaking(letter.currency),
        "runs": runs,
        "foot": [breaking(words) for words in letter.foot],
        "link": letter.link if letter.link and letter.link.startswith(("https://", "http://")) else None,
        "kept": printable(letter.kept),
    }


def _section(section: Section) -> dict[str, Any]:
    """A series is drawn by nobody on paper: its words are printed where no picture says the same."""
    seen = any(isinstance(block, Picture) for block in section.blocks)
    blocks = [made for block in section.blocks if not (seen and isinstance(block, Series)) for made in _block(block)]
    wide = any(block.get("wide", False) for block in blocks)
    return {"heading": printable(section.heading), "blocks": blocks, "wide": wide}


def _block(block: Block) -> list[dict[str, Any]]:
    if isinstance(block, Paragraph):
        return [{"block": "paragraph", "text": breaking(block.text), "tone": block.tone}]
    if isinstance(block, Bullets):
        tones = block.tones or ("",) * len(block.items)
        items = [{"text": breaking(words), "tone": tone} for words, tone in zip(block.items, tones, strict=True)]
        return [{"block": "bullets", "items": items}]
    if isinstance(block, Picture):
        return [{"block": "picture", "svg": known(block.svg), "alt": printable(block.alt) or NAMELESS, "width": block.width * POINTS}]
    if isinstance(block, Series):
        return [{"block": "paragraph", "text": breaking(f"{block.title}. {block.words}"), "tone": ""}]
    return tables_of(block)
