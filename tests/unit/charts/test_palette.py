"""A chart with few colours: the same picture in a third of the bytes."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from chart_samples import CONTROL, LONG, RECENT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from caseclock.charts import control, palette, recent, svg
from caseclock.charts.picture import png

CHARTS = {"control": control.draw(CONTROL["special"], LONG), "recent": recent.draw(RECENT["rising"])}


def written(pixels, filters, *, bits=8, interlaced=0):
    """A PNG in which row n is coded by filter `filters[n]`, as clause 9 of the standard says it, pixel by pixel."""
    height, width, channels = pixels.shape
    rows = []
    for y in range(height):
        coded = bytearray([filters[y]])
        for x in range(width):
            for c in range(channels):
                left = int(pixels[y, x - 1, c]) if x else 0
                up = int(pixels[y - 1, x, c]) if y else 0
                corner = int(pixels[y - 1, x - 1, c]) if x and y else 0
                nearest = min((left, up, corner), key=lambda value: abs(value - (left + up - corner)))
                guess = (0, left, up, (left + up) // 2, nearest)[filters[y]]
                coded.append((int(pixels[y, x, c]) - guess) % 256)
        rows.append(bytes(coded))
    head = struct.pack(">IIBBBBB", width, height, bits, {3: 2, 4: 6}[channels], 0, 0, interlaced)
    return palette.SIGNATURE + b"".join(part(*p) for p in ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")))


def part(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def shown(made):
    """The pixels of a PNG with a list of colours, and how many colours it lists."""
    parts = dict(palette._chunks(made))
    width, height, bits, kind, *_ = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert kind == 3
    colours = np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    places = np.unpackbits(rows[:, 1:], axis=1).reshape(height, -1, bits) @ (1 << np.arange(bits)[::-1])
    return colours[places[:, :width]], len(colours)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_filter_is_read_as_the_standard_says(data):
    shape = (data.draw(st.integers(1, 7)), data.draw(st.integers(1, 9)), 3)
    pixels = data.draw(arrays.arrays(np.uint8, shape))
    filters = data.draw(st.lists(st.integers(0, 4), min_size=shape[0], max_size=shape[0]))
    assert (palette.pixels_of(written(pixels, filters)) == pixels).all()


@pytest.mark.parametrize("colours", [2, 3, 5, 16, 17, 64])
def test_a_picture_with_few_colours_stays_as_it_is(colours):
    wheel = np.stack([np.arange(colours) * 3, np.arange(colours)[::-1] * 2, np.full(colours, 40)], axis=1).astype(np.uint8)
    pixels = wheel[np.random.default_rng(7).integers(0, colours, (29, 83))]
    seen, listed = shown(palette.indexed(written(pixels, [0] * 29)))
    assert listed == colours
    assert (seen == pixels).all()


@pytest.mark.parametrize("most", [64, 16])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_looks_the_same_in_less_than_half_the_bytes(name, most):
    drawn = png(CHARTS[name])
    made = palette.indexed(drawn, most)
    (seen, listed), before = shown(made), palette.pixels_of(drawn)
    assert listed <= most
    assert len(made) < len(drawn) / 2
    apart = np.abs(seen.astype(int) - before.astype(int)).max(axis=2)
    assert apart.mean() < 1.5  # of 255
    assert apart.max() < (24 if most == 64 else 64)
    assert tuple(seen[0, 0]) == (255, 255, 255)


def test_the_colours_that_mean_something_are_kept_exactly():
    seen, _ = shown(palette.indexed(png(CHARTS["recent"])))
    for kind in ("red", "amber", "series"):
        wanted = np.array([int(svg.COLOURS[kind][at : at + 2], 16) for at in (1, 3, 5)])
        assert (seen == wanted).all(axis=2).sum() > 50, kind


def test_the_same_picture_gives_the_same_bytes():
    first = palette.indexed(png(CHARTS["recent"]))
    palette.indexed.cache_clear()
    assert palette.indexed(png(CHARTS["recent"])) == first


def test_what_is_transparent_becomes_white():
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:20, :, 3], pixels[20:30, :, 3] = 255, 102
    seen, _ = shown(palette.indexed(written(pixels, [1] * 40)))
    assert [tuple(seen[y, 3]) for y in (3, 23, 33)] == [(0, 0, 0), (153, 153, 153), (255, 255, 255)]


def test_another_kind_of_picture_comes_back_as_it_is_and_what_is_none_is_refused():
    pixels = np.zeros((3, 3, 3), np.uint8)
    for other in (written(pixels, [0] * 3, bits=16), written(pixels, [0] * 3, interlaced=1), palette.indexed(png(CHARTS["recent"]))):
        assert palette.indexed(other) is other
    broken = palette.SIGNATURE + part(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)) + part(b"IDAT", b"\x00") + part(b"IEND", b"")
    for none in (b"GIF89a", palette.SIGNATURE, broken):
        with pytest.raises(ValueError, match="the picture"):
            palette.indexed(none)
