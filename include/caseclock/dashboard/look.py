"""Templates, the words of days and numbers, and links."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from caseclock.dashboard.model import word_of
from caseclock.now import LONDON

HERE: Final = Path(__file__).resolve().parent
STATIC: Final[Mapping[str, str]] = {
    "caseclock.css": "text/css; charset=utf-8",
    "act.js": "text/javascript; charset=utf-8",
    "card.js": "text/javascript; charset=utf-8",
    "frame.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "icon-dark.svg": "image/svg+xml",
}
"""Files that pages load, and what they are. Nothing comes from elsewhere."""

UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line break, and those that turn the direction of the text after them, also of text that is ours."""

Link = Callable[..., str]
"""`link(path, **query)`: an address of ours; what is None is left out of the query."""


def clean(text: str) -> str:
    """Without UNSEEN, which extracts and people may put into names and reasons. (`str.translate` takes ten times as long.)"""
    return UNSEEN.sub("", text)


def day_words(day: dt.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else "–"


def moment_words(moment: dt.datetime | str | None) -> str:
    """As people read it in London: 20 November 2026, 17:30."""
    if moment is None or moment == "":
        return "–"
    at = (dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(LONDON)
    return f"{at.day} {at:%B %Y, %H:%M}"


def number(value: float | None, unit: str = "") -> str:
    """A figure as people read it: whole numbers with a comma at thousands, else one place after the point; `–` for none."""
    if value is None or value != value:
        return "–"
    said = (f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}").replace("-", "−")
    return f"{said}%" if unit == "per cent" else said


def as_day(text: str | dt.date | None) -> str:
    """A day as the store keeps it, in words."""
    if isinstance(text, str):
        return day_words(dt.date.fromisoformat(text[:10]) if text else None)
    return day_words(text)


@cache
def static(name: str) -> bytes:
    """Raises KeyError for a name that is not listed."""
    STATIC[name]
    return (HERE / "static" / name).read_bytes()


@cache
def _version(name: str) -> str:
    return hashlib.sha256(static(name)).hexdigest()[:10]


_quoted = lru_cache(4096)(quote_plus)  # a page has hundreds of links, and their values come again


def link_from(root: str, source: str | None) -> Link:
    """Links below `root` (where the app is mounted). `source`: put into each query; None where there is only one."""

    def link(path: str = "", **query: object) -> str:
        if path.startswith("static/"):
            return f"{root}/{path}?v={_version(path.removeprefix('static/'))}"
        given = {"source": source} | query
        if isinstance(place := given.get("team"), str):
            given["team"] = word_of(place)
        said = "&".join(f"{name}={_quoted(str(value))}" for name, value in given.items() if value is not None)
        return f"{root}/{quote(path, safe='/')}" + (f"?{said}" if said else "")

    return link


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "day": day_words,
        "day_of": as_day,
        "moment": moment_words,
        "number": number,
        "thousands": "{:,}".format,
        "picture": Markup,  # SVG that caseclock.charts has made, which escapes every text itself
        "place": word_of,
    }
    return made


def render(template: str, context: Mapping[str, Any]) -> str:
    return clean(_environment().get_template(template).render(context))
