"""Teams cards as their reader sees them: the part of Adaptive Cards that we send, to safe HTML."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

COLOURS = {"Attention": "#a4262c", "Warning": "#835b00", "Good": "#0e700e"}
STYLE = (
    ".card{background:#fff;border:1px solid #d1d1d1;border-radius:6px;padding:12px 16px;color:#242424}"
    ".card{font:14px/20px 'Segoe UI',Arial,sans-serif}"
    ".card p{margin:0 0 6px;overflow-wrap:anywhere}.card .Large{font-size:17px;line-height:24px}.card .Bolder{font-weight:600}"
    ".card .subtle{color:#616161}.card .line{border-top:1px solid #e0e0e0;padding-top:8px;margin-top:10px}"
    ".card .open{display:inline-block;border:1px solid #d1d1d1;border-radius:4px;padding:3px 12px;font-weight:600;margin:2px 0 6px}"
)


def card_html(card: dict[str, Any]) -> Markup:
    """What Teams draws of a card. An element that is not known is named, so that it is seen."""
    return Markup('<div class="card">{}</div>').format(Markup("").join(_element(element) for element in card["body"]))


def _element(element: dict[str, Any]) -> Markup:
    line = "line" if element.get("separator") else ""
    if element["type"] == "RichTextBlock":
        return Markup('<p class="{}">{}</p>').format(line, Markup("").join(_run(run) for run in element["inlines"]))
    if element["type"] == "ActionSet":
        titles = [Markup('<span class="open">{}</span>').format(action["title"]) for action in element["actions"]]
        return Markup("<div>{}</div>").format(Markup("").join(titles))
    return Markup("<p>[{}]</p>").format(str(element["type"]))


def _run(run: dict[str, Any]) -> Markup:
    look = " ".join([run.get("size", ""), run.get("weight", ""), "subtle" if run.get("isSubtle") else ""]).strip()
    colour = COLOURS.get(run.get("color", ""), "inherit")
    return Markup('<span class="{}" style="color:{}">{}</span>').format(look, colour, run["text"])
