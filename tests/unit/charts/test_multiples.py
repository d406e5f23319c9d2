"""Teams side by side: the worst are named, one scale for all, and words that keep within the box."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from chart_samples import HOSTILE, LONG, SVG, classes_in, words_in
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts.multiples import Cell, Multiples, draw, finding

DAYS = tuple(dt.date(2026, 11, 20) - dt.timedelta(weeks=back) for back in (2, 1, 0))
CELLS = (Cell("North", (10.0, 15.0, 27.0), "red"), Cell("South", (2.0, None, 12.0), "amber"), Cell("Care", (0.0, 0.0, 0.0)))
M = Multiples("Waiting, by team", DAYS, CELLS, amber=10, red=20, more=4)


def test_the_sentence_names_those_at_or_past_a_limit():
    assert (
        finding(M)
        == "Waiting, by team: 2 teams are at or past amber 10 or red 20: North with 27 (red), South with 12 (amber), on 20 Nov 2026."
    )
    calm = Multiples("Waiting, by team", DAYS, CELLS[2:], amber=10, red=20)
    assert finding(calm) == "Waiting, by team: no team is at a limit (amber 10 or red 20); worst is Care with 0 on 20 Nov 2026."
    assert finding(Multiples("Waiting", DAYS, ())) == "Waiting: no figure yet."


def test_limits_are_told_apart_by_word_and_form():
    svg = draw(M)
    assert {"27 red", "12 amber", "0"} <= {w.text for w in words_in(svg)}
    assert classes_in(svg, "polygon") == ["red", "amber"]
    assert "4 more in the table" in svg


def test_all_teams_are_drawn_on_one_scale():
    heights = [float(e.get("y1")) for e in ET.fromstring(draw(M)).iter(f"{SVG}line") if e.get("class") == "red"]
    assert len(heights) == 3
    assert len({round(h, 1) for h in heights}) == 1


VALUES = st.lists(st.one_of(st.none(), st.floats(-50, 9999)), min_size=3, max_size=3)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from([HOSTILE, LONG, "A"]), VALUES), max_size=14),
    width=st.sampled_from([220, 560, 1140]), past=st.sampled_from(["", "amber", "red"]),
)  # fmt: skip
def test_no_word_leaves_the_box_or_lies_on_another(rows, width, past):
    m = Multiples(LONG, DAYS, tuple(Cell(name, tuple(values), past) for name, values in rows), amber=10.5, red=20)
    svg = draw(m, width=width)
    high, words = float(ET.fromstring(svg).get("height")), words_in(svg)
    assert all(w.left >= 0 and w.right <= width and w.bottom <= high for w in words)
    assert [(a.text, b.text) for i, a in enumerate(words) for b in words[i + 1 :] if a.meets(b)] == []
    assert "<script" not in svg


def test_a_picture_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 220"):
        draw(M, width=219)
