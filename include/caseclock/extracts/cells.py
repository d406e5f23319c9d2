"""Text cells as Arrow holds them: looked at by their first and last byte, so that a million of them cost milliseconds, not seconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Text = pa.large_string()

AROUND = " \t\r\n\f\v\xa0\u200b\u2007\u202f\u3000\ufeff"
"""What may stand around a value without being part of it: space, NBSP, zero-width space, byte order mark, ..."""

FORMULA = "=@+-"


def text_of(values: pd.Series[str] | pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of `large_string`; missing stays missing. Without copying where the cells are one piece of text already."""
    text = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, type=Text, from_pandas=True)
    if isinstance(text, pa.ChunkedArray):
        text = text.chunk(0) if text.num_chunks == 1 else text.combine_chunks() if text.num_chunks else pa.array([], Text)
    return text if text.type == Text else text.cast(Text)


def series_of(text: pa.Array) -> pd.Series[str]:
    """The cells as pandas `str`."""
    made: pd.Series[str] = pa.chunked_array([text], type=Text).to_pandas().astype("str")
    return made


def nothing(rows: int) -> pa.Array:
    return pa.nulls(rows, Text)


Edges = tuple[Bytes, Bytes, npt.NDArray[np.int64]]
"""(first byte, last byte, length in bytes) of each cell; both bytes are 0 where there is none."""


def edges(text: pa.Array) -> Edges:
    _, where, what = text.buffers()
    if len(text) == 0 or where is None:
        return np.zeros(len(text), np.uint8), np.zeros(len(text), np.uint8), np.zeros(len(text), np.int64)
    at = np.frombuffer(where, np.int64, len(text) + 1, text.offset * 8)
    size = np.diff(at)
    if text.null_count:
        size = np.where(mask_of(pc.is_valid(text)), size, 0)
    letters = np.frombuffer(what, np.uint8) if what is not None and what.size else np.zeros(1, np.uint8)
    full, top = size > 0, len(letters) - 1
    return letters[np.minimum(at[:-1], top)] * full, letters[np.maximum(at[1:] - 1, 0)] * full, size


def all_different(text: pa.Array) -> bool:
    """Whether no text is there twice. By a hash of 64 bits, which is sorted much faster than texts are; where two agree, by the texts."""
    _, where, what = text.buffers()
    _, _, size = edges(text)
    if len(text) < 2 or text.null_count or not 0 < size.max() <= LONGEST_KEY:
        return len(pc.unique(text)) == len(text)
    letters = np.frombuffer(bytes(memoryview(what)) + bytes(8), np.uint8)
    words = np.ndarray((len(letters) - 7,), np.dtype("<u8"), letters.data, strides=(1,))
    at = np.frombuffer(where, np.int64, len(text) + 1, text.offset * 8)[:-1]
    made = size.astype(np.uint64)
    for start in range(0, int(size.max()), 8):
        word = words[np.minimum(at + start, len(words) - 1)] & _FIRST_BYTES[np.clip(size - start, 0, 8)]
        made = (made ^ word) * np.uint64(0x9E3779B97F4A7C15)
        made ^= made >> np.uint64(32)
    made.sort()
    return not (made[1:] == made[:-1]).any() or len(pc.unique(text)) == len(text)


LONGEST_KEY = 48  # bytes: ids of the SSD are NVARCHAR(48)
_FIRST_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], dtype=np.uint64)


def mask_of(found: pa.Array | pa.ChunkedArray) -> Mask:
    made: Mask = found.to_numpy(zero_copy_only=False).astype(bool)
    return made


def bytes_in(*cells: str) -> Mask:
    """Which first bytes the cells may begin with, in either case: a table of 256."""
    table = np.zeros(256, dtype=bool)
    for cell in cells:
        table[[cell.lower().encode()[0], cell.upper().encode()[0]]] = True
    return table


_MAY_BE_SPACE = np.array([b in (9, 10, 11, 12, 13, 32) or b >= 0x80 for b in range(256)])
_MAY_BE_FORMULA = bytes_in(*FORMULA)


def trimmed(values: pd.Series[str] | pa.Array | pa.ChunkedArray, seen: Edges | None = None) -> pa.Array:
    """The texts without what may stand around a value; missing stays missing. The same array where there is nothing to trim.

    `seen`: the edges of these very cells where they are known already; so in the functions below.
    """
    text = text_of(values)
    first, last, _ = seen or edges(text)
    loose = _MAY_BE_SPACE[first] | _MAY_BE_SPACE[last]
    if not loose.any():
        return text
    mask = pa.array(loose)
    return pc.replace_with_mask(text, mask, pc.utf8_trim(text.filter(mask), characters=AROUND))


def formulas(text: pa.Array, seen: Edges | None = None) -> Mask:
    """Where a trimmed text would be run as a formula by a spreadsheet: it begins with = or @, or with + or - and is no number."""
    first, _, _ = seen or edges(text)
    found: Mask = _MAY_BE_FORMULA[first]
    if found.any():
        said = text.filter(pa.array(found))
        number = mask_of(pc.fill_null(pc.match_substring_regex(said, r"^[+-]\s?[\d.,\s]*$"), True))
        found[found] = ~number
    return found
