"""What pictures stand on: how wide a text is, round figures on the axis, labels that keep apart, and the PNG."""

from __future__ import annotations

import logging
import struct
import sys
import zlib
from itertools import pairwise

import pytest
from chart_samples import HOSTILE, RECENT, RISING
from hypothesis import given
from hypothesis import strategies as st

from caseclock.charts import fonts, picture, svg
from caseclock.charts.frame import apart, figure, ticks
from caseclock.charts.recent import draw
from caseclock.notifications.channels.email import COLOURS as MAIL_COLOURS


@pytest.fixture(autouse=True)
def _nothing_kept():
    picture.png.cache_clear()
    yield
    picture.png.cache_clear()


# DejaVu Sans 2.37: advance widths in 2048ths of the font size, as fontTools reads them from the whole font.
@pytest.mark.parametrize(
    ("text", "bold", "units"),
    [
        ("i", False, 569),
        ("W", False, 2025),
        ("0", False, 1303),
        ("…", False, 2048),
        ("W", True, 2259),
        ("ŵ", False, 1675),
        ("%", True, 2052),
    ],
)
def test_widths_are_those_of_the_font(text, bold, units):
    assert fonts.width(text * 3, 2048, bold=bold) == pytest.approx(3 * units)


@given(st.text(max_size=80), st.floats(0, 300))
def test_what_is_shortened_fits(text, most):
    made = fonts.fit(text, 11, most)
    assert made == text or made == "" or made.endswith("…")
    assert fonts.width(made, 11) <= most


@pytest.mark.parametrize(
    ("low", "high", "made"),
    [
        (0, 21, [0, 10, 20, 30]),
        (0, 0, [0, 1]),
        (0, 1, [0, 1]),
        (0, 3, [0, 1, 2, 3]),
        (-4, 10, [-5, 0, 5, 10]),
        (0, 1400, [0, 500, 1000, 1500]),
    ],
)
def test_the_axis_has_round_whole_figures(low, high, made):
    assert ticks(low, high) == made


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(3, 8))
def test_the_axis_holds_every_value(low, reach, most):
    made = ticks(low, low + reach, most)
    unseen = 1e-6 + 1e-9 * (made[-1] - made[0])  # far below a pixel: what 0.1 + 0.2 is more than 0.3 needs no further step
    assert made[0] <= low + unseen
    assert made[-1] >= low + reach - unseen
    assert 2 <= len(made) <= most + 1


@pytest.mark.parametrize(
    ("value", "unit", "beside", "said"),
    [
        (21, "cases", [], "21"),
        (1204, "cases", [], "1,204"),
        (72, "per cent", [75], "72%"),
        (74.96, "per cent", [75], "74.96%"),
        (5e9, "cases", [], "5.0e+09"),
    ],
)
def test_a_figure_is_as_short_as_it_may_be(value, unit, beside, said):
    assert figure(value, unit, beside) == said


@given(st.lists(st.floats(0, 100), max_size=6))
def test_labels_keep_apart_and_inside_where_there_is_room(wanted):
    made = apart(wanted, 15, 0, 100)
    placed = sorted(made)
    assert all(b - a >= 15 - 1e-9 for a, b in pairwise(placed))
    assert all(-1e-9 <= at <= 100 for at in made)
    assert [made[i] for i in sorted(range(len(made)), key=lambda i: wanted[i])] == placed


def test_a_text_cannot_end_its_element():
    assert "<" not in svg.text((0, 0), HOSTILE).removeprefix("<text").partition(">")[2].removesuffix("</text>")


def contrast(colour: str) -> float:
    """With white, by WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    light = sum(
        w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )
    return 1.05 / (light + 0.05)


@pytest.mark.parametrize("kind", ["ink", "quiet", "amber", "red"])
def test_words_can_be_read(kind):
    assert contrast(svg.COLOURS[kind]) >= 4.5


@pytest.mark.parametrize("kind", ["series", "common", "better", "worse"])
def test_marks_can_be_seen(kind):
    assert contrast(svg.COLOURS[kind]) >= 3


def test_amber_is_that_of_the_mail():
    assert svg.COLOURS["amber"] == MAIL_COLOURS["Amber"]


# --- the PNG -------------------------------------------------------------------------------------------------------
def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def pixels_of(png: bytes) -> bytes:
    """What the chunks IDAT hold, unpacked: enough to see that something was drawn."""
    at, data = 8, b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return zlib.decompress(data)


def test_the_png_is_twice_as_fine_and_the_same_every_time():
    first = picture.png(draw(RISING))
    picture.png.cache_clear()
    assert size_of(first) == (640, 360)
    assert first == picture.png(draw(RISING))
    assert len(first) < 40_000
    assert first != picture.png(draw(RECENT["over"]))


def test_words_are_drawn_with_our_own_font():
    with_words = svg.sheet(100, 30, "x", [svg.text((5, 20), "Red 20")])
    without = svg.sheet(100, 30, "x", [])
    assert pixels_of(picture.png(with_words)) != pixels_of(picture.png(without))


def test_without_the_library_there_is_no_picture_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert picture.png(draw(RISING)) is None
    assert "resvg_py is not installed" in caplog.text


def test_a_picture_that_fails_is_left_out_and_nothing_of_it_is_in_the_log(caplog):
    caplog.set_level(logging.DEBUG)
    assert picture.png("<svg>North Assessment 21") is None
    assert "goes without" in caplog.text
    assert "North" not in caplog.text
