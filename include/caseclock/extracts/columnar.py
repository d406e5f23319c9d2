"""A Parquet file as columns of text, as if it were a CSV: so every format obeys the rules of snapshots/typing.py.

Only the wanted columns are read, a piece at a time. What has a type of its own becomes the text that typing expects: dates are ISO, a
moment with a zone is its day in London, a whole number has no decimal point. A file may be damaged or wish us harm: all that Arrow says of
it is turned into one sentence, and what it unpacks to is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from caseclock.errors import BadExtract
from caseclock.extracts.archive import Limits
from caseclock.extracts.cells import Text
from caseclock.extracts.delimited import Columns, fold, framed, wanted_once

LIMITS = Limits(total=2 * 2**30)
MAX_ROWS = 50_000_000  # the largest table of the largest council has some 3 million
PIECE = 65_536  # rows decoded together
_LONDON = "Europe/London"
_AGAIN = "Write it again and send it under the same name"


def read_columns(raw: bytes, where: str, wanted: Callable[[str], bool], row_column: str, limits: Limits = LIMITS) -> Columns:
    """Reads the columns whose folded name is `wanted`. A row is numbered as in a CSV of the same table: the first one is row 2.

    Raises BadExtract: it is no Parquet, is damaged or encrypted, or a wanted column holds lists or structures.
    """
    _check_ends(raw, where)
    with _damage_refused(where):
        file = pq.ParquetFile(pa.BufferReader(raw), coerce_int96_timestamp_unit="us")
        schema, rows = file.schema_arrow, file.metadata.num_rows
        if rows > MAX_ROWS:
            raise BadExtract("it holds too many rows", where=where, allowed=f"at most {MAX_ROWS}", todo="Send one extract at a time")
        header = [fold(name) for name in schema.names]
        keep = wanted_once(header, wanted, where)
        for i, name in keep.items():
            _check_type(schema.field(i).type, name, where)
        pieces = _pieces(file, [schema.names[i] for i in keep], limits, where)
        if sum(len(piece[0]) for piece in pieces if piece) != rows and keep:
            raise BadExtract("it holds other rows than it states", where=where, todo=_AGAIN)
    made = {name: pa.chunked_array([piece[at] for piece in pieces], Text) for at, name in enumerate(keep.values())}
    return Columns(header, framed(made, np.arange(2, rows + 2, dtype=np.int64), row_column), [], "")


def _check_ends(raw: bytes, where: str) -> None:
    if raw[:4] == b"PARE" or raw[-4:] == b"PARE":
        raise BadExtract("it is encrypted", where=where, todo="Send it without encryption, by a safe way")
    if raw[:4] != b"PAR1":
        raise BadExtract("it is named as Parquet but is none", where=where, todo="Give it the ending of what it is, or write it as Parquet")
    if raw[-4:] != b"PAR1" or len(raw) < 12:
        raise BadExtract("it was cut short", where=where, todo=_AGAIN)


def _check_type(kind: pa.DataType, name: str, where: str) -> None:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not any(fits(inner) for fits, _ in _AS_TEXT):
        raise BadExtract(
            f"column {name} holds {inner}, which is no plain value", where=where, allowed="text, dates, numbers, true or false", todo=_AGAIN
        )


def _pieces(file: pq.ParquetFile, names: list[str], limits: Limits, where: str) -> list[list[pa.Array]]:
    made, size = [], 0
    for batch in file.iter_batches(batch_size=PIECE, columns=names, use_threads=False):
        made.append([_text(batch.column(batch.schema.names.index(name))) for name in names])
        size += sum(column.nbytes for column in made[-1])
        if size > limits.total:
            allowed = f"at most {limits.total / 2**30:g} GiB unpacked"
            raise BadExtract("it is too large", where=where, allowed=allowed, todo="Ask your administrator")
    return made


@contextmanager
def _damage_refused(where: str) -> Iterator[None]:
    """Bytes in memory cannot fail as a disk does: whatever Arrow raises is said of the file. Its own words may hold values."""
    try:
        yield
    except BadExtract:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        todo = _AGAIN if "crypt" not in str(error) else "Send it without encryption, by a safe way"
        raise BadExtract("it is damaged or of a kind that is not read", where=where, allowed="plain Parquet", todo=todo) from None


# --- from types to text --------------------------------------------------------------------------------------------
def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    made = next(make for fits, make in _AS_TEXT if fits(column.type))(column)
    made.validate(full=True)  # reading does not look whether text is text: a flipped byte would show much later
    return made


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(Text)


def _day(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.local_timestamp(column.cast(pa.timestamp(column.type.unit, _LONDON)))
    return column.cast(pa.date32(), safe=False).cast(Text)


def _number(column: pa.Array) -> pa.Array:
    """12 for 12.0: an id in a column with gaps is often written as a fraction."""
    return pc.replace_substring_regex(column.cast(Text), r"^(-?\d+)\.0*$", r"\1")


def _fraction(column: pa.Array) -> pa.Array:
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, pa.float64()))
    whole = pc.and_(pc.equal(column, pc.trunc(column)), pc.less(pc.abs(column), 2.0**53))
    as_int = pc.if_else(whole, column, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(Text)
    return pc.if_else(pc.fill_null(whole, False), as_int, column.cast(Text))


def _is_text(kind: pa.DataType) -> bool:
    """Older tools write text without saying that it is text."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def _is_day(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_plain(kind: pa.DataType) -> bool:
    return bool(pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind) or pa.types.is_time(kind))


_AS_TEXT: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (_is_text, _plain),
    (_is_day, _day),
    (_is_plain, _plain),
    (pa.types.is_decimal, _number),
    (pa.types.is_floating, _fraction),
)
"""Which types are read, and how each becomes text."""
