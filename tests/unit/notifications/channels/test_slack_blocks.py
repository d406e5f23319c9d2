"""Whatever a team is called and however many alerts there are: Slack takes the blocks, and no name can mention, link or call."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notification_samples import HOSTILE, item, message

from caseclock.demo.block_kit import faults_in
from caseclock.notifications.channels import slack

KINDS = ["fire", "worsened", "reminder", "resolved", "retracted", "hold", "dq_failed", "missing_scope", "delivery_failed", "limit_changed"]
OURS = "(See the cases behind this figure|What this means and what to do)"
NAMES = st.one_of(st.text(max_size=400), st.text(alphabet="<!@#&>|*_`~\n :channel", max_size=400), st.just(HOSTILE), st.just("&" * 5000))
LINKS = st.one_of(st.none(), NAMES, NAMES.map(lambda name: f"https://a.example/{name}"))
ITEMS = st.builds(
    item,
    kind=st.sampled_from(KINDS),
    team=NAMES,
    title=NAMES,
    source=NAMES,
    reason=NAMES,
    handled=NAMES,
    ref=st.sampled_from(["", "0123456789ab|2026-09-07|1"]),
    severity=st.sampled_from([None, "amber", "red"]),
    value=st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=False)),
    link=LINKS,
)
MESSAGES = st.builds(
    lambda items, notes, headline, lines, link: message(
        *items, notes=tuple(notes), headline="" if items else headline, lines=tuple(lines), guide="" if items else "data-late", link=link
    ),
    st.lists(ITEMS, max_size=60),
    st.lists(NAMES, max_size=14),
    NAMES,
    st.lists(NAMES, max_size=30),
    LINKS,
)


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_slack_takes_every_message_and_nothing_in_it_mentions_anybody(sent):
    for blocks in (slack.root_blocks(sent, "a note"), slack.root_blocks(sent, buttons=True), slack.reply_blocks(sent)):
        assert faults_in(blocks) == []
        for text in texts(blocks):
            assert not re.search(r"<[!@#]", text)
            assert not re.search(rf"<(?!https?://[^\s<>|]+\|{OURS}>)", text)
    whole = slack.whole_text(sent, sent.items)
    assert 0 < len(whole) <= slack.TEXT
    assert "<" not in whole
    assert ">" not in whole


def texts(found):
    if isinstance(found, dict):
        return [found["text"]] if isinstance(found.get("text"), str) else [t for part in found.values() for t in texts(part)]
    return [t for part in found for t in texts(part)] if isinstance(found, list) else []


@given(st.text(max_size=300), st.integers(10, 120))
def test_cutting_never_breaks_an_entity(text, most):
    safe = slack.escape(text, most)
    assert len(safe) <= most
    assert re.sub(r"&(amp|lt|gt);", "", safe).count("&") == 0


def test_only_our_own_link_is_formatted_and_all_free_text_is_plain():
    blocks = slack.root_blocks(message(item(team=HOSTILE)))
    kinds = [(t["type"], t["text"]) for t in _text_objects(blocks)]
    assert all(text.startswith("<https://") for kind, text in kinds if kind == "mrkdwn")
    assert any("&lt;!channel&gt;" in text for kind, text in kinds if kind == "plain_text")


def _text_objects(found):
    if isinstance(found, dict):
        own = [found] if found.get("type") in {"plain_text", "mrkdwn"} else []
        return own + [t for part in found.values() for t in _text_objects(part)]
    return [t for part in found for t in _text_objects(part)] if isinstance(found, list) else []


def test_a_long_list_shows_the_worst_and_counts_the_rest():
    items = [item(team=f"Team {n}", instance=f"unallocated/{n}", severity="red" if n < 3 else "amber") for n in range(200)]
    blocks = slack.root_blocks(message(*items[::-1]))
    shown = json.dumps(blocks)
    assert blocks[0]["text"]["text"] == "🔴 200 alerts: 3 red, 197 amber"
    assert all(f"Team {n}," in shown for n in range(3))
    assert "And 185 more: 185 amber." in shown
    assert "And 185 more: 185 amber." in slack.whole_text(message(*items), items)


@pytest.mark.parametrize("severity", ["red", "amber"])
def test_colour_never_stands_alone(severity):
    header = slack.root_blocks(message(item(severity=severity)))[0]["text"]["text"]
    assert severity.capitalize() in header
    assert "🔴" not in slack.whole_text(message(item(severity=severity)), [item(severity=severity)])
