"""The corpus of bad tables: what lies in the place of one table of a sound extract, named for what is wrong, and what must come of it.

`REFUSED`: words of the sentence with which the whole extract is refused. `ASIDE`: (row, rule) of the rows that are put in quarantine while
all others are read; every row of the table that is neither in quarantine nor blank is kept.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from made_extracts import CANARY, csv_text, folder, referral, workbook, zipped

HEADER = csv_text([referral(1)]).splitlines()[0]
WIDTH = HEADER.count(",") + 1
STRAY = f'R9,"{CANARY}' + "," * (WIDTH - 2)
GOOD = [csv_text([referral(n)]).splitlines()[1] for n in range(1, 8)]


def text(*lines: str, end: str = "\r\n", header: str = HEADER) -> bytes:
    return end.join([header, *lines, ""]).encode()


def with_cell(n: int, **cells: str) -> str:
    return csv_text([referral(n, **cells)]).split("\r\n", 1)[1].removesuffix("\r\n")


REFUSED: dict[str, tuple[bytes, str]] = {
    "a_zip_named_csv": (b"PK\x03\x04" + b"\0" * 40, "a packed file: a zip or a workbook"),
    "parquet_named_csv": (b"PAR1" + b"\0" * 40 + b"PAR1", "a packed file: Parquet"),
    "gzip_named_csv": (b"\x1f\x8b\x08" + b"\0" * 40, "a packed file: gzip"),
    "an_old_workbook_named_csv": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an old or locked workbook"),
    "a_pdf_named_csv": (b"%PDF-1.7\n%...", "a PDF"),
    "utf_16": (text(GOOD[0]).decode().encode("utf-16"), "UTF-16"),
    "no_text_at_all": (b"\r\n \r\n\r\n", "not even a header"),
    "nul_bytes_only": (b"\0" * 5000, "has no column"),
    "no_header": ("\n".join(GOOD).encode(), "has no column"),
    "another_table": (b"a,b\n1,2\n", "has no column"),
    "a_web_page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "has no column"),
    "a_column_twice": (text(GOOD[0] + ",x", header=HEADER + ",Cine_Referral_ID"), "more than once"),
    "a_header_of_two_megabytes": (b"x" * (2 * 2**20) + b"\n1\n", "far too long"),
    "a_line_of_nine_megabytes": (text(GOOD[0], with_cell(2, cine_close_reason="x" * (9 * 2**20))), "a line without end"),
    "bytes_of_no_encoding": (text(GOOD[0]) + b"R2,\x81\x8d\r\n", "cannot be decoded"),
}

ASIDE: dict[str, tuple[bytes, set[tuple[int, str]]]] = {
    "sound": (text(*GOOD), set()),
    "a_cell_too_few": (text(GOOD[0], GOOD[1].rsplit(",", 1)[0], GOOD[2]), {(3, "malformed")}),
    "a_cell_too_many": (text(GOOD[0], GOOD[1] + ",x", GOOD[2]), {(3, "malformed")}),
    "a_stray_quote": (text(GOOD[0], STRAY, GOOD[2]), {(3, "malformed")}),
    "two_stray_quotes": (
        text(STRAY, GOOD[1], STRAY),
        {(2, "malformed"), (4, "malformed")},
    ),
    "a_nul_byte": (text(GOOD[0], with_cell(2, cine_close_reason="a\0b"), GOOD[2]), {(3, "malformed")}),
    "cut_in_the_middle_of_a_row": (text(GOOD[0], GOOD[1]) + GOOD[2][:20].encode(), {(4, "malformed")}),
    "a_formula_as_id": (text(with_cell(1, cine_referral_id="=cmd|' /C calc'!A0"), GOOD[1]), {(2, "formula")}),
    "a_formula_as_child": (text(with_cell(1, cine_person_id="@SUM(1)"), GOOD[1]), {(2, "formula")}),
    "a_formula_as_date": (text(with_cell(1, cine_referral_date="=TODAY()"), GOOD[1]), {(2, "formula")}),
    "a_formula_as_code": (text(with_cell(1, cine_close_reason="+HYPERLINK(x)"), GOOD[1]), {(2, "formula")}),
    "a_formula_in_a_column_that_is_not_used": (text(with_cell(1, cine_referral_source_desc="=1+1"), GOOD[1]), set()),
    "month_before_day": (text(with_cell(1, cine_referral_date="09/31/2026"), GOOD[1]), {(2, "bad_date")}),
    "a_year_of_two_digits": (text(with_cell(1, cine_referral_date="1/2/24"), GOOD[1]), {(2, "bad_date")}),
    "a_date_that_does_not_exist": (text(with_cell(1, cine_close_date="31/02/2026"), GOOD[1]), {(2, "bad_date")}),
    "no_child": (text(with_cell(1, cine_person_id="-1"), GOOD[1]), {(2, "missing")}),
    "a_row_twice": (text(GOOD[0], GOOD[1], GOOD[0]), {(4, "copy")}),
    "an_id_twice": (text(GOOD[0], with_cell(1, cine_close_date="2026-11-01")), {(3, "duplicate")}),
    "rows_of_delimiters": (text(GOOD[0], "," * (WIDTH - 1), GOOD[1], "," * (WIDTH - 1)), set()),
    "old_line_ends": (text(*GOOD, end="\r"), set()),
    "mixed_line_ends": (text(GOOD[0], GOOD[1] + "\n" + GOOD[2] + "\r" + GOOD[3]), set()),
    "a_mark_before_the_header": (b"\xef\xbb\xbf" + text(*GOOD), set()),
    "windows_text": (text(with_cell(1, cine_close_reason="caf\u00e9")).decode().encode("cp1252"), set()),
    "semicolons": (text(*GOOD).replace(b",", b";").replace(b'; ""COMMENTS', b', ""COMMENTS'), set()),
    "a_broken_outcome_json": (
        text(with_cell(1, cine_referral_nfa="", cine_referral_outcome_json='{"NFA_FLAG":"Y","C":"a "b""}')),
        set(),
    ),
    "a_cell_of_a_megabyte": (text(with_cell(1, cine_close_reason="x" * 2**20), GOOD[1]), set()),
}


# --- whole bundles -------------------------------------------------------------------------------------------------
def _packed(at: Path, method: int, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(at, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return at


def _patched(at: Path, change: Callable[[bytearray], None]) -> Path:
    raw = bytearray(at.read_bytes())
    change(raw)
    at.write_bytes(raw)
    return at


def _overlapping(at: Path) -> Path:
    """The directory names two files where there is one."""

    def overlap(raw: bytearray) -> None:
        second = raw.rfind(b"PK\x01\x02")
        raw[second + 42 : second + 46] = struct.pack("<I", 0)

    return _patched(_packed(at, zipfile.ZIP_STORED, {"ssd_person.csv": b"a\n" * 99, "ssd_contacts.csv": b"a\n" * 99}), overlap)


def _states(at: Path, size: int) -> Path:
    """A member whose headers state another size than it has."""

    def lie(raw: bytearray) -> None:
        for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            start = raw.find(mark) + place
            raw[start : start + 4] = struct.pack("<I", size)

    return _patched(_packed(at, zipfile.ZIP_DEFLATED, {"ssd_person.csv": b"pers_person_id\n" + b"1\n" * 999}), lie)


def _vast_directory(at: Path) -> Path:
    def lie(raw: bytearray) -> None:
        end = raw.rfind(b"PK\x05\x06")
        raw[end + 12 : end + 16] = struct.pack("<I", 2**31)

    return _patched(_packed(at, zipfile.ZIP_DEFLATED, {"ssd_person.csv": b"a\n"}), lie)


def _link_in_zip(at: Path) -> Path:
    info = zipfile.ZipInfo("ssd_person.csv")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(at, "w") as archive:
        archive.writestr(info, "/etc/hostname")
    return at


def _pipe(at: Path) -> Path:
    import os

    os.mkfifo(at)
    return at


def _in_folder(at: Path, make: Callable[[Path], Path]) -> Path:
    at.mkdir()
    make(at / "ssd_person.csv")
    return at


def _sparse(at: Path, size: int) -> Path:
    at.mkdir()
    with (at / "ssd_person.csv").open("wb") as file:
        file.write(b"pers_person_id\n")
        file.truncate(size)
    return at


HOSTILE_BUNDLES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "zip_whose_files_overlap": (lambda at: _overlapping(at / "x.zip"), "over one another"),
    "zip_that_states_too_little": (lambda at: _states(at / "x.zip", 20), "damaged"),
    "zip_that_states_too_much": (lambda at: _states(at / "x.zip", 9999), "damaged"),
    "zip_with_a_vast_directory": (lambda at: _vast_directory(at / "x.zip"), "too many"),
    "zip_by_bzip2": (lambda at: _packed(at / "x.zip", zipfile.ZIP_BZIP2, {"ssd_person.csv": b"a\n" * 999}), "method"),
    "zip_by_lzma": (lambda at: _packed(at / "x.zip", zipfile.ZIP_LZMA, {"ssd_person.csv": b"a\n" * 999}), "method"),
    "zip_with_a_link": (lambda at: _link_in_zip(at / "x.zip"), "link"),
    "zip_with_a_forged_line_in_a_name": (
        lambda at: _packed(at / "x.zip", zipfile.ZIP_STORED, {"a\n2026 INFO fine.csv": b"a\n"}),
        "control characters",
    ),
    "zip_in_a_zip": (
        lambda at: _packed(at / "x.zip", zipfile.ZIP_STORED, {"in.zip": zipped(folder(at / "f"), at / "in.zip").read_bytes()}),
        "zip inside the zip",
    ),
    "workbook_named_zip": (lambda at: workbook(at / "x.xlsx").rename(at / "x.zip"), "named .zip but is a workbook"),
    "csv_named_zip": (lambda at: at.joinpath("x.zip").write_bytes(text(*GOOD)) and at / "x.zip", "no zip"),
    "csv_named_xlsx": (lambda at: at.joinpath("x.xlsx").write_bytes(text(*GOOD)) and at / "x.xlsx", "x.xlsx"),
    "a_pipe": (lambda at: _pipe(at / "x.zip"), "device or a pipe"),
    "a_pipe_in_a_folder": (lambda at: _in_folder(at / "x", _pipe), "link or a device"),
    "a_line_of_three_gigabytes": (lambda at: _sparse(at / "x", 3 * 2**30), "a line without end"),
    "a_file_of_ten_gigabytes": (lambda at: _sparse(at / "x", 10 * 2**30), "too large"),
}
