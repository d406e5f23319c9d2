"""PNGs of charts with few colours: a mail has little room, and lines and letters need no more.

The renderer writes four bytes for each pixel. Here each pixel becomes a number in a list of at most 64 colours; a chart shrinks to a third
and looks the same. The format: https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST: Final = 64  # colours
KEPT: Final = 16  # pictures: one digest goes to several readers
WHITE: Final = 255
DEPTHS: Final = ((2, 1), (4, 2), (16, 4), (256, 8))  # colours, bits for each pixel
CHANNELS: Final = {2: 3, 6: 4}  # colour types of PNG that are read here: RGB and RGBA, 8 bits each, not interlaced
Pixels = NDArray[np.uint8]
"""Rows, columns, 3 colours."""


@lru_cache(maxsize=KEPT)
def indexed(png: bytes, most: int = MOST) -> bytes:
    """The same picture with at most `most` (2 to 256) colours, the same bytes for the same picture; transparent parts become white.

    A PNG of another kind, or one that does not get smaller, comes back as it is. Raises ValueError for what is no PNG.
    """
    pixels = pixels_of(png)
    if pixels is None:
        return png
    made = _written(*_reduced(pixels, most))
    return made if len(made) < len(png) else png


# --- reading -------------------------------------------------------------------------------------------------------
def pixels_of(png: bytes) -> Pixels | None:
    """The picture on white; None where it is of a kind that is not read here. Raises ValueError for what is no PNG, or a broken one."""
    parts = list(_chunks(png))
    if not parts or parts[0][0] != b"IHDR":
        raise ValueError("the picture has no head (IHDR)")
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if bits != 8 or kind not in CHANNELS or interlaced:
        return None
    try:
        raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
        lines = np.frombuffer(raw, np.uint8).reshape(height, 1 + width * CHANNELS[kind])
    except (zlib.error, ValueError) as error:
        raise ValueError(f"the picture is broken ({error})") from None
    whole = _unfiltered(lines[:, 0], lines[:, 1:].reshape(height, width, CHANNELS[kind]))
    if kind == 2:
        return whole
    alpha = whole[..., 3:].astype(np.uint16)
    mixed: Pixels = ((whole[..., :3] * alpha + WHITE * (WHITE - alpha) + WHITE // 2) // WHITE).astype(np.uint8)
    return mixed


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(SIGNATURE):
        raise ValueError("the picture is no PNG")
    at = len(SIGNATURE)
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def _unfiltered(kinds: Pixels, coded: Pixels) -> Pixels:
    """Each pixel is coded as the difference to its neighbours at the left, above, and above at the left (PNG, clause 9).

    Pixels of one diagonal do not depend on each other, so the picture is sheared and a diagonal is decoded at once.
    """
    height, width, channels = coded.shape
    sheared = np.zeros((width + height - 1, height, channels), np.int16)
    for y in range(height):
        sheared[y : y + width, y] = coded[y]
    is_left, is_up, is_mean, is_paeth = ((kinds == k).astype(np.int16)[:, None] for k in (1, 2, 3, 4))
    done = np.zeros((width + height + 1, height + 1, channels), np.int16)  # two diagonals and one row of nothing before the first
    for d in range(width + height - 1):
        first, last = max(0, d - width + 1), min(height, d + 1)  # the rows that this diagonal crosses
        rows = slice(first, last)
        left, up, corner = done[d + 1, first + 1 : last + 1], done[d + 1, rows], done[d, rows]
        by_left, by_up, by_both = np.abs(up - corner), np.abs(left - corner), np.abs(left + up - 2 * corner)
        paeth = np.where((by_left <= by_up) & (by_left <= by_both), left, np.where(by_up <= by_both, up, corner))
        guess = left * is_left[rows] + up * is_up[rows] + ((left + up) >> 1) * is_mean[rows] + paeth * is_paeth[rows]
        done[d + 2, first + 1 : last + 1] = (sheared[d, rows] + guess) & 0xFF
    plain = np.empty((height, width, channels), np.uint8)
    for y in range(height):
        plain[y] = done[y + 2 : y + 2 + width, y + 1]
    return plain


# --- fewer colours -------------------------------------------------------------------------------------------------
def _reduced(pixels: Pixels, most: int) -> tuple[Pixels, Pixels]:
    """The list of colours, and for each pixel its place in it: the nearest."""
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    packed = red << 16 | green << 8 | blue
    found, counts = np.unique(packed, return_counts=True)
    colours = np.stack([found >> 16 & 0xFF, found >> 8 & 0xFF, found & 0xFF], axis=1).astype(np.int32)
    often = colours[np.lexsort((found, -counts))]
    gap = 0
    while len(chosen := _apart(often, gap, most)) > most:
        gap = max(4, gap * 5 // 4)
    chosen = chosen[np.lexsort(chosen.T[::-1])]
    nearest = ((colours[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    place_of = np.zeros(1 << 24, np.uint8)  # of every colour that there is: looking up is faster than searching
    place_of[found] = nearest
    return chosen.astype(np.uint8), place_of[packed]


def _apart(often: NDArray[np.int32], gap: int, most: int) -> NDArray[np.int32]:
    """Colours in order of how often they occur, without those nearer than `gap` to one before; stops after one too many."""
    chosen: list[Any] = []
    left = often
    while len(left) and len(chosen) <= most:
        chosen.append(left[0])
        left = left[((left - left[0]) ** 2).sum(axis=1) > gap * gap]
    return np.array(chosen, np.int32)


# --- writing -------------------------------------------------------------------------------------------------------
def _written(colours: Pixels, places: Pixels) -> bytes:
    height, width = places.shape
    bits = next(bits for most, bits in DEPTHS if len(colours) <= most)
    packed = _packed(places, bits)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), packed], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", colours.tobytes()), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def _packed(places: Pixels, bits: int) -> Pixels:
    """As many pixels in one byte as go into it, the leftmost in the highest bits."""
    each = 8 // bits
    if each == 1:
        return places
    padded = np.pad(places, ((0, 0), (0, -places.shape[1] % each))).reshape(places.shape[0], -1, each)
    shifts = np.arange(each - 1, -1, -1, dtype=np.uint8) * bits
    packed: Pixels = np.bitwise_or.reduce(padded << shifts, axis=2).astype(np.uint8)
    return packed
