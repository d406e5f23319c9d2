from __future__ import annotations

import pytest

from caseclock.errors import BadExtract
from caseclock.extracts.delimited import Columns, read_columns

ENCODINGS = ("utf-8-sig", "cp1252")


def read(raw: bytes | str, *, wanted: str = "abc") -> Columns:
    raw = raw.encode() if isinstance(raw, str) else raw
    return read_columns(raw, "t.csv", ENCODINGS, lambda h: h in "abc", lambda h: h in tuple(wanted), "_row")


def rows(raw: bytes | str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in read(raw).frame[["_row", "a", "b"]].itertuples(index=False)]


@pytest.mark.parametrize(
    "header", ["a,b,c", "\ufeffa,b,c", " A , B\xa0,c", '"a","b","c"', "a;b;c", "a\tb\tc", "a|b|c"], ids=lambda h: ascii(h).replace("\\", "")
)
def test_headers_are_matched_whatever_their_case_space_mark_or_delimiter(header: str) -> None:
    delimiter = next(d for d in ",;\t|" if d in header)
    assert rows(f"{header}\n1{delimiter}2{delimiter}3\n") == [(2, "1", "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_ending_will_do(end: str, last: bool) -> None:
    assert rows(end.join(["a,b,c", "1,2,3", "4,5,6"]) + (end if last else "")) == [(2, "1", "2"), (3, "4", "5")]


def test_a_header_alone_is_no_rows() -> None:
    assert rows("a,b,c") == rows("a,b,c\n") == []


def test_blank_lines_are_counted_as_a_spreadsheet_does() -> None:
    assert [r[0] for r in rows("\n\na,b,c\n\n1,2,3\n\n\n4,5,6\n") if r[1]] == [5, 8]


def test_rows_are_numbered_right_behind_a_cell_with_line_breaks() -> None:
    text = 'a,b,c\n1,"two\nlines, and ""more""",3\n4,5\n6,7,8\n'
    found = read(text)
    assert list(found.frame["_row"]) == [2, 4]
    assert found.bad == [(3, "it has 2 cells where the header has 3")]
    assert found.frame["b"][0] == 'two\nlines, and "more"'


@pytest.mark.parametrize(
    ("line", "why"),
    [("4,5", "2 cells"), ("4,5,6,7", "4 cells"), ("4,\0,6", "NUL"), ('4,"5,6', "quotation mark"), ('4,"5"x,6', "quotation mark")],
)
def test_a_broken_line_costs_that_line_only(line: str, why: str) -> None:
    found = read(f"a,b,c\n1,2,3\n{line}\n7,8,9\n10,11,12\n")
    assert list(found.frame["a"]) == ["1", "7", "10"]
    assert list(found.frame["_row"]) == [2, 4, 5]
    assert [row for row, _ in found.bad] == [3]
    assert why in found.bad[0][1]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them() -> None:
    """Arrow would read rows 2 to 4 as one row and say nothing."""
    found = read('a,b,c\n1,"x,3\n4,5,6\n7,"y,9\n10,11,12\n')
    assert list(found.frame["a"]) == ["4", "10"]
    assert [row for row, _ in found.bad] == [2, 4]


def test_a_stray_quote_that_closes_later_does_not_take_good_lines_with_it() -> None:
    found = read('a,b,c\n1,"x,3\n4,5,6\n7,y",8,9\n10,11,12\n')
    assert {"4", "10"} <= set(found.frame["a"])
    assert len(found.frame) + len(found.bad) == 4


def test_a_broken_row_with_line_breaks_in_a_cell_is_one_row() -> None:
    found = read('a,b,c\n"one\ntwo",2\n"four\nfive",\0,6\n7,8,9\n')
    assert list(found.frame["_row"]) == [4]
    assert found.bad == [(2, "it has 2 cells where the header has 3"), (3, "it holds NUL bytes")]


def test_a_quote_inside_a_plain_cell_is_only_a_quote() -> None:
    assert rows('a,b,c\n1,5" pipe,3\n4,5,6\n') == [(2, "1", '5" pipe'), (3, "4", "5")]


def test_columns_that_nobody_asked_for_are_not_kept() -> None:
    assert list(read("a,b,c\n1,2,3\n", wanted="a").frame.columns) == ["a", "_row"]


@pytest.mark.parametrize(("raw", "b"), [("Zoë".encode(), "Zoë"), ("\ufeffZoë".encode(), "Zoë"), ("Zoë".encode("cp1252"), "Zoë")])
def test_text_is_decoded_whatever_windows_made_of_it(raw: bytes, b: str) -> None:
    mark = raw[:3] if raw.startswith(b"\xef\xbb\xbf") else b""
    assert rows(mark + b"a,b,c\n1," + raw.removeprefix(mark) + b",3\n") == [(2, "1", b)]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("a,b,c\n".encode("utf-16"), "UTF-16"),
        (b"a,b,c\n1,\x81,3\n", "decoded"),
        (b"PK\x03\x04....", "packed"),
        (b"\n\n  \n", "not even a header"),
        (b"a,b,A\n1,2,3\n", "more than once"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(BadExtract, match=says):
        read(raw)


def test_a_large_cell_is_read_whole() -> None:
    big = "x" * (20 * 2**20)
    assert len(read(f"a,b,c\n1,{big},3\n").frame["b"][0]) == len(big)
