"""Open work by the share of its limit: the tail is said, and is on its side of the line."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from chart_samples import HOSTILE, LONG, SVG, classes_in, words_in
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts.ageing import Ages, draw, finding


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((50, 67, 60, 35, 15, 10), "25 of 237 past their limit; 10 by more than half of it"),
        ((1, 0, 0, 0, 2, 0), "2 of 3 past their limit; none by more than half of it"),
        ((1, 2, 3, 4, 0, 0), "10 open, none past its limit"),
        ((0, 0, 0, 0, 0, 0), "nothing is open"),
    ],
)
def test_the_sentence_says_whether_there_is_a_tail(counts, said):
    assert finding(Ages("Visits", counts)) == f"Visits: {said}."


def test_late_work_stands_beyond_the_line_of_the_limit():
    root = ET.fromstring(draw(Ages("Visits", (5, 4, 3, 2, 6, 1))))
    limit = next(float(e.get("x1")) for e in root.iter(f"{SVG}line") if e.get("class") == "ink")
    bars = {e.get("class"): float(e.get("x")) for e in root.iter(f"{SVG}rect") if e.get("class") != "ground"}
    assert bars["common"] < limit < bars["amber"] < bars["red"]


def test_what_is_nothing_has_no_bar():
    assert classes_in(draw(Ages("Visits", (0, 0, 0, 0, 0, 3))), "rect") == ["ground", "red"]


@settings(max_examples=40, deadline=None)
@given(counts=st.tuples(*[st.integers(0, 99_999)] * 6), subject=st.sampled_from([HOSTILE, LONG, "A", "x" * 200]))
def test_no_word_leaves_the_box_or_lies_on_another(counts, subject):
    svg = draw(Ages(subject, counts), width=330)
    words = words_in(svg)
    assert all(w.left >= 0 and w.right <= 330 and w.top >= 0 and w.bottom <= 226 for w in words)
    assert [(a.text, b.text) for i, a in enumerate(words) for b in words[i + 1 :] if a.meets(b)] == []
    assert "<script" not in svg
