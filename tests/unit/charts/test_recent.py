"""The small picture of a message: what it says in words, what it draws, and that nothing leaves its box, whatever it is given."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from chart_samples import HELD, HOSTILE, LONG, OVER, RECENT, RISING, SHARE, SVG, classes_in, weekly, words_in
from hypothesis import given, settings
from hypothesis import strategies as st

from caseclock.charts.recent import HEIGHT, WIDTH, Recent, draw, finding
from caseclock.charts.recent import weekly as last_of_each_week

FINDINGS = [
    (
        RISING,
        "Unallocated cases in North Assessment: from 6 on 22 Jun to 21 on 7 Sep 2026; amber limit 10; red limit 20; "
        "at or past red since 7 Sep 2026; open since 17 Aug 2026.",
    ),
    (
        HELD,
        "Unallocated cases in North Assessment: from 6 on 27 Jul to 14 on 7 Sep 2026; amber limit 10; red limit 20; "
        "at or past amber since 31 Aug 2026; open since 17 Aug 2026; no figure for 2 days whose data was held.",
    ),
    (
        SHARE,
        f"{LONG}: from 88% on 27 Jul to 72% on 7 Sep 2026; amber limit 75%; red limit 60%; "
        "at or past amber since 7 Sep 2026; open since 7 Sep 2026.",
    ),
    (
        OVER,
        "Unallocated cases in North Assessment: from 14 on 3 Aug to 6 on 7 Sep 2026, highest 21; amber limit 10; red limit 20; "
        "was open from 10 Aug 2026.",
    ),
    (replace(SHARE, subject="In time", points=weekly(90, 74.96), amber=75, red=None, since=None),
     "In time: from 90% on 31 Aug to 74.96% on 7 Sep 2026; amber limit 75%; at or past amber since 7 Sep 2026."),
    (replace(RISING, points=weekly(3), amber=None, red=None, since=None), "Unallocated cases in North Assessment: 3 on 7 Sep 2026."),
    (replace(RISING, points=((dt.date(2025, 12, 29), 3.0), (dt.date(2026, 1, 5), 2.0)), amber=None, red=None, since=None),
     "Unallocated cases in North Assessment: from 3 on 29 Dec 2025 to 2 on 5 Jan 2026."),
    (RECENT["none"], "Unallocated cases in North Assessment: no figure yet."),
]  # fmt: skip


@pytest.mark.parametrize(("recent", "said"), FINDINGS)
def test_the_picture_in_one_sentence(recent, said):
    assert finding(recent) == said
    assert ET.fromstring(draw(recent)).get("aria-label") == said


def test_a_figure_at_its_limit_is_past_it():
    at_limit = replace(RISING, points=weekly(9, 10), red=None)
    assert "at or past amber since 7 Sep 2026" in finding(at_limit)
    assert "at or past amber since 7 Sep 2026" in finding(replace(at_limit, unit="per cent", points=weekly(11, 10)))


def test_a_held_day_breaks_the_line_and_is_grey():
    assert len(classes_in(draw(RISING), "polyline")) == 1
    svg = draw(HELD)
    assert len(classes_in(svg, "polyline")) == 2
    assert classes_in(svg, "rect").count("band") == 2
    assert any("Grey: data was held" in words.text for words in words_in(svg))


def test_a_day_that_was_held_and_then_corrected_is_no_gap():
    corrected = replace(RISING, held=(RISING.points[3][0], RISING.points[0][0] - dt.timedelta(1)))
    assert draw(corrected) == draw(RISING)


@pytest.mark.parametrize(("recent", "said"), [(RISING, "open since 17 Aug"), (OVER, "was open from 10 Aug")])
def test_the_day_on_which_it_began_is_marked(recent, said):
    assert said in [words.text for words in words_in(draw(recent))]


def test_a_beginning_before_the_first_figure_is_left_to_the_words():
    early = replace(RISING, since=dt.date(2026, 1, 5))
    assert not any("open since" in words.text for words in words_in(draw(early)))
    assert "open since 5 Jan 2026" in finding(early)


def test_limits_are_told_apart_by_words_and_dashes_and_not_by_colour_alone():
    lines = [e for e in ET.fromstring(draw(RISING)).iter(f"{SVG}line") if e.get("class") in {"amber", "red"}]
    assert len({line.get("stroke-dasharray") for line in lines}) == 2
    assert {"amber 10", "red 20"} <= {words.text for words in words_in(draw(RISING))}


def test_limits_that_lie_together_have_names_that_do_not():
    near = replace(RISING, amber=19, red=20)
    names = [words for words in words_in(draw(near)) if words.text in {"amber 19", "red 20"}]
    assert len(names) == 2
    assert not names[0].meets(names[1])


def test_a_long_name_is_shortened_and_the_sentence_keeps_it():
    [title] = [words.text for words in words_in(draw(SHARE)) if words.text.startswith("Assessments")]
    assert title.endswith("…")
    assert LONG in finding(SHARE)


def test_a_hostile_name_is_text_and_nothing_else():
    svg = draw(RECENT["hostile"])
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "desc", "rect", "line", "polyline", "circle", "text"}
    assert not any(ord(c) < 32 and c != "\n" for c in svg)
    assert "\u202e" not in svg


def test_the_same_values_give_the_same_bytes_in_any_order():
    assert draw(RISING) == draw(replace(RISING, points=RISING.points[::-1], held=RISING.held[::-1]))


def test_many_points_have_one_dot_only():
    assert len(classes_in(draw(RECENT["daily"]), "circle")) == 1
    assert len(classes_in(draw(RISING), "circle")) == 12


def test_a_size_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 200 x 120"):
        draw(RISING, width=120)


def test_one_figure_a_week_is_the_last_of_it():
    days = weekly(*range(10), last=dt.date(2026, 9, 9), step=1)  # Monday 31 August to Wednesday 9 September
    assert last_of_each_week(days) == [(dt.date(2026, 9, 6), 6.0), (dt.date(2026, 9, 9), 9.0)]


NAMES = st.one_of(st.text(max_size=300), st.just(HOSTILE), st.just("W" * 400), st.just("工" * 60))
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
VALUES = st.one_of(st.integers(0, 3000).map(float), st.floats(-1e9, 1e9), st.floats(allow_nan=True))
LIMITS = st.one_of(st.none(), st.floats(0, 1e6), st.integers(0, 100).map(float))
ANY = st.builds(
    Recent,
    NAMES,
    st.lists(st.tuples(DAYS, VALUES), max_size=30).map(tuple),
    st.sampled_from(["cases", "per cent"]),
    LIMITS,
    LIMITS,
    st.one_of(st.none(), DAYS),
    st.lists(DAYS, max_size=5).map(tuple),
    st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(ANY, st.sampled_from([(WIDTH, HEIGHT), (240, 140), (720, 300)]))
def test_no_word_leaves_its_box_whatever_is_drawn(recent, size):
    svg = draw(recent, width=size[0], height=size[1])
    root = ET.fromstring(svg)
    assert len(root.get("aria-label")) > 0
    for words in words_in(svg):
        assert words.left >= 0
        assert words.right <= size[0]
        assert words.top >= 0
        assert words.bottom <= size[1]
    for element in root.iter():
        for name in ("x1", "x2", "cx"):
            assert 0 <= float(element.get(name, 0)) <= size[0]
        for name in ("y1", "y2", "cy"):
            assert 0 <= float(element.get(name, 0)) <= size[1]


@pytest.mark.parametrize("name", RECENT)
def test_no_words_lie_on_each_other(name):
    found = words_in(draw(RECENT[name]))
    assert [(a.text, b.text) for n, a in enumerate(found) for b in found[n + 1 :] if a.meets(b)] == []


@pytest.mark.parametrize(("points", "amber", "red"), [((6, 9, 9, 11, 12, 14), 5, 12), ((6, 9, 9, 11, 12, 14), 10, 12), ((3, 4, 9), 4, 8)])
def test_no_limit_runs_through_the_newest_figure_where_there_is_room_beside_it(points, amber, red):
    picture = ET.fromstring(draw(replace(RISING, points=weekly(*points), amber=amber, red=red)))
    [said] = [e for e in picture.iter(f"{SVG}text") if e.text == str(points[-1]) and e.get("text-anchor") == "middle"]
    base = float(said.get("y"))
    limits = [float(e.get("y1")) for e in picture.iter(f"{SVG}line") if e.get("class") in {"amber", "red"}]
    assert len(limits) == 2
    assert not any(base - 10 <= line <= base for line in limits)


def test_a_place_that_has_no_room_beside_the_subject_stands_on_the_next_line_and_is_not_lost():
    long = replace(RISING, subject="Assessments completed in time", place="in South Assessment")
    assert finding(long).startswith("Assessments completed in time in South Assessment: from 6")
    assert [words.text for words in words_in(draw(long))][:2] == [
        "Assessments completed in time",
        "in South Assessment, 22 Jun to 7 Sep 2026",
    ]
    short = replace(RISING, subject="Unallocated cases", place="in North Assessment")
    assert words_in(draw(short)) == words_in(draw(RISING))
