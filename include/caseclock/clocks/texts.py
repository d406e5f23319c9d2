"""Columns of text as numbers: which rows hold the same, and which comes first.

Ids are short. Where what differs between them fits into eight bytes, these bytes are taken as one number, and numbers are looked up and
sorted several times as fast as text. Longer ones stay text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from caseclock.clocks.ordering import pieces
from caseclock.quality.scene import text_of

Codes = npt.NDArray[np.int64]
WORD = 8
"""Bytes of a word."""
STR = pd.StringDtype("pyarrow", na_value=np.nan)


def text(column: Any) -> pa.Array:
    """A column of pandas as one Arrow array, missing ones as null."""
    chunked = text_of(column)
    return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def joined(parts: Sequence[pa.Array]) -> pd.Series:
    """Arrow arrays one behind the other, as a column of pandas. Nothing is copied."""
    made: pd.Series[str] = pa.chunked_array(parts, type=pa.large_string()).to_pandas(types_mapper={pa.large_string(): STR}.get)
    return made


@dataclass(frozen=True)
class Names:
    """Different texts by their number: as they are, or as words or whole numbers (of `digits` digits, 0 for any) after `prefix`."""

    of: Any
    prefix: bytes | None = None
    digits: int | None = None

    def __len__(self) -> int:
        return len(self.of)

    def texts(self) -> list[str]:
        """Costly for long columns."""
        if self.prefix is None:
            return [str(one) for one in self.of.to_pylist()]
        if self.digits is not None:
            return [f"{self.prefix.decode()}{one:0{self.digits}d}" for one in self.of.tolist()]
        return [(self.prefix + word).decode() for word in self.of.to_numpy().astype(">u8").view(f"S{WORD}").tolist()]


def numbered(texts: Sequence[pa.Array]) -> tuple[list[Codes], Names]:
    """A number from 0 for each different text in some columns, the same in all of them, -1 for none; and the texts by their number."""
    words = _words(texts)
    missing = np.concatenate([np.asarray(one.is_null()) for one in texts])
    made = None if words is None or missing.all() else _by_place(words, missing)
    if made is None:
        met = pa.concat_arrays(texts) if words is None else pa.array(words.of, mask=missing if missing.any() else None)
        found = pc.dictionary_encode(met)
        numbers = found.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        made = numbers, Names(found.dictionary, None if words is None else words.prefix)
    return np.split(made[0], np.cumsum([len(one) for one in texts])[:-1]), made[1]


SPARSE = 8
"""Ids of digits are numbered by their place among all whole numbers between the least and the most, if these are not so many times more."""


def _by_place(words: _Words, missing: npt.NDArray[np.bool_]) -> tuple[Codes, Names] | None:
    """Where all texts are a common beginning and digits, without needless zeros or with equally many digits."""
    some = missing.any()
    word, beyond = (words.of[~missing], words.beyond[~missing]) if some else (words.of, words.beyond)
    same = _begin(*(int(end).to_bytes(WORD, "big") for end in (word.min(), word.max()))).rstrip(b"0123456789\0")
    skip = min(len(same), WORD - 1 - int(beyond.max()))
    value = _numbers_behind(word, beyond, skip) if skip >= 0 else None
    if value is None:
        return None
    least = int(value.min())
    span = int(value.max()) - least + 1
    if span > SPARSE * len(value) + (1 << 16):
        return None
    value -= least
    there = np.zeros(span, dtype=bool)
    there[value] = True
    made = (np.cumsum(there, dtype=np.int64) - 1)[value]
    if some:
        made, found = np.full(len(missing), -1, dtype=np.int64), made
        made[~missing] = found
    of_one_length = beyond.min() == beyond.max()
    return made, Names(np.flatnonzero(there) + least, words.prefix + same[:skip], WORD - skip - int(beyond.min()) if of_one_length else 0)


def _numbers_behind(word: npt.NDArray[np.uint64], beyond: npt.NDArray[np.uint8], skip: int) -> Codes | None:
    """The whole numbers behind so many bytes; None where something else is there, or two texts could be one number."""
    made, of_one_length = np.empty(len(word), dtype=np.int64), beyond.min() == beyond.max()
    for piece in pieces(len(word)):
        digits_less = skip + beyond[piece].astype(np.int64)
        away = (8 * digits_less).astype(np.uint64)
        digits = ((word[piece] << U(8 * skip)) >> away) ^ (ZEROS >> away)
        value = _decimal(digits)
        wrong = (((digits + NOT_ABOVE_9) | digits) & HIGH_BITS).any()
        if wrong or (not of_one_length and (value < TENS[WORD - 1 - digits_less]).any()):
            return None
        made[piece] = value
    return made


U = np.uint64
ZEROS, NOT_ABOVE_9, HIGH_BITS = U(0x3030303030303030), U(0x7676767676767676), U(0x8080808080808080)
TENS = np.append(0, 10 ** np.arange(1, WORD)).astype(np.uint64)
"""The least number with so many digits and one more; a single 0 is no needless one."""


def _decimal(digits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Eight digits, a byte each, as one number: pairs of neighbours are put together three times."""
    pairs_ = ((digits >> U(8)) & U(0x000F000F000F000F)) * U(10) + (digits & U(0x000F000F000F000F))
    fours = ((pairs_ >> U(16)) & U(0x000000FF000000FF)) * U(100) + (pairs_ & U(0x000000FF000000FF))
    return (fours >> U(32)) * U(10_000) + (fours & U(0x00000000FFFFFFFF))


