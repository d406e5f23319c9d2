"""What the files of the store share: pieces of long lists, and one writer at a time."""

from __future__ import annotations

import zlib

import pytest
from sqlalchemy import create_engine, text

from caseclock.storage.engine import AT_ONCE, in_chunks, one_writer, open_engine


@pytest.mark.parametrize("many", [0, 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_a_list_comes_whole_and_in_order_in_pieces_that_a_statement_takes(many: int) -> None:
    pieces = list(in_chunks(range(many)))
    assert [n for piece in pieces for n in piece] == list(range(many))
    assert all(1 <= len(piece) <= AT_ONCE for piece in pieces)


def test_a_name_is_one_writer_s_until_its_transaction_ends(fresh_database: str) -> None:
    first, second = open_engine(fresh_database), create_engine(fresh_database)

    def free(name: str) -> bool:
        with second.begin() as other:
            return bool(other.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": zlib.crc32(name.encode())}).scalar())

    with first.begin() as c:
        one_writer(c, "events|north")
        one_writer(c, "events|north")  # its own again
        assert (free("events|north"), free("events|south"), free("ledger|north")) == (False, True, True)
    assert free("events|north")
    first.dispose()
    second.dispose()


def test_in_sqlite_the_transaction_itself_is_the_lock() -> None:
    engine = open_engine("sqlite:///:memory:")
    with engine.begin() as c:
        one_writer(c, "events|north")
    engine.dispose()
