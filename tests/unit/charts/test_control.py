"""The picture of a control chart: mean and limits per group, special points by their form, and words that keep within the box."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from chart_samples import CONTROL, HOSTILE, LONG, SVG, USUAL, chart, classes_in, words_in
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts.control import HEIGHT, WIDTH, draw, finding


def texts(svg):
    return [words.text for words in words_in(svg)]


def test_special_points_are_told_apart_by_their_form_and_the_key_says_so():
    svg = draw(CONTROL["special"], "Departures, North")
    marks = Counter(classes_in(svg, "polygon"))
    assert marks == {"worse": 2}  # the point, and one in the key
    assert {"as usual", "unusual, worse", "week with holidays"} <= set(texts(svg))
    assert "unusual, better" not in texts(svg)


def test_where_neither_way_is_better_a_special_point_is_only_unusual():
    svg = draw(CONTROL["either_way"], "Referrals, North")
    assert classes_in(svg, "polygon") == ["ink", "ink"]
    assert texts(svg).count("unusual") == 1


def test_weeks_with_holidays_are_hollow():
    assert classes_in(draw(CONTROL["special"], "x"), "circle").count("common hollow") == 3  # two weeks, and the key


def test_a_missing_week_is_a_gap():
    assert len(classes_in(draw(CONTROL["special"], "x"), "polyline")) == 2
    assert len(classes_in(draw(CONTROL["groups"], "x"), "polyline")) == 1


def test_limits_begin_anew_with_each_group():
    lines = [e for e in ET.fromstring(draw(CONTROL["groups"], "x")).iter(f"{SVG}line") if e.get("class") == "ink"]
    heights = [float(line.get("y1")) for line in lines]
    assert len(heights) == 2
    assert heights[0] - heights[1] > 20
    assert float(lines[0].get("x2")) < float(lines[1].get("x1"))


def test_limits_on_trial_look_otherwise_and_are_said():
    def dashes(name):
        return {e.get("stroke-dasharray") for e in ET.fromstring(draw(CONTROL[name], "x")).iter(f"{SVG}line") if e.get("class") == "quiet"}

    assert dashes("trial").isdisjoint(dashes("groups"))
    assert "limits on trial: 9 of 13 periods of 4 weeks" in finding(CONTROL["trial"], "x")


@pytest.mark.parametrize(("name", "missing"), [("few", "lower limit"), ("share", "upper limit")])
def test_a_limit_that_no_figure_can_reach_is_not_drawn(name, missing):
    shown = [text.rpartition(" ")[0] for text in texts(draw(CONTROL[name], "x"))]
    assert "mean" in shown
    assert missing not in shown


def test_a_net_change_may_have_a_limit_below_nothing():
    assert any(text.startswith("lower limit -") for text in texts(draw(CONTROL["net"], "x")))


def test_too_few_points_have_a_line_and_no_limits():
    assert not any("mean" in text or "limit" in text for text in texts(draw(CONTROL["line"], "Referrals")))


FINDINGS = {
    "special": "Departures: above the usual range; newest figure 60, week to 6 Sep 2026; mean 31.8; usual range 20 to 44.",
    "share": "Departures: within the usual range; newest figure 95%, week to 6 Sep 2026; mean 95.8%; usual range 84 to 100%.",
    "nothing": "Departures: no figure yet.",
}


@pytest.mark.parametrize("name", FINDINGS)
def test_the_picture_in_one_sentence(name):
    said = finding(CONTROL[name], "Departures")
    assert said.split(": ")[0] == "Departures"
    assert ET.fromstring(draw(CONTROL[name], "Departures")).get("aria-label") == said
    assert said == FINDINGS[name]


@pytest.mark.parametrize("name", CONTROL)
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (300, 180)])
@pytest.mark.parametrize("subject", ["Referrals, North", LONG * 2, HOSTILE])
def test_no_word_leaves_its_box_and_none_lies_on_another(name, size, subject):
    found = words_in(draw(CONTROL[name], subject, width=size[0], height=size[1]))
    assert all(w.left >= 0 and w.right <= size[0] and w.top >= 0 and w.bottom <= size[1] for w in found)
    assert [(a.text, b.text) for n, a in enumerate(found) for b in found[n + 1 :] if a.meets(b)] == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 5000).map(float)), min_size=1, max_size=60), st.sampled_from(["limits", "trial", "line"])
)
def test_any_series_can_be_drawn(values, basis):
    made = draw(chart(*values, basis=basis), "Referrals")
    assert all(w.left >= 0 and w.right <= WIDTH for w in words_in(made))
    assert made == draw(chart(*values, basis=basis), "Referrals")


def test_a_size_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 300 x 180"):
        draw(chart(*USUAL), "Referrals", width=200)