def ranked(column: pa.Array) -> Codes:
    """Numbers that sort as the texts do (by code points), equal for equal texts; -1 for none."""
    words = _words([column])
    if words is None:
        rank = pc.rank(column, sort_keys="ascending", tiebreaker="dense").to_numpy().astype(np.int64) - 1
    else:
        rank = _ranked(words.of)
    return np.where(np.asarray(column.is_null()), -1, rank) if column.null_count else rank


def _ranked(word: npt.NDArray[np.uint64]) -> Codes:
    if (word[1:] > word[:-1]).all():
        return np.arange(len(word))
    order = np.argsort(word)
    rank = np.empty(len(word), dtype=np.int64)
    rank[order] = np.cumsum(np.diff(word[order], prepend=word[order[:1]]) > 0)
    return rank


@dataclass(frozen=True)
class _Words:
    """Per text the eight bytes after `prefix`, which all of them begin with, as one number that sorts as they do; 0 for none.

    `beyond`: bytes of the word that lie behind the end of the text.
    """

    of: npt.NDArray[np.uint64]
    beyond: npt.NDArray[np.uint8]
    prefix: bytes


def _words(texts: Sequence[pa.Array]) -> _Words | None:
    """None where eight bytes do not tell the texts apart."""
    filled = [one for one in texts if len(one) > one.null_count]
    longest = max((int(np.diff(_offsets(one)).max()) for one in filled), default=0)
    prefix = b""
    if longest > WORD:
        ends = [end.as_py().encode() for one in filled for end in pc.min_max(one).values()]
        prefix = _begin(min(ends), max(ends))
    if longest - len(prefix) > WORD or any(NUL.search(one.buffers()[2]) for one in filled):
        return None
    word, beyond = zip(*(_word(one, len(prefix)) for one in texts), strict=True)
    return _Words(np.concatenate(word), np.concatenate(beyond), prefix)


NUL = re.compile(b"\0")
"""Bytes of nothing would make texts of different lengths one word."""


def _begin(one: bytes, other: bytes) -> bytes:
    """What both begin with; of the first and the last of sorted texts, what all begin with."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:same]


def _word(column: pa.Array, skip: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    words, ends = np.zeros(len(column), dtype=np.uint64), np.zeros(len(column), dtype=np.uint8)
    if len(column) == column.null_count:
        return words, ends
    offsets = _offsets(column)
    padded = np.append(np.frombuffer(column.buffers()[2], dtype=np.uint8)[: offsets[-1]], np.zeros(WORD + skip, dtype=np.uint8))
    at_each = np.ndarray(len(padded) - WORD + 1, dtype=f">u{WORD}", buffer=padded.data, strides=(1,))  # the word that begins at each byte
    for piece in pieces(len(column)):
        begin, end = offsets[:-1][piece], offsets[1:][piece]
        beyond = np.maximum(begin + (WORD + skip) - end, 0)
        gap = (8 * beyond).astype(np.uint64)
        words[piece], ends[piece] = (at_each[begin + skip].astype(np.uint64) >> gap) << gap, beyond
    if column.null_count:
        words[np.asarray(column.is_null())] = 0
    return words, ends


def _offsets(column: pa.Array) -> npt.NDArray[np.int64]:
    return np.frombuffer(column.buffers()[1], dtype=np.int64)[column.offset : column.offset + len(column) + 1]
