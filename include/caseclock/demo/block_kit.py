"""The limits of Slack's Block Kit, as the fake Slack enforces them. Source: https://docs.slack.dev/reference/block-kit/blocks"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

BLOCKS, HEADER, SECTION, FIELDS, FIELD, CONTEXT, ACTIONS, BLOCK_ID = 50, 150, 3000, 10, 2000, 10, 25, 255
IMAGE_ALT, IMAGE_URL = 2000, 3000
MESSAGE_TEXT = 40_000
BUTTON_TEXT, BUTTON_VALUE = 75, 2000
MENU, MENU_VALUE = 5, 150  # choices of an overflow menu; https://docs.slack.dev/reference/block-kit/composition-objects/option-object
INPUT_HINT, INPUT_LENGTH = 2000, 3000
VIEW_TITLE, VIEW_METADATA, VIEW_BLOCKS = 24, 3000, 100
# data_visualization; the number of charts in a message is in no document, it was found live (github.com/vercel/chat/pull/696)
CHARTS, CHART_TITLE, SERIES, CATEGORIES, LABEL, AXIS_LABEL = 2, 50, 6, 20, 20, 50


def faults_in(blocks: object, most: int = BLOCKS) -> list[str]:
    """What Slack would refuse, as sentences; empty when it would take the blocks."""
    if not isinstance(blocks, list):
        return ["blocks is no list"]
    found = [f"{len(blocks)} blocks, at most {most}"] if len(blocks) > most else []
    charts = sum(isinstance(b, dict) and b.get("type") == "data_visualization" for b in blocks)
    if charts > CHARTS:
        found.append(f"{charts} charts, at most {CHARTS}")
    ids = [b["block_id"] for b in blocks if isinstance(b, dict) and "block_id" in b]
    if len(ids) != len(set(ids)):
        found.append("a block_id is there twice")
    for n, block in enumerate(blocks):
        check = CHECKS.get(str(block.get("type"))) if isinstance(block, dict) else None
        wrong = check(block) if check else ["unknown type of block"]
        found += [f"block {n}: {what}" for what in wrong]
    return found


def _text(found: object, most: int, types: tuple[str, ...] = ("plain_text", "mrkdwn")) -> list[str]:
    if not isinstance(found, dict) or found.get("type") not in types:
        return [f"text must be an object of type {' or '.join(types)}"]
    text = found.get("text")
    if not isinstance(text, str) or not text:
        return ["text is required and must not be empty"]
    wrong = [f"text of {len(text)} characters, at most {most}"] if len(text) > most else []
    foreign = {"plain_text": "verbatim", "mrkdwn": "emoji"}[found["type"]]
    return [*wrong, f"{foreign} is not for {found['type']}"] if foreign in found else wrong


def _header(block: dict[str, Any]) -> list[str]:
    return _text(block.get("text"), HEADER, ("plain_text",))


def _section(block: dict[str, Any]) -> list[str]:
    return _section_text(block) + (_accessory(block["accessory"]) if "accessory" in block else [])


def _section_text(block: dict[str, Any]) -> list[str]:
    fields = block.get("fields")
    if fields is None:
        return _text(block.get("text"), SECTION)
    if not isinstance(fields, list) or not 1 <= len(fields) <= FIELDS:
        return [f"1 to {FIELDS} fields"]
    wrong = [what for field in fields for what in _text(field, FIELD)]
    return wrong + (_text(block["text"], SECTION) if "text" in block else [])


def _context(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= CONTEXT:
        return [f"1 to {CONTEXT} elements"]
    return [what for e in elements for what in (_image(e) if isinstance(e, dict) and e.get("type") == "image" else _text(e, SECTION))]


def _image(block: dict[str, Any]) -> list[str]:
    url, alt = block.get("image_url"), block.get("alt_text")
    if not isinstance(url, str) or not 1 <= len(url) <= IMAGE_URL:
        return [f"image_url of 1 to {IMAGE_URL} characters"]
    return [] if isinstance(alt, str) and 1 <= len(alt) <= IMAGE_ALT else [f"alt_text of 1 to {IMAGE_ALT} characters"]


def _actions(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= ACTIONS:
        return [f"1 to {ACTIONS} elements"]
    ids = [e.get("action_id") for e in elements]
    wrong = ["an action_id is there twice"] if len(ids) != len(set(ids)) else []
    return wrong + [what for e in elements if e.get("type") == "button" for what in _button(e)]


def _button(element: dict[str, Any]) -> list[str]:
    wrong = _text(element.get("text"), BUTTON_TEXT, ("plain_text",))
    return wrong + ([f"value of at most {BUTTON_VALUE} characters"] if len(str(element.get("value") or "")) > BUTTON_VALUE else [])


def _accessory(element: object) -> list[str]:
    if not isinstance(element, dict) or element.get("type") not in {"button", "overflow", "image"}:
        return ["the accessory must be a button, an overflow menu or an image"]
    if element["type"] != "overflow":
        return _button(element) if element["type"] == "button" else _image(element)
    options = element.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= MENU:
        return [f"1 to {MENU} options"]
    wrong = [what for option in options for what in _text(option.get("text"), BUTTON_TEXT, ("plain_text",))]
    long = any(not 1 <= len(str(option.get("value") or "")) <= MENU_VALUE for option in options)
    return [*wrong, f"an option's value of 1 to {MENU_VALUE} characters"] if long else wrong


def _input(block: dict[str, Any]) -> list[str]:
    wrong = _text(block.get("label"), FIELD, ("plain_text",))
    wrong += _text(block["hint"], INPUT_HINT, ("plain_text",)) if "hint" in block else []
    element = block.get("element")
    if not isinstance(element, dict):
        return [*wrong, "an input needs an element"]
    most = element.get("max_length", 1)
    return wrong if isinstance(most, int) and 1 <= most <= INPUT_LENGTH else [*wrong, f"max_length of 1 to {INPUT_LENGTH}"]


def faults_in_view(view: dict[str, Any]) -> list[str]:
    """What Slack would refuse of a form (https://docs.slack.dev/reference/views/modal-views), as sentences."""
    wrong = [what for name in ("title", "submit", "close") for what in _text(view.get(name), VIEW_TITLE, ("plain_text",))]
    if len(str(view.get("private_metadata") or "")) > VIEW_METADATA:
        wrong.append(f"private_metadata of at most {VIEW_METADATA} characters")
    return wrong + faults_in(view.get("blocks"), VIEW_BLOCKS)


def _chart(block: dict[str, Any]) -> list[str]:
    wrong = [] if _word(block.get("title"), CHART_TITLE) else [f"title of 1 to {CHART_TITLE} characters"]
    chart = block.get("chart")
    if not isinstance(chart, dict) or chart.get("type") not in {"line", "bar", "area", "pie"}:
        return [*wrong, "chart must be of type line, bar, area or pie"]
    if chart["type"] == "pie":
        segments = chart.get("segments")
        if not isinstance(segments, list) or not 1 <= len(segments) <= SERIES or not all(_is_point(s) and s["value"] > 0 for s in segments):
            return [*wrong, f"1 to {SERIES} segments, each with a label of 1 to {LABEL} characters and a value above 0"]
        return wrong
    return [*wrong, *_axes(chart), *_series(chart)]


def _axes(chart: dict[str, Any]) -> list[str]:
    axes = chart.get("axis_config")
    categories = axes.get("categories") if isinstance(axes, dict) else None
    if not isinstance(axes, dict) or not isinstance(categories, list) or not 1 <= len(categories) <= CATEGORIES:
        return [f"axis_config must have 1 to {CATEGORIES} categories"]
    wrong = [] if all(_word(c, LABEL) for c in categories) else [f"categories of 1 to {LABEL} characters"]
    wrong += ["a category is there twice"] if len(set(map(str, categories))) != len(categories) else []
    return wrong + [
        f"{name} of 1 to {AXIS_LABEL} characters" for name in ("x_label", "y_label") if name in axes and not _word(axes[name], AXIS_LABEL)
    ]


def _series(chart: dict[str, Any]) -> list[str]:
    series, axes = chart.get("series"), chart.get("axis_config")
    if not isinstance(series, list) or not 1 <= len(series) <= SERIES or not all(isinstance(s, dict) for s in series):
        return [f"1 to {SERIES} series"]
    names = [s.get("name") for s in series]
    wrong = [] if all(_word(name, LABEL) for name in names) else [f"series with a name of 1 to {LABEL} characters"]
    wrong += ["a name of a series is there twice"] if len(set(map(str, names))) != len(names) else []
    categories = list(axes.get("categories") or []) if isinstance(axes, dict) else []
    for data in (s.get("data") for s in series):
        if not isinstance(data, list) or not all(_is_point(point) for point in data):
            wrong.append("each point needs a label and a number as its value")
        elif sorted(point["label"] for point in data) != sorted(map(str, categories)):
            wrong.append("each series must have one point for each category")
    return wrong


def _is_point(found: object) -> bool:
    if not isinstance(found, dict) or not _word(found.get("label"), LABEL):
        return False
    value = found.get("value")
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _word(found: object, most: int) -> bool:
    return isinstance(found, str) and 1 <= len(found) <= most


CHECKS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": lambda _: [],
    "image": _image,
    "actions": _actions,
    "input": _input,
    "data_visualization": _chart,
}
