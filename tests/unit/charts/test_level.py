"""The level of a stock: its sentence, its gaps, its limits, its forecast, and words that keep within the box and off each other."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from chart_samples import HOSTILE, SVG, classes_in, words_in
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts.level import Level, draw, finding

LAST = dt.date(2026, 11, 20)
MONDAY = dt.date(2026, 11, 16)


def weeks(*values):
    return tuple((LAST - dt.timedelta(weeks=back), v) for back, v in enumerate(reversed(values)))[::-1]


def ahead(*rows):
    return tuple((MONDAY + dt.timedelta(weeks=i + 1), *row) for i, row in enumerate(rows))


def test_the_sentence_says_level_course_limits_and_what_is_expected():
    level = Level("Waiting, North", weeks(10, 12, 15, 18, 21), amber=10, red=20, forecast=ahead((22, 19.5, 25), (23.4, 18.2, 27.1)))
    assert finding(level) == (
        "Waiting, North: 21 on 20 Nov 2026, up from 10 four weeks before; limit amber 10; at or past red 20; "
        "expected by 4 Dec 2026: 23 (18 to 28)."
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((20, 0, 0, 0, 10), "down from 20 four weeks before"),
        ((1000, 0, 0, 0, 1010), "about as four weeks before (1,000)"),
        ((7, 0, 0, 0, 7), "the same as four weeks before"),
    ],
)
def test_a_small_move_is_called_none(values, said):
    assert said in finding(Level("x", weeks(*values)))


def test_without_a_figure_of_four_weeks_before_no_course_is_told():
    assert finding(Level("x", weeks(5, None, 7))) == "x: 7 on 20 Nov 2026."
    assert finding(Level("x", ())) == "x: no figure yet."


def test_lower_is_worse_where_it_is_said_to_be():
    assert "at or past red 70" in finding(Level("x", weeks(69), "per cent", 80, 70, direction="below"))
    assert "at or past" not in finding(Level("x", weeks(95), "per cent", 80, 70, direction="below"))


def test_a_missing_week_is_a_gap_and_held_data_is_grey():
    level = Level("x", weeks(1, 2, None, 4, 5))
    assert len(classes_in(draw(level), "polyline")) == 2
    held = Level("x", level.points, held=(LAST - dt.timedelta(weeks=2),))
    assert classes_in(draw(held), "rect").count("band") == 2  # the week, and one in the key
    assert "data was held" in [w.text for w in words_in(draw(held))]


def test_what_is_past_a_limit_has_another_form_as_well_as_another_colour():
    assert classes_in(draw(Level("x", weeks(21), amber=10, red=20)), "polygon") == ["red"]
    assert classes_in(draw(Level("x", weeks(9), amber=10, red=20)), "polygon") == []


def test_a_forecast_of_weeks_that_have_passed_is_not_drawn():
    old = tuple((MONDAY - dt.timedelta(weeks=back), 5.0, 4.0, 6.0) for back in (3, 2, 1, 0))
    assert "band" not in classes_in(draw(Level("x", weeks(1, 2, 3), forecast=old)), "polygon")
    assert "expected" not in finding(Level("x", weeks(1, 2, 3), forecast=old))


figures = st.one_of(st.none(), st.integers(0, 9000).map(float), st.floats(0, 100))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(figures, max_size=60), size=st.sampled_from([(300, 160), (560, 280), (720, 260)]),
    limit=st.one_of(st.none(), st.integers(1, 5000)), coming=st.integers(0, 8), held=st.integers(0, 5),
)  # fmt: skip
def test_no_word_leaves_the_box_or_lies_on_another(values, size, limit, coming, held):
    forecast = ahead(*((10 + i, 5 - i, 30 + 50 * i) for i in range(coming)))
    level = Level(
        HOSTILE,
        weeks(*values),
        amber=limit,
        red=limit and 2 * limit,
        forecast=forecast,
        held=tuple(LAST - dt.timedelta(weeks=h) for h in range(held)),
    )
    svg = draw(level, width=size[0], height=size[1])
    ET.fromstring(svg)
    words = words_in(svg)
    assert all(w.left >= 0 and w.right <= size[0] and w.top >= 0 and w.bottom <= size[1] for w in words)
    assert [(a.text, b.text) for i, a in enumerate(words) for b in words[i + 1 :] if a.meets(b)] == []
    assert "<script" not in svg
    assert ET.fromstring(svg).find(f"{SVG}desc") is not None


@pytest.mark.parametrize("size", [(299, 200), (400, 159)])
def test_a_picture_without_room_for_its_words_is_refused(size):
    with pytest.raises(ValueError, match="at least 300 x 160"):
        draw(Level("x", weeks(1)), width=size[0], height=size[1])
