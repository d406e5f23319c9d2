"""The drawing of a Teams card: everything that is in the card is seen, escaped, and an unknown element is named."""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "notifications" / "channels"))

from notification_samples import CASES, HOSTILE, item, message

from caseclock.demo.teams_view import card_html
from caseclock.notifications.channels.teams import card_of


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_text_of_a_card_is_seen(name):
    card = card_of(CASES[name])
    seen = unescape(re.sub(r"<[^>]*>", "\n", card_html(card)))
    for element in card["body"]:
        for text in [run["text"] for run in element.get("inlines", [])] + [a["title"] for a in element.get("actions", [])]:
            assert text in seen


def test_no_name_becomes_markup():
    html = card_html(card_of(message(item(team=HOSTILE))))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_an_element_that_is_not_known_is_named():
    assert "[Image]" in card_html({"body": [{"type": "Image"}]})
